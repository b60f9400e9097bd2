//! `types`. Sources: `cinder/api/v3/types.py`, `views/types.py`, `cinder/api/contrib/types_manage.py` (2026.2).

use super::{VolumeType, find, get};
use crate::block_storage::input::{Field, Kind, read};
use crate::block_storage::listing::{Page, SortKey, filters, holds};
use crate::block_storage::volumes::Volume;
use crate::block_storage::{faults, input, quotas};
use crate::cloud::{Call, Fault, Reply, Route};
use http::StatusCode;
use serde_json::{Value, json};

pub(in crate::block_storage) const ROUTES: &[Route] = routes![
    GET "/types" => list,
    POST "/types" => create,
    GET "/types/{id}" => show,
    PUT "/types/{id}" => update,
    DELETE "/types/{id}" => delete,
    POST "/types/{id}/action" => super::access::act,
    GET "/types/{id}/os-volume-type-access" => super::access::list,
    GET "/types/{id}/extra_specs" => super::specs::list,
    POST "/types/{id}/extra_specs" => super::specs::create,
    GET "/types/{id}/extra_specs/{key}" => super::specs::show,
    PUT "/types/{id}/extra_specs/{key}" => super::specs::update,
    DELETE "/types/{id}/extra_specs/{key}" => super::specs::delete,
    GET "/types/{id}/encryption" => super::encryption::show,
    POST "/types/{id}/encryption" => super::encryption::create,
    GET "/types/{id}/encryption/{key}" => super::encryption::show_one,
    PUT "/types/{id}/encryption/{key}" => super::encryption::update,
    DELETE "/types/{id}/encryption/{key}" => super::encryption::delete,
    GET "/default-types" => super::defaults::list,
    GET "/default-types/{id}" => super::defaults::show,
    PUT "/default-types/{id}" => super::defaults::set,
    DELETE "/default-types/{id}" => super::defaults::unset,
];

/// What everybody sees of the extra specs (`USER_VISIBLE_EXTRA_SPECS`).
pub(super) const VISIBLE: [&str; 3] = ["RESKEY:availability_zones", "multiattach", "replication_enabled"];

