//! What answers look like that say little.

use super::*;

fn said(answer: &Answer) -> (u16, Option<&str>, bool) {
    let content_type = answer.headers.get("content-type").map(|value| value.to_str().unwrap());
    (answer.status, content_type, answer.headers.contains_key("x-compute-request-id"))
}

#[test]
fn an_answer_without_a_body_says_whose_it_is() {
    let bed = Bed::new();
    let volume = bed.volume(&json!({"size": 1}));
    let own = bed.post(&format!("volumes/{volume}/action"), &json!({"os-extend": {"new_size": 2}}));
    assert_eq!(said(&own), (202, Some("application/json"), true));
    bed.later(5);
    let of_the_framework = bed.delete(&format!("volumes/{volume}"));
    assert_eq!(said(&of_the_framework), (202, Some("text/html; charset=UTF-8"), false));
}

#[test]
fn a_type_is_told_without_its_qos_when_it_is_made_or_changed() {
    let bed = Bed::new();
    let made = bed.made("types", &json!({"volume_type": {"name": "fast"}}))["volume_type"].clone();
    let changed = bed.put(&format!("types/{}", id(&made)), &json!({"volume_type": {"name": "faster"}})).body;
    let shown = bed.get(&format!("types/{}", id(&made)));
    let has_qos = |told: &Value| told.get("qos_specs_id").is_some();
    assert_eq!([&made, &changed["volume_type"], &shown["volume_type"]].map(has_qos), [false, false, true]);
}

#[test]
fn an_encryption_is_told_with_the_ids_that_it_got() {
    let bed = Bed::new();
    let made = id(&bed.made("types", &json!({"volume_type": {"name": "secret"}}))["volume_type"]);
    let wanted = json!({"encryption": {"provider": "luks", "control_location": "front-end"}});
    let told = bed.made(&format!("types/{made}/encryption"), &wanted)["encryption"].clone();
    let shown = bed.get(&format!("types/{made}/encryption"));
    assert_eq!(told["volume_type_id"], json!(made));
    assert_eq!(told["encryption_id"], shown["encryption_id"]);
    assert!(told["encryption_id"].is_string());
}

#[test]
fn whether_a_volume_is_replicated_is_known_when_it_is_there() {
    let bed = Bed::new();
    let made = bed.made("volumes", &json!({"volume": {"size": 1}}))["volume"].clone();
    assert_eq!(made["replication_status"], Value::Null);
    bed.later(5);
    assert_eq!(bed.get(&format!("volumes/{}", id(&made)))["volume"]["replication_status"], "disabled");
}
