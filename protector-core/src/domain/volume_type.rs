//! Which volume types can be protected, and which type of the other site stands for each.
//!
//! What a role may not see is `None` here, and said; it is never guessed.

mod pairing;

pub use pairing::{PairedBy, Pairing, PairingState};

use super::site_report::{Check, CheckKind};
use crate::config::Mappings;
use crate::id::{ArrayName, SiteName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A volume type, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeTypeFacts {
    /// Its name.
    pub name: String,
    /// Its extra specs, as far as the role may see them.
    pub specs: BTreeMap<String, String>,
    /// Whether the role sees all of them: then what is not there is not set.
    pub all_specs: bool,
    /// Whether its volumes are encrypted; `None` if that may not be seen.
    pub encrypted: Option<bool>,
    /// The names of the backends that its volumes may come to, and whether each replicates; `None` if they may not be seen.
    pub backends: Option<BTreeMap<String, bool>>,
    /// The site's arrays on which volumes of it were found.
    pub arrays: BTreeSet<ArrayName>,
    /// How many volumes of it, of those that were looked for, are on none of the site's arrays.
    pub elsewhere: usize,
}

impl VolumeTypeFacts {
    fn spec(&self, key: &str) -> Option<&str> {
        self.specs.get(key).map(String::as_str)
    }

    fn is_true(&self, key: &str) -> bool {
        self.spec(key).is_some_and(|value| value.eq_ignore_ascii_case("<is> true"))
    }

    /// `async` of `<in> async`.
    fn replication_type(&self) -> Option<&str> {
        self.spec("replication_type").map(|value| value.strip_prefix("<in>").unwrap_or(value).trim())
    }
}

/// The volume types of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteVolumeTypes {
    /// The site.
    pub site: SiteName,
    /// Its types.
    pub types: Vec<VolumeTypeFacts>,
    /// The arrays that each of its arrays is connected to; of those that could be asked.
    pub peers: BTreeMap<ArrayName, BTreeSet<ArrayName>>,
}

/// Whether volumes of a type can be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They can.
    Eligible,
    /// Nothing that is seen speaks against it, and not all is seen.
    Unknown,
    /// They cannot.
    NotEligible,
}

