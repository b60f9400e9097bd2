use super::*;
use crate::domain::OperationType;
use crate::engine::{OperationState, PlanBuilder, Recovery, StepBuilder, Trouble};
use crate::error::Code;
use crate::id::{GroupId, OperationId};
use crate::journal::{Digest, Holder, OperationRecord};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000 + second).unwrap()
}

/// `a` for 2 s, then `quick` for 1 s and `slow` for 5 s beside each other, then `last`, of a group with a daring name.
fn recalled(events: Vec<(i64, Event)>) -> Recalled {
    let group = GroupId::new(Uuid::nil());
    let mut plan = PlanBuilder::new(
        OperationType::Failover,
        group,
        "<b>\"shop\" & 'co'</b>",
        ("site-a".into(), "site-b".into()),
        1,
        Recovery::RollBackBefore("slow".into()),
    );
    let step = |name: &str| StepBuilder::new("kind", name, format!("do {name}")).at(&"site-b".into());
    let a = plan.add(step("a"));
    let quick = plan.add(step("quick").after([&a]).optional());
    let slow = plan.add(step("slow").after([&a]));
    plan.add(step("last").after([&slow]).after_end_of([&quick]));
    let plan = Arc::new(plan.build().unwrap());
    let mut state = OperationState::new(Arc::clone(&plan));
    for (_, event) in &events {
        state.apply(event).unwrap();
    }
    let started_by = Holder { host: "h".into(), process: 1, program: "p".into(), user: "operator".into() };
    let record = OperationRecord {
        id: OperationId::new(Uuid::nil()),
        group,
        operation_type: "failover".to_owned(),
        home: "site-b".into(),
        plan: plan.text().unwrap(),
        plan_hash: plan.hash(),
        started_by,
        created_at: at(0),
    };
    let (times, events) = events.into_iter().map(|(second, event)| (at(second), event)).unzip();
    let (bytes, head) = (0, Digest::of(&[]));
    Recalled { record, plan, state, events, times, bytes, head }
}

fn intended(step: &str) -> Event {
    Event::StepIntended { step: step.into() }
}

fn done(step: &str) -> Event {
    Event::StepDone { step: step.into(), output: Value::Null }
}

fn failover() -> Recalled {
    let trouble = Trouble::new(Code::QuotaExceeded, Code::QuotaExceeded.class(), "no room for <this>");
    recalled(vec![
        (0, Event::Started { term: 1, holder: "operator@h".to_owned() }),
        (0, intended("a")),
        (2, done("a")),
        (2, intended("quick")),
        (2, intended("slow")),
        (3, Event::StepFailed { step: "quick".into(), trouble }),
        (7, done("slow")),
        (7, intended("last")),
        (8, done("last")),
        (8, Event::Finished { status: crate::domain::OperationStatus::Completed, error_message: None }),
    ])
}

#[test]
fn the_critical_path_is_what_was_waited_for_last_each_time() {
    let report = report(&failover(), None);
    assert_eq!(report.critical_path, ["a", "slow", "last"].map(StepId::from));
    let seconds: Vec<_> = report.steps.iter().map(|step| step.seconds.unwrap()).collect();
    assert_eq!((report.seconds, seconds), (8.0, vec![2.0, 1.0, 5.0, 1.0]));
    let status: Vec<_> = report.steps.iter().map(|step| step.status).collect();
    assert_eq!(status, ["done", "failed", "done", "done"]);
    let past: Vec<_> = report.steps.iter().map(|step| step.past_point_of_no_return).collect();
    assert_eq!(past, [false, true, true, true]);
}

#[test]
fn an_operation_of_which_nothing_has_happened_has_a_report() {
    let report = report(&recalled(Vec::new()), None);
    assert_eq!((report.seconds, report.critical_path.len(), report.steps.len()), (0.0, 0, 4));
    assert!(report.html().contains("<td>pending</td>"));
}

#[test]
fn the_page_needs_nothing_else_and_shows_what_it_is_told_as_text() {
    let page = report(&failover(), None).html();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.contains("&lt;b&gt;&quot;shop&quot; &amp; &#39;co&#39;&lt;/b&gt;"), "{page}");
    assert!(page.contains("no room for &lt;this&gt;") && !page.contains("<this>"));
    for foreign in ["http:", "https:", "<script", "<link", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("class=\"track\"").count(), 4);
}
