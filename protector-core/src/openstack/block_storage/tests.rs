use super::*;
use crate::id::{ConsistencyGroupId, VolumeId};
use crate::openstack::testing::{Exchange, all};
use crate::transport::Context;
use serde_json::{Value, json};

fn exchange(method: &'static str, path: &str, purpose: &'static str) -> Exchange {
    Exchange::new(Service::BlockStorage, method, path, purpose)
}

/// As Cinder 2026.2 gives it at 3.70.
fn group_json() -> Value {
    json!({"id": "g1", "status": "available", "availability_zone": "nova", "created_at": "2026-11-22T16:00:05.000000",
        "name": "protector-1", "description": "of web", "group_type": "gt1", "volume_types": ["t1"],
        "group_snapshot_id": null, "source_group_id": null, "volumes": ["v1", "v2"], "replication_status": "disabled", "project_id": "p1"})
}

fn group() -> Group {
    Group {
        id: "g1".into(),
        name: Some("protector-1".to_owned()),
        description: Some("of web".to_owned()),
        status: "available".to_owned(),
        group_type: Some("gt1".to_owned()),
        volume_types: vec!["t1".to_owned()],
        volumes: vec!["v1".into(), "v2".into()],
        availability_zone: Some("nova".to_owned()),
        replication_status: Some("disabled".to_owned()),
        project_id: Some("p1".into()),
        created_at: Some("2026-11-22T16:00:05Z".parse().unwrap()),
    }
}

fn id() -> ConsistencyGroupId {
    "g1".into()
}

#[tokio::test]
async fn groups_are_listed_by_name() {
    let listed = exchange("GET", "/groups/detail?list_volume=true&name=protector-1", "list groups")
        .answer(200, json!({"groups": [group_json()]}))
        .check(async |session| {
            let query = GroupQuery { name: Some("protector-1".to_owned()) };
            all(Groups::new(&session).list(&Context::default(), &query)).await
        })
        .await;
    assert_eq!(listed, vec![group()]);
}

#[tokio::test]
async fn a_group_is_read_with_every_attribute() {
    let read = exchange("GET", "/groups/g1?list_volume=true", "read group g1")
        .answer(200, json!({"group": group_json()}))
        .check(async |session| Groups::new(&session).get(&Context::default(), &id()).await)
        .await;
    assert_eq!(read, group());
}

#[tokio::test]
async fn a_group_is_made_with_type_and_volume_types() {
    let body = json!({"group": {"name": "protector-1", "description": "of web", "group_type": "gt1",
        "volume_types": ["t1"]}});
    let new = NewGroup {
        name: "protector-1".to_owned(),
        description: "of web".to_owned(),
        group_type: "gt1".to_owned(),
        volume_types: vec!["t1".to_owned()],
    };
    let made = exchange("POST", "/groups", "create group protector-1")
        .body(body)
        .answer(202, json!({"group": {"id": "g1", "name": "protector-1"}}))
        .check(async |session| Groups::new(&session).create(&Context::default(), &new).await)
        .await;
    assert_eq!(made, id());
}

#[tokio::test]
async fn volumes_are_added_and_removed_as_one_text() {
    let volumes: [VolumeId; 2] = ["v1".into(), "v2".into()];
    exchange("PUT", "/groups/g1", "add volumes of group g1")
        .repeatable(false)
        .body(json!({"group": {"add_volumes": "v1,v2"}}))
        .answer(202, Value::Null)
        .check(async |session| Groups::new(&session).add_volumes(&Context::default(), &id(), &volumes).await)
        .await;
    exchange("PUT", "/groups/g1", "remove volumes of group g1")
        .repeatable(false)
        .body(json!({"group": {"remove_volumes": "v1,v2"}}))
        .answer(202, Value::Null)
        .check(async |session| {
            Groups::new(&session).remove_volumes(&Context::default(), &id(), &volumes).await
        })
        .await;
}

#[tokio::test]
async fn a_group_is_deleted_without_its_volumes() {
    exchange("POST", "/groups/g1/action", "delete group g1")
        .repeatable(true)
        .body(json!({"delete": {"delete-volumes": false}}))
        .answer(202, Value::Null)
        .check_deletion(async |session| Groups::new(&session).delete(&Context::default(), &id()).await)
        .await;
}

#[tokio::test]
async fn a_group_is_deleted_with_its_volumes_when_that_is_said() {
    exchange("POST", "/groups/g1/action", "delete group g1 with its volumes")
        .repeatable(true)
        .body(json!({"delete": {"delete-volumes": true}}))
        .answer(202, Value::Null)
        .check_deletion(async |session| {
            Groups::new(&session).delete_with_volumes(&Context::default(), &id()).await
        })
        .await;
}

#[tokio::test]
async fn the_status_of_a_group_is_reset_to_the_one_named() {
    exchange("POST", "/groups/g1/action", "reset the status of group g1 to available")
        .repeatable(true)
        .body(json!({"reset_status": {"status": "available"}}))
        .answer(202, Value::Null)
        .check(async |session| {
            Groups::new(&session).reset_status(&Context::default(), &id(), "available").await
        })
        .await;
}

#[tokio::test]
async fn replication_targets_are_read_without_the_secrets_beside_them() {
    let targets = exchange("POST", "/groups/g1/action", "list the replication targets of group g1").repeatable(true)
        .body(json!({"list_replication_targets": {}}))
        .answer(
            200,
            json!({"replication_targets": [{"backend_id": "array-b", "san_ip": "192.0.2.9", "api_token": "canary"}]}),
        )
        .check(async |session| Groups::new(&session).replication_targets(&Context::default(), &id()).await)
        .await;
    assert_eq!(targets, [ReplicationTarget { backend_id: "array-b".to_owned() }]);
    assert!(!format!("{targets:?}").contains("canary"));
}

