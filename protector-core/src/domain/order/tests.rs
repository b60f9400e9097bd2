use super::*;
use crate::domain::testing::group;
use proptest::prelude::*;
use uuid::Uuid;

fn member(number: u128, name: &str, order: u32) -> Member {
    Member {
        lineage: LineageId::new(Uuid::from_u128(number)),
        name: name.to_owned(),
        order,
        servers: BTreeMap::new(),
        ports: Vec::new(),
        volumes: Vec::new(),
        absent: None,
    }
}

/// The VMs named so, in this order of their lineages.
fn members(names: &[&str]) -> Vec<Member> {
    names.iter().zip(1..).map(|(name, number)| member(number, name, 0)).collect()
}

fn policy(tiers: &[&[&str]], after: &[(&str, &[&str])]) -> OrderPolicy {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    OrderPolicy {
        tiers: tiers.iter().map(|tier| owned(tier)).collect(),
        after: after.iter().map(|(name, earlier)| ((*name).to_owned(), owned(earlier))).collect(),
    }
}

/// Turns with the VMs' names: `web: db app`.
fn told(turns: &[Turn], members: &[Member]) -> Vec<String> {
    let name = |lineage: &LineageId| {
        members.iter().find(|member| member.lineage == *lineage).map(|member| member.name.clone()).unwrap()
    };
    let told = turns.iter().map(|turn| {
        let after: Vec<String> = turn.after.iter().map(name).collect();
        format!("{}: {}", name(&turn.member), after.join(" ")).trim_end().to_owned()
    });
    told.collect()
}

fn all(members: &[Member]) -> BTreeSet<LineageId> {
    members.iter().map(|member| member.lineage).collect()
}

#[test]
fn tiers_and_dependencies_end_in_one_order_and_stops_go_the_other_way() {
    let members = members(&["web", "app", "db", "cache", "batch"]);
    let order = policy(&[&["db"], &["app"], &["web"]], &[("cache", &["db"]), ("web", &["cache"])]);
    let order = StartOrder::resolve(&order, &members).unwrap();
    assert_eq!(
        told(&order.among(&all(&members)), &members),
        ["db:", "batch:", "app: db", "cache: db", "web: app cache"]
    );
    assert_eq!(
        told(&order.reversed_among(&all(&members)), &members),
        ["web:", "cache: web", "app: web", "batch:", "db: app cache"]
    );
}

#[test]
fn who_waits_for_a_vm_that_is_not_there_waits_for_those_it_would_have_waited_for() {
    let members = members(&["web", "app", "db"]);
    let order = StartOrder::resolve(&policy(&[&["db"], &["app"], &["web"]], &[]), &members).unwrap();
    let present: BTreeSet<_> =
        members.iter().filter(|member| member.name != "app").map(|member| member.lineage).collect();
    assert_eq!(told(&order.among(&present), &members), ["db:", "web: db"]);
    assert_eq!(told(&order.reversed_among(&present), &members), ["web:", "db: web"]);
}

#[test]
fn without_a_policy_what_was_shut_off_comes_last() {
    let members = [member(1, "off", 1), member(2, "web", 0), member(3, "db", 0)];
    let mut group = group("a", 1, None);
    group.members = members.iter().map(|member| (member.lineage, member.clone())).collect();
    let order = StartOrder::of(&group).unwrap();
    assert_eq!(told(&order.among(&all(&members)), &members), ["web:", "db:", "off: web db"]);
    group.policy.order = policy(&[], &[("web", &["off", "gone"]), ("gone", &["db"])]);
    let order = StartOrder::of(&group).unwrap();
    assert_eq!(told(&order.among(&all(&members)), &members), ["off:", "db:", "web: off"]);
}

#[test]
fn a_cycle_is_refused_with_its_names_and_so_are_unknown_vms_and_those_in_two_tiers() {
    let members = members(&["web", "app", "db", "cache"]);
    let refused = |order: OrderPolicy| StartOrder::resolve(&order, &members).unwrap_err();
    let cycle =
        refused(policy(&[&["db"], &["app"]], &[("db", &["cache"]), ("cache", &["app"]), ("web", &["db"])]));
    let OrderError::Cycle { names } = &cycle else { panic!("{cycle}") };
    assert_eq!((names.len(), names.first()), (4, names.last()), "{cycle}");
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), ["app", "cache", "db"].into());
    assert_eq!(
        refused(policy(&[], &[("web", &["web"])])).to_string(),
        "VMs of the order wait for each other: web after web"
    );
    assert_eq!(
        refused(policy(&[&["web", "mail"]], &[])).to_string(),
        "the order names mail, and the group has only app, cache, db, web"
    );
    assert_eq!(
        refused(policy(&[&["web"], &["web"]], &[])),
        OrderError::InTwoTiers { name: "web".to_owned() }
    );
}

proptest! {
    #[test]
    fn whatever_is_wanted_is_kept_or_refused_with_a_real_cycle(
        wanted in proptest::collection::vec((0usize..7, 0usize..7), 0..14),
        absent in proptest::collection::btree_set(0usize..7, 0..4),
    ) {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let members = members(&names);
        let mut order = OrderPolicy::default();
        for (name, earlier) in &wanted {
            order.after.entry(names[*name].to_owned()).or_default().push(names[*earlier].to_owned());
        }
        let waits = |name: &String, earlier: &String| {
            order.after.get(name).is_some_and(|of_vm| of_vm.contains(earlier))
        };
        match StartOrder::resolve(&order, &members) {
            Err(OrderError::Cycle { names }) => {
                prop_assert!(names.len() > 1 && names.first() == names.last());
                prop_assert!(names.windows(2).all(|pair| waits(&pair[0], &pair[1])), "{names:?}");
            }
            Err(other) => prop_assert!(false, "{other}"),
            Ok(resolved) => {
                let present: BTreeSet<LineageId> = members
                    .iter()
                    .enumerate()
                    .filter(|(number, _)| !absent.contains(number))
                    .map(|(_, member)| member.lineage)
                    .collect();
                let turns = resolved.among(&present);
                prop_assert_eq!(turns.len(), present.len());
                let mut done = BTreeSet::new();
                for turn in &turns {
                    prop_assert!(turn.after.iter().all(|earlier| done.contains(earlier)), "{turns:?}");
                    done.insert(turn.member);
                }
                for (name, earlier) in &wanted {
                    let of = |number: &usize| members[*number].lineage;
                    if let Some(turn) = turns.iter().find(|turn| turn.member == of(name)) {
                        prop_assert!(absent.contains(earlier) || turn.after.contains(&of(earlier)));
                    }
                }
                let mut stopped = BTreeSet::new();
                for turn in resolved.reversed_among(&present) {
                    prop_assert!(turn.after.iter().all(|later| stopped.contains(later)));
                    stopped.insert(turn.member);
                }
            }
        }
    }
}
