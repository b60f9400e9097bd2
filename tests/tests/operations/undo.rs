use crate::scene::{GROUP, Scene};
use protector_core::domain::{GroupStatus, ReplicationBasis};
use protector_core::protector::{Error, MoveRequest, Request};

fn request(wanted: fn(String) -> Request) -> Request {
    wanted(GROUP.to_owned())
}

fn failover() -> Request {
    Request::Failover(MoveRequest::planned(GROUP))
}

fn undo() -> Request {
    request(|group| Request::Undo { group })
}

fn commit() -> Request {
    request(|group| Request::Commit { group })
}

#[tokio::test(start_paused = true)]
async fn a_move_is_taken_back_to_what_the_vms_held_when_they_were_stopped() {
    let mut scene = Scene::protected().await;
    scene.done(&failover()).await;
    let stopped = scene.clock.now();
    scene.moved().await;
    scene.live(30).await;
    scene.done(&undo()).await;
    let (lost, _) = scene.guests.lose_after(stopped);
    assert!(lost > 0);
    scene.moved().await;
    scene.check(GroupStatus::Active).await;
    let group = scene.group().await;
    assert_eq!(group.epoch, 3);
    // What was written since is kept where it was written.
    let kept = group.uncommitted.unwrap();
    assert!(kept.safety_snapshots.iter().any(|snapshot| snapshot.site.as_str() == "site-b"));
    assert!(!kept.undoable);
    // And the group can be moved again, for what was written since the newest point.
    scene.live(700).await;
    let forecast = scene.plan(&failover()).await.replication.unwrap();
    assert_eq!(forecast.basis, ReplicationBasis::Delta, "{forecast}");
    let since = scene.clock.now().duration_since(forecast.since.unwrap());
    assert!(since.as_secs() <= 360, "{forecast}");
    assert!(forecast.bytes.is_some_and(|bytes| bytes > 0 && bytes < forecast.at_most_bytes), "{forecast}");
    scene.done(&failover()).await;
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_committed_is_not_taken_back() {
    let mut scene = Scene::protected().await;
    scene.done(&failover()).await;
    scene.moved().await;
    scene.done(&commit()).await;
    scene.check(GroupStatus::FailedOver).await;
    assert_eq!(scene.group().await.uncommitted, None);
    for request in [undo(), commit()] {
        let error = Box::pin(scene.protector.plan(&request)).await.unwrap_err();
        assert!(matches!(error, Error::StatusForbids { .. }), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_replication_on_demand_makes_a_point_that_may_be_used() {
    let mut scene = Scene::protected().await;
    scene.live(20).await;
    let before = scene.clock.now();
    scene.done(&request(|group| Request::Sync { group })).await;
    scene.check(GroupStatus::Active).await;
    let points = scene.protector.recovery_points(GROUP).await.unwrap();
    let newest = points.iter().find(|view| view.eligibility.is_eligible()).unwrap();
    assert!(newest.point.created >= before, "{newest:?}");
}
