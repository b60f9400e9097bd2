//! `volumes/…/action`. Sources: `cinder/api/contrib/volume_actions.py`, `volume_unmanage.py`, `cinder/volume/api.py` (2026.2).

use super::{Volume, change, events, get, of_call, put};
use crate::block_storage::access::{member, since};
use crate::block_storage::attachments::{self, Attachment, requests::refuse_if_nova_has};
use crate::block_storage::driver::Connector;
use crate::block_storage::faults::invalid_volume;
use crate::block_storage::input::{Field, Kind, read, unwrap};
use crate::block_storage::{driver, no_action, setup, timing, types};
use crate::cloud::{Call, Fault, Reply};
use crate::world::Transaction;
use http::StatusCode;
use serde_json::{Value, json};

type Action = fn(&mut Call<'_, '_>, &mut Volume) -> Result<Reply, Fault>;

/// By the only name of the body.
const ACTIONS: &[(&str, Action)] = &[
    ("os-attach", attach),
    ("os-detach", detach),
    ("os-reserve", reserve),
    ("os-unreserve", unreserve),
    ("os-begin_detaching", begin),
    ("os-roll_detaching", roll),
    ("os-initialize_connection", initialize),
    ("os-terminate_connection", terminate),
    ("os-extend", extend),
    ("os-retype", retype),
    ("os-set_bootable", set_bootable),
    ("os-update_readonly_flag", update_readonly),
    ("os-volume_upload_image", upload),
    ("os-unmanage", unmanage),
    ("revert", revert),
    ("os-reset_status", super::admin::reset_status),
    ("os-force_delete", super::admin::force_delete),
    ("os-force_detach", super::admin::force_detach),
    ("os-migrate_volume", super::admin::migrate),
    ("os-extend_volume_completion", super::admin::extend_completion),
];

const IMAGE_METADATA: [&str; 3] =
    ["os-set_image_metadata", "os-show_image_metadata", "os-unset_image_metadata"];

pub(super) fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let Some(name) = call.body.as_object().and_then(|body| body.keys().next()).cloned() else {
        return Err(Fault::bad_request("Malformed request body"));
    };
    if IMAGE_METADATA.contains(&name.as_str()) {
        return super::metadata::of_image(call, &name);
    }
    let Some((_, action)) = ACTIONS.iter().find(|(known, _)| *known == name) else {
        return Err(no_action(call));
    };
    unwrap(&call.body, &name)?;
    let mut found = of_call(call)?;
    action(call, &mut found)
}

fn accepted() -> Reply {
    Reply::empty(StatusCode::ACCEPTED)
}

fn save(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    let scope = call.scope();
    put(call.transaction, &scope, volume)?;
    Ok(accepted())
}

fn reserve(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:reserve")?;
    let free: &[&str] = if volume.multiattach { &["available", "in-use"] } else { &["available"] };
    if !volume.is(free) {
        return Err(invalid_volume(format!(
            "Volume status must be {} to reserve, but the status is {}.",
            free.join(" or "),
            volume.status
        )));
    }
    "attaching".clone_into(&mut volume.status);
    save(call, volume)
}

fn unreserve(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:unreserve")?;
    if volume.status != "attaching" {
        return Ok(accepted());
    }
    let attached = attachments::of_volume(call.transaction, &call.scope(), &volume.id)?;
    let in_use = attached.iter().any(|attachment| attachment.status == "attached");
    if in_use { "in-use" } else { "available" }.clone_into(&mut volume.status);
    save(call, volume)
}

/// A server is going to lose the volume.
pub(in crate::block_storage) fn begin_detaching(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
) -> Result<(), Fault> {
    if volume.status != "in-use" || volume.attach_status != "attached" {
        return Err(invalid_volume(
            "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.",
        ));
    }
    "detaching".clone_into(&mut volume.status);
    Ok(put(transaction, scope, volume)?)
}

fn begin(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:begin_detaching")?;
    let scope = call.scope();
    begin_detaching(call.transaction, &scope, volume)?;
    Ok(accepted())
}

fn roll(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:roll_detaching")?;
    if volume.status != "detaching" {
        return Ok(accepted());
    }
    "in-use".clone_into(&mut volume.status);
    save(call, volume)
}

