use super::TestFailoverFacts;
use super::pool::largest_gap;
use crate::config::MappingKind;
use crate::domain::subnet_mapping::{Direction, KnownSubnet};
use crate::domain::{Finding, FindingCode, FixedAddress, PortDefinition, ServerDefinition};
use crate::openstack::network::{AllocationPool, FixedIp, Network, Subnet};
use crate::operations::placement::PlacedPort;
use std::collections::{BTreeMap, BTreeSet};

/// The networks that a test stands in, by the name that each has where the group runs.
pub(super) struct Grounds<'a>(BTreeMap<&'a str, Ground<'a>>);

/// One of them.
pub(super) enum Ground<'a> {
    /// A network that is there for tests.
    Mapped { network: &'a Network, subnets: Vec<&'a Subnet> },
    /// A network that is made for this test, by the ranges that its subnets have.
    Isolated(BTreeMap<&'a str, NewRange>),
}

/// A range of addresses in a network that is made.
pub(super) struct NewRange {
    pub(super) name: String,
    pub(super) ip_version: u8,
    /// Where Neutron may choose addresses.
    pub(super) pool: Option<AllocationPool>,
}

impl<'a> Grounds<'a> {
    pub(super) fn choose(
        facts: &TestFailoverFacts<'a>,
        definitions: &[&'a ServerDefinition],
        findings: &mut Vec<Finding>,
    ) -> Self {
        let ports = || definitions.iter().flat_map(|definition| &definition.ports);
        let names: BTreeSet<&str> = ports().map(|port| port.network.as_str()).collect();
        let mut grounds = BTreeMap::new();
        for name in names {
            match mapped(facts, name) {
                Ok(Some(network)) => {
                    let subnets = facts.site.subnets.iter();
                    let subnets = subnets.filter(|subnet| subnet.network_id == network.id).collect();
                    grounds.insert(name, Ground::Mapped { network, subnets });
                }
                Ok(None) => {
                    let inside = ports().filter(|port| port.network == name);
                    grounds.insert(name, Ground::Isolated(ranges(inside)));
                }
                Err(finding) => findings.push(*finding),
            }
        }
        Self(grounds)
    }

    pub(super) fn of(&self, port: &PortDefinition) -> Option<&Ground<'a>> {
        self.0.get(port.network.as_str())
    }

    /// Those that are made, by the name of the network that each stands for.
    pub(super) fn isolated(&self) -> impl Iterator<Item = (&'a str, &BTreeMap<&'a str, NewRange>)> {
        self.0.iter().filter_map(|(name, ground)| match ground {
            Ground::Isolated(ranges) => Some((*name, ranges)),
            Ground::Mapped { .. } => None,
        })
    }
}

/// The network that is there for tests of a network, if one is named.
fn mapped<'a>(facts: &TestFailoverFacts<'a>, name: &str) -> Result<Option<&'a Network>, Box<Finding>> {
    let (source, site) = (&facts.group.current_primary_site, &facts.site.site);
    let target = |kind| facts.config.mappings.target(kind, source, name, site);
    let wanted = target(MappingKind::TestNetwork);
    if !wanted.explicit {
        return Ok(None);
    }
    let finding = |message: String, remedy: &str| {
        let subject = format!("test network {}", wanted.name);
        Box::new(Finding::new(FindingCode::NetworkUnmapped, site, subject, message, remedy))
    };
    let Some(network) = facts.site.network(&wanted.name) else {
        return Err(finding(
            format!("there is no network {} (for tests of {name} at {source})", wanted.name),
            "make it, or name another in protector.yaml (mappings.test_networks)",
        ));
    };
    let production = facts.site.network(&target(MappingKind::Network).name);
    if production.is_some_and(|production| production.id == network.id) {
        return Err(finding(
            format!("it is where the VMs of {name} go in a real failover"),
            "name another network for tests in protector.yaml (mappings.test_networks)",
        ));
    }
    Ok(Some(network))
}

