//! What can be done to a server: `POST /servers/{id}/action`, one key a body. Source: nova/api/openstack/compute/
//! {servers,pause_server,suspend_server,rescue,shelve,admin_actions,console_output,security_groups,migrate_server,…}.py.

use super::states::power;
use super::transitions::{Transition, begin, check_host, check_lock, check_state, forget, start};
use super::{Server, VmState, lock, named, rebuild, removal, resize, save};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::schema::{check_body, text, types};
use crate::compute::{action_name, instance_actions, neighbours, require};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// All of them.
const ACTIONS: [&str; 36] = [
    "os-start",
    "os-stop",
    "reboot",
    "pause",
    "unpause",
    "suspend",
    "resume",
    "lock",
    "unlock",
    "rescue",
    "unrescue",
    "resize",
    "confirmResize",
    "revertResize",
    "migrate",
    "os-migrateLive",
    "rebuild",
    "createImage",
    "createBackup",
    "shelve",
    "shelveOffload",
    "unshelve",
    "os-resetState",
    "resetNetwork",
    "injectNetworkInfo",
    "forceDelete",
    "restore",
    "os-getConsoleOutput",
    "os-getVNCConsole",
    "os-getSPICEConsole",
    "os-getSerialConsole",
    "addSecurityGroup",
    "removeSecurityGroup",
    "changePassword",
    "trigger_crash_dump",
    "evacuate",
];

const START: Transition = Transition {
    name: "start",
    action: "start",
    from: &[VmState::Stopped],
    task: "powering-on",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-started",
    usual: 1.0,
};
const STOP: Transition = Transition {
    name: "stop",
    action: "stop",
    from: &[VmState::Active, VmState::Error],
    task: "powering-off",
    to: VmState::Stopped,
    power: power::SHUT_DOWN,
    event: "compute.server-stopped",
    usual: 1.0,
};
const REBOOT: Transition = Transition {
    name: "reboot",
    action: "reboot",
    from: &[VmState::Active],
    task: "rebooting",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-rebooted",
    usual: 1.0,
};
const HARD_REBOOT: Transition = Transition {
    from: &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended, VmState::Error],
    task: "rebooting_hard",
    ..REBOOT
};
const PAUSE: Transition = Transition {
    name: "pause",
    action: "pause",
    from: &[VmState::Active],
    task: "pausing",
    to: VmState::Paused,
    power: power::PAUSED,
    event: "compute.server-paused",
    usual: 0.3,
};
const UNPAUSE: Transition = Transition {
    name: "unpause",
    action: "unpause",
    from: &[VmState::Paused],
    task: "unpausing",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-unpaused",
    usual: 0.3,
};
const SUSPEND: Transition = Transition {
    name: "suspend",
    action: "suspend",
    from: &[VmState::Active],
    task: "suspending",
    to: VmState::Suspended,
    power: power::SHUT_DOWN,
    event: "compute.server-suspended",
    usual: 0.5,
};
const RESUME: Transition = Transition {
    name: "resume",
    action: "resume",
    from: &[VmState::Suspended],
    task: "resuming",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-resumed",
    usual: 0.5,
};
const RESCUE: Transition = Transition {
    name: "rescue",
    action: "rescue",
    from: &[VmState::Active, VmState::Stopped, VmState::Error],
    task: "rescuing",
    to: VmState::Rescued,
    power: power::RUNNING,
    event: "compute.server-rescued",
    usual: 1.0,
};
const UNRESCUE: Transition = Transition {
    name: "unrescue",
    action: "unrescue",
    from: &[VmState::Rescued],
    task: "unrescuing",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-unrescued",
    usual: 1.0,
};
const SHELVE: Transition = Transition {
    name: "shelve",
    action: "shelve",
    from: &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended],
    task: "shelving",
    // With the default `shelved_offload_time` of 0 nothing stays on the host.
    to: VmState::ShelvedOffloaded,
    power: power::SHUT_DOWN,
    event: "compute.server-shelved",
    usual: 1.0,
};
const OFFLOAD: Transition =
    Transition { name: "shelveOffload", from: &[VmState::Shelved], task: "shelving_offloading", ..SHELVE };
