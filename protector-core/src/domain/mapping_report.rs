//! Whether what VMs have at one site has something that stands for it at the other: by the mappings, else by equal name. Pure.
//!
//! Volume types are judged in [`super::volume_type`], for more than their names has to fit.

use super::ServerDefinition;
use super::site_report::{Check, CheckKind};
use crate::config::{MappingKind, Mappings};
use crate::id::SiteName;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a site has that can be mapped, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteNames {
    /// The site.
    pub site: SiteName,
    /// The networks that the project may use, with the ranges of their subnets.
    pub networks: BTreeMap<String, BTreeSet<String>>,
    /// The flavors, with processors and MiB of memory.
    pub flavors: BTreeMap<String, (u64, u64)>,
    /// The project's security groups.
    pub security_groups: BTreeSet<String>,
    /// Nova's availability zones.
    pub availability_zones: BTreeSet<String>,
}

/// What stands at one site for something of the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingView {
    /// What is mapped.
    pub kind: MappingKind,
    /// Where it is.
    pub from: SiteName,
    /// What it is called there.
    pub name: String,
    /// The other site.
    pub to: SiteName,
    /// What stands for it there.
    pub mapped: String,
    /// Whether a mapping says so; otherwise the name is the same because nothing was said.
    pub explicit: bool,
    /// The VMs that have it.
    pub needed_by: Vec<String>,
    /// What would keep it from standing for that.
    pub problems: Vec<String>,
}

/// What VMs have at a site that has to be found at the other.
#[derive(Debug, Default)]
struct Need {
    servers: Vec<String>,
    /// Ranges that a network has to have.
    ranges: BTreeSet<String>,
    /// Processors and memory that a flavor has to have.
    sizes: BTreeSet<(u64, u64)>,
}

type Needs = BTreeMap<(MappingKind, String), Need>;

impl SiteNames {
    fn has(&self, kind: MappingKind, name: &str) -> bool {
        match kind {
            MappingKind::Network | MappingKind::TestNetwork => self.networks.contains_key(name),
            MappingKind::Flavor => self.flavors.contains_key(name),
            MappingKind::SecurityGroup => self.security_groups.contains(name),
            MappingKind::AvailabilityZone => self.availability_zones.contains(name),
            MappingKind::VolumeType => true,
        }
    }
}

/// Tells, from one site to the other, what stands for whatever is listed in the mappings and whatever the VMs have that were
/// captured there.
pub fn mapping_views(
    (from, to): (&SiteNames, &SiteNames),
    mappings: &Mappings,
    definitions: &[ServerDefinition],
) -> Vec<MappingView> {
    let mut needs = Needs::new();
    for definition in definitions.iter().filter(|definition| definition.site == from.site) {
        note(&mut needs, definition);
    }
    for kind in MappingKind::ALL.iter().filter(|kind| **kind != MappingKind::VolumeType) {
        for pair in mappings.pairs(*kind) {
            if let Some(name) = pair.get(&from.site).filter(|_| pair.contains_key(&to.site)) {
                needs.entry((*kind, name.clone())).or_default();
            }
        }
    }
    needs.into_iter().map(|((kind, name), need)| view((from, to), mappings, (kind, name), need)).collect()
}

fn note(needs: &mut Needs, definition: &ServerDefinition) {
    let mut need = |kind: MappingKind, name: &str, more: &mut dyn FnMut(&mut Need)| {
        let need = needs.entry((kind, name.to_owned())).or_default();
        if need.servers.last() != Some(&definition.name) {
            need.servers.push(definition.name.clone());
        }
        more(need);
    };
    let flavor = &definition.flavor;
    need(MappingKind::Flavor, &flavor.name, &mut |need| {
        need.sizes.insert((flavor.vcpus, flavor.memory));
    });
    if let Some(zone) = &definition.availability_zone {
        need(MappingKind::AvailabilityZone, zone, &mut |_| {});
    }
    for port in &definition.ports {
        need(MappingKind::Network, &port.network, &mut |need| {
            need.ranges.extend(port.fixed_addresses.iter().map(|fixed| fixed.cidr.clone()));
        });
        for group in &port.security_groups {
            need(MappingKind::SecurityGroup, group, &mut |_| {});
        }
    }
}

fn view(
    (from, to): (&SiteNames, &SiteNames),
    mappings: &Mappings,
    (kind, name): (MappingKind, String),
    mut need: Need,
) -> MappingView {
    // They were noted in the order of their lineages, which are random.
    need.servers.sort();
    let target = mappings.target(kind, &from.site, &name, &to.site);
    let mapped = target.name;
    let mut problems = Vec::new();
    if target.explicit && !from.has(kind, &name) {
        problems.push(format!("{} has no {name}", from.site));
    }
    if to.has(kind, &mapped) {
        problems.extend(misfits(to, kind, &mapped, &need));
    } else {
        problems.push(format!("{} has no {mapped}", to.site));
    }
    let back = mappings.target(kind, &to.site, &mapped, &from.site).name;
    if back != name {
        problems.push(format!("the way back leads to {back}"));
    }
    MappingView {
        kind,
        from: from.site.clone(),
        name,
        to: to.site.clone(),
        mapped,
        explicit: target.explicit,
        needed_by: need.servers,
        problems,
    }
}

