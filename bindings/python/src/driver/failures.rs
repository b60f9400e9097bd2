//! Why a verb failed, in both languages: `protector.driver` has an exception for each meaning of [`Error`].

use crate::conversion::to_python;
use protector_core::driver::Error;
use protector_core::error::chain;
use protector_core::id::ArrayName;
use protector_core::transport::{CallError, CallFailure, SendError, SendFailure, Sent};
use pyo3::exceptions::{PyConnectionError, PyConnectionRefusedError, PyNotImplementedError, PyTimeoutError};
use pyo3::prelude::*;
use serde_json::Value;

/// What was raised in Python: the last line of its traceback, and where that was.
#[derive(Debug, thiserror::Error)]
#[error("{told}")]
pub(crate) struct Raised {
    told: String,
    #[source]
    cause: Option<Box<Self>>,
}

/// More causes than anybody reads; one that is its own cause has more.
const MOST_CAUSES: usize = 8;

impl Raised {
    pub(crate) fn of(py: Python<'_>, error: &PyErr) -> Self {
        Self::with_causes(py, error, MOST_CAUSES)
    }

    /// What was given is no error, and no use either.
    pub(crate) fn said(told: impl Into<String>) -> Self {
        Self { told: told.into(), cause: None }
    }

    fn with_causes(py: Python<'_>, error: &PyErr, most: usize) -> Self {
        let told = error.to_string().lines().collect::<Vec<_>>().join(" ");
        let told = match place(py, error) {
            Some(place) => format!("{told} ({place})"),
            None => told,
        };
        let cause = most
            .checked_sub(1)
            .and_then(|most| error.cause(py).map(|cause| Box::new(Self::with_causes(py, &cause, most))));
        Self { told, cause }
    }
}

/// Where it was raised.
fn place(py: Python<'_>, error: &PyErr) -> Option<String> {
    let mut last = error.traceback(py)?.into_any();
    while let Some(next) = last.getattr("tb_next").ok().filter(|next| !next.is_none()) {
        last = next;
    }
    let code = last.getattr("tb_frame").and_then(|frame| frame.getattr("f_code")).ok()?;
    let text = |name: &str| code.getattr(name).and_then(|value| value.extract::<String>()).ok();
    let line: usize = last.getattr("tb_lineno").and_then(|line| line.extract()).ok()?;
    Some(format!("{}, line {line}, in {}", text("co_filename")?, text("co_name")?))
}

/// Where the exceptions are.
fn exceptions(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("protector.driver")
}

/// A meaning that an exception has by its class.
struct Meant {
    kind: String,
    reason: String,
    sent: bool,
}

fn meant(py: Python<'_>, error: &PyErr) -> Option<Meant> {
    let value = error.value(py);
    let class = exceptions(py).and_then(|module| module.getattr("DriverError")).ok()?;
    if value.is_instance(&class).ok()? {
        let kind = value.getattr("kind").and_then(|kind| kind.extract()).ok()?;
        let reason = value.getattr("reason").and_then(|reason| reason.extract()).ok()?;
        let sent = value.getattr("sent").and_then(|sent| sent.extract()).unwrap_or(true);
        return Some(Meant { kind, reason, sent });
    }
    let kind = if error.is_instance_of::<PyNotImplementedError>(py) {
        "unsupported"
    } else if error.is_instance_of::<PyTimeoutError>(py) || error.is_instance_of::<PyConnectionError>(py) {
        "unreachable"
    } else {
        return None;
    };
    let sent = !error.is_instance_of::<PyConnectionRefusedError>(py);
    Some(Meant { kind: kind.to_owned(), reason: String::new(), sent })
}

/// The error that an exception stands for.
pub(crate) fn error_of(py: Python<'_>, raised: &PyErr, array: &ArrayName, attempted: &str) -> Error {
    let (array, attempted) = (array.clone(), attempted.to_owned());
    let cause = Raised::of(py, raised);
    let Some(Meant { kind, reason, sent }) = meant(py, raised) else {
        return Error::Other { array, attempted, source: Box::new(cause) };
    };
    match kind.as_str() {
        "not_found" => Error::NotFound { array, attempted, what: reason },
        "refused" => Error::Refused { array, attempted, reason },
        "unsupported" => Error::Unsupported { array, attempted },
        "configuration" => Error::Configuration { array, reason },
        "unreachable" => {
            let in_time = !raised.is_instance_of::<PyTimeoutError>(py);
            let (sent, failure) = match (sent, in_time) {
                (false, _) => (Sent::No, SendFailure::Connect),
                (true, true) => (Sent::Maybe, SendFailure::Broken),
                (true, false) => (Sent::Maybe, SendFailure::Timeout),
            };
            let lost = SendError { sent, failure, source: Some(Box::new(cause)) };
            called(array, attempted, CallFailure::NoAnswer(lost))
        }
        "unauthenticated" => {
            let body = Value::String(reason);
            let failure =
                CallFailure::Status { status: http::StatusCode::UNAUTHORIZED, body, retry_after: None };
            let refused =
                CallError { purpose: format!("sign in to array {array}"), attempts: Vec::new(), failure };
            called(array, attempted, CallFailure::Unauthenticated(Some(Box::new(refused))))
        }
        _ => Error::Other { array, attempted, source: Box::new(cause) },
    }
}

/// A verb that came to no answer.
pub(crate) fn called(array: ArrayName, purpose: String, failure: CallFailure) -> Error {
    Error::Call { array, source: Box::new(CallError { purpose, attempts: Vec::new(), failure }) }
}

/// The exception that an error stands for.
pub(crate) fn exception_of(py: Python<'_>, error: &Error) -> PyErr {
    let (kind, reason, sent) = match error {
        Error::NotFound { what, .. } => ("not_found", what.clone(), false),
        Error::Refused { reason, .. } => ("refused", reason.clone(), false),
        Error::Unsupported { attempted, .. } => ("unsupported", attempted.clone(), false),
        Error::Configuration { reason, .. } => ("configuration", reason.clone(), false),
        Error::Call { source, .. } => {
            let (kind, sent) = match &source.failure {
                CallFailure::NoAnswer(lost) => ("unreachable", lost.sent != Sent::No),
                CallFailure::NotSent(_) => ("unreachable", false),
                CallFailure::Interrupted(_) => ("unreachable", true),
                CallFailure::Unauthenticated(_) => ("unauthenticated", false),
                _ => ("failed", true),
            };
            (kind, chain(source), sent)
        }
        other => ("failed", chain(other), true),
    };
    let made = exceptions(py).and_then(|module| {
        let told = to_python(py, &(kind, reason, sent))?;
        module.getattr("of_kind")?.call1((told,))
    });
    made.map_or_else(|failed| failed, PyErr::from_value)
}
