use super::*;
use crate::arrays::points::{self, Sending};

impl Bed {
    fn members(&self, group: &str) -> Vec<String> {
        let name = format!("consisgroup-{group}-cinder");
        self.on_array(|transaction| {
            let found = arrays::groups::get(transaction, "array-a", &name)?;
            let volumes = arrays::groups::members_of(transaction, &found)?;
            Ok(volumes.into_iter().map(|volume| volume.name).collect())
        })
    }

    fn shown(&self, group: &str) -> Value {
        self.get(&format!("groups/{group}?list_volume=True"))["group"].clone()
    }
}

#[test]
fn a_replicated_group_has_a_schedule_and_a_target_that_allows_it() {
    let bed = Bed::new();
    bed.replicated();
    let group = bed.group();
    let shown = bed.shown(&group);
    assert_eq!((&shown["status"], &shown["replication_status"]), (&json!("available"), &json!("disabled")));
    let name = format!("consisgroup-{group}-cinder");
    let found = bed.on_array(|transaction| arrays::groups::get(transaction, "array-a", &name));
    assert!(found.is_allowed_anywhere() && found.replication.enabled);
    assert_eq!(found.replication.frequency, 3_600_000);
}

#[test]
fn members_come_by_creation_and_by_update_and_each_is_in_two_groups() {
    let bed = Bed::new();
    bed.replicated();
    let group = bed.group();
    let first = bed.volume(&json!({"size": 1, "volume_type": "mirrored", "group_id": group}));
    let second = bed.volume(&json!({"size": 1, "volume_type": "mirrored"}));
    let update = json!({"group": {"add_volumes": second}});
    assert_eq!(bed.put(&format!("groups/{group}"), &update).status, 202);
    assert_eq!(bed.shown(&group)["status"], "updating");
    bed.later(5);
    assert_eq!(bed.shown(&group)["volumes"], json!([first, second]));
    let names = [format!("volume-{first}-cinder"), format!("volume-{second}-cinder")];
    assert_eq!(bed.members(&group), names);
    let all = bed.on_array(|transaction| arrays::groups::get(transaction, "array-a", "cinder-group"));
    assert_eq!(all.volumes.len(), 2);
    assert_eq!(bed.get(&format!("volumes/{first}"))["volume"]["replication_status"], "enabled");
    let remove = json!({"group": {"remove_volumes": first}});
    assert_eq!(bed.put(&format!("groups/{group}"), &remove).status, 202);
    bed.later(5);
    assert_eq!(bed.members(&group), names[1..]);
    let kept = bed.delete(&format!("volumes/{second}"));
    assert_eq!(kept.status, 400, "a member is not deleted alone");
}

#[test]
fn only_six_ids_fit_into_one_update() {
    let bed = Bed::new();
    bed.replicated();
    let group = bed.group();
    let ids: Vec<String> =
        (0..7).map(|_| bed.volume(&json!({"size": 1, "volume_type": "mirrored"}))).collect();
    let seven = ids.join(",");
    let answer = bed.put(&format!("groups/{group}"), &json!({"group": {"add_volumes": seven}}));
    refuse(
        400,
        &format!("Invalid input for field/attribute add_volumes. Value: {seven}. '{seven}' is too long"),
        &answer,
    );
    let six = ids[..6].join(",");
    assert_eq!(bed.put(&format!("groups/{group}"), &json!({"group": {"add_volumes": six}})).status, 202);
    bed.later(5);
    assert_eq!(bed.members(&group).len(), 6);
}

#[test]
fn a_group_is_deleted_only_with_its_volumes() {
    let bed = Bed::new();
    bed.replicated();
    let group = bed.group();
    let volume = bed.volume(&json!({"size": 1, "volume_type": "mirrored", "group_id": group}));
    let path = format!("groups/{group}/action");
    refuse(
        400,
        &format!(
            "Invalid Group: Group {group} still contains volumes. The delete-volumes flag is required to delete it."
        ),
        &bed.post(&path, &json!({"delete": {}})),
    );
    assert_eq!(bed.post(&path, &json!({"delete": {"delete-volumes": true}})).status, 202);
    bed.later(5);
    for gone in [format!("groups/{group}"), format!("volumes/{volume}")] {
        assert_eq!(bed.send("admin", "3.71", Method::GET, &gone, &Value::Null).status, 404);
    }
    let name = format!("consisgroup-{group}-cinder");
    assert!(bed.world.transact(|transaction| arrays::groups::get(transaction, "array-a", &name)).is_err());
}

#[test]
fn enabling_replication_works_now_and_wedged_the_group_before() {
    for (release, wanted) in [(Release::R2026_2, "enabled"), (Release::R2024_1, "enabling")] {
        let bed = Bed::of(release);
        bed.replicated();
        let group = bed.group();
        let volume = bed.volume(&json!({"size": 1, "volume_type": "mirrored", "group_id": group}));
        let path = format!("groups/{group}/action");
        let enable = json!({"enable_replication": {}});
        assert_eq!(bed.send("admin", "3.37", Method::POST, &path, &enable).status, 404);
        assert_eq!(bed.post(&path, &enable).status, 202);
        bed.later(3600);
        assert_eq!(bed.shown(&group)["replication_status"], wanted);
        assert_eq!(bed.get(&format!("volumes/{volume}"))["volume"]["replication_status"], wanted);
        assert_eq!(bed.post(&path, &enable).status, if wanted == "enabled" { 202 } else { 400 });
    }
}

