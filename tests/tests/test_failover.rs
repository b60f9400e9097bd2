//! Tests of a group, on the simulated pair, while its guests write. What is checked is read from the simulated services, from
//! the requests that left, and from the arrays' bytes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what cannot be had ends a test"
)]

#[path = "../../examples/dr_drill/application.rs"]
mod application;
#[path = "../../examples/dr_drill/cloud.rs"]
#[expect(dead_code, reason = "the drill looks at more of it")]
mod cloud;
#[path = "../../examples/dr_drill/machines.rs"]
#[expect(dead_code, reason = "the drill looks at more of it")]
mod machines;
#[path = "test_failover/recorder.rs"]
mod recorder;
#[path = "test_failover/scene.rs"]
mod scene;

use protector_core::domain::{GroupStatus, OperationStatus, OperationType, Remnant};
use protector_core::protector::{Due, DueResult, MoveRequest, Request, TestRequest};
use scene::{GROUP, Scene, inventory};
use serde_json::json;
use std::time::Duration;

fn test() -> Request {
    Request::TestFailover(TestRequest::new(GROUP))
}

fn cleanup() -> Request {
    Request::TestCleanup { group: GROUP.to_owned() }
}

const DEAD: &str = "
- {target: 'site-a/*', action: refuse, times: 0}
- {target: 'array-a', action: refuse, times: 0}
";

#[tokio::test(start_paused = true)]
async fn a_test_holds_the_point_stands_apart_asks_nothing_of_production_and_leaves_nothing() {
    let mut scene = Scene::replicated().await;
    scene.leave_look_alikes(&scene.b).await;
    let before = inventory(&scene.b).await;
    let point = scene.newest_point().await;
    scene.recorder.forget();

    let report = scene.done(&test()).await;
    let group = scene.group().await;
    assert_eq!(group.status, GroupStatus::TestActive);
    let running = group.test.clone().unwrap();
    assert_eq!((running.operation, running.site.as_str()), (report.operation.id, "site-b"));
    assert_eq!(running.point, point.name);
    assert!(running.ends_at > Some(running.started_at));
    scene.check_copies(&scene.b, &point).await;
    scene.production_runs(&scene.a).await;
    assert_eq!(scene.recorder.sent_to("site-a"), Vec::<String>::new());
    assert_eq!(scene.recorder.sent_to("array-a"), Vec::<String>::new());

    let drill = scene.protector.drill(report.operation.id).await.unwrap();
    assert_eq!(drill.operation_type, OperationType::TestFailover);
    assert_eq!(drill.recovery_times.len(), 5);
    assert!(drill.recovery_times.iter().all(|time| time.seconds <= drill.recovery_time), "{drill:?}");
    assert_eq!(drill.point.as_deref(), Some(point.name.as_str()));
    let age = drill.first_effect_at.unwrap().duration_since(point.created).as_secs_f64();
    assert_eq!(drill.point_age, Some(age));

    let report = scene.done(&cleanup()).await;
    let remains = scene.protector.remains(report.operation.id).await.unwrap();
    assert!(!remains.iter().any(Remnant::is_there), "{remains:?}");
    let group = scene.group().await;
    assert_eq!((group.status, group.test), (GroupStatus::Active, None));
    assert_eq!(inventory(&scene.b).await, before);
    let kept = scene.protector.status(Some(GROUP)).await.unwrap().objects;
    assert!(!kept.iter().any(|object| object.operation_id == running.operation), "{kept:?}");
    assert_eq!(scene.recorder.sent_to("site-a"), Vec::<String>::new());
    assert_eq!(scene.recorder.sent_to("array-a"), Vec::<String>::new());
    scene.production_runs(&scene.a).await;
}

