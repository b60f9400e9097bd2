//! `group_snapshots`, since 3.14. Sources: `cinder/api/v3/group_snapshots.py`, `views/group_snapshots.py`, `cinder/group/api.py`
//! (2026.2).

use super::Group;
use crate::block_storage::access::{groups_of_list, member, sees, since};
use crate::block_storage::driver::groups as driver;
use crate::block_storage::faults::invalid_group;
use crate::block_storage::input::{Field, Kind, read};
use crate::block_storage::listing::{Page, SortKey, filters, passes, time};
use crate::block_storage::snapshots::{self, NewSnapshot};
use crate::block_storage::{no_action, setup, timing, unless_broken, volumes};
use crate::cloud::{Call, Fault, Reply};
use crate::world::{Due, Reaction, Record, Transaction, WorldError};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const CREATED: &str = "block_storage.group-snapshot-created";
const DELETED: &str = "block_storage.group-snapshot-deleted";

/// The reactions of group snapshots.
pub(in crate::block_storage) const REACTIONS: &[(&str, Reaction)] = &[(CREATED, created), (DELETED, deleted)];

/// A snapshot of all volumes of a group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct GroupSnapshot {
    pub(crate) id: String,
    pub(crate) group_id: String,
    pub(crate) group_type: String,
    pub(crate) project: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) status: String,
    pub(crate) created: Timestamp,
}

impl Record for GroupSnapshot {
    const KIND: &'static str = "block_storage.group-snapshot";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("project", self.project.clone()), ("group", self.group_id.clone())]
    }
}

impl GroupSnapshot {
    fn suffix(&self) -> String {
        format!("cgsnapshot-{}-cinder", self.id)
    }
}

/// The snapshots of a group.
pub(super) fn of_group(
    transaction: &Transaction<'_>,
    scope: &str,
    group: &str,
) -> Result<Vec<GroupSnapshot>, WorldError> {
    transaction.find(scope, "group", group)
}

fn absent(id: &str) -> Fault {
    Fault::not_found(format!("GroupSnapshot {id} could not be found."))
}

pub(super) fn seen(call: &Call<'_, '_>, id: &str) -> Result<GroupSnapshot, Fault> {
    let found = call.transaction.get::<GroupSnapshot>(&call.scope(), id)?;
    found.filter(|found| sees(call, &found.project)).ok_or_else(|| absent(id))
}

fn view(call: &Call<'_, '_>, found: &GroupSnapshot) -> Value {
    let mut told = json!({
        "id": found.id,
        "group_id": found.group_id,
        "group_type_id": found.group_type,
        "status": found.status,
        "created_at": time(found.created),
        "name": found.name,
        "description": found.description,
    });
    if call.since(3, 58)
        && call.caller.is_admin()
        && let Some(told) = told.as_object_mut()
    {
        told.insert("project_id".to_owned(), json!(found.project));
    }
    told
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, |_, found| json!({"id": found.id, "name": found.name}))
}

pub(super) fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, view)
}

