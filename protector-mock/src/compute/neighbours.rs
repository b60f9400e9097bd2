//! What Nova asks of Neutron, Cinder, Glance and Keystone: the only place that knows their functions.

use super::hosts;
use super::servers::Server;
use crate::block_storage::for_compute as volumes;
use crate::cloud::{Call, Caller, Fault, Site};
use crate::identity::projects::Project;
use crate::image::Visibility;
use crate::image::for_others as images;
use crate::network::for_compute as network;
use crate::world::{Transaction, WorldError};
use http::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;

/// A port.
#[derive(Debug, Clone)]
pub(super) struct Port {
    pub(super) id: String,
    pub(super) network: String,
    pub(super) network_name: String,
    pub(super) mac: String,
    pub(super) status: String,
    /// The server that has it; empty if it is free.
    pub(super) device: String,
    /// Subnet and address.
    pub(super) addresses: Vec<(String, String)>,
    pub(super) floating: Vec<String>,
    /// Id and name.
    pub(super) security_groups: Vec<(String, String)>,
}

/// A network.
#[derive(Debug, Clone)]
pub(super) struct Network {
    pub(super) id: String,
    pub(super) has_subnet: bool,
}

/// A port that Nova makes.
#[derive(Debug)]
pub(super) struct NewPort<'n> {
    pub(super) user: &'n str,
    pub(super) project: &'n str,
    pub(super) network: &'n str,
    pub(super) address: Option<&'n str>,
    /// Ids or names.
    pub(super) security_groups: &'n [String],
}

/// A volume.
#[derive(Debug, Clone)]
pub(super) struct Volume {
    pub(super) id: String,
    pub(super) size: i64,
    pub(super) status: String,
    pub(super) bootable: bool,
    pub(super) multiattach: bool,
}

/// A volume that Nova makes.
#[derive(Debug)]
pub(super) struct NewVolume<'n> {
    pub(super) project: &'n str,
    pub(super) user: &'n str,
    pub(super) size: i64,
    pub(super) volume_type: Option<&'n str>,
    pub(super) image: Option<&'n str>,
    pub(super) snapshot: Option<&'n str>,
}

/// An image.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) status: String,
    /// In bytes.
    pub(super) size: i64,
    /// In GiB.
    pub(super) least_disk: i64,
    /// In MiB.
    pub(super) least_ram: i64,
    pub(super) properties: BTreeMap<String, String>,
}

