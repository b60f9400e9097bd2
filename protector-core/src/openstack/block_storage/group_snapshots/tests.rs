use super::*;
use crate::openstack::Service;
use crate::openstack::testing::{Exchange, MockCloud, all};
use serde_json::Value;

fn exchange(method: &'static str, path: &str, purpose: &'static str) -> Exchange {
    Exchange::new(Service::BlockStorage, method, path, purpose)
}

/// As Cinder 2026.2 gives it at 3.70 to an administrator of the project.
fn snapshot_json() -> Value {
    json!({"id": "gs1", "group_id": "g1", "group_type_id": "gt1", "status": "available",
        "created_at": "2026-11-22T16:00:05.000000", "name": "point-1", "description": "before", "project_id": "p1"})
}

fn snapshot() -> GroupSnapshot {
    GroupSnapshot {
        id: "gs1".to_owned(),
        name: Some("point-1".to_owned()),
        description: Some("before".to_owned()),
        group_id: "g1".into(),
        group_type_id: Some("gt1".to_owned()),
        status: "available".to_owned(),
        project_id: Some("p1".into()),
        created_at: Some("2026-11-22T16:00:05Z".parse().unwrap()),
    }
}

#[tokio::test]
async fn group_snapshots_are_listed_by_group_and_name() {
    let query = GroupSnapshotQuery { group_id: Some("g1".into()), name: Some("point-1".to_owned()) };
    let path = "/group_snapshots/detail?group_id=g1&name=point-1";
    let found = exchange("GET", path, "list group snapshots")
        .answer(200, json!({"group_snapshots": [snapshot_json()]}))
        .check(async |session| all(GroupSnapshots::new(&session).list(&Context::default(), &query)).await)
        .await;
    assert_eq!(found, [snapshot()]);
}

#[tokio::test]
async fn list_follows_the_link_that_cinder_names_in_the_singular() {
    let mut cloud = MockCloud::start().await;
    let (path, version) = ("/volume/v3/group_snapshots/detail", Some("volume 3.70"));
    let first = json!({"group_snapshots": [snapshot_json()], "group_snapshot_links": [
        {"rel": "next", "href": "http://c/v3/group_snapshots?marker=gs1"}]});
    cloud.expect("GET", path, version, None, 200, first).await;
    let second = json!({"group_snapshots": [snapshot_json()]});
    cloud.expect("GET", &format!("{path}?marker=gs1"), version, None, 200, second).await;
    let snapshots = GroupSnapshots::new(&cloud.session);
    let found = all(snapshots.list(&Context::default(), &GroupSnapshotQuery::default())).await.unwrap();
    assert_eq!(found, [snapshot(), snapshot()]);
}

#[tokio::test]
async fn a_group_snapshot_is_read_with_every_attribute() {
    let found = exchange("GET", "/group_snapshots/gs1", "read group snapshot gs1")
        .answer(200, json!({"group_snapshot": snapshot_json()}))
        .check(async |session| GroupSnapshots::new(&session).get(&Context::default(), "gs1").await)
        .await;
    assert_eq!(found, snapshot());
}

#[tokio::test]
async fn create_names_the_group_and_gives_the_id() {
    for (description, body) in [
        (Some("before".to_owned()), json!({"group_id": "g1", "name": "point-1", "description": "before"})),
        (None, json!({"group_id": "g1", "name": "point-1"})),
    ] {
        let new = NewGroupSnapshot { group_id: "g1".into(), name: "point-1".to_owned(), description };
        let id = exchange("POST", "/group_snapshots", "snapshot group g1 as point-1")
            .body(json!({"group_snapshot": body}))
            .answer(202, json!({"group_snapshot": {"id": "gs1", "name": "point-1", "group_type_id": "gt1"}}))
            .check(async |session| GroupSnapshots::new(&session).create(&Context::default(), &new).await)
            .await;
        assert_eq!(id, "gs1");
    }
}

#[tokio::test]
async fn delete_leaves_nothing_to_do_for_a_group_snapshot_that_is_gone() {
    exchange("DELETE", "/group_snapshots/gs1", "delete group snapshot gs1")
        .answer(202, Value::Null)
        .check_deletion(async |session| {
            GroupSnapshots::new(&session).delete(&Context::default(), "gs1").await
        })
        .await;
}
