use super::*;

#[test]
fn a_schedule_faster_than_five_minutes_is_refused_when_enabled() {
    let Bed { a, .. } = &Bed::new();
    a.post("protection-groups?names=g", Value::Null);
    let schedule = |schedule: Value| json!({"replication_schedule": schedule});
    a.patch("protection-groups?names=g", schedule(json!({"frequency": 3600})));
    a.refuses("300 seconds", "PATCH", "protection-groups?names=g", schedule(json!({"enabled": true})));
    a.patch("protection-groups?names=g", schedule(json!({"enabled": true, "frequency": 300_000})));
    a.refuses("whole days", "PATCH", "protection-groups?names=g", schedule(json!({"at": 7200})));
    let daily = json!({"frequency": 86_400_000, "at": 7200, "blackout": {"start": 0, "end": 3_600_000}});
    let shown = a.patch("protection-groups?names=g", schedule(daily)).remove(0);
    let expected = json!({
        "at": 7200, "enabled": true, "frequency": 86_400_000, "blackout": {"start": 0, "end": 3_600_000},
    });
    assert_eq!(shown["replication_schedule"], expected);
    let cleared = a.patch("protection-groups?names=g", schedule(json!({"at": -1, "blackout": ""}))).remove(0);
    assert_eq!(cleared["replication_schedule"]["at"], Value::Null);
    assert_eq!(cleared["replication_schedule"]["blackout"], json!({"start": null, "end": null}));
}

#[test]
fn a_target_is_added_and_allowed_once() {
    let bed = Bed::new();
    let (a, b) = (&bed.a, &bed.b);
    let allowed = json!({"allowed": true});
    b.refuses("does not exist", "PATCH", "protection-groups/targets?group_names=array-a:g", allowed.clone());
    bed.replicated_group("g", "v1");
    let add = "protection-groups/targets?group_names=g&member_names=array-b";
    a.refuses("already includes", "POST", add, Value::Null);
    let allow = "protection-groups/targets?group_names=array-a:g";
    b.refuses("already allowed on", "PATCH", allow, allowed.clone());
    a.refuses("from its target", "PATCH", "protection-groups/targets?group_names=g", allowed);
    assert_eq!(a.get("protection-groups/targets?group_names=g")[0]["allowed"], true);
}

#[test]
fn the_target_does_not_change_a_group() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    let enabled = json!({"replication_schedule": {"enabled": true}});
    bed.b.refuses("remote array", "PATCH", "protection-groups?names=array-a:g", enabled);
    let path = "protection-group-snapshots?source_names=array-a:g";
    bed.b.refuses("remote array", "POST", path, json!({"suffix": "s"}));
}

#[test]
fn replication_needs_a_target_that_allows_it() {
    let Bed { a, .. } = &Bed::new();
    let now = "protection-group-snapshots?source_names=g&replicate_now=true";
    a.post("protection-groups?names=g", Value::Null);
    a.refuses("no target", "POST", now, json!({"suffix": "s"}));
    a.post("protection-groups/targets?group_names=g&member_names=array-b", Value::Null);
    a.refuses("no target", "POST", now, json!({"suffix": "s"}));
    a.refuses("cannot be used together", "POST", &format!("{now}&replicate=true"), json!({"suffix": "s"}));
}

#[test]
fn a_suffix_is_used_once_and_is_not_a_number() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.replicate("s");
    let path = "protection-group-snapshots?source_names=g";
    bed.a.refuses("already exists", "POST", path, json!({"suffix": "s"}));
    bed.a.refuses("suffix is invalid", "POST", path, json!({"suffix": "7"}));
}

#[test]
fn membership_is_added_and_removed_once() {
    let Bed { a, .. } = &Bed::new();
    a.post("protection-groups?names=g", Value::Null);
    a.volume("v1");
    let member = "protection-groups/volumes?group_names=g&member_names=v1";
    a.post(member, Value::Null);
    a.refuses("already belongs to", "POST", member, Value::Null);
    a.delete(member);
    a.refuses("could not be found", "DELETE", member, Value::Null);
    let nobody = "protection-groups/volumes?group_names=g&member_names=";
    a.refuses("could not be found", "DELETE", nobody, Value::Null);
}

