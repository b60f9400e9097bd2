use super::*;

#[test]
fn what_is_in_a_stretched_pod_is_on_both_arrays() {
    let bed = Bed::new();
    let (a, b) = (&bed.a, &bed.b);
    a.post("pods?names=p", Value::Null);
    a.post("pods/arrays?group_names=p&member_names=array-b", Value::Null);
    bed.pass(60.0);
    let made = a.volume("p::v1");
    b.write("p::v1", &json!({"0": "x"}));
    assert_eq!(b.get("volumes?names=p::v1")[0]["id"], made["id"]);
    b.write("p::v1", &json!({"1": "y"}));
    assert_eq!(a.content("p::v1"), json!({"0": "x", "1": "y"}));
    a.refuses("already exists in pod", "POST", "pods/arrays?group_names=p&member_names=array-b", Value::Null);
    a.delete("pods/arrays?group_names=p&member_names=array-b");
    assert!(b.get("volumes").is_empty());
    assert_eq!(a.get("volumes").len(), 1);
}

#[test]
fn a_volume_is_made_in_a_pod_that_exists() {
    let Bed { a, .. } = &Bed::new();
    a.refuses("Pod does not exist", "POST", "volumes?names=p::v1", json!({"provisioned": GIB}));
}

#[test]
fn a_pod_is_destroyed_with_its_contents_only_when_asked_so() {
    let Bed { a, .. } = &Bed::new();
    a.post("pods?names=p", Value::Null);
    a.volume("p::v1");
    a.refuses("not empty", "PATCH", "pods?names=p", json!({"destroyed": true}));
    a.patch("pods?names=p&destroy_contents=true", json!({"destroyed": true}));
    a.delete("pods?names=p&eradicate_contents=true");
    assert!(a.get("volumes").is_empty());
}
