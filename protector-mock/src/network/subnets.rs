//! Subnets: prefixes of a network, and which of their addresses ports are given.
// neutron_lib/api/definitions/subnet.py, neutron/db/{db_base_plugin_v2,ipam_backend_mixin}.py, 2026.2

use super::addresses::{Prefix, Range, address};
use super::attributes::body::{self, Body};
use super::attributes::{Attribute, Check, Missing, Policy, Resource};
use super::listing::{self, View};
use super::networks::{self, Network};
use super::ports::{Port, allocation};
use super::standard::Standard;
use super::{faults, policy, revisions};
use crate::cloud::{Call, Caller, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Some of a subnet's addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pool {
    /// The first.
    pub(crate) start: IpAddr,
    /// The last.
    pub(crate) end: IpAddr,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subnet {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) project_id: String,
    /// What it is part of.
    pub(crate) network_id: String,
    /// Its prefix.
    pub(crate) cidr: String,
    /// Where its ports send what is for elsewhere.
    pub(crate) gateway_ip: Option<IpAddr>,
    /// Whether its ports are told their addresses.
    pub(crate) enable_dhcp: bool,
    /// What ports are given that ask for no address.
    pub(crate) allocation_pools: Vec<Pool>,
    host_routes: Vec<Value>,
    dns_nameservers: Vec<String>,
    ipv6_ra_mode: Option<String>,
    /// `slaac` and `dhcpv6-stateless` make addresses from MAC addresses.
    pub(super) ipv6_address_mode: Option<String>,
    /// Which owners of ports it is for; all if empty.
    pub(super) service_types: Vec<String>,
    #[serde(flatten)]
    pub(super) standard: Standard,
}

impl Record for Subnet {
    const KIND: &'static str = "network.subnet";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("network", self.network_id.clone()), ("project", self.project_id.clone())]
    }
}

impl Subnet {
    /// Its prefix; what was stored was checked.
    pub(super) fn prefix(&self) -> Option<Prefix> {
        self.cidr.parse().ok()
    }

    /// 4 or 6.
    pub(super) fn version(&self) -> u8 {
        self.prefix().map_or(4, Prefix::version)
    }

    /// Its pools as ranges.
    pub(super) fn ranges(&self) -> Vec<Range> {
        self.allocation_pools.iter().filter_map(|pool| Range::between(pool.start, pool.end)).collect()
    }

    fn is_seen_by(&self, caller: &Caller, network: Option<&Network>) -> bool {
        policy::may_see(caller, &self.project_id) || network.is_some_and(|network| network.is_seen_by(caller))
    }
}

const MODES: &[&str] = &["dhcpv6-stateful", "dhcpv6-stateless", "slaac"];

pub(super) static SUBNET: Resource = Resource {
    name: "subnet",
    collection: "subnets",
    not_found: ("SubnetNotFound", "Subnet ", " could not be found."),
    tagged: true,
    attributes: &[
        Attribute::open("name", Check::Text(255), Missing::Text("")).listed(),
        Attribute::fixed("ip_version", Check::IpVersion, Missing::Required).listed(),
        Attribute::fixed("network_id", Check::Uuid, Missing::Required).listed(),
        Attribute::fixed("subnetpool_id", Check::UuidOrNull, Missing::Unset).listed(),
        Attribute::fixed("use_default_subnetpool", Check::Boolean, Missing::Boolean(false)),
        Attribute::fixed("prefixlen", Check::NonNegative, Missing::Unset),
        Attribute::fixed("cidr", Check::PrefixOrNull, Missing::Unset).listed(),
        Attribute::open("gateway_ip", Check::AddressOrNull, Missing::Unset).listed(),
        Attribute::open("allocation_pools", Check::Pools, Missing::Unset),
        Attribute::open("dns_nameservers", Check::Addresses, Missing::Unset),
        Attribute::open("host_routes", Check::Routes, Missing::Unset),
        Attribute::open("enable_dhcp", Check::Boolean, Missing::Boolean(true)).listed(),
        Attribute::fixed("ipv6_ra_mode", Check::OneOfOrNull(MODES), Missing::Unset).listed(),
        Attribute::fixed("ipv6_address_mode", Check::OneOfOrNull(MODES), Missing::Unset).listed(),
        Attribute::open("service_types", Check::UniqueTexts, Missing::Unset).ruled(Policy::Admin),
        Attribute::shown("shared").filtered().of(Check::Boolean),
        Attribute::shown("router:external").filtered().of(Check::Boolean),
    ],
};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/subnets", list),
    Route::new(Method::POST, "/v2.0/subnets", create),
    Route::new(Method::GET, "/v2.0/subnets/{subnet}", show),
    Route::new(Method::PUT, "/v2.0/subnets/{subnet}", update),
    Route::new(Method::DELETE, "/v2.0/subnets/{subnet}", delete),
];

