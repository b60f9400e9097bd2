//! What Nova does with ports. It acts as a service where it binds and removes, and as the caller where it chooses.
// nova/network/neutron.py, 2026.2

pub use super::networks::Network;
pub use super::ports::{FixedIp, Port};
pub use super::security_groups::SecurityGroup;

use super::attributes::body::Body;
use super::networks::NETWORK;
use super::ports::{self, PORT, binding};
use super::subnets::Subnet;
use super::{floating_ips, policy, quotas, security_groups};
use crate::cloud::{Caller, Fault};
use crate::world::{Transaction, WorldError};
use serde_json::json;
use std::net::IpAddr;

/// Which port a server is to have.
#[derive(Debug, Clone, Default)]
pub struct NewPort {
    /// On which network.
    pub network: String,
    /// With which address; any if none.
    pub address: Option<String>,
    /// With which security groups, by id; the project's default if none.
    pub security_groups: Vec<String>,
    /// Whose it is.
    pub project: String,
    /// For which server.
    pub server: String,
    /// In which availability zone; makes the owner `compute:nova`.
    pub zone: String,
    /// On which host; on none yet if empty.
    pub host: String,
}

fn service() -> Caller {
    Caller { roles: vec!["admin".to_owned(), "service".to_owned()], ..Caller::default() }
}

/// A port that the caller sees.
///
/// # Errors
/// 404 with Neutron's sentence.
pub fn port(transaction: &Transaction<'_>, scope: &str, caller: &Caller, id: &str) -> Result<Port, Fault> {
    ports::find(transaction, scope, caller, id)
}

/// The ports of a server, oldest first.
pub fn ports_of(transaction: &Transaction<'_>, scope: &str, server: &str) -> Result<Vec<Port>, WorldError> {
    transaction.find(scope, "device", server)
}

/// A network that the caller sees.
///
/// # Errors
/// 404 with Neutron's sentence.
pub fn network(
    transaction: &Transaction<'_>,
    scope: &str,
    caller: &Caller,
    id: &str,
) -> Result<Network, Fault> {
    let network: Option<Network> = transaction.get(scope, id)?;
    network.filter(|network| network.is_seen_by(caller)).ok_or_else(|| NETWORK.missing(id))
}

