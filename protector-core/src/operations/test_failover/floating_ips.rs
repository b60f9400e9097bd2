//! Floating IPs for copies: new ones, for those whose originals have one, where the test's network leads outside.

use super::TestFailoverFacts;
use super::copies::Copy;
use super::networks::Ground;
use crate::config::MappingKind;
use crate::domain::{Finding, FindingCode, FloatingAddress, PortDefinition};
use crate::inventory::WaysOut;
use crate::openstack::network::{NewPort, Port, Subnet};

/// A floating IP that a copy's port is to have.
pub(super) struct NewAddress {
    /// The external network.
    pub(super) network_id: String,
    /// What it is called.
    pub(super) network: String,
    /// The subnet in which the port has the address that it leads to.
    pub(super) subnet_id: String,
}

/// The floating IP of a port's copy, if its original has one and it can have one; why not is told.
pub(super) fn choose(
    facts: &TestFailoverFacts<'_>,
    ways_out: &WaysOut,
    ground: &Ground<'_>,
    (server, port, new): (&str, &PortDefinition, &NewPort),
    warnings: &mut Vec<Finding>,
) -> Option<NewAddress> {
    let (first, more) = port.floating_ips.split_first()?;
    let mut tell = |address: &FloatingAddress, message: String, remedy: &str| {
        warnings.push(Finding::new(
            FindingCode::AttributeDropped,
            &facts.site.site,
            format!("floating IP of server {server}"),
            format!("its copy has none for {}: {message}", address.address),
            remedy,
        ));
    };
    for address in more {
        let message = "a port of a test has one floating IP".to_owned();
        tell(address, message, "make another by hand if the test needs it");
    }
    let (network, subnets) = match ground {
        Ground::Mapped { network, subnets } => (network, subnets),
        Ground::Isolated(_) => {
            let message = format!("the network that is made for tests of {} leads nowhere", port.network);
            let remedy = "name a network for tests that a router joins with an external network, in protector.yaml \
                          (mappings.test_networks)";
            tell(first, message, remedy);
            return None;
        }
    };
    let inside = new.fixed_ips.iter().filter_map(|fixed| {
        let subnet = subnets.iter().find(|subnet| subnet.id == fixed.subnet_id)?;
        // Neutron translates IPv4 only.
        (subnet.ip_version == 4).then_some(*subnet)
    });
    let mut ways: Vec<(&Subnet, &str)> = Vec::new();
    for subnet in inside {
        let joined = facts.site.ports.iter().filter(|port| is_of_router(port, &network.id, &subnet.id));
        let routers = joined
            .filter_map(|port| ways_out.routers.iter().find(|router| router.id == port.device_id))
            .filter_map(|router| router.external_gateway_info.as_ref());
        ways.extend(routers.map(|gateway| (subnet, gateway.network_id.as_str())));
    }
    let chosen = if let Some(name) = wanted(facts, first) {
        let there = facts.site.network(&name).filter(|network| network.external);
        let way = there.and_then(|there| ways.iter().find(|(_, outside)| *outside == there.id));
        if way.is_none() {
            let message = format!("no router that is seen joins test network {} with {name}", network.name);
            let remedy = "join them, or map the external network to another in protector.yaml \
                          (mappings.test_networks)";
            tell(first, message, remedy);
        }
        way
    } else {
        let named = |(_, id): &&(&Subnet, &str)| {
            let name = outside_name(facts, id);
            first.network.as_deref().is_some_and(|home| home == name)
        };
        let way = ways.iter().find(named).or_else(|| ways.first());
        if way.is_none() {
            let message = format!(
                "no router that is seen joins test network {} with an external network",
                network.name
            );
            tell(first, message, "join them, or use the test without a floating IP");
        }
        way
    };
    chosen.map(|(subnet, outside)| NewAddress {
        network_id: (*outside).to_owned(),
        network: outside_name(facts, outside).to_owned(),
        subnet_id: subnet.id.clone(),
    })
}

/// The external network that a mapping names for the one that an address is from: for tests before all moves.
fn wanted(facts: &TestFailoverFacts<'_>, address: &FloatingAddress) -> Option<String> {
    let home = address.network.as_deref()?;
    let (source, site) = (&facts.group.current_primary_site, &facts.site.site);
    let mappings = &facts.config.mappings;
    let named = [MappingKind::TestNetwork, MappingKind::Network].into_iter();
    let mut named = named.map(|kind| mappings.target(kind, source, home, site));
    named.find(|mapped| mapped.explicit).map(|mapped| mapped.name)
}

// neutron_lib/constants.py (ROUTER_INTERFACE_OWNERS), 2026.2
fn is_of_router(port: &Port, network: &str, subnet: &str) -> bool {
    let owners = [
        "network:router_interface",
        "network:router_interface_distributed",
        "network:ha_router_replicated_interface",
    ];
    owners.contains(&port.device_owner.as_str())
        && port.network_id == network
        && port.fixed_ips.iter().any(|fixed| fixed.subnet_id == subnet)
}

fn outside_name<'a>(facts: &TestFailoverFacts<'a>, id: &'a str) -> &'a str {
    let network = facts.site.networks.iter().find(|network| network.id == id);
    network.map_or(id, |network| network.name.as_str())
}

/// Whether the project may have so many more.
pub(super) fn quota(
    facts: &TestFailoverFacts<'_>,
    ways_out: Option<&WaysOut>,
    copies: &[Copy<'_>],
) -> Option<Finding> {
    let wanted = copies.iter().flat_map(|copy| &copy.ports).filter(|port| port.floating_ip.is_some());
    let needed = wanted.count() as u64;
    let usage = ways_out?.quota?;
    let free = usage.remaining()?;
    (needed > free).then(|| {
        Finding::new(
            FindingCode::QuotaExceeded,
            &facts.site.site,
            "quota floatingip",
            format!("{needed} more are needed, {free} are free of {}", usage.limit),
            "raise the quota of the project, free what is not needed, or test without floating IPs",
        )
    })
}
