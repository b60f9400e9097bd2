//! Resizes and cold migrations. Source: nova/api/openstack/compute/{servers,migrate_server}.py, nova/compute/api.py.

use super::states::power;
use super::transitions::{Transition, check_lock, check_state, start};
use super::{BeforeResize, Server, VmState, named, save};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::schema::{check_body, text, types};
use crate::compute::{flavors, instance_actions, migrations, quotas};
use crate::world::{Due, Transaction, WorldError};
use http::StatusCode;
use serde_json::{Value, json};

const RESIZE: Transition = Transition {
    name: "resize",
    action: "resize",
    from: &[VmState::Active, VmState::Stopped],
    task: "resize_prep",
    to: VmState::Resized,
    power: power::RUNNING,
    event: "compute.server-resized",
    usual: 1.5,
};
const REVERT: Transition = Transition {
    name: "revertResize",
    action: "revertResize",
    from: &[VmState::Resized],
    task: "resize_reverting",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-reverted",
    usual: 1.0,
};

pub(super) fn resize(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let flavor = json!({"type": ["string", "integer"], "minLength": 1});
    let config = json!({"type": "string", "enum": ["AUTO", "MANUAL"]});
    let schema = types::object(json!({"flavorRef": flavor, "OS-DCF:diskConfig": config}), &["flavorRef"]);
    check_body(call, &types::body("resize", schema))?;
    let id = match call.body.pointer("/resize/flavorRef") {
        Some(Value::Number(number)) => number.to_string(),
        other => text(other).unwrap_or_default(),
    };
    let id = id.rsplit('/').next().unwrap_or_default().to_owned();
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, RESIZE.name, RESIZE.from)?;
    let flavor = flavors::find(call, &id)
        .map_err(|_| Fault::bad_request(format!("Flavor {id} could not be found.")))?;
    if flavor.id == server.flavor.id {
        return Err(Fault::bad_request("When resizing, instances must change flavor!"));
    }
    if flavor.disk == 0 && server.flavor.disk != 0 && !server.is_volume_backed() {
        return Err(Fault::bad_request(
            "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.",
        ));
    }
    let (cores, ram) = (flavor.vcpus - server.flavor.vcpus, flavor.ram - server.flavor.ram);
    let project = server.project.clone();
    quotas::admit_growth(call, &project, cores, ram)?;
    begin(call, &mut server, flavor, &RESIZE, "resize")?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

pub(super) fn migrate(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-migrate-server:migrate")?;
    if call.since(2, 56) {
        let host = json!({"type": ["string", "null"], "maxLength": 255});
        let mut schema = types::object(json!({"host": host}), &[]);
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("type".to_owned(), json!(["object", "null"]));
        }
        check_body(call, &types::body("migrate", schema))?;
    }
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, "migrate", RESIZE.from)?;
    let scope = call.scope();
    let asked = text(call.body.pointer("/migrate/host")).filter(|_| call.since(2, 56));
    let target = crate::compute::hosts::computes(call.transaction, &scope)?
        .into_iter()
        .filter(|host| host.is_up() && !host.disabled && server.host.as_ref() != Some(&host.host))
        .map(|host| host.host)
        .find(|host| asked.as_ref().is_none_or(|asked| asked == host));
    let Some(target) = target else {
        return Err(Fault::bad_request(match asked {
            Some(host) => format!("Compute host {host} could not be found."),
            None => "No valid host was found. No valid host found for cold migrate".to_owned(),
        }));
    };
    let before = server.host.replace(target);
    let flavor = server.flavor.clone();
    begin(call, &mut server, flavor, &Transition { action: "migrate", ..RESIZE }, "migration")?;
    if let Some(resize) = &mut server.before_resize {
        resize.host = before;
    }
    save(call, &mut server)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

fn begin(
    call: &mut Call<'_, '_>,
    server: &mut Server,
    flavor: flavors::Flavor,
    change: &Transition,
    kind: &str,
) -> Result<(), Fault> {
    let migration = migrations::begin(call, server, &flavor, kind)?;
    server.before_resize = Some(BeforeResize {
        flavor: std::mem::replace(&mut server.flavor, flavor),
        vm_state: server.vm_state,
        host: server.host.clone(),
        migration,
    });
    let power = server.power_state;
    start(call, server, &Transition { power, ..*change })
}

fn take(transaction: &Transaction<'_>, due: &Due) -> Result<Option<(Server, super::Pending)>, WorldError> {
    let Some(mut server) = transaction.get::<Server>(&due.scope, &due.subject)? else { return Ok(None) };
    Ok(server.pending.take().map(|pending| (server, pending)))
}

/// It has its new size, and waits for a word.
pub(super) fn resized(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut server, pending)) = take(transaction, due)? else { return Ok(()) };
    server.vm_state = VmState::Resized;
    server.task_state = None;
    server.updated = transaction.now();
    transaction.put(&due.scope, &server)?;
    if let Some(before) = &server.before_resize {
        migrations::set(transaction, &due.scope, &before.migration, "finished")?;
    }
    instance_actions::finish(transaction, &due.scope, &server.id, &pending.request, None)
}

pub(super) fn confirm(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, "confirmResize", &[VmState::Resized])?;
    let before =
        server.before_resize.take().ok_or_else(|| Fault::bad_request("Instance has not been resized."))?;
    let request = instance_actions::record(call, &server.id, "confirmResize")?;
    server.vm_state = if before.vm_state == VmState::Stopped { VmState::Stopped } else { VmState::Active };
    save(call, &mut server)?;
    let scope = call.scope();
    migrations::set(call.transaction, &scope, &before.migration, "confirmed")?;
    instance_actions::finish(call.transaction, &scope, &server.id, &request, None)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(super) fn revert(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, REVERT.name, REVERT.from)?;
    let Some(before) = &server.before_resize else {
        return Err(Fault::bad_request("Instance has not been resized."));
    };
    let (to, power) = (before.vm_state, server.power_state);
    let (cores, ram) = (before.flavor.vcpus - server.flavor.vcpus, before.flavor.ram - server.flavor.ram);
    let project = server.project.clone();
    quotas::admit_growth(call, &project, cores, ram)?;
    start(call, &mut server, &Transition { to, power, ..REVERT })?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

/// It is as it was.
pub(super) fn reverted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut server, pending)) = take(transaction, due)? else { return Ok(()) };
    server.vm_state = pending.vm_state;
    server.power_state = pending.power_state;
    server.task_state = None;
    let before = server.before_resize.take();
    if let Some(before) = &before {
        server.flavor = before.flavor.clone();
        server.host.clone_from(&before.host);
    }
    server.updated = transaction.now();
    transaction.put(&due.scope, &server)?;
    if let Some(before) = before {
        migrations::set(transaction, &due.scope, &before.migration, "reverted")?;
    }
    instance_actions::finish(transaction, &due.scope, &server.id, &pending.request, None)
}
