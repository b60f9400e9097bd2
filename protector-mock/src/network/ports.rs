//! Ports: a MAC address and addresses on a network, and what uses them.
// neutron_lib/api/definitions/{port,portbindings,port_security,allowedaddresspairs,extra_dhcp_opt}.py,
// neutron/db/db_base_plugin_v2.py and neutron/plugins/ml2/plugin.py, 2026.2; the answer as the testbed's ML2 makes it.

pub(crate) mod allocation;
pub(super) mod binding;
mod handlers;
#[cfg(test)]
mod tests;

pub(super) use handlers::{PORT, ROUTES, find};

use super::attributes::body::Body;
use super::networks::Network;
use super::standard::Standard;
use super::{faults, floating_ips, policy, security_groups};
use crate::cloud::{Caller, Fault};
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;

/// An address of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedIp {
    /// Where it is from.
    pub subnet_id: String,
    /// It.
    pub ip_address: IpAddr,
}

/// A port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is; empty for those that routers and floating IPs have outside.
    pub project_id: String,
    /// Where it is.
    pub network_id: String,
    /// In lower case, with colons.
    pub mac_address: String,
    /// Whether it is up.
    pub admin_state_up: bool,
    /// `ACTIVE`, `DOWN`, `N/A`.
    pub status: String,
    /// Who uses it: a server, a router, a floating IP; else empty.
    pub device_id: String,
    /// What uses it: `compute:nova`, `network:router_interface`, …
    pub device_owner: String,
    /// Its addresses.
    pub fixed_ips: Vec<FixedIp>,
    allowed_address_pairs: Vec<Value>,
    extra_dhcp_opts: Vec<Value>,
    /// Ids of its security groups.
    pub security_groups: Vec<String>,
    /// Whether it is guarded.
    pub port_security_enabled: bool,
    /// `normal`, `direct`, …
    pub vnic_type: String,
    /// On which host it is; else empty.
    pub host_id: String,
    /// What the host is told.
    pub profile: Value,
    #[serde(flatten)]
    pub(super) standard: Standard,
}

impl Record for Port {
    const KIND: &'static str = "network.port";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![
            ("network", self.network_id.clone()),
            ("project", self.project_id.clone()),
            ("mac", format!("{}/{}", self.network_id, self.mac_address)),
        ];
        if !self.device_id.is_empty() {
            keys.push(("device", self.device_id.clone()));
        }
        for ip in &self.fixed_ips {
            keys.push(("subnet", ip.subnet_id.clone()));
            keys.push(("address", allocation::key(&ip.subnet_id, ip.ip_address)));
        }
        keys.extend(self.security_groups.iter().map(|group| ("group", group.clone())));
        keys
    }
}

impl Port {
    /// `ovs` where it is bound, as the testbed's mechanism driver has it.
    pub fn vif_type(&self) -> &'static str {
        if self.host_id.is_empty() { "unbound" } else { "ovs" }
    }
}

/// Whether what uses a port is trusted not to attack: Neutron's own devices are.
pub(super) fn is_trusted(device_owner: &str) -> bool {
    device_owner.starts_with("network:")
}

/// A MAC address that nobody on the network has.
// neutron/conf/common.py: base_mac
pub(crate) fn new_mac(
    transaction: &mut Transaction<'_>,
    scope: &str,
    network: &str,
) -> Result<String, WorldError> {
    loop {
        let drawn = transaction.draw()?;
        let [first, second, third, ..] = drawn;
        let mac = format!("fa:16:3e:{first:02x}:{second:02x}:{third:02x}");
        if !is_mac_taken(transaction, scope, network, &mac)? {
            return Ok(mac);
        }
    }
}

fn is_mac_taken(
    transaction: &Transaction<'_>,
    scope: &str,
    network: &str,
    mac: &str,
) -> Result<bool, WorldError> {
    Ok(transaction.count::<Port>(scope, Some(("mac", &format!("{network}/{mac}"))))? > 0)
}

fn refuse_taken_mac(
    transaction: &Transaction<'_>,
    scope: &str,
    network: &str,
    mac: &str,
) -> Result<(), Fault> {
    if is_mac_taken(transaction, scope, network, mac)? {
        let message =
            format!("Unable to complete operation for network {network}. The mac address {mac} is in use.");
        return Err(faults::in_use("MacAddressInUse", message));
    }
    Ok(())
}

