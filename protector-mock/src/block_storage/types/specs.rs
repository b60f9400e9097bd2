//! `types/…/extra_specs`. Source: `cinder/api/contrib/types_extra_specs.py` (2026.2).

use super::requests::{VISIBLE, in_use, of_call};
use crate::block_storage::input::{self, Kind};
use crate::cloud::{Call, Fault, Reply};
use http::StatusCode;
use serde_json::{Map, Value, json};

fn seen(call: &Call<'_, '_>) -> Result<Map<String, Value>, Fault> {
    let admin = call.caller.is_admin();
    let specs = of_call(call)?.extra_specs.into_iter();
    let seen = specs.filter(|(name, _)| admin || VISIBLE.contains(&name.as_str()));
    Ok(seen.map(|(name, value)| (name, json!(value))).collect())
}

fn may_change(call: &Call<'_, '_>, rule: &str) -> Result<(), Fault> {
    call.require_admin(rule)?;
    if in_use(call, call.parameter("id"))? {
        return Err(Fault::bad_request("Volume Type is currently in use."));
    }
    Ok(())
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"extra_specs": seen(call)?})))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let key = call.parameter("key");
    match seen(call)?.get(key) {
        Some(value) => Ok(Reply::ok(json!({key: value}))),
        None => Err(absent(call.parameter("id"), key)),
    }
}

fn absent(id: &str, key: &str) -> Fault {
    Fault::not_found(format!("Volume Type {id} has no extra specs with key {key}."))
}

fn put(call: &mut Call<'_, '_>, specs: std::collections::BTreeMap<String, String>) -> Result<(), Fault> {
    let mut found = of_call(call)?;
    found.extra_specs.extend(specs);
    if found.extra_specs.get("multiattach").map(String::as_str) == Some("<is> True")
        && found.extra_specs.get("cacheable").map(String::as_str) == Some("<is> True")
    {
        return Err(Fault::bad_request("cacheable cannot be set with multiattach."));
    }
    found.updated = Some(call.transaction.now());
    let scope = call.scope();
    Ok(call.transaction.put(&scope, &found)?)
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may_change(call, "volume_extension:types_extra_specs:create")?;
    let wrapped = json!({"body": call.body});
    input::read(&wrapped, "body", &[input::Field("extra_specs", Kind::Texts(false), true)])?;
    let specs = call.body.get("extra_specs").map(input::texts).unwrap_or_default();
    put(call, specs)?;
    Ok(Reply::ok(call.body.clone()))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may_change(call, "volume_extension:types_extra_specs:update")?;
    let specs = input::bare_texts(&call.body)?;
    if !specs.contains_key(call.parameter("key")) {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    put(call, specs)?;
    Ok(Reply::ok(call.body.clone()))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may_change(call, "volume_extension:types_extra_specs:delete")?;
    let mut found = of_call(call)?;
    if found.extra_specs.remove(call.parameter("key")).is_none() {
        return Err(absent(&found.id, call.parameter("key")));
    }
    found.updated = Some(call.transaction.now());
    let scope = call.scope();
    call.transaction.put(&scope, &found)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}
