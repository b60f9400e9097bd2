use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use url::Url;

use super::error::{Attempt, CallError, CallFailure};

/// What repeating a call means. Said per call, never guessed from the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Semantics {
    /// It changes nothing: repeat at will.
    Safe,
    /// Twice is as good as once: repeat.
    Idempotent,
    /// A create that carries a marker: after an ambiguous failure look the marker up, then decide.
    Keyed,
    /// It must not be repeated: after an ambiguous failure report that the effect is unknown.
    Once,
}

impl Semantics {
    /// Whether it may be sent again although it may have arrived.
    pub fn repeatable(self) -> bool {
        matches!(self, Self::Safe | Self::Idempotent)
    }
}

/// A request, complete but for credentials.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it is for, as in "failed to {purpose}".
    pub purpose: String,
    /// What repeating it means.
    pub semantics: Semantics,
    /// The method.
    pub method: Method,
    /// Where to, query included.
    pub url: Url,
    /// Headers beside the credentials.
    pub headers: HeaderMap,
    /// The JSON body.
    pub body: Option<Value>,
    /// One exchange may take this long.
    pub timeout: Duration,
}

impl Call {
    /// A call without body or extra headers that may take a minute.
    pub fn new(purpose: impl Into<String>, semantics: Semantics, method: Method, url: Url) -> Self {
        Self {
            purpose: purpose.into(),
            semantics,
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            timeout: Duration::from_mins(1),
        }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// A successful answer (status 2xx).
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    pub(super) purpose: String,
    pub(super) attempts: Vec<Attempt>,
}

impl Answer {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// It is not JSON of the expected shape.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|source| CallError {
            purpose: self.purpose.clone(),
            attempts: self.attempts.clone(),
            failure: CallFailure::Malformed { source: Box::new(source) },
        })
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
