//! The part of `protector.yaml` that says what one thing is called on each site.

use super::SiteConfig;
use crate::config::ConfigError;
use crate::config::mappings::{AddressPair, AddressRule, MappingError, MappingKind, Mappings, NamePair};
use crate::config::place::Place;
use crate::id::SiteName;
use std::collections::BTreeMap;

/// What becomes of a subnet's addresses, beside what the subnet is called on each site.
const ADDRESSES: &str = "addresses";

type Sites = BTreeMap<SiteName, SiteConfig>;

pub(super) fn read(place: &Place<'_>, sites: &Sites) -> Result<Mappings, ConfigError> {
    place.only(&[
        "networks",
        "test_networks",
        "subnets",
        "flavors",
        "volume_types",
        "test_volume_types",
        "security_groups",
        "availability_zones",
        "keypairs",
        "server_groups",
        "images",
    ])?;
    let mut mappings = Mappings::default();
    for kind in MappingKind::ALL {
        let Some(list) = place.find(kind.as_str()) else { continue };
        for entry in list.list()? {
            let subnet = *kind == MappingKind::Subnet;
            let rule = entry.find(ADDRESSES).filter(|_| subnet);
            let names = entry.entries()?;
            let names = names.iter().filter(|(key, _)| !(subnet && *key == ADDRESSES));
            let mut pair = NamePair::new();
            for (site, name) in names {
                pair.insert(site_name(site, name, sites)?, name.text()?.to_owned());
            }
            let added = match rule {
                Some(rule) => mappings.insert_subnet(pair, address_rule(&rule, sites)?),
                None => mappings.insert(*kind, pair),
            };
            added.map_err(|error| entry.invalid(problem(error)))?;
        }
    }
    Ok(mappings)
}

fn site_name(site: &str, named: &Place<'_>, sites: &Sites) -> Result<SiteName, ConfigError> {
    let name = SiteName::from(site);
    if sites.contains_key(&name) { Ok(name) } else { Err(named.invalid("is no site of this file")) }
}

fn address_rule(place: &Place<'_>, sites: &Sites) -> Result<AddressRule, ConfigError> {
    match place.text() {
        Ok("keep") => return Ok(AddressRule::Keep),
        Ok("translate") => return Ok(AddressRule::Translate),
        Ok(_) => return Err(place.invalid("is neither `keep` nor `translate` nor a table of addresses")),
        // A table is no text.
        Err(_) => {}
    }
    let mut table = Vec::new();
    for entry in place.list()? {
        let mut pair = AddressPair::new();
        for (site, address) in entry.entries()? {
            let parsed = address.text()?.parse().map_err(|_| address.invalid("is no IP address"))?;
            pair.insert(site_name(site, &address, sites)?, parsed);
        }
        table.push(pair);
    }
    Ok(AddressRule::Table(table))
}

fn problem(error: MappingError) -> String {
    match error {
        MappingError::NotAPair { .. } => "does not say what one thing is called on each site".to_owned(),
        MappingError::MappedTwice { site, name, .. } => {
            format!("maps `{name}` on {site}, which is mapped already: keep one of the two")
        }
        MappingError::AddressTwice { site, address } => {
            format!("maps {address} on {site} twice: keep one of the two")
        }
        MappingError::NotAnAddressPair => {
            "has a pair of addresses that is none: one on each site, both IPv4 or both IPv6".to_owned()
        }
        MappingError::NoAddresses { .. } => "has a rule for addresses: only subnets have one".to_owned(),
    }
}
