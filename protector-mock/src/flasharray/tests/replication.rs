use super::*;

#[test]
fn nothing_is_restorable_before_all_of_it_is_there() {
    let bed = Bed::new();
    let (a, b) = (&bed.a, &bed.b);
    bed.replicated_group("g", "v1");
    a.write("v1", &json!({"0": "x"}));
    bed.replicate("s");
    let copy = json!({"source": {"name": "array-a:g.s.v1"}});
    for progress in [0.0, 0.25, 0.5, 0.75] {
        let now = bed.transfer("s");
        assert_eq!((now["progress"].as_f64(), &now["completed"]), (Some(progress), &Value::Null));
        b.refuses("does not exist", "POST", "volumes?names=copy", copy.clone());
        assert!(b.get("volume-snapshots").is_empty());
        assert_eq!(b.names("protection-group-snapshots"), ["array-a:g.s"]);
        bed.pass(2.5);
    }
    assert_eq!(bed.transfer("s")["progress"], 1.0);
    b.post("volumes?names=copy", copy);
    assert_eq!(b.content("copy"), json!({"0": "x"}));
    assert_eq!(b.get("volumes?names=copy")[0]["source"]["name"], "array-a:v1");
}

#[test]
fn a_transfer_never_shows_as_complete_before_its_end() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.replicate("s");
    bed.pass(9.9999);
    let now = bed.transfer("s");
    assert!(now["progress"].as_f64().unwrap() < 1.0 && now["completed"].is_null());
}

#[test]
fn a_point_holds_what_was_there_when_it_was_taken() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.a.write("v1", &json!({"0": "old"}));
    bed.replicate("s");
    bed.a.write("v1", &json!({"0": "new"}));
    bed.pass(10.0);
    let there = bed.b.window("GET", "/_content?snapshot=array-a:g.s.v1", Value::Null);
    assert_eq!(there["extents"], json!({"0": "old"}));
}

#[test]
fn only_the_difference_is_transferred() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    let eight: serde_json::Map<_, _> = (0..8).map(|number: u32| (number.to_string(), json!("x"))).collect();
    bed.a.write("v1", &eight.into());
    assert_eq!(bed.arrive("one")["data_transferred"], 8 << 20);
    bed.a.write("v1", &json!({"3": "y"}));
    assert_eq!(bed.arrive("two")["data_transferred"], 1 << 20);
}

#[test]
fn more_extents_take_more_time() {
    let bed = Bed::new();
    bed.a.window("POST", "/_settings", json!({"transfer_base": 1, "transfer_per_extent": 0.5}));
    bed.replicated_group("g", "v1");
    let eight: serde_json::Map<_, _> = (0..8).map(|number: u32| (number.to_string(), json!("x"))).collect();
    bed.a.write("v1", &eight.into());
    bed.replicate("s");
    bed.pass(4.9);
    assert!(bed.transfer("s")["completed"].is_null());
    bed.pass(0.2);
    assert!(!bed.transfer("s")["completed"].is_null());
}

#[test]
fn transfers_of_one_group_run_one_after_the_other() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.replicate("one");
    bed.replicate("two");
    assert_eq!(bed.b.names("protection-group-snapshots"), ["array-a:g.one"]);
    bed.pass(10.0);
    assert_eq!(bed.b.names("protection-group-snapshots").len(), 2);
    assert_eq!(bed.transfer("two")["started"], bed.transfer("one")["completed"]);
    assert_eq!(bed.transfer("two")["progress"], 0.0);
}

#[test]
fn replicate_now_goes_before_what_waits() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.replicate("first");
    bed.a.post("protection-group-snapshots?source_names=g&replicate=true", json!({"suffix": "queued"}));
    bed.replicate("urgent");
    bed.pass(10.0);
    let mut listed = bed.b.names("protection-group-snapshots");
    listed.sort();
    assert_eq!(listed, ["array-a:g.first", "array-a:g.urgent"]);
}

#[test]
fn an_ill_array_suspends_the_transfer() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.replicate("s");
    bed.a.window("POST", "/_fail?on=1", Value::Null);
    assert_eq!(bed.a.ask("GET", "volumes", None).0, 503);
    bed.pass(100.0);
    assert_eq!(bed.transfer("s")["progress"], 0.0);
    bed.a.window("POST", "/_fail?on=0", Value::Null);
    bed.pass(10.0);
    assert_eq!(bed.transfer("s")["progress"], 1.0);
}

