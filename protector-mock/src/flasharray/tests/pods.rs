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
    assert!(b.get("volumes?destroyed=false").is_empty());
    assert_eq!(a.names("volumes"), ["p::v1"]);
    // What is left can be cloned, but not recovered.
    b.refuses("not recovered", "PATCH", "pods?names=p.restretch", json!({"destroyed": false}));
    assert_eq!(b.content("p.restretch::v1"), json!({"0": "x", "1": "y"}));
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

/// A pod of array-a and array-b with a volume, in sync.
fn stretched(bed: &Bed) {
    bed.a.post("pods?names=p", Value::Null);
    bed.a.volume("p::v1");
    bed.a.write("p::v1", &json!({"0": "both"}));
    bed.a.post("pods/arrays?group_names=p&member_names=array-b", Value::Null);
    assert_eq!(bed.a.status(), ["online", "resyncing"]);
    bed.pass(60.0);
    assert_eq!(bed.b.status(), ["online", "online"]);
}

impl Client {
    /// How the pod stands on array-a and array-b, as this one sees it.
    fn status(&self) -> Vec<String> {
        let pod = self.get("pods?names=p").remove(0);
        pod["arrays"].as_array().unwrap().iter().map(|array| text(array, "status").to_owned()).collect()
    }
}

impl Bed {
    fn link(&self, up: bool) {
        self.world.transact(|at| crate::arrays::links::set_up(at, "array-a", "array-b", up)).unwrap();
    }

    fn mediator(&self, array: &str, reached: bool) {
        self.world
            .transact::<_, crate::arrays::Refused>(|at| {
                let mut system = systems::get(at, array)?;
                system.mediator = reached;
                Ok(systems::change(at, &system)?)
            })
            .unwrap();
    }
}

#[test]
fn of_arrays_that_lose_each_other_the_preferred_one_goes_on_and_the_other_catches_up() {
    let bed = Bed::new();
    stretched(&bed);
    bed.a.patch("pods?names=p", json!({"failover_preferences": [{"name": "array-b"}]}));
    bed.link(false);
    assert_eq!(bed.b.status(), ["suspended", "suspended"]);
    bed.pass(1.0);
    assert_eq!(bed.b.status(), ["offline", "online"]);
    assert_eq!(bed.a.status(), ["offline", "unknown"], "who is offline knows nothing of the other");
    let frozen = bed.a.get("pods")[0]["arrays"][0]["frozen_at"].clone();
    assert!(frozen.is_i64());
    let refused = bed.a.send("POST", "/_write?volume=p::v1", Some(json!({"extents": {"0": "lost"}})), &[]);
    assert_eq!(refused.status(), 400);
    bed.b.write("p::v1", &json!({"0": "later"}));
    assert_eq!(bed.a.content("p::v1"), json!({"0": "both"}), "what is offline is old");
    bed.link(true);
    assert_eq!(bed.a.status(), ["resyncing", "online"]);
    bed.pass(5.0);
    let progress = bed.a.get("pods")[0]["arrays"][0]["progress"].as_f64().unwrap();
    assert!(progress > 0.4 && progress < 0.6, "{progress}");
    bed.pass(60.0);
    assert_eq!(bed.a.status(), ["online", "online"]);
    assert_eq!(bed.a.content("p::v1"), json!({"0": "later"}));
    assert_eq!(bed.a.get("pods")[0]["arrays"][0]["frozen_at"], Value::Null);
}

#[test]
fn without_a_mediator_only_an_array_that_was_elected_before_goes_on() {
    let bed = Bed::new();
    stretched(&bed);
    bed.mediator("array-a", false);
    bed.mediator("array-b", false);
    let elected = bed.b.get("pods")[0]["arrays"][0]["pre_elected"].clone();
    assert_eq!(elected, true);
    bed.link(false);
    bed.pass(1.0);
    assert_eq!(bed.a.status(), ["online", "offline"]);
    bed.link(true);
    bed.pass(60.0);
    bed.mediator("array-a", true);
    bed.mediator("array-b", true);
    // The mediator and the link are lost at once: nobody was elected.
    bed.link(false);
    bed.mediator("array-a", false);
    bed.mediator("array-b", false);
    bed.pass(1.0);
    assert_eq!(
        (bed.a.status(), bed.b.status()),
        (vec!["offline".to_owned(), "unknown".to_owned()], vec!["unknown".to_owned(), "offline".to_owned()],)
    );
}

#[test]
fn an_array_that_is_lost_leaves_the_other_online() {
    let bed = Bed::new();
    stretched(&bed);
    bed.a.window("POST", "/_fail?on=1", Value::Null);
    bed.pass(1.0);
    assert_eq!(bed.b.status(), ["offline", "online"]);
    bed.b.write("p::v1", &json!({"1": "survivor"}));
    bed.a.window("POST", "/_fail?on=0", Value::Null);
    bed.pass(60.0);
    assert_eq!(bed.a.content("p::v1"), json!({"0": "both", "1": "survivor"}));
}