#[tokio::test(start_paused = true)]
async fn a_test_is_made_and_ended_though_the_site_is_dead_where_the_group_runs() {
    let mut scene = Scene::replicated().await;
    let before = inventory(&scene.b).await;
    let point = scene.newest_point().await;
    scene.faults(DEAD);
    scene.done(&test()).await;
    scene.check_copies(&scene.b, &point).await;
    scene.done(&cleanup()).await;
    assert_eq!(inventory(&scene.b).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_runs_away_from_home_is_tested_at_home() {
    let mut scene = Scene::replicated().await;
    scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    scene.live(340).await;
    let before = inventory(&scene.a).await;
    let point = scene.newest_point().await;
    scene.done(&test()).await;
    scene.check_copies(&scene.a, &point).await;
    scene.production_runs(&scene.b).await;
    scene.done(&cleanup()).await;
    assert_eq!(scene.group().await.status, GroupStatus::FailedOver);
    assert_eq!(inventory(&scene.a).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_test_that_cannot_be_made_is_undone_without_a_trace() {
    let mut scene = Scene::replicated().await;
    let before = inventory(&scene.b).await;
    scene.faults(
        r#"
- target: site-b/network
  method: POST
  path: "/ports$"
  body: 'fa:16:3e:14:00:31'
  action: answer
  status: 409
  answer_body: {NeutronError: {type: OverQuota, message: "Quota exceeded for resources: ['port'].", detail: ""}}
  times: 0
"#,
    );
    let report = scene.run(&test()).await;
    assert_eq!(report.operation.status, OperationStatus::RolledBack, "{:?}", report.operation);
    let group = scene.group().await;
    assert_eq!((group.status, group.test), (GroupStatus::Active, None));
    assert_eq!(inventory(&scene.b).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_test_becomes_the_real_failover_and_goes_beside_it() {
    for planned in [false, true] {
        let mut scene = Scene::replicated().await;
        let report = scene.done(&test()).await;
        let point = scene.group().await.test.unwrap().point;
        let request = if planned {
            MoveRequest::planned(GROUP)
        } else {
            MoveRequest::unplanned(GROUP, true).from_point(&point)
        };
        let moved = scene.done(&Request::Failover(request)).await;
        let group = scene.group().await;
        assert_eq!((group.status, group.test), (GroupStatus::FailedOver, None), "planned: {planned}");
        let mut there = machines::read(&scene.b).await.unwrap();
        there.retain(|name, _| !name.starts_with("neighbour"));
        let names: Vec<&str> = there.keys().map(String::as_str).collect();
        let mut expected = application::names();
        expected.sort();
        assert_eq!(names, expected);
        assert!(there.values().all(|machine| machine.status == "ACTIVE"));
        let left = scene.of_test(&scene.b, report.operation.id).await;
        assert_eq!(left, Vec::<String>::new());
        let remains = scene.protector.remains(moved.operation.id).await.unwrap();
        assert!(!remains.iter().any(Remnant::is_there), "{remains:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_holds_out_is_told_and_the_test_can_be_ended_again() {
    let mut scene = Scene::replicated().await;
    let before = inventory(&scene.b).await;
    scene.done(&test()).await;
    scene.faults(
        r#"
- target: site-b/network
  method: DELETE
  path: "/networks/"
  action: answer
  status: 409
  answer_body: {NeutronError: {type: NetworkInUse, message: "Unable to complete operation on network.", detail: ""}}
  times: 1
"#,
    );
    let report = scene.run(&cleanup()).await;
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    let remains = scene.protector.remains(report.operation.id).await.unwrap();
    assert_eq!(remains.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["network"], "{remains:?}");
    assert_eq!(scene.group().await.status, GroupStatus::TestActive);
    scene.done(&cleanup()).await;
    assert_eq!(scene.group().await.status, GroupStatus::Active);
    assert_eq!(inventory(&scene.b).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_test_ends_by_itself_and_old_definitions_are_captured_again() {
    let mut scene = Scene::replicated().await;
    let before = inventory(&scene.b).await;
    let request = TestRequest::new(GROUP).ending_after(Duration::from_hours(2));
    scene.done(&Request::TestFailover(request)).await;
    assert_eq!(scene.protector.tick().await.unwrap(), []);
    scene.clock.sleep(Duration::from_mins(61)).await;
    let captured = Due { group: GROUP.to_owned(), result: DueResult::Captured { servers: 5 } };
    assert_eq!(scene.protector.tick().await.unwrap(), std::slice::from_ref(&captured));
    assert_eq!(scene.protector.tick().await.unwrap(), []);
    scene.clock.sleep(Duration::from_mins(61)).await;
    let done = scene.protector.tick().await.unwrap();
    let told = json!(done);
    assert_eq!((&told[0]["due"], &told[0]["status"]), (&json!("test_ended"), &json!("completed")), "{told}");
    assert_eq!(done[1..], [captured]);
    let group = scene.group().await;
    assert_eq!((group.status, group.test), (GroupStatus::Active, None));
    scene.sign_in().await;
    assert_eq!(inventory(&scene.b).await, before);
    // Where nothing answers the definitions stay as they are, and that is told.
    scene.faults(DEAD);
    scene.clock.sleep(Duration::from_mins(61)).await;
    let done = scene.protector.tick().await.unwrap();
    assert!(matches!(done.as_slice(), [Due { result: DueResult::NotCaptured { .. }, .. }]), "{done:?}");
}
