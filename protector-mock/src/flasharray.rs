//! The REST API of FlashArrays, 2.0 to 2.36, over [`arrays`](crate::arrays).
//!
//! Written from the vendor's OpenAPI files and from what Cinder's driver, py-pure-client and the Ansible collection send and
//! read. Domain errors of every kind are status 400 with `{"errors": [{"context", "message"}]}`, as on an array. Beside the
//! API there are windows for tests, whose paths begin with `/_`.

mod appliance;
mod array_connections;
mod connections;
mod default_protections;
mod denied;
mod filter;
mod group_members;
mod hosts;
mod interface;
mod listing;
mod pod_replica_links;
mod pods;
mod points;
mod protection_groups;
mod query;
mod request_log;
mod routes;
mod sessions;
mod space;
mod tags;
mod targets;
mod volume_batches;
mod volume_groups;
mod volume_snapshots;
mod volumes;
mod windows;

#[cfg(test)]
mod tests;

pub(crate) use appliance::PURITY;
use denied::Denied;
pub use request_log::RequestLog;

use crate::arrays::objects::{self, Object, Reference};
use crate::arrays::systems::{self, Failure, System};
use crate::arrays::{Settings, settings};
use crate::http::{Endpoint, Request, Response};
use crate::world::{Transaction, World, WorldError};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use query::Parameters;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The management interface of one array.
#[derive(Debug)]
pub struct FlashArray {
    world: Arc<World>,
    array: String,
    log: Arc<RequestLog>,
}

/// Stands in the extensions of an answer that the array would not give: what carries it is to hang, or to end the connection,
/// instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaysDead(pub Failure);

impl FlashArray {
    /// Puts the interface of an array up; the array itself is put up by [`systems::add`].
    pub fn new(world: Arc<World>, array: &str, log: Arc<RequestLog>) -> Self {
        Self { world, array: array.to_owned(), log }
    }
}

/// One request to the API, and all that answers need.
struct Asked<'a, 'w> {
    transaction: &'a mut Transaction<'w>,
    system: System,
    settings: Settings,
    query: Parameters,
    body: Value,
}

impl Asked<'_, '_> {
    /// The array's name.
    fn array(&self) -> String {
        self.system.name.clone()
    }

    fn now(&self) -> Timestamp {
        self.transaction.now()
    }

    /// A field of the body, if it is given and not null.
    fn field(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A text of the body.
    fn text_field(&self, name: &str) -> Result<Option<String>, Denied> {
        match self.field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(Denied::bad(format!("'{name}' is not a string."), &other.to_string())),
        }
    }

    /// The objects that the request names, by names or by ids; every one has to exist.
    fn addressed<O: Object>(&self, names: &str, ids: &str) -> Result<Vec<O>, Denied> {
        let array = &self.system.name;
        if let Some(ids) = self.query.list(ids) {
            let find = |id: &String| {
                let found = objects::with_id(self.transaction, array, id)?;
                found.ok_or_else(|| Denied::bad(format!("{} does not exist.", O::NOUN), id))
            };
            return ids.iter().map(find).collect();
        }
        let find = |name: &String| Ok(objects::named(self.transaction, array, name)?);
        self.query.required(names)?.iter().map(find).collect()
    }

    /// Whether the request names objects, by names or by ids.
    fn names_any(&self, names: &str, ids: &str) -> bool {
        self.query.has(names) || self.query.has(ids)
    }

    /// Those of a kind that a list may have to show: all of them, unless some are named one by one.
    fn candidates<O: Object>(&self) -> Result<Vec<O>, Denied> {
        let array = &self.system.name;
        if let Some(names) =
            self.query.list("names").filter(|names| !names.iter().any(|name| name.contains('*')))
        {
            let mut found = Vec::new();
            for name in names {
                found.extend(objects::find::<O>(self.transaction, array, name)?);
            }
            return Ok(found);
        }
        if let Some(ids) = self.query.list("ids") {
            let mut found = Vec::new();
            for id in ids {
                found.extend(objects::with_id::<O>(self.transaction, array, id)?);
            }
            return Ok(found);
        }
        Ok(objects::all(self.transaction, array)?)
    }

    /// Milliseconds until a destroyed object is eradicated; null for a living one.
    fn time_remaining<O: Object>(&self, object: &O) -> Result<Value, Denied> {
        let Some(since) = object.destroyed() else { return Ok(Value::Null) };
        let due = since + systems::eradication_delay(self.transaction, &self.system.name)?;
        Ok(json!((due.as_millisecond() - self.now().as_millisecond()).max(0)))
    }

