//! Which addresses a port gets: those that it asks for, else the lowest that is free.
// neutron/db/{ipam_pluggable_backend,ipam_backend_mixin}.py and neutron/ipam/exceptions.py, 2026.2. Neutron draws an
// address from a window of the lowest free ones; here it is always the lowest, so that the same requests give the same.

use super::{FixedIp, Port};
use crate::cloud::Fault;
use crate::network::addresses::{address, number};
use crate::network::faults;
use crate::network::networks::Network;
use crate::network::subnets::{SUBNET, Subnet};
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::{IpAddr, Ipv6Addr};

/// By what a port with this address is found.
pub(in crate::network) fn key(subnet: &str, address: IpAddr) -> String {
    format!("{subnet}/{address}")
}

/// Below this address, a subnet's pools are full. It spares looking at every address for every port.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    subnet: String,
    next: IpAddr,
}

impl Record for Cursor {
    const KIND: &'static str = "network.address-cursor";

    fn id(&self) -> &str {
        &self.subnet
    }
}

/// Forgets what was known about a subnet's free addresses.
pub(in crate::network) fn forget_cursor(
    transaction: &mut Transaction<'_>,
    scope: &str,
    subnet: &str,
) -> Result<(), WorldError> {
    transaction.remove::<Cursor>(scope, subnet)?;
    Ok(())
}

/// Notes that an address is free again.
pub(in crate::network) fn release(
    transaction: &mut Transaction<'_>,
    scope: &str,
    ip: &FixedIp,
) -> Result<(), WorldError> {
    let Some(cursor) = transaction.get::<Cursor>(scope, &ip.subnet_id)? else { return Ok(()) };
    if number(ip.ip_address) < number(cursor.next) {
        transaction.put(scope, &Cursor { next: ip.ip_address, ..cursor })?;
    }
    Ok(())
}

fn is_taken(
    transaction: &Transaction<'_>,
    scope: &str,
    subnet: &str,
    ip: IpAddr,
) -> Result<bool, WorldError> {
    Ok(transaction.count::<Port>(scope, Some(("address", &key(subnet, ip))))? > 0)
}

/// The lowest free address of a subnet's pools, but for those that were just chosen.
fn lowest_free(
    transaction: &mut Transaction<'_>,
    scope: &str,
    subnet: &Subnet,
    chosen: &[FixedIp],
) -> Result<Option<IpAddr>, WorldError> {
    let from = transaction.get::<Cursor>(scope, &subnet.id)?.map_or(0, |cursor| number(cursor.next));
    let mut ranges = subnet.ranges();
    ranges.sort_by_key(|range| range.first);
    for range in ranges {
        for candidate in range.first.max(from)..=range.last {
            let candidate = address(range.version, candidate);
            let just_chosen = chosen.iter().any(|ip| ip.subnet_id == subnet.id && ip.ip_address == candidate);
            if !just_chosen && !is_taken(transaction, scope, &subnet.id, candidate)? {
                transaction.put(scope, &Cursor { subnet: subnet.id.clone(), next: candidate })?;
                return Ok(Some(candidate));
            }
        }
    }
    Ok(None)
}

/// The free addresses of a subnet, in the order in which ports get them.
#[derive(Debug)]
pub(crate) struct FreeAddresses {
    subnet: Subnet,
    next: u128,
    last: Option<IpAddr>,
}

impl FreeAddresses {
    /// Of a subnet; `None` if it is not there.
    pub(crate) fn of(
        transaction: &Transaction<'_>,
        scope: &str,
        subnet: &str,
    ) -> Result<Option<Self>, WorldError> {
        let next = transaction.get::<Cursor>(scope, subnet)?.map_or(0, |cursor| number(cursor.next));
        let found = transaction.get::<Subnet>(scope, subnet)?;
        Ok(found.map(|subnet| Self { subnet, next, last: None }))
    }

    /// The next one; `None` if there is none left.
    pub(crate) fn next(
        &mut self,
        transaction: &Transaction<'_>,
        scope: &str,
    ) -> Result<Option<IpAddr>, WorldError> {
        let mut ranges = self.subnet.ranges();
        ranges.sort_by_key(|range| range.first);
        for range in ranges {
            for candidate in range.first.max(self.next)..=range.last {
                self.next = candidate.saturating_add(1);
                let candidate = address(range.version, candidate);
                if !is_taken(transaction, scope, &self.subnet.id, candidate)? {
                    self.last = Some(candidate);
                    return Ok(self.last);
                }
            }
        }
        Ok(None)
    }

    /// Keeps how far it came.
    pub(crate) fn end(self, transaction: &mut Transaction<'_>, scope: &str) -> Result<(), WorldError> {
        let Some(next) = self.last else { return Ok(()) };
        transaction.put(scope, &Cursor { subnet: self.subnet.id, next })
    }
}

