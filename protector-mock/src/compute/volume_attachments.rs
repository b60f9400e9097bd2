//! Volumes of servers. Source: nova/api/openstack/compute/volume_attachments.py, nova/compute/api.py (`attach_volume`).

use super::schema::{check_body, text, truth, types};
use super::servers::{Device, Server, Source, VmState, check_lock, check_state, free_name, named, save};
use super::{instance_actions, neighbours, paging, timing};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Due, Reaction, Transaction, WorldError};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

const STATES: &[VmState] = &[
    VmState::Active,
    VmState::Paused,
    VmState::Stopped,
    VmState::Resized,
    VmState::Shelved,
    VmState::ShelvedOffloaded,
];

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/servers/{server}/os-volume_attachments", list),
    Route::new(Method::POST, "/v2.1/servers/{server}/os-volume_attachments", attach),
    Route::new(Method::GET, "/v2.1/servers/{server}/os-volume_attachments/{volume}", show),
    Route::new(Method::PUT, "/v2.1/servers/{server}/os-volume_attachments/{volume}", update),
    Route::new(Method::DELETE, "/v2.1/servers/{server}/os-volume_attachments/{volume}", detach),
];

pub(super) const REACTIONS: &[(&str, Reaction)] =
    &[("compute.volume-attached", attached), ("compute.volume-detached", detached)];

fn view(call: &Call<'_, '_>, server: &Server, device: &Device) -> Value {
    let mut view = Map::new();
    let mut say = |name: &str, value: Value| view.insert(name.to_owned(), value);
    if !call.since(2, 89) {
        say("id", json!(device.volume));
    }
    say("volumeId", json!(device.volume));
    say("serverId", json!(server.id));
    if let Some(name) = &device.name {
        say("device", json!(name));
    }
    if call.since(2, 70) {
        say("tag", json!(device.tag));
    }
    if call.since(2, 79) {
        say("delete_on_termination", json!(device.delete_on_termination));
    }
    if call.since(2, 89) {
        say("attachment_id", json!(device.attachment));
        say("bdm_uuid", json!(device.id));
    }
    Value::Object(view)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let devices: Vec<&Device> = server.devices.iter().collect();
    let views: Vec<Value> = paging::by_offset(call, devices)?
        .into_iter()
        .filter(|device| device.volume.is_some() && (!call.since(2, 89) || device.attachment.is_some()))
        .map(|device| view(call, &server, device))
        .collect();
    Ok(Reply::ok(json!({"volumeAttachments": views})))
}

fn device<'s>(server: &'s Server, volume: &str) -> Result<&'s Device, Fault> {
    server
        .devices
        .iter()
        .find(|device| device.volume.as_deref() == Some(volume))
        .ok_or_else(|| Fault::not_found(format!("Instance {} is not attached to volume {volume}", server.id)))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let device = device(&server, call.parameter("volume"))?;
    Ok(Reply::ok(json!({"volumeAttachment": view(call, &server, device)})))
}

