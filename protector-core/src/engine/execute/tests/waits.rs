//! Steps that do not come to their end: a guest that does not shut down.

use super::scene::Scene;
use super::world::{FOR_GOOD, Fault};
use crate::engine::{Event, Waiting};
use crate::error::Code;
use crate::id::StepId;
use std::time::Duration;

const STOP: &str = "stop/a";
const AN_HOUR: Duration = Duration::from_hours(1);

fn waiting(within: u64, without_end: bool) -> (Scene, StepId) {
    let mut scene = Scene::failover();
    let step = StepId::from(STOP);
    scene.wait_for(&step, Waiting { within, without_end });
    (scene, step)
}

fn said(scene: &Scene) -> usize {
    let events = scene.journal.events();
    events.iter().filter(|event| matches!(event, Event::StepTroubled { .. })).count()
}

#[tokio::test(start_paused = true)]
async fn what_takes_longer_than_it_may_is_rolled_back_when_its_time_is_up() {
    for (within, attempts) in [(120, 1), (1500, 3)] {
        let (scene, step) = waiting(within, false);
        scene.world.spoil(&step, Fault::Slow(AN_HOUR), FOR_GOOD);
        let begun = tokio::time::Instant::now();
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
        let took = begun.elapsed().as_secs();
        assert!((within..within + 60).contains(&took), "{took} s of {within}");
        assert_eq!(said(&scene) + 1, attempts, "{within}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_without_end_is_waited_for_and_said_each_time() {
    let (scene, step) = waiting(120, true);
    scene.world.spoil(&step, Fault::Slow(AN_HOUR), 40);
    let outcome = scene.run().await;
    scene.assert_completed(&outcome);
    assert_eq!(said(&scene), 40);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_not_for_what_is_broken() {
    for without_end in [true, false] {
        let (scene, step) = waiting(1500, without_end);
        scene.world.spoil(&step, Fault::Refused(Code::NotFound), FOR_GOOD);
        let begun = tokio::time::Instant::now();
        let outcome = scene.run().await;
        scene.assert_rolled_back(&outcome);
        assert!(begun.elapsed() < Duration::from_mins(2), "{:?}", begun.elapsed());
    }
}