const UNSHELVE: Transition = Transition {
    name: "unshelve",
    action: "unshelve",
    from: &[VmState::Shelved, VmState::ShelvedOffloaded],
    task: "unshelving",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-unshelved",
    usual: 1.5,
};
/// Goes back to the state that it came from.
const IMAGE: Transition = Transition {
    name: "createImage",
    action: "createImage",
    from: &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended],
    task: "image_snapshot",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-imaged",
    usual: 1.0,
};
/// The same.
const LIVE_MIGRATION: Transition = Transition {
    name: "os-migrateLive",
    action: "live-migration",
    from: &[VmState::Active, VmState::Paused],
    task: "migrating",
    to: VmState::Active,
    power: power::RUNNING,
    event: "compute.server-live-migrated",
    usual: 1.0,
};

fn accepted() -> Reply {
    Reply::empty(StatusCode::ACCEPTED)
}

pub(super) fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let action = action_name(call, &ACTIONS)?;
    let nothing = types::body(action, json!({"type": "null"}));
    let anything = types::body(action, json!({}));
    match action {
        "os-start" => change(call, &anything, &START),
        "os-stop" => change(call, &anything, &STOP),
        "pause" => change(call, &anything, &PAUSE),
        "unpause" => change(call, &anything, &UNPAUSE),
        "suspend" => change(call, &anything, &SUSPEND),
        "resume" => change(call, &anything, &RESUME),
        "unrescue" => change(call, &anything, &UNRESCUE),
        "shelve" => change(call, &anything, &SHELVE),
        "reboot" => reboot(call),
        "rescue" => rescue(call),
        "shelveOffload" => {
            call.require_admin("os_compute_api:os-shelve:shelve_offload")?;
            change(call, &anything, &OFFLOAD)
        }
        "unshelve" => unshelve(call),
        "lock" => with(call, lock::lock),
        "unlock" => with(call, lock::unlock),
        "resize" => resize::resize(call),
        "migrate" => resize::migrate(call),
        "confirmResize" => resize::confirm(call),
        "revertResize" => resize::revert(call),
        "os-migrateLive" => live_migrate(call),
        "rebuild" => rebuild::rebuild(call),
        "createImage" => create_image(call, action),
        "createBackup" => {
            call.require_admin("os_compute_api:os-create-backup")?;
            create_image(call, action)
        }
        "os-resetState" => reset_state(call),
        "resetNetwork" => Err(Fault::new(StatusCode::GONE, "The resetNetwork action was removed.")),
        "injectNetworkInfo" => {
            call.require_admin("os_compute_api:os-admin-actions:inject_network_info")?;
            with(call, |call, server| check_lock(call, server))
        }
        "forceDelete" => with(call, |call, server| removal::remove(call, server, "delete")),
        "restore" => Err(restore(call)),
        "os-getConsoleOutput" => console_output(call),
        "os-getVNCConsole" | "os-getSPICEConsole" | "os-getSerialConsole" => old_console(call, action),
        "addSecurityGroup" | "removeSecurityGroup" => security_group(call, action),
        "changePassword" => change_password(call),
        "trigger_crash_dump" => {
            require(call, 2, 17)?;
            check_body(call, &nothing)?;
            let server = named(call)?;
            check_lock(call, &server)?;
            let running =
                [VmState::Active, VmState::Paused, VmState::Rescued, VmState::Resized, VmState::Error];
            check_state(&server, action, &running)?;
            Ok(accepted())
        }
        _ => evacuate(call),
    }
}

fn with(
    call: &mut Call<'_, '_>,
    action: impl FnOnce(&mut Call<'_, '_>, &mut Server) -> Result<(), Fault>,
) -> Result<Reply, Fault> {
    let mut server = named(call)?;
    action(call, &mut server)?;
    Ok(accepted())
}

fn change(call: &mut Call<'_, '_>, schema: &Value, change: &Transition) -> Result<Reply, Fault> {
    check_body(call, schema)?;
    let mut server = named(call)?;
    check_lock(call, &server)?;
    if matches!(change.name, "start" | "stop") {
        check_host(&server)?;
    }
    begin(call, &mut server, change)?;
    Ok(accepted())
}

