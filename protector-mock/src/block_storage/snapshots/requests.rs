//! `snapshots`. Sources: `cinder/api/v3/snapshots.py`, `snapshot_metadata.py`, `cinder/api/contrib/snapshot_actions.py`,
//! `extended_snapshot_attributes.py` (2026.2).

use super::{NewSnapshot, Snapshot, delete as let_go, make, put, seen};
use crate::block_storage::access::{all_projects, member};
use crate::block_storage::faults::no_snapshot;
use crate::block_storage::input::{self, Field, Kind, read};
use crate::block_storage::listing::{Page, SortKey, filters, holds, passes, time};
use crate::block_storage::{no_action, volumes};
use crate::cloud::{Call, Fault, Reply, Route};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::block_storage) const ROUTES: &[Route] = routes![
    GET "/snapshots" => list,
    GET "/snapshots/detail" => detail,
    POST "/snapshots" => create,
    GET "/snapshots/{id}" => show,
    PUT "/snapshots/{id}" => update,
    DELETE "/snapshots/{id}" => delete,
    POST "/snapshots/{id}/action" => act,
    GET "/snapshots/{id}/metadata" => metadata,
    POST "/snapshots/{id}/metadata" => add_metadata,
    PUT "/snapshots/{id}/metadata" => set_metadata,
    GET "/snapshots/{id}/metadata/{key}" => metadata_item,
    PUT "/snapshots/{id}/metadata/{key}" => set_metadata_item,
    DELETE "/snapshots/{id}/metadata/{key}" => unset_metadata_item,
];

fn of_call(call: &Call<'_, '_>) -> Result<Snapshot, Fault> {
    seen(call, call.parameter("id"))
}

fn view(call: &Call<'_, '_>, snapshot: &Snapshot) -> Value {
    let mut told = json!({
        "id": snapshot.id,
        "created_at": time(snapshot.created),
        "updated_at": snapshot.updated.map(time),
        "name": snapshot.name,
        "description": snapshot.description,
        "volume_id": snapshot.volume_id,
        "status": snapshot.status,
        "size": snapshot.size,
        "metadata": snapshot.metadata,
    });
    if let Some(fields) = told.as_object_mut() {
        let mut tell = |shown: bool, name: &str, value: Value| {
            if shown {
                fields.insert(name.to_owned(), value);
            }
        };
        tell(call.since(3, 14), "group_snapshot_id", json!(snapshot.group_snapshot));
        tell(call.since(3, 41), "user_id", json!(snapshot.user));
        tell(call.since(3, 65), "consumes_quota", json!(true));
    }
    told
}

/// With what an extension adds to a list or a single one, not to what was just made.
fn whole_view(call: &Call<'_, '_>, snapshot: &Snapshot) -> Value {
    let mut told = view(call, snapshot);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("os-extended-snapshot-attributes:project_id".to_owned(), json!(snapshot.project));
        fields.insert("os-extended-snapshot-attributes:progress".to_owned(), json!(snapshot.progress));
    }
    told
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, "snapshots", |_, snapshot| {
        json!({
            "id": snapshot.id,
            "created_at": time(snapshot.created),
            "updated_at": snapshot.updated.map(time),
            "name": snapshot.name,
            "description": snapshot.description,
            "volume_id": snapshot.volume_id,
            "status": snapshot.status,
            "size": snapshot.size,
            "metadata": snapshot.metadata,
        })
    })
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, "snapshots/detail", whole_view)
}