fn attach(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:attach")?;
    let fields = read(
        &call.body,
        "os-attach",
        &[
            Field("instance_uuid", Kind::Uuid, false),
            Field("mountpoint", Kind::Word, true),
            Field("host_name", Kind::Text, false),
            Field("mode", Kind::OneOf(&["rw", "ro"]), false),
        ],
    )?;
    let (server, host) = (fields.text("instance_uuid"), fields.text("host_name"));
    if server.is_none() && host.is_none() {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute os-attach. 'instance_uuid' is a required property",
        ));
    }
    if volume.status == "maintenance" {
        return Err(invalid_volume("The volume cannot be attached in maintenance mode."));
    }
    let scope = call.scope();
    let known = attachments::of_volume(call.transaction, &scope, &volume.id)?;
    if volume.status == "in-use" && !volume.multiattach && !known.is_empty() {
        return Err(Fault::bad_request(
            "Error attaching volume - InvalidVolume: Invalid volume: volume is already attached and multiple attachments are \
             not enabled",
        ));
    }
    let mode = fields.text("mode").unwrap_or_else(|| "rw".to_owned());
    if volume.admin_metadata.get("readonly").is_some_and(|flag| flag == "True") && mode != "ro" {
        return Err(Fault::bad_request(format!("Invalid attaching mode '{mode}' for volume {}.", volume.id)));
    }
    let attachment = Attachment {
        id: call.transaction.new_uuid()?.to_string(),
        volume_id: volume.id.clone(),
        project: volume.project.clone(),
        server,
        host,
        mountpoint: fields.text("mountpoint"),
        mode: mode.clone(),
        status: "attached".to_owned(),
        connection_info: json!({}),
        attached_at: Some(call.transaction.now()),
        created: call.transaction.now(),
        ..Attachment::default()
    };
    call.transaction.put(&scope, &attachment)?;
    "in-use".clone_into(&mut volume.status);
    "attached".clone_into(&mut volume.attach_status);
    volume.admin_metadata.entry("readonly".to_owned()).or_insert_with(|| "False".to_owned());
    volume.admin_metadata.insert("attached_mode".to_owned(), mode);
    save(call, volume)
}

fn detach(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:detach")?;
    let wanted = call.body.pointer("/os-detach/attachment_id").and_then(Value::as_str).map(str::to_owned);
    detach_one(call, volume, wanted.as_deref())
}

/// Ends one attachment, the only one if none is named.
pub(super) fn detach_one(
    call: &mut Call<'_, '_>,
    volume: &mut Volume,
    wanted: Option<&str>,
) -> Result<Reply, Fault> {
    let scope = call.scope();
    let known = attachments::of_volume(call.transaction, &scope, &volume.id)?;
    let found = match wanted {
        Some(id) => Some(known.iter().find(|known| known.id == id).ok_or_else(|| {
            Fault::bad_request(format!(
                "Error detaching volume - VolumeAttachmentNotFound: Volume attachment could not be found with filter: \
                 attachment_id = {id}."
            ))
        })?),
        None if known.len() > 1 => {
            return Err(Fault::bad_request(
                "Error detaching volume - InvalidVolume: Invalid volume: Detach volume failed: More than one attachment, but \
                 no attachment_id provided.",
            ));
        }
        None => known.first(),
    };
    if let Some(found) = found {
        refuse_if_nova_has(call, found)?;
        attachments::end(call.transaction, &scope, found)?;
    } else {
        "available".clone_into(&mut volume.status);
        "detached".clone_into(&mut volume.attach_status);
        put(call.transaction, &scope, volume)?;
    }
    Ok(accepted())
}

fn initialize(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:initialize_connection")?;
    let fields = read(&call.body, "os-initialize_connection", &[Field("connector", Kind::Object, true)])?;
    let scope = call.scope();
    let backend = setup::backend(call.transaction, &scope)?;
    let connector = Connector::read(fields.value("connector").unwrap_or(&Value::Null));
    let nobody = Attachment { mode: "rw".to_owned(), ..Attachment::default() };
    let told = driver::connect(call.transaction, &backend, volume, &nobody, &connector)?.map_err(|_| {
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "Unable to fetch connection information from backend.")
    })?;
    let mut data = told;
    let kind = data.as_object_mut().and_then(|data| data.remove("driver_volume_type")).unwrap_or_default();
    Ok(Reply::ok(json!({
        "connection_info": {"driver_volume_type": kind, "data": data, "enforce_multipath": false}
    })))
}

fn terminate(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:terminate_connection")?;
    let fields = read(&call.body, "os-terminate_connection", &[Field("connector", Kind::Any, true)])?;
    let scope = call.scope();
    for known in attachments::of_volume(call.transaction, &scope, &volume.id)? {
        refuse_if_nova_has(call, &known)?;
    }
    let backend = setup::backend(call.transaction, &scope)?;
    let connector = Connector::read(fields.value("connector").unwrap_or(&Value::Null));
    driver::disconnect(call.transaction, &backend, volume, &connector, false)?;
    let mut volume = get(call.transaction, &scope, &volume.id)?;
    unreserve(call, &mut volume)
}

