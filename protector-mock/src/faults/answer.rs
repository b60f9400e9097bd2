use super::BadRule;
use crate::http::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// An answer that a rule gives in the service's place: a text as it is, else JSON.
#[derive(Debug)]
pub(crate) struct MadeUp {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Value>,
    retry_after_date: Option<i64>,
}

impl MadeUp {
    pub(super) fn new(
        status: u16,
        headers: BTreeMap<String, Value>,
        body: Option<Value>,
        retry_after_date: Option<i64>,
    ) -> Result<Self, BadRule> {
        let status = StatusCode::from_u16(status).map_err(|_| BadRule(format!("{status} is no status")))?;
        let headers = headers
            .into_iter()
            .map(|(name, value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let bad = || BadRule(format!("{name} is no header, or {value:?} no value of one"));
                let parsed = (HeaderName::try_from(&name), HeaderValue::try_from(&value));
                match parsed {
                    (Ok(name), Ok(value)) => Ok((name, value)),
                    _ => Err(bad()),
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { status, headers, body, retry_after_date })
    }

    pub(crate) fn response(&self, now: Timestamp) -> Response {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.status;
        let kind = match &self.body {
            None => None,
            Some(Value::String(text)) => {
                *response.body_mut() = Bytes::from(text.clone());
                Some("text/plain")
            }
            Some(json) => {
                *response.body_mut() = Bytes::from(json.to_string());
                Some("application/json")
            }
        };
        if let Some(kind) = kind {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in &self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        if let Some(seconds) = self.retry_after_date {
            let moment = now.as_second().saturating_add(seconds).max(0).unsigned_abs();
            let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(moment));
            if let Ok(value) = HeaderValue::try_from(date) {
                response.headers_mut().insert(RETRY_AFTER, value);
            }
        }
        response
    }

    /// The same, which says when to come again.
    pub(crate) fn after(&self, seconds: f64, now: Timestamp) -> Response {
        let mut response = self.response(now);
        let wait = HeaderValue::from(seconds.ceil().max(0.0) as u64);
        response.headers_mut().entry(RETRY_AFTER).or_insert(wait);
        response
    }
}
