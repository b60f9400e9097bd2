use super::*;
use crate::gate::{Gate, Work};
use crate::world::{Reactions, World};
use protector_core::time::SystemClock;

fn admin() -> Admin {
    let clock = Arc::new(SystemClock::new());
    let world = Arc::new(World::in_memory(1, clock.clone(), Reactions::default()).unwrap());
    let surroundings = Arc::new(Surroundings::new(world, clock, Work::Inline, None).unwrap());
    Admin::new(surroundings)
}

fn ask(admin: &Admin, method: &str, path: &str, body: impl Into<Option<Value>>) -> (u16, Value) {
    let body = body.into().map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    let request = http::Request::builder().method(method).uri(path).body(body).unwrap();
    let response = admin.answer(&request);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

#[test]
fn rules_are_added_shown_and_removed() {
    let admin = admin();
    let rule = json!({"target": "array-a", "action": "kill-after", "nth": 2});
    let (status, view) = ask(&admin, "POST", "/rules", rule);
    assert_eq!(status, 201);
    assert_eq!(
        view,
        json!({"id": 1, "target": "array-a", "action": "kill-after", "nth": 2, "times": 1, "hits": 0, "fired": 0})
    );
    assert_eq!(ask(&admin, "GET", "/rules", None), (200, json!({"rules": [view]})));
    let several = json!({"rules": [{"action": "duplicate"}, {"action": "refuse"}]});
    assert_eq!(ask(&admin, "POST", "/rules", several).1["rules"][1]["id"], 3);
    assert_eq!(ask(&admin, "DELETE", "/rules/1", None), (200, json!({"removed": 1})));
    assert_eq!(ask(&admin, "DELETE", "/rules", None), (200, json!({"removed": 2})));
    assert_eq!(ask(&admin, "POST", "/rules", json!({"action": "x"})).0, 400);
}

#[test]
fn targets_are_those_of_the_watched_gates() {
    let admin = admin();
    let endpoint: Arc<dyn Endpoint> = Arc::new(Admin::new(Arc::clone(&admin.surroundings)));
    Gate::watched("site-a/compute", "http://a", Arc::clone(&endpoint), Arc::clone(&admin.surroundings));
    Gate::quiet("site-a/compute/quiet", endpoint, Arc::clone(&admin.surroundings));
    assert_eq!(ask(&admin, "GET", "/targets", None).1, json!({"targets": {"site-a/compute": "http://a"}}));
}

#[test]
fn marks_are_numbered_with_the_requests() {
    let admin = admin();
    let (status, mark) = ask(&admin, "POST", "/mark", json!({"label": "here"}));
    assert_eq!((status, &mark["seq"], &mark["mark"]), (201, &json!(1), &json!("here")));
    assert_eq!(ask(&admin, "GET", "/requests?since=0", None).1["requests"], json!([mark]));
    assert_eq!(ask(&admin, "GET", "/requests?since=1", None).1["requests"], json!([]));
    assert_eq!(ask(&admin, "GET", "/requests?since=x", None).0, 400);
}

#[test]
fn time_is_stopped_and_moved() {
    let admin = admin();
    assert_eq!(ask(&admin, "GET", "/clock", None).1["pace"], json!(1.0));
    let stopped = ask(&admin, "POST", "/clock", json!({"pace": "on-command"})).1;
    let moved = ask(&admin, "POST", "/clock", json!({"advance": 90.5})).1;
    let time = |clock: &Value| clock["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time(&moved).duration_since(time(&stopped)), jiff::SignedDuration::from_millis(90_500));
    assert_eq!(ask(&admin, "POST", "/clock", json!({"pace": 0})).0, 400);
    assert_eq!(ask(&admin, "POST", "/clock", json!({"speed": 2})).0, 400);
}

#[test]
fn settings_are_facts_with_a_slash_and_the_worlds_own_are_out_of_reach() {
    let admin = admin();
    assert_eq!(ask(&admin, "GET", "/settings", None).1, json!({"settings": {}}));
    let set = json!({"duration/compute.server-built": 0.25, "limit/name": "x"});
    let shown = json!({"settings": {"duration/compute.server-built": 0.25, "limit/name": "x"}});
    assert_eq!(ask(&admin, "POST", "/settings", set), (200, shown));
    assert_eq!(ask(&admin, "POST", "/settings", json!({"limit/name": null})).0, 200);
    assert_eq!(ask(&admin, "POST", "/settings", json!({"seed": 2})).0, 400);
}

#[test]
fn a_victim_is_none_of_the_own_processes() {
    let admin = admin();
    assert_eq!(ask(&admin, "POST", "/victim", json!({"pid": std::process::id()})).0, 400);
    assert_eq!(ask(&admin, "POST", "/victim", json!({"pid": 1})).0, 400);
    assert_eq!(ask(&admin, "POST", "/victim", json!({"pid": 3_999_999})).1, json!({"pid": 3_999_999}));
    assert_eq!(ask(&admin, "DELETE", "/victim", None).1, json!({"pid": null}));
}

#[test]
fn what_is_not_known_is_said() {
    assert_eq!(ask(&admin(), "GET", "/nothing", None), (404, json!({"error": "GET /nothing is not known"})));
}
