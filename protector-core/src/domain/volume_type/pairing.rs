use super::{SiteVolumeTypes, Verdict, VolumeTypeFacts, judge};
use crate::config::{MappingKind, Mappings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Specs that are a site's own affair: two types are alike without them.
const OF_THE_SITE: [&str; 2] = ["volume_backend_name", "RESKEY:availability_zones"];

/// Whether a type of the other site stands for a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairingState {
    /// One does: twins are made of it.
    Paired,
    /// None does yet, and exactly one could: it has to be mapped.
    Proposed,
    /// Several could, or the way back leads elsewhere: one has to be mapped.
    Ambiguous,
    /// The one that is meant cannot be protected.
    Unfit,
    /// There is none.
    Missing,
    /// The other site could not be read.
    Unknown,
}

/// Why one type stands for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairedBy {
    /// `protector.yaml` says so.
    Mapping,
    /// It has the same name, and nothing else is said.
    Name,
    /// It has the same properties and a backend that the type's backend replicates to.
    Properties,
}

/// The type of the other site that stands for a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// Whether there is one.
    pub state: PairingState,
    /// Its name: the one that is paired, proposed, or meant.
    pub name: Option<String>,
    /// Why it is that one.
    pub by: Option<PairedBy>,
    /// Those that could be.
    pub candidates: Vec<String>,
    /// What is set differently, though they are paired.
    pub differences: Vec<String>,
    /// All of it in one line.
    pub said: String,
    /// What to do; nothing, if they are paired.
    pub remedy: Option<String>,
}

impl Pairing {
    fn new(state: PairingState, said: String, remedy: &str) -> Self {
        let remedy = (!remedy.is_empty()).then(|| remedy.to_owned());
        Self { state, name: None, by: None, candidates: Vec::new(), differences: Vec::new(), said, remedy }
    }

    fn with(mut self, name: &str, by: PairedBy) -> Self {
        (self.name, self.by) = (Some(name.to_owned()), Some(by));
        self
    }
}

/// Finds the type that stands for `facts` at the other site: what is mapped, else what is called the same, else what is
/// alike, which is proposed and not used.
pub(super) fn pair(
    facts: &VolumeTypeFacts,
    own: &SiteVolumeTypes,
    other: Result<&SiteVolumeTypes, &str>,
    mappings: &Mappings,
) -> Pairing {
    let map_it = "map it in protector.yaml (mappings.volume_types)";
    let other = match other {
        Ok(other) => other,
        Err(why) => {
            let said = format!("the other site could not be read: {why}");
            return Pairing::new(PairingState::Unknown, said, "look again when it answers");
        }
    };
    let mapped = mappings.target(MappingKind::VolumeType, &own.site, &facts.name, &other.site);
    let by = if mapped.explicit { PairedBy::Mapping } else { PairedBy::Name };
    let meant = other.types.iter().find(|found| found.name == mapped.name);
    let unfit = meant.and_then(|found| why_not(facts, own, found, other));
    match (meant, unfit) {
        (Some(found), None) => {
            let back = mappings.target(MappingKind::VolumeType, &other.site, &found.name, &own.site);
            if back.name != facts.name {
                let said = format!(
                    "{} at {} stands for {} here: what goes there as {} would come back as that",
                    found.name, other.site, back.name, facts.name
                );
                return Pairing::new(PairingState::Ambiguous, said, map_it).with(&found.name, by);
            }
            let differences = differences(facts, found);
            let there = format!("{} at {}", found.name, other.site);
            let said = match differences.as_slice() {
                [] => there,
                some => format!("{there}, which differs in {}", some.join(", ")),
            };
            Pairing { differences, ..Pairing::new(PairingState::Paired, said, "").with(&found.name, by) }
        }
        (Some(found), Some(why)) => {
            let said = format!("{} at {} does not fit: {why}", found.name, other.site);
            let remedy = "mend that type, or map another in protector.yaml (mappings.volume_types)";
            Pairing::new(PairingState::Unfit, said, remedy).with(&found.name, by)
        }
        (None, _) if mapped.explicit => {
            let said = format!("{} is mapped to {}, which is not at {}", facts.name, mapped.name, other.site);
            Pairing::new(PairingState::Missing, said, "make that type, or correct the mapping")
                .with(&mapped.name, by)
        }
        (None, _) => propose(facts, own, other, mappings),
    }
}