    /// The pod that a name is in.
    fn pod_of(&self, name: &str) -> Result<Value, Denied> {
        let pod = crate::arrays::naming::pod(name);
        let found = match pod {
            Some(pod) => objects::find::<crate::arrays::pods::Pod>(self.transaction, &self.system.name, pod)?,
            None => None,
        };
        Ok(reference(found.as_ref()))
    }

    /// The volume group that a name is in.
    fn volume_group_of(&self, name: &str) -> Result<Value, Denied> {
        use crate::arrays::volume_groups::VolumeGroup;
        let group = crate::arrays::naming::volume_group(name);
        let found = match group {
            Some(group) => objects::find::<VolumeGroup>(self.transaction, &self.system.name, group)?,
            None => None,
        };
        Ok(reference(found.as_ref()))
    }
}

/// How one object names another; an absent one is an object of nulls, never left out.
fn reference<O: Object>(object: Option<&O>) -> Value {
    named(&object.map(Reference::to).unwrap_or_default())
}

fn named(reference: &Reference) -> Value {
    json!({"id": reference.id, "name": reference.name})
}

/// A text of a view; empty, if it has none.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The array's time: milliseconds since 1970.
fn milliseconds(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// Seconds as the array tells them.
fn in_milliseconds(seconds: f64) -> u64 {
    u64::try_from(Duration::try_from_secs_f64(seconds).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// What is answered: a body, headers.
struct Answer {
    body: Option<Value>,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    fn of(body: Value) -> Self {
        Self { body: Some(body), headers: Vec::new() }
    }
}

impl Endpoint for FlashArray {
    fn name(&self) -> &str {
        &self.array
    }

    fn answer(&self, request: &Request) -> Response {
        let path =
            percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
        if path == "/_bytes" {
            return self.bytes(request);
        }
        if let Some(window) = path.strip_prefix("/_") {
            return response(self.window(window, request), request.headers()).0;
        }
        let (answer, query, body) = self.ask(&path, request);
        let dead = answer.as_ref().err().and_then(|denied| denied.plays_dead);
        let (mut response, items, error) = response(answer, request.headers());
        if let Some(failure) = dead {
            response.extensions_mut().insert(PlaysDead(failure));
            return response;
        }
        let agent =
            request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        self.log.add(json!({
            "time": self.seconds(), "array": self.array, "method": request.method().as_str(), "path": path,
            "query": query.to_json(), "body": body, "status": response.status().as_u16(), "items": items,
            "error": error, "agent": agent,
        }));
        response
    }
}

impl FlashArray {
    /// The world's time, in seconds since 1970.
    fn seconds(&self) -> f64 {
        self.world.now().map_or(0.0, |now| now.as_millisecond() as f64 / 1000.0)
    }

    fn ask(&self, path: &str, request: &Request) -> (Result<Answer, Denied>, Parameters, Value) {
        let (mut query, mut body) = (Parameters::default(), Value::Null);
        let answer = (|| {
            query = Parameters::parse(request.uri().query().unwrap_or_default())?;
            body = json_of(request)?;
            self.world.transact(|transaction| {
                let system = systems::get(transaction, &self.array)?;
                if let Some(failure) = system.failure {
                    return Err(Denied::dead(failure));
                }
                let settings = settings(transaction)?;
                let (query, body) = (query.clone(), body.clone());
                api(Asked { transaction, system, settings, query, body }, path, request)
            })
        })();
        (self.after_refusals(answer), query, body)
    }

    /// What is kept even of a request that failed: a refusal that was ordered for it is used up.
    fn after_refusals(&self, answer: Result<Answer, Denied>) -> Result<Answer, Denied> {
        if let Err(denied) = &answer
            && let Some(order) = &denied.ordered
        {
            self.world
                .transact::<_, WorldError>(|transaction| windows::use_up(transaction, &self.array, order))?;
        }
        answer
    }

    /// The one window that does not speak JSON.
    fn bytes(&self, request: &Request) -> Response {
        let read = Parameters::parse(request.uri().query().unwrap_or_default()).and_then(|query| {
            self.world.transact(|transaction| match request.method() {
                &Method::GET => windows::bytes::read(transaction, &self.array, &query),
                &Method::POST => windows::bytes::write(transaction, &self.array, &query, request.body())
                    .map(|()| Vec::new()),
                method => {
                    let message = format!("{method} /_bytes is not a window.");
                    Err(Denied::new(StatusCode::NOT_FOUND, message, Some("bytes")))
                }
            })
        });
        match read {
            Ok(bytes) => {
                let mut answer = Response::new(bytes.into());
                let kind = HeaderValue::from_static("application/octet-stream");
                answer.headers_mut().insert(CONTENT_TYPE, kind);
                answer
            }
            Err(denied) => response(Err(denied), request.headers()).0,
        }
    }

    fn window(&self, window: &str, request: &Request) -> Result<Answer, Denied> {
        let query = Parameters::parse(request.uri().query().unwrap_or_default())?;
        match window {
            "mark" => {
                let label = query.text("label").unwrap_or_default();
                self.log.add(json!({"time": self.seconds(), "array": self.array, "mark": label}));
                return Ok(Answer::of(json!({})));
            }
            "requests" => {
                let since = query.number("since")?.unwrap_or(0) as u64;
                let mut found = self.log.since(since);
                found.retain(|entry| text(entry, "array") == self.array);
                return Ok(Answer::of(json!({"requests": found})));
            }
            "world" => {
                let path = self.world.path().map(|path| path.to_string_lossy().into_owned());
                return Ok(Answer::of(json!({"path": path, "array": self.array})));
            }
            _ => {}
        }
        let body = json_of(request)?;
        self.world.transact(|transaction| {
            let system = systems::get(transaction, &self.array)?;
            let settings = settings(transaction)?;
            let mut asked = Asked { transaction, system, settings, query, body };
            windows::answer(&mut asked, request.method(), window).map(Answer::of)
        })
    }
}

fn json_of(request: &Request) -> Result<Value, Denied> {
    if request.body().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(request.body())
        .map_err(|_| Denied::new(StatusCode::BAD_REQUEST, "The body is not JSON.", None))
}

fn api(mut asked: Asked<'_, '_>, path: &str, request: &Request) -> Result<Answer, Denied> {
    if path == "/api/api_version" {
        return Ok(Answer::of(json!({"version": interface::versions()})));
    }
    let versioned = path.strip_prefix("/api/").and_then(|path| path.split_once('/'));
    let known = versioned.filter(|(version, _)| interface::versions().iter().any(|known| known == version));
    let number = known.and_then(|(version, path)| Some((version.strip_prefix("2.")?.parse().ok()?, path)));
    let Some((version, path)): Option<(u32, &str)> = number else {
        return Err(Denied::new(StatusCode::NOT_FOUND, "No such version of the REST API.", Some(path)));
    };
    let method = request.method().as_str();
    match (method, path) {
        ("POST", "login") => return sessions::log_in(&mut asked, request.headers()),
        ("POST", "logout") => return sessions::log_out(&mut asked, request.headers()),
        _ => sessions::check(&mut asked, request.headers())?,
    }
    interface::check(version, method, path, &asked.query, &asked.body)?;
    windows::check_refusals(&asked, method, path, request.uri().query().unwrap_or_default())?;
    let mut answer = routes::answer(&mut asked, method, path)?;
    let items = answer.body.as_mut().and_then(|body| body.get_mut("items")?.as_array_mut());
    items.into_iter().flatten().for_each(|item| interface::reduce(version, path, item));
    Ok(answer)
}

/// The answer as it is sent; how many items it has, and its first error.
fn response(answer: Result<Answer, Denied>, asked: &HeaderMap) -> (Response, Option<usize>, Option<String>) {
    let (status, answer, error) = match answer {
        Ok(answer) => (StatusCode::OK, answer, None),
        Err(denied) => {
            if let Some(source) = &denied.source {
                tracing::error!(error = %protector_core::error::chain(source), "an array answered 500");
            }
            let body = json!({"errors": [{"context": denied.context, "message": denied.message}]});
            (denied.status, Answer::of(body), Some(denied.message))
        }
    };
    let items = answer.body.as_ref().and_then(|body| body.get("items")?.as_array().map(Vec::len));
    let mut response =
        Response::new(answer.body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // py-pure-client shows no headers of an answer that lacks it.
    if let Some(id) = asked.get("x-request-id") {
        headers.insert(HeaderName::from_static("x-request-id"), id.clone());
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    (response, items, error)
}