/// A subnet that the caller sees, and its network.
pub(super) fn find(call: &Call<'_, '_>, id: &str) -> Result<(Subnet, Option<Network>), Fault> {
    let subnet = call.transaction.get::<Subnet>(&call.site.name, id)?.ok_or_else(|| SUBNET.missing(id))?;
    let network = call.transaction.get::<Network>(&call.site.name, &subnet.network_id)?;
    if subnet.is_seen_by(&call.caller, network.as_ref()) {
        Ok((subnet, network))
    } else {
        Err(SUBNET.missing(id))
    }
}

fn view(subnet: &Subnet, network: Option<&Network>) -> View {
    let mut view = listing::view(json!({
        "id": subnet.id, "name": subnet.name, "tenant_id": subnet.project_id, "project_id": subnet.project_id,
        "network_id": subnet.network_id, "ip_version": subnet.version(), "subnetpool_id": null,
        "enable_dhcp": subnet.enable_dhcp, "ipv6_ra_mode": subnet.ipv6_ra_mode,
        "ipv6_address_mode": subnet.ipv6_address_mode, "gateway_ip": subnet.gateway_ip, "cidr": subnet.cidr,
        "allocation_pools": subnet.allocation_pools, "host_routes": subnet.host_routes,
        "dns_nameservers": subnet.dns_nameservers, "service_types": subnet.service_types,
        "router:external": network.is_some_and(|network| network.external),
    }));
    subnet.standard.show(&mut view);
    view
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let networks: Vec<Network> = call.transaction.list(&call.site.name)?;
    let network = |id: &str| networks.iter().find(|network| network.id == id);
    let shared = call.query.get("shared").map(|shared| shared.eq_ignore_ascii_case("true"));
    let subnets: Vec<Subnet> = call.transaction.list(&call.site.name)?;
    let views = subnets
        .iter()
        .filter(|subnet| subnet.is_seen_by(&call.caller, network(&subnet.network_id)))
        .map(|subnet| {
            let network = network(&subnet.network_id);
            let mut view = view(subnet, network);
            // It is filtered by, but not shown.
            if shared.is_some() {
                view.insert("shared".to_owned(), json!(network.is_some_and(|network| network.shared)));
            }
            view
        })
        .collect();
    listing::list(call, &SUBNET, views)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let (subnet, network) = find(call, call.parameter("subnet"))?;
    Ok(listing::show(call, &SUBNET, view(&subnet, network.as_ref())))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    body::create(call, &SUBNET, |call, body| {
        let network = networks::find(call, body.text("network_id"))?;
        let subnet = make(call.transaction, &call.site.name, &network, body)?;
        Ok(view(&subnet, Some(&network)))
    })
}

