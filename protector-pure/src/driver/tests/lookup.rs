use super::*;
use protector_core::driver::{Peer, ReplicationTarget};
use std::time::Duration;

#[tokio::test]
async fn describe_tells_the_arrays_own_name_and_where_it_replicates() {
    let mut mock = MockArray::start().await;
    let own = json!([{"id": "a1", "name": "array-A", "version": "6.6.11"}]);
    mock.expect_list("arrays?limit=1000", own).await;
    let connection =
        |name: &str, kind: &str, status: &str| json!({"name": name, "type": kind, "status": status});
    let connections = json!([
        connection("array-b", "async-replication", "connecting"),
        connection("array-b", "sync-replication", "connected"),
        connection("array-c", "async-replication", "connecting"),
        connection("array-d", "fleet-management", "connected"),
    ]);
    mock.expect_list("array-connections?limit=1000", connections).await;
    let description = driver(&mock).describe(&Context::default()).await.unwrap();
    assert_eq!((description.name.as_str(), description.id.as_str()), ("array-A", "a1"));
    assert_eq!(description.version, "6.6.11");
    let peers =
        [Peer { name: "array-b".into(), connected: true }, Peer { name: "array-c".into(), connected: false }];
    assert_eq!(description.peers, peers);
}

#[tokio::test]
async fn volumes_are_resolved_in_the_order_asked_and_none_for_those_not_there() {
    let mut mock = MockArray::start().await;
    let all = ["1", "2", "3"].map(|id| format!("name%3D%27volume-{id}-cinder%27")).join("%20or%20");
    let plain = format!("volumes?filter={all}&destroyed=false&limit=1000");
    mock.expect_list(&plain, json!([volume("i3", "volume-3-cinder"), volume("i1", "Volume-1-Cinder")])).await;
    let in_pods = "volumes?filter=name%3D%27%2A%3A%3Avolume-2-cinder%27&destroyed=false&limit=1000";
    mock.expect_list(in_pods, json!([])).await;
    let in_groups = "volumes?filter=name%3D%27%2A%2Fvolume-2-cinder%27&destroyed=false&limit=1000";
    mock.expect_list(in_groups, json!([])).await;
    let wanted = ["1".into(), "2".into(), "3".into()];
    let found = driver(&mock).resolve(&Context::default(), &wanted).await.unwrap();
    let expected =
        [Some(array_volume("i1", "Volume-1-Cinder")), None, Some(array_volume("i3", "volume-3-cinder"))];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn volumes_in_pods_and_volume_groups_are_found_if_none_is_called_so_plainly() {
    for (name, place) in [("pod::volume-1-cinder", "%2A%3A%3A"), ("vg/volume-1-cinder", "%2A%2F")] {
        let mut mock = MockArray::start().await;
        let none = mock.server.mock("GET", Matcher::Regex("/volumes".to_owned()));
        none.with_body(json!({"items": []}).to_string()).create_async().await;
        let path = format!("volumes?filter=name%3D%27{place}volume-1-cinder%27&destroyed=false&limit=1000");
        mock.expect_list(&path, json!([volume("i1", name)])).await;
        let found = driver(&mock).resolve(&Context::default(), &["1".into()]).await.unwrap();
        assert_eq!(found, [Some(array_volume("i1", name))]);
    }
}

#[tokio::test]
async fn two_volumes_of_one_cinder_volume_are_not_chosen_from() {
    let mut mock = MockArray::start().await;
    let path = "volumes?filter=name%3D%27volume-1-cinder%27&destroyed=false&limit=1000";
    mock.expect_list(path, json!([])).await;
    let path = "volumes?filter=name%3D%27%2A%3A%3Avolume-1-cinder%27&destroyed=false&limit=1000";
    mock.expect_list(path, json!([volume("i1", "p::volume-1-cinder"), volume("i2", "q::volume-1-cinder")]))
        .await;
    let error = driver(&mock).resolve(&Context::default(), &["1".into()]).await.unwrap_err();
    assert_eq!(error.code(), Code::RequestRefused);
    assert!(error.to_string().contains("p::volume-1-cinder"), "{error}");
}

#[tokio::test]
async fn many_volumes_are_asked_for_in_several_requests() {
    let mut mock = MockArray::start().await;
    let any = mock.server.mock("GET", Matcher::Regex("^/api/2[.]36/volumes[?]filter=".to_owned()));
    let any = any.with_body(json!({"items": []}).to_string()).expect_at_least(4).create_async().await;
    let wanted: Vec<VolumeId> = (0..100).map(|number| format!("{number:036}").into()).collect();
    let found = driver(&mock).resolve(&Context::default(), &wanted).await.unwrap();
    any.assert_async().await;
    assert_eq!(found, vec![None; 100]);
    assert!(driver(&mock).resolve(&Context::default(), &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_volume_without_serial_number_is_not_passed_for_one() {
    let mut mock = MockArray::start().await;
    let path = "volumes?filter=name%3D%27volume-1-cinder%27&destroyed=false&limit=1000";
    mock.expect_list(
        path,
        json!([{"id": "i1", "name": "volume-1-cinder", "serial": null, "provisioned": 1}]),
    )
    .await;
    let error = driver(&mock).resolve(&Context::default(), &["1".into()]).await.unwrap_err();
    assert_eq!(error.code(), Code::RequestRefused);
}

#[tokio::test]
async fn a_storage_group_is_read_with_members_targets_and_settings() {
    let mut mock = MockArray::start().await;
    let group = json!([{"id": "g1", "name": GROUP, "destroyed": false, "is_local": true,
        "replication_schedule": {"at": null, "blackout": null, "enabled": true, "frequency": 300_000},
        "target_retention": {"all_for_sec": 86400, "days": 0, "per_day": 0}}]);
    mock.expect_list("protection-groups?names=consisgroup-g-cinder&limit=1000", group).await;
    let members = json!([{"group": {"id": "g1", "name": GROUP}, "member": {"id": "i1", "name": "volume-1-cinder"}},
        {"group": {"id": "g1", "name": GROUP}, "member": {"id": "i2", "name": "volume-2-cinder"}}]);
    mock.expect_list("protection-groups/volumes?group_names=consisgroup-g-cinder&limit=1000", members).await;
    let mut gone = volume("i2", "volume-2-cinder");
    *gone.get_mut("destroyed").unwrap() = json!(true);
    let volumes = json!([volume("i1", "volume-1-cinder"), gone]);
    mock.expect_list("volumes?names=volume-1-cinder,volume-2-cinder&limit=1000", volumes).await;
    let targets = json!([{"group": {"id": "g1", "name": GROUP}, "member": {"id": "b1", "name": "array-b"}, "allowed": true},
        {"group": {"id": "g1", "name": GROUP}, "member": {"id": null, "name": "nfs"}, "allowed": null}]);
    mock.expect_list("protection-groups/targets?group_names=consisgroup-g-cinder&limit=1000", targets).await;
    let found = driver(&mock).storage_group(&Context::default(), &"g".into()).await.unwrap().unwrap();
    assert_eq!(found.name, GROUP);
    assert_eq!(found.members, [array_volume("i1", "volume-1-cinder")]);
    let targets = [
        ReplicationTarget { array: "array-b".into(), allowed: true },
        ReplicationTarget { array: "nfs".into(), allowed: false },
    ];
    assert_eq!(found.targets, targets);
    let settings = ReplicationSettings {
        enabled: true,
        interval: Duration::from_mins(5),
        retention: Some(Duration::from_hours(24)),
    };
    assert_eq!(found.settings, settings);
}

#[tokio::test]
async fn a_group_that_is_gone_is_none() {
    let mut mock = MockArray::start().await;
    let path = "protection-groups?names=consisgroup-g-cinder&limit=1000";
    mock.expect_list(path, json!([{"id": "g1", "name": GROUP, "destroyed": true}])).await;
    assert_eq!(driver(&mock).storage_group(&Context::default(), &"g".into()).await.unwrap(), None);
    mock.expect("GET", path, None, 400, refusal("Protection group does not exist.", GROUP)).await;
    assert_eq!(driver(&mock).storage_group(&Context::default(), &"g".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_group_is_read_by_its_name_and_one_of_another_array_is_none() {
    let mut mock = MockArray::start().await;
    let context = Context::default();
    let group = |name: &str, local: bool| json!([{"name": name, "destroyed": false, "is_local": local}]);
    mock.expect_list("protection-groups?names=nightly&limit=1000", group("nightly", true)).await;
    mock.expect_list("protection-groups/volumes?group_names=nightly&limit=1000", json!([])).await;
    mock.expect_list("protection-groups/targets?group_names=nightly&limit=1000", json!([])).await;
    let found = driver(&mock).storage_group_by_name(&context, "nightly").await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.members.len(), found.targets.len()), ("nightly", 0, 0));
    let name = "array-b:nightly";
    mock.expect_list("protection-groups?names=array-b%3Anightly&limit=1000", group(name, false)).await;
    assert_eq!(driver(&mock).storage_group_by_name(&context, name).await.unwrap(), None);
}

#[tokio::test]
async fn failures_are_told_apart() {
    let context = &Context::default();
    assert_failures_are_told_apart(async |driver| driver.describe(context).await).await;
    assert_failures_are_told_apart(async |driver| driver.resolve(context, &["1".into()]).await).await;
    assert_failures_are_told_apart(async |driver| driver.storage_group(context, &"g".into()).await).await;
    assert_failures_are_told_apart(async |driver| driver.storage_group_by_name(context, "g").await).await;
}
