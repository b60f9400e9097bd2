//! How a server is built after the client was answered: a host, its ports, its volumes, its start. Source:
//! nova/conductor/manager.py, nova/compute/manager.py (`_do_build_and_run_instance`).

use super::devices::Source;
use super::{Place, Server, ServerFault, VmState};
use crate::cloud::Fault;
use crate::compute::hosts::{self, Service};
use crate::compute::neighbours::{self, NewPort, NewVolume};
use crate::compute::server_groups::ServerGroup;
use crate::compute::{aggregates, instance_actions, timing};
use crate::world::{Due, Transaction, WorldError};

fn find(transaction: &Transaction<'_>, due: &Due) -> Result<Option<Server>, WorldError> {
    let found: Option<Server> = transaction.get(&due.scope, &due.subject)?;
    Ok(found.filter(|server| !server.deleted && server.vm_state == VmState::Building))
}

/// The scheduler has looked for a host.
pub(super) fn scheduled(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut server) = find(transaction, due)? else { return Ok(()) };
    let Some(host) = choose(transaction, &due.scope, &server)? else {
        let sentence = "No valid host was found. There are not enough hosts available.";
        return fail(transaction, &due.scope, server, 500, sentence);
    };
    server.host = Some(host);
    server.place = Some(Place::Awaited);
    transaction.put(&due.scope, &server)?;
    admit(transaction, &due.scope, server.host.as_deref().unwrap_or_default())
}

/// Begins as many of a host's builds as it does at a time (`[compute] max_concurrent_builds`).
fn admit(transaction: &mut Transaction<'_>, scope: &str, host: &str) -> Result<(), WorldError> {
    let most = timing::number(transaction, "compute/builds-per-host", 10.0)?;
    let waiting: Vec<Server> = transaction.find(scope, "waiting-for", host)?;
    let mut held = transaction.count::<Server>(scope, Some(("building-on", host)))?;
    for mut server in waiting {
        if held as f64 >= most {
            break;
        }
        held += 1;
        server.place = Some(Place::Held);
        server.task_state = Some("networking".to_owned());
        server.updated = transaction.now();
        transaction.put(scope, &server)?;
        timing::schedule(transaction, scope, "compute.server-networked", 0.3, &server.id)?;
    }
    Ok(())
}

/// The host that takes a server: the one with the fewest, of those that fit.
pub(super) fn choose(
    transaction: &mut Transaction<'_>,
    scope: &str,
    server: &Server,
) -> Result<Option<String>, WorldError> {
    let group: Option<ServerGroup> = match &server.group {
        Some(group) => transaction.get(scope, group)?,
        None => None,
    };
    let mut best: Option<(usize, usize, String)> = None;
    for service in hosts::computes(transaction, scope)? {
        if !fits(transaction, scope, server, &service)? {
            continue;
        }
        let load = aggregates::load(transaction, scope, &service.host, None)?;
        let Some(rank) = rank(transaction, scope, group.as_ref(), &service)? else { continue };
        let candidate = (rank, load, service.host);
        if best.as_ref().is_none_or(|best| candidate < *best) {
            best = Some(candidate);
        }
    }
    Ok(best.map(|(_, _, host)| host))
}