/// Makes a port from a body that was found to be right.
pub(super) fn make(
    transaction: &mut Transaction<'_>,
    scope: &str,
    caller: &Caller,
    network: &Network,
    body: &Body,
) -> Result<Port, Fault> {
    let device_owner = body.text("device_owner").to_owned();
    let project_id = body.project().to_owned();
    if !project_id.is_empty() {
        security_groups::default_of(transaction, scope, &project_id)?;
    }
    let mac_address = match body.get("mac_address").and_then(Value::as_str) {
        Some(mac) => {
            refuse_taken_mac(transaction, scope, &network.id, mac)?;
            mac.to_owned()
        }
        None => new_mac(transaction, scope, &network.id)?,
    };
    let wanted = body.get("fixed_ips").and_then(Value::as_array).map(Vec::as_slice);
    let fixed_ips = allocation::allocate(transaction, scope, network, wanted, &device_owner, &mac_address)?;
    let guarded = !is_trusted(&device_owner)
        && body.boolean("port_security_enabled").unwrap_or(network.port_security_enabled);
    let pairs = body.get("allowed_address_pairs").and_then(Value::as_array).cloned().unwrap_or_default();
    if !pairs.is_empty() && !guarded {
        return Err(pairs_without_security());
    }
    let groups = body.texts("security_groups");
    let security_groups = if is_trusted(&device_owner) {
        Vec::new()
    } else if guarded {
        match groups {
            Some(groups) => security_groups::for_port(transaction, scope, caller, &project_id, &groups)?,
            None => vec![security_groups::default_of(transaction, scope, &project_id)?],
        }
    } else if groups.is_some_and(|groups| !groups.is_empty()) {
        return Err(groups_without_security());
    } else {
        Vec::new()
    };
    let mut port = Port {
        id: transaction.new_uuid()?.to_string(),
        name: body.text("name").to_owned(),
        project_id,
        network_id: network.id.clone(),
        allowed_address_pairs: with_mac(pairs, &mac_address),
        mac_address,
        admin_state_up: body.boolean("admin_state_up").unwrap_or(true),
        status: "DOWN".to_owned(),
        device_id: body.text("device_id").to_owned(),
        device_owner,
        fixed_ips,
        extra_dhcp_opts: body.get("extra_dhcp_opts").and_then(Value::as_array).cloned().unwrap_or_default(),
        security_groups,
        port_security_enabled: guarded,
        vnic_type: body.get("binding:vnic_type").and_then(Value::as_str).unwrap_or("normal").to_owned(),
        host_id: String::new(),
        profile: body
            .get("binding:profile")
            .filter(|profile| profile.is_object())
            .cloned()
            .unwrap_or(json!({})),
        standard: Standard::new(transaction.now(), body.text("description"), 1),
    };
    port.standard.set_tags(body.texts("tags").unwrap_or_default());
    let host = body.text("binding:host_id");
    if !host.is_empty() {
        binding::to_host(&mut port, host, transaction.now());
    }
    transaction.put(scope, &port)?;
    Ok(port)
}

fn with_mac(mut pairs: Vec<Value>, mac: &str) -> Vec<Value> {
    for pair in pairs.iter_mut().filter_map(Value::as_object_mut) {
        pair.entry("mac_address").or_insert_with(|| json!(mac));
    }
    pairs
}

fn pairs_without_security() -> Fault {
    let message = "Port Security must be enabled in order to have allowed address pairs on a port.";
    faults::in_use("AddressPairAndPortSecurityRequired", message)
}

fn groups_without_security() -> Fault {
    let message =
        "Port security must be enabled and port must have an IP address in order to use security groups.";
    Fault::bad_request(message).of_kind("PortSecurityAndIPRequiredForSecurityGroups")
}

