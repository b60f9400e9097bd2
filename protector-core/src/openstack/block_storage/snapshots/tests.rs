use super::*;
use crate::openstack::Service;
use crate::openstack::testing::{Exchange, all};
use serde_json::json;

#[tokio::test]
async fn snapshots_are_listed_by_volume_name_and_status() {
    let query = SnapshotQuery {
        volume_id: Some("v1".into()),
        name: Some("nightly".to_owned()),
        status: Some("available".to_owned()),
    };
    let path = "/snapshots/detail?volume_id=v1&name=nightly&status=available";
    let found = Exchange::new(Service::BlockStorage, "GET", path, "list snapshots")
        .answer(
            200,
            json!({"snapshots": [{"id": "n1", "created_at": "2026-11-22T16:00:05.000000", "updated_at": null,
                "name": "nightly", "description": "by hand", "volume_id": "v1", "status": "available", "size": 2,
                "metadata": {"keep": "yes"}, "group_snapshot_id": "gs1", "user_id": "u1", "consumes_quota": true,
                "os-extended-snapshot-attributes:project_id": "p1",
                "os-extended-snapshot-attributes:progress": "100%"}]}),
        )
        .check(async |session| all(Snapshots::new(&session).list(&Context::default(), &query)).await)
        .await;
    let expected = Snapshot {
        id: "n1".to_owned(),
        name: Some("nightly".to_owned()),
        description: Some("by hand".to_owned()),
        volume_id: "v1".into(),
        status: "available".to_owned(),
        size: 2,
        metadata: [("keep".to_owned(), "yes".to_owned())].into(),
        group_snapshot_id: Some("gs1".to_owned()),
        created_at: Some("2026-11-22T16:00:05Z".parse().unwrap()),
    };
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn a_snapshot_without_name_is_read() {
    let found = Exchange::new(Service::BlockStorage, "GET", "/snapshots/detail", "list snapshots")
        .answer(
            200,
            json!({"snapshots": [{"id": "n1", "created_at": null, "name": null, "description": null, "volume_id": "v1",
                "status": "creating", "size": 1, "metadata": {}, "group_snapshot_id": null}]}),
        )
        .check(async |session| {
            all(Snapshots::new(&session).list(&Context::default(), &SnapshotQuery::default())).await
        })
        .await;
    let [snapshot] = found.try_into().unwrap();
    assert_eq!((snapshot.name, snapshot.group_snapshot_id, snapshot.created_at), (None, None, None));
}