impl Verdict {
    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Unknown => "unknown",
            Self::NotEligible => "not_eligible",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A volume type as users see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeTypeView {
    /// Its name.
    pub name: String,
    /// Whether its volumes can be protected.
    pub verdict: Verdict,
    /// What speaks against it.
    pub reasons: Vec<String>,
    /// What the credential's roles may not see of it.
    pub unseen: Vec<String>,
    /// How it replicates; `None` if that is not set or not seen.
    pub replication_type: Option<String>,
    /// The name of the backend that it chooses; `None` if it chooses none or that is not seen.
    pub backend: Option<String>,
    /// The site's arrays on which volumes of it were found.
    pub arrays: BTreeSet<ArrayName>,
    /// The type that stands for it at the other site; of what cannot be protected `None`.
    pub pairing: Option<Pairing>,
}

/// Judges the types of a site, and pairs those that can be protected, or may be, with the other site's. `other` is the
/// reason if that site could not be read.
pub fn volume_types(
    own: &SiteVolumeTypes,
    other: Result<&SiteVolumeTypes, &str>,
    mappings: &Mappings,
) -> Vec<VolumeTypeView> {
    let view = |facts: &VolumeTypeFacts| {
        let Judgment { verdict, reasons, unseen } = judge(facts);
        let pairing = (verdict != Verdict::NotEligible).then(|| pairing::pair(facts, own, other, mappings));
        VolumeTypeView {
            name: facts.name.clone(),
            verdict,
            reasons,
            unseen,
            replication_type: facts.replication_type().map(str::to_owned),
            backend: facts.spec("volume_backend_name").map(str::to_owned),
            arrays: facts.arrays.clone(),
            pairing,
        }
    };
    own.types.iter().map(view).collect()
}

struct Judgment {
    verdict: Verdict,
    reasons: Vec<String>,
    unseen: Vec<String>,
}

fn judge(facts: &VolumeTypeFacts) -> Judgment {
    let (mut reasons, mut unseen) = (Vec::new(), Vec::new());
    if !facts.is_true("replication_enabled") {
        reasons.push("it does not have replication_enabled='<is> True'".to_owned());
    }
    match facts.replication_type() {
        Some("async") => {}
        Some(other) => {
            reasons.push(format!("it replicates {other}: groups can be protected asynchronously only"));
        }
        None if facts.all_specs => reasons.push("it does not have replication_type='<in> async'".to_owned()),
        None => unseen.push("replication_type".to_owned()),
    }
    match facts.encrypted {
        Some(true) => {
            reasons.push("its volumes are encrypted: their keys would have to move, too".to_owned());
        }
        Some(false) => {}
        None => unseen.push("encryption".to_owned()),
    }
    match &facts.backends {
        None => unseen.push("backends".to_owned()),
        Some(backends) if backends.is_empty() => {
            let name = facts.spec("volume_backend_name").unwrap_or("any");
            reasons.push(format!("there is no backend with volume_backend_name={name}"));
        }
        Some(backends) if !backends.values().any(|replicates| *replicates) => {
            let names: Vec<&str> = backends.keys().map(String::as_str).collect();
            reasons.push(format!("no backend that it may come to replicates: {}", names.join(", ")));
        }
        Some(_) => {}
    }
    if facts.arrays.is_empty() && facts.elsewhere > 0 {
        reasons.push("its volumes are on none of the site's arrays in protector.yaml".to_owned());
    }
    let verdict = match (reasons.is_empty(), unseen.is_empty()) {
        (false, _) => Verdict::NotEligible,
        (true, false) => Verdict::Unknown,
        (true, true) => Verdict::Eligible,
    };
    Judgment { verdict, reasons, unseen }
}

/// What the types of a site mean for the site as a whole.
pub fn check(types: &[VolumeTypeView]) -> Check {
    let (kind, subject) = (CheckKind::VolumeTypes, "volume types");
    let possible = types.iter().filter_map(|view| Some((view, view.pairing.as_ref()?)));
    let (paired, unpaired): (Vec<_>, Vec<_>) =
        possible.partition(|(_, pairing)| pairing.state == PairingState::Paired);
    let named = |list: &[(&VolumeTypeView, &Pairing)]| {
        let named = list.iter().map(|(view, pairing)| match &pairing.name {
            Some(other) if pairing.state == PairingState::Paired => format!("{} with {other}", view.name),
            _ => format!("{}: {}", view.name, pairing.said),
        });
        named.collect::<Vec<_>>().join("; ")
    };
    if paired.is_empty() && unpaired.is_empty() {
        let seen = format!("none of {} can be protected", types.len());
        let remedy = "have an administrator make one with replication_enabled='<is> True' and \
                      replication_type='<in> async' on a backend that replicates";
        return Check::failed(kind, subject, seen, remedy);
    }
    let remedy = "see the pairing of each volume type, and map it in protector.yaml (mappings.volume_types)";
    if paired.is_empty() {
        // With the other site dead nothing is known of pairs; that is for the other site's own report.
        let unknown = unpaired.iter().all(|(_, pairing)| pairing.state == PairingState::Unknown);
        let make = if unknown { Check::warning } else { Check::failed };
        return make(
            kind,
            subject.to_owned(),
            format!("none is paired: {}", named(&unpaired)),
            remedy.to_owned(),
        );
    }
    let unsure = paired.iter().filter(|(view, _)| view.verdict == Verdict::Unknown).count();
    let seen = format!("paired: {}", named(&paired));
    if !unpaired.is_empty() {
        let seen = format!("{seen}; not paired: {}", named(&unpaired));
        return Check::warning(kind, subject, seen, remedy);
    }
    if unsure == paired.len() {
        let seen = format!("{seen}; the credential's roles may not see all of them");
        return Check::warning(kind, subject, seen, "have an administrator look at their extra specs");
    }
    Check::ok(kind, subject, seen)
}

#[cfg(test)]
mod tests;
