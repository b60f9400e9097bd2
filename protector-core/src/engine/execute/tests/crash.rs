//! The process dies at every moment of every step; the next one finishes its work.

use super::journal::{Cut, Direction, Moment};
use super::scene::Scene;

#[tokio::test(start_paused = true)]
async fn an_undisturbed_run_completes() {
    let scene = Scene::failover();
    let outcome = scene.run().await;
    scene.assert_completed(&outcome);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_at_any_moment_of_any_step_every_effect_is_there_once() {
    for step in Scene::failover().steps() {
        for moment in Moment::ALL {
            let scene = Scene::failover();
            let cut = Cut::At(Direction::Forward, moment, step.clone());
            assert!(scene.kill(cut).await, "{step} never came to {moment:?}");
            let outcome = scene.run().await;
            scene.assert_completed(&outcome);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_crash_at_the_same_step_changes_nothing() {
    for step in Scene::failover().steps() {
        for first in Moment::ALL {
            for second in Moment::ALL {
                let scene = Scene::failover();
                scene.kill(Cut::At(Direction::Forward, first, step.clone())).await;
                scene.kill(Cut::At(Direction::Forward, second, step.clone())).await;
                let outcome = scene.run().await;
                scene.assert_completed(&outcome);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_at_any_append_the_operation_completes() {
    for durable in [false, true] {
        let mut number = 0;
        loop {
            let scene = Scene::failover();
            if !scene.kill(Cut::Append { number, durable }).await {
                break;
            }
            let outcome = scene.run().await;
            scene.assert_completed(&outcome);
            number += 1;
        }
        assert_eq!(number, 2 + 2 * Scene::failover().steps().len(), "started, intents, results, finished");
    }
}