/// What is not there is no error yet.
fn optional<T>(result: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.status == StatusCode::NOT_FOUND => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether Keystone knows a project.
pub(super) fn is_project(call: &Call<'_, '_>, id: &str) -> Result<bool, Fault> {
    Ok(call.transaction.get::<Project>(&call.site.name, id)?.is_some())
}

fn shown(transaction: &Transaction<'_>, scope: &str, port: network::Port) -> Result<Port, WorldError> {
    let name = transaction.get::<network::Network>(scope, &port.network_id)?.map(|network| network.name);
    let names = network::security_group_names(transaction, scope, &port.security_groups)?;
    let floating = network::floating_ips_of(transaction, scope, &port.id)?;
    Ok(Port {
        network_name: name.unwrap_or_default(),
        addresses: port
            .fixed_ips
            .iter()
            .map(|address| (address.subnet_id.clone(), address.ip_address.to_string()))
            .collect(),
        floating: floating.into_iter().map(|(_, outside)| outside.to_string()).collect(),
        security_groups: port.security_groups.iter().cloned().zip(names).collect(),
        id: port.id,
        network: port.network_id,
        mac: port.mac_address,
        status: port.status,
        device: port.device_id,
    })
}

/// The ports of a server.
pub(super) fn ports_of(transaction: &Transaction<'_>, site: &Site, server: &str) -> Result<Vec<Port>, Fault> {
    let ports = network::ports_of(transaction, &site.name, server)?;
    Ok(ports.into_iter().map(|port| shown(transaction, &site.name, port)).collect::<Result<_, _>>()?)
}

/// A port that the caller sees.
pub(super) fn port(call: &Call<'_, '_>, id: &str) -> Result<Option<Port>, Fault> {
    let found = optional(network::port(call.transaction, &call.site.name, &call.caller, id))?;
    Ok(found.map(|port| shown(call.transaction, &call.site.name, port)).transpose()?)
}

fn described(call: &Call<'_, '_>, found: network::Network) -> Result<Network, Fault> {
    let has_subnet = network::has_subnet(call.transaction, &call.site.name, &found.id)?;
    Ok(Network { id: found.id, has_subnet })
}

/// A network that the caller sees.
pub(super) fn network(call: &Call<'_, '_>, id: &str) -> Result<Option<Network>, Fault> {
    let found = optional(network::network(call.transaction, &call.site.name, &call.caller, id))?;
    found.map(|found| described(call, found)).transpose()
}

/// The networks that a server is on if it names none.
pub(super) fn networks_available(call: &Call<'_, '_>) -> Result<Vec<Network>, Fault> {
    let found = network::networks_available(call.transaction, &call.site.name, &call.caller.project)?;
    found.into_iter().map(|found| described(call, found)).collect()
}

/// What has an address of a network.
pub(super) fn holder(call: &Call<'_, '_>, network: &str, address: &str) -> Result<Option<String>, Fault> {
    let ports: Vec<network::Port> = call.transaction.find(&call.site.name, "network", network)?;
    let holder = ports.into_iter().find(|port| {
        port.fixed_ips
            .iter()
            .any(|held| address.parse().is_ok_and(|wanted: std::net::IpAddr| held.ip_address == wanted))
    });
    Ok(holder.map(|port| port.device_id))
}

/// One who owns a server, when nobody calls any more.
fn owner(user: &str, project: &str) -> Caller {
    Caller {
        user: user.to_owned(),
        project: project.to_owned(),
        roles: vec!["member".to_owned()],
        ..Caller::default()
    }
}

/// Makes a port; returns its id.
pub(super) fn create_port(
    transaction: &mut Transaction<'_>,
    scope: &str,
    new: &NewPort<'_>,
) -> Result<String, Fault> {
    let caller = owner(new.user, new.project);
    let mut groups = Vec::new();
    for name in new.security_groups {
        groups.push(network::security_group(transaction, scope, &caller, name)?.id);
    }
    let wanted = network::NewPort {
        network: new.network.to_owned(),
        address: new.address.map(str::to_owned),
        security_groups: groups,
        project: new.project.to_owned(),
        ..network::NewPort::default()
    };
    Ok(network::create_port(transaction, scope, &caller, &wanted)?.id)
}

/// Puts a port on the host of its server.
pub(super) fn bind(
    transaction: &mut Transaction<'_>,
    scope: &str,
    port: &str,
    server: &str,
    host: &str,
    zone: &str,
) -> Result<(), Fault> {
    let held: Option<network::Port> = transaction.get(scope, port)?;
    if held.is_some_and(|held| !held.device_id.is_empty() && held.device_id != server) {
        return Err(Fault::conflict(format!("Port {port} is still in use.")));
    }
    network::bind(transaction, scope, port, server, zone, host).map(|_| ())
}

/// Takes a port from its server.
pub(super) fn unbind(transaction: &mut Transaction<'_>, scope: &str, port: &str) -> Result<(), Fault> {
    network::unbind(transaction, scope, port)
}

/// Removes a port.
pub(super) fn delete_port(transaction: &mut Transaction<'_>, scope: &str, port: &str) -> Result<(), Fault> {
    network::delete(transaction, scope, port)
}

/// Adds a security group to all ports of a server, or takes it away. Source: nova/network/security_group_api.py.
pub(super) fn change_security_group(
    call: &mut Call<'_, '_>,
    server: &Server,
    name: &str,
    adds: bool,
) -> Result<(), Fault> {
    let scope = call.scope();
    let group = optional(network::security_group(call.transaction, &scope, &call.caller, name))?.ok_or_else(
        || Fault::not_found(format!("Security group {name} not found for project {}.", server.project)),
    )?;
    let ports = network::ports_of(call.transaction, &scope, &server.id)?;
    let mut changed = false;
    for port in ports {
        let mut groups = port.security_groups.clone();
        let has = groups.contains(&group.id);
        if adds && has {
            // Nova asks Neutron for a list with it twice, and passes on what that says.
            let request = call.transaction.new_uuid()?;
            return Err(Fault::bad_request(format!(
                "Invalid input for security_groups. Reason: Duplicate items in the list: '{}'.\nNeutron server returns request_ids: ['req-{request}']",
                group.id
            )));
        }
        if adds {
            groups.push(group.id.clone());
        } else if has {
            groups.retain(|id| *id != group.id);
            changed = true;
        } else {
            continue;
        }
        network::set_security_groups(call.transaction, &scope, &call.caller, &port.id, &groups)?;
    }
    if adds || changed {
        return Ok(());
    }
    Err(Fault::not_found(format!(
        "Security group {} not associated with the instance {}",
        group.id, server.id
    )))
}

/// Whose volumes a caller sees.
fn whose<'c>(call: &'c Call<'_, '_>) -> Option<&'c str> {
    (!call.caller.is_admin()).then_some(call.caller.project.as_str())
}