/// The address that a MAC address gives on a prefix of 64 bits.
fn from_mac(subnet: &Subnet, mac: &str) -> Option<IpAddr> {
    let bytes: Vec<u8> = mac.split(':').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    let bytes: [u8; 6] = bytes.try_into().ok()?;
    let [first, maker @ .., one, two, three] = bytes;
    let [second, third] = maker;
    let host = u64::from_be_bytes([first ^ 2, second, third, 0xff, 0xfe, one, two, three]);
    Some(IpAddr::V6(Ipv6Addr::from(subnet.prefix()?.first() | u128::from(host))))
}

fn is_automatic(subnet: &Subnet) -> bool {
    matches!(subnet.ipv6_address_mode.as_deref(), Some("slaac" | "dhcpv6-stateless"))
}

fn is_router(owner: &str) -> bool {
    owner.starts_with("network:router")
}

/// The subnets of a network that are for such a port.
fn subnets_for(
    transaction: &Transaction<'_>,
    scope: &str,
    network: &Network,
    owner: &str,
) -> Result<Vec<Subnet>, Fault> {
    let all: Vec<Subnet> = transaction.find(scope, "network", &network.id)?;
    let none = all.is_empty();
    let fits = |subnet: &Subnet| {
        subnet.service_types.is_empty() || subnet.service_types.iter().any(|kind| kind == owner)
    };
    let fitting: Vec<Subnet> = all.into_iter().filter(fits).collect();
    if fitting.is_empty() && !none {
        let message = format!(
            "No valid service subnet for the given device owner, network {}, service type {owner}.",
            network.id
        );
        return Err(faults::in_use("IpAddressGenerationFailureNoMatchingSubnet", message));
    }
    Ok(fitting)
}

/// The addresses of a new port. `wanted` is what it asks for; nothing means one of each version.
pub(in crate::network) fn allocate(
    transaction: &mut Transaction<'_>,
    scope: &str,
    network: &Network,
    wanted: Option<&[Value]>,
    owner: &str,
    mac: &str,
) -> Result<Vec<FixedIp>, Fault> {
    let subnets = subnets_for(transaction, scope, network, owner)?;
    let mut chosen = Vec::new();
    match wanted {
        Some(wanted) => add(transaction, scope, network, &subnets, wanted, owner, mac, &mut chosen)?,
        None => {
            for version in [4, 6] {
                let candidates: Vec<&Subnet> = subnets
                    .iter()
                    .filter(|subnet| subnet.version() == version && !is_automatic(subnet))
                    .collect();
                if !candidates.is_empty() {
                    chosen.push(any_of(transaction, scope, network, &candidates, &chosen)?);
                }
            }
        }
    }
    add_automatic(&subnets, owner, mac, &mut chosen);
    Ok(chosen)
}

fn any_of(
    transaction: &mut Transaction<'_>,
    scope: &str,
    network: &Network,
    candidates: &[&Subnet],
    chosen: &[FixedIp],
) -> Result<FixedIp, Fault> {
    for subnet in candidates {
        if let Some(ip_address) = lowest_free(transaction, scope, subnet, chosen)? {
            return Ok(FixedIp { subnet_id: subnet.id.clone(), ip_address });
        }
    }
    let message = format!("No more IP addresses available on network {}.", network.id);
    Err(faults::in_use("IpAddressGenerationFailure", message))
}

fn add_automatic(subnets: &[Subnet], owner: &str, mac: &str, chosen: &mut Vec<FixedIp>) {
    if is_router(owner) {
        return;
    }
    for subnet in subnets.iter().filter(|subnet| is_automatic(subnet)) {
        let has = chosen.iter().any(|ip| ip.subnet_id == subnet.id);
        if let Some(ip_address) = from_mac(subnet, mac).filter(|_| !has) {
            chosen.push(FixedIp { subnet_id: subnet.id.clone(), ip_address });
        }
    }
}

