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

use protector_core::domain::{
    Action, GroupStatus, Held, HeldKind, Leftover, LeftoverKind, OperationStatus, naming,
};
use protector_core::id::OperationId;
use protector_core::protector::{MoveRequest, Request, TestRequest};
use protector_mock::cloud::ServiceKind::{BlockStorage, Network};
use scene::{GROUP, Scene, inventory};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
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

/// How many of each kind a group holds at a site, and what of each quota they hold together.
fn holdings(held: &[Held], site: &str) -> (BTreeMap<HeldKind, usize>, BTreeMap<String, u64>) {
    let (mut kinds, mut quotas) = (BTreeMap::new(), BTreeMap::new());
    for one in held.iter().filter(|one| one.site.as_str() == site) {
        *kinds.entry(one.kind).or_default() += 1;
        for (resource, held) in &one.quota {
            *quotas.entry(resource.clone()).or_default() += held;
        }
    }
    (kinds, quotas)
}

#[tokio::test(start_paused = true)]
async fn what_a_group_holds_is_told_with_what_lets_go_of_it_and_is_never_pruned() {
    use HeldKind::{RecoveryPoint, SafetySnapshot, ShadowPort, ShadowServer, TestServer, TestVolume, Twin};
    let mut scene = Scene::replicated().await;
    let group = scene.group().await;
    let (servers, volumes) = (group.members.len(), group.volumes().count());
    let ports: usize = group.members.values().map(|member| member.ports.len()).sum();

    // At home: the other site has twins only, and the array here the point that protection was proved by.
    let found = scene.protector.housekeeping().await.unwrap();
    assert_eq!(holdings(&found.held, "site-a").0, [(RecoveryPoint, 1)].into());
    let (kinds, quotas) = holdings(&found.held, "site-b");
    assert_eq!((&kinds, quotas["volumes"]), (&[(Twin, volumes)].into(), volumes as u64));
    for twin in found.held.iter().filter(|one| one.kind == Twin) {
        assert_eq!(twin.bytes, Some(twin.quota["gigabytes"] << 30));
        assert_eq!(twin.released_by, [Action::RemoveMember, Action::Unprotect]);
        assert!(twin.reason.contains("deletes it") && twin.since.is_some(), "{twin:?}");
    }

    // While a test runs, what is the test's.
    scene.done(&Request::TestFailover(TestRequest::new(GROUP))).await;
    let found = scene.protector.housekeeping().await.unwrap();
    let (kinds, _) = holdings(&found.held, "site-b");
    assert_eq!((kinds[&TestServer], kinds[&TestVolume], kinds[&Twin]), (servers, volumes, volumes));
    let of_test = found.held.iter().filter(|one| one.kind == TestServer);
    assert!(of_test.clone().all(|one| one.released_by == [Action::TestCleanup]), "{:#?}", found.held);
    scene.done(&Request::TestCleanup { group: GROUP.to_owned() }).await;

    // Moved: the originals stand at home, stopped, and what was overwritten can be taken back.
    scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    let found = scene.protector.housekeeping().await.unwrap();
    let (kinds, quotas) = holdings(&found.held, "site-a");
    assert_eq!(kinds, [(ShadowServer, servers), (ShadowPort, ports), (Twin, volumes)].into());
    assert_eq!((quotas["instances"], quotas["port"]), (servers as u64, ports as u64));
    assert!(quotas["cores"] >= servers as u64 && quotas["ram"] > 0, "{quotas:?}");
    let shadows = found.held.iter().filter(|one| one.site.as_str() == "site-a");
    assert!(shadows.clone().all(|one| one.reason.contains("stays when it is let go")), "{:#?}", found.held);
    assert!(shadows.clone().all(|one| one.age(found.at).is_some()), "{:#?}", found.held);
    let (kinds, _) = holdings(&found.held, "site-b");
    assert_eq!(kinds.get(&SafetySnapshot), Some(&1), "{:#?}", found.held);
    let safety = found.held.iter().find(|one| one.kind == SafetySnapshot).unwrap();
    assert_eq!(safety.released_by, [Action::Commit, Action::Undo]);

    // None of it is left over, and what is left over goes without it.
    let left: BTreeSet<&str> = found.leftovers.iter().map(|one| one.id.as_str()).collect();
    assert!(found.held.iter().all(|one| !left.contains(one.id.as_str())), "{:#?}", found.held);
    let before = inventory(&scene.a).await;
    scene.protector.prune(&found.leftovers, Duration::ZERO).await.unwrap();
    assert_eq!(inventory(&scene.a).await, before);
    let ids = |held: &[Held]| -> Vec<String> { held.iter().map(|one| one.id.clone()).collect() };
    assert_eq!(ids(&scene.protector.housekeeping().await.unwrap().held), ids(&found.held));
    scene.done(&Request::Commit { group: GROUP.to_owned() }).await;
    let found = scene.protector.housekeeping().await.unwrap();
    assert!(found.held.iter().all(|one| one.kind != SafetySnapshot), "{:#?}", found.held);
}

#[tokio::test(start_paused = true)]
async fn journals_go_when_nothing_needs_them_and_the_group_goes_on_as_before() {
    let mut scene = Scene::replicated().await;
    let sync = Request::Sync { group: GROUP.to_owned() };
    scene.done(&sync).await;
    let test = scene.done(&Request::TestFailover(TestRequest::new(GROUP))).await.operation.id;
    scene.clock.sleep(HOUR).await;
    // The test runs, and is the group's last operation.
    let pruned = scene.protector.prune_journals(HOUR).await.unwrap();
    assert_eq!((pruned.removed.len(), pruned.kept.len()), (2, 1), "{pruned:#?}");
    scene.done(&Request::TestCleanup { group: GROUP.to_owned() }).await;
    scene.sign_in().await;
    assert_eq!(scene.of_test(&scene.b, test).await, Vec::<String>::new());

    let moved = scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await.operation.id;
    scene.moved().await;
    let point = |objects: Vec<protector_core::operations::MadeObject>| -> BTreeSet<String> {
        let points = objects.into_iter().filter(|object| object.kind == "recovery_point");
        points.map(|object| object.id).collect()
    };
    let before = point(scene.protector.status(None).await.unwrap().objects);
    scene.done(&sync).await;
    let after = point(scene.protector.status(None).await.unwrap().objects);
    assert_eq!(after.difference(&before).count(), 2, "no name is used twice: {before:?}, {after:?}");

    scene.clock.sleep(HOUR).await;
    scene.sign_in().await;
    let pruned = scene.protector.prune_journals(HOUR).await.unwrap();
    assert!(pruned.kept.iter().any(|kept| kept.operation == moved && kept.reason.contains("commit")));
    assert_eq!(point(scene.protector.status(None).await.unwrap().objects), after);
    scene.done(&Request::Undo { group: GROUP.to_owned() }).await;
    scene.moved().await;
    scene.done(&Request::Unprotect { group: GROUP.to_owned(), without_site: None }).await;
    let left = inventory(&scene.b).await.into_values().filter(|told| told.contains("protector:lineage"));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new());
    let operations = scene.protector.operations(None).await.unwrap();
    assert_eq!(operations.len(), 8, "{operations:#?}");
}
