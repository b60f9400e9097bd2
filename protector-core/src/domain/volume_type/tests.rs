use super::*;
use crate::config::MappingKind;
use crate::domain::site_report::CheckStatus;
use proptest::prelude::*;

fn kind(name: &str) -> VolumeTypeFacts {
    let specs = [
        ("replication_enabled", "<is> True"),
        ("replication_type", "<in> async"),
        ("volume_backend_name", "pure"),
    ];
    VolumeTypeFacts {
        name: name.to_owned(),
        specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        all_specs: true,
        encrypted: Some(false),
        backends: Some([("host@pure#pure".to_owned(), true)].into()),
        arrays: BTreeSet::new(),
        elsewhere: 0,
    }
}

/// As a member sees it.
fn as_member(name: &str) -> VolumeTypeFacts {
    let mut seen = VolumeTypeFacts { all_specs: false, encrypted: None, backends: None, ..kind(name) };
    seen.specs.retain(|key, _| key == "replication_enabled");
    seen
}

fn site(name: &str, types: Vec<VolumeTypeFacts>) -> SiteVolumeTypes {
    let (own, other) = if name == "site-a" { ("array-a", "array-b") } else { ("array-b", "array-a") };
    SiteVolumeTypes { site: name.into(), types, peers: [(own.into(), [other.into()].into())].into() }
}

fn mapped(pairs: &[(&str, &str)]) -> Mappings {
    let mut mappings = Mappings::default();
    for (a, b) in pairs {
        let pair = [("site-a".into(), (*a).to_owned()), ("site-b".into(), (*b).to_owned())].into();
        mappings.insert(MappingKind::VolumeType, pair).unwrap();
    }
    mappings
}

fn views(
    own: Vec<VolumeTypeFacts>,
    other: Vec<VolumeTypeFacts>,
    pairs: &[(&str, &str)],
) -> Vec<VolumeTypeView> {
    volume_types(&site("site-a", own), Ok(&site("site-b", other)), &mapped(pairs))
}

fn pairing(own: VolumeTypeFacts, other: Vec<VolumeTypeFacts>, pairs: &[(&str, &str)]) -> Pairing {
    views(vec![own], other, pairs).remove(0).pairing.unwrap()
}

fn judged(change: impl FnOnce(&mut VolumeTypeFacts)) -> VolumeTypeView {
    let mut facts = kind("gold");
    change(&mut facts);
    views(vec![facts], Vec::new(), &[]).remove(0)
}

#[test]
fn a_type_that_replicates_asynchronously_is_eligible() {
    let view = judged(|_| ());
    assert_eq!((view.verdict, view.reasons, view.unseen), (Verdict::Eligible, vec![], vec![]));
    assert_eq!(view.replication_type.as_deref(), Some("async"));
}

#[test]
fn each_thing_that_speaks_against_a_type_is_told() {
    let against = |change: fn(&mut VolumeTypeFacts), told: &str| {
        let view = judged(change);
        assert_eq!((view.verdict, view.pairing), (Verdict::NotEligible, None));
        assert_eq!(view.reasons.len(), 1, "{:?}", view.reasons);
        assert!(view.reasons[0].contains(told), "{:?}", view.reasons);
    };
    against(|facts| drop(facts.specs.remove("replication_enabled")), "replication_enabled='<is> True'");
    against(|facts| drop(facts.specs.remove("replication_type")), "replication_type='<in> async'");
    let sync = |facts: &mut VolumeTypeFacts| {
        facts.specs.insert("replication_type".to_owned(), "<in> sync".to_owned());
    };
    against(sync, "it replicates sync");
    against(|facts| facts.encrypted = Some(true), "encrypted");
    against(|facts| facts.backends = Some(BTreeMap::new()), "no backend with volume_backend_name=pure");
    let plain = |facts: &mut VolumeTypeFacts| facts.backends = Some([("h@lvm#lvm".to_owned(), false)].into());
    against(plain, "no backend that it may come to replicates: h@lvm#lvm");
    against(|facts| facts.elsewhere = 1, "none of the site's arrays");
}

#[test]
fn volumes_on_a_configured_array_outweigh_those_that_are_elsewhere() {
    let view = judged(|facts| {
        facts.elsewhere = 1;
        facts.arrays.insert("array-a".into());
    });
    assert_eq!(view.verdict, Verdict::Eligible);
}

#[test]
fn what_a_member_may_not_see_is_named_and_not_guessed() {
    let view = views(vec![as_member("gold")], vec![as_member("gold")], &[]).remove(0);
    assert_eq!(view.verdict, Verdict::Unknown);
    assert_eq!(view.unseen, ["replication_type", "encryption", "backends"]);
    assert_eq!(view.pairing.unwrap().state, PairingState::Paired);
}

