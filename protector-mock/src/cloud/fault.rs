use crate::world::WorldError;
use http::StatusCode;

/// An error as a service tells it; each service gives it a body of its own (see `ServiceDescription::fault_body`).
#[derive(Debug, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Fault {
    /// The status.
    pub status: StatusCode,
    /// What the service calls it, where it has names for errors (Neutron's `NetworkNotFound`); else empty.
    pub kind: &'static str,
    /// The sentence.
    pub message: String,
    /// Headers beside the common ones: `retry-after`.
    pub headers: Vec<(&'static str, String)>,
    /// What broke inside, if it was the simulator itself.
    #[source]
    pub source: Option<WorldError>,
}

impl Fault {
    /// An error with a status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, kind: "", message: message.into(), headers: Vec::new(), source: None }
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 403.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// The same, with the service's name for it.
    #[must_use]
    pub fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }
}

impl From<WorldError> for Fault {
    fn from(error: WorldError) -> Self {
        Self {
            source: Some(error),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The simulated world could not be read or changed.",
            )
        }
    }
}
