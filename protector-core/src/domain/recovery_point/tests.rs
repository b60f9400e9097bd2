use super::*;
use crate::domain::OperationType;
use crate::domain::testing::{at, group, origin, point, volume};
use crate::id::SiteName;
use proptest::prelude::*;

fn reason(point: &RecoveryPoint, group: &ProtectionGroup) -> String {
    let eligibility = judge(point, group);
    assert!(!eligibility.is_eligible());
    eligibility.reason.unwrap()
}

#[test]
fn a_complete_point_of_all_volumes_from_the_primary_is_eligible() {
    let judged = judge(&point("a", "7", 5), &group("a", 1, None));
    assert!(judged.is_eligible());
    assert_eq!(judged.reason, None);
    assert_eq!(point("a", "7", 5).size(), Some(30));
}

#[test]
fn the_point_that_protection_began_with_is_eligible() {
    let first = point("a", &naming::point(OperationType::Protect, 1, 1), 5);
    assert!(judge(&first, &group("a", 1, None)).is_eligible());
}

#[test]
fn what_the_former_primary_still_sends_is_not() {
    let zombie = reason(&point("a", "7", 50), &group("b", 2, Some(20)));
    assert_eq!(zombie, "it is from group group-a of array array-a: the group runs at b");
}

#[test]
fn a_point_of_another_group_on_the_same_array_is_not() {
    let mut other = point("a", "7", 5);
    other.origin.name = "group-of-somebody".to_owned();
    assert!(!judge(&other, &group("a", 1, None)).current_primary);
}

#[test]
fn what_the_same_array_sent_before_the_group_went_and_came_back_is_not() {
    let home_again = group("a", 3, Some(40));
    assert!(!judge(&point("a", "7", 39), &home_again).current_epoch);
    assert!(!judge(&point("a", "8", 40), &home_again).current_epoch);
    assert!(judge(&point("a", "9", 41), &home_again).is_eligible());
}

#[test]
fn an_array_whose_clock_is_ahead_does_not_carry_an_earlier_moves_point_into_this_epoch() {
    let last_before_it_went = point("a", &naming::point(OperationType::Failover, 2, 1), 45);
    let reason = reason(&last_before_it_went, &group("a", 3, Some(40)));
    assert_eq!(reason, "it was made before the group came to run at a in epoch 3");
}

#[test]
fn a_point_under_way_is_not_and_never_shows_as_whole() {
    let mut arriving = point("a", "7", 5);
    (arriving.completed, arriving.progress) = (None, 0.999);
    arriving.members.clear();
    let judged = judge(&arriving, &group("a", 1, None));
    assert!(!judged.complete && !judged.all_members && !judged.is_eligible());
    assert_eq!(judged.reason.unwrap(), "it has not wholly arrived: 99 %");
    assert_eq!(arriving.size(), None);
}

#[test]
fn a_point_from_before_a_disk_was_added_is_not() {
    let mut grown = group("a", 1, None);
    let older = point("a", "7", 5);
    grown.members.values_mut().next().unwrap().volumes.push(volume(3));
    assert_eq!(reason(&older, &grown), "it lacks volume disk-3 of server web");
}

#[test]
fn a_volume_that_the_primary_is_not_known_to_have_is_in_no_point() {
    let mut group = group("a", 1, None);
    group.members.values_mut().next().unwrap().volumes[0].sites.remove(&SiteName::from("a"));
    assert_eq!(reason(&point("a", "7", 5), &group), "it lacks volume disk-1 of server web");
}

#[test]
fn what_left_the_group_may_be_in_a_point() {
    let mut shrunk = group("a", 1, None);
    shrunk.members.values_mut().next().unwrap().volumes.pop();
    assert!(judge(&point("a", "7", 5), &shrunk).is_eligible());
}

prop_compose! {
    fn any_point()(
        site in prop::sample::select(vec!["a", "b"]),
        name in prop::sample::select(vec!["1", "2", "protector-failover-e2-a1", "protector-failback-e3-a2"]),
        created in 0_i64..60,
        complete in prop::bool::weighted(0.8),
        whole in prop::bool::weighted(0.8),
    ) -> RecoveryPoint {
        let mut point = point(site, name, created);
        if !complete {
            (point.completed, point.progress) = (None, 0.5);
        }
        if !whole || !complete {
            point.members.pop_last();
        }
        point
    }
}

proptest! {
    #[test]
    fn the_newest_eligible_point_is_eligible_and_none_that_is_eligible_is_newer(
        points in prop::collection::vec(any_point(), 0..12),
        (site, epoch, moved) in prop::sample::select(vec![("a", 1, None), ("b", 2, Some(20)), ("a", 3, Some(40))]),
    ) {
        let group = group(site, epoch, moved);
        let chosen = newest_eligible(&points, &group);
        for point in &points {
            let judged = judge(point, &group);
            prop_assert_eq!(judged.is_eligible(), judged.reason.is_none());
            if judged.is_eligible() {
                prop_assert!(point.origin == origin(site) && point.completed.is_some() && point.members.len() == 2);
                prop_assert!(moved.is_none_or(|moved| point.created > at(moved)));
                prop_assert!(chosen.is_some_and(|chosen| chosen.created >= point.created));
            }
        }
        if let Some(chosen) = chosen {
            prop_assert!(judge(chosen, &group).is_eligible());
        }
    }
}
