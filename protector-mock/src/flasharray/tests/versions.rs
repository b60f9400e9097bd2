//! What is told to clients of each version.

use super::*;

#[test]
fn an_older_client_is_told_nothing_that_came_later() {
    let bed = Bed::new();
    let made = bed.a.items("POST", "volumes?names=v", Some(json!({"provisioned": GIB})));
    let field = |item: &Value, pointer: &str| item.pointer(pointer).is_some();
    for pointer in ["/priority", "/protocol_endpoint", "/space/footprint", "/space/total_effective"] {
        assert!(field(&made[0], pointer), "{pointer}");
        let (status, answer) = bed.a.ask_version("2.4", "GET", "volumes?names=v", None);
        assert_eq!(status, 200);
        assert!(!field(&answer["items"][0], pointer), "{pointer}");
    }
}

#[test]
fn a_list_says_whether_there_is_more_and_a_change_does_not() {
    let bed = Bed::new();
    let keys = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (_, made) = bed.a.ask("POST", "volumes?names=v", Some(json!({"provisioned": GIB})));
    assert_eq!(keys(&made), ["items"]);
    let (_, listed) = bed.a.ask("GET", "volumes", None);
    assert!(keys(&listed).contains(&"more_items_remaining".to_owned()));
}

#[test]
fn a_list_of_space_is_picked_by_what_it_does_not_tell() {
    let bed = Bed::new();
    bed.a.items("POST", "volumes?names=lives,gone", Some(json!({"provisioned": GIB})));
    bed.a.items("PATCH", "volumes?names=gone", Some(json!({"destroyed": true})));
    let found = bed.a.get("volumes/space?destroyed=true");
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["name"], found[0].get("destroyed")), (&json!("gone"), None));
}

#[test]
fn the_end_of_a_session_has_no_body() {
    let bed = Bed::new();
    assert_eq!(bed.a.ask("POST", "logout", None), (200, Value::Null));
}
