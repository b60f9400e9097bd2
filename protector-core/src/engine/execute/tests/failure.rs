//! Every step fails in every way.

use super::journal::Disturbance;
use super::scene::{POINT, Scene, plan};
use super::world::{FOR_GOOD, Fault};
use crate::domain::OperationStatus;
use crate::engine::{Event, Left, OperationState, Recovery};
use crate::error::Code;
use crate::id::StepId;

fn troubles(scene: &Scene, of: &StepId) -> usize {
    let events = scene.journal.events();
    events.iter().filter(|event| matches!(event, Event::StepTroubled { step, .. } if step == of)).count()
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again() {
    for step in Scene::failover().steps() {
        for code in [Code::Unreachable, Code::ServiceFailed, Code::AnswerLost] {
            let scene = Scene::failover();
            scene.world.spoil(&step, Fault::Refused(code), 3);
            let outcome = scene.run().await;
            scene.assert_completed(&outcome);
            assert_eq!(troubles(&scene, &step), 3);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_took_effect_without_an_answer_is_found_and_not_repeated() {
    for step in Scene::failover().steps() {
        let scene = Scene::failover();
        scene.world.spoil(&step, Fault::Broken(Code::AnswerLost), 1);
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn when_every_answer_is_lost_once_every_effect_is_still_there_once() {
    let scene = Scene::failover();
    for step in scene.steps() {
        scene.world.spoil(&step, Fault::Broken(Code::AnswerLost), 1);
    }
    let outcome = scene.run().await;
    scene.assert_completed(&outcome);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_verified_is_not_done() {
    for step in Scene::failover().steps() {
        let scene = Scene::failover();
        scene.world.spoil(&step, Fault::Unverified(Code::ServiceFailed), 3);
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
        assert_eq!(troubles(&scene, &step), 3);
    }
    for step in Scene::failover().steps_before_the_point() {
        let scene = Scene::failover();
        scene.world.spoil(&step, Fault::Unverified(Code::RequestRefused), 1);
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
        assert_eq!(scene.world.made().get(&step), Some(&1));
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_point_of_no_return_a_failure_is_rolled_back() {
    let codes =
        [Code::RequestRefused, Code::QuotaExceeded, Code::Unreachable, Code::AnswerLost, Code::Internal];
    for step in Scene::failover().steps_before_the_point() {
        for code in codes {
            let scene = Scene::failover();
            scene.world.spoil(&step, Fault::Refused(code), FOR_GOOD);
            let outcome = scene.run().await;
            scene.assert_rolled_back(&outcome);
            assert_eq!(outcome.state.error_message(), Some(format!("{step}: it is broken")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn from_the_point_of_no_return_a_failure_is_waited_out() {
    let codes = [Code::RequestRefused, Code::QuotaExceeded, Code::ServiceFailed, Code::AnswerLost];
    for step in Scene::failover().steps_from_the_point() {
        for code in codes {
            let scene = Scene::failover();
            scene.world.spoil(&step, Fault::Refused(code), FOR_GOOD);
            let mut seen = 0;
            let watch = |event: &Event, state: &OperationState| {
                if matches!(event, Event::StepTroubled { .. }) {
                    assert_eq!(state.status(), OperationStatus::Waiting);
                    assert_eq!(state.error_message(), Some(format!("{step}: it is broken")));
                    seen += 1;
                }
                if seen == 20 {
                    scene.world.mend();
                }
            };
            let outcome = scene.watch(Disturbance::None, watch).await;
            scene.assert_completed(&outcome);
            assert!(troubles(&scene, &step) >= 20);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_for_good_past_the_point_of_no_return_never_rolls_back() {
    for code in [Code::StepConflict, Code::Internal] {
        for step in Scene::failover().steps_from_the_point() {
            let scene = Scene::failover();
            scene.world.spoil(&step, Fault::Refused(code), FOR_GOOD);
            let outcome = scene.run().await;
            assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
            assert_eq!(outcome.status(), OperationStatus::Paused);
            assert!(scene.world.there().contains_key(&StepId::from("replicate")));
            scene.world.mend();
            let outcome = scene.run().await;
            scene.assert_completed(&outcome);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_left_for_a_person_with_the_evidence_and_goes_on_when_mended() {
    for step in Scene::failover().steps() {
        let scene = Scene::failover();
        scene.world.spoil(&step, Fault::Conflict, FOR_GOOD);
        for _ in 0..2 {
            let outcome = scene.run().await;
            assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
            assert_eq!(outcome.status(), OperationStatus::Paused);
            let evidence = format!("{step}: a stranger's port is in its place");
            assert_eq!(outcome.state.error_message(), Some(evidence));
            assert_eq!(outcome.state.rollback_reason(), None);
        }
        let calls = scene.world.calls().into_iter().filter(|(_, called)| *called == step).count();
        assert_eq!(calls, 1, "looking was enough the second time");
        scene.world.mend();
        let outcome = scene.run().await;
        scene.assert_completed(&outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn what_began_before_the_point_of_no_return_waits_once_it_is_passed() {
    let plan =
        plan(Recovery::RollBackBefore(POINT.into()), &[("server", "stop", &[]), ("guard", POINT, &[])]);
    let scene = Scene::of(plan);
    scene.world.spoil(&"stop".into(), Fault::Refused(Code::ServiceFailed), FOR_GOOD);
    let mut seen = 0;
    let watch = |event: &Event, _: &OperationState| {
        seen += usize::from(matches!(event, Event::StepTroubled { .. }));
        if seen == 20 {
            scene.world.mend();
        }
    };
    let outcome = scene.watch(Disturbance::None, watch).await;
    scene.assert_completed(&outcome);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_known_closes_the_way_over_the_point_of_no_return() {
    let steps: [(&str, &str, &[&str]); 3] =
        [("storage", "good", &[]), ("server", "bad", &[]), ("guard", POINT, &["good"])];
    let scene = Scene::of(plan(Recovery::RollBackBefore(POINT.into()), &steps));
    // It fails while the result of the other is being written.
    scene.world.spoil(&"bad".into(), Fault::RefusedSoon(Code::RequestRefused), FOR_GOOD);
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_panics_is_a_failure() {
    let scene = Scene::failover();
    scene.world.spoil(&"materialize/a".into(), Fault::Panic, FOR_GOOD);
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
    let scene = Scene::failover();
    scene.world.spoil(&"materialize/b".into(), Fault::Refused(Code::RequestRefused), FOR_GOOD);
    scene.world.spoil_revert(&"replicate".into(), Fault::Panic, 1);
    let outcome = scene.run().await;
    assert!(matches!(outcome.left, Some(Left::NeedsOperator)), "{:?}", outcome.left);
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_gives_up_without_being_asked_to_is_a_failure() {
    let scene = Scene::failover();
    scene.world.spoil(&"replicate".into(), Fault::Refused(Code::Cancelled), FOR_GOOD);
    let outcome = scene.run().await;
    scene.assert_rolled_back(&outcome);
}
