//! How much at a time, in which order, and for how long.

use super::journal::{Direction, Disturbance};
use super::scene::{Scene, plan};
use super::world::{FOR_GOOD, Fault};
use crate::engine::{Event, Left, OperationState, Outcome, Recovery, Trouble};
use crate::error::Code;
use crate::id::StepId;
use crate::transport::Context;
use std::time::Duration;

const CROWD: [(&str, &str, &[&str]); 12] = [
    ("server", "server/1", &[]),
    ("server", "server/2", &[]),
    ("server", "server/3", &[]),
    ("server", "server/4", &[]),
    ("server", "server/5", &[]),
    ("server", "server/6", &[]),
    ("port", "port/1", &[]),
    ("port", "port/2", &[]),
    ("port", "port/3", &[]),
    ("port", "port/4", &[]),
    ("port", "port/5", &[]),
    ("guard", "last", &["server/1", "server/2", "server/3", "server/4", "server/5", "server/6", "port/1"]),
];

fn crowd(steps_at_a_time: usize) -> Scene {
    let mut scene = Scene::of(plan(Recovery::RollBack, &CROWD));
    scene.limits.steps_at_a_time = steps_at_a_time;
    scene
}

#[tokio::test(start_paused = true)]
async fn each_system_has_its_limit_and_it_is_used() {
    for limit in [1, 2, 5] {
        let scene = crowd(limit);
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
        assert_eq!((scene.world.peak("compute"), scene.world.peak("network")), (limit, limit));
    }
}

