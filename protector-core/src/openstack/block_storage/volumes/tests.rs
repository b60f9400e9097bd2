use super::*;
use crate::openstack::Service;
use crate::openstack::testing::{Exchange, MockCloud, all};

fn exchange(method: &'static str, path: &str, purpose: &'static str) -> Exchange {
    Exchange::new(Service::BlockStorage, method, path, purpose)
}

fn action(body: Value, purpose: &'static str) -> Exchange {
    exchange("POST", "/volumes/v1/action", purpose).body(body).answer(202, Value::Null).repeatable(true)
}

fn id() -> VolumeId {
    "v1".into()
}

/// As Cinder 2026.2 gives it at 3.70 to an administrator of the project.
fn volume_json() -> Value {
    json!({
        "id": "v1", "status": "in-use", "size": 2, "availability_zone": "nova", "created_at": "2026-11-22T16:00:05.000000",
        "updated_at": "2026-11-22T16:00:06.000000", "name": "web-data", "description": "of web-1",
        "volume_type": "app-replicated", "snapshot_id": "n1", "source_volid": "v0",
        "metadata": {"array_volume_name": "volume-v1-cinder", "array_name": "array-a"},
        "links": [{"rel": "self", "href": "http://c/v3/volumes/v1"}], "user_id": "u1", "bootable": "true", "encrypted": true,
        "replication_status": "enabled", "consistencygroup_id": "g0", "multiattach": true,
        "attachments": [{"id": "v1", "attachment_id": "a1", "volume_id": "v1", "server_id": "s1", "host_name": "compute1",
            "device": "/dev/vda", "attached_at": "2026-11-22T16:00:06.000000"}],
        "migration_status": "success", "group_id": "g1", "provider_id": "volume-v1-cinder", "shared_targets": null,
        "service_uuid": "65c2485f", "cluster_name": null, "volume_type_id": "t1", "consumes_quota": true,
        "os-vol-tenant-attr:tenant_id": "p1", "os-vol-mig-status-attr:migstat": "success",
        "os-vol-mig-status-attr:name_id": "v9", "os-vol-host-attr:host": "site-a@pure#pure",
        "volume_image_metadata": {"hw_disk_bus": "scsi"}})
}

fn volume() -> Volume {
    Volume {
        id: "v1".into(),
        name: Some("web-data".to_owned()),
        description: Some("of web-1".to_owned()),
        status: "in-use".to_owned(),
        size: 2,
        volume_type: Some("app-replicated".to_owned()),
        volume_type_id: Some("t1".to_owned()),
        availability_zone: Some("nova".to_owned()),
        metadata: entries([("array_name", "array-a"), ("array_volume_name", "volume-v1-cinder")]),
        volume_image_metadata: entries([("hw_disk_bus", "scsi")]),
        bootable: true,
        encrypted: true,
        multiattach: true,
        attachments: vec![VolumeAttachment {
            attachment_id: "a1".to_owned(),
            server_id: Some("s1".into()),
            device: Some("/dev/vda".to_owned()),
            host_name: Some("compute1".to_owned()),
        }],
        group_id: Some("g1".into()),
        consistencygroup_id: Some("g0".into()),
        replication_status: Some("enabled".to_owned()),
        snapshot_id: Some("n1".to_owned()),
        source_volid: Some("v0".into()),
        migration_status: Some("success".to_owned()),
        name_id: Some("v9".into()),
        provider_id: Some("volume-v1-cinder".to_owned()),
        host: Some("site-a@pure#pure".to_owned()),
        project_id: Some("p1".into()),
        user_id: Some("u1".to_owned()),
        service_uuid: Some("65c2485f".to_owned()),
        shared_targets: None,
        consumes_quota: Some(true),
        created_at: Some("2026-11-22T16:00:05Z".parse().unwrap()),
    }
}