/// The ranges of a network as its ports tell them.
fn ranges<'a>(ports: impl Iterator<Item = &'a PortDefinition>) -> BTreeMap<&'a str, NewRange> {
    let mut used: BTreeMap<&str, (&FixedAddress, Vec<String>)> = BTreeMap::new();
    for fixed in ports.flat_map(|port| &port.fixed_addresses) {
        let (_, addresses) = used.entry(fixed.cidr.as_str()).or_insert_with(|| (fixed, Vec::new()));
        addresses.push(fixed.address.clone());
    }
    let range = |(cidr, (fixed, addresses)): (&'a str, (&FixedAddress, Vec<String>))| {
        let ip_version = if fixed.address.contains(':') { 6 } else { 4 };
        let range = NewRange { name: fixed.subnet.clone(), ip_version, pool: largest_gap(cidr, &addresses) };
        (cidr, range)
    };
    used.into_iter().map(range).collect()
}

/// Where a port goes in a network that is there: into the subnet that the mappings lead to, as in a move; else it has its own
/// address where the network has the range, else one that Neutron chooses.
pub(super) fn place_in<'a>(
    facts: &TestFailoverFacts<'a>,
    (network, subnets): (&'a Network, &[&Subnet]),
    (server, port): (&str, &PortDefinition),
) -> Result<PlacedPort<'a>, Vec<Finding>> {
    let (source, site) = (&facts.group.current_primary_site, &facts.site.site);
    let direction = Direction { mappings: &facts.config.mappings, from: source, to: site };
    let refuse = |code, message: String, remedy: &str| {
        let subject = format!("test network {} of server {server}", network.name);
        Finding::new(code, site, subject, message, remedy)
    };
    let mut findings = Vec::new();
    let mut placed = PlacedPort::new(network);
    for fixed in &port.fixed_addresses {
        if let Some(there) = counterpart(facts, direction, (&port.network, fixed), subnets) {
            match direction.place(fixed, std::slice::from_ref(&there)) {
                Ok(found) => placed.take(direction, (port, fixed), &found),
                Err(none) => findings.push(refuse(none.code, none.message, &none.remedy)),
            }
            continue;
        }
        let same = subnets.iter().find(|subnet| subnet.cidr == fixed.cidr);
        let version = if fixed.address.contains(':') { 6 } else { 4 };
        let other = || subnets.iter().find(|subnet| subnet.ip_version == version);
        match (same, other()) {
            (Some(subnet), _) => placed
                .fixed_ips
                .push(FixedIp { subnet_id: subnet.id.clone(), ip_address: Some(fixed.address.clone()) }),
            (None, Some(subnet)) => {
                placed.fixed_ips.push(FixedIp { subnet_id: subnet.id.clone(), ip_address: None });
            }
            (None, None) => findings.push(refuse(
                FindingCode::SubnetUnmapped,
                format!("it has no subnet for an address like {}", fixed.address),
                "make a subnet in it, or name another network in protector.yaml (mappings.test_networks)",
            )),
        }
    }
    if findings.is_empty() { Ok(placed) } else { Err(findings) }
}

/// The subnet of a test network that stands for an address's own by a mapping: the one that is named, or, as that one is most
/// often in the network of a real move, the one of its range. It is called what the mapping calls it.
fn counterpart(
    facts: &TestFailoverFacts<'_>,
    direction: Direction<'_>,
    (network, fixed): (&str, &FixedAddress),
    subnets: &[&Subnet],
) -> Option<KnownSubnet> {
    let (name, _) = direction.mappings.subnet(direction.from, &fixed.known_as(), direction.to)?;
    let named = |subnet: &&Subnet| subnet.id == name || subnet.name == name;
    let found = subnets.iter().copied().find(named).or_else(|| {
        let moved = direction.mappings.target(MappingKind::Network, direction.from, network, direction.to);
        let moved = facts.site.network(&moved.name)?;
        let mut there = facts.site.subnets.iter().filter(|subnet| subnet.network_id == moved.id);
        let there = there.find(named)?;
        subnets.iter().copied().find(|subnet| subnet.cidr == there.cidr)
    })?;
    Some(KnownSubnet { id: found.id.clone(), name: name.to_owned(), cidr: found.cidr.clone() })
}
