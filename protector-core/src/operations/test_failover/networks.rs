use super::TestFailoverFacts;
use super::pool::largest_gap;
use crate::config::MappingKind;
use crate::domain::{Finding, FindingCode, FixedAddress, PortDefinition, ServerDefinition};
use crate::openstack::network::{AllocationPool, FixedIp, Network, Subnet};
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

/// The addresses that a port has in a network that is there: its own where the network has the range, else one that Neutron
/// chooses.
pub(super) fn addresses(
    facts: &TestFailoverFacts<'_>,
    (network, subnets): (&Network, &[&Subnet]),
    (server, port): (&str, &PortDefinition),
    findings: &mut Vec<Finding>,
) -> Vec<FixedIp> {
    let mut fixed_ips: Vec<FixedIp> = Vec::new();
    for fixed in &port.fixed_addresses {
        let same = subnets.iter().find(|subnet| subnet.cidr == fixed.cidr);
        let version = if fixed.address.contains(':') { 6 } else { 4 };
        let other = || subnets.iter().find(|subnet| subnet.ip_version == version);
        match (same, other()) {
            (Some(subnet), _) => fixed_ips
                .push(FixedIp { subnet_id: subnet.id.clone(), ip_address: Some(fixed.address.clone()) }),
            (None, Some(subnet)) => {
                fixed_ips.push(FixedIp { subnet_id: subnet.id.clone(), ip_address: None });
            }
            (None, None) => findings.push(Finding::new(
                FindingCode::SubnetUnmapped,
                &facts.site.site,
                format!("test network {} of server {server}", network.name),
                format!("it has no subnet for an address like {}", fixed.address),
                "make a subnet in it, or name another network in protector.yaml (mappings.test_networks)",
            )),
        }
    }
    for other in facts.site.ports.iter().filter(|other| other.network_id == network.id) {
        let same_mac = other.mac_address.eq_ignore_ascii_case(&port.mac_address);
        let wanted = |address: &Option<String>| {
            address.is_some() && fixed_ips.iter().any(|own| own.ip_address == *address)
        };
        if same_mac || other.fixed_ips.iter().any(|ip| wanted(&ip.ip_address)) {
            findings.push(Finding::new(
                FindingCode::AddressInUse,
                &facts.site.site,
                format!("port {} of server {server}", port.mac_address),
                format!("its MAC or IP address is used by port {} ({})", other.id, other.name),
                "free the address in the test network, or end the test that uses it",
            ));
        }
    }
    fixed_ips
}