/// The networks that a project's server can be on if it names none: its own, else the shared ones.
// nova/network/neutron.py, _get_available_networks
pub fn networks_available(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<Vec<Network>, WorldError> {
    let networks: Vec<Network> = transaction.list(scope)?;
    Ok(networks.into_iter().filter(|network| network.project_id == project || network.shared).collect())
}

/// Whether ports on a network get addresses.
pub fn has_subnet(transaction: &Transaction<'_>, scope: &str, network: &str) -> Result<bool, WorldError> {
    Ok(transaction.count::<Subnet>(scope, Some(("network", network)))? > 0)
}

/// A security group of the caller's project, by id or name.
///
/// # Errors
/// 404 with Neutron's sentence if there is none, 409 if there are several of that name.
pub fn security_group(
    transaction: &mut Transaction<'_>,
    scope: &str,
    caller: &Caller,
    name: &str,
) -> Result<SecurityGroup, Fault> {
    security_groups::default_of(transaction, scope, &caller.project)?;
    if let Ok(group) = security_groups::find(transaction, scope, caller, name) {
        return Ok(group);
    }
    let groups: Vec<SecurityGroup> = transaction.find(scope, "project", &caller.project)?;
    let mut groups = groups.into_iter().filter(|group| group.name == name);
    match (groups.next(), groups.next()) {
        (Some(group), None) => Ok(group),
        (Some(_), Some(_)) => Err(Fault::conflict(format!(
            "Multiple security groups found matching '{name}'. Use an ID to be more specific."
        ))),
        (None, _) => Err(super::security_groups::SECURITY_GROUP.missing(name)),
    }
}

/// Names of security groups, in the order of their ids in `ids`.
pub fn security_group_names(
    transaction: &Transaction<'_>,
    scope: &str,
    ids: &[String],
) -> Result<Vec<String>, WorldError> {
    let mut names = Vec::new();
    for id in ids {
        names.extend(transaction.get::<SecurityGroup>(scope, id)?.map(|group| group.name));
    }
    Ok(names)
}

/// The floating IPs that point at a port: the address inside, and the one outside.
pub fn floating_ips_of(
    transaction: &Transaction<'_>,
    scope: &str,
    port: &str,
) -> Result<Vec<(IpAddr, IpAddr)>, WorldError> {
    let floating = floating_ips::of_port(transaction, scope, port)?;
    Ok(floating
        .into_iter()
        .filter_map(|one| Some((one.fixed_ip_address?, one.floating_ip_address)))
        .collect())
}

/// Makes a port for a server.
///
/// # Errors
/// Neutron's, with its status and sentence: the network or a group is not there, an address is taken, the quota is full.
pub fn create_port(
    transaction: &mut Transaction<'_>,
    scope: &str,
    caller: &Caller,
    wanted: &NewPort,
) -> Result<Port, Fault> {
    let network = network(transaction, scope, caller, &wanted.network)?;
    quotas::reserve(transaction, scope, &wanted.project, "port", 1)?;
    let mut body = json!({
        "network_id": network.id, "project_id": wanted.project, "device_id": wanted.server,
        "device_owner": format!("compute:{}", wanted.zone), "binding:host_id": wanted.host,
    });
    if let Some(body) = body.as_object_mut() {
        if let Some(address) = &wanted.address {
            body.insert("fixed_ips".to_owned(), json!([{ "ip_address": address }]));
        }
        if !wanted.security_groups.is_empty() {
            body.insert("security_groups".to_owned(), json!(wanted.security_groups));
        }
    }
    let body = Body::made(&PORT, body)?;
    ports::make(transaction, scope, &service(), &network, &body)
}

/// Gives a port to a server, and puts it on the server's host. It is active at once.
///
/// # Errors
/// 404 if it is not there.
pub fn bind(
    transaction: &mut Transaction<'_>,
    scope: &str,
    id: &str,
    server: &str,
    zone: &str,
    host: &str,
) -> Result<Port, Fault> {
    let mut port: Port = transaction.get(scope, id)?.ok_or_else(|| PORT.missing(id))?;
    let now = transaction.now();
    server.clone_into(&mut port.device_id);
    port.device_owner = format!("compute:{zone}");
    port.standard.touch(now);
    binding::to_host(&mut port, host, now);
    transaction.put(scope, &port)?;
    Ok(port)
}

/// Takes a port from its server, and leaves it. Nothing happens if it is not there.
pub fn unbind(transaction: &mut Transaction<'_>, scope: &str, id: &str) -> Result<(), Fault> {
    let Some(mut port) = transaction.get::<Port>(scope, id)? else { return Ok(()) };
    let now = transaction.now();
    port.device_id = String::new();
    port.device_owner = String::new();
    port.profile = json!({});
    port.standard.touch(now);
    binding::to_host(&mut port, "", now);
    transaction.put(scope, &port)?;
    Ok(())
}

/// Removes a port. Nothing happens if it is not there.
pub fn delete(transaction: &mut Transaction<'_>, scope: &str, id: &str) -> Result<(), Fault> {
    let Some(port) = transaction.get::<Port>(scope, id)? else { return Ok(()) };
    ports::remove(transaction, scope, &port)
}

/// Gives a port other security groups, by id.
///
/// # Errors
/// 404 if one of them is not there or not the port's project's.
pub fn set_security_groups(
    transaction: &mut Transaction<'_>,
    scope: &str,
    caller: &Caller,
    id: &str,
    groups: &[String],
) -> Result<(), Fault> {
    let mut port = ports::find(transaction, scope, caller, id)?;
    policy::require(policy::may_change(caller, &port.project_id), "update_port")?;
    port.security_groups = security_groups::for_port(transaction, scope, caller, &port.project_id, groups)?;
    port.standard.touch(transaction.now());
    transaction.put(scope, &port)?;
    Ok(())
}