fn reboot(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let kind = json!({"type": "string", "enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]});
    check_body(call, &types::body("reboot", types::object(json!({"type": kind}), &["type"])))?;
    let kind = text(call.body.pointer("/reboot/type")).unwrap_or_default();
    let mut server = named(call)?;
    let hard = kind.eq_ignore_ascii_case("hard");
    if hard && server.task_state.as_deref().is_some_and(|task| task.starts_with("reboot")) {
        // A hard reboot cures one that hangs.
        let scope = call.scope();
        check_lock(call, &server)?;
        forget(call.transaction, &scope, &mut server)?;
        start(call, &mut server, &HARD_REBOOT)?;
    } else {
        begin(call, &mut server, if hard { &HARD_REBOOT } else { &REBOOT })?;
    }
    Ok(accepted())
}

fn rescue(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut rescue =
        types::object(json!({"adminPass": {"type": "string"}, "rescue_image_ref": types::uuid()}), &[]);
    if let Some(rescue) = rescue.as_object_mut() {
        rescue.insert("type".to_owned(), json!(["object", "null"]));
    }
    check_body(call, &types::body("rescue", rescue))?;
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, RESCUE.name, RESCUE.from)?;
    if server.is_volume_backed() && !call.since(2, 87) {
        return Err(Fault::bad_request(format!(
            "Instance {} cannot be rescued: Cannot rescue a volume-backed instance",
            server.id
        )));
    }
    begin(call, &mut server, &RESCUE)?;
    let password = match text(call.body.pointer("/rescue/adminPass")) {
        Some(password) => password,
        None => super::create::generated(call, 12)?,
    };
    Ok(Reply::ok(json!({"adminPass": password})))
}

fn unshelve(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, UNSHELVE.name, UNSHELVE.from)?;
    let scope = call.scope();
    if let Some(zone) = text(call.body.pointer("/unshelve/availability_zone")).filter(|_| call.since(2, 77)) {
        server.pinned_zone = Some(zone);
    }
    if let Some(host) = text(call.body.pointer("/unshelve/host")).filter(|_| call.since(2, 91)) {
        call.require_admin("os_compute_api:os-shelve:unshelve_to_host")?;
        server.pinned_host = Some(host);
    }
    let chosen = super::build::choose(call.transaction, &scope, &server)?;
    server.host = Some(chosen.ok_or_else(|| Fault::conflict("No valid host was found. "))?);
    begin(call, &mut server, &UNSHELVE)?;
    Ok(accepted())
}

fn live_migrate(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-migrate-server:migrate_live")?;
    check_body(call, &types::body("os-migrateLive", json!({"type": "object"})))?;
    let mut server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, LIVE_MIGRATION.name, LIVE_MIGRATION.from)?;
    let scope = call.scope();
    let asked = text(call.body.pointer("/os-migrateLive/host"));
    let hosts = crate::compute::hosts::computes(call.transaction, &scope)?;
    let target = hosts
        .into_iter()
        .filter(|host| host.is_up() && server.host.as_ref() != Some(&host.host))
        .map(|host| host.host)
        .find(|host| asked.as_ref().is_none_or(|asked| asked == host));
    let Some(target) = target else {
        return Err(Fault::bad_request(match asked {
            Some(host) if server.host.as_ref() == Some(&host) => {
                format!("Unable to migrate instance ({}) to current host ({host}).", server.id)
            }
            Some(host) => format!("Compute host {host} could not be found."),
            None => "No valid host was found. There are not enough hosts available.".to_owned(),
        }));
    };
    let change = Transition { to: server.vm_state, power: server.power_state, ..LIVE_MIGRATION };
    server.host = Some(target);
    begin(call, &mut server, &change)?;
    Ok(accepted())
}

