//! The array itself: identity, space, performance, ports. Fixed figures, as far as clients read them when they start or report.
//! Answers from `FA_2_36` models Arrays, ArraySpace, ArrayPerformance, Controller, Hardware, Port, NetworkInterface.

use super::space;
use super::{Asked, Denied, in_milliseconds, milliseconds};
use crate::arrays::objects;
use crate::arrays::systems::{self, System};
use crate::arrays::volumes::Volume;
use serde_json::{Value, json};

/// Bytes.
const CAPACITY: u64 = 100 << 40;
pub(crate) const PURITY: &str = "6.6.11";
const MODEL: &str = "FA-X20R4";
const DAY: u64 = 86_400_000;

fn used(asked: &Asked<'_, '_>) -> Result<Value, Denied> {
    let volumes: Vec<Volume> = objects::all(asked.transaction, &asked.system.name)?;
    let living = volumes.iter().filter(|volume| volume.destroyed.is_none());
    let provisioned = living.map(|volume| volume.provisioned).sum::<u64>();
    Ok(space::of_array(provisioned, provisioned / 10))
}

fn manual_eradication(system: &System) -> &'static str {
    if system.manual_eradication { "all-enabled" } else { "all-disabled" }
}

/// GET arrays.
pub(super) fn arrays(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (system, settings) = (&asked.system, &asked.settings);
    let enabled = in_milliseconds(system.enabled_delay.unwrap_or(settings.eradication_delay));
    let disabled = in_milliseconds(system.disabled_delay.unwrap_or(settings.eradication_delay));
    Ok(vec![json!({
        "id": system.identity, "name": system.name, "version": PURITY, "os": "Purity//FA",
        "capacity": CAPACITY, "parity": 1.0, "ntp_servers": [], "banner": "",
        "console_lock_enabled": false, "time_zone": "UTC", "scsi_timeout": 60000, "encryption": {
            "data_at_rest": {"enabled": true, "algorithm": "AES-256-CTR"}, "module_version": "FA-1.4",
        },
        "eradication_config": {
            "enabled_delay": enabled, "disabled_delay": disabled, "eradication_delay": enabled,
            "manual_eradication": manual_eradication(system),
        },
        "idle_timeout": in_milliseconds(settings.session_idle), "_as_of": milliseconds(asked.now()),
        "space": used(asked)?,
    })])
}

/// PATCH arrays: the delays of eradication. All else of it has no effect here.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    for (field, value) in asked.body.as_object().into_iter().flatten() {
        if field != "eradication_config" && !value.is_null() {
            return Err(Denied::bad(format!("'{field}' is not simulated."), "arrays"));
        }
    }
    let delay = |name: &str| -> Result<Option<f64>, Denied> {
        let Some(value) = asked.body.pointer(&format!("/eradication_config/{name}")) else { return Ok(None) };
        let delay =
            value.as_u64().filter(|delay| delay.is_multiple_of(DAY) && (DAY..=30 * DAY).contains(delay));
        let refused = || Denied::bad("Invalid eradication delay: 1 to 30 days.", &value.to_string());
        delay.map(|delay| Some(delay as f64 / 1000.0)).ok_or_else(refused)
    };
    let mut system = asked.system.clone();
    system.enabled_delay = delay("enabled_delay")?.or(delay("eradication_delay")?).or(system.enabled_delay);
    system.disabled_delay = delay("disabled_delay")?.or(system.disabled_delay);
    systems::change(asked.transaction, &system)?;
    asked.system = system;
    arrays(asked)
}

/// GET arrays/space.
pub(super) fn array_space(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    Ok(vec![json!({
        "id": asked.system.identity, "name": asked.system.name, "capacity": CAPACITY, "parity": 1.0,
        "time": milliseconds(asked.now()), "space": used(asked)?,
    })])
}

/// GET arrays/performance.
pub(super) fn performance(asked: &Asked<'_, '_>) -> Vec<Value> {
    vec![json!({
        "id": asked.system.identity, "name": asked.system.name, "time": milliseconds(asked.now()),
        "reads_per_sec": 10, "writes_per_sec": 10, "mirrored_writes_per_sec": 0, "others_per_sec": 0,
        "read_bytes_per_sec": 1000, "write_bytes_per_sec": 1000, "mirrored_write_bytes_per_sec": 0,
        "usec_per_read_op": 100, "usec_per_write_op": 100, "usec_per_mirrored_write_op": 0, "usec_per_other_op": 0,
        "queue_depth": 1, "queue_usec_per_mirrored_write_op": 1, "queue_usec_per_read_op": 1,
        "queue_usec_per_write_op": 1, "bytes_per_op": 100, "bytes_per_read": 100, "bytes_per_write": 100,
        "bytes_per_mirrored_write": 0,
    })]
}

/// GET controllers.
pub(super) fn controllers(_asked: &Asked<'_, '_>) -> Vec<Value> {
    let view = |(number, mode)| {
        json!({
            "name": format!("CT{number}"), "status": "ready", "mode": mode, "mode_since": 0, "model": MODEL,
            "type": "array_controller", "version": PURITY,
        })
    };
    [(0, "primary"), (1, "secondary")].map(view).to_vec()
}

/// GET hardware.
pub(super) fn hardware(_asked: &Asked<'_, '_>) -> Vec<Value> {
    let view = |number| {
        json!({
            "name": format!("CT{number}"), "type": "controller", "status": "ok", "details": null,
            "identify_enabled": false, "index": number, "model": MODEL, "serial": format!("CT{number}"),
            "slot": null, "speed": null, "temperature": null, "voltage": null,
        })
    };
    [0, 1].map(view).to_vec()
}

/// The iSCSI ports: a network for each array, two ports for each controller.
fn each_port() -> [(u64, u64); 4] {
    [(0, 4), (0, 5), (1, 4), (1, 5)]
}

/// GET ports.
pub(super) fn ports(asked: &Asked<'_, '_>) -> Vec<Value> {
    let network = 10 + asked.system.position % 200;
    let identity: String = asked.system.identity.chars().take(8).collect();
    let view = |(controller, port): (u64, u64)| {
        let host = 1 + controller * 2 + port - 4;
        json!({
            "name": format!("CT{controller}.ETH{port}"), "portal": format!("127.0.{network}.{host}:3260"),
            "iqn": format!("iqn.2010-06.com.purestorage:flasharray.{identity}"), "nqn": null, "wwn": null,
            "failover": null,
        })
    };
    each_port().map(view).to_vec()
}

/// GET network-interfaces.
pub(super) fn network_interfaces(_asked: &Asked<'_, '_>) -> Vec<Value> {
    let view = |(controller, port)| {
        json!({
            "name": format!("CT{controller}.ETH{port}"), "enabled": true, "services": ["iscsi"],
            "eth": {
                "subtype": "physical", "address": "127.0.0.1", "gateway": null, "mtu": 1500, "netmask": "255.0.0.0",
                "mac_address": format!("24:a9:37:00:0{controller}:0{port}"), "subinterfaces": [],
                "subnet": {"name": null}, "vlan": null,
            },
            "fc": {"wwn": null}, "interface_type": "eth", "speed": 10_000_000_000_u64,
        })
    };
    each_port().map(view).to_vec()
}

/// GET offloads: there are none.
pub(super) fn nothing(_asked: &Asked<'_, '_>) -> Vec<Value> {
    Vec::new()
}