fn entries<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn list_filters_and_reads_every_attribute() {
    let query = VolumeQuery {
        name: Some("web-data".to_owned()),
        status: Some("in-use".to_owned()),
        group_id: Some("g1".into()),
        metadata: entries([("protector", "pg-1")]),
    };
    let path =
        "/volumes/detail?name=web-data&status=in-use&group_id=g1&metadata=%7B%22protector%22%3A%22pg-1%22%7D";
    let found = exchange("GET", path, "list volumes")
        .answer(200, json!({"volumes": [volume_json()]}))
        .check(async |session| all(Volumes::new(&session).list(&Context::default(), &query)).await)
        .await;
    assert_eq!(found, [volume()]);
}

#[tokio::test]
async fn list_follows_pages() {
    let mut cloud = MockCloud::start().await;
    let (path, version) = ("/volume/v3/volumes/detail", Some("volume 3.70"));
    let first = json!({"volumes": [volume_json()], "volumes_links": [
        {"rel": "next", "href": "http://c/v3/volumes/detail?marker=v1"}]});
    cloud.expect("GET", path, version, None, 200, first).await;
    let second = json!({"volumes": [volume_json()]});
    cloud.expect("GET", &format!("{path}?marker=v1"), version, None, 200, second).await;
    let volumes = Volumes::new(&cloud.session);
    let found = all(volumes.list(&Context::default(), &VolumeQuery::default())).await.unwrap();
    assert_eq!(found, [volume(), volume()]);
}

#[tokio::test]
async fn get_reads_what_a_member_is_shown() {
    let answer = json!({"volume": {
        "id": "v1", "status": "available", "size": 1, "availability_zone": "nova", "created_at": "2026-11-22T16:00:05.000000",
        "updated_at": null, "name": null, "description": null, "volume_type": "app-replicated", "snapshot_id": null,
        "source_volid": null, "metadata": {}, "links": [], "user_id": "u1", "bootable": "false", "encrypted": false,
        "replication_status": null, "consistencygroup_id": null, "multiattach": false, "attachments": [], "group_id": null,
        "shared_targets": true, "service_uuid": null, "volume_type_id": "t1", "consumes_quota": true,
        "os-vol-tenant-attr:tenant_id": "p1"}});
    let volume = exchange("GET", "/volumes/v1", "read volume v1")
        .answer(200, answer)
        .check(async |session| Volumes::new(&session).get(&Context::default(), &id()).await)
        .await;
    assert_eq!((volume.name, volume.bootable, volume.encrypted), (None, false, false));
    assert_eq!((volume.provider_id, volume.host, volume.name_id), (None, None, None));
    assert_eq!((volume.service_uuid, volume.shared_targets), (None, Some(true)));
    assert!(volume.volume_image_metadata.is_empty());
}

#[tokio::test]
async fn create_sends_all_that_is_said() {
    let new = NewVolume {
        name: "web-data".to_owned(),
        description: Some("twin".to_owned()),
        size: 2,
        volume_type: Some("app-replicated".to_owned()),
        group_id: Some("g1".into()),
        availability_zone: Some("nova".to_owned()),
        metadata: entries([("protector", "pg-1")]),
    };
    let made = exchange("POST", "/volumes", "create volume web-data")
        .body(json!({"volume": {"name": "web-data", "description": "twin", "size": 2, "group_id": "g1",
            "volume_type": "app-replicated", "availability_zone": "nova", "metadata": {"protector": "pg-1"}}}))
        .answer(202, json!({"volume": volume_json()}))
        .check(async |session| Volumes::new(&session).create(&Context::default(), &new).await)
        .await;
    assert_eq!(made, volume());
}

#[tokio::test]
async fn create_sends_nothing_that_is_not_said() {
    let new = NewVolume {
        name: "plain".to_owned(),
        description: None,
        size: 1,
        volume_type: None,
        group_id: None,
        availability_zone: None,
        metadata: BTreeMap::new(),
    };
    exchange("POST", "/volumes", "create volume plain")
        .body(json!({"volume": {"name": "plain", "size": 1}}))
        .answer(202, json!({"volume": volume_json()}))
        .check(async |session| Volumes::new(&session).create(&Context::default(), &new).await)
        .await;
}

#[tokio::test]
async fn delete_leaves_nothing_to_do_for_a_volume_that_is_gone() {
    exchange("DELETE", "/volumes/v1", "delete volume v1")
        .answer(202, Value::Null)
        .check_deletion(async |session| Volumes::new(&session).delete(&Context::default(), &id()).await)
        .await;
}

