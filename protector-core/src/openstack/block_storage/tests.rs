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
        "group_snapshot_id": null, "source_group_id": null, "replication_status": "disabled", "project_id": "p1"})
}

fn group() -> Group {
    Group {
        id: "g1".into(),
        name: Some("protector-1".to_owned()),
        description: Some("of web".to_owned()),
        status: "available".to_owned(),
        group_type: Some("gt1".to_owned()),
        volume_types: vec!["t1".to_owned()],
        availability_zone: Some("nova".to_owned()),
        replication_status: Some("disabled".to_owned()),
    }
}

fn id() -> ConsistencyGroupId {
    "g1".into()
}

#[tokio::test]
async fn groups_are_listed_by_name() {
    let listed = exchange("GET", "/groups/detail?name=protector-1", "list groups")
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
    let read = exchange("GET", "/groups/g1", "read group g1")
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
        .body(json!({"group": {"add_volumes": "v1,v2"}}))
        .answer(202, Value::Null)
        .check(async |session| Groups::new(&session).add_volumes(&Context::default(), &id(), &volumes).await)
        .await;
    exchange("PUT", "/groups/g1", "remove volumes of group g1")
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
        .body(json!({"delete": {"delete-volumes": false}}))
        .answer(202, Value::Null)
        .check_deletion(async |session| Groups::new(&session).delete(&Context::default(), &id()).await)
        .await;
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