fn evacuate(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-evacuate")?;
    let server = named(call)?;
    let host = server.host.clone().unwrap_or_default();
    let up = crate::compute::hosts::of_host(call.transaction, &call.site.name, &host)?
        .is_some_and(|service| service.is_up());
    if up {
        return Err(Fault::bad_request(format!("Compute service of {host} is still in use.")));
    }
    let mut server = server;
    let scope = call.scope();
    server.pinned_host = text(call.body.pointer("/evacuate/host"));
    let chosen = super::build::choose(call.transaction, &scope, &server)?;
    let Some(chosen) = chosen else {
        return Err(Fault::bad_request("No valid host was found. There are not enough hosts available."));
    };
    server.host = Some(chosen);
    rebuild::evacuate(call, &mut server)?;
    Ok(Reply::ok(json!({})))
}

fn create_image(call: &mut Call<'_, '_>, action: &str) -> Result<Reply, Fault> {
    let mut properties = json!({"name": types::name(), "metadata": types::metadata()});
    let required: &[&str] = if action == "createBackup" {
        if let Some(properties) = properties.as_object_mut() {
            properties.insert("backup_type".to_owned(), json!({"type": "string"}));
            properties.insert("rotation".to_owned(), types::natural());
        }
        &["name", "backup_type", "rotation"]
    } else {
        &["name"]
    };
    check_body(call, &types::body(action, types::object(properties, required)))?;
    let mut server = named(call)?;
    check_state(&server, action, IMAGE.from)?;
    let given = call.body.get(action).cloned().unwrap_or_default();
    let name = text(given.get("name")).unwrap_or_default();
    let metadata = super::metadata::texts(given.get("metadata"));
    let image = neighbours::create_image(call, &server, name.trim(), &metadata)?;
    server.image_being_made = (!server.is_volume_backed()).then(|| image.clone());
    let change = Transition { to: server.vm_state, power: server.power_state, ..IMAGE };
    start(call, &mut server, &change)?;
    if call.since(2, 45) {
        return Ok(Reply::accepted(json!({"image_id": image})));
    }
    let url = call.site.url(crate::cloud::ServiceKind::Image);
    Ok(accepted().and(header::LOCATION, &format!("{url}/images/{image}")))
}

fn reset_state(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-admin-actions:reset_state")?;
    let state = types::object(json!({"state": {"type": "string", "enum": ["active", "error"]}}), &["state"]);
    check_body(call, &types::body("os-resetState", state))?;
    let mut server = named(call)?;
    let scope = call.scope();
    forget(call.transaction, &scope, &mut server)?;
    let request = instance_actions::record(call, &server.id, "resetState")?;
    let active = call.body.pointer("/os-resetState/state").and_then(Value::as_str) == Some("active");
    server.vm_state = if active { VmState::Active } else { VmState::Error };
    server.task_state = None;
    save(call, &mut server)?;
    instance_actions::finish(call.transaction, &scope, &server.id, &request, None)?;
    Ok(accepted())
}

/// There is nothing soft-deleted without a `reclaim_instance_interval`.
fn restore(call: &mut Call<'_, '_>) -> Fault {
    match named(call) {
        Ok(server) => check_lock(call, &server).err().unwrap_or_else(|| {
            let (id, state) = (&server.id, server.vm_state.name());
            Fault::conflict(format!("Cannot 'restore' instance {id} while it is in vm_state {state}"))
        }),
        Err(fault) => fault,
    }
}

fn console_output(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let length = json!({"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$", "minimum": -1});
    check_body(call, &types::body("os-getConsoleOutput", types::object(json!({"length": length}), &[])))?;
    let server = named(call)?;
    check_host(&server)?;
    // What Nova's fake driver has to say.
    let lines = ["FAKE CONSOLE OUTPUT", "ANOTHER", "LAST LINE"];
    let length = crate::compute::schema::integer(call.body.pointer("/os-getConsoleOutput/length"));
    let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(lines.len());
    let from = lines.len().saturating_sub(length);
    let output: String = lines.iter().skip(from).map(|line| format!("{line}\n")).collect();
    Ok(Reply::ok(json!({"output": output.trim_end_matches('\n')})))
}

