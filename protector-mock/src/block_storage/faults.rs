//! How Cinder tells an error. Sentences: `cinder/exception.py`, bodies: `cinder/api/openstack/wsgi.py` (`Fault`), both of 2026.2.

use crate::cloud::Fault;
use http::StatusCode;
use serde_json::{Value, json};

/// The body of an error.
pub(super) fn body(fault: &Fault) -> Value {
    let code = fault.status.as_u16();
    if fault.status == StatusCode::UNAUTHORIZED {
        // This one is keystonemiddleware's.
        return json!({"error": {"code": code, "title": "Unauthorized", "message": fault.message}});
    }
    let name = match code {
        400 => "badRequest",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    };
    let mut told = json!({"code": code, "message": fault.message});
    if code == 413
        && let Some((_, value)) = fault.headers.iter().find(|(name, _)| *name == "retry-after")
        && let Some(fields) = told.as_object_mut()
    {
        fields.insert("retryAfter".to_owned(), json!(value));
    }
    json!({name: told})
}

/// `QuotaError`: 413 with a `Retry-After` of 0, which no client should follow.
pub(super) fn over_quota(exception: &str, message: &str) -> Fault {
    let mut fault = Fault::new(StatusCode::PAYLOAD_TOO_LARGE, format!("{exception}: {message}"));
    fault.headers.push(("retry-after", "0".to_owned()));
    fault
}

/// `InvalidInput`.
pub(super) fn invalid_input(reason: impl AsRef<str>) -> Fault {
    Fault::bad_request(format!("Invalid input received: {}", reason.as_ref()))
}

/// `InvalidVolume`.
pub(super) fn invalid_volume(reason: impl AsRef<str>) -> Fault {
    Fault::bad_request(format!("Invalid volume: {}", reason.as_ref()))
}

/// `InvalidSnapshot`.
pub(super) fn invalid_snapshot(reason: impl AsRef<str>) -> Fault {
    Fault::bad_request(format!("Invalid snapshot: {}", reason.as_ref()))
}

/// `InvalidGroup`.
pub(super) fn invalid_group(reason: impl AsRef<str>) -> Fault {
    Fault::bad_request(format!("Invalid Group: {}", reason.as_ref()))
}

/// `InvalidVolumeType`.
pub(super) fn invalid_type(reason: impl AsRef<str>) -> Fault {
    Fault::bad_request(format!("Invalid volume type: {}", reason.as_ref()))
}

/// `VolumeNotFound`.
pub(super) fn no_volume(id: &str) -> Fault {
    Fault::not_found(format!("Volume {id} could not be found."))
}

/// `SnapshotNotFound`.
pub(super) fn no_snapshot(id: &str) -> Fault {
    Fault::not_found(format!("Snapshot {id} could not be found."))
}

/// `GroupNotFound`.
pub(super) fn no_group(id: &str) -> Fault {
    Fault::not_found(format!("Group {id} could not be found."))
}

/// `VolumeTypeNotFound`.
pub(super) fn no_type(id: &str) -> Fault {
    Fault::not_found(format!("Volume type {id} could not be found."))
}

/// A method that the agreed microversion does not have looks as if there were none.
pub(super) fn no_resource() -> Fault {
    Fault::not_found("The resource could not be found.")
}
