//! `If-Match: revision_number=N`: a change only of what is still as somebody saw it.
// neutron/api/api_common.py (check_request_for_revision_constraint) and neutron/services/revisions/revision_plugin.py,
// 2026.2

use super::faults;
use crate::cloud::{Call, Fault};
use http::StatusCode;
use http::header::IF_MATCH;

/// Refuses the change if it is for another revision than the current one.
pub(super) fn expect(call: &Call<'_, '_>, current: u64) -> Result<(), Fault> {
    let tags = call.headers.get(IF_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut constraints =
        tags.split(',').filter_map(|tag| tag.trim().trim_matches('"').strip_prefix("revision_number="));
    let Some(expected) = constraints.next() else { return Ok(()) };
    if constraints.next().is_some() {
        return Err(faults::bad_request("if-match", "Multiple revision_number etags are not supported."));
    }
    let Ok(expected) = expected.parse::<u64>() else {
        let message = "Revision number etag must be in the format of revision_number=<int>";
        return Err(faults::bad_request("if-match", message));
    };
    if expected == current {
        return Ok(());
    }
    let message = format!("Constrained to {expected}, but current revision is {current}");
    Err(Fault::new(StatusCode::PRECONDITION_FAILED, message).of_kind("RevisionNumberConstraintFailed"))
}
