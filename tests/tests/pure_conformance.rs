//! The FlashArray driver keeps every clause of the storage contract, on simulated arrays that speak TLS on sockets.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up ends the test")]

use http::{HeaderName, HeaderValue, Method};
use protector_core::driver::conformance::{Arranged, Arrangement, Bench, Half, Object, run_all};
use protector_core::driver::{ArraySettings, DriverFactory, Error, StorageDriver};
use protector_core::error::chain;
use protector_core::id::{ArrayVolumeId, VolumeId};
use protector_core::time::SystemClock;
use protector_core::transport::{
    Call, CallError, Caller, Context, HttpTransport, NoCredentials, Semantics, TlsSettings,
};
use protector_mock::served_arrays::{ServedArrays, WantedArrays};
use protector_mock::server::Certificates;
use protector_pure::PureFactory;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use url::Url;

const NAMES: [&str; 2] = ["array-a", "array-b"];
const GIBIBYTE: u64 = 1 << 30;

/// Seconds that a transfer takes: quick, and slow enough to be stopped on its way on a busy machine.
const QUICK: f64 = 0.1;
const SLOW: f64 = 4.0;

/// Two simulated arrays.
struct Arrays {
    _served: ServedArrays,
    a: Array,
    b: Array,
    caller: Caller,
    made: AtomicU32,
}

/// One of them, and a session that is not the driver's.
struct Array {
    name: &'static str,
    settings: ArraySettings,
    session: HeaderValue,
}

impl Arrays {
    async fn start() -> Self {
        let certificates = Certificates::new().unwrap();
        let wanted = WantedArrays {
            arrays: NAMES.map(|name| format!("{name}:0:{}", token_of(name)).parse().unwrap()).to_vec(),
            tls: Some(certificates.valid().unwrap()),
            ..WantedArrays::default()
        };
        let served = ServedArrays::start(&wanted, Arc::new(SystemClock::new())).await.unwrap();
        let authorities = Some(certificates.authority.into_bytes());
        let tls = TlsSettings { authorities, ..TlsSettings::default() };
        let caller = Caller::new(Arc::new(HttpTransport::new(&tls).unwrap()), Arc::new(NoCredentials), 4);
        let array = async |name| {
            let url = format!("https://127.0.0.1:{}", served.ports().get(name).unwrap()).parse().unwrap();
            let settings =
                ArraySettings { tls: tls.clone(), ..ArraySettings::new(url, token_of(name).into()) };
            let session = log_in(&caller, &settings.url, name).await;
            Array { name, settings, session }
        };
        let [a, b] = NAMES;
        let (a, b) = (array(a).await, array(b).await);
        let arrays = Self { _served: served, a, b, caller, made: AtomicU32::new(0) };
        arrays.set_pace(QUICK).await.unwrap();
        arrays
    }

    fn half(&self, half: Half) -> &Array {
        match half {
            Half::A => &self.a,
            Half::B => &self.b,
        }
    }

    /// Asks an array as somebody else's client would, or at one of its windows for tests.
    async fn ask(&self, half: Half, method: Method, path: &str, body: Value) -> Result<Value, CallError> {
        let url = if path.starts_with('_') { format!("/{path}") } else { format!("/api/2.36/{path}") };
        let array = self.half(half);
        let url = array.settings.url.join(&url).unwrap();
        let mut call = Call::new(format!("{method} {path}"), Semantics::Once, method, url)
            .with_header(HeaderName::from_static("x-auth-token"), array.session.clone());
        call.body = Some(body).filter(|body| !body.is_null());
        let answer = self.caller.call(&Context::default(), &call).await?;
        if answer.body.is_empty() { Ok(Value::Null) } else { answer.json() }
    }

    async fn post(&self, half: Half, path: &str, body: Value) -> Result<Value, CallError> {
        self.ask(half, Method::POST, path, body).await
    }

    async fn get(&self, half: Half, path: &str) -> Result<Value, CallError> {
        self.ask(half, Method::GET, path, Value::Null).await
    }

    async fn set_pace(&self, seconds: f64) -> Result<(), CallError> {
        let settings = json!({"transfer_base": seconds, "transfer_per_extent": 0.0});
        self.post(Half::B, "_settings", settings).await.map(drop)
    }

