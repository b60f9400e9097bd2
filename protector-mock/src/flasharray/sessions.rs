//! Who may ask: a token opens a session, which ends when it is not used for a while.

use super::{Answer, Asked, Denied, milliseconds};
use crate::world::Record;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

const USER: &str = "pureuser";

#[derive(Debug, Serialize, Deserialize)]
struct Session {
    token: String,
    began: Timestamp,
    used: Timestamp,
}

impl Record for Session {
    const KIND: &'static str = "flasharray.session";

    fn id(&self) -> &str {
        &self.token
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

pub(super) fn log_in(asked: &mut Asked<'_, '_>, headers: &HeaderMap) -> Result<Answer, Denied> {
    let given = header(headers, "api-token");
    if given.is_empty() || given != asked.system.token {
        return Err(Denied::unauthorized("Invalid credentials."));
    }
    let mut token = String::new();
    for byte in asked.transaction.draw()? {
        // Writing to a text cannot fail.
        let _ = write!(token, "{byte:02x}");
    }
    let now = asked.now();
    let session = Session { token: token.clone(), began: now, used: now };
    asked.transaction.put(&asked.array(), &session)?;
    let body = json!({"items": [{"username": USER}]});
    Ok(Answer { body: Some(body), headers: vec![(HeaderName::from_static("x-auth-token"), token)] })
}

pub(super) fn log_out(asked: &mut Asked<'_, '_>, headers: &HeaderMap) -> Result<Answer, Denied> {
    asked.transaction.remove::<Session>(&asked.array(), header(headers, "x-auth-token"))?;
    Ok(Answer { body: None, headers: Vec::new() })
}

pub(super) fn check(asked: &mut Asked<'_, '_>, headers: &HeaderMap) -> Result<(), Denied> {
    let array = asked.array();
    let found: Option<Session> = asked.transaction.get(&array, header(headers, "x-auth-token"))?;
    let idle = Duration::try_from_secs_f64(asked.settings.session_idle).unwrap_or_default();
    let now = asked.now();
    let live = found.filter(|session| session.used.checked_add(idle).is_ok_and(|end| end >= now));
    let mut session = live.ok_or_else(|| Denied::unauthorized("Unauthorized."))?;
    // Not every request is worth a write.
    if session.used.checked_add(idle / 60).is_ok_and(|then| then < now) {
        session.used = now;
        asked.transaction.put(&array, &session)?;
    }
    Ok(())
}

/// Every session ends.
pub(super) fn end_all(asked: &mut Asked<'_, '_>) -> Result<(), Denied> {
    let array = asked.array();
    for session in asked.transaction.list::<Session>(&array)? {
        asked.transaction.remove::<Session>(&array, &session.token)?;
    }
    Ok(())
}

/// How many sessions nobody has ended yet.
pub(super) fn open(asked: &Asked<'_, '_>) -> Result<u64, Denied> {
    Ok(asked.transaction.count::<Session>(&asked.system.name, None)?)
}

/// GET sessions.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let sessions = asked.transaction.list::<Session>(&asked.system.name)?;
    let view = |(number, session): (usize, Session)| {
        json!({
            "id": number.to_string(), "name": number.to_string(), "user": USER, "user_interface": "REST",
            "method": "API token", "event": "login", "event_count": 1, "location": "127.0.0.1",
            "start_time": milliseconds(session.began), "end_time": null,
        })
    };
    Ok(sessions.into_iter().enumerate().map(view).collect())
}