fn extend(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:extend")?;
    let fields = read(&call.body, "os-extend", &[Field("new_size", Kind::Size, true)])?;
    let attached = call.since(3, 42) && volume.status == "in-use";
    let (scope, size) = (call.scope(), fields.number("new_size").unwrap_or(0));
    change::extend(call.transaction, &scope, volume, size, attached)?;
    Ok(accepted())
}

fn retype(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume:retype")?;
    let fields = read(
        &call.body,
        "os-retype",
        &[Field("new_type", Kind::Word, true), Field("migration_policy", Kind::Any, false)],
    )?;
    if let Some(policy) = fields.value("migration_policy")
        && !policy.as_str().is_some_and(|policy| ["on-demand", "never"].contains(&policy))
    {
        let shown = crate::block_storage::input::repr(policy);
        return Err(Fault::bad_request(format!(
            "Invalid input for field/attribute migration_policy. Value: {}. {shown} is not one of ['on-demand', 'never']",
            policy.as_str().unwrap_or(&shown)
        )));
    }
    let (scope, asked) = (call.scope(), fields.text("new_type").unwrap_or_default());
    change::retype(call.transaction, &scope, volume, &asked)?;
    Ok(accepted())
}

fn set_bootable(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:set_bootable")?;
    let fields = read(&call.body, "os-set_bootable", &[Field("bootable", Kind::Boolean, true)])?;
    volume.bootable = fields.flag("bootable").unwrap_or(false);
    save(call, volume)?;
    Ok(Reply::empty(StatusCode::OK))
}

fn update_readonly(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume:update_readonly_flag")?;
    let fields = read(&call.body, "os-update_readonly_flag", &[Field("readonly", Kind::Boolean, true)])?;
    if volume.status != "available" {
        return Err(invalid_volume(format!(
            "Volume {} status must be available to update readonly flag, but current status is: {}.",
            volume.id, volume.status
        )));
    }
    let flag = if fields.flag("readonly") == Some(true) { "True" } else { "False" };
    volume.admin_metadata.insert("readonly".to_owned(), flag.to_owned());
    save(call, volume)
}

fn upload(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    member(call, "volume_extension:volume_actions:upload_image")?;
    let fields = read(
        &call.body,
        "os-volume_upload_image",
        &[
            Field("image_name", Kind::Word, true),
            Field("force", Kind::Boolean, false),
            Field(
                "disk_format",
                Kind::OneOf(&["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"]),
                false,
            ),
            Field("container_format", Kind::Text, false),
            Field("visibility", Kind::OneOf(&["community", "public", "private", "shared"]), false),
            Field("protected", Kind::Boolean, false),
        ],
    )?;
    let force = fields.flag("force") == Some(true);
    let free: &[&str] = if force { &["available", "in-use"] } else { &["available"] };
    if !volume.is(free) {
        return Err(invalid_volume(format!("Volume {} status must be {}", volume.id, free.join(" or "))));
    }
    let scope = call.scope();
    let new = crate::block_storage::images::NewImage {
        name: fields.text("image_name").unwrap_or_default(),
        disk_format: fields.text("disk_format").unwrap_or_else(|| "raw".to_owned()),
        container_format: fields.text("container_format").unwrap_or_else(|| "bare".to_owned()),
        size: volume.size,
    };
    let image = crate::block_storage::images::from_volume(call.transaction, &scope, &volume.project, &new)?;
    volume.previous_status = Some(std::mem::replace(&mut volume.status, "uploading".to_owned()));
    volume.uploading = Some(image.clone());
    put(call.transaction, &scope, volume)?;
    timing::later(call.transaction, &scope, events::UPLOADED, &volume.id, 1.0)?;
    let volume_type = types::get(call.transaction, &scope, &volume.type_id)?;
    Ok(Reply::with(
        StatusCode::ACCEPTED,
        json!({"os-volume_upload_image": {
            "id": volume.id,
            "updated_at": volume.updated.map(crate::block_storage::listing::time),
            "status": "uploading",
            "display_description": volume.description,
            "size": volume.size,
            "volume_type": {"id": volume_type.id, "name": volume_type.name},
            "image_id": image,
            "container_format": new.container_format,
            "disk_format": new.disk_format,
            "image_name": new.name,
        }}),
    ))
}

fn unmanage(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_unmanage")?;
    let scope = call.scope();
    change::delete(call.transaction, &scope, volume, false, false, true)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn revert(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    since(call, 40)?;
    member(call, "volume:revert_to_snapshot")?;
    let asked = call.body.pointer("/revert/snapshot_id").and_then(Value::as_str).map(str::to_owned);
    let scope = call.scope();
    change::revert(call.transaction, &scope, volume, asked.as_deref())?;
    Ok(accepted())
}