fn fits(
    transaction: &Transaction<'_>,
    scope: &str,
    server: &Server,
    service: &Service,
) -> Result<bool, WorldError> {
    if !service.is_up() || server.pinned_host.as_ref().is_some_and(|host| *host != service.host) {
        return Ok(false);
    }
    if service.disabled && server.pinned_host.is_none() {
        return Ok(false);
    }
    if let Some(zone) = &server.pinned_zone
        && aggregates::zone_of(transaction, scope, &service.host)? != *zone
    {
        return Ok(false);
    }
    for (hint, wanted) in [("same_host", true), ("different_host", false)] {
        let Some(ids) = server.hints.get(hint).and_then(serde_json::Value::as_array) else { continue };
        for id in ids.iter().filter_map(serde_json::Value::as_str) {
            let other: Option<Server> = transaction.get(scope, id)?;
            let there = other.is_some_and(|other| other.host.as_ref() == Some(&service.host));
            if there != wanted {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// How well a host suits a group, 0 best; `None` if its policy forbids it.
fn rank(
    transaction: &Transaction<'_>,
    scope: &str,
    group: Option<&ServerGroup>,
    service: &Service,
) -> Result<Option<usize>, WorldError> {
    let Some(group) = group else { return Ok(Some(0)) };
    let here = aggregates::load(transaction, scope, &service.host, Some(&group.id))?;
    let members: Vec<Server> = transaction.find(scope, "group", &group.id)?;
    let elsewhere = members.iter().filter(|member| member.host.is_some()).count() - here;
    let most = usize::try_from(group.most_per_host.unwrap_or(1)).unwrap_or(1);
    Ok(match group.policy.as_str() {
        "anti-affinity" if here >= most => None,
        "affinity" if elsewhere > 0 => None,
        "soft-anti-affinity" => Some(here),
        "soft-affinity" => Some(elsewhere),
        _ => Some(0),
    })
}

/// The build came to nothing.
fn fail(
    transaction: &mut Transaction<'_>,
    scope: &str,
    mut server: Server,
    code: u16,
    message: &str,
) -> Result<(), WorldError> {
    let held = server.place.take().and(server.host.clone());
    server.vm_state = VmState::Error;
    server.task_state = None;
    server.fault = Some(ServerFault { code, message: message.to_owned(), created: transaction.now() });
    let request = server.pending.take().map(|pending| pending.request);
    server.updated = transaction.now();
    // What failed on a host is rescheduled until there is none left, and then is on none.
    server.host = None;
    transaction.put(scope, &server)?;
    if let Some(request) = request {
        instance_actions::finish(transaction, scope, &server.id, &request, Some(message))?;
    }
    held.map_or(Ok(()), |host| admit(transaction, scope, &host))
}

fn aborted(server: &Server, why: &str) -> String {
    format!("Build of instance {} aborted: {why}", server.id)
}

/// Its ports are made and bound.
pub(super) fn networked(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(server) = find(transaction, due)? else { return Ok(()) };
    let result = transaction.attempt(|transaction| connect(transaction, &due.scope, server.clone()));
    match result {
        Ok(()) => timing::schedule(transaction, &due.scope, "compute.server-devices", 0.3, &server.id),
        Err(Fault { source: Some(broken), .. }) => Err(broken),
        Err(fault) => {
            let sentence = aborted(&server, &fault.message);
            fail(transaction, &due.scope, server, 500, &sentence)
        }
    }
}

fn connect(transaction: &mut Transaction<'_>, scope: &str, mut server: Server) -> Result<(), Fault> {
    let host = server.host.clone().unwrap_or_default();
    let zone = aggregates::zone_of(transaction, scope, &host)?;
    let (id, project) = (server.id.clone(), server.project.clone());
    for interface in &mut server.interfaces {
        let port = match &interface.port {
            Some(port) => port.clone(),
            None => {
                let new = NewPort {
                    user: &server.user,
                    project: &project,
                    network: interface.network.as_deref().unwrap_or_default(),
                    address: interface.address.as_deref(),
                    security_groups: &server.security_groups,
                };
                neighbours::create_port(transaction, scope, &new)?
            }
        };
        neighbours::bind(transaction, scope, &port, &id, &host, &zone)?;
        interface.port = Some(port);
    }
    for device in server.devices.iter_mut().filter(|device| device.on_volume && device.volume.is_none()) {
        let new = NewVolume {
            project: &project,
            user: &server.user,
            size: device.size.unwrap_or(1),
            volume_type: device.volume_type.as_deref(),
            image: if let Source::Image(image) = &device.source { Some(image) } else { None },
            snapshot: if let Source::Snapshot(snapshot) = &device.source { Some(snapshot) } else { None },
        };
        device.volume = Some(neighbours::create_volume(transaction, scope, &new)?);
    }
    server.task_state = Some("block_device_mapping".to_owned());
    server.updated = transaction.now();
    Ok(transaction.put(scope, &server)?)
}

/// Its volumes are looked at: as soon as all are there, they are attached.
pub(super) fn devices_ready(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(server) = find(transaction, due)? else { return Ok(()) };
    let result = transaction.attempt(|transaction| attach(transaction, &due.scope, server.clone()));
    match result {
        Ok(true) => timing::schedule(transaction, &due.scope, "compute.server-built", 1.2, &server.id),
        Ok(false) => timing::schedule(transaction, &due.scope, "compute.server-devices", 0.5, &server.id),
        Err(Fault { source: Some(broken), .. }) => Err(broken),
        Err(fault) => {
            let sentence = aborted(&server, &fault.message);
            fail(transaction, &due.scope, server, 500, &sentence)
        }
    }
}

fn attach(transaction: &mut Transaction<'_>, scope: &str, mut server: Server) -> Result<bool, Fault> {
    let made: Vec<String> = server
        .devices
        .iter()
        .filter(|device| device.attachment.is_none())
        .filter_map(|device| device.volume.clone())
        .collect();
    for volume in &made {
        match neighbours::volume_status(transaction, scope, volume)?.as_deref() {
            Some("available") => {}
            Some("creating" | "downloading") => return Ok(false),
            status => {
                return Err(Fault::bad_request(format!(
                    "Volume {volume} did not finish being created even after we waited 3 seconds or 2 attempts. And its \
                     status is {}.",
                    status.unwrap_or("unknown")
                )));
            }
        }
    }
    let (id, host) = (server.id.clone(), server.host.clone().unwrap_or_default());
    for device in &mut server.devices {
        let Some(volume) = &device.volume else { continue };
        let attachment = match &device.attachment {
            Some(attachment) => attachment.clone(),
            None => neighbours::reserve_for(transaction, scope, volume, &id, &server.project)?,
        };
        let name = device.name.clone().unwrap_or_default();
        neighbours::complete(transaction, scope, &attachment, &host, &name)?;
        device.attachment = Some(attachment);
    }
    server.task_state = Some("spawning".to_owned());
    server.updated = transaction.now();
    transaction.put(scope, &server)?;
    Ok(true)
}

/// It runs.
pub(super) fn built(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut server) = find(transaction, due)? else { return Ok(()) };
    let Some(pending) = server.pending.take() else { return Ok(()) };
    server.vm_state = pending.vm_state;
    server.power_state = pending.power_state;
    server.task_state = None;
    server.launched = Some(transaction.now());
    server.updated = transaction.now();
    server.place = None;
    transaction.put(&due.scope, &server)?;
    instance_actions::finish(transaction, &due.scope, &server.id, &pending.request, None)?;
    admit(transaction, &due.scope, server.host.as_deref().unwrap_or_default())
}

/// A build's place is free again, because the server is deleted.
pub(super) fn release(
    transaction: &mut Transaction<'_>,
    scope: &str,
    server: &mut Server,
) -> Result<(), WorldError> {
    if server.place.take().is_none() {
        return Ok(());
    }
    transaction.put(scope, server)?;
    admit(transaction, scope, server.host.as_deref().unwrap_or_default())
}
