use super::action::Action;
use super::distribution::Distribution;
use super::pattern::like;
use super::rules::Asked;
use regex::Regex;
use regex::bytes::Regex as BytesRegex;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rule cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRule(pub(crate) String);

/// A rule as it is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    target: Option<String>,
    method: Option<String>,
    path: Option<String>,
    body: Option<String>,
    nth: Option<u64>,
    times: Option<u64>,
    chance: Option<f64>,
    pub(super) action: String,
    pub(super) pid: Option<i32>,
    pub(super) seconds: Option<Distribution>,
    pub(super) status: Option<u16>,
    pub(super) headers: Option<BTreeMap<String, Value>>,
    pub(super) answer_body: Option<Value>,
    pub(super) retry_after_date: Option<i64>,
    pub(super) workers: Option<usize>,
    pub(super) requests: Option<f64>,
    pub(super) per: Option<f64>,
    pub(super) bytes: Option<u64>,
    pub(super) pause: Option<f64>,
    pub(super) content_type: Option<String>,
    pub(super) depth: Option<usize>,
    pub(super) changes: Option<Vec<super::alteration::Change>>,
}

impl Told {
    /// What the action has left over.
    fn left_over(&self) -> Option<&'static str> {
        let left = [
            (self.pid.is_some(), "pid"),
            (self.seconds.is_some(), "seconds"),
            (self.status.is_some(), "status"),
            (self.headers.is_some(), "headers"),
            (self.answer_body.is_some(), "answer_body"),
            (self.retry_after_date.is_some(), "retry_after_date"),
            (self.workers.is_some(), "workers"),
            (self.requests.is_some(), "requests"),
            (self.per.is_some(), "per"),
            (self.bytes.is_some(), "bytes"),
            (self.pause.is_some(), "pause"),
            (self.content_type.is_some(), "content_type"),
            (self.depth.is_some(), "depth"),
            (self.changes.is_some(), "changes"),
        ];
        left.into_iter().find_map(|(there, name)| there.then_some(name))
    }
}

/// A rule, and how often it was met.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: u64,
    pub(super) told: Map<String, Value>,
    pub(super) action: Arc<Action>,
    pub(super) hits: u64,
    pub(super) fired: u64,
    target: String,
    method: Option<String>,
    path: Regex,
    body: BytesRegex,
    nth: u64,
    times: Option<u64>,
    chance: f64,
}

impl Rule {
    pub(super) fn new(id: u64, told: &Value) -> Result<Self, BadRule> {
        let map = told.as_object().ok_or_else(|| BadRule("a rule is an object".to_owned()))?;
        let mut read: Told =
            serde_json::from_value(told.clone()).map_err(|error| BadRule(error.to_string()))?;
        let action = Action::of(&mut read)?;
        if let Some(name) = read.left_over() {
            return Err(BadRule(format!("{:?} takes no {name:?}", read.action)));
        }
        let bad = |error: regex::Error| BadRule(format!("not a regular expression: {error}"));
        let times = match read.times {
            // Said, but null or 0: for ever.
            None | Some(0) if map.contains_key("times") => None,
            Some(times) => Some(times),
            None => action.is_singular().then_some(1),
        };
        let body = format!("(?s-u){}", read.body.unwrap_or_default());
        Ok(Self {
            id,
            told: map.clone(),
            action: Arc::new(action),
            hits: 0,
            fired: 0,
            target: read.target.unwrap_or_else(|| "*".to_owned()),
            method: read.method,
            path: Regex::new(&read.path.unwrap_or_default()).map_err(bad)?,
            body: BytesRegex::new(&body).map_err(bad)?,
            nth: read.nth.unwrap_or(1).max(1),
            times,
            chance: read.chance.unwrap_or(1.0),
        })
    }

    /// The same, after what it has met before.
    pub(super) fn met(self, hits: u64, fired: u64) -> Self {
        Self { hits, fired, ..self }
    }

    pub(super) fn is_about(&self, target: &str) -> bool {
        like(&self.target, target)
    }

    pub(super) fn fits(&self, asked: &Asked<'_>) -> bool {
        self.is_about(asked.target)
            && self.method.as_ref().is_none_or(|method| method == asked.method)
            && self.path.is_match(asked.path)
            && self.body.is_match(asked.body)
    }

    /// Counts a request that fits; tells whether the rule fires at it.
    pub(super) fn count(&mut self, random: impl FnOnce() -> f64) -> bool {
        self.hits += 1;
        let fires = self.hits >= self.nth
            && self.times.is_none_or(|times| self.fired < times)
            && (self.chance >= 1.0 || random() < self.chance);
        self.fired += u64::from(fires);
        fires
    }

    /// Whether how often it was met decides what it does.
    pub(super) fn counts(&self) -> bool {
        self.nth > 1 || self.times.is_some()
    }

    pub(super) fn view(&self) -> Value {
        let mut view = self.told.clone();
        view.insert("id".to_owned(), json!(self.id));
        view.insert("nth".to_owned(), json!(self.nth));
        view.insert("times".to_owned(), json!(self.times));
        view.insert("hits".to_owned(), json!(self.hits));
        view.insert("fired".to_owned(), json!(self.fired));
        Value::Object(view)
    }
}
