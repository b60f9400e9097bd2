//! `qos-specs`. Sources: `cinder/api/contrib/qos_specs_manage.py`, `views/qos_specs.py` (2026.2).

use super::input::{self};
use super::listing::{Page, SortKey, links};
use super::types::{self, VolumeType};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::Record;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const ROUTES: &[Route] = routes![
    GET "/qos-specs" => list,
    POST "/qos-specs" => create,
    GET "/qos-specs/{id}" => show,
    PUT "/qos-specs/{id}" => update,
    DELETE "/qos-specs/{id}" => delete,
    PUT "/qos-specs/{id}/delete_keys" => delete_keys,
    GET "/qos-specs/{id}/associations" => associations,
    GET "/qos-specs/{id}/associate" => associate,
    GET "/qos-specs/{id}/disassociate" => disassociate,
    GET "/qos-specs/{id}/disassociate_all" => disassociate_all,
];

#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Cinder's words")]
struct Specs {
    id: String,
    name: String,
    consumer: String,
    specs: BTreeMap<String, String>,
    created: Timestamp,
}

impl Record for Specs {
    const KIND: &'static str = "block_storage.qos";

    fn id(&self) -> &str {
        &self.id
    }
}

fn absent(id: &str) -> Fault {
    Fault::not_found(format!("No such QoS spec {id}."))
}

fn of_call(call: &Call<'_, '_>, rule: &str) -> Result<Specs, Fault> {
    call.require_admin(&format!("volume_extension:qos_specs_manage:{rule}"))?;
    let id = call.parameter("id");
    call.transaction.get(&call.scope(), id)?.ok_or_else(|| absent(id))
}

fn fields(found: &Specs) -> Value {
    json!({"id": found.id, "name": found.name, "consumer": found.consumer, "specs": found.specs})
}

fn view(call: &Call<'_, '_>, found: &Specs) -> Value {
    json!({"qos_specs": fields(found), "links": links(call, "qos-specs", &found.id)})
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:qos_specs_manage:get_all")?;
    let page = Page::of(call)?;
    let all = call.transaction.list::<Specs>(&call.scope())?;
    let key = |found: &Specs, name: &str| match name {
        "created_at" => Some(SortKey::from(found.created)),
        "name" => Some(found.name.as_str().into()),
        "consumer" => Some(found.consumer.as_str().into()),
        _ => None,
    };
    let shown = page.cut(all, |found| &found.id, key, absent)?;
    let views: Vec<Value> = shown.iter().map(fields).collect();
    Ok(Reply::ok(json!({"qos_specs": views})))
}

fn given(call: &Call<'_, '_>) -> Result<BTreeMap<String, String>, Fault> {
    let value = input::unwrap(&call.body, "qos_specs")?;
    input::bare_texts(value)
}

fn consumer(specs: &mut BTreeMap<String, String>, known: &str) -> Result<String, Fault> {
    let asked = specs.remove("consumer").unwrap_or_else(|| known.to_owned());
    if ["front-end", "back-end", "both"].contains(&asked.as_str()) {
        return Ok(asked);
    }
    Err(Fault::bad_request(
        "Invalid qos specs: Valid consumer of QoS specs are: ['back-end', 'both', 'front-end']",
    ))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:qos_specs_manage:create")?;
    let mut specs = given(call)?;
    let name = specs.remove("name").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let Some(name) = name else { return Err(Fault::bad_request("'name' is a required property")) };
    let scope = call.scope();
    if call.transaction.list::<Specs>(&scope)?.iter().any(|found| found.name == name) {
        return Err(Fault::conflict(format!("QoS Specs {name} already exists.")));
    }
    let consumer = consumer(&mut specs, "back-end")?;
    let made = Specs {
        id: call.transaction.new_uuid()?.to_string(),
        name,
        consumer,
        specs,
        created: call.transaction.now(),
    };
    call.transaction.put(&scope, &made)?;
    Ok(Reply::ok(view(call, &made)))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call, "get")?;
    Ok(Reply::ok(view(call, &found)))
}

fn put(call: &mut Call<'_, '_>, found: &Specs) -> Result<(), Fault> {
    let scope = call.scope();
    Ok(call.transaction.put(&scope, found)?)
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut found = of_call(call, "update")?;
    let mut specs = given(call)?;
    found.consumer = consumer(&mut specs, &found.consumer)?;
    found.specs.extend(specs);
    put(call, &found)?;
    Ok(Reply::ok(call.body.clone()))
}

fn associated(call: &Call<'_, '_>, id: &str) -> Result<Vec<VolumeType>, Fault> {
    let mut all = call.transaction.list::<VolumeType>(&call.scope())?;
    all.retain(|found| found.qos_specs.as_deref() == Some(id));
    Ok(all)
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call, "delete")?;
    let scope = call.scope();
    let users = associated(call, &found.id)?;
    if !users.is_empty() && !call.query.get("force").is_some_and(input::truth) {
        return Err(Fault::bad_request("Qos specs still in use."));
    }
    for mut user in users {
        user.qos_specs = None;
        call.transaction.put(&scope, &user)?;
    }
    call.transaction.remove::<Specs>(&scope, &found.id)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn delete_keys(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut found = of_call(call, "delete")?;
    let keys = call.body.get("keys").and_then(Value::as_array).cloned();
    let Some(keys) = keys else { return Err(Fault::bad_request("'keys' is a required property")) };
    for key in keys.iter().filter_map(Value::as_str) {
        if found.specs.remove(key).is_none() {
            return Err(Fault::not_found(format!("QoS spec {} has no spec with key {key}.", found.id)));
        }
    }
    put(call, &found)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn associations(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call, "get_all")?;
    let told: Vec<Value> = associated(call, &found.id)?
        .iter()
        .map(|user| json!({"association_type": "volume_type", "name": user.name, "id": user.id}))
        .collect();
    Ok(Reply::ok(json!({"qos_associations": told})))
}

fn named_type(call: &Call<'_, '_>) -> Result<VolumeType, Fault> {
    match call.query.get("vol_type_id") {
        Some(id) => types::get(call.transaction, &call.scope(), id),
        None => Err(Fault::bad_request("Volume Type id must not be None.")),
    }
}

fn associate(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call, "update")?;
    let mut user = named_type(call)?;
    if user.qos_specs.as_ref().is_some_and(|known| *known != found.id) {
        let known = user.qos_specs.unwrap_or_default();
        return Err(Fault::bad_request(format!(
            "Invalid volume type: Type {} is already associated with another qos specs: {known}",
            user.id
        )));
    }
    user.qos_specs = Some(found.id);
    let scope = call.scope();
    call.transaction.put(&scope, &user)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn disassociate(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    of_call(call, "update")?;
    let mut user = named_type(call)?;
    user.qos_specs = None;
    let scope = call.scope();
    call.transaction.put(&scope, &user)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn disassociate_all(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call, "update")?;
    let scope = call.scope();
    for mut user in associated(call, &found.id)? {
        user.qos_specs = None;
        call.transaction.put(&scope, &user)?;
    }
    Ok(Reply::bare(StatusCode::ACCEPTED))
}