fn view(call: &Call<'_, '_>, found: &VolumeType) -> Value {
    let admin = call.caller.is_admin();
    let specs: serde_json::Map<String, Value> = found
        .extra_specs
        .iter()
        .filter(|(name, _)| admin || VISIBLE.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let mut told = json!({
        "id": found.id,
        "name": found.name,
        "is_public": found.is_public,
        "description": found.description,
        "extra_specs": specs,
        "os-volume-type-access:is_public": found.is_public,
    });
    if admin && let Some(told) = told.as_object_mut() {
        told.insert("qos_specs_id".to_owned(), json!(found.qos_specs));
    }
    told
}

/// What is told of a type that was made or changed: `cinder/api/contrib/types_manage.py` has the views of an older API.
fn changed(call: &Call<'_, '_>, found: &VolumeType) -> Reply {
    let mut told = view(call, found);
    if let Some(told) = told.as_object_mut() {
        told.remove("qos_specs_id");
    }
    Reply::ok(json!({"volume_type": told}))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let page = Page::of(call)?;
    let public = match call.query.get("is_public") {
        _ if !call.caller.is_admin() => Some(true),
        None => Some(true),
        Some(text) if text.eq_ignore_ascii_case("none") => None,
        Some(text) => Some(
            input::boolean(text)
                .ok_or_else(|| Fault::bad_request(format!("Invalid is_public filter [{text}]")))?,
        ),
    };
    let wanted = filters(call, &["is_public", "extra_specs"])?;
    let scope = call.scope();
    let project = call.caller.project.clone();
    let mut all = call.transaction.list::<VolumeType>(&scope)?;
    // Cinder adds those that a project was let use to the public ones.
    all.retain(|found| match public {
        None => true,
        Some(true) => found.open_to(&project),
        Some(false) => !found.is_public,
    });
    for (name, value) in &wanted {
        if name == "extra_specs" {
            all.retain(|found| holds(value, &found.extra_specs));
        }
    }
    let shown = page.cut(all, |found| &found.id, sort_key, faults::no_type)?;
    let views: Vec<Value> = shown.iter().map(|found| view(call, found)).collect();
    let mut told = json!({"volume_types": views});
    let last = shown.last().map(|found| found.id.as_str());
    if let (Some(links), Some(told)) = (page.next(call, "types", last, shown.len()), told.as_object_mut()) {
        told.insert("volume_type_links".to_owned(), links);
    }
    Ok(Reply::ok(told))
}

fn sort_key(found: &VolumeType, name: &str) -> Option<SortKey> {
    Some(match name {
        "created_at" => found.created.into(),
        "updated_at" => found.updated.into(),
        "name" => found.name.as_str().into(),
        "description" => found.description.as_deref().into(),
        _ => return None,
    })
}

pub(super) fn of_call(call: &Call<'_, '_>) -> Result<VolumeType, Fault> {
    let id = call.parameter("id");
    let found = get(call.transaction, &call.scope(), id)?;
    if call.caller.is_admin() || found.open_to(&call.caller.project) {
        Ok(found)
    } else {
        Err(faults::no_type(id))
    }
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = if call.parameter("id") == "default" {
        super::default(call.transaction, &call.scope(), &call.caller.project)?
    } else {
        of_call(call)?
    };
    Ok(Reply::ok(json!({"volume_type": view(call, &found)})))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:type_create")?;
    let fields = read(
        &call.body,
        "volume_type",
        &[
            Field("name", Kind::Word, true),
            Field("description", Kind::Text, false),
            Field("extra_specs", Kind::Texts(false), false),
            Field("os-volume-type-access:is_public", Kind::Boolean, false),
        ],
    )?;
    let name = fields.text("name").unwrap_or_default();
    let scope = call.scope();
    if !call.transaction.find::<VolumeType>(&scope, "name", &name)?.is_empty() {
        return Err(Fault::conflict(format!("Volume Type {name} already exists.")));
    }
    let made = VolumeType {
        id: call.transaction.new_uuid()?.to_string(),
        name,
        description: fields.text("description"),
        is_public: fields.flag("os-volume-type-access:is_public").unwrap_or(true),
        extra_specs: fields.texts("extra_specs"),
        created: call.transaction.now(),
        ..VolumeType::default()
    };
    call.transaction.put(&scope, &made)?;
    Ok(changed(call, &made))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:type_update")?;
    let fields = read(
        &call.body,
        "volume_type",
        &[
            Field("name", Kind::Name, false),
            Field("description", Kind::Text, false),
            Field("is_public", Kind::Boolean, false),
        ],
    )?;
    let (name, description) = (fields.text("name"), fields.text("description"));
    let public = fields.flag("is_public");
    if name.as_deref() == Some("") {
        return Err(Fault::bad_request("Volume type name can not be empty."));
    }
    if name.is_none() && description.is_none() && public.is_none() {
        return Err(Fault::bad_request(
            "Specify volume type name, description, is_public or a combination thereof.",
        ));
    }
    let scope = call.scope();
    let mut found = of_call(call)?;
    if let Some(name) = name.filter(|name| *name != found.name) {
        if !call.transaction.find::<VolumeType>(&scope, "name", &name)?.is_empty() {
            return Err(Fault::conflict(format!("Volume Type {name} already exists.")));
        }
        quotas::rename_type(call.transaction, &scope, &found.name, &name)?;
        found.name = name;
    }
    if description.is_some() {
        found.description = description;
    }
    found.is_public = public.unwrap_or(found.is_public);
    found.updated = Some(call.transaction.now());
    call.transaction.put(&scope, &found)?;
    Ok(changed(call, &found))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:type_delete")?;
    let scope = call.scope();
    let found = of_call(call)?;
    if call.transaction.count::<VolumeType>(&scope, None)? == 1 {
        return Err(Fault::bad_request(format!(
            "The volume type {} is the only currently defined volume type and cannot be deleted.",
            found.id
        )));
    }
    let default =
        find(call.transaction, &scope, "__DEFAULT__", None).is_ok_and(|default| default.id == found.id);
    if default || super::defaults::is_one(call.transaction, &scope, &found.id)? {
        return Err(Fault::bad_request(format!(
            "The volume type {} is a default volume type and cannot be deleted.",
            found.id
        )));
    }
    if in_use(call, &found.id)? {
        return Err(Fault::bad_request("Target volume type is still in use."));
    }
    call.transaction.remove::<VolumeType>(&scope, &found.id)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

pub(super) fn in_use(call: &Call<'_, '_>, id: &str) -> Result<bool, Fault> {
    Ok(call.transaction.count::<Volume>(&call.scope(), Some(("type", id)))? > 0)
}
