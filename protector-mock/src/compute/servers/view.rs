//! What clients see of a server. Source: nova/api/openstack/compute/views/servers.py.

use super::Server;
use super::states::VmState;
use crate::cloud::{Call, Fault};
use crate::compute::{aggregates, hosts, neighbours, paging, timing};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha224};

/// Which parts are shown: updates and rebuilds leave some out before 2.75.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// What came with extensions: zone, host, times, states, volumes, security groups.
    pub(super) extended: bool,
    /// The keypair's name.
    pub(super) keypair: bool,
    /// User data among the administrator's attributes.
    pub(super) user_data: bool,
    /// The server group, from 2.71 on.
    pub(super) group: bool,
}

impl Parts {
    pub(super) const ALL: Self = Self { extended: true, keypair: true, user_data: true, group: true };
}

pub(super) fn basic(call: &Call<'_, '_>, server: &Server) -> Value {
    json!({"id": server.id, "name": server.name, "links": paging::links(call, "servers", &server.id)})
}

/// `nova.utils.generate_hostid`.
pub(crate) fn host_id(host: Option<&str>, project: &str) -> String {
    let Some(host) = host else { return String::new() };
    let digest = Sha224::digest(format!("{project}{host}").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn full(call: &Call<'_, '_>, server: &Server, parts: Parts) -> Result<Value, Fault> {
    let status = server.status();
    let ports = neighbours::ports_of(call.transaction, call.site, &server.id)?;
    let mut view = Map::new();
    let mut say = |name: &str, value: Value| {
        view.insert(name.to_owned(), value);
    };
    say("accessIPv4", json!(server.access_v4.as_deref().unwrap_or_default()));
    say("accessIPv6", json!(server.access_v6.as_deref().unwrap_or_default()));
    let addresses = if server.vm_state == VmState::Building {
        json!({})
    } else {
        super::addresses::view(server, &ports, parts.extended)
    };
    say("addresses", addresses);
    say("created", json!(timing::iso(server.created)));
    say("updated", json!(timing::iso(server.updated)));
    say("flavor", flavor(call, server));
    say("hostId", json!(host_id(server.host.as_deref(), &server.project)));
    say("id", json!(server.id));
    say("name", json!(server.name));
    say("image", image(call, server));
    say("links", paging::links(call, "servers", &server.id));
    say("metadata", json!(server.metadata));
    say("status", json!(status));
    say("tenant_id", json!(server.project));
    say("user_id", json!(server.user));
    say("OS-DCF:diskConfig", json!(if server.auto_disk_config { "AUTO" } else { "MANUAL" }));
    if let Some(fault) = server.fault.as_ref().filter(|_| matches!(status, "ERROR" | "DELETED")) {
        let created = timing::iso(fault.created);
        say("fault", json!({"code": fault.code, "created": created, "message": fault.message}));
    }
    if matches!(status, "ACTIVE" | "BUILD" | "REBUILD" | "RESIZE" | "VERIFY_RESIZE" | "MIGRATING") {
        say("progress", json!(0));
    }
    if parts.keypair {
        say("key_name", json!(server.key_name));
    }
    if call.since(2, 9) {
        say("locked", json!(server.locked_by.is_some()));
    }
    if call.since(2, 19) {
        say("description", json!(server.description));
    }
    if call.since(2, 26) {
        say("tags", json!(server.tags));
    }
    if call.since(2, 63) {
        say("trusted_image_certificates", json!(server.trusted_certificates));
    }
    if call.since(2, 71) && parts.group {
        say("server_groups", json!(server.group.iter().collect::<Vec<_>>()));
    }
    if call.since(2, 73) {
        say("locked_reason", json!(server.locked_reason));
    }
    if call.since(2, 90) {
        say("OS-EXT-SRV-ATTR:hostname", json!(server.hostname));
    }
    if call.since(2, 100) {
        say("scheduler_hints", json!(server.hints));
    }
    if parts.extended {
        extend(call, server, &ports, parts, &mut view)?;
    }
    Ok(Value::Object(view))
}

fn extend(
    call: &Call<'_, '_>,
    server: &Server,
    ports: &[neighbours::Port],
    parts: Parts,
    view: &mut Map<String, Value>,
) -> Result<(), Fault> {
    let mut say = |name: &str, value: Value| {
        view.insert(name.to_owned(), value);
    };
    let zone = match &server.host {
        Some(host) => aggregates::zone_of(call.transaction, &call.site.name, host)?,
        None => server.pinned_zone.clone().unwrap_or_default(),
    };
    say("OS-EXT-AZ:availability_zone", json!(zone));
    say("config_drive", json!(if server.config_drive { "True" } else { "" }));
    say("OS-SRV-USG:launched_at", json!(server.launched.map(timing::plain)));
    say("OS-SRV-USG:terminated_at", json!(server.terminated.map(timing::plain)));
    say("OS-EXT-STS:task_state", json!(server.task_state));
    say("OS-EXT-STS:vm_state", json!(server.vm_state.name()));
    say("OS-EXT-STS:power_state", json!(server.power_state));
    let attached: Vec<Value> = server
        .devices
        .iter()
        .filter_map(|device| device.volume.as_ref().map(|volume| (volume, device.delete_on_termination)))
        .map(|(volume, deleted)| {
            if call.since(2, 3) {
                json!({"id": volume, "delete_on_termination": deleted})
            } else {
                json!({"id": volume})
            }
        })
        .collect();
    say("os-extended-volumes:volumes_attached", json!(attached));
    let groups = super::addresses::group_names(ports);
    if !groups.is_empty() {
        let groups: Vec<Value> = groups.iter().map(|name| json!({"name": name})).collect();
        say("security_groups", json!(groups));
    }
    if call.since(2, 96) {
        say("pinned_availability_zone", json!(server.pinned_zone));
    }
    if !call.caller.is_admin() {
        return Ok(());
    }
    say("OS-EXT-SRV-ATTR:host", json!(server.host));
    say("OS-EXT-SRV-ATTR:hypervisor_hostname", json!(server.host));
    say("OS-EXT-SRV-ATTR:instance_name", json!(format!("instance-{:08x}", server.number)));
    if call.since(2, 3) {
        say("OS-EXT-SRV-ATTR:hostname", json!(server.hostname));
        say("OS-EXT-SRV-ATTR:kernel_id", json!(""));
        say("OS-EXT-SRV-ATTR:ramdisk_id", json!(""));
        say("OS-EXT-SRV-ATTR:launch_index", json!(server.launch_index));
        say("OS-EXT-SRV-ATTR:reservation_id", json!(server.reservation));
        let root = server.devices.iter().find(|device| device.is_root());
        say("OS-EXT-SRV-ATTR:root_device_name", json!(root.and_then(|root| root.name.clone())));
        if parts.user_data {
            say("OS-EXT-SRV-ATTR:user_data", json!(server.user_data));
        }
    }
    if call.since(2, 16) {
        let status = match &server.host {
            None => "",
            Some(host) => hosts::of_host(call.transaction, &call.site.name, host)?
                .map_or("UNKNOWN", |service| service.status()),
        };
        say("host_status", json!(status));
    }
    Ok(())
}

fn flavor(call: &Call<'_, '_>, server: &Server) -> Value {
    let flavor = &server.flavor;
    if !call.since(2, 47) {
        return json!({"id": flavor.id, "links": paging::bookmark(call, "flavors", &flavor.id)});
    }
    json!({
        "vcpus": flavor.vcpus,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "ephemeral": flavor.ephemeral,
        "swap": flavor.swap,
        "original_name": flavor.name,
        "extra_specs": flavor.extra_specs,
    })
}

fn image(call: &Call<'_, '_>, server: &Server) -> Value {
    let Some(image) = &server.image else { return json!("") };
    let mut view = json!({"id": image, "links": paging::bookmark(call, "images", image)});
    if let Some(view) = view.as_object_mut().filter(|_| call.since(2, 98)) {
        view.insert("properties".to_owned(), json!(server.image_properties));
    }
    view
}
