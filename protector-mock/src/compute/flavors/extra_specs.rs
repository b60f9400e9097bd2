//! What a flavor demands and promises. Source: nova/api/openstack/compute/flavors_extraspecs.py.

use super::find;
use crate::cloud::{Call, Fault, Reply};
use crate::compute::schema::{check_body, patterns, types};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn schema() -> Value {
    json!({"type": "object", "names": patterns::METADATA_KEY,
        "values": {"type": ["string", "number"], "maxLength": 255}})
}

fn texts(given: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    given.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn unknown(flavor: &str, key: &str) -> Fault {
    Fault::not_found(format!("Flavor {flavor} has no extra specs with key {key}."))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let flavor = find(call, call.parameter("flavor"))?;
    Ok(Reply::ok(json!({"extra_specs": flavor.extra_specs})))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let flavor = find(call, call.parameter("flavor"))?;
    let key = call.parameter("key");
    let value = flavor.extra_specs.get(key).ok_or_else(|| unknown(&flavor.id, key))?;
    Ok(Reply::ok(json!({key: value})))
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-flavor-extra-specs:create")?;
    check_body(call, &types::body("extra_specs", schema()))?;
    let given = call.body.get("extra_specs").cloned().unwrap_or_default();
    merge(call, &given)?;
    Ok(Reply::ok(call.body.clone()))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-flavor-extra-specs:update")?;
    check_body(call, &schema())?;
    if call.body.get(call.parameter("key")).is_none() {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    let given = call.body.clone();
    merge(call, &given)?;
    Ok(Reply::ok(given))
}

fn merge(call: &mut Call<'_, '_>, given: &Value) -> Result<(), Fault> {
    let mut flavor = find(call, call.parameter("flavor"))?;
    flavor.extra_specs.extend(texts(given));
    let scope = call.scope();
    Ok(call.transaction.put(&scope, &flavor)?)
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-flavor-extra-specs:delete")?;
    let mut flavor = find(call, call.parameter("flavor"))?;
    let key = call.parameter("key");
    if flavor.extra_specs.remove(key).is_none() {
        return Err(unknown(&flavor.id, key));
    }
    let scope = call.scope();
    call.transaction.put(&scope, &flavor)?;
    Ok(Reply::empty(StatusCode::OK))
}