#[test]
fn six_ids_go_into_one_change_of_a_group() {
    let ids: Vec<VolumeId> = (0..20).map(|n| format!("{n:036}").into()).collect();
    let batches = volume_batches(&ids);
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [6, 6, 6, 2]);
    assert_eq!(batches.concat(), ids);
}

#[tokio::test]
async fn volume_types_tell_how_they_replicate() {
    let types = exchange("GET", "/types", "list volume types")
        .answer(
            200,
            json!({"volume_types": [
                {"id": "t1", "name": "app", "is_public": true, "description": "of apps", "extra_specs": {
                    "replication_enabled": "<is> True", "replication_type": "<in> async"}},
                {"id": "t2", "name": "plain", "is_public": false, "description": null, "extra_specs": {}}]}),
        )
        .check(async |session| all(VolumeTypes::new(&session).list(&Context::default())).await)
        .await;
    let [app, plain] = types.try_into().unwrap();
    assert_eq!((app.id.as_str(), app.name.as_str(), app.is_public), ("t1", "app", true));
    assert_eq!(app.description.as_deref(), Some("of apps"));
    assert_eq!((app.is_replicated(), app.replication_type()), (true, Some("async")));
    assert_eq!((plain.is_public, plain.is_replicated(), plain.replication_type()), (false, false, None));
}

#[tokio::test]
async fn a_volume_type_is_read() {
    let found = exchange("GET", "/types/t1", "read volume type t1")
        .answer(
            200,
            json!({"volume_type": {"id": "t1", "name": "app", "is_public": true, "description": null, "extra_specs": {
                "replication_enabled": "<is> True"}, "os-volume-type-access:is_public": true}}),
        )
        .check(async |session| VolumeTypes::new(&session).get(&Context::default(), "t1").await)
        .await;
    let expected = VolumeType {
        id: "t1".to_owned(),
        name: "app".to_owned(),
        description: None,
        is_public: true,
        extra_specs: [("replication_enabled".to_owned(), "<is> True".to_owned())].into(),
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_encryption_of_a_volume_type_is_read_if_it_has_any() {
    let answer = json!({"encryption_id": "e1", "cipher": "aes-xts-plain64", "key_size": 256, "provider": "luks",
        "control_location": "front-end", "volume_type_id": "t1", "deleted_at": null, "deleted": false,
        "created_at": "2026-11-22T15:59:45.000000", "updated_at": null});
    let expected = VolumeTypeEncryption {
        encryption_id: "e1".to_owned(),
        provider: "luks".to_owned(),
        control_location: "front-end".to_owned(),
        cipher: Some("aes-xts-plain64".to_owned()),
        key_size: Some(256),
    };
    for (answer, expected) in [(answer, Some(expected)), (json!({}), None)] {
        let found = exchange("GET", "/types/t1/encryption", "read the encryption of volume type t1")
            .answer(200, answer)
            .check(async |session| VolumeTypes::new(&session).encryption(&Context::default(), "t1").await)
            .await;
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_group_type_is_read() {
    let found = exchange("GET", "/group_types/gt1", "read group type gt1")
        .answer(
            200,
            json!({"group_type": {"id": "gt1", "name": "app", "description": null, "is_public": true,
                "group_specs": {"consistent_group_snapshot_enabled": "<is> True"}}}),
        )
        .check(async |session| GroupTypes::new(&session).get(&Context::default(), "gt1").await)
        .await;
    let expected = GroupType {
        id: "gt1".to_owned(),
        name: "app".to_owned(),
        description: None,
        is_public: true,
        group_specs: Some([("consistent_group_snapshot_enabled".to_owned(), "<is> True".to_owned())].into()),
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn group_types_tell_whether_they_replicate_to_those_who_may_see() {
    let types = exchange("GET", "/group_types", "list group types")
        .answer(
            200,
            json!({"group_types": [
                {"id": "gt1", "name": "app", "description": "of apps", "is_public": true, "group_specs": {
                    "consistent_group_snapshot_enabled": "<is> True",
                    "consistent_group_replication_enabled": "<is> True"}},
                {"id": "gt2", "name": "plain", "description": null, "is_public": false, "group_specs": {}},
                {"id": "gt3", "name": "hidden", "description": null, "is_public": true}]}),
        )
        .check(async |session| all(GroupTypes::new(&session).list(&Context::default())).await)
        .await;
    let [app, plain, hidden] = types.try_into().unwrap();
    assert_eq!((app.id.as_str(), app.name.as_str(), app.is_public), ("gt1", "app", true));
    assert_eq!(app.description.as_deref(), Some("of apps"));
    assert_eq!(app.is_replicated(), Some(true));
    assert_eq!((plain.is_replicated(), hidden.is_replicated()), (Some(false), None));
}

#[tokio::test]
async fn quotas_are_read_with_their_usage() {
    let quotas = exchange("GET", "/os-quota-sets/p1?usage=true", "read the volume quotas of project p1")
        .answer(
            200,
            json!({"quota_set": {"id": "p1", "volumes": {"limit": 10, "in_use": 3, "reserved": 1},
                "gigabytes": {"limit": -1, "in_use": 5, "reserved": 0}}}),
        )
        .check(async |session| Quotas::new(&session).usage(&Context::default(), &"p1".into()).await)
        .await;
    assert_eq!(quotas.len(), 2);
    assert_eq!(quotas.get("volumes").unwrap(), &QuotaUsage { limit: 10, in_use: 3, reserved: 1 });
    assert_eq!(quotas.get("volumes").unwrap().free(), Some(6));
    assert_eq!(quotas.get("gigabytes").unwrap().free(), None);
}
