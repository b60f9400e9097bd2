use super::MappingError;
use crate::id::SiteName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Which address on one site stands for which on the other.
pub type AddressPair = BTreeMap<SiteName, IpAddr>;

/// What becomes of the addresses of a subnet in the one that stands for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AddressRule {
    /// They stay as they are.
    #[default]
    Keep,
    /// Each keeps its place in the range: 10.1.0.7 of 10.1.0.0/24 is 10.2.0.7 in 10.2.0.0/24.
    Translate,
    /// Each becomes what a table says; one that is not listed has none.
    #[serde(untagged)]
    Table(Vec<AddressPair>),
}

impl AddressRule {
    pub(super) fn is_keep(&self) -> bool {
        *self == Self::Keep
    }

    /// A table names each address once on each of the two sites, and keeps to one kind of address.
    pub(super) fn check(&self, sites: &BTreeSet<&SiteName>) -> Result<(), MappingError> {
        let Self::Table(pairs) = self else { return Ok(()) };
        let mut seen: BTreeSet<(&SiteName, &IpAddr)> = BTreeSet::new();
        for pair in pairs {
            if pair.keys().collect::<BTreeSet<_>>() != *sites {
                return Err(MappingError::NotAnAddressPair);
            }
            if pair.values().any(IpAddr::is_ipv4) && pair.values().any(IpAddr::is_ipv6) {
                return Err(MappingError::NotAnAddressPair);
            }
            if let Some((site, address)) = pair.iter().find(|entry| !seen.insert(*entry)) {
                return Err(MappingError::AddressTwice { site: site.clone(), address: *address });
            }
        }
        Ok(())
    }

    /// What a table says of an address of the site `from`.
    pub fn listed(&self, from: &SiteName, address: IpAddr, to: &SiteName) -> Option<IpAddr> {
        let Self::Table(pairs) = self else { return None };
        pairs.iter().find(|pair| pair.get(from) == Some(&address))?.get(to).copied()
    }
}
