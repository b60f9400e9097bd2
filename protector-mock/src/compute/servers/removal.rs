//! The end of a server. Source: nova/api/openstack/compute/servers.py (`delete`), nova/compute/api.py (`_delete`).

use super::transitions::{check_lock, forget};
use super::{Pending, Server, VmState, build, named, save};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::{instance_actions, neighbours, timing};
use crate::world::{Due, Transaction, WorldError};
use http::StatusCode;

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut server = named(call)?;
    remove(call, &mut server, "delete")?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Begins to delete; a server that nobody has a host for is gone at once.
pub(super) fn remove(call: &mut Call<'_, '_>, server: &mut Server, action: &str) -> Result<(), Fault> {
    check_lock(call, server)?;
    if server.task_state.as_deref() == Some("deleting") {
        return Ok(());
    }
    let scope = call.scope();
    forget(call.transaction, &scope, server)?;
    build::release(call.transaction, &scope, server)?;
    let request = instance_actions::record(call, &server.id, action)?;
    server.task_state = Some("deleting".to_owned());
    server.pending = Some(Pending { vm_state: VmState::Deleted, power_state: 0, request });
    save(call, server)?;
    if server.host.is_none() {
        let due = Due { scope, subject: server.id.clone() };
        return Ok(deleted(call.transaction, &due)?);
    }
    Ok(timing::schedule(call.transaction, &scope, "compute.server-deleted", 0.5, &server.id)?)
}

/// It is gone; what was its own goes with it, what was given to it is free again.
pub(super) fn deleted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut server) = transaction.get::<Server>(&due.scope, &due.subject)? else { return Ok(()) };
    if server.deleted {
        return Ok(());
    }
    for interface in &server.interfaces {
        let Some(port) = &interface.port else { continue };
        let freed = transaction.attempt(|transaction| {
            if interface.made {
                neighbours::delete_port(transaction, &due.scope, port)
            } else {
                neighbours::unbind(transaction, &due.scope, port)
            }
        });
        only_broken(freed)?;
    }
    for device in &server.devices {
        let Some(volume) = &device.volume else { continue };
        let freed = transaction.attempt(|transaction| {
            if let Some(attachment) = &device.attachment {
                neighbours::detach(transaction, &due.scope, attachment)?;
            }
            if device.delete_on_termination {
                neighbours::delete_volume(transaction, &due.scope, volume)?;
            }
            Ok(())
        });
        only_broken(freed)?;
    }
    let now = transaction.now();
    let request = server.pending.take().map(|pending| pending.request);
    server.vm_state = VmState::Deleted;
    server.task_state = None;
    server.power_state = 0;
    server.deleted = true;
    server.terminated = Some(now);
    server.updated = now;
    transaction.put(&due.scope, &server)?;
    match request {
        Some(request) => instance_actions::finish(transaction, &due.scope, &server.id, &request, None),
        None => Ok(()),
    }
}

/// A port or volume that is gone or refuses does not keep a server from being deleted, as in Nova.
fn only_broken(result: Result<(), Fault>) -> Result<(), WorldError> {
    match result {
        Err(Fault { source: Some(broken), .. }) => Err(broken),
        _ => Ok(()),
    }
}