#[tokio::test(start_paused = true)]
async fn undoing_has_the_same_limit() {
    let scene = crowd(2);
    scene.world.spoil(&"last".into(), Fault::Refused(Code::RequestRefused), FOR_GOOD);
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
    assert_eq!(scene.world.peak("compute"), 2);
    let back = |(direction, step): &(Direction, StepId)| {
        *direction == Direction::Back && step.as_str().starts_with("server")
    };
    assert_eq!(scene.world.calls().iter().filter(|call| back(call)).count(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_none_is_one() {
    let scene = crowd(0);
    let outcome = scene.run().await;
    scene.assert_completed(&outcome);
    assert_eq!(scene.world.peak("compute"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_begins_the_longest_chain_goes_first() {
    let steps: [(&str, &str, &[&str]); 7] = [
        ("server", "alone", &[]),
        ("server", "two/1", &[]),
        ("server", "three/1", &[]),
        ("server", "three/2", &["three/1"]),
        ("server", "two/2", &["two/1"]),
        ("server", "three/3", &["three/2"]),
        ("server", "alone/too", &[]),
    ];
    let mut scene = Scene::of(plan(Recovery::RollBack, &steps));
    scene.limits.steps_at_a_time = 1;
    let outcome = scene.run().await;
    scene.assert_completed(&outcome);
    let order: Vec<String> = scene.world.calls().iter().map(|(_, step)| step.to_string()).collect();
    assert_eq!(order, ["three/1", "two/1", "three/2", "alone", "two/2", "three/3", "alone/too"]);
}

/// Runs and returns how long it took.
async fn timed(scene: &Scene) -> (Outcome, Duration) {
    let begun = scene.context.clock().monotonic();
    let outcome = scene.run().await;
    (outcome, scene.context.clock().monotonic().saturating_sub(begun))
}

/// Why the first step failed that did.
fn failure(scene: &Scene) -> Trouble {
    let failed = |event| if let Event::StepFailed { trouble, .. } = event { Some(trouble) } else { None };
    scene.journal.events().into_iter().find_map(failed).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_when_its_time_is_up_whether_it_heeds_it_or_not() {
    let heeding = (Fault::Slow(Duration::from_hours(1)), "it takes too long");
    let heedless = (Fault::Silent, "step check has not answered in time");
    for (fault, message) in [heeding, heedless] {
        let mut scene = Scene::failover();
        scene.limits.step_timeout = Duration::from_secs(100);
        scene.world.spoil(&"check".into(), fault, FOR_GOOD);
        let (outcome, elapsed) = timed(&scene).await;
        scene.assert_rolled_back(&outcome);
        let code = Code::DeadlineExceeded;
        assert_eq!(failure(&scene), Trouble::new(code, code.class(), message));
        assert!((100..110).contains(&elapsed.as_secs()), "{elapsed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_undoing_ends_when_its_time_is_up_whether_it_heeds_it_or_not() {
    for fault in [Fault::Slow(Duration::from_hours(1)), Fault::Silent] {
        let mut scene = Scene::failover();
        scene.limits.step_timeout = Duration::from_secs(100);
        scene.world.spoil(&"replicate".into(), Fault::Refused(Code::RequestRefused), FOR_GOOD);
        scene.world.spoil_revert(&"replicate".into(), fault, FOR_GOOD);
        let (outcome, elapsed) = timed(&scene).await;
        assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
        assert!((100..120).contains(&elapsed.as_secs()), "{elapsed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_took_too_long_is_looked_at_before_the_next() {
    let mut scene = Scene::failover();
    scene.limits.retry_for = Duration::from_hours(1);
    scene.world.spoil(&"replicate".into(), Fault::Silent, 1);
    let (outcome, elapsed) = timed(&scene).await;
    scene.assert_completed(&outcome);
    assert!((600..640).contains(&elapsed.as_secs()), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn before_the_point_of_no_return_it_is_tried_for_as_long_as_it_is_said() {
    let mut tried = Vec::new();
    for retry_for in [0, 30, 120] {
        let mut scene = Scene::failover();
        scene.limits.retry_for = Duration::from_secs(retry_for);
        scene.world.spoil(&"check".into(), Fault::Refused(Code::ServiceFailed), FOR_GOOD);
        let (outcome, elapsed) = timed(&scene).await;
        scene.assert_rolled_back(&outcome);
        // The last attempt begins within the time, after a pause of 15 seconds at the most.
        assert!((retry_for..retry_for + 20).contains(&elapsed.as_secs()), "{elapsed:?}");
        tried.push(scene.world.calls().iter().filter(|(way, _)| *way == Direction::Forward).count());
    }
    assert_eq!(tried[0], 1);
    assert!(tried.is_sorted_by(|few, more| few < more), "{tried:?}");
}

#[tokio::test(start_paused = true)]
async fn an_undoing_is_tried_for_as_long_as_it_is_said() {
    let scene = Scene::failover();
    scene.world.spoil(&"check".into(), Fault::Refused(Code::RequestRefused), FOR_GOOD);
    scene.world.spoil_revert(&"check".into(), Fault::Refused(Code::ServiceFailed), FOR_GOOD);
    let (outcome, elapsed) = timed(&scene).await;
    assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
    assert!((30..50).contains(&elapsed.as_secs()), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn however_long_it_was_broken_it_goes_on_soon_after_it_is_mended() {
    let scene = Scene::failover();
    scene.world.spoil(&"create/a".into(), Fault::Refused(Code::ServiceFailed), FOR_GOOD);
    let clock = scene.context.clock().clone();
    let mut mended = None;
    let watch = |_: &Event, _: &OperationState| {
        if mended.is_none() && clock.monotonic() > Duration::from_hours(3) {
            scene.world.mend();
            mended = Some(clock.monotonic());
        }
    };
    let outcome = scene.watch(Disturbance::None, watch).await;
    scene.assert_completed(&outcome);
    assert!(clock.monotonic() < mended.unwrap() + Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn when_the_whole_operation_may_take_no_longer_it_ends() {
    let mut scene = Scene::failover();
    scene.context = scene.context.within(Duration::from_secs(20));
    scene.world.spoil(&"check".into(), Fault::Refused(Code::ServiceFailed), FOR_GOOD);
    let (outcome, elapsed) = timed(&scene).await;
    assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
    assert_eq!(failure(&scene).code, Code::ServiceFailed.as_str(), "what was wrong is said");
    assert!(elapsed < Duration::from_secs(30), "{elapsed:?}");
    scene.context = Context::default();
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
}