/// A volume that the caller sees.
pub(super) fn volume(call: &Call<'_, '_>, id: &str) -> Result<Option<Volume>, Fault> {
    let found = optional(volumes::volume(call.transaction, &call.site.name, whose(call), id))?;
    Ok(found.map(|found| Volume {
        id: found.id,
        size: i64::try_from(found.size).unwrap_or(i64::MAX),
        status: found.status,
        bootable: found.bootable,
        multiattach: found.multiattach,
    }))
}

/// The size of a snapshot that the caller sees, in GiB.
pub(super) fn snapshot_size(call: &Call<'_, '_>, id: &str) -> Result<Option<i64>, Fault> {
    let found = optional(volumes::snapshot(call.transaction, &call.site.name, whose(call), id))?;
    Ok(found.map(|(_, size, _)| i64::try_from(size).unwrap_or(i64::MAX)))
}

/// The status of a volume.
pub(super) fn volume_status(
    transaction: &Transaction<'_>,
    scope: &str,
    id: &str,
) -> Result<Option<String>, Fault> {
    Ok(optional(volumes::volume(transaction, scope, None, id))?.map(|found| found.status))
}

/// Makes a volume; returns its id.
pub(super) fn create_volume(
    transaction: &mut Transaction<'_>,
    scope: &str,
    new: &NewVolume<'_>,
) -> Result<String, Fault> {
    let content = match (new.image, new.snapshot) {
        (Some(image), _) => volumes::NewContent::Image(image.to_owned()),
        (None, Some(snapshot)) => volumes::NewContent::Snapshot(snapshot.to_owned()),
        (None, None) => volumes::NewContent::Blank,
    };
    let wanted = volumes::NewVolume {
        project: new.project.to_owned(),
        user: new.user.to_owned(),
        name: Some(String::new()),
        size: u64::try_from(new.size).ok(),
        volume_type: new.volume_type.map(str::to_owned),
        content,
        ..volumes::NewVolume::default()
    };
    volumes::create(transaction, scope, wanted)
}

/// Reserves a volume for a server while its client waits; returns what reserves it. Nova tells what Cinder refuses as
/// a bad request.
pub(super) fn reserve(call: &mut Call<'_, '_>, volume: &str, server: &str) -> Result<String, Fault> {
    let scope = call.scope();
    let whose = whose(call).map(str::to_owned);
    volumes::reserve(call.transaction, &scope, whose.as_deref(), volume, server).map_err(|fault| {
        if fault.source.is_some() {
            return fault;
        }
        Fault::bad_request(format!("Invalid volume: {}", fault.message))
    })
}

/// The same for a volume that Nova made.
pub(super) fn reserve_for(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &str,
    server: &str,
    project: &str,
) -> Result<String, Fault> {
    volumes::reserve(transaction, scope, Some(project), volume, server)
}

