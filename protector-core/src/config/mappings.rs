//! What is called one thing on one site and another on the other. Pure: no IO.

use crate::id::SiteName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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
    /// Nova flavors.
    #[serde(rename = "flavors")]
    Flavor,
    /// Cinder volume types.
    #[serde(rename = "volume_types")]
    VolumeType,
    /// Neutron security groups.
    #[serde(rename = "security_groups")]
    SecurityGroup,
    /// Nova and Cinder availability zones.
    #[serde(rename = "availability_zones")]
    AvailabilityZone,
}

impl MappingKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::Network,
        Self::TestNetwork,
        Self::Flavor,
        Self::VolumeType,
        Self::SecurityGroup,
        Self::AvailabilityZone,
    ];

    /// The key in `protector.yaml`, below `mappings`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Network => "networks",
            Self::TestNetwork => "test_networks",
            Self::Flavor => "flavors",
            Self::VolumeType => "volume_types",
            Self::SecurityGroup => "security_groups",
            Self::AvailabilityZone => "availability_zones",
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

/// For each kind, which name on one site stands for which on the other. Read in both directions; what is not
/// listed has the same name on both sites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<MappingKind, Vec<NamePair>>", into = "BTreeMap<MappingKind, Vec<NamePair>>")]
pub struct Mappings {
    pairs: BTreeMap<MappingKind, Vec<NamePair>>,
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
}

impl Mappings {
    /// Adds what one thing is called on each of two sites.
    ///
    /// # Errors
    /// The pair is none, or one of its names stands in another pair of this kind: nothing is added.
    pub fn insert(&mut self, kind: MappingKind, pair: NamePair) -> Result<(), MappingError> {
        if pair.len() != 2 {
            return Err(MappingError::NotAPair { sites: pair.len() });
        }
        let pairs = self.pairs.entry(kind).or_default();
        let taken =
            pair.iter().find(|(site, name)| pairs.iter().any(|other| other.get(*site) == Some(*name)));
        if let Some((site, name)) = taken {
            return Err(MappingError::MappedTwice { kind, site: site.clone(), name: name.clone() });
        }
        pairs.push(pair);
        Ok(())
    }

    /// What `name` on the site `from` is called on the site `to`.
    pub fn target(&self, kind: MappingKind, from: &SiteName, name: &str, to: &SiteName) -> Mapped {
        let listed = self
            .pairs(kind)
            .iter()
            .find(|pair| pair.get(from).is_some_and(|known| known == name))
            .and_then(|pair| pair.get(to));
        match listed {
            Some(name) => Mapped { name: name.clone(), explicit: true },
            None => Mapped { name: name.to_owned(), explicit: false },
        }
    }

    /// The pairs of one kind, in the order in which they were written.
    pub fn pairs(&self, kind: MappingKind) -> &[NamePair] {
        self.pairs.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The sites that are named.
    pub fn sites(&self) -> BTreeSet<&SiteName> {
        self.pairs.values().flatten().flat_map(BTreeMap::keys).collect()
    }
}

impl TryFrom<BTreeMap<MappingKind, Vec<NamePair>>> for Mappings {
    type Error = MappingError;

    fn try_from(pairs: BTreeMap<MappingKind, Vec<NamePair>>) -> Result<Self, MappingError> {
        let mut mappings = Self::default();
        for (kind, list) in pairs {
            for pair in list {
                mappings.insert(kind, pair)?;
            }
        }
        Ok(mappings)
    }
}

impl From<Mappings> for BTreeMap<MappingKind, Vec<NamePair>> {
    fn from(mappings: Mappings) -> Self {
        mappings.pairs
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
        assert_eq!(mappings.pairs(MappingKind::Flavor).len(), 1);
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