#[test]
fn continuous_replication_follows_is_reversed_by_a_planned_failover_and_undone() {
    let bed = Bed::new();
    let (a, b) = (&bed.a, &bed.b);
    a.post("pods?names=p", Value::Null);
    a.volume("p::v1");
    a.write("p::v1", &json!({"0": "first"}));
    b.post("pods?names=q", Value::Null);
    let link = "pod-replica-links?local_pod_names=p&remote_names=array-b&remote_pod_names=q";
    a.refuses("not demoted", "POST", link, Value::Null);
    b.patch("pods?names=q", json!({"requested_promotion_state": "demoted"}));
    assert_eq!(a.post(link, Value::Null)[0]["status"], "baselining");
    b.refuses("baselining", "PATCH", "pods?names=q", json!({"requested_promotion_state": "promoted"}));
    bed.pass(60.0);
    assert_eq!(b.content("q::v1"), json!({"0": "first"}));
    let shown = b.get("pod-replica-links").remove(0);
    assert_eq!(
        (&shown["direction"], &shown["status"], &shown["lag"]),
        (&json!("inbound"), &json!("replicating"), &json!(0))
    );
    let refused = b.send("POST", "/_write?volume=q::v1", Some(json!({"extents": {"0": "no"}})), &[]);
    assert_eq!(refused.status(), 400, "a target takes no writes");

    a.write("p::v1", &json!({"0": "second"}));
    let demoted = json!({"requested_promotion_state": "demoted"});
    a.refuses("quiesce", "PATCH", "pods?names=p", demoted.clone());
    assert_eq!(a.patch("pods?names=p&quiesce=true", demoted)[0]["promotion_status"], "promoted");
    assert_eq!(a.get("pod-replica-links")[0]["status"], "quiescing");
    bed.pass(1.0);
    assert_eq!(a.get("pods?names=p")[0]["promotion_status"], "demoted");
    assert_eq!(a.get("pod-replica-links")[0]["status"], "quiesced");
    assert_eq!(b.content("q::v1"), json!({"0": "second"}));

    let promoted = json!({"requested_promotion_state": "promoted"});
    assert_eq!(b.patch("pods?names=q", promoted.clone())[0]["promotion_status"], "promoting");
    bed.pass(1.0);
    b.write("q::v1", &json!({"0": "third"}));
    bed.pass(2.0);
    assert_eq!(a.content("p::v1"), json!({"0": "third"}), "the link has turned round");
    assert_eq!(a.get("pod-replica-links")[0]["direction"], "inbound");
    a.patch("pods?names=p&promote_from=p.undo-demote", promoted);
    bed.pass(1.0);
    assert_eq!(a.content("p::v1"), json!({"0": "second"}));
}

#[test]
fn a_pod_without_links_lists_none_and_a_paused_link_falls_behind() {
    let bed = Bed::new();
    let (a, b) = (&bed.a, &bed.b);
    a.post("pods?names=p", Value::Null);
    a.volume("p::v1");
    let path = "pod-replica-links?local_pod_names=p";
    let none = a.ask("GET", &format!("{path}&total_item_count=true"), None).1;
    assert_eq!((&none["items"], &none["total_item_count"]), (&json!([]), &json!(0)));
    b.post("pods?names=q", Value::Null);
    b.patch("pods?names=q", json!({"requested_promotion_state": "demoted"}));
    a.post(&format!("{path}&remote_names=array-b&remote_pod_names=q"), Value::Null);
    bed.pass(60.0);
    a.patch(path, json!({"paused": true}));
    a.write("p::v1", &json!({"0": "x"}));
    bed.pass(30.0);
    let shown = a.get(path).remove(0);
    assert_eq!((&shown["status"], &shown["lag"]), (&json!("paused"), &json!(30_000)));
    a.patch(path, json!({"paused": false}));
    bed.pass(1.0);
    assert_eq!((a.get(path)[0]["lag"].clone(), b.content("q::v1")), (json!(0), json!({"0": "x"})));
    assert_eq!(a.get("pod-replica-links/lag")[0]["lag"], json!({"avg": 0, "max": 0}));
    a.delete(path);
    assert!(b.get("pod-replica-links").is_empty());
}

#[test]
fn a_quota_limits_what_is_made_in_a_pod() {
    let Bed { a, .. } = &Bed::new();
    a.post("pods?names=p", json!({"quota_limit": 2 * GIB}));
    a.volume("p::v1");
    a.refuses("quota limit reached", "POST", "volumes?names=p::v2", json!({"provisioned": 2 * GIB}));
    a.refuses("below the usage", "PATCH", "pods?names=p", json!({"quota_limit": 512}));
}