fn console_url(call: &Call<'_, '_>, server: &Server, kind: &str) -> Result<String, Fault> {
    check_host(server)?;
    match kind {
        "novnc" | "xvpvnc" => Ok(format!(
            "{}/vnc_auto.html?path=%3Ftoken%3D{}",
            call.site.url(crate::cloud::ServiceKind::Compute),
            server.id
        )),
        "spice-html5" => Ok(format!(
            "{}/spice_auto.html?token={}",
            call.site.url(crate::cloud::ServiceKind::Compute),
            server.id
        )),
        _ => Err(Fault::bad_request(format!("Unavailable console type {kind}."))),
    }
}

fn old_console(call: &mut Call<'_, '_>, action: &str) -> Result<Reply, Fault> {
    crate::compute::until(call, 2, 5)?;
    let kind = types::object(json!({"type": {"type": "string"}}), &["type"]);
    check_body(call, &types::body(action, kind))?;
    let server = named(call)?;
    let kind = text(call.body.get(action).and_then(|body| body.get("type"))).unwrap_or_default();
    let url = console_url(call, &server, &kind)?;
    Ok(Reply::ok(json!({"console": {"type": kind, "url": url}})))
}

pub(super) fn remote_console(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    require(call, 2, 6)?;
    let protocol = json!({"type": "string", "enum": ["vnc", "spice", "serial", "mks"]});
    let console =
        types::object(json!({"protocol": protocol, "type": {"type": "string"}}), &["protocol", "type"]);
    check_body(call, &types::body("remote_console", console))?;
    let server = named(call)?;
    let kind = text(call.body.pointer("/remote_console/type")).unwrap_or_default();
    let url = console_url(call, &server, &kind)?;
    let protocol = call.body.pointer("/remote_console/protocol").cloned();
    Ok(Reply::ok(json!({"remote_console": {"protocol": protocol, "type": kind, "url": url}})))
}

fn security_group(call: &mut Call<'_, '_>, action: &str) -> Result<Reply, Fault> {
    check_body(call, &types::body(action, types::object(json!({"name": types::name()}), &["name"])))?;
    let server = named(call)?;
    let name = text(call.body.get(action).and_then(|body| body.get("name"))).unwrap_or_default();
    neighbours::change_security_group(call, &server, &name, action == "addSecurityGroup")?;
    Ok(accepted())
}

fn change_password(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = types::object(json!({"adminPass": {"type": "string"}}), &["adminPass"]);
    check_body(call, &types::body("changePassword", body))?;
    let server = named(call)?;
    check_lock(call, &server)?;
    check_state(&server, "changePassword", &[VmState::Active])?;
    Ok(accepted())
}

/// What Nova's fake driver measures, in the form of 2.48 on and before.
pub(super) fn diagnostics(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-server-diagnostics")?;
    let server = named(call)?;
    check_host(&server)?;
    if call.since(2, 48) {
        return Ok(Reply::ok(json!({
            "state": if server.power_state == power::RUNNING { "running" } else { "shutdown" },
            "driver": "fake",
            "hypervisor": null,
            "hypervisor_os": "ubuntu",
            "uptime": 46664,
            "config_drive": server.config_drive,
            "num_cpus": server.flavor.vcpus,
            "num_nics": server.interfaces.len(),
            "num_disks": server.devices.len(),
            "memory_details": {"maximum": server.flavor.ram, "used": 0},
            "cpu_details": [],
            "nic_details": [],
            "disk_details": [],
        })));
    }
    Ok(Reply::ok(json!({
        "cpu0_time": 17_300_000_000_u64,
        "memory": 524_288,
        "vda_errors": -1,
        "vda_read": 262_144,
        "vda_read_req": 112,
        "vda_write": 5_778_432,
        "vda_write_req": 488,
        "vnet1_rx": 2_070_139,
        "vnet1_rx_drop": 0,
        "vnet1_rx_errors": 0,
        "vnet1_rx_packets": 26_701,
        "vnet1_tx": 140_208,
        "vnet1_tx_drop": 0,
        "vnet1_tx_errors": 0,
        "vnet1_tx_packets": 662,
    })))
}
