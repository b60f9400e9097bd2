//! Whether what VMs have at one site has something that stands for it at the other: by the mappings, else by equal name. Pure.
//!
//! Volume types are judged in [`super::volume_type`], for more than their names has to fit.

mod subnets;

use super::ServerDefinition;
use super::site_report::{Check, CheckKind};
use super::subnet_mapping::KnownSubnet;
use crate::config::{MappingKind, Mappings};
use crate::id::SiteName;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a site has that can be mapped, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteNames {
    /// The site.
    pub site: SiteName,
    /// The networks that the project may use, with their subnets.
    pub networks: BTreeMap<String, Vec<KnownSubnet>>,
    /// The flavors, with processors and MiB of memory.
    pub flavors: BTreeMap<String, (u64, u64)>,
    /// The project's security groups.
    pub security_groups: BTreeSet<String>,
    /// Nova's availability zones.
    pub availability_zones: BTreeSet<String>,
    /// The keypairs of protector's user, with their public keys.
    pub keypairs: BTreeMap<String, String>,
    /// The project's server groups, with their policies.
    pub server_groups: BTreeMap<String, BTreeSet<String>>,
    /// Of the images that the mappings name there, by name or id, those that are not there.
    pub missing_images: BTreeSet<String>,
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
    /// Processors and memory that a flavor has to have.
    sizes: BTreeSet<(u64, u64)>,
    /// The public key of a keypair, if it is known.
    key: Option<String>,
    /// The policy of a server group.
    policy: Option<String>,
}

type Needs = BTreeMap<(MappingKind, String), Need>;

