//! Where ports go: network, subnets, addresses, security groups.

use super::Placement;
use crate::config::MappingKind;
use crate::domain::subnet_mapping::{Direction, KnownSubnet, PlacedAddress};
use crate::domain::{Finding, FindingCode, FixedAddress, PortDefinition};
use crate::id::PortId;
use crate::openstack::network::{AddressPair, ExtraDhcpOption, FixedIp, Network, NewPort, Port};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which MAC and IP addresses of which networks have been given to ports of this plan.
#[derive(Debug, Default)]
pub(in crate::operations) struct Claims(BTreeMap<(String, String), String>);

impl Claims {
    /// Who has the address already; else it is `owner`'s from now on.
    fn claim(&mut self, network: &str, address: &str, owner: &str) -> Option<String> {
        let key = (network.to_owned(), address.to_ascii_lowercase());
        let known = self.0.get(&key).cloned();
        if known.is_none() {
            self.0.insert(key, owner.to_owned());
        }
        known
    }
}

/// Where a port's fixed addresses go, in their order.
pub(in crate::operations) struct PlacedPort<'a> {
    pub(in crate::operations) network: &'a Network,
    pub(in crate::operations) fixed_ips: Vec<FixedIp>,
    /// What other addresses it may use are there, as far as they are others.
    companions: BTreeMap<String, String>,
}

impl<'a> PlacedPort<'a> {
    /// A port in a network, without an address yet.
    pub(in crate::operations) fn new(network: &'a Network) -> Self {
        Self { network, fixed_ips: Vec::new(), companions: BTreeMap::new() }
    }

    /// Gives it the place that one of its addresses has found, and what of its other addresses comes along.
    pub(in crate::operations) fn take(
        &mut self,
        direction: Direction<'_>,
        (port, fixed): (&PortDefinition, &FixedAddress),
        found: &PlacedAddress<'_>,
    ) {
        self.companions.extend(companions(direction, port, fixed, found.subnet));
        let (subnet_id, address) = (found.subnet.id.clone(), found.address.clone());
        self.fixed_ips.push(FixedIp { subnet_id, ip_address: Some(address) });
    }

    /// What other addresses the port may use there.
    pub(in crate::operations) fn allowed_address_pairs(&self, port: &PortDefinition) -> Vec<AddressPair> {
        let mut pairs = address_pairs(port);
        for pair in &mut pairs {
            if let Some(there) = self.companions.get(&pair.ip_address) {
                pair.ip_address.clone_from(there);
            }
        }
        pairs
    }

    /// The addresses.
    pub(in crate::operations) fn addresses(&self) -> Vec<String> {
        self.fixed_ips.iter().filter_map(|fixed| fixed.ip_address.clone()).collect()
    }
}

impl<'p> Placement<'p> {
    /// The port with the same MAC in the mapped network, with the addresses that the mapped subnets give it; `instead` of one
    /// that is there.
    pub(in crate::operations) fn port(
        &self,
        server: &str,
        port: &PortDefinition,
        instead: Option<&PortId>,
        claims: &mut Claims,
    ) -> Result<NewPort, Vec<Finding>> {
        self.port_at(server, port, (self.place_port(server, port)?, instead), claims)
    }

    /// The port with the same MAC at a place; `instead` of one that is there.
    pub(in crate::operations) fn port_at(
        &self,
        server: &str,
        port: &PortDefinition,
        (placed, instead): (PlacedPort<'_>, Option<&PortId>),
        claims: &mut Claims,
    ) -> Result<NewPort, Vec<Finding>> {
        let mut findings = self.conflicts(server, port, (&placed, instead), claims);
        let security_groups = self.security_groups(server, port, &mut findings);
        if !findings.is_empty() {
            return Err(findings);
        }
        let allowed_address_pairs = placed.allowed_address_pairs(port);
        let new = new_port(port, placed.network.id.clone(), placed.fixed_ips, security_groups);
        Ok(NewPort { allowed_address_pairs, ..new })
    }

    /// The network and the addresses of a port, whoever has them.
    pub(in crate::operations) fn place_port(
        &self,
        server: &str,
        port: &PortDefinition,
    ) -> Result<PlacedPort<'p>, Vec<Finding>> {
        let name = self.mapped(MappingKind::Network, &port.network);
        let subject = format!("network {name} of server {server}");
        let Some(network) = self.target.network(&name) else {
            return Err(vec![self.finding(
                FindingCode::NetworkUnmapped,
                subject,
                format!("there is no network {name} (for {} at {})", port.network, self.source_site),
                "make it, or map the network in protector.yaml (mappings.networks)",
            )]);
        };
        let subnets = self.target.subnets.iter().filter(|subnet| subnet.network_id == network.id);
        let subnets: Vec<KnownSubnet> = subnets
            .map(|subnet| KnownSubnet {
                id: subnet.id.clone(),
                name: subnet.name.clone(),
                cidr: subnet.cidr.clone(),
            })
            .collect();
        let direction = Direction { mappings: self.mappings, from: self.source_site, to: &self.target.site };
        let mut findings = Vec::new();
        let mut placed = PlacedPort::new(network);
        for fixed in &port.fixed_addresses {
            match direction.place(fixed, &subnets) {
                Ok(found) => placed.take(direction, (port, fixed), &found),
                Err(none) => {
                    findings.push(self.finding(none.code, subject.clone(), none.message, &none.remedy));
                }
            }
        }
        if findings.is_empty() { Ok(placed) } else { Err(findings) }
    }

