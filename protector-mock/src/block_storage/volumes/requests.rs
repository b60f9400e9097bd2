//! `volumes`. Source: `cinder/api/v3/volumes.py` (2026.2).

use super::{Volume, of_call, put, view, whole_view};
use crate::block_storage::access::{all_projects, member, since};
use crate::block_storage::faults::{invalid_input, no_volume};
use crate::block_storage::input::{self, Field, Kind, read};
use crate::block_storage::listing::{Page, SortKey, filters, holds, links, passes};
use crate::block_storage::types;
use crate::cloud::{Call, Fault, Reply, Route};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::block_storage) const ROUTES: &[Route] = routes![
    GET "/volumes" => list,
    GET "/volumes/detail" => detail,
    GET "/volumes/summary" => summary,
    POST "/volumes" => super::create::create,
    GET "/volumes/{id}" => show,
    PUT "/volumes/{id}" => update,
    DELETE "/volumes/{id}" => delete,
    POST "/volumes/{id}/action" => super::actions::act,
    GET "/volumes/{id}/metadata" => super::metadata::list,
    POST "/volumes/{id}/metadata" => super::metadata::create,
    PUT "/volumes/{id}/metadata" => super::metadata::replace,
    GET "/volumes/{id}/metadata/{key}" => super::metadata::show,
    PUT "/volumes/{id}/metadata/{key}" => super::metadata::update,
    DELETE "/volumes/{id}/metadata/{key}" => super::metadata::delete,
    GET "/volumes/{id}/encryption" => super::metadata::encryption,
    GET "/volumes/{id}/encryption/{key}" => super::metadata::encryption_key,
];

const FILTERS: [&str; 12] = [
    "name",
    "status",
    "metadata",
    "bootable",
    "migration_status",
    "availability_zone",
    "group_id",
    "size",
    "created_at",
    "updated_at",
    "consumes_quota",
    "glance_metadata",
];

fn all(call: &Call<'_, '_>) -> Result<Vec<Volume>, Fault> {
    let scope = call.scope();
    Ok(if all_projects(call) {
        call.transaction.list(&scope)?
    } else {
        call.transaction.find(&scope, "project", &call.caller.project)?
    })
}

/// Whether a volume passes; a field that there is not lets none pass.
fn fits(call: &Call<'_, '_>, volume: &Volume, name: &str, wanted: &str) -> Result<bool, Fault> {
    let text = |value: Option<&str>| passes(name, wanted, value);
    Ok(match name.trim_end_matches('~') {
        "id" => text(Some(&volume.id)),
        "name" | "display_name" => text(volume.name.as_deref()),
        "description" | "display_description" => text(volume.description.as_deref()),
        "status" => text(Some(&volume.status)),
        "attach_status" => text(Some(&volume.attach_status)),
        "project_id" => text(Some(&volume.project)),
        "user_id" => text(Some(&volume.user)),
        "host" => text(volume.host.as_deref()),
        "availability_zone" => text(Some(&volume.zone)),
        "group_id" => text(volume.group_id.as_deref()),
        "migration_status" => text(volume.migration_status.as_deref()),
        "replication_status" => text(volume.replication_status.as_deref()),
        "volume_type_id" => text(Some(&volume.type_id)),
        "volume_type" => {
            let known = types::name_of(call.transaction, &call.scope(), &volume.type_id)?;
            text(Some(&known))
        }
        "size" => text(Some(&volume.size.to_string())),
        "bootable" => truth(call, name, wanted)? == volume.bootable,
        "multiattach" => truth(call, name, wanted)? == volume.multiattach,
        "consumes_quota" => input::truth(wanted),
        "metadata" => holds(wanted, &volume.metadata),
        "glance_metadata" => holds(wanted, &volume.image_metadata),
        "created_at" => within(name, wanted, Some(volume.created))?,
        "updated_at" => within(name, wanted, volume.updated)?,
        _ => false,
    })
}

fn truth(call: &Call<'_, '_>, name: &str, wanted: &str) -> Result<bool, Fault> {
    match input::boolean(wanted) {
        Some(flag) => Ok(flag),
        None if call.since(3, 2) => Err(invalid_input(format!("'{name} = {wanted}'"))),
        None => Ok(!wanted.is_empty()),
    }
}