/// Changes a port by a body that was found to be right and allowed.
pub(super) fn change(
    transaction: &mut Transaction<'_>,
    scope: &str,
    caller: &Caller,
    mut port: Port,
    body: &Body,
) -> Result<Port, Fault> {
    let Some(network) = transaction.get::<Network>(scope, &port.network_id)? else {
        return Err(super::networks::NETWORK.missing(&port.network_id));
    };
    let before = port.clone();
    if let Some(mac) = body.get("mac_address").and_then(Value::as_str).filter(|mac| *mac != port.mac_address)
    {
        if is_trusted(&port.device_owner) {
            let message = format!(
                "Operation mac address update is not supported for device_owner {} on port {}.",
                port.device_owner, port.id
            );
            return Err(faults::in_use("UnsupportedPortDeviceOwner", message));
        }
        if !port.host_id.is_empty() {
            let message = format!(
                "Unable to complete operation on port {}, port is already bound, port type: {}, old_mac {}, new_mac {mac}.",
                port.id,
                port.vif_type(),
                port.mac_address
            );
            return Err(faults::in_use("PortBound", message));
        }
        refuse_taken_mac(transaction, scope, &network.id, mac)?;
        mac.clone_into(&mut port.mac_address);
    }
    if let Some(wanted) = body.get("fixed_ips").and_then(Value::as_array) {
        floating_ips::refuse_change_of(transaction, scope, &port, wanted)?;
        allocation::change(transaction, scope, &network, &mut port, wanted)?;
    }
    change_security(transaction, scope, caller, &mut port, body)?;
    body.change_text("name", &mut port.name);
    body.change_text("description", &mut port.standard.description);
    body.change_text("device_id", &mut port.device_id);
    body.change_text("device_owner", &mut port.device_owner);
    body.change_boolean("admin_state_up", &mut port.admin_state_up);
    if let Some(options) = body.get("extra_dhcp_opts").and_then(Value::as_array) {
        change_options(&mut port.extra_dhcp_opts, options);
    }
    if let Some(kind) =
        body.get("binding:vnic_type").and_then(Value::as_str).filter(|kind| *kind != port.vnic_type)
    {
        if !port.host_id.is_empty() {
            let message = format!(
                "Unable to complete operation on port {} for network {}. Port already has an attached device {}.",
                port.id, port.network_id, port.device_id
            );
            return Err(faults::in_use("PortInUse", message));
        }
        kind.clone_into(&mut port.vnic_type);
    }
    if let Some(profile) = body.get("binding:profile") {
        port.profile = if profile.is_object() { profile.clone() } else { json!({}) };
    }
    let now = transaction.now();
    let changes = changes(&before, &port);
    port.standard.touch_times(now, changes);
    if let Some(host) = body.get("binding:host_id") {
        binding::to_host(&mut port, host.as_str().unwrap_or_default(), now);
    }
    transaction.put(scope, &port)?;
    Ok(port)
}

/// How many revisions a change is.
// neutron/services/revisions/revision_plugin.py: an object's is counted once in a transaction. A description alone is
// counted as the standard attributes', what belongs to a port as the port's.
fn changes(before: &Port, after: &Port) -> u64 {
    let own = |port: &Port| {
        let texts = [&port.name, &port.device_id, &port.device_owner, &port.mac_address];
        (texts.map(String::clone), port.admin_state_up)
    };
    let described = before.standard.description != after.standard.description && own(before) == own(after);
    let secured = before.allowed_address_pairs != after.allowed_address_pairs
        || before.security_groups != after.security_groups;
    if described && secured { 2 } else { 1 }
}

// neutron/plugins/ml2/plugin.py, _portsec_ext_port_update_processing
fn change_security(
    transaction: &mut Transaction<'_>,
    scope: &str,
    caller: &Caller,
    port: &mut Port,
    body: &Body,
) -> Result<(), Fault> {
    body.change_boolean("port_security_enabled", &mut port.port_security_enabled);
    if let Some(pairs) = body.get("allowed_address_pairs").and_then(Value::as_array) {
        port.allowed_address_pairs = with_mac(pairs.clone(), &port.mac_address);
    }
    if !port.port_security_enabled && !port.allowed_address_pairs.is_empty() {
        return Err(pairs_without_security());
    }
    match body.texts("security_groups") {
        Some(groups) if !groups.is_empty() && !port.port_security_enabled => {
            return Err(groups_without_security());
        }
        Some(groups) => {
            port.security_groups =
                security_groups::for_port(transaction, scope, caller, &port.project_id, &groups)?;
        }
        None if !port.port_security_enabled && !port.security_groups.is_empty() => {
            let message = "Port has security group associated. Cannot disable port security or IP address until \
                           security group is removed.";
            return Err(faults::in_use("PortSecurityPortHasSecurityGroup", message));
        }
        None => {}
    }
    Ok(())
}

/// An option with the value `null` is removed; others are added or replaced.
fn change_options(kept: &mut Vec<Value>, given: &[Value]) {
    for option in given {
        kept.retain(|known| known.get("opt_name") != option.get("opt_name"));
        if option.get("opt_value").is_some_and(|value| !value.is_null()) {
            kept.push(option.clone());
        }
    }
}

/// Removes a port, and takes it from the floating IP that pointed at it.
pub(super) fn remove(transaction: &mut Transaction<'_>, scope: &str, port: &Port) -> Result<(), Fault> {
    floating_ips::disassociate(transaction, scope, &port.id)?;
    transaction.remove::<Port>(scope, &port.id)?;
    for ip in &port.fixed_ips {
        allocation::release(transaction, scope, ip)?;
    }
    Ok(())
}

/// Whether somebody sees a port.
fn is_seen_by(port: &Port, caller: &Caller, network: Option<&Network>) -> bool {
    policy::may_see(caller, &port.project_id)
        || network.is_some_and(|network| policy::may_see(caller, &network.project_id))
}
