use super::*;
use protector_core::driver::PointMember;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SNAPSHOTS: &str =
    "protection-group-snapshots?names=array-b%3Aconsisgroup-g-cinder&destroyed=false&limit=1000";
const TRANSFERS: &str =
    "protection-group-snapshots/transfer?names=array-b%3Aconsisgroup-g-cinder&destroyed=false&limit=1000";
const MEMBERS: &str =
    "volume-snapshots?filter=name%3D%27array-b%3Aconsisgroup-g-cinder.%2A%27&destroyed=false&limit=1000";
const REMOTE_GROUP: &str = "protection-groups?names=array-b%3Aconsisgroup-g-cinder&limit=1000";

fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}

fn remote(name: &str) -> String {
    format!("array-b:{GROUP}.{name}")
}

fn snapshot(name: &str, created: u64) -> Value {
    json!({"id": name, "name": remote(name), "suffix": name, "created": created, "destroyed": false,
        "source": {"id": "g1", "name": format!("array-b:{GROUP}")}, "space": {"snapshots": 11, "unique": null}})
}

fn transfer(name: &str, progress: Option<f64>, completed: Option<u64>) -> Value {
    json!({"id": name, "name": remote(name), "started": 1500, "completed": completed, "progress": progress,
        "data_transferred": 7, "physical_bytes_written": 5, "destroyed": false})
}

fn member(name: &str) -> Value {
    json!({"id": name, "name": remote(name), "created": 1000, "destroyed": false, "provisioned": 1024,
        "source": {"id": null, "name": "array-b:volume-1-cinder"}})
}

#[tokio::test]
async fn points_are_listed_oldest_first_with_the_members_of_those_that_are_complete() {
    let mut mock = MockArray::start().await;
    expect_nothing_kept(&mut mock).await;
    mock.expect_list(SNAPSHOTS, json!([snapshot("p3", 3000), snapshot("p1", 1000), snapshot("p2", 2000)]))
        .await;
    let transfers = json!([transfer("p2", Some(0.5), None), transfer("p1", Some(1.0), Some(1900))]);
    mock.expect_list(TRANSFERS, transfers).await;
    let members =
        json!([member("p1.volume-1-cinder"), member("p1.volume-2-cinder"), member("p2.volume-1-cinder")]);
    let one_list = mock.expect_list(MEMBERS, members).await;
    let points = driver(&mock).recovery_points(&Context::default(), &origin()).await.unwrap();
    one_list.assert_async().await;
    let [whole, arriving, announced] = points.as_slice() else { panic!("three points: {points:?}") };
    assert_eq!((whole.name.as_str(), whole.created, whole.completed), ("p1", at(1000), Some(at(1900))));
    assert_eq!((whole.progress, whole.bytes_transferred, whole.bytes), (1.0, Some(7), Some(11)));
    assert!(!whole.held);
    let names = ["volume-1-cinder", "volume-2-cinder"];
    let members = names.map(|name| PointMember { name: name.to_owned(), size: 1024 });
    assert_eq!(whole.members, members);
    assert_eq!((arriving.name.as_str(), arriving.completed, arriving.progress), ("p2", None, 0.5));
    assert!(arriving.members.is_empty(), "what has not arrived wholly has no members to rely on");
    assert_eq!((announced.name.as_str(), announced.completed, announced.progress), ("p3", None, 0.0));
}

#[tokio::test]
async fn a_transfer_whose_snapshot_is_not_listed_yet_is_an_incomplete_point() {
    let mut mock = MockArray::start().await;
    expect_nothing_kept(&mut mock).await;
    mock.expect("GET", SNAPSHOTS, None, 400, refusal("Protection group snapshot does not exist.", "x")).await;
    mock.expect_list(TRANSFERS, json!([transfer("p1", None, None)])).await;
    let points = driver(&mock).recovery_points(&Context::default(), &origin()).await.unwrap();
    let [point] = points.as_slice() else { panic!("one point: {points:?}") };
    assert_eq!((point.name.as_str(), point.created, point.completed), ("p1", at(1500), None));
}

