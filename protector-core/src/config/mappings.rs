//! What is called one thing on one site and another on the other. Pure: no IO.

mod addresses;

pub use self::addresses::{AddressPair, AddressRule};
use crate::id::SiteName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// What can be mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MappingKind {
    /// Neutron networks.
    #[serde(rename = "networks")]
    Network,
    /// Neutron networks for tests: which network a test uses for one of the other site.
    #[serde(rename = "test_networks")]
    TestNetwork,
    /// Neutron subnets, by name or id.
    #[serde(rename = "subnets")]
    Subnet,
    /// Nova flavors.
    #[serde(rename = "flavors")]
    Flavor,
    /// Cinder volume types.
    #[serde(rename = "volume_types")]
    VolumeType,
    /// Cinder volume types for tests: which type a test uses for one of the other site.
    #[serde(rename = "test_volume_types")]
    TestVolumeType,
    /// Neutron security groups.
    #[serde(rename = "security_groups")]
    SecurityGroup,
    /// Nova and Cinder availability zones.
    #[serde(rename = "availability_zones")]
    AvailabilityZone,
    /// Nova keypairs.
    #[serde(rename = "keypairs")]
    Keypair,
    /// Nova server groups.
    #[serde(rename = "server_groups")]
    ServerGroup,
    /// Glance images that volumes were made from, by name or id.
    #[serde(rename = "images")]
    Image,
}

impl MappingKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::Network,
        Self::TestNetwork,
        Self::Subnet,
        Self::Flavor,
        Self::VolumeType,
        Self::TestVolumeType,
        Self::SecurityGroup,
        Self::AvailabilityZone,
        Self::Keypair,
        Self::ServerGroup,
        Self::Image,
    ];

    /// The key in `protector.yaml`, below `mappings`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Network => "networks",
            Self::TestNetwork => "test_networks",
            Self::Subnet => "subnets",
            Self::Flavor => "flavors",
            Self::VolumeType => "volume_types",
            Self::TestVolumeType => "test_volume_types",
            Self::SecurityGroup => "security_groups",
            Self::AvailabilityZone => "availability_zones",
            Self::Keypair => "keypairs",
            Self::ServerGroup => "server_groups",
            Self::Image => "images",
        }
    }
}

impl fmt::Display for MappingKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What one thing is called on each site.
pub type NamePair = BTreeMap<SiteName, String>;

/// A pair as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mapping {
    #[serde(default, skip_serializing_if = "AddressRule::is_keep")]
    addresses: AddressRule,
    #[serde(flatten)]
    names: NamePair,
}

/// For each kind, which name on one site stands for which on the other. Read in both directions; what is not
/// listed has the same name on both sites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<MappingKind, Vec<Mapping>>", into = "BTreeMap<MappingKind, Vec<Mapping>>")]
pub struct Mappings {
    written: BTreeMap<MappingKind, Vec<Mapping>>,
}

/// A name on the other site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// The name.
    pub name: String,
    /// Whether a mapping says so; otherwise the name is the same because nothing was said.
    pub explicit: bool,
}

/// A pair that cannot be added to the mappings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The pair does not name one thing on each of two sites.
    #[error("a mapping names one thing on each of two sites, this one names {sites}")]
    NotAPair {
        /// How many sites it names.
        sites: usize,
    },
    /// The name stands in another pair of its kind already.
    #[error("`{name}` on {site} is mapped twice among the {kind}")]
    MappedTwice {
        /// The kind.
        kind: MappingKind,
        /// The site.
        site: SiteName,
        /// The name that stands in two pairs.
        name: String,
    },
    /// A kind of which nothing has addresses has a rule for them.
    #[error("a rule for addresses is among the {kind}: only subnets have one")]
    NoAddresses {
        /// The kind.
        kind: MappingKind,
    },
    /// A pair of a table does not name one address on each of the two sites, both IPv4 or both IPv6.
    #[error("a table of addresses names one address on each of the two sites, both IPv4 or both IPv6")]
    NotAnAddressPair,
    /// An address stands in another pair of its table already.
    #[error("{address} on {site} is mapped twice in one table")]
    AddressTwice {
        /// The site.
        site: SiteName,
        /// The address that stands in two pairs.
        address: IpAddr,
    },
}

impl Mappings {
    /// Adds what one thing is called on each of two sites.
    ///
    /// # Errors
    /// The pair is none, or one of its names stands in another pair of this kind: nothing is added.
    pub fn insert(&mut self, kind: MappingKind, pair: NamePair) -> Result<(), MappingError> {
        self.add(kind, Mapping { names: pair, addresses: AddressRule::Keep })
    }

    /// Adds what one subnet is called on each of two sites, and what becomes of its addresses.
    ///
    /// # Errors
    /// The pair, or one of a table, is none, or something stands in another one already: nothing is added.
    pub fn insert_subnet(&mut self, pair: NamePair, addresses: AddressRule) -> Result<(), MappingError> {
        self.add(MappingKind::Subnet, Mapping { names: pair, addresses })
    }

