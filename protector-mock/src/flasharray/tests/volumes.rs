use super::*;

#[test]
fn names_and_ids_together_are_refused() {
    let Bed { a, .. } = &Bed::new();
    let one = a.volume("v1");
    let path = format!("volumes?names=v1&ids={}", text(&one, "id"));
    a.refuses("cannot be set together", "GET", &path, Value::Null);
}

#[test]
fn a_named_volume_that_is_not_there_or_in_the_other_destroyed_state_is_refused() {
    let Bed { a, .. } = &Bed::new();
    a.refuses("does not exist", "GET", "volumes?names=v1", Value::Null);
    a.refuses("does not exist", "PATCH", "volumes?ids=x", json!({"destroyed": true}));
    a.volume("v1");
    a.refuses("does not exist", "GET", "volumes?names=v1&destroyed=true", Value::Null);
    a.patch("volumes?names=v1", json!({"destroyed": true}));
    a.refuses("does not exist", "GET", "volumes?names=v1&destroyed=false", Value::Null);
    assert!(a.get("volumes?destroyed=false").is_empty());
}

#[test]
fn unknown_parameters_and_fields_are_refused() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.refuses("Unknown query parameter", "GET", "volumes?name=v1", Value::Null);
    a.refuses("Unknown field", "PATCH", "volumes?names=v1", json!({"size": 1}));
    a.refuses("Unknown field", "PATCH", "volumes?names=v1", json!({"source": {"name": "v1"}}));
    a.refuses("Unknown field", "POST", "volumes?names=v2", json!({"source": {"nme": "v1"}}));
    a.refuses("not a whole number", "POST", "volumes?names=v2", json!({"provisioned": "big"}));
    a.refuses("takes no body", "DELETE", "volumes?names=v1", json!({"destroyed": true}));
}

#[test]
fn what_has_no_effect_here_is_refused_and_not_passed_over() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.refuses("not simulated", "PATCH", "volumes?names=v1", json!({"requested_promotion_state": "demoted"}));
}

#[test]
fn what_came_with_a_later_version_is_unknown_to_an_earlier_one() {
    let Bed { a, .. } = &Bed::new();
    a.post("protection-groups?names=g", Value::Null);
    assert_eq!(a.ask_version("2.25", "GET", "protection-groups?ids=x", None).0, 400);
    assert_eq!(a.ask_version("2.25", "GET", "protection-groups?names=g", None).0, 200);
    assert_eq!(a.ask_version("2.35", "GET", "pods/members", None).0, 404);
    assert_eq!(a.ask("GET", "volumez", None).0, 404);
    assert_eq!(a.ask_version("2.99", "GET", "volumes", None).0, 404);
}

#[test]
fn bad_names_are_refused_and_case_makes_no_other() {
    let Bed { a, .. } = &Bed::new();
    for name in ["a b", "a.b", "-a", "a-", &"x".repeat(64), "a!"] {
        a.refuses("invalid", "POST", &format!("volumes?names={name}"), json!({"provisioned": GIB}));
    }
    a.volume(&"x".repeat(63));
    a.volume("Disk");
    a.refuses("already exists", "POST", "volumes?names=disk", json!({"provisioned": GIB}));
}

#[test]
fn a_destroyed_name_is_taken_but_not_as_existing() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.patch("volumes?names=v1", json!({"destroyed": true}));
    let (status, answer) = a.ask("POST", "volumes?names=v1", Some(json!({"provisioned": GIB})));
    assert_eq!((status, &answer["errors"][0]["message"]), (400, &json!("Volume has been destroyed.")));
}

#[test]
fn only_destroyed_volumes_are_eradicated() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.refuses("is not destroyed", "DELETE", "volumes?names=v1", Value::Null);
    a.patch("volumes?names=v1", json!({"destroyed": true}));
    assert!(a.get("volumes?names=v1")[0]["time_remaining"].as_i64().unwrap() > 0);
    a.delete("volumes?names=v1");
    a.refuses("does not exist", "GET", "volumes?names=v1", Value::Null);
}