#[tokio::test]
async fn destroyed_points_and_those_of_groups_with_longer_names_are_left_out() {
    let mut mock = MockArray::start().await;
    expect_nothing_kept(&mut mock).await;
    let mut destroyed = snapshot("p1", 1000);
    *destroyed.get_mut("destroyed").unwrap() = json!(true);
    let longer =
        json!({"id": "x", "name": format!("array-b:{GROUP}-2.p1"), "created": 1, "destroyed": false});
    mock.expect_list(SNAPSHOTS, json!([destroyed, longer])).await;
    mock.expect_list(TRANSFERS, json!([])).await;
    assert!(driver(&mock).recovery_points(&Context::default(), &origin()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_group_without_points_has_none_and_a_group_that_is_not_there_is_not_found() {
    for (status, answer, found) in [
        (200, crate::flasharray::testing::page(&json!([{"name": "array-b:consisgroup-g-cinder"}])), true),
        (400, refusal("Protection group does not exist.", "array-b:consisgroup-g-cinder"), false),
    ] {
        let mut mock = MockArray::start().await;
        expect_nothing_kept(&mut mock).await;
        mock.expect("GET", SNAPSHOTS, None, 400, refusal("Protection group does not exist.", "x")).await;
        mock.expect_list(TRANSFERS, json!([])).await;
        mock.expect("GET", REMOTE_GROUP, None, status, answer).await;
        let points = driver(&mock).recovery_points(&Context::default(), &origin()).await;
        if found {
            assert!(points.unwrap().is_empty());
        } else {
            assert!(matches!(points.unwrap_err(), Error::NotFound { .. }));
        }
    }
}

#[tokio::test]
async fn a_point_on_its_own_array_is_complete_as_soon_as_it_is_made() {
    let mut mock = MockArray::start().await;
    let path = "protection-group-snapshots?names=consisgroup-g-cinder.p1&limit=1000";
    let made = json!([{"name": format!("{GROUP}.p1"), "created": 1000, "destroyed": false}]);
    mock.expect_list(path, made).await;
    let members =
        "volume-snapshots?filter=name%3D%27consisgroup-g-cinder.p1.%2A%27&destroyed=false&limit=1000";
    let own =
        |name: &str| json!({"name": format!("{GROUP}.p1.{name}"), "provisioned": 1024, "destroyed": false});
    mock.expect_list(members, json!([own("volume-1-cinder"), own("volume-2-cinder")])).await;
    let point = driver(&mock).source_point(&Context::default(), GROUP, "p1").await.unwrap().unwrap();
    assert_eq!((point.created, point.completed, point.progress), (at(1000), Some(at(1000)), 1.0));
    let names: Vec<&str> = point.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!((point.name.as_str(), names), ("p1", vec!["volume-1-cinder", "volume-2-cinder"]));
}

#[tokio::test]
async fn a_point_that_is_gone_from_its_own_array_is_none() {
    let mut mock = MockArray::start().await;
    let path = "protection-group-snapshots?names=consisgroup-g-cinder.p1&limit=1000";
    mock.expect_list(path, json!([{"name": format!("{GROUP}.p1"), "created": 1000, "destroyed": true}]))
        .await;
    assert_eq!(driver(&mock).source_point(&Context::default(), GROUP, "p1").await.unwrap(), None);
    mock.expect("GET", path, None, 400, refusal("Protection group snapshot does not exist.", "x")).await;
    assert_eq!(driver(&mock).source_point(&Context::default(), GROUP, "p1").await.unwrap(), None);
}

const OWN_SNAPSHOTS: &str = "protection-group-snapshots?names=consisgroup-g-cinder&limit=1000";

#[tokio::test]
async fn all_snapshots_of_a_group_are_listed_oldest_first_and_those_of_longer_names_left_out() {
    let mut mock = MockArray::start().await;
    let own = |suffix: &str, created: u64, destroyed: bool| {
        json!({"name": format!("{GROUP}.{suffix}"), "created": created, "destroyed": destroyed,
            "space": {"snapshots": created + 1}})
    };
    let longer = json!({"name": format!("{GROUP}-2.p1"), "created": 1, "destroyed": false, "space": null});
    let snapshots = json!([own("7", 3000, false), longer, own("safe", 1000, true), own("p1", 2000, false)]);
    mock.expect_list(OWN_SNAPSHOTS, snapshots).await;
    let found = driver(&mock).source_points(&Context::default(), GROUP).await.unwrap();
    let expected =
        [("safe", 1000, true), ("p1", 2000, false), ("7", 3000, false)].map(|(name, created, destroyed)| {
            SourcePoint { name: name.to_owned(), created: at(created), bytes: Some(created + 1), destroyed }
        });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_group_without_snapshots_has_none_and_a_group_that_is_not_there_has_no_list() {
    let path = "protection-groups?names=consisgroup-g-cinder&limit=1000";
    for (status, answer, found) in [
        (200, crate::flasharray::testing::page(&json!([{"name": GROUP}])), true),
        (400, refusal("Protection group does not exist.", GROUP), false),
    ] {
        let mut mock = MockArray::start().await;
        let absent = refusal("Protection group snapshot does not exist.", GROUP);
        mock.expect("GET", OWN_SNAPSHOTS, None, 400, absent).await;
        mock.expect("GET", path, None, status, answer).await;
        let points = driver(&mock).source_points(&Context::default(), GROUP).await;
        if found {
            assert!(points.unwrap().is_empty());
        } else {
            assert!(matches!(points.unwrap_err(), Error::NotFound { .. }));
        }
    }
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    assert_failures_are_told_apart(async |driver| driver.source_point(context, GROUP, "p1").await).await;
    assert_failures_are_told_apart(async |driver| driver.source_points(context, GROUP).await).await;
    assert_failures_are_told_apart(async |driver| driver.recovery_points(context, &origin()).await).await;
}
