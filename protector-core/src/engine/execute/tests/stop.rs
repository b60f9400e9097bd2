//! The run is asked to stop at every moment.

use super::journal::{Disturbance, WRITING};
use super::scene::Scene;
use super::world::{FOR_GOOD, Fault};
use crate::engine::{Event, Left};
use crate::error::Code;
use crate::id::StepId;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Asks runs to stop at each append in turn, and asserts what holds of every such run.
async fn stop_at_every_append(scene: impl Fn() -> Scene, check: impl AsyncFn(&Scene)) {
    let mut number = 0;
    loop {
        let scene = scene();
        let outcome = scene.run_disturbed(Disturbance::StopsAt(number, CancellationToken::new())).await;
        let Some(since) = scene.journal.since_disturbance() else { break };
        let events = scene.journal.events();
        if matches!(events[number], Event::Finished { .. }) {
            assert!(outcome.left.is_none());
            number += 1;
            continue;
        }
        assert!(matches!(outcome.left, Some(Left::Interrupted)), "{:?}", outcome.left);
        for event in since {
            let result =
                matches!(event, Event::StepDone { .. } | Event::StepFailed { .. } | Event::RevertDone { .. });
            assert!(result, "{event:?} came after the stop");
        }
        if let Event::StepIntended { step } | Event::RevertIntended { step } = &events[number] {
            let direction = &events[number];
            let called = scene.world.calls().iter().filter(|(_, other)| other == step).count();
            let before = usize::from(matches!(direction, Event::RevertIntended { .. }));
            assert_eq!(called, before, "{step} was called after the stop: {direction:?}");
        }
        let answered = |step: &StepId| {
            events.iter().any(|event| matches!(event, Event::StepDone { step: done, .. } if done == step))
        };
        let lost: Vec<StepId> = scene.world.made().into_keys().filter(|step| !answered(step)).collect();
        assert_eq!(lost, [], "answers were lost");
        check(&scene).await;
        number += 1;
    }
    assert!(number > 20, "stopped {number} times only");
}

#[tokio::test(start_paused = true)]
async fn a_stop_begins_nothing_and_keeps_every_answer() {
    stop_at_every_append(Scene::failover, async |scene| {
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_a_rollback_begins_nothing_and_keeps_every_answer() {
    let scene = || {
        let scene = Scene::failover();
        scene.world.spoil(&"materialize/b".into(), Fault::Refused(Code::RequestRefused), FOR_GOOD);
        scene
    };
    stop_at_every_append(scene, async |scene| {
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_first_step_touches_nothing() {
    let scene = Scene::failover();
    let outcome = scene.run_disturbed(Disturbance::StopsAt(0, CancellationToken::new())).await;
    assert!(matches!(outcome.left, Some(Left::Interrupted)));
    assert_eq!(scene.world.calls(), []);
    assert!(matches!(scene.journal.events().as_slice(), [Event::Started { .. }]));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_wait_at_once() {
    for (step, code) in [("create/a", Code::RequestRefused), ("replicate", Code::ServiceFailed)] {
        let scene = Scene::failover();
        scene.world.spoil(&step.into(), Fault::Refused(code), FOR_GOOD);
        let stop = CancellationToken::new();
        let clock = scene.context.clock().clone();
        let mut stopped = Duration::ZERO;
        let mut troubles = 0;
        let watch = |event: &Event, _: &_| {
            troubles += usize::from(matches!(event, Event::StepTroubled { .. }));
            if troubles == 5 && !stop.is_cancelled() {
                stop.cancel();
                stopped = clock.monotonic();
            }
        };
        let outcome = scene.watch(Disturbance::StopsAt(usize::MAX, stop.clone()), watch).await;
        assert!(matches!(outcome.left, Some(Left::Interrupted)), "{:?}", outcome.left);
        assert!(clock.monotonic() < stopped + 2 * WRITING);
        scene.world.mend();
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
    }
}