#[test]
fn equal_names_pair_and_their_differences_are_told() {
    let mut other = kind("gold");
    other.specs.insert("volume_backend_name".to_owned(), "pure-of-b".to_owned());
    let same = pairing(kind("gold"), vec![other.clone()], &[]);
    assert_eq!((same.state, same.by), (PairingState::Paired, Some(PairedBy::Name)));
    assert_eq!((same.name.as_deref(), same.remedy), (Some("gold"), None));
    assert_eq!(same.differences, Vec::<String>::new(), "a backend's name is its site's affair");
    other.specs.insert("multiattach".to_owned(), "<is> True".to_owned());
    let differing = pairing(kind("gold"), vec![other], &[]);
    assert_eq!(differing.state, PairingState::Paired);
    assert_eq!(differing.differences, ["multiattach (nothing here, '<is> True' there)"]);
}

#[test]
fn a_mapping_wins_over_an_equal_name() {
    let pairing = pairing(kind("gold"), vec![kind("gold"), kind("dr-gold")], &[("gold", "dr-gold")]);
    assert_eq!((pairing.state, pairing.by), (PairingState::Paired, Some(PairedBy::Mapping)));
    assert_eq!(pairing.name.as_deref(), Some("dr-gold"));
}

#[test]
fn a_mapping_to_what_is_not_there_or_does_not_fit_is_told() {
    let missing = pairing(kind("gold"), vec![kind("gold")], &[("gold", "dr-gold")]);
    assert_eq!((missing.state, missing.name.as_deref()), (PairingState::Missing, Some("dr-gold")));
    let encrypted = VolumeTypeFacts { encrypted: Some(true), ..kind("dr-gold") };
    let unfit = pairing(kind("gold"), vec![kind("gold"), encrypted], &[("gold", "dr-gold")]);
    assert_eq!(unfit.state, PairingState::Unfit);
    assert!(
        unfit.said.contains("dr-gold at site-b does not fit: its volumes are encrypted"),
        "{}",
        unfit.said
    );
}

#[test]
fn a_pair_whose_way_back_leads_elsewhere_is_ambiguous() {
    let pairing = pairing(kind("gold"), vec![kind("gold")], &[("silver", "gold")]);
    assert_eq!((pairing.state, pairing.name.as_deref()), (PairingState::Ambiguous, Some("gold")));
    assert!(pairing.said.contains("gold at site-b stands for silver here"), "{}", pairing.said);
}

#[test]
fn without_an_equal_name_what_is_alike_is_proposed_if_it_is_one() {
    let one = pairing(kind("gold"), vec![kind("dr-gold")], &[]);
    assert_eq!((one.state, one.by), (PairingState::Proposed, Some(PairedBy::Properties)));
    assert_eq!(one.candidates, ["dr-gold"]);
    let remedy = "map it in protector.yaml: mappings.volume_types: [{site-a: gold, site-b: dr-gold}]";
    assert_eq!(one.remedy.as_deref(), Some(remedy));
    let two = pairing(kind("gold"), vec![kind("dr-gold"), kind("spare")], &[]);
    assert_eq!((two.state, two.name), (PairingState::Ambiguous, None));
    assert_eq!(two.candidates, ["dr-gold", "spare"]);
    let none = pairing(kind("gold"), Vec::new(), &[]);
    assert_eq!(none.state, PairingState::Missing);
}

#[test]
fn what_stands_for_another_type_already_is_not_proposed() {
    let of_silver = views(vec![kind("gold"), kind("silver")], vec![kind("silver")], &[]);
    assert_eq!(of_silver[0].pairing.as_ref().unwrap().state, PairingState::Missing);
    let mapped = views(vec![kind("gold"), kind("silver")], vec![kind("dr")], &[("silver", "dr")]);
    assert_eq!(mapped[0].pairing.as_ref().unwrap().state, PairingState::Missing);
}

#[test]
fn a_type_with_other_properties_is_not_proposed() {
    let mut fast = kind("fast");
    fast.specs.insert("vendor:tier".to_owned(), "fast".to_owned());
    assert_eq!(pairing(kind("gold"), vec![fast], &[]).state, PairingState::Missing);
}

