//! Group types and their specs, since 3.11. Sources: `cinder/api/v3/group_types.py`, `group_specs.py`, `views/group_types.py`
//! (2026.2).

use super::Group;
use crate::block_storage::access::since;
use crate::block_storage::input::{self, Field, Kind, read};
use crate::block_storage::listing::{Page, SortKey};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The type of what older releases' consistency groups were turned into; nothing else may be of it.
pub(in crate::block_storage) const RESERVED: &str = "default_cgsnapshot_type";

/// A group type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct GroupType {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) is_public: bool,
    pub(crate) specs: BTreeMap<String, String>,
    pub(crate) created: Timestamp,
}

impl Record for GroupType {
    const KIND: &'static str = "block_storage.group-type";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.clone())]
    }
}

impl GroupType {
    fn has(&self, spec: &str) -> bool {
        self.specs.get(spec).is_some_and(|value| value == "<is> True")
    }

    /// Whether the array takes snapshots of all volumes at one moment.
    pub(crate) fn consistent(&self) -> bool {
        self.has("consistent_group_snapshot_enabled")
    }

    /// Whether the array replicates it as a whole.
    pub(crate) fn replicated(&self) -> bool {
        self.has("consistent_group_replication_enabled") || self.has("group_replication_enabled")
    }
}

pub(in crate::block_storage) const ROUTES: &[Route] = routes![
    GET "/group_types" => list,
    POST "/group_types" => create,
    GET "/group_types/{id}" => show,
    PUT "/group_types/{id}" => update,
    DELETE "/group_types/{id}" => delete,
    GET "/group_types/{id}/group_specs" => specs,
    POST "/group_types/{id}/group_specs" => set_specs,
    GET "/group_types/{id}/group_specs/{key}" => spec,
    PUT "/group_types/{id}/group_specs/{key}" => set_spec,
    DELETE "/group_types/{id}/group_specs/{key}" => unset_spec,
];

fn absent(id: &str) -> Fault {
    Fault::not_found(format!("Group type {id} could not be found."))
}

/// A type by its id or name.
pub(super) fn find(transaction: &Transaction<'_>, scope: &str, asked: &str) -> Result<GroupType, Fault> {
    if let Some(found) = transaction.get(scope, asked)? {
        return Ok(found);
    }
    let named = transaction.find::<GroupType>(scope, "name", asked)?.into_iter().next();
    named.ok_or_else(|| {
        if input::is_uuid(asked) {
            absent(asked)
        } else {
            Fault::not_found(format!("Group type with name {asked} could not be found."))
        }
    })
}

fn of_call(call: &Call<'_, '_>) -> Result<GroupType, Fault> {
    since(call, 11)?;
    let id = call.parameter("id");
    call.transaction.get(&call.scope(), id)?.ok_or_else(|| absent(id))
}

fn view(call: &Call<'_, '_>, found: &GroupType) -> Value {
    let mut told = json!({
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "is_public": found.is_public,
    });
    if call.caller.is_admin()
        && let Some(told) = told.as_object_mut()
    {
        told.insert("group_specs".to_owned(), json!(found.specs));
    }
    told
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 11)?;
    let page = Page::of(call)?;
    let public = match call.query.get("is_public") {
        _ if !call.caller.is_admin() => Some(true),
        None => Some(true),
        Some(text) if text.eq_ignore_ascii_case("none") => None,
        Some(text) => input::boolean(text),
    };
    let mut all = call.transaction.list::<GroupType>(&call.scope())?;
    all.retain(|found| public.is_none_or(|public| public == found.is_public));
    let key = |found: &GroupType, name: &str| match name {
        "created_at" => Some(SortKey::from(found.created)),
        "name" => Some(found.name.as_str().into()),
        _ => None,
    };
    let shown = page.cut(all, |found| &found.id, key, absent)?;
    let views: Vec<Value> = shown.iter().map(|found| view(call, found)).collect();
    let mut told = json!({"group_types": views});
    let last = shown.last().map(|found| found.id.as_str());
    if let (Some(links), Some(told)) =
        (page.next(call, "group_types", last, shown.len()), told.as_object_mut())
    {
        told.insert("group_type_links".to_owned(), links);
    }
    Ok(Reply::ok(told))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 11)?;
    if call.parameter("id") == "default" {
        return Err(Fault::not_found("Default group type can not be found."));
    }
    let found = of_call(call)?;
    Ok(Reply::ok(json!({"group_type": view(call, &found)})))
}