#[tokio::test]
async fn unmanage_leaves_nothing_to_do_for_a_volume_that_is_gone() {
    action(json!({"os-unmanage": {}}), "unmanage volume v1")
        .check_deletion(async |session| Volumes::new(&session).unmanage(&Context::default(), &id()).await)
        .await;
}

#[tokio::test]
async fn extend_names_the_new_size() {
    action(json!({"os-extend": {"new_size": 3}}), "extend volume v1 to 3 GiB")
        .repeatable(false)
        .check(async |session| Volumes::new(&session).extend(&Context::default(), &id(), 3).await)
        .await;
}

#[tokio::test]
async fn set_bootable_says_which_way() {
    for bootable in [true, false] {
        action(json!({"os-set_bootable": {"bootable": bootable}}), "set the bootable flag of volume v1")
            .check(async |session| {
                Volumes::new(&session).set_bootable(&Context::default(), &id(), bootable).await
            })
            .await;
    }
}

#[tokio::test]
async fn set_image_metadata_names_the_entries() {
    let metadata = entries([("hw_disk_bus", "scsi")]);
    let body = json!({"os-set_image_metadata": {"metadata": {"hw_disk_bus": "scsi"}}});
    action(body, "set image metadata of volume v1")
        .answer(200, json!({"metadata": {"hw_disk_bus": "scsi"}}))
        .check(async |session| {
            Volumes::new(&session).set_image_metadata(&Context::default(), &id(), &metadata).await
        })
        .await;
}

#[tokio::test]
async fn unset_image_metadata_names_one_property() {
    let body = json!({"os-unset_image_metadata": {"key": "hw_disk_bus"}});
    let purpose = "remove hw_disk_bus from the image metadata of volume v1";
    action(body, purpose)
        .check_deletion(async |session| {
            Volumes::new(&session).unset_image_metadata(&Context::default(), &id(), "hw_disk_bus").await
        })
        .await;
}

#[tokio::test]
async fn update_names_what_changes() {
    let update = VolumeUpdate { name: Some("data".to_owned()), description: None };
    exchange("PUT", "/volumes/v1", "update volume v1")
        .body(json!({"volume": {"name": "data"}}))
        .answer(200, json!({"volume": volume_json()}))
        .repeatable(true)
        .check(async |session| Volumes::new(&session).update(&Context::default(), &id(), &update).await)
        .await;
}

#[tokio::test]
async fn set_metadata_names_the_entries() {
    let metadata = entries([("epoch", "2")]);
    exchange("POST", "/volumes/v1/metadata", "set metadata of volume v1")
        .body(json!({"metadata": {"epoch": "2"}}))
        .answer(200, json!({"metadata": {"epoch": "2"}}))
        .repeatable(true)
        .check(async |session| {
            Volumes::new(&session).set_metadata(&Context::default(), &id(), &metadata).await
        })
        .await;
}

#[tokio::test]
async fn unset_metadata_names_one_entry_whatever_it_is_called() {
    exchange("DELETE", "/volumes/v1/metadata/a%2Fb", "remove a/b from the metadata of volume v1")
        .check_deletion(async |session| {
            Volumes::new(&session).unset_metadata(&Context::default(), &id(), "a/b").await
        })
        .await;
}

#[tokio::test]
async fn reserve_and_unreserve_are_each_others_undoing() {
    action(json!({"os-reserve": null}), "reserve volume v1")
        .repeatable(false)
        .check(async |session| Volumes::new(&session).reserve(&Context::default(), &id()).await)
        .await;
    action(json!({"os-unreserve": null}), "unreserve volume v1")
        .check(async |session| Volumes::new(&session).unreserve(&Context::default(), &id()).await)
        .await;
}

#[tokio::test]
async fn reset_status_names_the_status_alone() {
    let body = json!({"os-reset_status": {"status": "available"}});
    action(body, "reset the status of volume v1 to available")
        .check(async |session| {
            Volumes::new(&session).reset_status(&Context::default(), &id(), "available").await
        })
        .await;
}