/// Adds what is asked for: first the addresses that are named, so that no other of them is given away.
#[expect(clippy::too_many_arguments, reason = "all of it is what an address is chosen by")]
fn add(
    transaction: &mut Transaction<'_>,
    scope: &str,
    network: &Network,
    subnets: &[Subnet],
    wanted: &[Value],
    owner: &str,
    mac: &str,
    chosen: &mut Vec<FixedIp>,
) -> Result<(), Fault> {
    let mut plan: Vec<(&Subnet, Option<IpAddr>)> = Vec::new();
    for entry in wanted {
        let ip: Option<IpAddr> =
            entry.get("ip_address").and_then(Value::as_str).and_then(|ip| ip.parse().ok());
        let subnet = subnet_of(transaction, scope, network, subnets, entry, ip, owner)?;
        if is_automatic(subnet) && !is_router(owner) {
            if let Some(ip) = ip.filter(|ip| from_mac(subnet, mac) != Some(*ip)) {
                let message = format!(
                    "IPv6 address {ip} cannot be directly assigned to a port on subnet {} as the subnet is configured \
                     for automatic addresses",
                    subnet.id
                );
                return Err(Fault::bad_request(message).of_kind("AllocationOnAutoAddressSubnet"));
            }
            if ip.is_none() {
                continue;
            }
        }
        plan.push((subnet, ip));
    }
    plan.sort_by_key(|(_, ip)| ip.is_none());
    for (subnet, ip) in plan {
        let Some(ip_address) = ip else {
            let ip = any_of(transaction, scope, network, &[subnet], chosen)?;
            chosen.push(ip);
            continue;
        };
        if is_taken(transaction, scope, &subnet.id, ip_address)? {
            let message = format!("IP address {ip_address} already allocated in subnet {}", subnet.id);
            return Err(faults::in_use("IpAddressAlreadyAllocated", message));
        }
        chosen.push(FixedIp { subnet_id: subnet.id.clone(), ip_address });
    }
    Ok(())
}

// neutron/db/ipam_backend_mixin.py, _get_subnet_for_fixed_ip
fn subnet_of<'s>(
    transaction: &Transaction<'_>,
    scope: &str,
    network: &Network,
    subnets: &'s [Subnet],
    entry: &Value,
    ip: Option<IpAddr>,
    owner: &str,
) -> Result<&'s Subnet, Fault> {
    if subnets.is_empty() {
        return Err(faults::invalid_input("IP allocation requires subnets for network"));
    }
    let holds = |subnet: &Subnet, ip: IpAddr| subnet.prefix().is_some_and(|prefix| prefix.holds(ip, owner));
    if let Some(id) = entry.get("subnet_id").and_then(Value::as_str) {
        let Some(subnet) = subnets.iter().find(|subnet| subnet.id == id) else {
            if transaction.get::<Subnet>(scope, id)?.is_none() {
                return Err(SUBNET.missing(id));
            }
            return Err(faults::invalid_input(format!(
                "Failed to create port on network {}, because fixed_ips included invalid subnet {id}",
                network.id
            )));
        };
        if let Some(ip) = ip.filter(|ip| !holds(subnet, *ip)) {
            let message = format!("IP address {ip} is not a valid IP for the specified subnet.");
            return Err(Fault::bad_request(message).of_kind("InvalidIpForSubnet"));
        }
        return Ok(subnet);
    }
    let Some(ip) = ip else {
        return Err(faults::invalid_input("IP allocation requires subnet_id or ip_address"));
    };
    subnets.iter().find(|subnet| holds(subnet, ip)).ok_or_else(|| {
        let message =
            format!("IP address {ip} is not a valid IP for any of the subnets on the specified network.");
        Fault::bad_request(message).of_kind("InvalidIpForNetwork")
    })
}

/// Gives a port the addresses that are asked for, and keeps those of its own that fit.
// neutron/db/ipam_backend_mixin.py, _get_changed_ips_for_port
pub(in crate::network) fn change(
    transaction: &mut Transaction<'_>,
    scope: &str,
    network: &Network,
    port: &mut Port,
    wanted: &[Value],
) -> Result<(), Fault> {
    let mut old = port.fixed_ips.clone();
    let mut kept: Vec<FixedIp> = Vec::new();
    let mut keep = |old: &mut Vec<FixedIp>, fits: &dyn Fn(&FixedIp) -> bool| {
        let Some(position) = old.iter().position(fits) else { return false };
        kept.push(old.remove(position));
        true
    };
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut new: Vec<Value> = Vec::new();
    for entry in wanted {
        if let Some(ip) = text(entry, "ip_address")
            && !keep(&mut old, &|old| old.ip_address.to_string() == ip)
        {
            new.push(entry.clone());
        }
    }
    for entry in wanted.iter().filter(|entry| entry.get("ip_address").is_none()) {
        let subnet = text(entry, "subnet_id").unwrap_or_default();
        if !keep(&mut old, &|old| old.subnet_id == subnet) {
            new.push(entry.clone());
        }
    }
    let subnets = subnets_for(transaction, scope, network, &port.device_owner)?;
    // What is dropped may be taken again by the same request, so it is free first.
    port.fixed_ips.clone_from(&kept);
    transaction.put(scope, &*port)?;
    for ip in &old {
        release(transaction, scope, ip)?;
    }
    let (owner, mac) = (port.device_owner.clone(), port.mac_address.clone());
    add(transaction, scope, network, &subnets, &new, &owner, &mac, &mut kept)?;
    add_automatic(&subnets, &owner, &mac, &mut kept);
    port.fixed_ips = kept;
    Ok(())
}