/// Connects a reserved volume to a host.
pub(super) fn complete(
    transaction: &mut Transaction<'_>,
    scope: &str,
    attachment: &str,
    host: &str,
    device: &str,
) -> Result<(), Fault> {
    let service = hosts::of_host(transaction, scope, host)?;
    let wanted = volumes::Host {
        name: host.to_owned(),
        initiator: format!("iqn.1993-08.org.debian:01:{host}"),
        uuid: service.map(|service| service.node).unwrap_or_default(),
        address: "127.0.0.1".to_owned(),
    };
    volumes::complete(transaction, scope, attachment, &wanted, device).map(|_| ())
}

/// A volume is about to be detached.
pub(super) fn begin_detaching(call: &mut Call<'_, '_>, volume: &str) -> Result<(), Fault> {
    let scope = call.scope();
    let whose = whose(call).map(str::to_owned);
    volumes::begin_detaching(call.transaction, &scope, whose.as_deref(), volume).map_err(|fault| {
        if fault.source.is_some() {
            return fault;
        }
        Fault::bad_request(format!("Invalid volume: {}", fault.message))
    })
}

/// Ends an attachment.
pub(super) fn detach(transaction: &mut Transaction<'_>, scope: &str, attachment: &str) -> Result<(), Fault> {
    volumes::detach(transaction, scope, attachment)
}

/// Deletes a volume.
pub(super) fn delete_volume(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &str,
) -> Result<(), Fault> {
    volumes::delete(transaction, scope, None, volume)
}

/// An image that the caller sees.
pub(super) fn image(call: &Call<'_, '_>, id: &str) -> Result<Option<Image>, Fault> {
    let found = optional(images::image(call.transaction, &call.site.name, &call.caller, id))?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(found.map(|found| Image {
        id: found.id,
        status: found.status,
        size: number(found.size.unwrap_or(0)),
        least_disk: number(found.min_disk),
        least_ram: number(found.min_ram),
        properties: found.properties,
    }))
}

/// Makes an image of a server; returns its id. One of volumes names their snapshots and has no data; another gets its
/// data when it was read, see [`complete_image`].
pub(super) fn create_image(
    call: &mut Call<'_, '_>,
    server: &Server,
    name: &str,
    metadata: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    let scope = call.scope();
    let mut properties = metadata.clone();
    let told = [("instance_uuid", &server.id), ("user_id", &server.user), ("owner_id", &server.project)];
    properties.extend(told.map(|(name, value)| (name.to_owned(), value.clone())));
    properties.insert("image_type".to_owned(), "snapshot".to_owned());
    if let Some(base) = &server.image {
        properties.insert("base_image_ref".to_owned(), base.clone());
    }
    let backed = server.is_volume_backed();
    if backed {
        let mut mapping = Vec::new();
        for device in &server.devices {
            let Some(volume) = &device.volume else { continue };
            let name = format!("snapshot for {name}");
            let snapshot =
                volumes::create_snapshot(call.transaction, &scope, volume, &call.caller.user, &name)?;
            mapping.push(json!({
                "source_type": "snapshot",
                "destination_type": "volume",
                "snapshot_id": snapshot,
                "volume_size": device.size,
                "boot_index": device.boot_index,
                "device_name": device.name,
                "delete_on_termination": device.delete_on_termination,
                "tag": device.tag,
            }));
        }
        properties.insert("block_device_mapping".to_owned(), json!(mapping).to_string());
        properties.insert("bdm_v2".to_owned(), "True".to_owned());
    }
    let new = images::NewImage {
        name,
        owner: &call.caller.project,
        visibility: Visibility::Private,
        disk_format: "raw",
        min_disk: u64::try_from(server.flavor.disk).unwrap_or(0),
        min_ram: 0,
        properties,
        bytes: backed.then_some(&[]),
    };
    Ok(images::create(call.transaction, &scope, &new)?.id)
}

/// A server's disk was read into its image. Disks of hosts hold nothing here.
pub(super) fn complete_image(
    transaction: &mut Transaction<'_>,
    scope: &str,
    image: &str,
) -> Result<(), WorldError> {
    images::complete(transaction, scope, image, &[])
}