/// Makes a subnet from a body that was found to be right.
pub(super) fn make(
    transaction: &mut Transaction<'_>,
    scope: &str,
    network: &Network,
    body: &Body,
) -> Result<Subnet, Fault> {
    let prefix = prefix(body)?;
    let version = body.get("ip_version").and_then(Value::as_u64).unwrap_or(4);
    let gateway_ip = match body.get("gateway_ip") {
        None => Some(address(
            prefix.version(),
            if prefix.first() == prefix.last() { prefix.first() } else { prefix.first() + 1 },
        )),
        Some(gateway) => gateway.as_str().and_then(|gateway| gateway.parse().ok()),
    };
    let mode = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let subnet = Subnet {
        id: transaction.new_uuid()?.to_string(),
        name: body.text("name").to_owned(),
        project_id: body.project().to_owned(),
        network_id: network.id.clone(),
        cidr: prefix.to_string(),
        gateway_ip,
        enable_dhcp: body.boolean("enable_dhcp").unwrap_or(true),
        allocation_pools: Vec::new(),
        host_routes: body.get("host_routes").and_then(Value::as_array).cloned().unwrap_or_default(),
        dns_nameservers: body.texts("dns_nameservers").unwrap_or_default(),
        ipv6_ra_mode: mode("ipv6_ra_mode"),
        ipv6_address_mode: mode("ipv6_address_mode"),
        service_types: body.texts("service_types").unwrap_or_default(),
        standard: Standard::new(transaction.now(), body.text("description"), 0),
    };
    if u64::from(prefix.version()) != version {
        return Err(other_version("cidr", &prefix.to_string(), version));
    }
    refuse(&subnet, false)?;
    if prefix.length() == 0 {
        return Err(faults::invalid_input("0 is not allowed as CIDR prefix length"));
    }
    for other in transaction.find::<Subnet>(scope, "network", &network.id)? {
        if other.prefix().is_some_and(|other| other.overlaps(prefix)) {
            return Err(faults::invalid_input(format!(
                "Requested subnet with cidr: {prefix} for network: {} overlaps with another subnet",
                network.id
            )));
        }
    }
    let allocation_pools = pools(&subnet, body.get("allocation_pools"))?;
    let subnet = Subnet { allocation_pools, ..subnet };
    transaction.put(scope, &subnet)?;
    networks::touch(transaction, scope, &network.id)?;
    Ok(subnet)
}

fn prefix(body: &Body) -> Result<Prefix, Fault> {
    let cidr = body.get("cidr").and_then(Value::as_str);
    let refused = |message: &str| Err(faults::bad_request("subnets", message));
    if cidr.is_some() && body.get("prefixlen").is_some() {
        return refused("cidr and prefixlen must not be supplied together");
    }
    if let Some(pool) = body.get("subnetpool_id").and_then(Value::as_str) {
        let message = format!("Subnet pool {pool} could not be found.");
        return Err(faults::not_found("SubnetPoolNotFound", message));
    }
    if body.boolean("use_default_subnetpool") == Some(true) {
        let version = body.get("ip_version").and_then(Value::as_u64).unwrap_or(4);
        return refused(&format!("No default subnetpool found for IPv{version}"));
    }
    match cidr.map(str::parse::<Prefix>) {
        Some(Ok(prefix)) => Ok(prefix.network()),
        _ => refused("a subnetpool must be specified in the absence of a cidr"),
    }
}

fn other_version(name: &str, address: &str, version: u64) -> Fault {
    faults::invalid_input(format!("{name} '{address}' does not match the ip_version '{version}'"))
}

// neutron/db/db_base_plugin_v2.py, _validate_subnet
fn refuse(subnet: &Subnet, dhcp_was_enabled: bool) -> Result<(), Fault> {
    let Some(prefix) = subnet.prefix() else { return Ok(()) };
    let version = prefix.version();
    if version == 6 && prefix.first() == 0 {
        return Err(faults::invalid_input("IPv6 subnet '::' is not supported"));
    }
    if subnet.enable_dhcp && !dhcp_was_enabled {
        if prefix.length() > if version == 4 { 30 } else { 126 } {
            return Err(faults::invalid_input(
                "Subnet has a prefix length that is incompatible with DHCP service enabled",
            ));
        }
        if prefix.is_multicast() {
            return Err(faults::invalid_input("Multicast IP subnet is not supported if enable_dhcp is True"));
        }
        if prefix.is_loopback() {
            return Err(faults::invalid_input("Loopback IP subnet is not supported if enable_dhcp is True"));
        }
        if version == 4 && prefix.first() == 0 {
            return Err(faults::invalid_input(
                "First IP '0.0.0.0' of network is not supported if enable_dhcp is True.",
            ));
        }
    }
    let same = |address: &IpAddr| address.is_ipv4() == (version == 4);
    if let Some(gateway) = subnet.gateway_ip {
        if !same(&gateway) {
            return Err(other_version("gateway_ip", &gateway.to_string(), version.into()));
        }
        let taken = [address(version, prefix.first()), address(version, prefix.last())];
        if version == 4 && prefix.length() < 31 && taken.contains(&gateway) {
            return Err(faults::invalid_input("Gateway is not valid on subnet"));
        }
    }
    if subnet.dns_nameservers.len() > 5 {
        let message = format!(
            "Unable to complete operation for {}. The number of DNS nameservers exceeds the limit 5.",
            subnet.id
        );
        return Err(Fault::bad_request(message).of_kind("DNSNameServersExhausted"));
    }
    for server in &subnet.dns_nameservers {
        if server.parse().is_ok_and(|server| !same(&server)) {
            return Err(other_version("dns_nameserver", server, version.into()));
        }
    }
    if subnet.host_routes.len() > 20 {
        let message = format!(
            "Unable to complete operation for {}. The number of host routes exceeds the limit 20.",
            subnet.id
        );
        return Err(Fault::bad_request(message).of_kind("HostRoutesExhausted"));
    }
    for route in &subnet.host_routes {
        let text = |name: &str| route.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("nexthop").parse().is_ok_and(|next| !same(&next)) {
            return Err(other_version("nexthop", text("nexthop"), version.into()));
        }
        if text("destination").parse::<Prefix>().is_ok_and(|destination| destination.version() != version) {
            return Err(other_version("destination", text("destination"), version.into()));
        }
    }
    if version == 4 {
        for (name, mode) in
            [("ipv6_ra_mode", &subnet.ipv6_ra_mode), ("ipv6_address_mode", &subnet.ipv6_address_mode)]
        {
            if mode.is_some() {
                return Err(faults::invalid_input(format!("{name} is not valid when ip_version is 4")));
            }
        }
        return Ok(());
    }
    refuse_modes(subnet, prefix)
}