fn attach(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let name = json!({"type": ["string", "null"], "maxLength": 255});
    let mut properties = json!({"volumeId": types::uuid(), "device": name});
    if let Some(properties) = properties.as_object_mut() {
        if call.since(2, 49) {
            properties.insert("tag".to_owned(), types::tag());
        }
        if call.since(2, 79) {
            properties.insert("delete_on_termination".to_owned(), types::boolean());
        }
    }
    check_body(call, &types::body("volumeAttachment", types::object(properties, &["volumeId"])))?;
    let given = call.body.get("volumeAttachment").cloned().unwrap_or_default();
    let mut server = named(call)?;
    let volume_id = text(given.get("volumeId")).unwrap_or_default();
    let shelved = matches!(server.vm_state, VmState::Shelved | VmState::ShelvedOffloaded);
    check_lock(call, &server)?;
    let states = if shelved && !call.since(2, 20) { &[] } else { STATES };
    check_state(&server, "attach_volume", states)?;
    let name = text(given.get("device"));
    if let Some(name) = name.as_ref().filter(|name| !name.starts_with("/dev/")) {
        return Err(Fault::bad_request(format!("The supplied device path ({name}) is invalid.")));
    }
    let volume = neighbours::volume(call, &volume_id)?
        .ok_or_else(|| Fault::not_found(format!("Volume {volume_id} could not be found.")))?;
    check_not_attached(call, &server, &volume)?;
    if volume.multiattach && !call.since(2, 60) {
        return Err(Fault::bad_request(
            "Multiattach volumes are only supported starting with compute API version 2.60.",
        ));
    }
    if let Some(name) =
        name.as_ref().filter(|name| server.devices.iter().any(|device| device.name.as_ref() == Some(name)))
    {
        return Err(Fault::conflict(format!("The supplied device path ({name}) is in use.")));
    }
    let attachment = neighbours::reserve(call, &volume_id, &server.id)?;
    let device = Device {
        id: call.transaction.new_uuid()?.to_string(),
        source: Source::Volume(volume_id.clone()),
        on_volume: true,
        volume: Some(volume_id.clone()),
        attachment: Some(attachment.clone()),
        size: Some(volume.size),
        volume_type: None,
        boot_index: None,
        name: Some(name.unwrap_or_else(|| free_name(&server.devices))),
        delete_on_termination: given.get("delete_on_termination").is_some_and(truth),
        tag: text(given.get("tag")),
    };
    let shown = view(call, &server, &device);
    let request = instance_actions::record(call, &server.id, "attach_volume")?;
    let scope = call.scope();
    server.devices.push(device.clone());
    save(call, &mut server)?;
    // What has no host stays reserved until it has one.
    if server.host.is_some() {
        let subject = format!("{}/{volume_id}/{request}", server.id);
        timing::schedule(call.transaction, &scope, "compute.volume-attached", 0.4, &subject)?;
    }
    if call.since(2, 101) {
        return Ok(Reply::empty(StatusCode::ACCEPTED));
    }
    let mut shown = shown;
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("id".to_owned(), json!(volume_id));
        shown.remove("attachment_id");
        shown.remove("bdm_uuid");
    }
    Ok(Reply::ok(json!({"volumeAttachment": shown})))
}

fn check_not_attached(
    call: &Call<'_, '_>,
    server: &Server,
    volume: &neighbours::Volume,
) -> Result<(), Fault> {
    let mut holders: Vec<String> = Vec::new();
    let here = server.devices.iter().any(|device| device.volume.as_ref() == Some(&volume.id));
    if here {
        holders.push(server.id.clone());
    } else if !volume.multiattach && volume.status != "available" {
        let servers: Vec<Server> = call.transaction.find(&call.site.name, "project", &server.project)?;
        holders.extend(
            servers
                .into_iter()
                .filter(|other| other.devices.iter().any(|device| device.volume.as_ref() == Some(&volume.id)))
                .map(|other| other.id),
        );
    }
    if holders.is_empty() {
        return Ok(());
    }
    let sentence = if volume.multiattach {
        format!("volume {} already attached to instance {}", volume.id, server.id)
    } else {
        format!("volume {} is already attached to instances: {}", volume.id, holders.join(" "))
    };
    Err(Fault::bad_request(format!("Invalid volume: {sentence}")))
}