    fn add(&mut self, kind: MappingKind, mapping: Mapping) -> Result<(), MappingError> {
        let names = &mapping.names;
        if names.len() != 2 {
            return Err(MappingError::NotAPair { sites: names.len() });
        }
        if kind != MappingKind::Subnet && !mapping.addresses.is_keep() {
            return Err(MappingError::NoAddresses { kind });
        }
        mapping.addresses.check(&names.keys().collect())?;
        let known = self.written.entry(kind).or_default();
        let stands =
            |site: &SiteName, name: &String| known.iter().any(|other| other.names.get(site) == Some(name));
        if let Some((site, name)) = names.iter().find(|(site, name)| stands(site, name)) {
            return Err(MappingError::MappedTwice { kind, site: site.clone(), name: name.clone() });
        }
        known.push(mapping);
        Ok(())
    }

    /// What `name` on the site `from` is called on the site `to`.
    pub fn target(&self, kind: MappingKind, from: &SiteName, name: &str, to: &SiteName) -> Mapped {
        match self.listed(kind, from, &[name], to) {
            Some((name, _)) => Mapped { name: name.to_owned(), explicit: true },
            None => Mapped { name: name.to_owned(), explicit: false },
        }
    }

    /// What stands for a subnet of the site `from`, which is known by several words, on the site `to`, and what becomes of its
    /// addresses; `None` if nothing was said.
    pub fn subnet(&self, from: &SiteName, known_as: &[&str], to: &SiteName) -> Option<(&str, &AddressRule)> {
        self.listed(MappingKind::Subnet, from, known_as, to)
    }

    fn listed(
        &self,
        kind: MappingKind,
        from: &SiteName,
        known_as: &[&str],
        to: &SiteName,
    ) -> Option<(&str, &AddressRule)> {
        let mappings = self.written.get(&kind)?;
        let of = |word: &&str| {
            mappings.iter().find(|mapping| mapping.names.get(from).is_some_and(|name| name == *word))
        };
        let mapping = known_as.iter().find_map(of)?;
        Some((mapping.names.get(to)?, &mapping.addresses))
    }

    /// The pairs of one kind, in the order in which they were written.
    pub fn pairs(&self, kind: MappingKind) -> impl Iterator<Item = &NamePair> {
        self.written.get(&kind).into_iter().flatten().map(|mapping| &mapping.names)
    }

    /// The sites that are named.
    pub fn sites(&self) -> BTreeSet<&SiteName> {
        self.written.values().flatten().flat_map(|mapping| mapping.names.keys()).collect()
    }
}

impl TryFrom<BTreeMap<MappingKind, Vec<Mapping>>> for Mappings {
    type Error = MappingError;

    fn try_from(written: BTreeMap<MappingKind, Vec<Mapping>>) -> Result<Self, MappingError> {
        let mut mappings = Self::default();
        for (kind, list) in written {
            for mapping in list {
                mappings.add(kind, mapping)?;
            }
        }
        Ok(mappings)
    }
}

