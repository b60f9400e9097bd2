//! Who may do what: the default policies of `cinder/policies/*.py` (2026.2), as far as roles in a project decide them.

use super::faults;
use crate::cloud::{Call, Fault};
use crate::world::{Record, WorldError};

/// Lets those pass that may change things of their project.
pub(super) fn member(call: &Call<'_, '_>, rule: &str) -> Result<(), Fault> {
    let allowed = ["admin", "manager", "member", "service"];
    if call.caller.roles.iter().any(|role| allowed.contains(&role.as_str())) {
        return Ok(());
    }
    Err(Fault::forbidden(format!("Policy doesn't allow {rule} to be performed.")))
}

/// Whether the caller sees what is in a project.
pub(super) fn sees(call: &Call<'_, '_>, project: &str) -> bool {
    call.caller.is_admin() || call.caller.project == project
}

/// Refuses a method that came with a later microversion (3.`minor`).
pub(super) fn since(call: &Call<'_, '_>, minor: u16) -> Result<(), Fault> {
    if call.since(3, minor) { Ok(()) } else { Err(faults::no_resource()) }
}

/// The groups, or snapshots of groups, that a list begins with. `all_tenants`, even if it says no, asks for all projects' if an
/// administrator gives it; from others Cinder takes it for a filter by a column that there is not, which nothing passes.
pub(super) fn groups_of_list<R: Record>(call: &Call<'_, '_>) -> Result<Vec<R>, WorldError> {
    let scope = call.scope();
    match (call.query.get("all_tenants"), call.caller.is_admin()) {
        (Some(_), true) => call.transaction.list(&scope),
        (Some(_), false) => Ok(Vec::new()),
        (None, _) => call.transaction.find(&scope, "project", &call.caller.project),
    }
}

/// Whether an administrator asks for everybody's.
pub(super) fn all_projects(call: &Call<'_, '_>) -> bool {
    let asked = call.query.get("all_tenants").is_some_and(super::input::truth);
    asked && call.caller.is_admin()
}
