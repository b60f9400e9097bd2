use super::*;
use crate::domain::testing::{at, group, point};
use proptest::prelude::*;

const ON: ReplicationSchedule = ReplicationSchedule { enabled: true, interval: 300, retention: Some(3600) };
const OFF: ReplicationSchedule = ReplicationSchedule { enabled: false, ..ON };

fn facts(group: &ProtectionGroup, now: i64, points: Vec<RecoveryPoint>) -> RpoFacts<'_> {
    RpoFacts { group, now: at(now), points: Ok(points), schedule: Ok(Some(ON)), reverse: Ok(Some(OFF)) }
}

fn codes(report: &RpoReport) -> Vec<FindingCode> {
    report.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn an_objective_is_met_up_to_its_last_second() {
    let group = group("a", 1, None);
    let met = rpo(&facts(&group, 20, vec![point("a", "1", 5)]));
    assert_eq!((met.status, met.age, met.objective), (RpoStatus::Met, Some(900), 900));
    assert_eq!((met.schedule, met.schedule_as_recorded), (ScheduleState::On, Some(true)));
    assert_eq!(met.findings, []);

    let mut late = facts(&group, 20, vec![point("a", "1", 5)]);
    late.now = late.now.checked_add(jiff::SignedDuration::from_secs(1)).unwrap();
    let missed = rpo(&late);
    assert_eq!((missed.status, missed.age), (RpoStatus::Missed, Some(901)));
    assert_eq!(codes(&missed), [FindingCode::RpoMissed]);
}

#[test]
fn a_newer_point_that_is_under_way_does_not_count_and_is_told() {
    let group = group("a", 1, None);
    let mut arriving = point("a", "2", 28);
    (arriving.completed, arriving.progress, arriving.bytes_transferred) = (None, 0.5, Some(7));
    let report = rpo(&facts(&group, 30, vec![arriving, point("a", "1", 5)]));
    assert_eq!(report.status, RpoStatus::Missed);
    assert_eq!(report.newest.unwrap().name, "1");
    let transfer =
        Transfer { name: "2".to_owned(), created: at(28), progress: 0.5, bytes_transferred: Some(7) };
    assert_eq!(report.in_transfer, [transfer]);
    assert!(report.findings[0].remedy.contains("point 2 is under way (50 %)"), "{}", report.findings[0]);
}

#[test]
fn what_the_former_primary_sends_meets_no_objective() {
    let group = group("b", 2, Some(20));
    let report = rpo(&facts(&group, 30, vec![point("a", "9", 29)]));
    assert_eq!((report.status, report.age), (RpoStatus::Missed, None));
    assert!(report.reason.contains("none of 1 is eligible; of the newest, 9: it is from group group-a"));
}

#[test]
fn a_group_without_a_point_misses_its_objective() {
    let group = group("a", 1, None);
    let report = rpo(&facts(&group, 1, Vec::new()));
    assert_eq!(report.status, RpoStatus::Missed);
    assert_eq!(report.reason, "there is no point to bring it up from: none has come there");
}

#[test]
fn with_the_primary_dead_the_state_is_told_from_what_has_arrived() {
    let group = group("a", 1, None);
    let dead = |now| RpoFacts {
        schedule: Err("no answer".to_owned()),
        ..facts(&group, now, vec![point("a", "1", 5)])
    };
    let met = rpo(&dead(10));
    assert_eq!((met.status, met.age), (RpoStatus::Met, Some(300)));
    assert_eq!((met.schedule, met.schedule_as_recorded), (ScheduleState::Unknown, None));
    assert_eq!(codes(&met), [FindingCode::ArrayUnreachable]);
    let missed = rpo(&dead(60));
    assert_eq!(codes(&missed), [FindingCode::RpoMissed, FindingCode::ArrayUnreachable]);
    assert!(missed.findings[0].remedy.contains("bring the group up at the other one"));
}

#[test]
fn with_the_other_sites_array_dead_it_is_unknown() {
    let group = group("a", 1, None);
    let broken = || "no answer".to_owned();
    let report =
        rpo(&RpoFacts { points: Err(broken()), reverse: Err(broken()), ..facts(&group, 6, Vec::new()) });
    assert_eq!((report.status, report.age, report.newest), (RpoStatus::Unknown, None, None));
    assert_eq!(report.reason, "its points cannot be read: no answer");
    assert_eq!(report.schedule_as_recorded, None);
}

#[test]
fn a_group_that_is_being_made_has_no_state_yet() {
    let mut group = group("a", 1, None);
    group.status = GroupStatus::Creating;
    group.storage_groups.clear();
    let report = rpo(&RpoFacts { schedule: Ok(None), ..facts(&group, 6, Vec::new()) });
    assert_eq!(report.status, RpoStatus::Unknown);
    assert_eq!(report.reason, "its protection is not complete: it is creating");
    assert_eq!(report.schedule_as_recorded, None);
}

#[test]
fn a_schedule_that_is_not_as_recorded_is_drift() {
    let group = group("a", 1, None);
    let with = |schedule, reverse| {
        rpo(&RpoFacts {
            schedule: Ok(schedule),
            reverse: Ok(reverse),
            ..facts(&group, 6, vec![point("a", "1", 5)])
        })
    };
    let slower = ReplicationSchedule { interval: 600, ..ON };
    let forgetful = ReplicationSchedule { retention: Some(60), ..ON };
    for (schedule, reverse, state, told) in [
        (Some(OFF), Some(OFF), ScheduleState::Off, "nothing new reaches the other site"),
        (Some(slower), Some(OFF), ScheduleState::On, "every 600 s instead of 300 s"),
        (Some(forgetful), None, ScheduleState::On, "kept for 60 s instead of 3600 s"),
        (None, Some(OFF), ScheduleState::Off, "it is not there any more"),
        (Some(ON), Some(ON), ScheduleState::On, "old content is sent back"),
    ] {
        let report = with(schedule, reverse);
        assert_eq!((report.status, report.schedule), (RpoStatus::Met, state));
        assert_eq!(report.schedule_as_recorded, Some(false));
        assert_eq!(codes(&report), [FindingCode::Drift]);
        assert!(report.findings[0].message.contains(told), "{}", report.findings[0]);
    }
    let untold = ReplicationSchedule { retention: None, ..ON };
    assert_eq!(with(Some(untold), None).schedule_as_recorded, Some(true));
}

#[test]
fn while_a_group_is_moved_its_schedule_is_nobodys_drift() {
    let mut group = group("a", 1, None);
    group.status = GroupStatus::FailingOver;
    let report = rpo(&RpoFacts { schedule: Ok(Some(OFF)), ..facts(&group, 6, vec![point("a", "1", 5)]) });
    assert_eq!((report.status, report.schedule), (RpoStatus::Met, ScheduleState::Off));
    assert_eq!((report.schedule_as_recorded, report.findings), (None, Vec::new()));
}

#[test]
fn an_objective_that_no_schedule_can_meet_is_told_before_it_is_missed() {
    let mut group = group("a", 1, None);
    group.rpo_minutes = 5;
    let report = rpo(&facts(&group, 6, vec![point("a", "1", 5)]));
    assert_eq!(report.status, RpoStatus::Met);
    assert_eq!(codes(&report), [FindingCode::RpoTooShort]);
}

#[test]
fn a_point_from_an_array_whose_clock_is_ahead_is_of_no_age() {
    let group = group("a", 1, None);
    assert_eq!(rpo(&facts(&group, 5, vec![point("a", "1", 6)])).age, Some(0));
}

proptest! {
    #[test]
    fn it_is_met_only_by_an_eligible_point_within_the_objective(
        now in 0_i64..200,
        points in prop::collection::vec((prop::sample::select(vec!["a", "b"]), 0_i64..120, any::<bool>()), 0..8),
        (site, epoch, moved) in prop::sample::select(vec![("a", 1, None), ("b", 2, Some(20)), ("a", 3, Some(40))]),
    ) {
        let group = group(site, epoch, moved);
        let points: Vec<RecoveryPoint> = points
            .into_iter()
            .enumerate()
            .map(|(number, (site, created, complete))| {
                let mut point = point(site, &number.to_string(), created);
                if !complete {
                    (point.completed, point.progress) = (None, 0.5);
                    point.members.clear();
                }
                point
            })
            .collect();
        let report = rpo(&facts(&group, now, points.clone()));
        let within = points.iter().any(|point| {
            judge(point, &group).is_eligible() && seconds_between(point.created, at(now)) <= report.objective
        });
        prop_assert_eq!(report.status == RpoStatus::Met, within);
        prop_assert_eq!(report.status == RpoStatus::Missed, !within);
        prop_assert_eq!(report.age.is_some(), report.newest.is_some());
        let missed = codes(&report).contains(&FindingCode::RpoMissed);
        prop_assert_eq!(missed, !within);
        for transfer in &report.in_transfer {
            let origin = points.iter().find(|point| point.name == transfer.name).map(|point| &point.origin);
            prop_assert_eq!(origin, group.storage_groups.get(&group.current_primary_site));
        }
    }
}
