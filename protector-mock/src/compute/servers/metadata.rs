//! A server's metadata. Source: nova/api/openstack/compute/server_metadata.py, schemas/server_metadata.py.

use super::{Server, VmState, check_lock, check_state, named, save};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::quotas;
use crate::compute::schema::{check_body, types};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CHANGEABLE: &[VmState] = &[VmState::Active, VmState::Paused, VmState::Suspended, VmState::Stopped];

/// Texts by name, of a body that passed the schema.
pub(super) fn texts(given: Option<&Value>) -> BTreeMap<String, String> {
    given
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// Refuses more items than a project may have.
pub(super) fn check_count(call: &Call<'_, '_>, count: usize) -> Result<(), Fault> {
    let most = quotas::limit(call.transaction, &call.site.name, &call.caller.project, "metadata_items")?;
    if most >= 0 && count as u64 > most.unsigned_abs() {
        return Err(Fault::forbidden(format!("Maximum number of metadata items exceeds {most}")));
    }
    Ok(())
}

fn change(
    call: &mut Call<'_, '_>,
    name: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<Server, Fault> {
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, name, CHANGEABLE)?;
    change(&mut server.metadata);
    check_count(call, server.metadata.len())?;
    save(call, &mut server)?;
    Ok(server)
}

fn missing() -> Fault {
    Fault::not_found("Metadata item was not found")
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"metadata": named(call)?.metadata})))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let key = call.parameter("key");
    let value = server.metadata.get(key).ok_or_else(missing)?;
    Ok(Reply::ok(json!({"meta": {key: value}})))
}

pub(super) fn merge(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    check_body(call, &types::body("metadata", types::metadata()))?;
    let given = texts(call.body.get("metadata"));
    let server = change(call, "update metadata", |metadata| metadata.extend(given))?;
    Ok(Reply::ok(json!({"metadata": server.metadata})))
}

pub(super) fn replace(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    check_body(call, &types::body("metadata", types::metadata()))?;
    let given = texts(call.body.get("metadata"));
    let server = change(call, "update metadata", |metadata| *metadata = given)?;
    Ok(Reply::ok(json!({"metadata": server.metadata})))
}

pub(super) fn set(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    check_body(call, &types::body("meta", types::metadata()))?;
    let given = texts(call.body.get("meta"));
    if !given.contains_key(call.parameter("key")) {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    let answer = json!({"meta": given});
    change(call, "update metadata", |metadata| metadata.extend(given))?;
    Ok(Reply::ok(answer))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let key = call.parameter("key").to_owned();
    if !named(call)?.metadata.contains_key(&key) {
        return Err(missing());
    }
    change(call, "delete metadata", |metadata| {
        metadata.remove(&key);
    })?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
