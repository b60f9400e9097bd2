//! A step that this release does not know, or knows in an older form only.

use super::journal::{Cut, Direction, Moment};
use super::scene::Scene;
use super::world::{FOR_GOOD, Fault};
use crate::domain::OperationStatus;
use crate::engine::{Left, Outcome, StepKinds};
use crate::error::Code;
use crate::id::StepId;

#[track_caller]
fn assert_needs_newer_release(outcome: &Outcome) {
    assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
    let troubles = outcome.state.troubles();
    assert!(!troubles.is_empty());
    assert!(
        troubles.values().all(|trouble| trouble.code == Code::NeedsNewerRelease.as_str()),
        "{troubles:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_of_a_newer_release_pauses_and_that_release_completes() {
    for step in Scene::failover().steps() {
        let mut scene = Scene::failover();
        scene.require_version(&step, 2);
        for _ in 0..2 {
            let outcome = scene.run().await;
            assert_needs_newer_release(&outcome);
            assert_eq!(outcome.status(), OperationStatus::Paused);
            assert!(!scene.world.made().contains_key(&step));
            let past = scene.steps_from_the_point().iter().skip(1).any(|later| *later == step);
            assert_eq!(outcome.state.past_point_of_no_return(), past, "{step}");
        }
        scene.kinds = scene.kinds_of_version(2);
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_release_left_half_done_is_not_touched() {
    for step in Scene::failover().steps() {
        let mut scene = Scene::failover();
        let known = scene.kinds.clone();
        assert!(scene.kill(Cut::At(Direction::Forward, Moment::AnswerLost, step.clone())).await);
        scene.kinds = StepKinds::default();
        let before = scene.world.calls();
        let outcome = scene.run().await;
        assert_needs_newer_release(&outcome);
        assert_eq!(outcome.status(), OperationStatus::Paused);
        assert_eq!(scene.world.calls(), before);
        scene.kinds = known;
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_of_what_is_not_known_waits_for_the_release_that_knows_it() {
    let mut scene = Scene::failover();
    let known = scene.kinds.clone();
    let (failing, step) = (StepId::from("materialize/b"), StepId::from("materialize/a"));
    scene.world.spoil(&failing, Fault::Refused(Code::RequestRefused), FOR_GOOD);
    assert!(scene.kill(Cut::At(Direction::Back, Moment::RequestLost, step.clone())).await);
    scene.kinds = StepKinds::default();
    let outcome = scene.run().await;
    assert_needs_newer_release(&outcome);
    assert_eq!(outcome.status(), OperationStatus::RollingBack);
    scene.kinds = known;
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
}
