//! The journal fails at every append: nothing new begins, what is under way is waited for, nothing is lost.

use super::journal::Disturbance;
use super::scene::Scene;
use super::world::{FOR_GOOD, Fault};
use crate::engine::{Event, Left};
use crate::error::{Code, Coded};
use crate::id::StepId;
use std::time::Duration;

/// Runs with the journal failing at each append in turn, and asserts what holds of every such run.
async fn fail_at_every_append(scene: impl Fn() -> Scene, check: impl AsyncFn(&Scene)) {
    let kinds: [fn(usize) -> Disturbance; 2] = [Disturbance::FailsOnce, Disturbance::FailsFrom];
    for kind in kinds {
        let mut number = 0;
        loop {
            let scene = scene();
            let outcome = scene.run_disturbed(kind(number)).await;
            let Some(since) = scene.journal.since_disturbance() else { break };
            let Some(Left::Journal(error)) = &outcome.left else { panic!("left as {:?}", outcome.left) };
            assert_eq!(error.code(), Code::StoreUnavailable);
            for event in since {
                let result = matches!(
                    event,
                    Event::StepDone { .. }
                        | Event::StepTroubled { .. }
                        | Event::StepFailed { .. }
                        | Event::RevertDone { .. }
                );
                assert!(result, "{event:?} came after append {number} had failed");
            }
            check(&scene).await;
            number += 1;
        }
        assert!(number > 20, "the journal failed {number} times only");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_journal_begins_nothing_and_a_working_one_completes() {
    fail_at_every_append(Scene::failover, async |scene| {
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failing_journal_stops_a_rollback_and_a_working_one_finishes_it() {
    let scene = || {
        let scene = Scene::failover();
        scene.world.spoil(&"materialize/b".into(), Fault::Refused(Code::RequestRefused), FOR_GOOD);
        scene
    };
    fail_at_every_append(scene, async |scene| {
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn answers_that_come_after_a_failed_append_are_journaled_if_they_can_be() {
    // The third append is the intent of the second stop, while the first is under way.
    let scene = Scene::failover();
    let outcome = scene.run_disturbed(Disturbance::FailsOnce(5)).await;
    assert!(matches!(outcome.left, Some(Left::Journal(_))));
    let answered: Vec<StepId> = outcome.steps_completed();
    let made: Vec<StepId> =
        scene.steps().into_iter().filter(|step| scene.world.made().contains_key(step)).collect();
    assert_eq!(answered, made);
    assert!(made.len() > 1, "nothing was under way");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_tried_for_ever_does_not_hold_up_the_bad_news() {
    let scene = Scene::failover();
    scene.world.spoil(&"create/a".into(), Fault::Refused(Code::ServiceFailed), FOR_GOOD);
    scene.world.spoil(&"create/b".into(), Fault::Slow(Duration::from_secs(90)), 1);
    let troubled = |event: &Event| matches!(event, Event::StepTroubled { .. });
    let appends = {
        let probe = Scene::failover();
        probe.run().await;
        let events = probe.journal.events();
        events
            .iter()
            .position(|event| matches!(event, Event::StepIntended { step } if step.as_str() == "create/b"))
    };
    let outcome = scene.run_disturbed(Disturbance::FailsFrom(appends.unwrap() + 3)).await;
    assert!(matches!(outcome.left, Some(Left::Journal(_))), "{:?}", outcome.left);
    assert!(scene.journal.events().iter().filter(|event| troubled(event)).count() < 5);
    scene.world.mend();
    let outcome = scene.run().await;
    scene.assert_completed(&outcome);
}