    /// Seconds between two scheduled points, and how many are kept; 0: as the groups' settings say.
    async fn set_schedules(&self, seconds: f64, keep: u64) -> Result<(), CallError> {
        let settings = json!({"schedule_interval": seconds, "schedule_keep": keep});
        self.post(Half::B, "_settings", settings).await.map(drop)
    }

    /// An id as Cinder gives one.
    fn new_id(&self) -> String {
        format!("c1deb00c-0000-4000-8000-{:012}", self.made.fetch_add(1, Ordering::SeqCst))
    }

    async fn volume_name(&self, half: Half, volume: &ArrayVolumeId) -> Result<String, CallError> {
        let found = self.get(half, &format!("volumes?ids={volume}")).await?;
        Ok(text(found.pointer("/items/0/name")))
    }
}

fn token_of(name: &str) -> String {
    format!("token-of-{name}")
}

async fn log_in(caller: &Caller, array: &Url, name: &str) -> HeaderValue {
    let token = HeaderValue::from_str(&token_of(name)).unwrap();
    let address = array.join("/api/2.36/login").unwrap();
    let call = Call::new("log in", Semantics::Safe, Method::POST, address)
        .with_header(HeaderName::from_static("api-token"), token);
    let answer = caller.call(&Context::default(), &call).await.unwrap();
    answer.headers.get("x-auth-token").unwrap().clone()
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Bench for Arrays {
    fn open(&self, half: Half) -> Result<Arc<dyn StorageDriver>, Error> {
        let array = self.half(half);
        PureFactory.open(&array.name.into(), array.settings.clone())
    }

    fn create_group(&self, half: Half, volumes: usize) -> Arrangement<'_, Arranged> {
        Box::pin(async move {
            let id = self.new_id();
            let group = format!("consisgroup-{id}-cinder");
            self.post(half, &format!("protection-groups?names={group}"), Value::Null).await?;
            let mut arranged = Arranged { group: id.into(), volumes: Vec::new() };
            for _ in 0..volumes {
                let volume = self.create_volume(half).await?;
                let member = format!("group_names={group}&member_names=volume-{volume}-cinder");
                self.post(half, &format!("protection-groups/volumes?{member}"), Value::Null).await?;
                arranged.volumes.push(volume);
            }
            let target = format!("group_names={group}&member_names={}", self.half(half.other()).name);
            self.post(half, &format!("protection-groups/targets?{target}"), Value::Null).await?;
            Ok(arranged)
        })
    }

    fn delete_group<'a>(&'a self, half: Half, group: &'a Arranged) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let path = format!("protection-groups?names=consisgroup-{}-cinder", group.group);
            self.ask(half, Method::PATCH, &path, json!({"destroyed": true})).await?;
            Ok(())
        })
    }

    fn create_volume(&self, half: Half) -> Arrangement<'_, VolumeId> {
        Box::pin(async move {
            let id = self.new_id();
            let path = format!("volumes?names=volume-{id}-cinder");
            self.post(half, &path, json!({"provisioned": GIBIBYTE})).await?;
            Ok(id.into())
        })
    }

    fn create_lookalikes<'a>(&'a self, half: Half, of: &'a Arranged) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let group = format!("consisgroup-{}-cinder-2", of.group);
            self.post(half, &format!("protection-groups?names={group}"), Value::Null).await?;
            for volume in &of.volumes {
                for name in [format!("volume-{volume}-cinder-2"), format!("a-volume-{volume}-cinder")] {
                    let size = json!({"provisioned": 2 * GIBIBYTE});
                    self.post(half, &format!("volumes?names={name}"), size).await?;
                    let snapshot = format!("volume-snapshots?source_names={name}");
                    self.post(half, &snapshot, json!({"suffix": "p1"})).await?;
                    let member = format!("group_names={group}&member_names={name}");
                    self.post(half, &format!("protection-groups/volumes?{member}"), Value::Null).await?;
                }
            }
            for suffix in ["p1", "safe"] {
                let snapshot = format!("protection-group-snapshots?source_names={group}");
                self.post(half, &snapshot, json!({"suffix": suffix})).await?;
            }
            Ok(())
        })
    }

    fn connect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let host = format!("host-{}", self.new_id());
            let name = self.volume_name(half, volume).await?;
            self.post(half, &format!("hosts?names={host}"), json!({"iqns": [format!("iqn.{host}")]})).await?;
            let ends = format!("host_names={host}&volume_names={name}");
            self.post(half, &format!("connections?{ends}"), Value::Null).await?;
            Ok(())
        })
    }

    fn disconnect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let name = self.volume_name(half, volume).await?;
            let found = self.get(half, &format!("connections?volume_names={name}")).await?;
            for connection in found.get("items").and_then(Value::as_array).into_iter().flatten() {
                let host = text(connection.pointer("/host/name"));
                let ends = format!("connections?host_names={host}&volume_names={name}");
                self.ask(half, Method::DELETE, &ends, Value::Null).await?;
            }
            Ok(())
        })
    }

    fn write<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId, content: &'a str) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let name = self.volume_name(half, volume).await?;
            self.post(half, &format!("_write?volume={name}"), json!({"extents": {"0": content}})).await?;
            Ok(())
        })
    }

    fn read<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, String> {
        Box::pin(async move {
            let name = self.volume_name(half, volume).await?;
            Ok(text(self.get(half, &format!("_content?volume={name}")).await?.pointer("/extents/0")))
        })
    }

    fn slow_transfers(&self) -> Arrangement<'_, ()> {
        Box::pin(async move { Ok(self.set_pace(SLOW).await?) })
    }

    /// Nothing moves while the source is ill.
    fn hold_transfers(&self) -> Arrangement<'_, ()> {
        Box::pin(async move { Ok(self.post(Half::A, "_fail?on=1", Value::Null).await.map(drop)?) })
    }

    fn release_transfers(&self) -> Arrangement<'_, ()> {
        Box::pin(async move {
            self.post(Half::A, "_fail?on=0", Value::Null).await?;
            Ok(self.set_pace(QUICK).await?)
        })
    }

    fn schedule_often(&self, keep: Option<u64>) -> Arrangement<'_, ()> {
        Box::pin(async move { Ok(self.set_schedules(0.3, keep.unwrap_or(0)).await?) })
    }

    fn schedule_as_set(&self) -> Arrangement<'_, ()> {
        Box::pin(async move { Ok(self.set_schedules(0.0, 0).await?) })
    }

    fn sessions(&self, half: Half) -> Arrangement<'_, usize> {
        Box::pin(async move {
            let told = self.get(half, "_sessions").await?;
            let number = told.get("sessions").and_then(Value::as_u64);
            Ok(usize::try_from(number.ok_or("the array does not tell its sessions")?)?)
        })
    }

    fn kill(&self, half: Half) -> Arrangement<'_, ()> {
        Box::pin(async move { Ok(self.post(half, "_fail?on=1&mode=hang", Value::Null).await.map(drop)?) })
    }

    fn revive(&self, half: Half) -> Arrangement<'_, ()> {
        Box::pin(async move { Ok(self.post(half, "_fail?on=0", Value::Null).await.map(drop)?) })
    }

    fn everything(&self, half: Half) -> Arrangement<'_, BTreeMap<Object, String>> {
        Box::pin(async move {
            let state = self.get(half, "_state").await?;
            let marks = |of: &str, key: &str, name: &str| -> Vec<String> {
                let all = state.get(of).and_then(Value::as_array).into_iter().flatten();
                all.filter(|one| text(one.get(key)) == name).map(Value::to_string).collect()
            };
            let mut all = BTreeMap::new();
            for kind in
                ["volumes", "snapshots", "hosts", "protection_groups", "protection_group_snapshots", "pods"]
            {
                for (name, object) in state.get(kind).and_then(Value::as_object).into_iter().flatten() {
                    let tags = marks("tags", "resource", name);
                    let connections = marks("connections", "volume", name);
                    let description = format!("{object} {tags:?} {connections:?}");
                    all.insert((kind.to_owned(), name.clone()), description);
                }
            }
            Ok(all)
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_flasharray_driver_keeps_the_storage_contract() {
    let arrays = Arrays::start().await;
    let broken: Vec<String> = run_all(&arrays).await.iter().map(|violation| chain(violation)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