impl From<Mappings> for BTreeMap<MappingKind, Vec<Mapping>> {
    fn from(mappings: Mappings) -> Self {
        mappings.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(a: &str, b: &str) -> NamePair {
        [("site-a".into(), a.to_owned()), ("site-b".into(), b.to_owned())].into()
    }

    #[test]
    fn a_mapping_is_read_in_both_directions_and_equal_names_need_none() {
        let (a, b) = (SiteName::from("site-a"), SiteName::from("site-b"));
        let mut mappings = Mappings::default();
        mappings.insert(MappingKind::Network, pair("app-net", "dr-app-net")).unwrap();

        let explicit = |name: &str| Mapped { name: name.to_owned(), explicit: true };
        let equal = |name: &str| Mapped { name: name.to_owned(), explicit: false };
        assert_eq!(mappings.target(MappingKind::Network, &a, "app-net", &b), explicit("dr-app-net"));
        assert_eq!(mappings.target(MappingKind::Network, &b, "dr-app-net", &a), explicit("app-net"));
        assert_eq!(mappings.target(MappingKind::Network, &a, "other", &b), equal("other"));
        assert_eq!(mappings.target(MappingKind::Flavor, &a, "app-net", &b), equal("app-net"));
        assert_eq!(mappings.target(MappingKind::Network, &a, "dr-app-net", &b), equal("dr-app-net"));
    }

    #[test]
    fn a_name_that_is_mapped_twice_is_refused_and_the_first_mapping_kept() {
        let mut mappings = Mappings::default();
        mappings.insert(MappingKind::Flavor, pair("small", "dr.small")).unwrap();
        for contradiction in [pair("small", "dr.tiny"), pair("tiny", "dr.small"), pair("small", "dr.small")] {
            mappings.insert(MappingKind::Flavor, contradiction).unwrap_err();
        }
        assert_eq!(mappings.pairs(MappingKind::Flavor).count(), 1);
        mappings.insert(MappingKind::Network, pair("small", "dr.tiny")).unwrap();
    }

    #[test]
    fn mappings_survive_json_and_contradictions_in_it_are_refused() {
        let mut mappings = Mappings::default();
        for kind in MappingKind::ALL {
            mappings.insert(*kind, pair("x", "y")).unwrap();
        }
        let json = serde_json::to_value(&mappings).unwrap();
        for kind in MappingKind::ALL {
            assert_eq!(json[kind.as_str()][0]["site-b"], "y");
        }
        assert_eq!(serde_json::from_value::<Mappings>(json).unwrap(), mappings);

        let twice = r#"{"flavors": [{"site-a": "x", "site-b": "y"}, {"site-a": "x", "site-b": "z"}]}"#;
        assert!(serde_json::from_str::<Mappings>(twice).unwrap_err().to_string().contains("mapped twice"));
    }

    #[test]
    fn a_subnet_is_known_by_name_or_id_and_says_what_becomes_of_its_addresses() {
        let (a, b) = (SiteName::from("site-a"), SiteName::from("site-b"));
        let table: AddressPair =
            [(a.clone(), [10, 1, 0, 5].into()), (b.clone(), [10, 2, 0, 9].into())].into();
        let table = AddressRule::Table(vec![table]);
        let mut mappings = Mappings::default();
        mappings.insert(MappingKind::Subnet, pair("plain", "dr-plain")).unwrap();
        mappings.insert_subnet(pair("id-of-app", "dr-app"), AddressRule::Translate).unwrap();
        mappings.insert_subnet(pair("db", "dr-db"), table.clone()).unwrap();
        assert_eq!(mappings.subnet(&a, &["x", "plain"], &b), Some(("dr-plain", &AddressRule::Keep)));
        assert_eq!(mappings.subnet(&a, &["id-of-app", "app"], &b), Some(("dr-app", &AddressRule::Translate)));
        assert_eq!(mappings.subnet(&b, &["dr-db"], &a), Some(("db", &table)));
        assert_eq!(mappings.subnet(&a, &["app"], &b), None);
        assert_eq!(table.listed(&a, [10, 1, 0, 5].into(), &b), Some([10, 2, 0, 9].into()));
        assert_eq!(table.listed(&b, [10, 2, 0, 9].into(), &a), Some([10, 1, 0, 5].into()));
        assert_eq!(table.listed(&a, [10, 1, 0, 6].into(), &b), None);

        let json = serde_json::json!({"subnets": [
            {"site-a": "plain", "site-b": "dr-plain"},
            {"site-a": "id-of-app", "site-b": "dr-app", "addresses": "translate"},
            {"site-a": "db", "site-b": "dr-db", "addresses": [{"site-a": "10.1.0.5", "site-b": "10.2.0.9"}]},
        ]});
        assert_eq!(serde_json::to_value(&mappings).unwrap(), json);
        assert_eq!(serde_json::from_value::<Mappings>(json).unwrap(), mappings);
    }

    #[test]
    fn rules_for_addresses_that_contradict_themselves_are_refused() {
        let refused =
            |written: serde_json::Value| serde_json::from_value::<Mappings>(written).unwrap_err().to_string();
        let table = |table: serde_json::Value| {
            refused(serde_json::json!({"subnets": [{"site-a": "x", "site-b": "y", "addresses": table}]}))
        };
        let twice = serde_json::json!([{"site-a": "10.1.0.5", "site-b": "10.2.0.5"}, {"site-a": "10.1.0.6", "site-b": "10.2.0.5"}]);
        assert_eq!(table(twice), "10.2.0.5 on site-b is mapped twice in one table");
        for pair in [
            serde_json::json!({"site-a": "10.1.0.5"}),
            serde_json::json!({"site-a": "10.1.0.5", "site-c": "10.2.0.5"}),
            serde_json::json!({"site-a": "10.1.0.5", "site-b": "fd00::5"}),
        ] {
            assert!(
                table(serde_json::json!([pair])).contains("one address on each of the two sites"),
                "{pair}"
            );
        }
        let flavor =
            serde_json::json!({"flavors": [{"site-a": "x", "site-b": "y", "addresses": "translate"}]});
        assert!(refused(flavor).contains("only subnets have one"));
    }

    proptest! {
        #[test]
        fn what_is_listed_maps_there_and_back(pairs in proptest::collection::vec(("[a-d]{1,2}", "[a-d]{1,2}"), 0..12)) {
            let (a, b) = (SiteName::from("site-a"), SiteName::from("site-b"));
            let mut mappings = Mappings::default();
            let accepted: Vec<_> =
                pairs.into_iter().filter(|(x, y)| mappings.insert(MappingKind::Network, pair(x, y)).is_ok()).collect();
            for (x, y) in accepted {
                let there = mappings.target(MappingKind::Network, &a, &x, &b);
                prop_assert_eq!(&there.name, &y);
                prop_assert!(there.explicit);
                prop_assert_eq!(mappings.target(MappingKind::Network, &b, &y, &a).name, x);
            }
        }
    }
}
