//! What passed: method, path, status and sizes, and what the answer looks like. Never a request's header's value but the
//! agent's and the microversion's, never a body: of a JSON body the names of its top-level keys, or of its fields.

use super::header;
use super::shapes::{Answered, Shape};
use crate::cloud::Caller;
use crate::http::{Request, Response};
use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many are remembered; the file has all.
const REMEMBERED: usize = 200_000;

/// A line of the record. Requests are numbered from 1 in the order of their arrival; one that has no answer (yet) has the
/// status null.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    /// Seconds since 1970.
    pub(crate) time: f64,
    #[serde(flatten)]
    pub(crate) what: What,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum What {
    Mark { mark: String },
    Request(Box<Open>),
}

/// A request that passes.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Open {
    #[serde(skip)]
    seq: u64,
    #[serde(skip)]
    began: Timestamp,
    pub(crate) target: String,
    method: String,
    path: String,
    status: Option<u16>,
    answer: Option<Answered>,
    agent: Option<String>,
    microversion: Option<String>,
    user: Option<String>,
    project: Option<String>,
    request_id: Option<String>,
    headers: BTreeSet<String>,
    body_size: usize,
    body_keys: Option<Vec<String>>,
    pub(super) forwarded: bool,
    pub(super) rules: Vec<u64>,
    pub(super) action: Option<String>,
    pub(super) error: Option<String>,
    seconds: Option<f64>,
}

impl Open {
    /// Notes what was answered: the status, the service's name for the request, and who it says has called.
    fn answered(&mut self, response: &Response) {
        self.status = Some(response.status().as_u16());
        self.request_id = header(response.headers(), "x-openstack-request-id")
            .or_else(|| header(response.headers(), "x-request-id"))
            .map(str::to_owned);
        if let Some(caller) = response.extensions().get::<Caller>() {
            let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            (self.user, self.project) = (known(&caller.user), known(&caller.project));
        }
    }
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    entries: VecDeque<Entry>,
    file: Option<File>,
    /// The names of the shapes that the file tells.
    shapes: BTreeSet<String>,
}

impl State {
    fn push(&mut self, time: Timestamp, what: impl FnOnce(u64) -> What) -> Entry {
        self.last += 1;
        let entry =
            Entry { seq: self.last, time: rounded(time.as_duration().as_secs_f64()), what: what(self.last) };
        self.entries.push_back(entry.clone());
        if self.entries.len() > REMEMBERED {
            self.entries.pop_front();
        }
        entry
    }

    fn write(&mut self, line: &impl Serialize) {
        if let (Some(file), Ok(line)) = (&mut self.file, serde_json::to_string(line))
            && let Err(error) = writeln!(file, "{line}")
        {
            tracing::warn!(%error, "the record of requests is not written any more");
            self.file = None;
        }
    }
}

/// The record of requests. Its file also tells each shape of a body once, before the first answer that has it.
#[derive(Debug)]
pub(crate) struct Recording {
    state: Mutex<State>,
    tells_answers: bool,
}

impl Recording {
    pub(super) fn new(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| OpenOptions::new().append(true).create(true).open(path)).transpose()?;
        Ok(Self { tells_answers: file.is_some(), state: Mutex::new(State { file, ..State::default() }) })
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, target: &str, request: &Request, now: Timestamp) -> Open {
        let open = Open {
            seq: 0,
            began: now,
            target: target.to_owned(),
            method: request.method().to_string(),
            path: request.uri().to_string(),
            status: None,
            answer: None,
            agent: header(request.headers(), "user-agent").map(str::to_owned),
            microversion: header(request.headers(), "openstack-api-version").map(str::to_owned),
            user: None,
            project: None,
            request_id: None,
            headers: request.headers().keys().map(ToString::to_string).collect(),
            body_size: request.body().len(),
            body_keys: keys(request.body()),
            forwarded: false,
            rules: Vec::new(),
            action: None,
            error: None,
            seconds: None,
        };
        let mut begun = open;
        self.locked().push(now, |seq| {
            begun.seq = seq;
            What::Request(Box::new(begun.clone()))
        });
        begun
    }

    /// Notes what was answered. Without a file nobody compares what answers look like, and it takes time.
    pub(super) fn answered(&self, open: &mut Open, response: &Response) {
        open.answered(response);
        if !self.tells_answers {
            return;
        }
        let (answer, shape) = Answered::new(response);
        open.answer = Some(answer);
        if let Some(shape) = shape {
            self.tell(&shape);
        }
    }

    fn tell(&self, shape: &Shape) {
        let mut state = self.locked();
        if state.shapes.insert(shape.name.clone()) {
            state.write(shape);
        }
    }

    pub(super) fn finish(&self, mut open: Open, now: Timestamp) {
        open.seconds = Some(rounded(now.duration_since(open.began).as_secs_f64()));
        let mut state = self.locked();
        let seq = open.seq;
        let first = state.entries.front().map_or(0, |entry| entry.seq);
        let place = seq.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        let time = rounded(open.began.as_duration().as_secs_f64());
        let finished = Entry { seq, time, what: What::Request(Box::new(open)) };
        if let Some(entry) = place.and_then(|place| state.entries.get_mut(place)) {
            entry.clone_from(&finished);
        }
        state.write(&finished);
    }

    /// A line of its own, to find the place again.
    pub(crate) fn mark(&self, label: &str, now: Timestamp) -> Entry {
        let mut state = self.locked();
        let entry = state.push(now, |_| What::Mark { mark: label.to_owned() });
        state.write(&entry);
        entry
    }

    /// What came after a line, of one target or of all.
    pub(crate) fn since(&self, seq: u64, target: Option<&str>) -> Vec<Entry> {
        let wanted = |entry: &&Entry| match (&entry.what, target) {
            (_, None) => true,
            (What::Request(open), Some(target)) => open.target == target,
            (What::Mark { .. }, Some(_)) => false,
        };
        self.locked().entries.iter().filter(|entry| entry.seq > seq).filter(wanted).cloned().collect()
    }
}

/// The names of an object's fields, in their order; the values are read over.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            self.0.push(name);
        }
        Ok(self)
    }
}

fn keys(body: &[u8]) -> Option<Vec<String>> {
    if body.first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(body).ok().map(|Keys(keys)| keys)
}

/// To the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
