use super::*;
use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
use std::time::{Duration, UNIX_EPOCH};

fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}

#[tokio::test]
async fn snapshots_of_a_group_are_read() {
    let mut mock = MockArray::start().await;
    let body = json!([
        {"id": "s1", "name": "array-a:g.p1", "suffix": "p1", "created": 1_795_356_809_613_u64, "destroyed": false,
            "source": {"id": "g1", "name": "array-a:g"}, "pod": {"id": null, "name": null}, "time_remaining": null},
        {"name": "array-a:g.p2", "created": null, "destroyed": true},
    ]);
    mock.expect_list("protection-group-snapshots?names=array-a%3Ag&destroyed=false&limit=1000", body).await;
    let snapshots = ProtectionGroupSnapshots::new(&mock.array);
    let found: Vec<GroupSnapshot> =
        snapshots.of_group(&Context::default(), "array-a:g").try_collect().await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.created, one.destroyed)).collect();
    assert_eq!(found, [("array-a:g.p1", Some(at(1_795_356_809_613)), false), ("array-a:g.p2", None, true)]);
}

#[tokio::test]
async fn destroyed_snapshots_are_listed_too_where_they_are_asked_for_with_what_they_take_up() {
    let mut mock = MockArray::start().await;
    let body = json!([
        {"name": "g.p1", "created": 1, "destroyed": true, "space": {"snapshots": 5, "unique": 0}},
        {"name": "g.p2", "created": 2, "destroyed": false, "space": {"snapshots": null}},
        {"name": "g.p3", "created": 3, "destroyed": false, "space": null},
    ]);
    mock.expect_list("protection-group-snapshots?names=g&limit=1000", body).await;
    let snapshots = ProtectionGroupSnapshots::new(&mock.array);
    let found: Vec<GroupSnapshot> =
        snapshots.all_of_group(&Context::default(), "g").try_collect().await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.destroyed, one.space.snapshots)).collect();
    assert_eq!(found, [(true, Some(5)), (false, None), (false, None)]);
}

#[tokio::test]
async fn a_transfer_has_arrived_only_with_full_progress_and_an_end() {
    let mut mock = MockArray::start().await;
    let transfer = |name: &str, progress: Option<f64>, completed: Option<u64>| {
        json!({"id": "s1", "name": name, "started": 1000, "completed": completed, "progress": progress,
            "data_transferred": 5, "physical_bytes_written": 4, "destroyed": false, "source": {"id": "g1", "name": "array-a:g"}})
    };
    let body = json!([
        transfer("whole", Some(1.0), Some(2000)),
        transfer("no-end", Some(1.0), None),
        transfer("no-progress", Some(0.999), Some(2000)),
        {"name": "unknown", "started": null, "completed": null, "progress": null, "data_transferred": null},
    ]);
    mock.expect_list(
        "protection-group-snapshots/transfer?names=array-a%3Ag&destroyed=false&limit=1000",
        body,
    )
    .await;
    let snapshots = ProtectionGroupSnapshots::new(&mock.array);
    let found: Vec<Transfer> =
        snapshots.transfers_of_group(&Context::default(), "array-a:g").try_collect().await.unwrap();
    let arrived: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.arrived())).collect();
    assert_eq!(
        arrived,
        [("whole", Some(at(2000))), ("no-end", None), ("no-progress", None), ("unknown", None)]
    );
    let first = found.first().unwrap();
    assert_eq!((first.started, first.data_transferred, first.destroyed), (Some(at(1000)), Some(5), false));
}

#[tokio::test]
async fn one_snapshot_and_its_transfer_are_read_by_whole_name() {
    let mut mock = MockArray::start().await;
    let snapshots = ProtectionGroupSnapshots::new(&mock.array);
    let context = Context::default();
    let path = "protection-group-snapshots?names=g.p1&limit=1000";
    mock.expect_list(path, json!([{"name": "g.p1", "created": 1000, "destroyed": true}])).await;
    let snapshot = snapshots.get(&context, "g.p1").await.unwrap();
    assert_eq!(
        (snapshot.name.as_str(), snapshot.created, snapshot.destroyed),
        ("g.p1", Some(at(1000)), true)
    );

    let path = "protection-group-snapshots/transfer?names=array-a%3Ag.p1&limit=1000";
    mock.expect_list(path, json!([{"name": "array-a:g.p1", "progress": 0.5, "destroyed": true}])).await;
    let transfer = snapshots.transfer(&context, "array-a:g.p1").await.unwrap().unwrap();
    assert_eq!((transfer.progress, transfer.destroyed), (Some(0.5), true));

    let path = "protection-group-snapshots/transfer?names=g.p1&limit=1000";
    mock.expect_list(path, json!([])).await;
    assert!(snapshots.transfer(&context, "g.p1").await.unwrap().is_none());
}

#[tokio::test]
async fn a_snapshot_is_made_for_good_and_replicated_only_if_asked() {
    let mut mock = MockArray::start().await;
    let snapshots = ProtectionGroupSnapshots::new(&mock.array);
    let context = Context::default();
    let path = "protection-group-snapshots?source_names=g&apply_retention=false";
    let request = mock.expect_change("POST", path, json!({"suffix": "p1"}), json!([])).await;
    snapshots.create(&context, "g", "p1", false).await.unwrap();
    request.assert_async().await;
    let path = "protection-group-snapshots?source_names=g&apply_retention=false&replicate_now=true";
    let request = mock.expect_change("POST", path, json!({"suffix": "p2"}), json!([])).await;
    snapshots.create(&context, "g", "p2", true).await.unwrap();
    request.assert_async().await;
}

#[tokio::test]
async fn destroying_eradicates_nothing() {
    let mut mock = MockArray::start().await;
    let eradication = mock.server.mock("DELETE", mockito::Matcher::Any).expect(0).create_async().await;
    let path = "protection-group-snapshots?names=array-a%3Ag.p1";
    let request = mock.expect_change("PATCH", path, json!({"destroyed": true}), json!([])).await;
    ProtectionGroupSnapshots::new(&mock.array).destroy(&Context::default(), "array-a:g.p1").await.unwrap();
    request.assert_async().await;
    eradication.assert_async().await;
}

#[tokio::test]
async fn errors_are_told_apart() {
    let context = &Context::default();
    assert_errors_are_told_apart("GET", "protection-group-snapshots", async |array| {
        ProtectionGroupSnapshots::new(&array).get(context, "g.p").await
    })
    .await;
    assert_errors_are_told_apart("GET", "protection-group-snapshots", async |array| {
        ProtectionGroupSnapshots::new(&array).of_group(context, "g").try_collect::<Vec<_>>().await
    })
    .await;
    assert_errors_are_told_apart("GET", "protection-group-snapshots/transfer", async |array| {
        ProtectionGroupSnapshots::new(&array).transfer(context, "g.p").await
    })
    .await;
    assert_errors_are_told_apart("GET", "protection-group-snapshots/transfer", async |array| {
        ProtectionGroupSnapshots::new(&array).transfers_of_group(context, "g").try_collect::<Vec<_>>().await
    })
    .await;
    assert_errors_are_told_apart("POST", "protection-group-snapshots", async |array| {
        ProtectionGroupSnapshots::new(&array).create(context, "g", "p", true).await
    })
    .await;
    assert_errors_are_told_apart("PATCH", "protection-group-snapshots", async |array| {
        ProtectionGroupSnapshots::new(&array).destroy(context, "g.p").await
    })
    .await;
}
