//! Answers that are not what the service gave.

use super::distribution::Distribution;
use super::rule::{BadRule, Told};
use crate::http::{Request, Response};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How an answer is changed.
#[derive(Debug)]
pub(crate) enum Alteration {
    Truncate(usize),
    Malformed,
    Html,
    ContentType(HeaderValue),
    Nest(usize),
    Bomb(u64),
    Change(Vec<Change>),
    PageLoop,
    Stale { age: Duration, answers: Mutex<BTreeMap<String, (Timestamp, Response)>> },
}

/// One value of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Where, as a JSON pointer; `*` is every item, `-` behind a list's last.
    pointer: String,
    /// The new value.
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
    /// Or where it is copied from.
    copy: Option<String>,
    /// Or nothing.
    #[serde(default)]
    remove: bool,
}

/// A null is a value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Alteration {
    pub(super) fn of(told: &mut Told) -> Result<Option<Self>, BadRule> {
        let name = told.action.clone();
        let needs = |what: &str| BadRule(format!("{name:?} needs {what:?}"));
        Ok(Some(match name.as_str() {
            "truncate" => {
                let bytes = told.bytes.take().ok_or_else(|| needs("bytes"))?;
                Self::Truncate(usize::try_from(bytes).unwrap_or(usize::MAX))
            }
            "malformed" => Self::Malformed,
            "html" => Self::Html,
            "content-type" => {
                let text = told.content_type.take().ok_or_else(|| needs("content_type"))?;
                let value = HeaderValue::try_from(&text);
                Self::ContentType(value.map_err(|_| BadRule(format!("{text:?} is no value of a header")))?)
            }
            "nest" => Self::Nest(told.depth.take().ok_or_else(|| needs("depth"))?.min(DEEPEST)),
            "bomb" => Self::Bomb(told.bytes.take().ok_or_else(|| needs("bytes"))?.min(LARGEST)),
            "change" => Self::Change(told.changes.take().ok_or_else(|| needs("changes"))?),
            "page-loop" => Self::PageLoop,
            "stale" => {
                let Some(Distribution::Constant(seconds)) = told.seconds.take() else {
                    return Err(needs("seconds"));
                };
                let age = Duration::try_from_secs_f64(seconds)
                    .map_err(|error| BadRule(format!("\"seconds\": {error}")))?;
                Self::Stale { age, answers: Mutex::default() }
            }
            _ => return Ok(None),
        }))
    }

    /// The answer that is sent in place of `response`; `origin` is where the service is found.
    pub(crate) fn applied(
        &self,
        request: &Request,
        response: Response,
        origin: &str,
        now: Timestamp,
    ) -> Response {
        match self {
            Self::Truncate(bytes) => with_body(response, |body| body.slice(..(*bytes).min(body.len()))),
            Self::Malformed => with_body(response, |body| {
                let half = body.slice(..body.len() / 2);
                Bytes::from([&half[..], b"\xff}]\"not: json,,"].concat())
            }),
            Self::Html => {
                let page = "<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>";
                let mut page = Response::new(Bytes::from_static(page.as_bytes()));
                page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
                page
            }
            Self::ContentType(kind) => {
                let mut response = response;
                response.headers_mut().insert(CONTENT_TYPE, kind.clone());
                response
            }
            Self::Nest(depth) => {
                with_body(response, |_| Bytes::from(["[".repeat(*depth), "]".repeat(*depth)].concat()))
            }
            Self::Bomb(bytes) => {
                let mut response = with_body(response, |_| super::bomb::packed(*bytes));
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
            Self::Change(changes) => with_json(response, |json| {
                for change in changes {
                    change.apply(json);
                }
            }),
            Self::PageLoop => {
                with_json(response, |json| loop_pages(json, &format!("{origin}{}", request.uri())))
            }
            Self::Stale { age, answers } => {
                if request.method() != Method::GET || response.status() != StatusCode::OK {
                    return response;
                }
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                let path = request.uri().to_string();
                match answers.get(&path) {
                    Some((since, earlier)) if now.duration_since(*since).unsigned_abs() < *age => {
                        earlier.clone()
                    }
                    _ => {
                        answers.insert(path, (now, response.clone()));
                        response
                    }
                }
            }
        }
    }
}

/// Deeper or larger tests nothing more, and costs memory.
const DEEPEST: usize = 10_000_000;
const LARGEST: u64 = 16 << 30;

fn with_body(response: Response, change: impl FnOnce(&Bytes) -> Bytes) -> Response {
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, change(&body))
}

/// An answer that is no JSON stays as it is.
fn with_json(response: Response, change: impl FnOnce(&mut Value)) -> Response {
    with_body(response, |body| match serde_json::from_slice::<Value>(body) {
        Ok(mut json) => {
            change(&mut json);
            Bytes::from(json.to_string())
        }
        Err(_) => body.clone(),
    })
}

impl Change {
    fn apply(&self, json: &mut Value) {
        let copied = self.copy.as_ref().map(|from| json.pointer(from).cloned());
        let value = match (copied, self.remove) {
            (Some(copied), _) => copied,
            (None, true) => None,
            (None, false) => Some(self.value.clone().unwrap_or(Value::Null)),
        };
        let path: Vec<String> =
            self.pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        place(json, &path, value.as_ref());
    }
}

/// Sets what is at a path to a value, or removes it. Lists on the way take `*`; a step that is not there ends the way.
fn place(at: &mut Value, path: &[String], value: Option<&Value>) {
    let Some((step, rest)) = path.split_first() else {
        *at = value.cloned().unwrap_or(Value::Null);
        return;
    };
    match at {
        Value::Object(fields) if rest.is_empty() => match value {
            Some(value) => drop(fields.insert(step.clone(), value.clone())),
            None => drop(fields.remove(step)),
        },
        Value::Object(fields) => {
            let each = fields.iter_mut().filter(|(name, _)| step == "*" || *name == step);
            each.for_each(|(_, next)| place(next, rest, value));
        }
        Value::Array(items) => match (step.as_str(), step.parse::<usize>(), value) {
            ("*", _, None) if rest.is_empty() => items.clear(),
            ("*", ..) => items.iter_mut().for_each(|item| place(item, rest, value)),
            ("-", _, Some(value)) if rest.is_empty() => items.push(value.clone()),
            (_, Ok(index), None) if rest.is_empty() && index < items.len() => drop(items.remove(index)),
            (_, Ok(index), _) => {
                if let Some(item) = items.get_mut(index) {
                    place(item, rest, value);
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// Makes a page its own successor, in the way of the service whose answer it is.
fn loop_pages(json: &mut Value, own: &str) {
    let Value::Object(fields) = json else { return };
    if fields.contains_key("more_items_remaining") {
        fields.insert("more_items_remaining".to_owned(), json!(true));
        let token = fields.get("continuation_token").filter(|token| !token.is_null()).cloned();
        fields.insert("continuation_token".to_owned(), token.unwrap_or_else(|| json!("again")));
        return;
    }
    if fields.contains_key("first") || fields.contains_key("schema") {
        fields.insert("next".to_owned(), json!(path_of(own)));
        return;
    }
    let list = |fields: &Map<String, Value>| {
        fields
            .iter()
            .find(|(name, value)| value.is_array() && !name.ends_with("_links"))
            .map(|(name, _)| name.clone())
    };
    if let Some(list) = list(fields) {
        fields.insert(format!("{list}_links"), json!([{"rel": "next", "href": own}]));
    }
}

/// Glance's links have no origin.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}