impl SiteNames {
    fn has(&self, kind: MappingKind, name: &str) -> bool {
        match kind {
            MappingKind::Network | MappingKind::TestNetwork => self.networks.contains_key(name),
            MappingKind::Flavor => self.flavors.contains_key(name),
            MappingKind::SecurityGroup => self.security_groups.contains(name),
            MappingKind::AvailabilityZone => self.availability_zones.contains(name),
            MappingKind::Subnet => self.networks.values().flatten().any(|subnet| subnet.is(name)),
            MappingKind::Keypair => self.keypairs.contains_key(name),
            MappingKind::ServerGroup => self.server_groups.contains_key(name),
            MappingKind::Image => !self.missing_images.contains(name),
            // Judged elsewhere.
            MappingKind::VolumeType | MappingKind::TestVolumeType => true,
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
        note(&mut needs, definition, &|kind, name| {
            mappings.target(kind, &from.site, name, &to.site).explicit
        });
    }
    let by_name = |kind: &&MappingKind| {
        !matches!(kind, MappingKind::Subnet | MappingKind::VolumeType | MappingKind::TestVolumeType)
    };
    for kind in MappingKind::ALL.iter().filter(by_name) {
        for pair in mappings.pairs(*kind) {
            if let Some(name) = pair.get(&from.site).filter(|_| pair.contains_key(&to.site)) {
                needs.entry((*kind, name.clone())).or_default();
            }
        }
    }
    let views = needs.into_iter().map(|((kind, name), need)| view((from, to), mappings, (kind, name), need));
    views.chain(subnets::views((from, to), mappings, definitions)).collect()
}

fn note(needs: &mut Needs, definition: &ServerDefinition, is_listed: &dyn Fn(MappingKind, &str) -> bool) {
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
    if let Some(keypair) = &definition.keypair {
        need(MappingKind::Keypair, &keypair.name, &mut |need| need.key.clone_from(&keypair.public_key));
    }
    if let Some(group) = &definition.server_group {
        need(MappingKind::ServerGroup, &group.name, &mut |need| need.policy = Some(group.policy.clone()));
    }
    for port in &definition.ports {
        need(MappingKind::Network, &port.network, &mut |_| {});
        for group in &port.security_groups {
            need(MappingKind::SecurityGroup, group, &mut |_| {});
        }
    }
    for volume in &definition.volumes {
        // What is not listed stays as it is: nobody needs to have it.
        for image in volume.images().filter(|image| is_listed(MappingKind::Image, image)) {
            need(MappingKind::Image, image, &mut |_| {});
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
        problems.extend(misfits(to, (kind, target.explicit), &mapped, &need));
    } else if !is_made(kind, &need) {
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

/// Whether a move makes what is missing.
fn is_made(kind: MappingKind, need: &Need) -> bool {
    match kind {
        MappingKind::Keypair => need.key.is_some(),
        MappingKind::ServerGroup => need.policy.is_some(),
        _ => false,
    }
}

/// What is there and does not fit.
fn misfits(to: &SiteNames, (kind, explicit): (MappingKind, bool), mapped: &str, need: &Need) -> Vec<String> {
    match kind {
        // Whoever maps a keypair may mean another key.
        MappingKind::Keypair if !explicit => {
            let key = |key: &str| key.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
            let (known, needed) = (to.keypairs.get(mapped), need.key.as_deref());
            let other = known.zip(needed).filter(|(known, needed)| key(known) != key(needed));
            other.map(|_| format!("{mapped} at {} has another key", to.site)).into_iter().collect()
        }
        MappingKind::ServerGroup => {
            let known = to.server_groups.get(mapped).zip(need.policy.as_ref());
            let other = known.filter(|(known, needed)| !known.contains(*needed));
            let told = |(known, needed): (&BTreeSet<String>, &String)| {
                let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("{mapped} at {} has the policy {known} instead of {needed}", to.site)
            };
            other.map(told).into_iter().collect()
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
    use crate::config::AddressRule;
    use crate::domain::site_report::CheckStatus;
    use crate::domain::testing::definition;
    use crate::domain::{KeypairDefinition, ServerGroupDefinition};

    fn subnet(name: &str, cidr: &str) -> KnownSubnet {
        KnownSubnet { id: format!("id of {name}"), name: name.to_owned(), cidr: cidr.to_owned() }
    }

    fn names(site: &str) -> SiteNames {
        SiteNames {
            site: site.into(),
            networks: [("app-net".to_owned(), vec![subnet("app-subnet", "10.10.0.0/24")])].into(),
            flavors: [("app.small".to_owned(), (1, 512))].into(),
            security_groups: ["default".to_owned()].into(),
            availability_zones: ["nova".to_owned()].into(),
            keypairs: BTreeMap::new(),
            server_groups: BTreeMap::new(),
            missing_images: BTreeSet::new(),
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
                (MappingKind::Subnet, "app-subnet", "app-subnet"),
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
        b.networks.insert("app-net".to_owned(), Vec::new());
        b.security_groups.clear();
        let views = mapping_views((&a, &b), &Mappings::default(), &[definition("site-a")]);
        assert_eq!(
            problems(&views),
            [
                "app.small at site-b has 2 processors and 512 MiB instead of 1 and 512",
                "site-b has no default",
                "app-net at site-b: it has no subnet 10.10.0.0/24 for the address 10.10.0.7",
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

    #[test]
    fn keypairs_and_server_groups_that_are_missing_are_made_and_others_are_told() {
        let (a, mut b) = (names("site-a"), names("site-b"));
        let mut vm = definition("site-a");
        vm.keypair = Some(KeypairDefinition {
            name: "key".to_owned(),
            public_key: Some("ssh-ed25519 AAAA owner".to_owned()),
            kind: "ssh".to_owned(),
        });
        vm.server_group = Some(ServerGroupDefinition {
            name: "apart".to_owned(),
            policy: "anti-affinity".to_owned(),
            rules: BTreeMap::new(),
        });
        let told = |b: &SiteNames, mappings: &Mappings, vm: &ServerDefinition| -> Vec<String> {
            let views = mapping_views((&a, b), mappings, std::slice::from_ref(vm));
            problems(&views).into_iter().map(str::to_owned).collect()
        };
        assert_eq!(told(&b, &Mappings::default(), &vm), Vec::<String>::new());
        b.keypairs.insert("key".to_owned(), "ssh-ed25519 BBBB".to_owned());
        b.server_groups.insert("apart".to_owned(), ["affinity".to_owned()].into());
        let said = [
            "key at site-b has another key",
            "apart at site-b has the policy affinity instead of anti-affinity",
        ];
        assert_eq!(told(&b, &Mappings::default(), &vm), said);
        b.keypairs.insert("dr-key".to_owned(), "ssh-ed25519 BBBB".to_owned());
        let mut another = mapped(MappingKind::Keypair, "key", "dr-key");
        let pair = [("site-a".into(), "apart".to_owned()), ("site-b".into(), "dr-apart".to_owned())].into();
        another.insert(MappingKind::ServerGroup, pair).unwrap();
        let explicit = ["site-a has no key", "site-a has no apart"];
        assert_eq!(told(&b, &another, &vm), explicit, "what is mapped is looked for on both sites");
        vm.keypair.as_mut().unwrap().public_key = None;
        b.keypairs.clear();
        assert_eq!(told(&b, &Mappings::default(), &vm)[0], "site-b has no key");
    }

    #[test]
    fn a_mapped_image_is_looked_for_on_both_sites_and_one_that_is_not_listed_is_let_be() {
        let (mut a, mut b) = (names("site-a"), names("site-b"));
        let mut vm = definition("site-a");
        let volume = serde_json::json!({"lineage": vm.lineage, "volume_id": "v", "name": "root", "description": null,
            "size": 1, "volume_type": "replicated", "metadata": {}, "bootable": true, "device": null, "tag": null,
            "image_metadata": {"image_name": "rocky-9", "image_id": "3d9c", "os_type": "linux"},
            "delete_on_termination": true});
        vm.volumes = vec![serde_json::from_value(volume).unwrap()];
        let images = |mappings: &Mappings, b: &SiteNames, a: &SiteNames| -> Vec<MappingView> {
            let views = mapping_views((a, b), mappings, std::slice::from_ref(&vm));
            views.into_iter().filter(|view| view.kind == MappingKind::Image).collect()
        };
        assert_eq!(images(&Mappings::default(), &b, &a), []);
        let mappings = mapped(MappingKind::Image, "rocky-9", "dr-rocky-9");
        let found = images(&mappings, &b, &a);
        assert_eq!((&*found[0].mapped, &found[0].needed_by), ("dr-rocky-9", &vec!["web-1".to_owned()]));
        assert_eq!(check(&found).status, CheckStatus::Ok);
        b.missing_images.insert("dr-rocky-9".to_owned());
        let found = images(&mappings, &b, &a);
        assert_eq!(problems(&found), ["site-b has no dr-rocky-9"]);
        assert_eq!(check(&found).status, CheckStatus::Failed);
        a.missing_images.insert("old".to_owned());
        let found = images(&mapped(MappingKind::Image, "old", "dr-old"), &b, &a);
        assert_eq!((problems(&found), &found[0].needed_by), (vec!["site-a has no old"], &vec![]));
        assert_eq!(check(&found).status, CheckStatus::Warning);
    }

    fn with_subnet(a: &str, b: &str, rule: AddressRule) -> Mappings {
        let mut mappings = Mappings::default();
        let pair = [("site-a".into(), a.to_owned()), ("site-b".into(), b.to_owned())].into();
        mappings.insert_subnet(pair, rule).unwrap();
        mappings
    }

    #[test]
    fn addresses_are_followed_into_the_subnet_that_stands_for_theirs_and_back() {
        let (a, mut b) = (names("site-a"), names("site-b"));
        b.networks.insert("app-net".to_owned(), vec![subnet("dr-subnet", "10.20.0.0/24")]);
        let told = |mappings: &Mappings, definitions: &[ServerDefinition]| -> Vec<String> {
            let views = mapping_views((&a, &b), mappings, definitions);
            problems(&views).into_iter().map(str::to_owned).collect()
        };
        let vm = definition("site-a");
        let translated = with_subnet("app-subnet", "dr-subnet", AddressRule::Translate);
        let views = mapping_views((&a, &b), &translated, std::slice::from_ref(&vm));
        let last = views.last().unwrap();
        assert_eq!((last.kind, &*last.mapped, last.explicit), (MappingKind::Subnet, "dr-subnet", true));
        assert_eq!((&last.needed_by, &last.problems), (&vec!["web-1".to_owned()], &vec![]));
        // In the other direction the mapping leads to what is there, though no VM needs it.
        let back = mapping_views((&b, &a), &translated, std::slice::from_ref(&vm));
        let subnets = back.iter().filter(|view| view.kind == MappingKind::Subnet);
        let subnets: Vec<_> = subnets.map(|view| (&*view.name, &*view.mapped, &view.problems)).collect();
        assert_eq!(subnets, [("dr-subnet", "app-subnet", &vec![])]);

        let kept = with_subnet("app-subnet", "dr-subnet", AddressRule::Keep);
        let said = "app-net at site-b: 10.10.0.7 is no address for a port in dr-subnet (10.20.0.0/24)";
        assert_eq!(told(&kept, std::slice::from_ref(&vm)), [said]);
        let nowhere = with_subnet("app-subnet", "no-subnet", AddressRule::Translate);
        let said = ["app-net at site-b: it has no subnet no-subnet (for app-subnet at site-a)"];
        assert_eq!(told(&nowhere, std::slice::from_ref(&vm)), said);
        assert_eq!(told(&nowhere, &[]), ["site-b has no no-subnet"]);
    }

    #[test]
    fn two_vms_that_would_get_one_address_are_told() {
        let (a, mut b) = (names("site-a"), names("site-b"));
        b.networks.insert("app-net".to_owned(), vec![subnet("app-subnet", "10.10.0.0/24")]);
        let mut other = definition("site-a");
        "web-2".clone_into(&mut other.name);
        let views = mapping_views((&a, &b), &Mappings::default(), &[definition("site-a"), other]);
        assert_eq!(problems(&views), ["10.10.0.7 in app-net at site-b would be that of web-1 and of web-2"]);
    }
}
