//! Which projects may use a type that is not public. Source: `cinder/api/contrib/volume_type_access.py` (2026.2).

use super::requests::of_call;
use crate::block_storage::input::{Field, Kind, read};
use crate::cloud::{Call, Fault, Reply};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_type_access:get_all_for_type")?;
    let found = of_call(call)?;
    if found.is_public {
        return Err(Fault::not_found("Access list not available for public volume types."));
    }
    let access: Vec<Value> = found
        .projects
        .iter()
        .map(|project| json!({"volume_type_id": found.id, "project_id": project}))
        .collect();
    Ok(Reply::ok(json!({"volume_type_access": access})))
}

pub(super) fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let (action, rule) = if call.body.get("addProjectAccess").is_some() {
        ("addProjectAccess", "volume_extension:volume_type_access:addProjectAccess")
    } else if call.body.get("removeProjectAccess").is_some() {
        ("removeProjectAccess", "volume_extension:volume_type_access:removeProjectAccess")
    } else {
        return Err(crate::block_storage::no_action(call));
    };
    call.require_admin(rule)?;
    let fields = read(&call.body, action, &[Field("project", Kind::Word, true)])?;
    let project = fields.text("project").unwrap_or_default();
    let mut found = of_call(call)?;
    if found.is_public {
        return Err(Fault::bad_request(
            "Invalid volume type: Type access modification is not applicable to public volume type.",
        ));
    }
    if action == "addProjectAccess" {
        if !found.projects.insert(project.clone()) {
            return Err(Fault::conflict(format!(
                "Volume type access for {} / {project} combination already exists.",
                found.id
            )));
        }
    } else if !found.projects.remove(&project) {
        return Err(Fault::not_found(format!(
            "Volume type access not found for {} / {project} combination.",
            found.id
        )));
    }
    let scope = call.scope();
    call.transaction.put(&scope, &found)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}
