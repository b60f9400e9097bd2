//! What the tests of all network resources share.

use crate::error::{Code, Coded};
use crate::openstack::testing::MockCloud;
use crate::openstack::{ConflictKind, Error, Meaning};
use serde_json::{Value, json};

/// An error as Neutron words it: status, type, message.
pub(super) type Failure = (usize, &'static str, &'static str);

// neutron_lib/exceptions/__init__.py, neutron/api/api_common.py (convert_exception_to_http_exc), 2026.2
pub(super) const FAILED: Failure = (500, "HTTPInternalServerError", "Request Failed: internal server error");
pub(super) const FORBIDDEN: Failure = (403, "PolicyNotAuthorized", "rule is disallowed by policy");
pub(super) const OVER_QUOTA: Failure = (409, "OverQuota", "Quota exceeded for resources: ['port'].");

/// Answers the next request of this method and path with a failure.
pub(super) async fn fail(cloud: &mut MockCloud, method: &str, path: &str, failure: Failure) {
    let (status, kind, message) = failure;
    let body: Value = json!({"NeutronError": {"type": kind, "message": message, "detail": ""}});
    let mock = cloud.server.mock(method, path).with_status(status).with_body(body.to_string());
    mock.create_async().await;
}

/// Asserts what a failure means, and that its text says what was attempted and what the service said.
#[track_caller]
pub(super) fn assert_means(error: &Error, code: Code, attempted: &str, failure: Failure) {
    assert_eq!(error.code(), code, "{error}");
    let text = error.to_string();
    assert!(text.contains(attempted) && text.contains(failure.2), "{text}");
}

/// The kind of conflict, if it is one.
pub(super) fn conflict(error: &Error) -> Option<ConflictKind> {
    match &*error.meaning {
        Meaning::Conflict { kind, .. } => Some(*kind),
        _ => None,
    }
}
