//! `attachments`, since 3.27. Sources: `cinder/api/v3/attachments.py`, `views/attachments.py`, `cinder/api/schemas/attachments.py`
//! (2026.2).

use super::{Attachment, absent, complete, connect, end, get, reserve};
use crate::block_storage::access::{all_projects, member, sees, since};
use crate::block_storage::input::{Field, Kind, read, unwrap};
use crate::block_storage::listing::{Page, SortKey, filters, passes, time};
use crate::block_storage::volumes;
use crate::cloud::{Call, Fault, Reply, Route};
use http::StatusCode;
use serde_json::{Value, json};

pub(in crate::block_storage) const ROUTES: &[Route] = routes![
    GET "/attachments" => list,
    GET "/attachments/detail" => detail,
    POST "/attachments" => create,
    GET "/attachments/{id}" => show,
    PUT "/attachments/{id}" => update,
    DELETE "/attachments/{id}" => delete,
    POST "/attachments/{id}/action" => act,
];

fn brief(attachment: &Attachment) -> Value {
    json!({
        "id": attachment.id,
        "status": attachment.status,
        "instance": attachment.server,
        "volume_id": attachment.volume_id,
    })
}

fn view(attachment: &Attachment) -> Value {
    let mut told = brief(attachment);
    if let Some(told) = told.as_object_mut() {
        told.insert("attached_at".to_owned(), json!(attachment.attached_at.map(time).unwrap_or_default()));
        told.insert("detached_at".to_owned(), json!(""));
        told.insert("attach_mode".to_owned(), json!(attachment.mode));
        told.insert("connection_info".to_owned(), attachment.connection_info.clone());
    }
    told
}

fn of_call(call: &Call<'_, '_>) -> Result<Attachment, Fault> {
    since(call, 27)?;
    let id = call.parameter("id");
    let found = get(call.transaction, &call.scope(), id)?;
    if sees(call, &found.project) { Ok(found) } else { Err(absent(id)) }
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, brief)
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    listed(call, view)
}

fn listed(call: &mut Call<'_, '_>, view: fn(&Attachment) -> Value) -> Result<Reply, Fault> {
    since(call, 27)?;
    let page = Page::of(call)?;
    let wanted = filters(call, &["volume_id", "status", "instance_id", "attach_status"])?;
    let scope = call.scope();
    let mut all = if all_projects(call) {
        call.transaction.list::<Attachment>(&scope)?
    } else {
        call.transaction.find::<Attachment>(&scope, "project", &call.caller.project)?
    };
    for (name, value) in &wanted {
        all.retain(|found| match name.as_str() {
            "volume_id" => passes(name, value, Some(&found.volume_id)),
            "status" | "attach_status" => passes(name, value, Some(&found.status)),
            "instance_id" | "instance_uuid" => passes(name, value, found.server.as_deref()),
            "id" => passes(name, value, Some(&found.id)),
            "project_id" => passes(name, value, Some(&found.project)),
            _ => false,
        });
    }
    let key = |found: &Attachment, name: &str| match name {
        "created_at" => Some(SortKey::from(found.created)),
        "volume_id" => Some(found.volume_id.as_str().into()),
        "attach_status" | "status" => Some(found.status.as_str().into()),
        _ => None,
    };
    let shown = page.cut(all, |found| &found.id, key, absent)?;
    Ok(Reply::ok(json!({"attachments": shown.iter().map(view).collect::<Vec<_>>()})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"attachment": view(&of_call(call)?)})))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 27)?;
    member(call, "volume:attachment_create")?;
    let mut fields = vec![
        Field("volume_uuid", Kind::Uuid, true),
        Field("instance_uuid", Kind::Uuid, false),
        Field("connector", Kind::Any, false),
    ];
    if call.since(3, 54) {
        fields.push(Field("mode", Kind::OneOf(&["rw", "ro"]), false));
    }
    let fields = read(&call.body, "attachment", &fields)?;
    let scope = call.scope();
    let mut volume = volumes::seen(call, &fields.text("volume_uuid").unwrap_or_default())?;
    let access = fields.text("mode").unwrap_or_else(|| "null".to_owned());
    let server = fields.text("instance_uuid");
    let mut reserved = reserve(call.transaction, &scope, &mut volume, server.as_deref(), &access, false)?;
    if let Some(connector) = fields.value("connector") {
        connect(call.transaction, &scope, &mut reserved, connector)?;
    }
    Ok(Reply::ok(json!({"attachment": view(&reserved)})))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut found = of_call(call)?;
    member(call, "volume:attachment_update")?;
    let fields = read(&call.body, "attachment", &[Field("connector", Kind::Object, true)])?;
    let connector = fields.value("connector").cloned().unwrap_or_default();
    if connector.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute connector. Value: {}. {} should be non-empty",
        ));
    }
    let scope = call.scope();
    connect(call.transaction, &scope, &mut found, &connector)?;
    Ok(Reply::ok(json!({"attachment": view(&found)})))
}

/// What Nova has attached, only a service may detach (`attachment_deletion_allowed`).
pub(in crate::block_storage) fn refuse_if_nova_has(
    call: &Call<'_, '_>,
    attachment: &Attachment,
) -> Result<(), Fault> {
    let service = call.headers.contains_key("x-service-token")
        || call.caller.roles.iter().any(|role| role == "service");
    if service || !attachment.by_compute || attachment.connector.is_none() {
        return Ok(());
    }
    Err(Fault::conflict(format!(
        "ConflictNovaUsingAttachment: Detach volume from instance {} using the Compute API",
        attachment.server.as_deref().unwrap_or_default()
    )))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let found = of_call(call)?;
    member(call, "volume:attachment_delete")?;
    refuse_if_nova_has(call, &found)?;
    let scope = call.scope();
    end(call.transaction, &scope, &found)?;
    let rest = super::of_volume(call.transaction, &scope, &found.volume_id)?;
    Ok(Reply::ok(json!({"attachments": rest.iter().map(brief).collect::<Vec<_>>()})))
}

fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    if call.body.get("os-complete").is_none() {
        return Err(crate::block_storage::no_action(call));
    }
    since(call, 44)?;
    unwrap(&call.body, "os-complete")?;
    let mut found = of_call(call)?;
    member(call, "volume:attachment_complete")?;
    let scope = call.scope();
    complete(call.transaction, &scope, &mut found)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
