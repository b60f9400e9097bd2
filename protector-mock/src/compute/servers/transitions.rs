//! How a server comes from one state to another, and who may have it do so. Source: nova/compute/api.py
//! (`check_instance_state`, `check_instance_lock`), nova/api/openstack/common.py.

use super::{Pending, Server, VmState};
use crate::cloud::{Call, Fault};
use crate::compute::{instance_actions, neighbours, timing};
use crate::world::{Due, Transaction, WorldError};

/// A change of state that takes time.
#[derive(Debug)]
pub(crate) struct Transition {
    /// What the API calls it.
    pub(crate) name: &'static str,
    /// What the list of actions calls it.
    pub(crate) action: &'static str,
    /// From which states.
    pub(crate) from: &'static [VmState],
    /// What it is called meanwhile.
    pub(crate) task: &'static str,
    /// To which state.
    pub(crate) to: VmState,
    /// With which power state.
    pub(crate) power: i64,
    /// What has happened then.
    pub(crate) event: &'static str,
    /// After how many seconds, usually.
    pub(crate) usual: f64,
}

/// Refuses what is locked to all but administrators.
pub(crate) fn check_lock(call: &Call<'_, '_>, server: &Server) -> Result<(), Fault> {
    if server.locked_by.is_some() && !call.caller.is_admin() {
        return Err(Fault::conflict(format!("Instance {} is locked", server.id)));
    }
    Ok(())
}

/// Refuses what a server in its state cannot do. `name` is what the API calls it.
pub(crate) fn check_state(server: &Server, name: &str, from: &[VmState]) -> Result<(), Fault> {
    let refused = |attribute: &str, state: &str| {
        let id = &server.id;
        Fault::conflict(format!("Cannot '{name}' instance {id} while it is in {attribute} {state}"))
    };
    if !from.contains(&server.vm_state) {
        return Err(refused("vm_state", server.vm_state.name()));
    }
    if let Some(task) = &server.task_state {
        return Err(refused("task_state", task));
    }
    if server.launched.is_none() {
        return Err(Fault::conflict(format!("Instance {} is in an invalid state for '{name}'", server.id)));
    }
    Ok(())
}

/// Refuses what needs a host where there is none.
pub(crate) fn check_host(server: &Server) -> Result<(), Fault> {
    if server.host.is_none() {
        return Err(Fault::conflict(format!("Instance {} is not ready", server.id)));
    }
    Ok(())
}

/// Starts a change of state, if lock, host and state allow it.
pub(crate) fn begin(call: &mut Call<'_, '_>, server: &mut Server, change: &Transition) -> Result<(), Fault> {
    check_lock(call, server)?;
    check_state(server, change.name, change.from)?;
    start(call, server, change)
}

/// Starts a change of state that was allowed.
pub(crate) fn start(call: &mut Call<'_, '_>, server: &mut Server, change: &Transition) -> Result<(), Fault> {
    let request = instance_actions::record(call, &server.id, change.action)?;
    server.task_state = Some(change.task.to_owned());
    server.pending = Some(Pending { vm_state: change.to, power_state: change.power, request });
    super::save(call, server)?;
    let scope = call.scope();
    Ok(timing::schedule(call.transaction, &scope, change.event, change.usual, &server.id)?)
}

/// Takes back whatever a server is on the way to.
pub(crate) fn forget(
    transaction: &mut Transaction<'_>,
    scope: &str,
    server: &mut Server,
) -> Result<(), WorldError> {
    server.pending = None;
    for (event, _) in super::REACTIONS {
        transaction.cancel(scope, event, &server.id)?;
    }
    Ok(())
}

/// A server is where it was going.
pub(super) fn settle(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut server) = transaction.get::<Server>(&due.scope, &due.subject)? else { return Ok(()) };
    let Some(pending) = server.pending.take() else { return Ok(()) };
    server.vm_state = pending.vm_state;
    server.power_state = pending.power_state;
    server.task_state = None;
    if pending.vm_state == VmState::ShelvedOffloaded {
        server.host = None;
    }
    if let Some(image) = server.image_being_made.take() {
        neighbours::complete_image(transaction, &due.scope, &image)?;
    }
    server.updated = transaction.now();
    transaction.put(&due.scope, &server)?;
    instance_actions::finish(transaction, &due.scope, &server.id, &pending.request, None)
}