/// What is there and does not fit.
fn misfits(to: &SiteNames, kind: MappingKind, mapped: &str, need: &Need) -> Vec<String> {
    match kind {
        MappingKind::Network => {
            let known = to.networks.get(mapped);
            let missing =
                need.ranges.iter().filter(|range| known.is_none_or(|known| !known.contains(*range)));
            missing.map(|range| format!("{mapped} at {} has no subnet {range}", to.site)).collect()
        }
        MappingKind::Flavor => {
            let known = to.flavors.get(mapped).copied();
            let other =
                need.sizes.iter().filter_map(|size| Some((*size, known.filter(|known| known != size)?)));
            let told = |((vcpus, memory), (there, there_memory))| {
                format!(
                    "{mapped} at {} has {there} processors and {there_memory} MiB instead of {vcpus} and {memory}",
                    to.site
                )
            };
            other.map(told).collect()
        }
        _ => Vec::new(),
    }
}

/// What the mappings mean for a pair of sites as a whole.
pub fn check(views: &[MappingView]) -> Check {
    let (kind, subject) = (CheckKind::Mappings, "mappings");
    let explicit = views.iter().filter(|view| view.explicit).count();
    let seen = format!("{explicit} by mappings, {} by equal name", views.len().saturating_sub(explicit));
    let broken: Vec<&MappingView> = views.iter().filter(|view| !view.problems.is_empty()).collect();
    if broken.is_empty() {
        return Check::ok(kind, subject, seen);
    }
    let told = broken.iter().map(|view| {
        let MappingView { kind, name, from, problems, .. } = view;
        format!("{kind} {name} of {from}: {}", problems.join(", "))
    });
    let seen = format!("{seen}; {}", told.collect::<Vec<_>>().join("; "));
    let remedy = "make what is missing, or map what stands for it in protector.yaml (mappings)";
    let needed = broken.iter().any(|view| !view.needed_by.is_empty());
    let make = if needed { Check::failed } else { Check::warning };
    make(kind, subject.to_owned(), seen, remedy.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site_report::CheckStatus;
    use crate::domain::testing::definition;

    fn names(site: &str) -> SiteNames {
        SiteNames {
            site: site.into(),
            networks: [("app-net".to_owned(), ["10.10.0.0/24".to_owned()].into())].into(),
            flavors: [("app.small".to_owned(), (1, 512))].into(),
            security_groups: ["default".to_owned()].into(),
            availability_zones: ["nova".to_owned()].into(),
        }
    }

    fn mapped(kind: MappingKind, a: &str, b: &str) -> Mappings {
        let mut mappings = Mappings::default();
        let pair = [("site-a".into(), a.to_owned()), ("site-b".into(), b.to_owned())].into();
        mappings.insert(kind, pair).unwrap();
        mappings
    }

    fn problems(views: &[MappingView]) -> Vec<&str> {
        views.iter().flat_map(|view| &view.problems).map(String::as_str).collect()
    }

    #[test]
    fn what_a_vm_has_is_found_by_equal_name_and_that_is_shown() {
        let (a, b) = (names("site-a"), names("site-b"));
        let views = mapping_views((&a, &b), &Mappings::default(), &[definition("site-a")]);
        let told: Vec<_> = views.iter().map(|view| (view.kind, &*view.name, &*view.mapped)).collect();
        assert_eq!(
            told,
            [
                (MappingKind::Network, "app-net", "app-net"),
                (MappingKind::Flavor, "app.small", "app.small"),
                (MappingKind::SecurityGroup, "default", "default"),
            ]
        );
        assert!(views.iter().all(|view| !view.explicit && view.needed_by == ["web-1"]), "{views:#?}");
        assert_eq!(problems(&views), Vec::<&str>::new());
        assert_eq!(check(&views).status, CheckStatus::Ok);
        assert_eq!(mapping_views((&b, &a), &Mappings::default(), &[definition("site-a")]), []);
    }

    #[test]
    fn what_does_not_fit_is_said_before_it_is_needed() {
        let (a, mut b) = (names("site-a"), names("site-b"));
        b.flavors.insert("app.small".to_owned(), (2, 512));
        b.networks.insert("app-net".to_owned(), BTreeSet::new());
        b.security_groups.clear();
        let views = mapping_views((&a, &b), &Mappings::default(), &[definition("site-a")]);
        assert_eq!(
            problems(&views),
            [
                "app-net at site-b has no subnet 10.10.0.0/24",
                "app.small at site-b has 2 processors and 512 MiB instead of 1 and 512",
                "site-b has no default",
            ]
        );
        assert_eq!(check(&views).status, CheckStatus::Failed);
    }

    #[test]
    fn a_mapping_is_looked_at_from_both_sides_though_nothing_needs_it() {
        let (a, b) = (names("site-a"), names("site-b"));
        let mappings = mapped(MappingKind::TestNetwork, "app-net", "drill-net");
        let there = mapping_views((&a, &b), &mappings, &[]);
        assert_eq!(problems(&there), ["site-b has no drill-net"]);
        let back = mapping_views((&b, &a), &mappings, &[]);
        assert_eq!(problems(&back), ["site-b has no drill-net"]);
        assert_eq!(check(&there).status, CheckStatus::Warning);
    }

    #[test]
    fn a_way_back_that_leads_elsewhere_is_said() {
        let (a, b) = (names("site-a"), names("site-b"));
        // At site-b app.small stands for app.tiny of site-a: what comes back as app.small would be another.
        let mappings = mapped(MappingKind::Flavor, "app.tiny", "app.small");
        let views = mapping_views((&a, &b), &mappings, &[definition("site-a")]);
        assert_eq!(problems(&views), ["the way back leads to app.tiny", "site-a has no app.tiny"]);
    }
}
