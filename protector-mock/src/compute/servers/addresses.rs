//! A server's addresses and security groups, as its ports have them. Source: nova/api/openstack/compute/ips.py,
//! views/ips.py, security_groups.py.

use super::{Server, named};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::neighbours::{self, Port};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Addresses by network, in the order of the server's interfaces.
pub(super) fn view(server: &Server, ports: &[Port], extended: bool) -> Value {
    let mut networks = Map::new();
    let at = |port: &Port| {
        server.interfaces.iter().position(|interface| interface.port.as_ref() == Some(&port.id))
    };
    let mut ordered: Vec<&Port> = ports.iter().collect();
    ordered.sort_by_key(|port| at(port).unwrap_or(usize::MAX));
    for port in ordered {
        let entry = |kind: &str, address: &str| {
            let version = if address.contains(':') { 6 } else { 4 };
            if extended {
                json!({"version": version, "addr": address, "OS-EXT-IPS:type": kind,
                    "OS-EXT-IPS-MAC:mac_addr": port.mac})
            } else {
                json!({"version": version, "addr": address})
            }
        };
        let mut entries: Vec<Value> =
            port.addresses.iter().map(|(_, address)| entry("fixed", address)).collect();
        entries.extend(port.floating.iter().map(|address| entry("floating", address)));
        let network = networks.entry(port.network_name.clone()).or_insert_with(|| json!([]));
        if let Some(network) = network.as_array_mut() {
            network.extend(entries);
        }
    }
    Value::Object(networks)
}

/// The names of the groups of all ports, once each.
pub(super) fn group_names(ports: &[Port]) -> BTreeSet<&str> {
    ports.iter().flat_map(|port| port.security_groups.iter().map(|(_, name)| name.as_str())).collect()
}

fn addresses(call: &Call<'_, '_>) -> Result<Value, Fault> {
    let server = named(call)?;
    let ports = neighbours::ports_of(call.transaction, call.site, &server.id)?;
    Ok(view(&server, &ports, false))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"addresses": addresses(call)?})))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let addresses = addresses(call)?;
    let network = call.parameter("network");
    let found = addresses
        .get(network)
        .ok_or_else(|| Fault::not_found("Instance is not a member of specified network"))?;
    Ok(Reply::ok(json!({network: found})))
}

pub(super) fn security_groups(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let server = named(call)?;
    let ports = neighbours::ports_of(call.transaction, call.site, &server.id)?;
    let groups: BTreeSet<_> = ports.iter().flat_map(|port| port.security_groups.iter()).collect();
    let groups: Vec<Value> = groups
        .into_iter()
        .map(|(id, name)| {
            json!({"id": id, "name": name, "tenant_id": server.project, "description": "", "rules": []})
        })
        .collect();
    Ok(Reply::ok(json!({"security_groups": groups})))
}
