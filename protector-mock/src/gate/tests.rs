//! What each action does to a request, seen by a client on the transport without sockets, in no time.

use crate::clock::VirtualClock;
use crate::gate::{Gate, Surroundings, Work};
use crate::http::{Endpoint, Request, Response};
use crate::transport::SimulatedTransport;
use crate::world::{Reactions, World};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use protector_core::time::Clock;
use protector_core::transport::{RawAnswer, SendError, SendFailure, Sent, Transport, WireRequest};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Counts what has had an effect.
#[derive(Debug, Default)]
struct Counter {
    answered: AtomicUsize,
}

impl Endpoint for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn answer(&self, request: &Request) -> Response {
        let number = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
        let body =
            json!({"number": number, "items": [{"id": "a"}, {"id": "b"}], "path": request.uri().path()});
        let mut response = Response::new(Bytes::from(body.to_string()));
        response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
        response
    }
}

const ORIGIN: &str = "http://127.0.0.1:1234";
const TARGET: &str = "site-a/compute";

struct Scene {
    counter: Arc<Counter>,
    surroundings: Arc<Surroundings>,
    transport: SimulatedTransport,
    clock: Arc<dyn Clock>,
}

impl Scene {
    fn new() -> Self {
        Self::recorded_in(None)
    }

    fn recorded_in(record: Option<&Path>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new("2026-01-02T03:04:05Z".parse().unwrap()));
        let world = Arc::new(World::in_memory(7, Arc::clone(&clock), Reactions::default()).unwrap());
        let around = Surroundings::new(world, Arc::clone(&clock), Work::Inline, record).unwrap();
        let (surroundings, counter) = (Arc::new(around), Arc::new(Counter::default()));
        let gate = Gate::watched(TARGET, ORIGIN, counter.clone(), Arc::clone(&surroundings));
        let transport = SimulatedTransport::new(Arc::clone(&clock)).with(ORIGIN, gate);
        Self { counter, surroundings, transport, clock }
    }

    fn with(rule: Value) -> Self {
        let scene = Self::new();
        scene.rule(rule);
        scene
    }

    fn rule(&self, rule: Value) {
        self.surroundings.rules.add(&[rule]).unwrap().unwrap();
    }

    async fn get(&self, path: &str) -> Result<RawAnswer, SendError> {
        let request = WireRequest {
            method: http::Method::GET,
            url: format!("{ORIGIN}{path}").parse().unwrap(),
            headers: http::HeaderMap::new(),
            body: None,
            timeout: Duration::from_mins(1),
        };
        self.transport.send(request).await
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path).await.unwrap().body).unwrap()
    }

    /// How a request fails, and how many have had an effect by then.
    async fn failure(&self) -> (SendFailure, Sent, usize) {
        let error = self.get("/servers").await.unwrap_err();
        (error.failure, error.sent, self.effects())
    }

    fn effects(&self) -> usize {
        self.counter.answered.load(Ordering::Relaxed)
    }

    fn since(&self, before: Duration) -> f64 {
        self.clock.monotonic().saturating_sub(before).as_secs_f64()
    }

    fn recorded(&self) -> Vec<Value> {
        let entries = self.surroundings.recording.since(0, None);
        entries.iter().map(|entry| serde_json::to_value(entry).unwrap()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn losses_are_before_or_after_the_effect_and_happen_once() {
    for (action, failure, effects) in [
        ("drop-before", SendFailure::Broken, 0),
        ("drop-after", SendFailure::Broken, 1),
        ("reset-before", SendFailure::Broken, 0),
        ("reset-after", SendFailure::Broken, 1),
        ("hang-before", SendFailure::Timeout, 0),
        ("hang-after", SendFailure::Timeout, 1),
    ] {
        let scene = Scene::with(json!({"action": action, "method": "GET"}));
        assert_eq!(scene.failure().await, (failure, Sent::Maybe, effects), "{action}");
        assert_eq!(scene.get("/servers").await.unwrap().status, 200, "{action} happened twice");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_fires_from_the_nth_that_fits_and_so_many_times() {
    let scene = Scene::with(json!({
        "target": "site-?/comp*", "path": "/servers$", "action": "answer", "status": 503,
        "answer_body": {"error": "down"}, "nth": 2, "times": 2
    }));
    let mut statuses = Vec::new();
    for path in ["/servers", "/flavors", "/servers", "/servers", "/servers"] {
        statuses.push(scene.get(path).await.unwrap().status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 503, 503, 200]);
    let views = scene.surroundings.rules.views();
    assert_eq!((&views[0]["hits"], &views[0]["fired"]), (&json!(4), &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn retry_after_can_be_a_date() {
    let scene = Scene::with(json!({"action": "answer", "status": 503, "retry_after_date": 5}));
    let answer = scene.get("/").await.unwrap();
    assert_eq!(answer.headers["retry-after"], "Fri, 02 Jan 2026 03:04:10 GMT");
}

#[tokio::test(start_paused = true)]
async fn delays_of_all_rules_add_up() {
    let scene = Scene::with(json!({"action": "delay", "seconds": 2}));
    scene.rule(json!({"action": "delay", "seconds": {"uniform": [3.0, 4.0]}}));
    let before = scene.clock.monotonic();
    scene.get("/servers").await.unwrap();
    let took = scene.since(before);
    assert!((5.0..6.1).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_does_not_take_the_request_back() {
    let scene = Scene::with(json!({"action": "delay", "seconds": 90}));
    assert_eq!(scene.failure().await, (SendFailure::Timeout, Sent::Maybe, 0));
    scene.clock.sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.effects(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_finds_all_workers_busy_queues() {
    let scene = Scene::with(json!({"action": "workers", "workers": 2}));
    scene.rule(json!({"action": "delay", "seconds": 1}));
    let before = scene.clock.monotonic();
    let (a, b, c) = tokio::join!(scene.get("/a"), scene.get("/b"), scene.get("/c"));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert!((2.0..2.1).contains(&scene.since(before)));
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_told_when_to_come_again() {
    let scene = Scene::with(json!({"action": "rate", "requests": 2, "per": 10}));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = scene.get("/servers").await.unwrap();
        statuses.push((answer.status.as_u16(), answer.headers.get("retry-after").cloned()));
    }
    assert_eq!(statuses, [(200, None), (200, None), (429, Some("5".parse().unwrap()))]);
    scene.clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(scene.get("/servers").await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn no_connection_is_taken_while_a_rule_refuses() {
    let scene = Scene::with(json!({"action": "refuse", "target": "site-a/*"}));
    assert_eq!(scene.failure().await, (SendFailure::Connect, Sent::No, 0));
    scene.surroundings.rules.remove(None).unwrap();
    assert_eq!(scene.get("/servers").await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_has_two_effects_and_one_answer() {
    let scene = Scene::with(json!({"action": "duplicate"}));
    assert_eq!(scene.json("/servers").await["number"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_request_has_its_effect_after_everybody_gave_up() {
    let scene = Scene::with(json!({"action": "late", "seconds": 100}));
    assert_eq!(scene.failure().await, (SendFailure::Broken, Sent::Maybe, 0));
    assert_eq!(scene.json("/servers").await["number"], 1);
    scene.clock.sleep(Duration::from_secs(101)).await;
    assert_eq!(scene.json("/servers").await["number"], 3);
}

#[tokio::test(start_paused = true)]
async fn answers_are_broken_in_all_ways() {
    let scene = |rule| async {
        let scene = Scene::with(rule);
        let answer = scene.get("/servers").await;
        assert_eq!(scene.effects(), 1);
        answer
    };
    let failure = async |rule| scene(rule).await.unwrap_err().failure;
    let parsed = async |rule| serde_json::from_slice::<Value>(&scene(rule).await.unwrap().body);
    assert_eq!(failure(json!({"action": "cut", "bytes": 10})).await, SendFailure::Broken);
    assert_eq!(failure(json!({"action": "slow", "pause": 10})).await, SendFailure::Timeout);
    assert_eq!(failure(json!({"action": "oversize", "bytes": 1_u64 << 30})).await, SendFailure::TooLarge);
    assert_eq!(parsed(json!({"action": "oversize", "bytes": 1000})).await.unwrap()["number"], 1);
    assert!(parsed(json!({"action": "truncate", "bytes": 10})).await.is_err());
    assert!(parsed(json!({"action": "malformed"})).await.is_err());
    assert!(parsed(json!({"action": "nest", "depth": 10_000})).await.is_err());
    let page = scene(json!({"action": "html"})).await.unwrap();
    assert_eq!((page.status.as_u16(), &page.headers["content-type"]), (200, &"text/html".parse().unwrap()));
    let typed = scene(json!({"action": "content-type", "content_type": "text/plain"})).await.unwrap();
    assert_eq!(typed.headers["content-type"], "text/plain");
    let bomb = scene(json!({"action": "bomb", "bytes": 1_000_000})).await.unwrap();
    assert_eq!(bomb.headers["content-encoding"], "gzip");
    assert!(bomb.body.len() < 7000, "{}", bomb.body.len());
    let lost = scene(json!({"action": "answer-after", "status": 504})).await.unwrap();
    assert_eq!(lost.status, 504);
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_is_found_out_by_the_next_request() {
    let scene = Scene::with(json!({"action": "close", "times": 1}));
    assert_eq!(scene.get("/servers").await.unwrap().status, 200);
    assert_eq!(scene.failure().await, (SendFailure::Broken, Sent::Maybe, 1));
    assert_eq!(scene.get("/servers").await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn values_of_an_answer_are_replaced_removed_and_copied() {
    let scene = Scene::with(json!({"action": "change", "changes": [
        {"pointer": "/items/*/id", "value": null},
        {"pointer": "/items/-", "copy": "/path"},
        {"pointer": "/items/0", "remove": true},
        {"pointer": "/number", "value": 1_u64 << 60},
        {"pointer": "/nothing/there", "value": 1}
    ]}));
    let changed = scene.json("/servers").await;
    assert_eq!(
        changed,
        json!({"number": 1_u64 << 60, "items": [{"id": null}, "/servers"], "path": "/servers"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_follows_itself() {
    let scene = Scene::with(json!({"action": "page-loop"}));
    let page = scene.json("/servers?limit=2").await;
    assert_eq!(page["items_links"], json!([{"rel": "next", "href": format!("{ORIGIN}/servers?limit=2")}]));
}

#[tokio::test(start_paused = true)]
async fn a_stale_answer_is_given_for_its_time() {
    let scene = Scene::with(json!({"action": "stale", "seconds": 30}));
    let first = scene.json("/servers").await;
    scene.clock.sleep(Duration::from_secs(20)).await;
    assert_eq!(scene.json("/servers").await, first);
    assert_ne!(scene.json("/flavors").await, first);
    scene.clock.sleep(Duration::from_secs(20)).await;
    assert_ne!(scene.json("/servers").await, first);
}

#[tokio::test(start_paused = true)]
async fn the_record_says_what_was_asked_and_what_became_of_it_but_no_secret() {
    let scene = Scene::with(json!({"action": "drop-after", "path": "/lost"}));
    let request = WireRequest {
        method: http::Method::POST,
        url: format!("{ORIGIN}/lost").parse().unwrap(),
        headers: [
            ("x-auth-token", "canary"),
            ("user-agent", "tester/1"),
            ("openstack-api-version", "compute 2.100"),
        ]
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect(),
        body: Some(Bytes::from_static(b"{\"server\": {\"adminPass\": \"canary\"}, \"extra\": 1}")),
        timeout: Duration::from_mins(1),
    };
    scene.transport.send(request).await.unwrap_err();
    let recorded = scene.recorded();
    let entry = &recorded[0];
    assert!(!entry.to_string().contains("canary"), "{entry}");
    for (key, value) in [
        ("seq", json!(1)),
        ("target", json!(TARGET)),
        ("method", json!("POST")),
        ("path", json!("/lost")),
        ("status", json!(200)),
        ("agent", json!("tester/1")),
        ("microversion", json!("compute 2.100")),
        ("headers", json!(["host", "openstack-api-version", "user-agent", "x-auth-token"])),
        ("body_keys", json!(["server", "extra"])),
        ("forwarded", json!(true)),
        ("rules", json!([1])),
        ("action", json!("drop-after")),
    ] {
        assert_eq!(entry[key], value, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_in_a_file_tells_the_shape_of_an_answer_once_and_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.jsonl");
    let scene = Scene::recorded_in(Some(&path));
    for path in ["/servers", "/flavors"] {
        scene.get(path).await.unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [shape, first, second] = lines.as_slice() else { panic!("{text}") };
    assert_eq!(
        shape["fields"],
        json!({"": "object", ".items": "list", ".items[]": "object", ".items[].id": "string",
               ".number": "integer", ".path": "string"})
    );
    for entry in [first, second] {
        assert_eq!(
            entry["answer"],
            json!({"headers": {"content-type": "application/json"}, "shape": shape["shape"]})
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_draws_the_same_latencies() {
    let run = async || {
        let scene = Scene::with(
            json!({"action": "delay", "seconds": {"log_normal": {"median": 0.05, "sigma": 0.8}}}),
        );
        let mut times = Vec::new();
        for _ in 0..20 {
            let before = scene.clock.monotonic();
            scene.get("/servers").await.unwrap();
            times.push(scene.since(before));
        }
        times
    };
    let times = run().await;
    assert_eq!(times, run().await);
    assert!(times.windows(2).any(|pair| pair[0] < pair[1]));
}
