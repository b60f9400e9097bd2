//! `groups`, since 3.13: made, listed, shown, deleted. Sources: `cinder/api/v3/groups.py`, `cinder/api/schemas/groups.py` (2026.2).

use super::types::{self as group_types, GroupType, RESERVED};
use super::{Group, brief, events, get, of_call, put, view};
use crate::block_storage::access::{groups_of_list, member, since};
use crate::block_storage::faults::{invalid_group, invalid_input, no_group};
use crate::block_storage::input::{self, Field, Kind, read};
use crate::block_storage::listing::{Page, SortKey, filters, passes};
use crate::block_storage::volumes::{self, Source, create as made};
use crate::block_storage::{no_action, quotas, setup, snapshots, timing, types};
use crate::cloud::{Call, Fault, Reply, Route};
use http::StatusCode;
use serde_json::{Value, json};

pub(in crate::block_storage) const ROUTES: &[Route] = routes![
    GET "/groups" => list,
    GET "/groups/detail" => detail,
    POST "/groups" => create,
    POST "/groups/action" => act_on_none,
    GET "/groups/{id}" => show,
    PUT "/groups/{id}" => super::update::update,
    POST "/groups/{id}/action" => act,
    GET "/group_snapshots" => super::snapshots::list,
    GET "/group_snapshots/detail" => super::snapshots::detail,
    POST "/group_snapshots" => super::snapshots::create,
    GET "/group_snapshots/{id}" => super::snapshots::show,
    DELETE "/group_snapshots/{id}" => super::snapshots::delete,
    POST "/group_snapshots/{id}/action" => super::snapshots::act,
];

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, |_, group| Ok(brief(group)))
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, view)
}

fn listed(
    call: &mut Call<'_, '_>,
    view: fn(&Call<'_, '_>, &Group) -> Result<Value, Fault>,
) -> Result<Reply, Fault> {
    since(call, 13)?;
    let page = Page::of(call)?;
    let wanted = filters(call, &["name"])?;
    let mut all: Vec<Group> = groups_of_list(call)?;
    for (name, value) in &wanted {
        all.retain(|group| match name.trim_end_matches('~') {
            "id" => passes(name, value, Some(&group.id)),
            "name" => passes(name, value, group.name.as_deref()),
            "status" => passes(name, value, Some(&group.status)),
            "project_id" => passes(name, value, Some(&group.project)),
            "group_type_id" | "group_type" => passes(name, value, Some(&group.group_type)),
            "availability_zone" => passes(name, value, Some(&group.zone)),
            "replication_status" => passes(name, value, Some(&group.replication_status)),
            _ => false,
        });
    }
    let key = |group: &Group, name: &str| match name {
        "created_at" => Some(SortKey::from(group.created)),
        "updated_at" => Some(group.updated.into()),
        "name" => Some(group.name.as_deref().into()),
        "status" => Some(group.status.as_str().into()),
        _ => None,
    };
    let shown = page.cut(all, |group| &group.id, key, no_group)?;
    let views = shown.iter().map(|group| view(call, group)).collect::<Result<Vec<_>, _>>()?;
    let mut told = json!({"groups": views});
    let last = shown.last().map(|group| group.id.as_str());
    if let (Some(links), Some(told)) = (page.next(call, "groups", last, shown.len()), told.as_object_mut()) {
        told.insert("group_links".to_owned(), links);
    }
    Ok(Reply::ok(told))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 13)?;
    let found = of_call(call)?;
    Ok(Reply::ok(json!({"group": view(call, &found)?})))
}