#[test]
fn a_type_on_an_array_that_does_not_replicate_with_ours_does_not_fit() {
    let on = |name: &str, array: &str| VolumeTypeFacts { arrays: [array.into()].into(), ..kind(name) };
    let fits = pairing(on("gold", "array-a"), vec![on("gold", "array-b")], &[]);
    assert_eq!(fits.state, PairingState::Paired);
    let (own, mut other) =
        (site("site-a", vec![on("gold", "array-a")]), site("site-b", vec![on("gold", "array-c")]));
    other.peers.insert("array-c".into(), BTreeSet::new());
    let view = volume_types(&own, Ok(&other), &Mappings::default()).remove(0);
    let pairing = view.pairing.unwrap();
    assert_eq!(pairing.state, PairingState::Unfit);
    assert!(pairing.said.contains("on array-c, which does not replicate with array-a"), "{}", pairing.said);
    other.peers.clear();
    other.types[0].arrays = ["array-b".into()].into();
    let view = volume_types(&own, Ok(&other), &Mappings::default()).remove(0);
    assert_eq!(view.pairing.unwrap().state, PairingState::Paired, "an array that was not asked is no reason");
}

#[test]
fn with_the_other_site_dead_types_are_judged_and_pairs_unknown() {
    let own = site("site-a", vec![kind("gold")]);
    let view = volume_types(&own, Err("no answer"), &Mappings::default()).remove(0);
    assert_eq!(view.verdict, Verdict::Eligible);
    let pairing = view.pairing.clone().unwrap();
    assert_eq!(pairing.state, PairingState::Unknown);
    assert_eq!(pairing.said, "the other site could not be read: no answer");
    assert_eq!(check(&[view]).status, CheckStatus::Warning);
}

#[test]
fn a_site_needs_one_type_that_is_paired() {
    let plain = || {
        let mut plain = kind("plain");
        plain.specs.remove("replication_enabled");
        plain
    };
    let status = |own, other| {
        let check = check(&views(own, other, &[]));
        (check.status, check.seen)
    };
    let (ok, seen) = status(vec![kind("gold"), plain()], vec![kind("gold")]);
    assert_eq!((ok, seen.as_str()), (CheckStatus::Ok, "paired: gold with gold"));
    let (failed, seen) = status(vec![plain()], vec![kind("gold")]);
    assert_eq!((failed, seen.as_str()), (CheckStatus::Failed, "none of 1 can be protected"));
    let (failed, seen) = status(vec![kind("gold")], vec![plain()]);
    assert_eq!(failed, CheckStatus::Failed);
    assert!(seen.starts_with("none is paired: gold: there is no gold at site-b"), "{seen}");
    assert_eq!(status(vec![kind("gold"), kind("silver")], vec![kind("gold")]).0, CheckStatus::Warning);
    assert_eq!(status(vec![as_member("gold")], vec![as_member("gold")]).0, CheckStatus::Warning);
}

prop_compose! {
    fn any_types()(types in prop::collection::btree_map(
        prop::sample::select(vec!["w", "x", "y", "z"]),
        (any::<bool>(), any::<bool>(), prop::sample::select(vec![None, Some("fast")])),
        0..4,
    )) -> Vec<VolumeTypeFacts> {
        types.into_iter().map(|(name, (replicated, seen, tier))| {
            let mut facts = if seen { kind(name) } else { as_member(name) };
            if !replicated {
                facts.specs.remove("replication_enabled");
            }
            if let Some(tier) = tier.filter(|_| seen) {
                facts.specs.insert("vendor:tier".to_owned(), tier.to_owned());
            }
            facts
        }).collect()
    }
}

proptest! {
    #[test]
    fn pairs_hold_both_ways_and_no_type_stands_for_two(
        a in any_types(),
        b in any_types(),
        pairs in prop::collection::vec((prop::sample::select(vec!["w", "x", "y"]), prop::sample::select(vec!["x", "y", "z"])), 0..3),
    ) {
        let mut mappings = Mappings::default();
        for (one, other) in pairs {
            let pair = [("site-a".into(), one.to_owned()), ("site-b".into(), other.to_owned())].into();
            // What contradicts an earlier pair is refused, which is as good here.
            let _ = mappings.insert(MappingKind::VolumeType, pair);
        }
        let (a, b) = (site("site-a", a), site("site-b", b));
        let there = volume_types(&a, Ok(&b), &mappings);
        let back = volume_types(&b, Ok(&a), &mappings);
        let paired = |views: &[VolumeTypeView]| -> BTreeMap<String, String> {
            let of = |view: &VolumeTypeView| {
                let pairing = view.pairing.as_ref().filter(|pairing| pairing.state == PairingState::Paired)?;
                Some((view.name.clone(), pairing.name.clone()?))
            };
            views.iter().filter_map(of).collect()
        };
        let (there, back) = (paired(&there), paired(&back));
        for (one, other) in &there {
            prop_assert_eq!(back.get(other), Some(one));
        }
        prop_assert_eq!(there.len(), back.len());
    }
}