// neutron/db/db_base_plugin_v2.py, _validate_ipv6_attributes
fn refuse_modes(subnet: &Subnet, prefix: Prefix) -> Result<(), Fault> {
    let (ra, addresses) = (subnet.ipv6_ra_mode.as_deref(), subnet.ipv6_address_mode.as_deref());
    if !subnet.enable_dhcp && (ra.is_some() || addresses.is_some()) {
        return Err(faults::invalid_input(
            "ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False",
        ));
    }
    if let (Some(ra), Some(addresses)) = (ra, addresses)
        && ra != addresses
    {
        return Err(faults::invalid_input(format!(
            "ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{addresses}' is not valid. If both attributes are \
             set, they must be the same value"
        )));
    }
    let automatic = |mode: Option<&str>| matches!(mode, Some("slaac" | "dhcpv6-stateless"));
    if (automatic(ra) || automatic(addresses)) && prefix.length() != 64 {
        return Err(faults::invalid_input(format!(
            "Invalid CIDR {prefix} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the \
             prefix to be /64"
        )));
    }
    Ok(())
}

// neutron/db/ipam_backend_mixin.py, _prepare_allocation_pools
fn pools(subnet: &Subnet, given: Option<&Value>) -> Result<Vec<Pool>, Fault> {
    let Some(prefix) = subnet.prefix() else { return Ok(Vec::new()) };
    let usable = prefix.usable();
    let Some(given) = given.and_then(Value::as_array) else {
        let ranges = usable.without(subnet.gateway_ip).into_iter();
        return Ok(ranges.map(|range| Pool { start: range.start(), end: range.end() }).collect());
    };
    let parsed =
        |pool: &Value, name: &str| pool.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
    let mut ranges: Vec<Range> = Vec::new();
    for pool in given {
        let (Some(start), Some(end)) = (parsed(pool, "start"), parsed(pool, "end")) else { continue };
        let Some(range) = Range::between(start, end).filter(|range| range.version == prefix.version()) else {
            let message = format!("The allocation pool {start}-{end} is not valid.");
            return Err(Fault::bad_request(message).of_kind("InvalidAllocationPool"));
        };
        if range.first < usable.first || range.last > usable.last {
            let message = format!("The allocation pool {range} spans beyond the subnet cidr {prefix}.");
            return Err(Fault::bad_request(message).of_kind("OutOfBoundsAllocationPool"));
        }
        ranges.push(range);
    }
    for (position, one) in ranges.iter().enumerate() {
        if let Some(other) = ranges.iter().skip(position + 1).find(|other| other.overlaps(*one)) {
            let message = format!("Found overlapping allocation pools: {one} {other} for subnet {prefix}.");
            return Err(faults::in_use("OverlappingAllocationPools", message));
        }
    }
    refuse_gateway_in(subnet.gateway_ip, &ranges)?;
    Ok(ranges.into_iter().map(|range| Pool { start: range.start(), end: range.end() }).collect())
}