fn taken(call: &Call<'_, '_>, name: &str) -> Result<(), Fault> {
    if call.transaction.find::<GroupType>(&call.scope(), "name", name)?.is_empty() {
        return Ok(());
    }
    Err(Fault::conflict(format!("Group Type {name} already exists.")))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 11)?;
    call.require_admin("group:group_types:create")?;
    let fields = read(
        &call.body,
        "group_type",
        &[
            Field("name", Kind::Word, true),
            Field("description", Kind::Text, false),
            Field("is_public", Kind::Boolean, false),
            Field("group_specs", Kind::Texts(true), false),
        ],
    )?;
    let name = fields.text("name").unwrap_or_default();
    taken(call, &name)?;
    let made = GroupType {
        id: call.transaction.new_uuid()?.to_string(),
        name,
        description: fields.text("description"),
        is_public: fields.flag("is_public").unwrap_or(true),
        specs: fields.texts("group_specs"),
        created: call.transaction.now(),
    };
    put(call, &made)?;
    Ok(Reply::accepted(json!({"group_type": view(call, &made)})))
}

fn put(call: &mut Call<'_, '_>, found: &GroupType) -> Result<(), Fault> {
    let scope = call.scope();
    Ok(call.transaction.put(&scope, found)?)
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 11)?;
    call.require_admin("group:group_types:update")?;
    let fields = read(
        &call.body,
        "group_type",
        &[
            Field("name", Kind::Text, false),
            Field("description", Kind::Text, false),
            Field("is_public", Kind::Boolean, false),
        ],
    )?;
    let (name, description) = (fields.text("name"), fields.text("description"));
    let public = fields.flag("is_public");
    if name.as_deref() == Some("") {
        return Err(Fault::bad_request("Group type name can not be empty."));
    }
    if name.is_none() && description.is_none() && public.is_none() {
        return Err(Fault::bad_request("Specify group type name, description or a combination thereof."));
    }
    let mut found = of_call(call)?;
    if let Some(name) = name.filter(|name| *name != found.name) {
        taken(call, &name)?;
        found.name = name;
    }
    found.description = description.or(found.description);
    found.is_public = public.unwrap_or(found.is_public);
    put(call, &found)?;
    Ok(Reply::ok(json!({"group_type": view(call, &found)})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 11)?;
    call.require_admin("group:group_types:delete")?;
    let found = of_call(call)?;
    let scope = call.scope();
    if call.transaction.count::<Group>(&scope, Some(("type", &found.id)))? > 0 {
        return Err(Fault::bad_request("Target group type is still in use."));
    }
    call.transaction.remove::<GroupType>(&scope, &found.id)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn specs(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("group:group_types_specs:get_all")?;
    Ok(Reply::ok(json!({"group_specs": of_call(call)?.specs})))
}

fn spec(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("group:group_types_specs:get")?;
    let found = of_call(call)?;
    let key = call.parameter("key");
    match found.specs.get(key) {
        Some(value) => Ok(Reply::ok(json!({key: value}))),
        None => Err(Fault::not_found(format!("Group Type {} has no extra spec with key {key}.", found.id))),
    }
}

fn set_specs(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("group:group_types_specs:create")?;
    let mut found = of_call(call)?;
    let body = json!({"body": call.body});
    read(&body, "body", &[Field("group_specs", Kind::Texts(false), true)])?;
    found.specs.extend(call.body.get("group_specs").map(input::texts).unwrap_or_default());
    put(call, &found)?;
    Ok(Reply::accepted(call.body.clone()))
}

fn set_spec(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("group:group_types_specs:update")?;
    let mut found = of_call(call)?;
    let new = input::bare_texts(&call.body)?;
    if !new.contains_key(call.parameter("key")) {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    found.specs.extend(new);
    put(call, &found)?;
    Ok(Reply::ok(call.body.clone()))
}

fn unset_spec(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("group:group_types_specs:delete")?;
    let mut found = of_call(call)?;
    if found.specs.remove(call.parameter("key")).is_none() {
        return Err(Fault::not_found(format!(
            "Group Type {} has no specs with key {}.",
            found.id,
            call.parameter("key")
        )));
    }
    put(call, &found)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}