fn listed(call: &mut Call<'_, '_>, view: fn(&Call<'_, '_>, &GroupSnapshot) -> Value) -> Result<Reply, Fault> {
    since(call, 14)?;
    let page = Page::of(call)?;
    let wanted = filters(call, &["name", "status", "group_id"])?;
    let mut all: Vec<GroupSnapshot> = groups_of_list(call)?;
    for (name, value) in &wanted {
        all.retain(|found| match name.trim_end_matches('~') {
            "id" => passes(name, value, Some(&found.id)),
            "name" => passes(name, value, found.name.as_deref()),
            "status" => passes(name, value, Some(&found.status)),
            "group_id" => passes(name, value, Some(&found.group_id)),
            "project_id" => passes(name, value, Some(&found.project)),
            _ => false,
        });
    }
    let key = |found: &GroupSnapshot, name: &str| match name {
        "created_at" => Some(SortKey::from(found.created)),
        "name" => Some(found.name.as_deref().into()),
        "status" => Some(found.status.as_str().into()),
        "group_id" => Some(found.group_id.as_str().into()),
        _ => None,
    };
    let shown = page.cut(all, |found| &found.id, key, absent)?;
    let views: Vec<Value> = shown.iter().map(|found| view(call, found)).collect();
    let mut told = json!({"group_snapshots": views});
    let last = shown.last().map(|found| found.id.as_str());
    if let (Some(links), Some(told)) =
        (page.next(call, "group_snapshots", last, shown.len()), told.as_object_mut())
    {
        told.insert("group_snapshot_links".to_owned(), links);
    }
    Ok(Reply::ok(told))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 14)?;
    let found = seen(call, call.parameter("id"))?;
    Ok(Reply::ok(json!({"group_snapshot": view(call, &found)})))
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 14)?;
    member(call, "group:create_group_snapshot")?;
    let fields = read(
        &call.body,
        "group_snapshot",
        &[
            Field("group_id", Kind::Uuid, true),
            Field("name", Kind::Text, false),
            Field("description", Kind::Text, false),
        ],
    )?;
    let group = super::seen(call, &fields.text("group_id").unwrap_or_default())?;
    let scope = call.scope();
    volumes::refuse_frozen(call.transaction, &scope)?;
    let members = volumes::of_group(call.transaction, &scope, &group.id)?;
    // `cinder/db/api.py`: `group_snapshot_create`.
    if members.is_empty() || ["creating", "updating"].contains(&group.status.as_str()) {
        return Err(invalid_group(
            "Source group cannot be empty or in 'creating' or 'updating' state. No group snapshot will be created.",
        ));
    }
    let made = GroupSnapshot {
        id: call.transaction.new_uuid()?.to_string(),
        group_id: group.id.clone(),
        group_type: group.group_type.clone(),
        project: call.caller.project.clone(),
        name: fields.text("name"),
        description: fields.text("description"),
        status: "creating".to_owned(),
        created: call.transaction.now(),
    };
    for volume in &members {
        if volume.host.is_none() || volume.status == "error" {
            return Err(crate::block_storage::faults::invalid_volume(
                "The snapshot cannot be created when the volume is in error status.",
            ));
        }
        let new = NewSnapshot {
            project: call.caller.project.clone(),
            user: call.caller.user.clone(),
            name: made.name.clone(),
            description: made.description.clone(),
            ..NewSnapshot::default()
        };
        snapshots::member(call.transaction, &scope, volume, new, Some(&made.id))?;
    }
    call.transaction.put(&scope, &made)?;
    timing::later(call.transaction, &scope, CREATED, &made.id, 0.4)?;
    let told = json!({"id": made.id, "name": made.name, "group_type_id": made.group_type});
    Ok(Reply::accepted(json!({"group_snapshot": told})))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 14)?;
    let mut found = seen(call, call.parameter("id"))?;
    member(call, "group:delete_group_snapshot")?;
    let scope = call.scope();
    let copying = call
        .transaction
        .list::<Group>(&scope)?
        .iter()
        .any(|group| group.status == "creating" && group.group_snapshot.as_ref() == Some(&found.id));
    if copying || !["available", "error"].contains(&found.status.as_str()) {
        return Err(Fault::bad_request(
            "Invalid GroupSnapshot: GroupSnapshot status must be available or error, and no Group can be currently using it \
             as source for its creation.",
        ));
    }
    "deleting".clone_into(&mut found.status);
    call.transaction.put(&scope, &found)?;
    for mut snapshot in snapshots::of_group_snapshot(call.transaction, &scope, &found.id)? {
        "deleting".clone_into(&mut snapshot.status);
        snapshots::put(call.transaction, &scope, &mut snapshot)?;
    }
    timing::later(call.transaction, &scope, DELETED, &found.id, 0.4)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

pub(super) fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    if call.body.get("reset_status").is_none() {
        return Err(no_action(call));
    }
    since(call, 19)?;
    call.require_admin("group:reset_group_snapshot_status")?;
    let fields = read(&call.body, "reset_status", &[Field("status", Kind::Word, true)])?;
    let status = fields.text("status").unwrap_or_default().to_lowercase();
    let known = ["error", "available", "creating", "deleting", "deleted", "updating", "error_deleting"];
    if !known.contains(&status.as_str()) {
        return Err(invalid_group(format!("Group snapshot status: {status} is invalid.")));
    }
    let mut found = seen(call, call.parameter("id"))?;
    found.status = status;
    let scope = call.scope();
    call.transaction.put(&scope, &found)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn created(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut found) = transaction.get::<GroupSnapshot>(scope, &due.subject)? else { return Ok(()) };
    let Some(group) = transaction.get::<Group>(scope, &found.group_id)? else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    let mut good =
        !group.consistent || driver::snapshot(transaction, &backend, &group, &found.suffix())?.is_ok();
    for mut snapshot in snapshots::of_group_snapshot(transaction, scope, &found.id)? {
        if !group.consistent
            && let Some(volume) = transaction.get::<volumes::Volume>(scope, &snapshot.volume_id)?
        {
            good &= crate::block_storage::driver::create_snapshot(transaction, &backend, &volume, &snapshot)?
                .is_ok();
        }
        if good { "available" } else { "error" }.clone_into(&mut snapshot.status);
        "100%".clone_into(&mut snapshot.progress);
        snapshots::put(transaction, scope, &mut snapshot)?;
    }
    if good { "available" } else { "error" }.clone_into(&mut found.status);
    transaction.put(scope, &found)
}

fn deleted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut found) = transaction.get::<GroupSnapshot>(scope, &due.subject)? else { return Ok(()) };
    let Some(group) = transaction.get::<Group>(scope, &found.group_id)? else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    if group.consistent && driver::delete_snapshot(transaction, &backend, &group, &found.suffix())?.is_err() {
        "error_deleting".clone_into(&mut found.status);
        return transaction.put(scope, &found);
    }
    for snapshot in snapshots::of_group_snapshot(transaction, scope, &found.id)? {
        if !group.consistent
            && let Some(volume) = transaction.get::<volumes::Volume>(scope, &snapshot.volume_id)?
        {
            crate::block_storage::driver::delete_snapshot(transaction, &backend, &volume, &snapshot)?.ok();
        }
        snapshots::forget(transaction, scope, &snapshot)?;
    }
    transaction.remove::<GroupSnapshot>(scope, &found.id)?;
    Ok(())
}
