//! One request, sent safely.
//!
//! A [`Call`] says what it is for and what repeating it would mean ([`Semantics`]); a [`Caller`] sends it over a
//! [`Transport`], repeats what may be repeated, and tells in its error what is known about the effect.
//! This is the only retry loop of the workspace.

mod call;
mod caller;
mod context;
mod error;
mod factory;
mod http_transport;
mod redact;
mod retry_after;

pub use call::{Answer, Call, Semantics};
pub use caller::{Caller, Credentials, NoCredentials, RetryPolicy};
pub use context::{Context, Stopped};
pub use error::{Attempt, CallError, CallFailure};
pub use factory::{Destination, HttpTransports, TransportFactory};
pub use http_transport::{HttpTransport, TlsSettings, TransportBuildError};
pub use redact::redacted;

use futures::future::BoxFuture;
use std::fmt;
use std::time::Duration;

/// Sends one request once. Production uses [`HttpTransport`]; simulated clouds and faults stand here, too, and are handed in
/// as a [`TransportFactory`].
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends `request` and reads the whole answer.
    ///
    /// # Errors
    /// No complete answer was read; [`SendError::sent`] says whether the request may have arrived.
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>>;
}

/// A request as it goes onto the wire.
#[derive(Clone)]
pub struct WireRequest {
    /// The method.
    pub method: http::Method,
    /// Where to.
    pub url: url::Url,
    /// All headers, credentials included.
    pub headers: http::HeaderMap,
    /// The body, if any.
    pub body: Option<bytes::Bytes>,
    /// The whole exchange may take this long.
    pub timeout: Duration,
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, redacted(&self.url))
    }
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    /// The status.
    pub status: http::StatusCode,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The whole body.
    pub body: bytes::Bytes,
}

/// Whether a request that got no answer may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It surely did not.
    No,
    /// It may have, and may yet take effect.
    Maybe,
}

/// What kept an answer from arriving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFailure {
    /// No connection could be made.
    Connect,
    /// The server's certificate was refused.
    Certificate,
    /// The exchange took too long.
    Timeout,
    /// The connection broke.
    Broken,
    /// The answer is larger than is read.
    TooLarge,
}

/// A request got no complete answer.
#[derive(Debug, thiserror::Error)]
#[error("{}", match self.failure {
    SendFailure::Connect => "no connection could be made",
    SendFailure::Certificate => "the server's certificate was refused",
    SendFailure::Timeout => "no answer came in time",
    SendFailure::Broken => "the connection broke before the answer was complete",
    SendFailure::TooLarge => "the answer is larger than the limit",
})]
pub struct SendError {
    /// Whether the request may have arrived.
    pub sent: Sent,
    /// What happened.
    pub failure: SendFailure,
    /// The library's own error, without addresses or credentials.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}