#[test]
fn a_replicated_type_in_a_plain_group_is_refused_by_the_newest_driver_alone() {
    for (release, wanted) in [(Release::R2026_2, "error"), (Release::R2024_1, "available")] {
        let bed = Bed::of(release);
        bed.replicated();
        bed.made(
            "group_types",
            &json!({"group_type": {"name": "plain", "group_specs": {
                "consistent_group_snapshot_enabled": "<is> True"
            }}}),
        );
        let body = json!({"group": {"group_type": "plain", "volume_types": ["mirrored"]}});
        let group = id(&bed.made("groups", &body)["group"]);
        bed.later(5);
        assert_eq!(bed.shown(&group)["status"], wanted);
    }
}

#[test]
fn a_group_snapshot_holds_all_members_and_a_group_is_made_from_it() {
    let bed = Bed::new();
    bed.replicated();
    let group = bed.group();
    let volume = bed.volume(&json!({"size": 1, "volume_type": "mirrored", "group_id": group}));
    let name = format!("volume-{volume}-cinder");
    bed.on_array(|transaction| arrays::volumes::write(transaction, "array-a", &name, 0, b"then"));
    let snapshot =
        id(&bed.made("group_snapshots", &json!({"group_snapshot": {"group_id": group}}))["group_snapshot"]);
    bed.later(5);
    assert_eq!(bed.get(&format!("group_snapshots/{snapshot}"))["group_snapshot"]["status"], "available");
    bed.on_array(|transaction| arrays::volumes::write(transaction, "array-a", &name, 0, b"now!"));
    let member = bed.get("snapshots/detail")["snapshots"][0].clone();
    assert_eq!((&member["status"], &member["group_snapshot_id"]), (&json!("available"), &json!(snapshot)));
    let alone = bed.delete(&format!("snapshots/{}", id(&member)));
    refuse(
        400,
        "Invalid snapshot: Snapshot status must be available or error and must not be part of a group.",
        &alone,
    );
    let body = json!({"create-from-src": {"group_snapshot_id": snapshot, "name": "copy"}});
    let copy = id(&bed.made("groups/action", &body)["group"]);
    bed.later(5);
    let shown = bed.shown(&copy);
    assert_eq!(shown["status"], "available");
    let copied = shown["volumes"][0].as_str().unwrap().to_owned();
    assert_eq!(bed.get(&format!("volumes/{copied}"))["volume"]["status"], "available");
    let copied = format!("volume-{copied}-cinder");
    let bytes = bed.on_array(|transaction| arrays::volumes::read(transaction, "array-a", &copied, 0, 4));
    assert_eq!(bytes, b"then");
    assert_eq!(bed.delete(&format!("group_snapshots/{snapshot}")).status, 202);
    bed.later(5);
    assert_eq!(bed.get("snapshots")["snapshots"], json!([]));
}

#[test]
fn a_list_that_speaks_of_all_tenants_is_an_administrators_alone() {
    let bed = Bed::new();
    bed.replicated();
    bed.group();
    let listed = |token: &str, query: &str| {
        let path = format!("groups/detail{query}");
        bed.send(token, "3.14", Method::GET, &path, &Value::Null).body["groups"].as_array().unwrap().len()
    };
    assert_eq!([listed("member", ""), listed("member", "?all_tenants=False")], [1, 0]);
    assert_eq!([listed("other:admin", ""), listed("other:admin", "?all_tenants=False")], [0, 1]);
}

#[test]
fn a_group_without_volumes_has_no_snapshot() {
    let bed = Bed::new();
    bed.replicated();
    let group = bed.group();
    refuse(
        400,
        "Invalid Group: Source group cannot be empty or in 'creating' or 'updating' state. No group snapshot will be created.",
        &bed.post("group_snapshots", &json!({"group_snapshot": {"group_id": group}})),
    );
}

#[test]
fn failing_a_group_over_makes_its_volumes_on_the_other_array() {
    let bed = Bed::new();
    bed.replicated();
    let group = bed.group();
    let volume = bed.volume(&json!({"size": 1, "volume_type": "mirrored", "group_id": group}));
    let path = format!("groups/{group}/action");
    bed.made(&path, &json!({"enable_replication": {}}));
    bed.later(5);
    let name = format!("consisgroup-{group}-cinder");
    bed.on_array(|transaction| points::create(transaction, "array-a", &name, Some("last"), Sending::Now));
    bed.later(3600);
    bed.made(&path, &json!({"failover_replication": {}}));
    bed.later(5);
    assert_eq!(bed.shown(&group)["replication_status"], "failed-over");
    let there = format!("volume-{volume}-cinder");
    bed.on_array(|transaction| arrays::volumes::get(transaction, "array-b", &there));
    let member = bed.send("member", "3.38", Method::POST, &path, &json!({"list_replication_targets": {}}));
    assert_eq!(member.body, json!({"replication_targets": [{"backend_id": "array-b"}]}));
}