fn refuse_gateway_in(gateway: Option<IpAddr>, ranges: &[Range]) -> Result<(), Fault> {
    let Some(gateway) = gateway else { return Ok(()) };
    let Some(range) = ranges.iter().find(|range| range.contains(gateway)) else { return Ok(()) };
    let message = format!("Gateway ip {gateway} conflicts with allocation pool {range}.");
    Err(faults::in_use("GatewayConflictWithAllocationPools", message))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = body::update(call, &SUBNET)?;
    let (mut subnet, network) = find(call, call.parameter("subnet"))?;
    body::allow_update(call, &SUBNET, &subnet.project_id, network.as_ref(), &body)?;
    revisions::expect(call, subnet.standard.revision_number)?;
    let scope = call.scope();
    let dhcp_was_enabled = subnet.enable_dhcp;
    body.change_text("name", &mut subnet.name);
    body.change_text("description", &mut subnet.standard.description);
    body.change_boolean("enable_dhcp", &mut subnet.enable_dhcp);
    if let Some(servers) = body.texts("dns_nameservers") {
        subnet.dns_nameservers = servers;
    }
    if let Some(routes) = body.get("host_routes").and_then(Value::as_array) {
        subnet.host_routes.clone_from(routes);
    }
    if let Some(types) = body.texts("service_types") {
        subnet.service_types = types;
    }
    if let Some(gateway) = body.get("gateway_ip") {
        let gateway = gateway.as_str().and_then(|gateway| gateway.parse().ok());
        if gateway != subnet.gateway_ip {
            refuse_used_gateway(call.transaction, &scope, &subnet)?;
            subnet.gateway_ip = gateway;
            if body.get("allocation_pools").is_none() {
                refuse_gateway_in(subnet.gateway_ip, &subnet.ranges())?;
            }
        }
    }
    refuse(&subnet, dhcp_was_enabled)?;
    if let Some(given) = body.get("allocation_pools") {
        subnet.allocation_pools = pools(&subnet, Some(given))?;
        allocation::forget_cursor(call.transaction, &scope, &subnet.id)?;
    }
    subnet.standard.touch(call.transaction.now());
    call.transaction.put(&scope, &subnet)?;
    Ok(listing::show(call, &SUBNET, view(&subnet, network.as_ref())))
}

fn refuse_used_gateway(transaction: &Transaction<'_>, scope: &str, subnet: &Subnet) -> Result<(), Fault> {
    let Some(gateway) = subnet.gateway_ip else { return Ok(()) };
    let ports: Vec<Port> = transaction.find(scope, "address", &allocation::key(&subnet.id, gateway))?;
    let Some(port) = ports.iter().find(|port| port.device_owner.starts_with("network:router_interface"))
    else {
        return Ok(());
    };
    let message =
        format!("Current gateway ip {gateway} already in use by port {}. Unable to update.", port.id);
    Err(faults::in_use("GatewayIpInUse", message))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let (subnet, network) = find(call, call.parameter("subnet"))?;
    let owns_network = network.is_some_and(|network| policy::may_change(&call.caller, &network.project_id));
    policy::require(owns_network || policy::may_change(&call.caller, &subnet.project_id), "delete_subnet")?;
    revisions::expect(call, subnet.standard.revision_number)?;
    let scope = call.scope();
    if call.transaction.count::<Port>(&scope, Some(("subnet", &subnet.id)))? > 0 {
        let message = format!(
            "Unable to complete operation on subnet {}: One or more ports have an IP allocation from this subnet.",
            subnet.id
        );
        return Err(faults::in_use("SubnetInUse", message));
    }
    forget(call.transaction, &scope, &subnet)?;
    networks::touch(call.transaction, &scope, &subnet.network_id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Removes a subnet that nobody uses.
pub(super) fn forget(
    transaction: &mut Transaction<'_>,
    scope: &str,
    subnet: &Subnet,
) -> Result<(), WorldError> {
    allocation::forget_cursor(transaction, scope, &subnet.id)?;
    transaction.remove::<Subnet>(scope, &subnet.id)?;
    Ok(())
}
