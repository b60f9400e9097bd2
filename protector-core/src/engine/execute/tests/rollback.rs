//! The process dies at every moment of a rollback; the next one finishes it, and the world is as before.

use super::journal::{Cut, Direction, Moment};
use super::scene::Scene;
use super::world::{FOR_GOOD, Fault};
use crate::domain::OperationStatus;
use crate::engine::{Event, Left, StepState};
use crate::error::Code;
use crate::id::StepId;
use std::collections::BTreeMap;

/// A failover in which a step is refused for good.
fn failing_at(step: &StepId) -> Scene {
    let scene = Scene::failover();
    scene.world.spoil(step, Fault::Refused(Code::RequestRefused), FOR_GOOD);
    scene
}

/// The steps that are undone when `step` fails, in their order.
async fn undone_when(step: &StepId) -> Vec<StepId> {
    let scene = failing_at(step);
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
    let events = scene.journal.events().into_iter();
    events
        .filter_map(|event| if let Event::RevertDone { step } = event { Some(step) } else { None })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_at_any_moment_of_any_undoing_the_world_is_as_before() {
    for failing in Scene::failover().steps_before_the_point() {
        let undone = undone_when(&failing).await;
        assert!(undone.contains(&failing), "what failed may have left something");
        for step in undone {
            for moment in Moment::ALL {
                let scene = failing_at(&failing);
                let cut = Cut::At(Direction::Back, moment, step.clone());
                assert!(scene.kill(cut).await, "{step} never came to {moment:?}");
                let outcome = scene.run().await;
                scene.assert_rolled_back(&outcome);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_at_any_append_the_world_is_as_before() {
    let failing = StepId::from("materialize/b");
    let undone = undone_when(&failing).await.len();
    for durable in [false, true] {
        let mut number = 0;
        loop {
            let scene = failing_at(&failing);
            if !scene.kill(Cut::Append { number, durable }).await {
                break;
            }
            let outcome = scene.run().await;
            scene.assert_rolled_back(&outcome);
            number += 1;
        }
        assert_eq!(number, 3 + 4 * undone, "started, rollback, finished; intents and results both ways");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_crash_in_the_rollback_changes_nothing() {
    let failing = StepId::from("materialize/b");
    for step in undone_when(&failing).await {
        for first in Moment::ALL {
            for second in Moment::ALL {
                let scene = failing_at(&failing);
                scene.kill(Cut::At(Direction::Back, first, step.clone())).await;
                scene.kill(Cut::At(Direction::Back, second, step.clone())).await;
                let outcome = scene.run().await;
                scene.assert_rolled_back(&outcome);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_step_left_is_undone_too() {
    for failing in Scene::failover().steps_before_the_point() {
        let scene = Scene::failover();
        scene.world.spoil(&failing, Fault::Broken(Code::RequestRefused), 1);
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
        assert_eq!(scene.world.made().get(&failing), Some(&1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_undoing_that_fails_in_passing_is_repeated() {
    let failing = StepId::from("materialize/b");
    for fault in [Fault::Refused(Code::ServiceFailed), Fault::Broken(Code::AnswerLost)] {
        for step in undone_when(&failing).await {
            let scene = failing_at(&failing);
            scene.world.spoil_revert(&step, fault, 3);
            let outcome = scene.run().await;
            scene.assert_rolled_back(&outcome);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_undone_waits_for_a_person_and_holds_up_only_what_it_needs() {
    let failing = StepId::from("materialize/b");
    for step in undone_when(&failing).await {
        let scene = failing_at(&failing);
        scene.world.spoil_revert(&step, Fault::Refused(Code::RequestRefused), FOR_GOOD);
        let outcome = scene.run().await;
        assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
        assert_eq!(outcome.status(), OperationStatus::RollingBack);
        let message = outcome.state.error_message().unwrap();
        assert!(message.contains(&format!("{step} was not undone")), "{message}");
        let held_up: BTreeMap<StepId, bool> = outcome
            .state
            .steps()
            .iter()
            .filter(|(id, _)| outcome.state.is_touched(id))
            .map(|(id, state)| (id.clone(), matches!(state, StepState::RevertInterrupted)))
            .collect();
        assert_eq!(held_up.get(&step), Some(&true));
        let others = held_up.keys().filter(|id| **id != step);
        others.for_each(|id| assert!(needs(&scene, &step, id), "{id} could have been undone"));
        scene.world.mend();
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
    }
}

/// Whether `step` depends on `other`, however far.
fn needs(scene: &Scene, step: &StepId, other: &StepId) -> bool {
    let after = &scene.plan.step(step).unwrap().after;
    after.iter().any(|earlier| earlier == other || needs(scene, earlier, other))
}
