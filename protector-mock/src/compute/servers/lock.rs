//! Locks. Source: nova/api/openstack/compute/lock_server.py, nova/compute/api.py.

use super::Server;
use crate::cloud::{Call, Fault};
use crate::compute::instance_actions;
use crate::compute::schema::{check_body, text, types};
use serde_json::json;

fn is_owner(call: &Call<'_, '_>, server: &Server) -> bool {
    server.project == call.caller.project
}

pub(super) fn lock(call: &mut Call<'_, '_>, server: &mut Server) -> Result<(), Fault> {
    if call.since(2, 73) {
        let reason = json!({"type": "string", "minLength": 1, "maxLength": 255});
        let mut schema = types::object(json!({"locked_reason": reason}), &[]);
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("type".to_owned(), json!(["object", "null"]));
        }
        check_body(call, &types::body("lock", schema))?;
    }
    let owner = is_owner(call, server);
    if server.locked_by.is_some() && owner {
        return Ok(());
    }
    let request = instance_actions::record(call, &server.id, "lock")?;
    server.locked_by = Some(if owner { "owner" } else { "admin" }.to_owned());
    if let Some(reason) = text(call.body.pointer("/lock/locked_reason")).filter(|_| call.since(2, 73)) {
        server.locked_reason = Some(reason);
    }
    super::save(call, server)?;
    let scope = call.scope();
    Ok(instance_actions::finish(call.transaction, &scope, &server.id, &request, None)?)
}

pub(super) fn unlock(call: &mut Call<'_, '_>, server: &mut Server) -> Result<(), Fault> {
    let expected = if is_owner(call, server) { "owner" } else { "admin" };
    if server.locked_by.as_deref().is_some_and(|locked_by| locked_by != expected) {
        call.require_admin("os_compute_api:os-lock-server:unlock:unlock_override")?;
    }
    let request = instance_actions::record(call, &server.id, "unlock")?;
    server.locked_by = None;
    server.locked_reason = None;
    super::save(call, server)?;
    let scope = call.scope();
    Ok(instance_actions::finish(call.transaction, &scope, &server.id, &request, None)?)
}