/// `gt:2026-01-01T00:00:00,lt:…` (since 3.60).
fn within(name: &str, wanted: &str, value: Option<Timestamp>) -> Result<bool, Fault> {
    for part in wanted.split(',') {
        let (operator, text) =
            part.split_once(':').ok_or_else(|| Fault::bad_request(format!("Invalid {name} value")))?;
        let zoned =
            if text.ends_with('Z') || text.contains('+') { text.to_owned() } else { format!("{text}Z") };
        let time: Timestamp =
            zoned.parse().map_err(|_| Fault::bad_request(format!("Invalid {text} value")))?;
        let Some(value) = value else { return Ok(false) };
        let fits = match operator {
            "gt" => value > time,
            "gte" => value >= time,
            "eq" => value == time,
            "neq" => value != time,
            "lt" => value < time,
            "lte" => value <= time,
            _ => return Err(Fault::bad_request(format!("Invalid {operator} operator"))),
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sort_key(volume: &Volume, name: &str) -> Option<SortKey> {
    Some(match name {
        "created_at" => volume.created.into(),
        "updated_at" => volume.updated.into(),
        "name" | "display_name" => volume.name.as_deref().into(),
        "description" | "display_description" => volume.description.as_deref().into(),
        "size" => volume.size.into(),
        "status" => volume.status.as_str().into(),
        "attach_status" => volume.attach_status.as_str().into(),
        "availability_zone" => volume.zone.as_str().into(),
        "bootable" => u64::from(volume.bootable).into(),
        "project_id" => volume.project.as_str().into(),
        "user_id" => volume.user.as_str().into(),
        "host" => volume.host.as_deref().into(),
        "volume_type_id" => volume.type_id.as_str().into(),
        _ => return None,
    })
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, "volumes", |call, volume| {
        let links = links(call, "volumes", &volume.id);
        Ok(json!({"id": volume.id, "name": volume.name, "links": links}))
    })
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, "volumes/detail", whole_view)
}

fn listed(
    call: &mut Call<'_, '_>,
    collection: &str,
    view: fn(&Call<'_, '_>, &Volume) -> Result<Value, Fault>,
) -> Result<Reply, Fault> {
    let page = Page::of(call)?;
    let wanted = filters(call, &FILTERS)?;
    let mut found = Vec::new();
    'volumes: for volume in all(call)? {
        for (name, value) in &wanted {
            if !fits(call, &volume, name, value)? {
                continue 'volumes;
            }
        }
        found.push(volume);
    }
    let counted = call.since(3, 45) && call.query.get("with_count").is_some_and(input::truth);
    let total = counted.then_some(found.len());
    let shown = page.cut(found, |volume| &volume.id, sort_key, no_volume)?;
    let views = shown.iter().map(|volume| view(call, volume)).collect::<Result<Vec<_>, _>>()?;
    let mut told = Map::from_iter([("volumes".to_owned(), Value::Array(views))]);
    let last = shown.last().map(|volume| volume.id.as_str());
    if let Some(links) = page.next(call, collection, last, total.unwrap_or(shown.len())) {
        told.insert("volumes_links".to_owned(), links);
    }
    if let Some(total) = total {
        told.insert("count".to_owned(), json!(total));
    }
    Ok(Reply::ok(Value::Object(told)))
}

fn summary(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 12)?;
    let all = all(call)?;
    let size: u64 = all.iter().map(|volume| volume.size).sum();
    let mut told = json!({"total_count": all.len(), "total_size": size});
    if call.since(3, 36) {
        let mut distinct: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, value) in all.iter().flat_map(|volume| &volume.metadata) {
            distinct.entry(name).or_default().insert(value);
        }
        if let Some(told) = told.as_object_mut() {
            told.insert("metadata".to_owned(), json!(distinct));
        }
    }
    Ok(Reply::ok(json!({"volume-summary": told})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    Ok(Reply::ok(json!({"volume": whole_view(call, &found)?})))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let fields = read(
        &call.body,
        "volume",
        &[
            Field("name", Kind::Name, false),
            Field("description", Kind::Name, false),
            Field("display_name", Kind::Name, false),
            Field("display_description", Kind::Name, false),
            Field("metadata", Kind::Texts(false), false),
        ],
    )?;
    let given = ["name", "display_name", "description", "display_description", "metadata"];
    if call.since(3, 53) && !given.iter().any(|name| fields.has(name)) {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute volume. Value: {}. {} is not valid under any of the given schemas",
        ));
    }
    let mut found = of_call(call)?;
    member(call, "volume:update")?;
    if found.status == "maintenance" {
        return Err(crate::block_storage::faults::invalid_volume(
            "The volume cannot be updated during maintenance.",
        ));
    }
    for name in ["name", "display_name"] {
        if fields.has(name) {
            found.name = fields.text(name);
        }
    }
    for name in ["description", "display_description"] {
        if fields.has(name) {
            found.description = fields.text(name);
        }
    }
    if fields.has("metadata") {
        found.metadata = fields.texts("metadata");
    }
    let scope = call.scope();
    put(call.transaction, &scope, &mut found)?;
    Ok(Reply::ok(json!({"volume": Value::Object(view(call, &found)?)})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let flag = |name: &str| call.query.get(name).is_some_and(input::truth);
    let (cascade, force) = (flag("cascade"), call.since(3, 23) && flag("force"));
    let mut found = of_call(call)?;
    member(call, "volume:delete")?;
    if force {
        call.require_admin("volume:force_delete")?;
    }
    let scope = call.scope();
    super::change::delete(call.transaction, &scope, &mut found, cascade, force, false)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}
