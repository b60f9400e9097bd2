//! The interfaces of a new server. Source: nova/api/openstack/compute/servers.py (`_get_requested_networks`),
//! nova/network/neutron.py (`_ports_needed_per_instance`).

use crate::cloud::{Call, Fault};
use crate::compute::neighbours;
use crate::compute::schema::text;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An interface of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interface {
    /// Its port, as soon as there is one.
    pub(crate) port: Option<String>,
    /// Where Nova makes one, if it was not given.
    pub(crate) network: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) tag: Option<String>,
    /// Whether Nova made the port, and so deletes it with the server.
    pub(crate) made: bool,
}

fn on(network: String, address: Option<String>, tag: Option<String>) -> Interface {
    Interface { port: None, network: Some(network), address, tag, made: true }
}

/// What a request wants: networks, ports, `auto`, `none` or nothing at all.
///
/// # Errors
/// 400, 404 or 409 with Nova's sentences.
pub(super) fn read(call: &Call<'_, '_>, given: Option<&Value>) -> Result<Vec<Interface>, Fault> {
    match given {
        Some(Value::String(word)) if word == "none" => Ok(Vec::new()),
        Some(Value::Array(list)) if !list.is_empty() => listed(call, list),
        other => the_only_one(call, matches!(other, Some(Value::String(_)))),
    }
}

/// The only network that the project sees.
pub(crate) fn the_only_one(call: &Call<'_, '_>, automatic: bool) -> Result<Vec<Interface>, Fault> {
    let networks = neighbours::networks_available(call)?;
    match networks.as_slice() {
        [] if automatic => Err(Fault::bad_request(format!(
            "Unable to automatically allocate a network for project {}",
            call.caller.project
        ))),
        [] => Ok(Vec::new()),
        [only] => {
            requires_subnet(only)?;
            Ok(vec![on(only.id.clone(), None, None)])
        }
        _ => Err(Fault::conflict("Multiple possible networks found, use a Network ID to be more specific.")),
    }
}

fn requires_subnet(network: &neighbours::Network) -> Result<(), Fault> {
    if network.has_subnet {
        return Ok(());
    }
    Err(Fault::bad_request(format!(
        "Network {} requires a subnet in order to boot instances on.",
        network.id
    )))
}

fn listed(call: &Call<'_, '_>, list: &[Value]) -> Result<Vec<Interface>, Fault> {
    let mut interfaces: Vec<Interface> = Vec::new();
    for entry in list {
        let (port, address, tag) =
            (text(entry.get("port")), text(entry.get("fixed_ip")), text(entry.get("tag")));
        let Some(port) = port else {
            let network = text(entry.get("uuid"))
                .ok_or_else(|| Fault::bad_request("Bad network format: missing 'uuid'"))?;
            if uuid::Uuid::parse_str(&network).is_err() {
                return Err(Fault::bad_request(format!(
                    "Bad networks format: network uuid is not in proper format ({network})"
                )));
            }
            interfaces.push(on(network, address, tag));
            continue;
        };
        if interfaces.iter().any(|interface| interface.port.as_ref() == Some(&port)) {
            return Err(Fault::bad_request(format!(
                "Port ID '{port}' was specified twice: you cannot attach a port multiple times."
            )));
        }
        if let Some(address) = address {
            return Err(Fault::bad_request(format!(
                "Specified Fixed IP '{address}' cannot be used with port '{port}': the two cannot be specified \
                 together."
            )));
        }
        interfaces.push(Interface { port: Some(port), network: None, address: None, tag, made: false });
    }
    check(call, &mut interfaces)?;
    Ok(interfaces)
}

fn check(call: &Call<'_, '_>, interfaces: &mut [Interface]) -> Result<(), Fault> {
    for interface in interfaces.iter_mut() {
        if let Some(id) = &interface.port {
            let port = neighbours::port(call, id)?
                .ok_or_else(|| Fault::bad_request(format!("Port id {id} could not be found.")))?;
            if !port.device.is_empty() {
                return Err(Fault::conflict(format!("Port {id} is still in use.")));
            }
            if port.addresses.is_empty() {
                return Err(Fault::bad_request(format!("Port {id} requires a FixedIP in order to be used.")));
            }
            interface.network = Some(port.network);
        } else if let Some(id) = &interface.network {
            let network = neighbours::network(call, id)?
                .ok_or_else(|| Fault::bad_request(format!("Network {id} could not be found.")))?;
            requires_subnet(&network)?;
            if let Some(address) = &interface.address
                && let Some(holder) = neighbours::holder(call, id, address)?
            {
                return Err(Fault::bad_request(format!(
                    "Fixed IP address {address} is already in use on instance {holder}."
                )));
            }
        }
    }
    Ok(())
}