    /// Where a port is that is there, if that is where the mappings have it today.
    pub(in crate::operations) fn stands(
        &self,
        server: &str,
        port: &PortDefinition,
        there: &Port,
    ) -> Option<PlacedPort<'p>> {
        let wanted = self.place_port(server, port).ok()?;
        let is: BTreeSet<&String> =
            there.fixed_ips.iter().filter_map(|fixed| fixed.ip_address.as_ref()).collect();
        let addresses = wanted.addresses();
        let same = wanted.network.id == there.network_id && is == addresses.iter().collect();
        same.then_some(wanted)
    }

    /// Whether the security groups of a port at the target stand for those of the other: several may be mapped to one.
    pub(in crate::operations) fn has_same_security_groups(
        &self,
        port: &PortDefinition,
        wanted: &[String],
        there: &[String],
    ) -> bool {
        let back = |id: &String| {
            let known = self.target.security_groups.iter().find(|group| group.id == *id)?;
            Some(self.mapped_back(MappingKind::SecurityGroup, &known.name))
        };
        let sorted = |groups: &[String]| groups.iter().cloned().collect::<BTreeSet<String>>();
        let came_from: Option<BTreeSet<String>> = there.iter().map(back).collect();
        sorted(wanted) == sorted(there) || came_from == Some(sorted(&port.security_groups))
    }

    /// Who has the port's MAC or addresses there already, or gets them by the same plan.
    fn conflicts(
        &self,
        server: &str,
        port: &PortDefinition,
        (placed, instead): (&PlacedPort<'_>, Option<&PortId>),
        claims: &mut Claims,
    ) -> Vec<Finding> {
        let network = &placed.network.id;
        let addresses = placed.addresses();
        let subject = format!("port {} of server {server}", port.mac_address);
        let uses = |other: &&Port| {
            let of_other = || other.fixed_ips.iter().filter_map(|fixed| fixed.ip_address.as_ref());
            other.mac_address.eq_ignore_ascii_case(&port.mac_address)
                || of_other().any(|address| addresses.contains(address))
        };
        let others = self.target.ports.iter().filter(|other| Some(&other.id) != instead);
        let there = others.filter(|other| other.network_id == *network).filter(uses);
        let mut findings: Vec<Finding> = there
            .map(|other| {
                self.finding(
                    FindingCode::AddressInUse,
                    subject.clone(),
                    format!("its MAC or IP address is used by port {} ({})", other.id, other.name),
                    "free the address, remove that port, or end the test that uses it",
                )
            })
            .collect();
        for address in addresses.iter().chain([&port.mac_address]) {
            if let Some(other) = claims.claim(network, address, &subject) {
                findings.push(self.finding(
                    FindingCode::AddressTwice,
                    subject.clone(),
                    format!("{address} in network {} would be that of {other}, too", placed.network.name),
                    "map the networks or subnets of the two to different ones in protector.yaml (mappings)",
                ));
            }
        }
        findings
    }

    /// The ids of the security groups that stand for a port's.
    pub(in crate::operations) fn security_groups(
        &self,
        server: &str,
        port: &PortDefinition,
        findings: &mut Vec<Finding>,
    ) -> Vec<String> {
        let mut security_groups = Vec::new();
        for group in &port.security_groups {
            let mapped = self.mapped(MappingKind::SecurityGroup, group);
            match self.target.security_group(&mapped) {
                Some(found) => security_groups.push(found.id.clone()),
                None => findings.push(self.finding(
                    FindingCode::SecurityGroupMissing,
                    format!("security group {mapped} of server {server}"),
                    format!("there is no security group {mapped} (for {group} at {})", self.source_site),
                    "make it, or map the security group in protector.yaml (mappings.security_groups)",
                )),
            }
        }
        security_groups
    }
}

/// What of a port's other addresses comes along with one of its own.
fn companions(
    direction: Direction<'_>,
    port: &PortDefinition,
    fixed: &FixedAddress,
    subnet: &KnownSubnet,
) -> Vec<(String, String)> {
    let allowed = port.allowed_address_pairs.iter().map(|pair| &pair.ip_address);
    let there = |allowed: &String| Some((allowed.clone(), direction.companion(allowed, fixed, subnet)?));
    allowed.filter_map(there).collect()
}

/// A port in another network that is the same in all else.
pub(in crate::operations) fn new_port(
    port: &PortDefinition,
    network_id: String,
    fixed_ips: Vec<FixedIp>,
    security_groups: Vec<String>,
) -> NewPort {
    let protected = port.port_security_enabled.unwrap_or(true);
    NewPort {
        network_id,
        name: port.name.clone(),
        description: port.description.clone(),
        mac_address: Some(port.mac_address.clone()),
        fixed_ips,
        allowed_address_pairs: address_pairs(port),
        port_security_enabled: port.port_security_enabled,
        // Neutron refuses security groups on a port without port security.
        security_groups: protected.then_some(security_groups),
        admin_state_up: port.admin_state_up,
        // Nova sets it from the server's host name.
        dns_name: None,
        vnic_type: port.vnic_type.clone().filter(|kind| kind != "normal"),
        extra_dhcp_opts: dhcp_options(port),
    }
}

fn address_pairs(port: &PortDefinition) -> Vec<AddressPair> {
    let pairs = port.allowed_address_pairs.iter();
    pairs
        .map(|pair| AddressPair {
            ip_address: pair.ip_address.clone(),
            mac_address: pair.mac_address.clone(),
        })
        .collect()
}

/// A port's options for DHCP.
pub(in crate::operations) fn dhcp_options(port: &PortDefinition) -> Vec<ExtraDhcpOption> {
    let options = port.extra_dhcp_options.iter();
    options.filter_map(|option: &Value| serde_json::from_value(option.clone()).ok()).collect()
}
