use super::*;
use crate::engine::{OperationState, PlanBuilder, Recovery, StepBuilder, Trouble};
use crate::error::Code;
use crate::id::GroupId;
use crate::journal::{Digest, Holder, OperationRecord};
use jiff::ToSpan;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + seconds.seconds()
}

/// A test of two VMs, of which the second cannot be made; began at 100 s, on a point of 40 s.
fn recalled() -> Recalled {
    let mut plan = PlanBuilder::new(
        OperationType::TestFailover,
        GroupId::new(Uuid::nil()),
        "shop",
        ("site-a".into(), "site-b".into()),
        1,
        Recovery::RollBack,
    );
    let first = plan.add(StepBuilder::new("validate_target", "validate_target", "look").at(&"site-b".into()));
    let mut ends = Vec::new();
    for name in ["web", "db"] {
        let step = StepBuilder::new("verify_server", format!("verify_server/{name}"), "see it run");
        ends.push(plan.add(step.after([&first]).optional()));
    }
    let input = json!({"point": "p1", "point_created": at(40), "time_to_live": 60});
    let last =
        plan.add(StepBuilder::new("record_test", "record_test", "record").after_end_of(&ends).input(input));
    let plan = Arc::new(plan.build().unwrap());
    let done = |step: &StepId| Event::StepDone { step: step.clone(), output: Value::Null };
    let intended = |step: &StepId| Event::StepIntended { step: step.clone() };
    let trouble = Trouble::new(Code::QuotaExceeded, Code::QuotaExceeded.class(), "no room");
    let (web, db) = (StepId::from("verify_server/web"), StepId::from("verify_server/db"));
    let history = vec![
        (at(99), Event::Started { term: 1, holder: "test".to_owned() }),
        (at(100), intended(&first)),
        (at(101), done(&first)),
        (at(102), intended(&web)),
        (at(102), intended(&db)),
        (at(103), Event::StepFailed { step: db, trouble }),
        (at(104), Event::Started { term: 2, holder: "test".to_owned() }),
        (at(105), intended(&web)),
        (at(130), done(&web)),
        (at(131), intended(&"verify_server/db".into())),
        (
            at(132),
            Event::StepFailed {
                step: "verify_server/db".into(),
                trouble: Trouble::new(Code::QuotaExceeded, Code::QuotaExceeded.class(), "no room"),
            },
        ),
        (at(133), intended(&last)),
    ];
    let mut state = OperationState::new(Arc::clone(&plan));
    for (_, event) in &history {
        state.apply(event).unwrap();
    }
    let (times, events) = history.into_iter().unzip();
    let holder = Holder { host: "h".into(), process: 1, program: "p".into(), user: "u".into() };
    let record = OperationRecord {
        id: OperationId::new(Uuid::nil()),
        group: plan.group,
        operation_type: "test_failover".to_owned(),
        home: "site-b".into(),
        plan: plan.text().unwrap(),
        plan_hash: plan.hash(),
        started_by: holder,
        created_at: at(98),
    };
    let (bytes, head) = (0, Digest::of(&[]));
    Recalled { record, plan, state, events, times, bytes, head }
}

#[test]
fn times_count_from_the_first_effect_over_all_runs_and_what_failed_has_none() {
    let record = record(&recalled());
    assert_eq!(record.first_effect_at, Some(at(100)));
    assert_eq!((record.point.as_deref(), record.point_age), (Some("p1"), Some(60.0)));
    assert_eq!(record.recovery_time, Some(30.0));
    let times: Vec<_> =
        record.recovery_times.iter().map(|time| (time.server.as_str(), time.seconds)).collect();
    assert_eq!(times, [("web", Some(30.0)), ("db", None)]);
    let steps: Vec<_> =
        record.steps.iter().map(|step| (step.id.as_str(), step.begun, step.ended, step.done)).collect();
    assert_eq!(
        steps,
        [
            ("validate_target", 0.0, Some(1.0), true),
            ("verify_server/web", 2.0, Some(30.0), true),
            ("verify_server/db", 2.0, Some(32.0), false),
            ("record_test", 33.0, None, false),
        ]
    );
}
