//! A project's default type. Source: `cinder/api/v3/default_types.py` (2026.2), since 3.62.

use super::find;
use crate::block_storage::access::since;
use crate::block_storage::input::{Field, Kind, read};
use crate::cloud::{Call, Fault, Reply};
use crate::world::{Record, Transaction, WorldError};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Default {
    project: String,
    type_id: String,
}

impl Record for Default {
    const KIND: &'static str = "block_storage.default-type";

    fn id(&self) -> &str {
        &self.project
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("type", self.type_id.clone())]
    }
}

/// The type that was chosen for a project.
pub(super) fn of_project(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<Option<String>, WorldError> {
    Ok(transaction.get::<Default>(scope, project)?.map(|found| found.type_id))
}

/// Whether a type was chosen for any project.
pub(super) fn is_one(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<bool, WorldError> {
    Ok(transaction.count::<Default>(scope, Some(("type", id)))? > 0)
}

fn view(default: &Default) -> Value {
    json!({"project_id": default.project, "volume_type_id": default.type_id})
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 62)?;
    if !call.caller.is_admin() {
        return Err(Fault::forbidden("You are not authorized to perform this operation."));
    }
    let all: Vec<Value> = call.transaction.list::<Default>(&call.scope())?.iter().map(view).collect();
    Ok(Reply::ok(json!({"default_types": all})))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 62)?;
    call.require_admin("volume_extension:default_get")?;
    let project = call.parameter("id");
    match call.transaction.get::<Default>(&call.scope(), project)? {
        Some(found) => Ok(Reply::ok(json!({"default_type": view(&found)}))),
        None => Err(Fault::not_found(format!("Default type for project {project} not found."))),
    }
}

pub(super) fn set(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 62)?;
    call.require_admin("volume_extension:default_set_or_update")?;
    let fields = read(&call.body, "default_type", &[Field("volume_type", Kind::Word, true)])?;
    let scope = call.scope();
    let asked = fields.text("volume_type").unwrap_or_default();
    let found = find(call.transaction, &scope, &asked, None)
        .map_err(|fault| if fault.source.is_some() { fault } else { Fault::bad_request(fault.message) })?;
    let default = Default { project: call.parameter("id").to_owned(), type_id: found.id };
    call.transaction.put(&scope, &default)?;
    Ok(Reply::ok(json!({"default_type": view(&default)})))
}

pub(super) fn unset(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 62)?;
    call.require_admin("volume_extension:default_unset")?;
    let (scope, project) = (call.scope(), call.parameter("id").to_owned());
    call.transaction.remove::<Default>(&scope, &project)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