fn listed(
    call: &mut Call<'_, '_>,
    collection: &str,
    view: fn(&Call<'_, '_>, &Snapshot) -> Value,
) -> Result<Reply, Fault> {
    let page = Page::of(call)?;
    let wanted =
        filters(call, &["name", "status", "volume_id", "metadata", "availability_zone", "consumes_quota"])?;
    let scope = call.scope();
    let mut all = if all_projects(call) {
        call.transaction.list::<Snapshot>(&scope)?
    } else {
        call.transaction.find::<Snapshot>(&scope, "project", &call.caller.project)?
    };
    for (name, value) in &wanted {
        all.retain(|found| match name.trim_end_matches('~') {
            "id" => passes(name, value, Some(&found.id)),
            "name" | "display_name" => passes(name, value, found.name.as_deref()),
            "description" => passes(name, value, found.description.as_deref()),
            "status" => passes(name, value, Some(&found.status)),
            "volume_id" => passes(name, value, Some(&found.volume_id)),
            "project_id" => passes(name, value, Some(&found.project)),
            "volume_size" => passes(name, value, Some(&found.size.to_string())),
            "metadata" => holds(value, &found.metadata),
            "availability_zone" => value == "nova",
            "consumes_quota" => input::truth(value),
            _ => false,
        });
    }
    let counted = call.since(3, 45) && call.query.get("with_count").is_some_and(input::truth);
    let total = counted.then_some(all.len());
    let key = |found: &Snapshot, name: &str| match name {
        "created_at" => Some(SortKey::from(found.created)),
        "updated_at" => Some(found.updated.into()),
        "name" | "display_name" => Some(found.name.as_deref().into()),
        "status" => Some(found.status.as_str().into()),
        "volume_id" => Some(found.volume_id.as_str().into()),
        "volume_size" | "size" => Some(found.size.into()),
        _ => None,
    };
    let shown = page.cut(all, |found| &found.id, key, no_snapshot)?;
    let views: Vec<Value> = shown.iter().map(|found| view(call, found)).collect();
    let mut told = serde_json::Map::from_iter([("snapshots".to_owned(), Value::Array(views))]);
    let last = shown.last().map(|found| found.id.as_str());
    if let Some(links) = page.next(call, collection, last, total.unwrap_or(shown.len())) {
        told.insert("snapshots_links".to_owned(), links);
    }
    if let Some(total) = total {
        told.insert("count".to_owned(), json!(total));
    }
    Ok(Reply::ok(Value::Object(told)))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let fields = read(
        &call.body,
        "snapshot",
        &[
            Field("name", Kind::Text, false),
            Field("display_name", Kind::Text, false),
            Field("description", Kind::Text, false),
            Field("volume_id", Kind::OptionalUuid, true),
            Field("force", Kind::Boolean, false),
            Field("metadata", Kind::Texts(true), false),
        ],
    )?;
    let volume = volumes::seen(call, &fields.text("volume_id").unwrap_or_else(|| "None".to_owned()))?;
    member(call, "volume:create_snapshot")?;
    let force = fields.flag("force");
    if call.since(3, 66) && force == Some(false) {
        return Err(Fault::bad_request(
            "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, \
             when the 'force' flag is passed with a value evaluating to True, it is silently ignored.",
        ));
    }
    let new = NewSnapshot {
        project: call.caller.project.clone(),
        user: call.caller.user.clone(),
        name: fields.first(["display_name", "name"]),
        description: fields.text("description"),
        metadata: fields.texts("metadata"),
        in_use: force == Some(true) || call.since(3, 66),
    };
    let scope = call.scope();
    let made = make(call.transaction, &scope, &volume, new)?;
    Ok(Reply::accepted(json!({"snapshot": view(call, &made)})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    Ok(Reply::ok(json!({"snapshot": whole_view(call, &found)})))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let fields = read(
        &call.body,
        "snapshot",
        &[
            Field("name", Kind::Text, false),
            Field("display_name", Kind::Text, false),
            Field("description", Kind::Text, false),
            Field("display_description", Kind::Text, false),
        ],
    )?;
    let mut found = of_call(call)?;
    member(call, "volume:update_snapshot")?;
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
    save(call, &mut found)?;
    Ok(Reply::ok(json!({"snapshot": view(call, &found)})))
}

fn save(call: &mut Call<'_, '_>, found: &mut Snapshot) -> Result<(), Fault> {
    let scope = call.scope();
    Ok(put(call.transaction, &scope, found)?)
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut found = of_call(call)?;
    member(call, "volume:delete_snapshot")?;
    let scope = call.scope();
    let_go(call.transaction, &scope, &mut found, false)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let Some(name) = call.body.as_object().and_then(|body| body.keys().next()).cloned() else {
        return Err(Fault::bad_request("Malformed request body"));
    };
    let mut found = of_call(call)?;
    let scope = call.scope();
    let known = [
        "creating",
        "available",
        "deleting",
        "error",
        "error_deleting",
        "restoring",
        "unmanaging",
        "backing-up",
    ];
    match name.as_str() {
        "os-reset_status" => {
            call.require_admin("volume_extension:snapshot_admin_actions:reset_status")?;
            let fields = read(&call.body, "os-reset_status", &[Field("status", Kind::Word, true)])?;
            let status = fields.text("status").unwrap_or_default().to_lowercase();
            if !known.contains(&status.as_str()) {
                return Err(Fault::bad_request(format!(
                    "Snapshot status: {status} is invalid, valid statuses are: {}.",
                    input::repr(&json!(known))
                )));
            }
            found.status = status;
            save(call, &mut found)?;
        }
        "os-force_delete" => {
            call.require_admin("volume_extension:snapshot_admin_actions:force_delete")?;
            let_go(call.transaction, &scope, &mut found, true)?;
        }
        "os-update_snapshot_status" => {
            member(call, "snapshot_extension:snapshot_actions:update_snapshot_status")?;
            let fields = read(
                &call.body,
                &name,
                &[Field("status", Kind::Word, true), Field("progress", Kind::Text, false)],
            )?;
            let status = fields.text("status").unwrap_or_default();
            let moves = [
                ("creating", ["creating", "available", "error"]),
                ("deleting", ["deleting", "error_deleting", ""]),
            ];
            let allowed = moves.iter().find(|(now, _)| *now == found.status).map(|(_, next)| next);
            if !allowed.is_some_and(|next| next.contains(&status.as_str())) {
                return Err(Fault::bad_request(format!(
                    "Provided snapshot status {status} not allowed for snapshot with status {}.",
                    found.status
                )));
            }
            found.progress = fields.text("progress").unwrap_or(found.progress);
            found.status = status;
            save(call, &mut found)?;
        }
        _ => return Err(no_action(call)),
    }
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

fn absent(id: &str, key: &str) -> Fault {
    Fault::not_found(format!("Snapshot {id} has no metadata with key {key}."))
}

fn texts(call: &Call<'_, '_>, wrapper: &str) -> Result<BTreeMap<String, String>, Fault> {
    let body = json!({"body": call.body});
    let field = if wrapper == "meta" { "meta" } else { "metadata" };
    Ok(read(&body, "body", &[Field(field, Kind::Texts(false), true)])?.texts(field))
}

fn metadata(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"metadata": of_call(call)?.metadata})))
}

