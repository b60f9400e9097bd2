use super::{SendError, SendFailure, Sent, Stopped};
use crate::error::{Class, Code, Coded};
use http::{Method, StatusCode};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// One try of a call.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The method.
    pub method: Method,
    /// Where to, without query and credentials.
    pub address: String,
    /// The status, if an answer came.
    pub status: Option<StatusCode>,
    /// The service's own name for the request.
    pub request_id: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A call failed, after as many attempts as its semantics allow.
#[derive(Debug)]
pub struct CallError {
    /// What the call was for.
    pub purpose: String,
    /// All tries, in order.
    pub attempts: Vec<Attempt>,
    /// What went wrong at last.
    pub failure: CallFailure,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailure {
    /// The service answered with an error.
    #[error("the service answered {status}{}", message(.body))]
    Status {
        /// The status.
        status: StatusCode,
        /// The body, if it is JSON; otherwise its beginning as text.
        body: Value,
        /// What Retry-After said.
        retry_after: Option<Duration>,
    },
    /// No answer came.
    #[error("no answer came")]
    NoAnswer(#[source] SendError),
    /// The answer is not what the service gives.
    #[error("the answer is not what the service gives")]
    Malformed {
        /// What could not be read.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Credentials were not to be had, or refused again right after they were renewed.
    #[error("authentication failed")]
    Unauthenticated(#[source] Option<Box<CallError>>),
    /// It was stopped before it was sent.
    #[error("it was stopped before it was sent")]
    NotSent(#[source] Stopped),
    /// It was stopped while it was under way.
    #[error("it was stopped while it was under way")]
    Interrupted(#[source] Stopped),
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "failed to {}", self.purpose)?;
        if let Some(last) = self.attempts.last() {
            write!(formatter, " ({} {}", last.method, last.address)?;
            if self.attempts.len() > 1 {
                write!(formatter, ", {} attempts", self.attempts.len())?;
            }
            let ids: Vec<&str> = self.attempts.iter().filter_map(|a| a.request_id.as_deref()).collect();
            if !ids.is_empty() {
                write!(formatter, ", requests {}", ids.join(" "))?;
            }
            write!(formatter, ")")?;
        }
        write!(formatter, ": {}", self.failure)
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.failure)
    }
}

impl CallError {
    /// The status, if the service answered with an error.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.failure {
            CallFailure::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The body of the service's error, if it answered with one.
    pub fn body(&self) -> Option<&Value> {
        match &self.failure {
            CallFailure::Status { body, .. } => Some(body),
            _ => None,
        }
    }

    /// The service's own names of all requests that were made.
    pub fn request_ids(&self) -> Vec<&str> {
        self.attempts.iter().filter_map(|attempt| attempt.request_id.as_deref()).collect()
    }
}

impl Coded for CallError {
    fn code(&self) -> Code {
        match &self.failure {
            CallFailure::Status { status, .. } => match status.as_u16() {
                401 => Code::AuthenticationFailed,
                403 => Code::Forbidden,
                404 => Code::NotFound,
                409 => Code::Conflict,
                413 => Code::QuotaExceeded,
                429 | 500..=599 => Code::ServiceFailed,
                _ => Code::RequestRefused,
            },
            CallFailure::NoAnswer(error) => match (error.failure, error.sent) {
                (SendFailure::Certificate, _) => Code::CertificateInvalid,
                (SendFailure::TooLarge, _) => Code::AnswerMalformed,
                (_, Sent::No) => Code::Unreachable,
                (_, Sent::Maybe) => Code::AnswerLost,
            },
            CallFailure::Malformed { .. } => Code::AnswerMalformed,
            CallFailure::Unauthenticated(Some(cause)) => match cause.code() {
                Code::Forbidden | Code::NotFound | Code::RequestRefused => Code::AuthenticationFailed,
                code => code,
            },
            CallFailure::Unauthenticated(None) => Code::AuthenticationFailed,
            CallFailure::NotSent(Stopped::Deadline) | CallFailure::Interrupted(Stopped::Deadline) => {
                Code::DeadlineExceeded
            }
            CallFailure::NotSent(Stopped::Cancelled) | CallFailure::Interrupted(Stopped::Cancelled) => {
                Code::Cancelled
            }
        }
    }

    fn class(&self) -> Class {
        match &self.failure {
            CallFailure::NotSent(_) => Class::Transient,
            // A server error says nothing about the effect: whoever sent a create has to look.
            CallFailure::Status { status, .. } if status.is_server_error() => Class::Unknown,
            _ => self.code().class(),
        }
    }
}

/// The services' error bodies differ in shape; all of them carry a message somewhere.
fn message(body: &Value) -> String {
    fn find(value: &Value) -> Option<&str> {
        match value {
            Value::String(text) => Some(text),
            Value::Array(items) => items.iter().find_map(find),
            Value::Object(fields) => ["message", "detail", "error", "errors", "NeutronError"]
                .iter()
                .find_map(|key| fields.get(*key).and_then(find))
                .or_else(|| fields.values().filter(|value| value.is_object()).find_map(find)),
            _ => None,
        }
    }
    find(body).map(|text| format!(": {}", text.trim())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::message;
    use serde_json::json;

    #[test]
    fn the_message_of_each_service_is_found() {
        for body in [
            json!({"itemNotFound": {"message": "gone", "code": 404}}),
            json!({"NeutronError": {"type": "PortNotFound", "message": "gone", "detail": ""}}),
            json!({"error": {"code": 401, "message": "gone", "title": "Unauthorized"}}),
            json!({"errors": [{"context": "x", "message": "gone"}]}),
            json!("gone"),
        ] {
            assert_eq!(message(&body), ": gone");
        }
    }
}