fn refuse_reserved(group_type: &GroupType) -> Result<(), Fault> {
    if group_type.name != RESERVED {
        return Ok(());
    }
    Err(Fault::bad_request(format!(
        "Group_type {} is reserved for migrating CGs to groups. Migrated group can only be operated by CG APIs.",
        group_type.id
    )))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 13)?;
    member(call, "group:create")?;
    let fields = read(
        &call.body,
        "group",
        &[
            Field("description", Kind::Text, false),
            Field("group_type", Kind::Word, true),
            Field("name", Kind::Text, false),
            Field("volume_types", Kind::Words, true),
            Field("availability_zone", Kind::Text, false),
        ],
    )?;
    let scope = call.scope();
    let asked = fields.text("group_type").unwrap_or_default();
    let group_type = group_types::find(call.transaction, &scope, &asked)?;
    refuse_reserved(&group_type)?;
    let mut volume_types = Vec::new();
    for asked in fields.words("volume_types") {
        volume_types.push(types::find(call.transaction, &scope, &asked, None)?.id);
    }
    let zone = fields.text("availability_zone").unwrap_or_else(|| "nova".to_owned());
    if zone != "nova" {
        return Err(Fault::bad_request(
            invalid_input(format!("Availability zone '{zone}' is invalid.")).message,
        ));
    }
    let group = Group {
        name: fields.text("name"),
        description: fields.text("description"),
        group_type: group_type.id.clone(),
        volume_types,
        consistent: group_type.consistent(),
        ..Group::default()
    };
    let made = made_for(call, group)?;
    timing::later(call.transaction, &scope, events::CREATED, &made.id, 0.5)?;
    Ok(Reply::accepted(json!({"group": brief(&made)})))
}

/// Stores a new group of the caller's.
fn made_for(call: &mut Call<'_, '_>, group: Group) -> Result<Group, Fault> {
    let scope = call.scope();
    let (project, user) = (call.caller.project.clone(), call.caller.user.clone());
    quotas::reserve_group(call.transaction, &scope, &project)?;
    let backend = setup::backend(call.transaction, &scope)?;
    let made = Group {
        id: call.transaction.new_uuid()?.to_string(),
        project,
        user,
        status: "creating".to_owned(),
        zone: "nova".to_owned(),
        replication_status: "disabled".to_owned(),
        host: (!backend.disabled).then(|| backend.pool()),
        created: call.transaction.now(),
        ..group
    };
    call.transaction.put(&scope, &made)?;
    Ok(made)
}

fn act_on_none(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    if call.body.get("create-from-src").is_none() {
        return Err(no_action(call));
    }
    since(call, 14)?;
    member(call, "group:create")?;
    let fields = read(
        &call.body,
        "create-from-src",
        &[
            Field("description", Kind::Text, false),
            Field("name", Kind::Text, false),
            Field("source_group_id", Kind::Uuid, false),
            Field("group_snapshot_id", Kind::Uuid, false),
        ],
    )?;
    let (snapshot, source) = (fields.text("group_snapshot_id"), fields.text("source_group_id"));
    let scope = call.scope();
    let origin = match (&snapshot, &source) {
        (Some(id), None) => super::snapshots::seen(call, id)?.group_id,
        (None, Some(id)) => id.clone(),
        _ => {
            return Err(Fault::bad_request(
                "Invalid input for field/attribute create-from-src. One and only one of group_snapshot_id and \
                 source_group_id must be set.",
            ));
        }
    };
    let origin =
        if source.is_some() { super::seen(call, &origin)? } else { get(call.transaction, &scope, &origin)? };
    let copied = match &snapshot {
        Some(id) => snapshots::of_group_snapshot(call.transaction, &scope, id)?
            .into_iter()
            .map(|member| (member.volume_id, member.size, member.type_id))
            .collect::<Vec<_>>(),
        None => volumes::of_group(call.transaction, &scope, &origin.id)?
            .into_iter()
            .map(|volume| (volume.id, volume.size, volume.type_id))
            .collect(),
    };
    if copied.is_empty() {
        let what = if snapshot.is_some() { "Group snapshot" } else { "Source Group" };
        return Err(invalid_group(format!("{what} is empty. No group will be created.")));
    }
    let group = Group {
        name: fields.text("name"),
        description: fields.text("description"),
        group_type: origin.group_type.clone(),
        volume_types: origin.volume_types.clone(),
        consistent: origin.consistent,
        group_snapshot: snapshot,
        source_group: source,
        ..Group::default()
    };
    let group = made_for(call, group)?;
    for (from, size, type_id) in copied {
        let new = made::NewVolume {
            project: group.project.clone(),
            user: group.user.clone(),
            size: Some(size),
            volume_type: Some(type_id),
            source: Source::Group,
            group: Some(group.id.clone()),
            ..made::NewVolume::default()
        };
        let mut volume = made::make(call.transaction, &scope, new)?;
        // Which volume it is a copy of, is in its source: `Group` marks it only while it is being made.
        volume.source = Source::Volume(from);
        call.transaction.put(&scope, &volume)?;
    }
    timing::later(call.transaction, &scope, events::COPIED, &group.id, 0.6)?;
    Ok(Reply::accepted(json!({"group": brief(&group)})))
}

fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let Some(name) = call.body.as_object().and_then(|body| body.keys().next()).cloned() else {
        return Err(Fault::bad_request("Malformed request body"));
    };
    match name.as_str() {
        "delete" => delete(call),
        "reset_status" => reset_status(call),
        "enable_replication" => super::replication::enable(call),
        "disable_replication" => super::replication::disable(call),
        "failover_replication" => super::replication::fail_over(call),
        "list_replication_targets" => super::replication::targets(call),
        _ => Err(no_action(call)),
    }
}

fn reset_status(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 20)?;
    call.require_admin("group:reset_status")?;
    let fields = read(&call.body, "reset_status", &[Field("status", Kind::Word, true)])?;
    let status = fields.text("status").unwrap_or_default().to_lowercase();
    let known = ["error", "available", "creating", "deleting", "deleted", "updating", "error_deleting"];
    if !known.contains(&status.as_str()) {
        return Err(Fault::bad_request(format!(
            "Invalid Group Status: Group status: {status} is invalid, valid status are: {}.",
            input::repr(&json!(known))
        )));
    }
    let mut found = of_call(call)?;
    found.status = status;
    let scope = call.scope();
    put(call.transaction, &scope, &mut found)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 13)?;
    let fields = read(&call.body, "delete", &[Field("delete-volumes", Kind::Boolean, false)])?;
    let with_volumes = fields.flag("delete-volumes").unwrap_or(false);
    let mut found = of_call(call)?;
    member(call, "group:delete")?;
    let scope = call.scope();
    if found.host.is_none() {
        quotas::release_group(call.transaction, &scope, &found.project)?;
        call.transaction.remove::<Group>(&scope, &found.id)?;
        return Ok(Reply::bare(StatusCode::ACCEPTED));
    }
    volumes::refuse_frozen(call.transaction, &scope)?;
    if !with_volumes && !["available", "error"].contains(&found.status.as_str()) {
        return Err(invalid_group(format!(
            "Group status must be available or error, but current status is: {}",
            found.status
        )));
    }
    if !super::snapshots::of_group(call.transaction, &scope, &found.id)?.is_empty() {
        return Err(invalid_group("Group has existing snapshots."));
    }
    let members = volumes::of_group(call.transaction, &scope, &found.id)?;
    if !members.is_empty() && !with_volumes {
        return Err(invalid_group(format!(
            "Group {} still contains volumes. The delete-volumes flag is required to delete it.",
            found.id
        )));
    }
    for volume in &members {
        if volume.attach_status == "attached" {
            return Err(invalid_group(format!(
                "Volume in group {} is attached. Need to detach first.",
                found.id
            )));
        }
        if !snapshots::of_volume(call.transaction, &scope, &volume.id)?.is_empty() {
            return Err(invalid_group("Volume in group still has dependent snapshots."));
        }
    }
    for mut volume in members {
        "deleting".clone_into(&mut volume.status);
        volumes::put(call.transaction, &scope, &mut volume)?;
    }
    "deleting".clone_into(&mut found.status);
    put(call.transaction, &scope, &mut found)?;
    timing::later(call.transaction, &scope, events::DELETED, &found.id, 0.5)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}