#[test]
fn a_connected_volume_is_not_destroyed() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.volume("v2");
    a.post("hosts?names=h", json!({"iqns": ["iqn.x"]}));
    let link = a.post("connections?host_names=h&volume_names=v1", json!({"lun": 7}));
    assert_eq!(link[0]["lun"], 7);
    let existing = "due to existing connections";
    a.refuses(existing, "PATCH", "volumes?names=v1", json!({"destroyed": true}));
    let again = "connections?host_names=h&volume_names=v2";
    a.refuses("already in use", "POST", again, json!({"lun": 7}));
    a.refuses("already in use", "POST", "hosts?names=i", json!({"iqns": ["iqn.x"]}));
    a.refuses(existing, "DELETE", "hosts?names=h", Value::Null);
    assert_eq!(a.names("hosts?filter=iqns='iqn.x' and is_local"), ["h"]);
    a.delete("connections?host_names=h&volume_names=v1");
    a.delete("hosts?names=h");
}

#[test]
fn shrinking_needs_truncate_and_loses_what_was_there() {
    let Bed { a, .. } = &Bed::new();
    a.post("volumes?names=v1", json!({"provisioned": 2 * GIB}));
    a.write("v1", &json!({"0": "x", "1500": "y"}));
    a.refuses("truncation", "PATCH", "volumes?names=v1", json!({"provisioned": GIB}));
    let done = a.patch("volumes?names=v1&truncate=true", json!({"provisioned": GIB}));
    assert_eq!(done[0]["provisioned"], GIB);
    assert_eq!(a.content("v1"), json!({"0": "x"}));
}

#[test]
fn overwrite_is_asked_for_and_excludes_initial_protection_but_lets_false_pass() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.volume("v2");
    a.post("protection-groups?names=g", Value::Null);
    let source = json!({"source": {"name": "v1"}});
    a.refuses("already exists", "POST", "volumes?names=v2", source.clone());
    let over = "volumes?names=v2&overwrite=true";
    let refusal = "cannot be given together";
    a.refuses(refusal, "POST", &format!("{over}&with_default_protection=true"), source.clone());
    a.refuses(refusal, "POST", &format!("{over}&add_to_protection_group_names=g"), source.clone());
    a.post(&format!("{over}&with_default_protection=false"), source);
}

#[test]
fn overwrite_keeps_identity_and_takes_size_content_and_origin() {
    let Bed { a, .. } = &Bed::new();
    let source = a.post("volumes?names=v1", json!({"provisioned": 2 * GIB})).remove(0);
    let before = a.volume("v2");
    a.write("v1", &json!({"0": "x", "5": "y"}));
    a.post("volume-snapshots?source_names=v1", json!({"suffix": "snap"}));
    a.write("v1", &json!({"0": "later"}));
    let after = a.post("volumes?names=v2&overwrite=true", json!({"source": {"name": "v1.snap"}})).remove(0);
    assert_eq!((&after["id"], &after["serial"]), (&before["id"], &before["serial"]));
    assert_eq!(after["provisioned"], 2 * GIB);
    assert_eq!(after["source"], json!({"id": source["id"], "name": "v1"}));
    assert_eq!(a.content("v2"), json!({"0": "x", "5": "y"}));
}

#[test]
fn absent_references_are_objects_of_nulls() {
    let Bed { a, .. } = &Bed::new();
    let shown = a.volume("v1");
    for part in ["source", "pod", "volume_group"] {
        assert_eq!(shown[part], json!({"id": null, "name": null}));
    }
}