fn add_metadata(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let new = texts(call, "metadata")?;
    let mut found = of_call(call)?;
    member(call, "volume:update_snapshot_metadata")?;
    found.metadata.extend(new);
    save(call, &mut found)?;
    Ok(Reply::ok(json!({"metadata": found.metadata})))
}

fn set_metadata(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let new = texts(call, "metadata")?;
    let mut found = of_call(call)?;
    member(call, "volume:update_snapshot_metadata")?;
    found.metadata = new;
    save(call, &mut found)?;
    Ok(Reply::ok(json!({"metadata": found.metadata})))
}

fn metadata_item(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    let key = call.parameter("key");
    match found.metadata.get(key) {
        Some(value) => Ok(Reply::ok(json!({"meta": {key: value}}))),
        None => Err(absent(&found.id, key)),
    }
}

fn set_metadata_item(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let new = texts(call, "meta")?;
    if !new.contains_key(call.parameter("key")) {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    if new.len() > 1 {
        return Err(Fault::bad_request("Request body contains too many items"));
    }
    let mut found = of_call(call)?;
    member(call, "volume:update_snapshot_metadata")?;
    found.metadata.extend(new.clone());
    save(call, &mut found)?;
    Ok(Reply::ok(json!({"meta": new})))
}

fn unset_metadata_item(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut found = of_call(call)?;
    member(call, "volume:delete_snapshot_metadata")?;
    if found.metadata.remove(call.parameter("key")).is_none() {
        return Err(absent(&found.id, call.parameter("key")));
    }
    save(call, &mut found)?;
    Ok(Reply::bare(StatusCode::OK))
}