/// An event's subject: server, volume, request.
fn subject(due: &Due) -> Option<(&str, &str, &str)> {
    let mut parts = due.subject.splitn(3, '/');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn attached(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((id, volume, request)) = subject(due) else { return Ok(()) };
    let Some(mut server) = transaction.get::<Server>(&due.scope, id)? else { return Ok(()) };
    if server.deleted {
        return Ok(());
    }
    let Some(device) = device(&server, volume).ok().cloned() else { return Ok(()) };
    let (host, name) = (server.host.clone().unwrap_or_default(), device.name.unwrap_or_default());
    let attachment = device.attachment.unwrap_or_default();
    let result = transaction
        .attempt(|transaction| neighbours::complete(transaction, &due.scope, &attachment, &host, &name));
    let error = match result {
        Ok(()) => None,
        Err(Fault { source: Some(broken), .. }) => return Err(broken),
        Err(fault) => {
            server.devices.retain(|device| device.volume.as_deref() != Some(volume));
            transaction.put(&due.scope, &server)?;
            Some(fault.message)
        }
    };
    instance_actions::finish(transaction, &due.scope, id, request, error.as_deref())
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut properties = json!({"volumeId": types::uuid()});
    if let Some(properties) = properties.as_object_mut().filter(|_| call.since(2, 85)) {
        for (name, schema) in [
            ("device", json!({"type": ["string", "null"]})),
            ("tag", types::tag()),
            ("delete_on_termination", types::boolean()),
            ("serverId", types::uuid()),
            ("id", types::uuid()),
        ] {
            properties.insert(name.to_owned(), schema);
        }
    }
    check_body(call, &types::body("volumeAttachment", types::object(properties, &["volumeId"])))?;
    let given = call.body.get("volumeAttachment").cloned().unwrap_or_default();
    let mut server = named(call)?;
    let id = call.parameter("volume").to_owned();
    let swap = !call.since(2, 85) || given.get("volumeId").and_then(Value::as_str) != Some(&id);
    if swap {
        call.require_admin("os_compute_api:os-volumes-attachments:swap")?;
        neighbours::volume(call, &id)?
            .ok_or_else(|| Fault::not_found(format!("Volume {id} could not be found.")))?;
        return Err(Fault::conflict(format!(
            "volume {id} is not migrating; this API should only be called by Cinder"
        )));
    }
    let server_id = server.id.clone();
    let Some(device) = server.devices.iter_mut().find(|device| device.volume.as_ref() == Some(&id)) else {
        return Err(Fault::not_found(format!("No volume Block Device Mapping with id {id}.")));
    };
    for (name, current) in [
        ("id", Some(id.as_str())),
        ("serverId", Some(server_id.as_str())),
        ("device", device.name.as_deref()),
        ("tag", device.tag.as_deref()),
    ] {
        if given.get(name).is_some_and(|value| value.as_str() != current) {
            return Err(Fault::bad_request(format!("The {name} property is not mutable")));
        }
    }
    if let Some(value) = given.get("delete_on_termination") {
        device.delete_on_termination = truth(value);
    }
    save(call, &mut server)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

fn detach(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let id = call.parameter("volume").to_owned();
    neighbours::volume(call, &id)?
        .ok_or_else(|| Fault::not_found(format!("Volume {id} could not be found.")))?;
    if device(&server, &id)?.is_root() {
        return Err(Fault::bad_request("Cannot detach a root device volume"));
    }
    check_lock(call, &server)?;
    check_state(&server, "detach_volume", STATES)?;
    neighbours::begin_detaching(call, &id)
        .map_err(|fault| Fault { status: StatusCode::BAD_REQUEST, ..fault })?;
    let request = instance_actions::record(call, &server.id, "detach_volume")?;
    let scope = call.scope();
    let subject = format!("{}/{id}/{request}", server.id);
    timing::schedule(call.transaction, &scope, "compute.volume-detached", 0.3, &subject)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

fn detached(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((id, volume, request)) = subject(due) else { return Ok(()) };
    let Some(mut server) = transaction.get::<Server>(&due.scope, id)? else { return Ok(()) };
    let Some(device) = device(&server, volume).ok().cloned() else { return Ok(()) };
    let attachment = device.attachment.unwrap_or_default();
    let result = transaction.attempt(|transaction| neighbours::detach(transaction, &due.scope, &attachment));
    let error = match result {
        Ok(()) => None,
        Err(Fault { source: Some(broken), .. }) => return Err(broken),
        Err(fault) => Some(fault.message),
    };
    if error.is_none() {
        server.devices.retain(|device| device.volume.as_deref() != Some(volume));
        server.updated = transaction.now();
        transaction.put(&due.scope, &server)?;
    }
    instance_actions::finish(transaction, &due.scope, id, request, error.as_deref())
}