#[test]
fn a_renamed_volume_keeps_groups_tags_connections_and_snapshots() {
    let Bed { a, .. } = &Bed::new();
    let one = a.volume("v1");
    let id = text(&one, "id");
    a.post("protection-groups?names=g", Value::Null);
    a.post(&format!("protection-groups/volumes?group_names=g&member_ids={id}"), Value::Null);
    a.post("volume-snapshots?source_names=v1", json!({"suffix": "s"}));
    let tags = json!([{"key": "k", "value": "x"}]);
    a.items("PUT", &format!("volumes/tags/batch?resource_ids={id}"), Some(tags));
    a.patch(&format!("volumes?ids={id}"), json!({"name": "new"}));
    assert_eq!(a.get("protection-groups/volumes?group_names=g")[0]["member"]["name"], "new");
    assert_eq!(a.names("volume-snapshots"), ["new.s"]);
    let tag = a.get("volumes/tags?resource_names=new").remove(0);
    let resource = json!({"id": id, "name": "new"});
    let expected = json!({
        "namespace": "default", "key": "k", "value": "x", "copyable": true, "resource": resource,
    });
    assert_eq!(tag, expected);
}

#[test]
fn a_volume_group_keeps_its_priority() {
    let Bed { a, .. } = &Bed::new();
    a.post("volume-groups?names=vg", json!({}));
    let wanted = json!({"priority_adjustment_operator": "-", "priority_adjustment_value": 10});
    a.patch("volume-groups?names=vg", json!({"priority_adjustment": wanted}));
    assert_eq!(a.get("volume-groups?names=vg")[0]["priority_adjustment"], wanted);
    let none = json!({"priority_adjustment": {"priority_adjustment_value": 7}});
    a.refuses("Invalid priority", "PATCH", "volume-groups?names=vg", none);
}

#[test]
fn volumes_move_into_volume_groups_and_out() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    a.post("volume-groups?names=vg", json!({"qos": {"iops_limit": 1000}}));
    let moved = a.patch("volumes?names=v1", json!({"volume_group": {"name": "vg"}}));
    assert_eq!((&moved[0]["name"], &moved[0]["volume_group"]["name"]), (&json!("vg/v1"), &json!("vg")));
    assert_eq!(a.get("volume-groups?names=vg")[0]["volume_count"], 1);
    a.refuses("not empty", "PATCH", "volume-groups?names=vg", json!({"destroyed": true}));
    assert_eq!(a.patch("volumes?names=vg/v1", json!({"volume_group": {"name": ""}}))[0]["name"], "v1");
    a.patch("volume-groups?names=vg", json!({"destroyed": true}));
    a.refuses("has been destroyed", "POST", "volume-groups?names=vg", Value::Null);
    a.delete("volume-groups?names=vg");
}

#[test]
fn limits_are_set_and_taken_away() {
    let Bed { a, .. } = &Bed::new();
    a.post("volumes?names=v1", json!({"provisioned": GIB, "qos": {"iops_limit": 1000}}));
    assert_eq!(a.get("volumes")[0]["qos"], json!({"bandwidth_limit": null, "iops_limit": 1000}));
    a.patch("volumes?names=v1", json!({"qos": {"iops_limit": "", "bandwidth_limit": 1_048_576}}));
    assert_eq!(a.get("volumes")[0]["qos"], json!({"bandwidth_limit": 1_048_576, "iops_limit": null}));
}

#[test]
fn host_groups_share_connections() {
    let Bed { a, .. } = &Bed::new();
    a.volume("v1");
    for host in ["h1", "h2"] {
        a.post(&format!("hosts?names={host}"), Value::Null);
    }
    a.post("host-groups?names=hg", Value::Null);
    a.post("host-groups/hosts?group_names=hg&member_names=h1", Value::Null);
    let made = a.post("connections?host_group_names=hg&volume_names=v1", Value::Null);
    assert_eq!((made[0]["lun"].as_u64(), &made[0]["host_group"]["name"]), (Some(254), &json!("hg")));
    a.patch("hosts?names=h2", json!({"host_group": {"name": "hg"}}));
    assert_eq!(a.get("connections?volume_names=v1").len(), 2);
    a.refuses("not empty", "DELETE", "host-groups?names=hg", Value::Null);
    a.delete("connections?host_group_names=hg&volume_names=v1");
    assert!(a.get("connections").is_empty());
}