/// With no mapping and no type of the same name: what is alike.
fn propose(
    facts: &VolumeTypeFacts,
    own: &SiteVolumeTypes,
    other: &SiteVolumeTypes,
    mappings: &Mappings,
) -> Pairing {
    // What stands for another type here already is not to be had.
    let taken = |candidate: &VolumeTypeFacts| {
        let back = mappings.target(MappingKind::VolumeType, &other.site, &candidate.name, &own.site);
        own.types.iter().any(|known| known.name == back.name && judge(known).verdict != Verdict::NotEligible)
    };
    let candidates: Vec<String> = other
        .types
        .iter()
        .filter(|candidate| !taken(candidate))
        .filter(|candidate| why_not(facts, own, candidate, other).is_none())
        .filter(|candidate| differences(facts, candidate).is_empty())
        .map(|candidate| candidate.name.clone())
        .collect();
    let none = format!("there is no {} at {}", facts.name, other.site);
    match candidates.as_slice() {
        [] => {
            let remedy = "have an administrator make a type of that name with the same properties there, or map another in \
                          protector.yaml (mappings.volume_types)";
            Pairing::new(PairingState::Missing, format!("{none}, and none that is alike"), remedy)
        }
        [one] => {
            let said = format!("{none}; {one} has the same properties");
            let remedy = format!(
                "map it in protector.yaml: mappings.volume_types: [{{{}: {}, {}: {one}}}]",
                own.site, facts.name, other.site
            );
            let pairing = Pairing::new(PairingState::Proposed, said, &remedy).with(one, PairedBy::Properties);
            Pairing { candidates: candidates.clone(), ..pairing }
        }
        several => {
            let said = format!("{none}; {} have the same properties", several.join(", "));
            let remedy = "map one of them in protector.yaml (mappings.volume_types)";
            Pairing { candidates: candidates.clone(), ..Pairing::new(PairingState::Ambiguous, said, remedy) }
        }
    }
}

/// Why a type of the other site cannot stand for a type.
fn why_not(
    facts: &VolumeTypeFacts,
    own: &SiteVolumeTypes,
    candidate: &VolumeTypeFacts,
    other: &SiteVolumeTypes,
) -> Option<String> {
    let judged = judge(candidate);
    if judged.verdict == Verdict::NotEligible {
        return Some(judged.reasons.join("; "));
    }
    let connected = |one: &SiteVolumeTypes, from: &BTreeSet<_>, to: &BTreeSet<_>| {
        // What is not known of an array is no reason.
        from.iter().any(|array| one.peers.get(array).is_none_or(|peers| !peers.is_disjoint(to)))
    };
    let (here, there) = (&facts.arrays, &candidate.arrays);
    let known = !here.is_empty() && !there.is_empty();
    (known && !(connected(own, here, there) && connected(other, there, here))).then(|| {
        let names = |arrays: &BTreeSet<crate::id::ArrayName>| {
            arrays.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        format!("its volumes are on {}, which does not replicate with {}", names(there), names(here))
    })
}

/// What is set differently in two types, as far as both may be seen.
fn differences(facts: &VolumeTypeFacts, candidate: &VolumeTypeFacts) -> Vec<String> {
    let keys: BTreeSet<&String> = facts.specs.keys().chain(candidate.specs.keys()).collect();
    let shown =
        |value: Option<&String>| value.map_or_else(|| "nothing".to_owned(), |value| format!("'{value}'"));
    keys.into_iter()
        .filter(|key| !OF_THE_SITE.contains(&key.as_str()))
        .filter_map(|key| {
            let (here, there) = (facts.specs.get(key), candidate.specs.get(key));
            let seen = (here.is_some() || facts.all_specs) && (there.is_some() || candidate.all_specs);
            (seen && here != there).then(|| format!("{key} ({} here, {} there)", shown(here), shown(there)))
        })
        .collect()
}
