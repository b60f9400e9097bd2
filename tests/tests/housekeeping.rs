//! What is left over at simulated sites is listed and removed, and what only looks like it stays.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what cannot be had ends a test"
)]

#[path = "../../examples/dr_drill/application.rs"]
mod application;
#[path = "../../examples/dr_drill/cloud.rs"]
#[expect(dead_code, reason = "the drill looks at more of it")]
mod cloud;
#[path = "../../examples/dr_drill/machines.rs"]
#[expect(dead_code, reason = "the drill looks at more of it")]
mod machines;
#[path = "test_failover/recorder.rs"]
#[expect(dead_code, reason = "tests of tests ask it for more")]
mod recorder;
#[path = "test_failover/scene.rs"]
#[expect(dead_code, reason = "tests of tests look at more of it")]
mod scene;

use protector_core::domain::{GroupStatus, Leftover, LeftoverKind, OperationStatus, naming};
use protector_core::id::OperationId;
use protector_core::protector::{MoveRequest, Request, TestRequest};
use protector_mock::cloud::ServiceKind::{BlockStorage, Network};
use scene::{GROUP, Scene, inventory};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

fn kinds(leftovers: &[Leftover]) -> Vec<(&str, LeftoverKind)> {
    let mut kinds: Vec<_> = leftovers.iter().map(|left| (left.site.as_str(), left.kind)).collect();
    kinds.sort();
    kinds
}

/// Volumes at site-b: what a request made that took effect too late, and what only looks like it. The first is a twin of the
/// group that its group does not know, the second a copy of a test that has ended.
async fn leave_volumes(scene: &Scene, test: OperationId) -> [String; 2] {
    let group = scene.group().await;
    let (member, lineage) = group.volumes().next().unwrap();
    let markers = naming::markers(group.id, lineage.lineage);
    let make = async |name: &str, metadata: &Value| {
        let fields = json!({"name": name, "size": 1, "volume_type": "plain", "metadata": metadata});
        scene.b.made(BlockStorage, "/v3/volumes", "volume", &fields).await.unwrap()
    };
    let reserve = async |id: &str| {
        let path = format!("/v3/volumes/{id}/action");
        scene.b.post(BlockStorage, &path, &json!({"os-reserve": null})).await.unwrap();
    };
    let twin = make("late", &json!(markers)).await;
    let copy = make("late-test", &json!(naming::test_markers(group.id, test, member.lineage))).await;
    // Somebody has taken this one into use; this one has the name alone; and this one nobody marked.
    make("in-use", &json!(markers)).await;
    let named = make(&lineage.name, &json!({"group": group.id})).await;
    let reserved = make("somebodys", &json!({})).await;
    scene.clock.sleep(Duration::from_mins(1)).await;
    for id in [&twin, &named, &reserved] {
        reserve(id).await;
    }
    [twin, copy]
}

#[tokio::test(start_paused = true)]
async fn what_is_left_over_goes_when_it_is_old_enough_and_look_alikes_stay() {
    let mut scene = Scene::replicated().await;
    let group = scene.group().await.id;
    let test = scene.done(&Request::TestFailover(TestRequest::new(GROUP))).await.operation.id;
    scene.done(&Request::TestCleanup { group: GROUP.to_owned() }).await;
    assert_eq!(scene.protector.housekeeping().await.unwrap().leftovers, []);

    let [twin, copy] = leave_volumes(&scene, test).await;
    let network = json!({"name": "late-net", "description": naming::test_tag(test)});
    let network = scene.b.made(Network, "/v2.0/networks", "network", &network).await.unwrap();
    scene.leave_look_alikes(&scene.b).await;
    let housekeeping = scene.protector.housekeeping().await.unwrap();
    assert_eq!(housekeeping.unread, []);
    let listed = &housekeeping.leftovers;
    let expected = [
        ("site-b", LeftoverKind::Twin),
        ("site-b", LeftoverKind::TestVolume),
        ("site-b", LeftoverKind::TestVolume),
        ("site-b", LeftoverKind::TestNetwork),
    ];
    assert_eq!(kinds(listed), expected, "{listed:#?}");
    let ids: BTreeSet<&str> = listed.iter().map(|left| left.id.as_str()).collect();
    assert!(ids.is_superset(&[twin.as_str(), copy.as_str(), network.as_str()].into()), "{listed:#?}");
    for left in listed.iter().filter(|left| left.kind != LeftoverKind::TestNetwork) {
        assert_eq!((left.bytes, left.quota["volumes"], left.quota["gigabytes"]), (Some(1 << 30), 1, 1));
        assert!(left.since.is_some_and(|since| since < housekeeping.at), "{left:?}");
    }

    // Too young: nothing is sent.
    let before = inventory(&scene.b).await;
    let pruned = scene.protector.prune(listed, HOUR).await.unwrap();
    assert_eq!((pruned.operations.len(), pruned.kept.len()), (0, listed.len()));
    assert_eq!(inventory(&scene.b).await, before);

    scene.clock.sleep(HOUR).await;
    scene.sign_in().await;
    let pruned = scene.protector.prune(listed, HOUR).await.unwrap();
    let [operation] = &pruned.operations[..] else { panic!("{pruned:#?}") };
    assert_eq!((operation.status, operation.error_message.as_deref()), (OperationStatus::Completed, None));
    assert_eq!((operation.group, operation.steps_completed.len()), (group, 3));
    assert_eq!(pruned.remains, []);
    // Of the look-alike's test nothing is on record: whose it is nobody knows.
    let [kept] = &pruned.kept[..] else { panic!("{pruned:#?}") };
    assert!(kept.reason.contains("nothing is on record"), "{}", kept.reason);
    let after = inventory(&scene.b).await;
    let gone: BTreeSet<&String> = before.keys().filter(|key| !after.contains_key(*key)).collect();
    let expected = [format!("networks {network}"), format!("volumes {twin}"), format!("volumes {copy}")];
    assert_eq!(gone, expected.iter().collect());
    assert_eq!(scene.group().await.status, GroupStatus::Active);
}

#[tokio::test(start_paused = true)]
async fn points_of_an_earlier_epoch_are_left_over_and_what_a_move_can_be_taken_back_by_is_not() {
    let mut scene = Scene::replicated().await;
    scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    assert!(
        scene.group().await.uncommitted.is_some_and(|uncommitted| !uncommitted.safety_snapshots.is_empty())
    );
    let listed = scene.protector.housekeeping().await.unwrap().leftovers;
    assert_eq!(kinds(&listed), [("site-a", LeftoverKind::RecoveryPoint)], "{listed:#?}");
    assert!(listed[0].id.starts_with("protector-protect-e1-"), "{listed:#?}");

    scene.clock.sleep(HOUR).await;
    let pruned = scene.protector.prune(&listed, HOUR).await.unwrap();
    assert_eq!((pruned.operations.len(), &pruned.kept[..], &pruned.remains[..]), (1, &[][..], &[][..]));
    assert_eq!(scene.protector.housekeeping().await.unwrap().leftovers, []);
    // The same list again: what is not there any more is kept, and said.
    let again = scene.protector.prune(&listed, HOUR).await.unwrap();
    assert_eq!((again.operations.len(), again.kept.len()), (0, 1));
    scene.sign_in().await;
    scene.done(&Request::Undo { group: GROUP.to_owned() }).await;
}