#[test]
fn a_schedule_makes_points_and_retention_spares_those_asked_for() {
    let bed = Bed::new();
    bed.a.window("POST", "/_settings", json!({"schedule_keep": 2}));
    bed.replicated_group("g", "v1");
    bed.arrive("mine");
    let suffixes = |client: &Client| -> Vec<Value> {
        client.get("protection-group-snapshots").iter().map(|point| point["suffix"].clone()).collect()
    };
    let schedule = |enabled: bool| {
        bed.a.patch("protection-groups?names=g", json!({"replication_schedule": {"enabled": enabled}}));
    };
    schedule(true);
    bed.pass(240.0);
    schedule(false);
    for client in [&bed.a, &bed.b] {
        assert_eq!(suffixes(client), ["mine", "2", "3", "4"], "4 is under way and does not count yet");
    }
    bed.pass(240.0);
    for client in [&bed.a, &bed.b] {
        assert_eq!(suffixes(client), ["mine", "3", "4"]);
    }
}

#[test]
fn points_outlive_their_group_on_the_target() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.arrive("s");
    bed.a.patch("protection-groups?names=g", json!({"destroyed": true}));
    bed.a.delete("protection-groups?names=g");
    let copy = json!({"source": {"name": "array-a:g.s.v1"}});
    bed.b.post("volumes?names=copy", copy.clone());
    bed.b.patch("protection-groups?names=array-a:g", json!({"destroyed": true}));
    bed.b.refuses("has been destroyed", "POST", "volumes?names=copy2", copy);
}

#[test]
fn a_group_made_anew_takes_up_what_stands_for_it_and_goes_on_counting() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    let now = "protection-group-snapshots?source_names=g&replicate_now=true";
    bed.a.post(now, Value::Null);
    bed.pass(10.0);
    bed.a.patch("protection-groups?names=g", json!({"destroyed": true}));
    bed.a.delete("protection-groups?names=g");
    bed.replicated_group("g", "v2");
    bed.a.post(now, Value::Null);
    bed.pass(10.0);
    let names = bed.b.names("protection-group-snapshots?names=array-a:g");
    assert_eq!(names, ["array-a:g.1", "array-a:g.2"]);
}

#[test]
fn a_destroyed_point_is_not_restorable() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.arrive("s");
    bed.b.patch("protection-group-snapshots?names=array-a:g.s", json!({"destroyed": true}));
    let copy = json!({"source": {"name": "array-a:g.s.v1"}});
    bed.b.refuses("has been destroyed", "POST", "volumes?names=copy", copy);
}

#[test]
fn the_newest_complete_point_is_found_as_cinder_looks_for_it() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.arrive("s1");
    bed.arrive("s2");
    bed.replicate("s3");
    let path = "protection-group-snapshots/transfer?names=array-a:g&destroyed=false&filter=progress=%221.0%22&sort=started-";
    assert_eq!(bed.b.names(path), ["array-a:g.s2", "array-a:g.s1"]);
    assert!(bed.a.get("protection-group-snapshots/transfer?names=g").is_empty());
}

#[test]
fn an_existing_snapshot_is_sent_and_one_for_replication_alone_goes_after_an_hour() {
    let bed = Bed::new();
    bed.replicated_group("g", "v1");
    bed.a.post("protection-group-snapshots?source_names=g", json!({"suffix": "s"}));
    bed.a.post("protection-group-snapshots/replica?names=g.s&on=array-b", Value::Null);
    bed.pass(10.0);
    assert_eq!(bed.transfer("s")["progress"], 1.0);
    let path = "protection-group-snapshots?source_names=g&replicate_now=true&for_replication=true";
    bed.a.post(path, json!({"suffix": "t"}));
    bed.pass(3600.0);
    bed.a.log_in();
    bed.b.log_in();
    assert_eq!(bed.a.names("protection-group-snapshots"), ["g.s"]);
    assert_eq!(bed.b.names("protection-group-snapshots"), ["array-a:g.s", "array-a:g.t"]);
}
