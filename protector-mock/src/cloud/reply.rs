use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// What a handler answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Headers beside the common ones.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub content: Content,
}

/// The body of a reply.
#[derive(Debug, Clone)]
pub enum Content {
    /// None.
    Nothing,
    /// None, from a handler that answers in the words of the web framework beneath the service.
    Bare,
    /// JSON.
    Json(Value),
    /// Something else.
    Other {
        /// Its media type.
        media_type: &'static str,
        /// Its bytes.
        bytes: Bytes,
    },
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self::with(StatusCode::OK, body)
    }

    /// 201 with a body.
    pub fn created(body: Value) -> Self {
        Self::with(StatusCode::CREATED, body)
    }

    /// 202 with a body.
    pub fn accepted(body: Value) -> Self {
        Self::with(StatusCode::ACCEPTED, body)
    }

    /// A status with a body.
    pub fn with(status: StatusCode, body: Value) -> Self {
        Self { status, headers: Vec::new(), content: Content::Json(body) }
    }

    /// A status alone.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), content: Content::Nothing }
    }

    /// A status alone, without what the service adds to its own answers: where Cinder's handler returns a `webob.Response`.
    pub fn bare(status: StatusCode) -> Self {
        Self { content: Content::Bare, ..Self::empty(status) }
    }

    /// A status with a body that is no JSON.
    pub fn bytes(status: StatusCode, media_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), content: Content::Other { media_type, bytes: bytes.into() } }
    }

    /// The same with one more header.
    #[must_use]
    pub fn and(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}
