//! Errors that every resource of Neutron knows, with their names and sentences.
// neutron_lib/exceptions/__init__.py, neutron_lib/api/faults.py, 2026.2

use crate::cloud::Fault;
use http::StatusCode;

/// `webob.exc.HTTPBadRequest`: what the API layer itself refuses.
pub(super) fn refused_body(message: impl Into<String>) -> Fault {
    Fault::bad_request(message).of_kind("HTTPBadRequest")
}

/// `InvalidInput`.
pub(super) fn invalid_input(what: impl std::fmt::Display) -> Fault {
    Fault::bad_request(format!("Invalid input for operation: {what}.")).of_kind("InvalidInput")
}

/// `BadRequest` for a resource.
pub(super) fn bad_request(resource: &str, what: impl std::fmt::Display) -> Fault {
    Fault::bad_request(format!("Bad {resource} request: {what}.")).of_kind("BadRequest")
}

/// A `NotFound` with the name that the resource gives it.
pub(super) fn not_found(kind: &'static str, message: impl Into<String>) -> Fault {
    Fault::not_found(message).of_kind(kind)
}

/// A `Conflict` or `InUse` with the name that the resource gives it.
pub(super) fn in_use(kind: &'static str, message: impl Into<String>) -> Fault {
    Fault::conflict(message).of_kind(kind)
}

/// `AdminRequired`.
pub(super) fn admin_required(reason: &str) -> Fault {
    Fault::forbidden(format!("User does not have admin privileges: {reason}.")).of_kind("AdminRequired")
}

/// `webob.exc.HTTPNotFound`: no such path.
pub(super) fn no_such_path() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "The resource could not be found.").of_kind("HTTPNotFound")
}