#[test]
fn groups_are_addressed_by_id_and_keep_their_name_until_eradicated() {
    let Bed { a, .. } = &Bed::new();
    let group = a.post("protection-groups?names=g", Value::Null).remove(0);
    let path = format!("protection-groups?ids={}", text(&group, "id"));
    a.patch(&path, json!({"destroyed": true}));
    a.refuses("has been destroyed", "POST", "protection-groups?names=g", Value::Null);
    a.delete(&path);
    assert!(a.get("protection-groups").is_empty());
}

#[test]
fn a_group_restored_after_destruction_has_its_points_again() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.post("protection-groups?names=g", Value::Null);
    a.post("protection-groups/volumes?group_names=g&member_names=v1", Value::Null);
    a.post("protection-group-snapshots?source_names=g", json!({"suffix": "s"}));
    a.patch("protection-groups?names=g", json!({"destroyed": true}));
    let copy = json!({"source": {"name": "g.s.v1"}});
    a.refuses("has been destroyed", "POST", "volumes?names=v2", copy.clone());
    a.patch("protection-groups?names=g", json!({"destroyed": false}));
    a.post("volumes?names=v2", copy);
}

#[test]
fn a_ratcheted_group_stays_protected() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    let a = &bed.a;
    a.post("protection-group-snapshots?source_names=g", json!({"suffix": "s"}));
    a.patch("protection-groups?names=g", json!({"retention_lock": "ratcheted"}));
    a.refuses("ratcheted", "PATCH", "protection-groups?names=g", json!({"retention_lock": "unlocked"}));
    a.refuses("ratcheted", "PATCH", "protection-groups?names=g", json!({"destroyed": true}));
    let less = json!({"source_retention": {"days": 1}});
    a.refuses("ratcheted", "PATCH", "protection-groups?names=g", less);
    let member = "protection-groups/volumes?group_names=g&member_names=v1";
    a.refuses("ratcheted", "DELETE", member, Value::Null);
    let point = "protection-group-snapshots?names=g.s";
    a.refuses("retention lock", "PATCH", point, json!({"destroyed": true}));
    a.patch("protection-groups?names=g", json!({"source_retention": {"days": 30}}));
}

#[test]
fn a_whole_group_is_made_from_a_snapshot_and_brought_back_to_one() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.post("protection-groups?names=g", Value::Null);
    a.post("protection-groups/volumes?group_names=g&member_names=v1", Value::Null);
    a.write("v1", &json!({"0": "before"}));
    a.post("protection-group-snapshots?source_names=g", json!({"suffix": "s"}));
    a.write("v1", &json!({"0": "after"}));
    a.refuses("already exists", "POST", "protection-groups?names=g&source_names=g.s", Value::Null);
    a.post("protection-groups?names=g&source_names=g.s&overwrite=true", Value::Null);
    assert_eq!(a.content("v1"), json!({"0": "before"}));
}

#[test]
fn the_250th_group_is_the_last() {
    let Bed { a, .. } = &Bed::new();
    a.window("POST", "/_settings?group_limit=2", Value::Null);
    a.post("protection-groups?names=g1", Value::Null);
    a.post("protection-groups?names=g2", Value::Null);
    a.refuses("limit reached", "POST", "protection-groups?names=g3", Value::Null);
    a.patch("protection-groups?names=g1", json!({"destroyed": true}));
    a.delete("protection-groups?names=g1");
    a.post("protection-groups?names=g3", Value::Null);
}

#[test]
fn hosts_bring_the_volumes_that_they_see_into_a_group() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.post("hosts?names=h", Value::Null);
    a.post("connections?host_names=h&volume_names=v1", Value::Null);
    a.post("protection-groups?names=g", Value::Null);
    a.post("protection-groups/hosts?group_names=g&member_names=h", Value::Null);
    a.refuses("another type", "POST", "protection-groups/volumes?group_names=g&member_names=v1", Value::Null);
    assert_eq!(a.get("protection-groups")[0]["host_count"], 1);
    a.post("protection-group-snapshots?source_names=g", json!({"suffix": "s"}));
    assert_eq!(a.names("volume-snapshots"), ["g.s.v1"]);
}
