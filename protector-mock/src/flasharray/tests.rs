//! Two arrays behind their API, in a world whose time passes only when a test says so.

mod groups;
mod lists;
mod pods;
mod replication;
mod versions;
mod volumes;
mod windows;

use super::*;
use crate::arrays::{REACTIONS, systems};
use crate::world::{Pace, Reactions};
use http::Method;

pub(super) const GIB: u64 = 1 << 30;

pub(super) struct Client {
    array: FlashArray,
    token: String,
    pub(super) session: std::cell::RefCell<String>,
}

impl Client {
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        self.send_raw(method, path, body, headers)
    }

    pub(super) fn send_bytes(&self, method: &str, path: &str, body: &'static [u8]) -> Response {
        self.send_raw(method, path, Bytes::from_static(body), &[])
    }

    fn send_raw(&self, method: &str, path: &str, body: Bytes, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = path.replace(' ', "%20").parse().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        self.array.answer(&request)
    }

    pub(super) fn log_in(&self) {
        let answer = self.send("POST", "/api/2.36/login", None, &[("api-token", &self.token)]);
        let session = answer.headers().get("x-auth-token").unwrap().to_str().unwrap().to_owned();
        *self.session.borrow_mut() = session;
    }

    /// Status and body of a request to a version of the API.
    pub(super) fn ask_version(
        &self,
        version: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let session = self.session.borrow().clone();
        let path = format!("/api/{version}/{path}");
        let answer = self.send(method, &path, body, &[("x-auth-token", &session)]);
        let body = if answer.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(answer.body()).unwrap()
        };
        (answer.status().as_u16(), body)
    }

    pub(super) fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.ask_version("2.36", method, path, body)
    }

    /// The items of an answer that has to be a success.
    pub(super) fn items(&self, method: &str, path: &str, body: Option<Value>) -> Vec<Value> {
        let (status, answer) = self.ask(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    pub(super) fn get(&self, path: &str) -> Vec<Value> {
        self.items("GET", path, None)
    }

    pub(super) fn post(&self, path: &str, body: Value) -> Vec<Value> {
        self.items("POST", path, Some(body).filter(|body| !body.is_null()))
    }

    pub(super) fn patch(&self, path: &str, body: Value) -> Vec<Value> {
        self.items("PATCH", path, Some(body))
    }

    pub(super) fn delete(&self, path: &str) {
        self.items("DELETE", path, None);
    }

    /// Requires a request to be refused with a sentence that has this part.
    #[track_caller]
    pub(super) fn refuses(&self, part: &str, method: &str, path: &str, body: Value) {
        let (status, answer) = self.ask(method, path, Some(body).filter(|body| !body.is_null()));
        assert_eq!(status, 400, "{answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
    }

    pub(super) fn window(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.send(method, path, Some(body).filter(|body| !body.is_null()), &[]);
        let told = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(answer.status(), 200, "{told}");
        told
    }

    pub(super) fn names(&self, path: &str) -> Vec<String> {
        self.get(path).iter().map(|item| text(item, "name").to_owned()).collect()
    }

    pub(super) fn content(&self, volume: &str) -> Value {
        self.window("GET", &format!("/_content?volume={volume}"), Value::Null)["extents"].clone()
    }

    pub(super) fn write(&self, volume: &str, extents: &Value) {
        self.window("POST", &format!("/_write?volume={volume}"), json!({"extents": extents}));
    }

    pub(super) fn volume(&self, name: &str) -> Value {
        self.post(&format!("volumes?names={name}"), json!({"provisioned": GIB})).remove(0)
    }
}

pub(super) struct Bed {
    pub(super) world: Arc<World>,
    pub(super) a: Client,
    pub(super) b: Client,
}

impl Bed {
    pub(super) fn new() -> Self {
        let clock = Arc::new(protector_core::time::SystemClock::new());
        let world = World::in_memory(1, clock, Reactions::default().with(REACTIONS)).unwrap();
        world.set_pace(Pace::OnCommand).unwrap();
        let (world, log) = (Arc::new(world), Arc::new(RequestLog::default()));
        let client = |name: &str| {
            world
                .transact::<_, WorldError>(|at| systems::add(at, name, &format!("token-of-{name}")))
                .unwrap();
            Client {
                array: FlashArray::new(Arc::clone(&world), name, Arc::clone(&log)),
                token: format!("token-of-{name}"),
                session: std::cell::RefCell::default(),
            }
        };
        let bed = Self { a: client("array-a"), b: client("array-b"), world: Arc::clone(&world) };
        bed.a.log_in();
        bed.b.log_in();
        let settings = json!({
            "transfer_base": 10, "transfer_per_extent": 0, "schedule_interval": 60, "schedule_keep": 3,
        });
        bed.a.window("POST", "/_settings", settings);
        bed
    }

    pub(super) fn pass(&self, seconds: f64) {
        self.world.advance(Duration::from_secs_f64(seconds)).unwrap();
    }

    /// A group of array-a that array-b allows.
    pub(super) fn replicated_group(&self, name: &str, volume: &str) {
        self.a.post(&format!("protection-groups?names={name}"), Value::Null);
        self.a.volume(volume);
        let member = format!("protection-groups/volumes?group_names={name}&member_names={volume}");
        self.a.post(&member, Value::Null);
        let target = format!("protection-groups/targets?group_names={name}&member_names=array-b");
        self.a.post(&target, Value::Null);
        let allowed = format!("protection-groups/targets?group_names=array-a:{name}");
        self.b.patch(&allowed, json!({"allowed": true}));
    }

    pub(super) fn replicate(&self, suffix: &str) {
        let path = "protection-group-snapshots?source_names=g&replicate_now=true";
        self.a.post(path, json!({"suffix": suffix}));
    }

    /// How far a point has come on the target.
    pub(super) fn transfer(&self, suffix: &str) -> Value {
        self.b.get(&format!("protection-group-snapshots/transfer?names=array-a:g.{suffix}")).remove(0)
    }

    /// Lets a point arrive; its transfer's last state.
    pub(super) fn arrive(&self, suffix: &str) -> Value {
        self.replicate(suffix);
        self.pass(10.0);
        let done = self.transfer(suffix);
        assert_eq!((done["progress"].as_f64(), done["completed"].is_i64()), (Some(1.0), true), "{done}");
        done
    }
}
