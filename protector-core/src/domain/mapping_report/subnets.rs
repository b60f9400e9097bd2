//! Subnets are no names only: what is asked of them is that the addresses of VMs have a place in them, and come back.

use super::{MappingView, SiteNames};
use crate::config::{MappingKind, Mappings};
use crate::domain::subnet_mapping::{Direction, KnownSubnet};
use crate::domain::{FixedAddress, ServerDefinition};
use std::collections::BTreeMap;

/// Tells what stands for each subnet in which VMs have addresses, and for those that are listed.
pub(super) fn views(
    (from, to): (&SiteNames, &SiteNames),
    mappings: &Mappings,
    definitions: &[ServerDefinition],
) -> Vec<MappingView> {
    let mut report = Report { from, to, mappings, views: BTreeMap::new(), given: BTreeMap::new() };
    for definition in definitions.iter().filter(|definition| definition.site == from.site) {
        for port in &definition.ports {
            for fixed in &port.fixed_addresses {
                report.follow(&definition.name, &port.network, fixed);
            }
        }
    }
    report.listed();
    report.views.into_values().collect()
}

struct Report<'a> {
    from: &'a SiteNames,
    to: &'a SiteNames,
    mappings: &'a Mappings,
    /// By network and subnet.
    views: BTreeMap<(String, String), MappingView>,
    /// Whose the addresses will be, by network.
    given: BTreeMap<(String, String), String>,
}

impl<'a> Report<'a> {
    fn there(&self) -> Direction<'a> {
        Direction { mappings: self.mappings, from: &self.from.site, to: &self.to.site }
    }

    fn view(&self, name: &str) -> MappingView {
        MappingView {
            kind: MappingKind::Subnet,
            from: self.from.site.clone(),
            name: name.to_owned(),
            to: self.to.site.clone(),
            mapped: name.to_owned(),
            explicit: false,
            needed_by: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn network(&self, from: &SiteNames, name: &str, to: &SiteNames) -> String {
        self.mappings.target(MappingKind::Network, &from.site, name, &to.site).name
    }

    fn follow(&mut self, server: &str, network: &str, fixed: &FixedAddress) {
        let label = fixed.subnet_label();
        let mapped_network = self.network(self.from, network, self.to);
        // That a network is missing is told of the network.
        let Some(subnets) = self.to.networks.get(&mapped_network) else { return };
        let mut problems = Vec::new();
        let placed = self.there().place(fixed, subnets);
        let mapped = match &placed {
            Ok(placed) => {
                problems.extend(self.comes_back(
                    network,
                    fixed,
                    (&mapped_network, placed.subnet, &placed.address),
                ));
                let key = (mapped_network.clone(), placed.address.clone());
                let owner = self.given.entry(key).or_insert_with(|| server.to_owned());
                if owner != server {
                    problems.push(format!(
                        "{} in {mapped_network} at {} would be that of {owner} and of {server}",
                        placed.address, self.to.site
                    ));
                }
                Some((placed.subnet.label().to_owned(), placed.explicit))
            }
            Err(none) => {
                problems.push(format!("{mapped_network} at {}: {}", self.to.site, none.message));
                let listed = self.mappings.subnet(&self.from.site, &fixed.known_as(), &self.to.site);
                listed.map(|(name, _)| (name.to_owned(), true))
            }
        };
        let fresh = self.view(label);
        let view = self.views.entry((network.to_owned(), label.to_owned())).or_insert(fresh);
        if let Some((mapped, explicit)) = mapped {
            (view.mapped, view.explicit) = (mapped, explicit);
        }
        if view.needed_by.last().is_none_or(|last| last != server) {
            view.needed_by.push(server.to_owned());
        }
        view.problems.extend(problems);
    }

    /// Where an address would come on the way back, if that is not where it was.
    fn comes_back(
        &self,
        network: &str,
        fixed: &FixedAddress,
        (mapped_network, subnet, address): (&str, &KnownSubnet, &str),
    ) -> Option<String> {
        let home = self.network(self.to, mapped_network, self.from);
        // That the way back of a network leads elsewhere is told of the network.
        let subnets = self.from.networks.get(&home).filter(|_| home == network)?;
        let there = FixedAddress {
            subnet: subnet.name.clone(),
            subnet_id: Some(subnet.id.clone()),
            cidr: subnet.cidr.clone(),
            address: address.to_owned(),
        };
        let back = Direction { mappings: self.mappings, from: &self.to.site, to: &self.from.site };
        match back.place(&there, subnets) {
            Ok(placed) if placed.address == fixed.address => None,
            Ok(placed) => {
                Some(format!("the way back of {address} leads to {}, not {}", placed.address, fixed.address))
            }
            Err(none) => Some(format!("{address} has no way back: {}", none.message)),
        }
    }

    /// What is listed and has no VM yet.
    fn listed(&mut self) {
        for pair in self.mappings.pairs(MappingKind::Subnet) {
            let (Some(name), Some(mapped)) = (pair.get(&self.from.site), pair.get(&self.to.site)) else {
                continue;
            };
            let subnet = |site: &'a SiteNames, word: &str| {
                site.networks.values().flatten().find(|subnet| subnet.is(word))
            };
            let (here, there) = (subnet(self.from, name), subnet(self.to, mapped));
            let label = here.map_or(name.as_str(), KnownSubnet::label);
            if self.views.keys().any(|(_, known)| known == label || known == name) {
                continue;
            }
            let mut view = self.view(label);
            (view.mapped, view.explicit) =
                (there.map_or(mapped.as_str(), KnownSubnet::label).to_owned(), true);
            for (found, site, word) in [(here, self.from, name), (there, self.to, mapped)] {
                if found.is_none() {
                    view.problems.push(format!("{} has no {word}", site.site));
                }
            }
            self.views.insert((String::new(), label.to_owned()), view);
        }
    }
}
