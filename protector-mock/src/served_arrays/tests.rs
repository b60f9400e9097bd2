use super::*;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use protector_core::time::SystemClock;
use protector_core::transport::{HttpTransport, RawAnswer, TlsSettings, Transport, WireRequest};
use serde_json::json;

fn wanted(folder: &std::path::Path) -> WantedArrays {
    let array = |name: &str| format!("{name}:0:token-of-{name}").parse().unwrap();
    WantedArrays {
        arrays: vec![array("array-a"), array("array-b")],
        state: Some(folder.join("world.db")),
        requests: Some(folder.join("requests.jsonl")),
        settings: json!({"transfer_base": 3600}).as_object().cloned().unwrap(),
        ..WantedArrays::default()
    }
}

/// The machine's clock, two hours later: longer than a transfer takes.
#[derive(Debug)]
struct Later(SystemClock);

impl Clock for Later {
    fn now(&self) -> jiff::Timestamp {
        self.0.now() + Duration::from_hours(2)
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep(&self, duration: Duration) -> futures::future::BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

async fn start(wanted: &WantedArrays) -> ServedArrays {
    ServedArrays::start(wanted, Arc::new(SystemClock::new())).await.unwrap()
}

struct Client {
    transport: HttpTransport,
    origin: String,
    session: Option<HeaderValue>,
}

impl Client {
    async fn of(arrays: &ServedArrays, array: &str) -> Self {
        let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
        let origin = format!("http://127.0.0.1:{}", arrays.ports()[array]);
        let mut client = Self { transport, origin, session: None };
        let token = HeaderValue::from_str(&format!("token-of-{array}")).unwrap();
        let header = (HeaderName::from_static("api-token"), token);
        let answer = client.send(Method::POST, "/api/2.36/login", &Value::Null, Some(header)).await;
        client.session = answer.headers.get("x-auth-token").cloned();
        client
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        header: Option<(HeaderName, HeaderValue)>,
    ) -> RawAnswer {
        let session = self.session.clone().map(|session| (HeaderName::from_static("x-auth-token"), session));
        let request = WireRequest {
            method,
            url: format!("{}{path}", self.origin).parse().unwrap(),
            headers: session.into_iter().chain(header).collect::<HeaderMap>(),
            body: (!body.is_null()).then(|| Bytes::from(body.to_string())),
            timeout: Duration::from_secs(30),
        };
        self.transport.send(request).await.unwrap()
    }

    /// The answer to a request that has to be a success.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let path = if path.starts_with('_') { format!("/{path}") } else { format!("/api/2.36/{path}") };
        let answer = self.send(method, &path, &body, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_nothing_and_goes_on_with_transfers() {
    let folder = tempfile::tempdir().unwrap();
    let arrays = start(&wanted(folder.path())).await;
    let (a, b) = (Client::of(&arrays, "array-a").await, Client::of(&arrays, "array-b").await);
    a.post("volumes?names=v1", json!({"provisioned": 1 << 30})).await;
    a.post("protection-groups?names=g", Value::Null).await;
    a.post("protection-groups/volumes?group_names=g&member_names=v1", Value::Null).await;
    a.post("protection-groups/targets?group_names=g&member_names=array-b", Value::Null).await;
    let allowed = "protection-groups/targets?group_names=array-a:g";
    b.ask(Method::PATCH, allowed, json!({"allowed": true})).await;
    a.post("_write?volume=v1", json!({"extents": {"0": "x"}})).await;
    let now = "protection-group-snapshots?source_names=g&replicate_now=true";
    a.post(now, json!({"suffix": "s"})).await;
    let before = a.get("volumes").await;
    let transfer = "protection-group-snapshots/transfer?names=array-a:g.s";
    assert_eq!(b.get(transfer).await["items"][0]["completed"], Value::Null);
    arrays.end().await;

    let mut again = wanted(folder.path());
    again.settings.insert("transfer_base".to_owned(), json!(7200));
    let later = Arc::new(Later(SystemClock::new()));
    let arrays = ServedArrays::start(&again, later).await.unwrap();
    let (a, b) = (Client::of(&arrays, "array-a").await, Client::of(&arrays, "array-b").await);
    assert_eq!(a.get("volumes").await["items"], before["items"]);
    assert_eq!(a.get("_settings").await["transfer_base"], 3600.0, "a world keeps its settings");
    assert!(b.get(transfer).await["items"][0]["completed"].is_i64());
    let there = b.get("_content?snapshot=array-a:g.s.v1").await;
    assert_eq!(there["extents"], json!({"0": "x"}));
    arrays.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_a_line_of_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let arrays = start(&wanted(folder.path())).await;
    let a = Client::of(&arrays, "array-a").await;
    a.post("volumes?names=v1", json!({"provisioned": 1 << 30})).await;
    arrays.end().await;
    let text = std::fs::read_to_string(folder.path().join("requests.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap();
    let told = ["seq", "array", "method", "path", "query", "body", "status", "items", "error"];
    let told = told.map(|name| last[name].clone());
    let expected = [
        json!(2),
        json!("array-a"),
        json!("POST"),
        json!("/api/2.36/volumes"),
        json!({"names": ["v1"]}),
        json!({"provisioned": 1 << 30}),
        json!(200),
        json!(1),
        Value::Null,
    ];
    assert_eq!(told, expected);
    assert!(last["time"].is_f64() && last["agent"].is_string(), "{last}");
    assert!(!text.contains("token-of"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_setting_and_a_port_in_use_keep_arrays_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = wanted(folder.path());
    other.settings.insert("speed".to_owned(), json!(1));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let refused = ServedArrays::start(&other, Arc::clone(&clock)).await.unwrap_err();
    assert!(matches!(refused, ServedArraysError::Setting(_)), "{refused}");

    let arrays = start(&wanted(folder.path())).await;
    let mut second = wanted(folder.path());
    second.arrays[0].port = arrays.ports()["array-a"];
    let refused = ServedArrays::start(&second, clock).await.unwrap_err();
    assert!(matches!(refused, ServedArraysError::Listen { .. }), "{refused}");
    arrays.end().await;
}

#[test]
fn an_array_is_told_by_name_port_and_token() {
    let told: WantedArray = "array-a:15443:a:token".parse().unwrap();
    assert_eq!((told.name.as_str(), told.port, told.token.as_str()), ("array-a", 15443, "a:token"));
    for wrong in ["array-a", "array-a:15443", "array-a:x:token", ":1:token", "array-a:1:"] {
        assert!(wrong.parse::<WantedArray>().is_err(), "{wrong}");
    }
}
