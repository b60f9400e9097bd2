//! The process dies at every moment of a rollback; the next one finishes it, and the world is as before.

use super::journal::{Cut, Direction, Disturbance, Moment};
use super::scene::{SOURCE, Scene};
use super::world::{FOR_GOOD, Fault};
use crate::domain::OperationStatus;
use crate::engine::{Event, Left, OperationState, Outcome, StepState};
use crate::error::Code;
use crate::id::StepId;
use std::collections::BTreeMap;
use std::time::Duration;

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
        others.for_each(|id| assert!(rests_on(&scene, &step, id), "{id} could have been undone"));
        assert!(outcome.state.not_undone().iter().eq(scene.in_order(held_up.keys())));
        scene.world.mend();
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
    }
}

/// Whether `step` builds on `other`, however far.
fn rests_on(scene: &Scene, step: &StepId, other: &StepId) -> bool {
    let step = scene.plan.step(step).unwrap();
    let mut ground =
        scene.plan.steps.iter().map(|earlier| &earlier.id).filter(|earlier| step.builds_on(earlier));
    ground.any(|earlier| earlier == other || rests_on(scene, earlier, other))
}

/// A failover that fails at its last step before the point of no return, because the target's array is dead for good.
fn with_a_dead_target(fault: Fault) -> Scene {
    let scene = failing_at(&"materialize/b".into());
    for step in ["safe", "materialize/a", "materialize/b"] {
        scene.world.spoil_revert(&step.into(), fault, FOR_GOOD);
    }
    scene
}

/// What cannot be undone while the target is dead: its own, and what is undone last.
const AT_THE_TARGET: [&str; 4] = ["check", "safe", "materialize/a", "materialize/b"];

#[track_caller]
fn assert_only_the_target_is_left(scene: &Scene, outcome: &Outcome) {
    assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
    assert_eq!(outcome.status(), OperationStatus::RollingBack);
    let left: Vec<StepId> = AT_THE_TARGET.map(StepId::from).to_vec();
    assert_eq!(outcome.state.not_undone(), left);
    let message = outcome.state.error_message().unwrap();
    assert!(left.iter().all(|step| message.contains(step.as_str())), "{message}");
    // The step that failed was refused, so that there is nothing of it; it is to be undone all the same.
    let there: Vec<StepId> = scene.world.there().into_keys().collect();
    assert_eq!(there, ["check", "materialize/a", "safe"].map(StepId::from));
}

#[tokio::test(start_paused = true)]
async fn a_dead_target_keeps_nothing_at_the_source_waiting() {
    for fault in [
        Fault::Refused(Code::RequestRefused),
        Fault::Refused(Code::Unreachable),
        Fault::Silent,
        Fault::Slow(Duration::from_hours(1)),
    ] {
        for steps_at_a_time in [1, 8] {
            let mut scene = with_a_dead_target(fault);
            scene.limits.steps_at_a_time = steps_at_a_time;
            let clock = scene.context.clock().clone();
            let (mut begun, mut restored) = (None, None);
            let watch = |event: &Event, state: &OperationState| {
                if matches!(event, Event::RollbackBegun { .. }) {
                    begun = Some(clock.monotonic());
                }
                let undone = |step: &str| matches!(state.step(&step.into()), Some(StepState::Reverted));
                if restored.is_none() && SOURCE.into_iter().all(undone) {
                    restored = Some(clock.monotonic());
                }
            };
            let outcome = scene.watch(Disturbance::None, watch).await;
            let took = restored.unwrap().saturating_sub(begun.unwrap());
            assert!(took < Duration::from_secs(10), "{fault:?} kept the source waiting for {took:?}");
            assert_only_the_target_is_left(&scene, &outcome);
            // It is as true of the next attempt, and when the target is back the rest is undone.
            let outcome = scene.run().await;
            assert_only_the_target_is_left(&scene, &outcome);
            scene.world.mend();
            let outcome = scene.run().await;
            scene.assert_rolled_back(&outcome);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_append_with_a_dead_target_leaves_only_the_target_to_be_undone() {
    for durable in [false, true] {
        let mut number = 0;
        loop {
            let scene = with_a_dead_target(Fault::Refused(Code::RequestRefused));
            if !scene.kill(Cut::Append { number, durable }).await {
                break;
            }
            let outcome = scene.run().await;
            assert_only_the_target_is_left(&scene, &outcome);
            scene.world.mend();
            let outcome = scene.run().await;
            scene.assert_rolled_back(&outcome);
            number += 1;
        }
        assert!(number > 30, "killed {number} times only");
    }
}
