//! Both drivers keep every clause of the storage contract on simulated arrays: the one that changes their world itself, and
//! the FlashArray driver over their API. No sockets, and time passes only when the suite waits.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up ends the test")]

use futures::future::BoxFuture;
use protector_core::driver::conformance::{Arranged, Arrangement, Bench, Fault, Half, Object, run_all};
use protector_core::driver::{
    ArraySettings, DriverFactory, Error, GroupOrigin, RecoveryPoint, StorageDriver,
};
use protector_core::error::chain;
use protector_core::id::{ArrayVolumeId, VolumeId};
use protector_core::time::SystemClock;
use protector_core::transport::{Context, RawAnswer, SendError, SendFailure, Sent, Transport, WireRequest};
use protector_mock::arrays::{
    self, Refused, connections, groups, hosts, objects, points, snapshots, systems, targets, volumes,
};
use protector_mock::flasharray::{FlashArray, PlaysDead, RequestLog};
use protector_mock::http::Endpoint;
use protector_mock::world::{Pace, Transaction, World, WorldError};
use protector_mock::{MockFactory, reactions};
use protector_pure::{PureDriver, flasharray::FlashArray as Client};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const NAMES: [&str; 2] = ["array-a", "array-b"];
const GIBIBYTE: u64 = 1 << 30;

/// Seconds that a transfer takes: quick, and longer than the suite ever waits before it is held.
const QUICK: f64 = 0.1;
const SLOW: f64 = 20.0;

/// Which driver is on trial.
#[derive(Clone, Copy)]
enum Driver {
    Mock,
    Pure,
}

struct Arrays {
    world: Arc<World>,
    driver: Driver,
    made: AtomicU32,
}

/// The array's API, without a socket.
#[derive(Debug)]
struct InProcess(FlashArray);

impl Transport for InProcess {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>> {
        Box::pin(async move {
            let broken = |_| SendError { sent: Sent::No, failure: SendFailure::Broken, source: None };
            let target = &request.url[url::Position::BeforePath..url::Position::AfterQuery];
            let uri: http::Uri = target.parse().map_err(broken)?;
            let mut asked = http::Request::new(request.body.unwrap_or_default());
            *asked.method_mut() = request.method;
            *asked.uri_mut() = uri;
            *asked.headers_mut() = request.headers;
            let answer = self.0.answer(&asked);
            if answer.extensions().get() == Some(&PlaysDead(systems::Failure::Hang)) {
                return futures::future::pending().await;
            }
            let (head, body) = answer.into_parts();
            Ok(RawAnswer { status: head.status, headers: head.headers, body })
        })
    }
}

fn name_of(half: Half) -> &'static str {
    match half {
        Half::A => "array-a",
        Half::B => "array-b",
    }
}

fn token_of(name: &str) -> String {
    format!("token-of-{name}")
}

impl Arrays {
    fn new(driver: Driver) -> Self {
        let world = World::in_memory(1, Arc::new(SystemClock::new()), reactions()).unwrap();
        world.set_pace(Pace::OnCommand).unwrap();
        for name in NAMES {
            world.transact::<_, WorldError>(|at| systems::add(at, name, &token_of(name))).unwrap();
        }
        let arrays = Self { world: Arc::new(world), driver, made: AtomicU32::new(0) };
        arrays.set_pace(QUICK).unwrap();
        arrays
    }

    fn set_pace(&self, seconds: f64) -> Result<(), Fault> {
        let wanted = json!({"transfer_base": seconds, "transfer_per_extent": 0.0});
        let wanted = wanted.as_object().cloned().unwrap_or_default();
        self.at(|at| arrays::change_settings(at, &wanted).map(drop))
    }

    /// Seconds between two scheduled points, and how many are kept; 0: as the groups' settings say.
    fn set_schedules(&self, seconds: f64, keep: u64) -> Result<(), Fault> {
        let wanted = json!({"schedule_interval": seconds, "schedule_keep": keep});
        let wanted = wanted.as_object().cloned().unwrap_or_default();
        self.at(|at| arrays::change_settings(at, &wanted).map(drop))
    }

    /// Puts the new volumes of an array into a group, unless they opt out: asked of its API, as an administrator does.
    fn protect_by_default(&self, half: Half, group: &str) {
        let asked = |method: &str, path: &str, header: (&str, &str), body: Value| {
            let request = http::Request::builder().method(method).uri(path).header(header.0, header.1);
            let answer = self.api(half).answer(&request.body(body.to_string().into()).unwrap());
            assert!(answer.status().is_success(), "{answer:?}");
            answer
        };
        let token = token_of(name_of(half));
        let session = asked("POST", "/api/2.36/login", ("api-token", &token), json!({}));
        let session = session.headers().get("x-auth-token").unwrap().to_str().unwrap().to_owned();
        let protections = json!({"default_protections": [{"name": group, "type": "protection_group"}]});
        let path = "/api/2.36/container-default-protections?names=";
        asked("PATCH", path, ("x-auth-token", &session), protections);
    }

    /// Opens one or the other driver of an array.
    fn open_as(&self, driver: Driver, half: Half) -> Result<Arc<dyn StorageDriver>, Error> {
        let name = name_of(half);
        let settings = ArraySettings::new(format!("https://{name}").parse().unwrap(), token_of(name).into());
        match driver {
            Driver::Mock => MockFactory::of(Arc::clone(&self.world)).open(&name.into(), settings),
            Driver::Pure => {
                let client =
                    Client::new(&name.into(), &settings, Arc::new(InProcess(self.api(half)))).unwrap();
                Ok(Arc::new(PureDriver::new(client)))
            }
        }
    }

    fn at<T>(&self, action: impl FnOnce(&mut Transaction<'_>) -> Result<T, Refused>) -> Result<T, Fault> {
        Ok(self.world.transact(action)?)
    }

    fn api(&self, half: Half) -> FlashArray {
        FlashArray::new(Arc::clone(&self.world), name_of(half), Arc::new(RequestLog::default()))
    }

    /// An id as Cinder gives one.
    fn new_id(&self) -> String {
        format!("c1deb00c-0000-4000-8000-{:012}", self.made.fetch_add(1, Ordering::SeqCst))
    }

    fn make_volume(&self, half: Half, name: &str, provisioned: u64) -> Result<(), Fault> {
        let size = volumes::NewVolume { provisioned, ..volumes::NewVolume::default() };
        self.at(|at| volumes::create(at, name_of(half), name, &size).map(drop))
    }
}

/// A volume's name by its id.
fn name_in(at: &Transaction<'_>, half: Half, volume: &ArrayVolumeId) -> Result<String, Refused> {
    let found: Option<volumes::Volume> = objects::with_id(at, name_of(half), volume.as_str())?;
    found.map(|volume| volume.name).ok_or_else(|| Refused::new("Volume does not exist.", volume.as_str()))
}

fn shown<O: objects::Object + serde::Serialize>(
    at: &Transaction<'_>,
    half: Half,
    all: &mut BTreeMap<Object, String>,
) -> Result<(), Refused> {
    for object in objects::all::<O>(at, name_of(half))? {
        let mut document = serde_json::to_value(&object).unwrap_or_default();
        // What a group sends and counts changes by itself.
        if let Some(fields) = document.as_object_mut() {
            for name in ["next_replication", "next_snapshot"] {
                fields.remove(name);
            }
        }
        all.insert((O::KIND.to_owned(), object.name().to_owned()), document.to_string());
    }
    Ok(())
}

impl Bench for Arrays {
    fn open(&self, half: Half) -> Result<Arc<dyn StorageDriver>, Error> {
        self.open_as(self.driver, half)
    }

    fn create_group(&self, half: Half, members: usize) -> Arrangement<'_, Arranged> {
        Box::pin(async move {
            let id = self.new_id();
            let group = format!("consisgroup-{id}-cinder");
            self.at(|at| groups::create(at, name_of(half), &group).map(drop))?;
            let mut arranged = Arranged { group: id.into(), volumes: Vec::new() };
            for _ in 0..members {
                let volume = self.create_volume(half).await?;
                let name = format!("volume-{volume}-cinder");
                self.at(|at| groups::add_member(at, name_of(half), &group, &name).map(drop))?;
                arranged.volumes.push(volume);
            }
            self.at(|at| targets::add(at, name_of(half), &group, name_of(half.other())).map(drop))?;
            Ok(arranged)
        })
    }

    fn delete_group<'a>(&'a self, half: Half, group: &'a Arranged) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let name = format!("consisgroup-{}-cinder", group.group);
            self.at(|at| groups::destroy(at, name_of(half), &name).map(drop))
        })
    }

    fn create_volume(&self, half: Half) -> Arrangement<'_, VolumeId> {
        Box::pin(async move {
            let id = self.new_id();
            self.make_volume(half, &format!("volume-{id}-cinder"), GIBIBYTE)?;
            Ok(id.into())
        })
    }

    fn create_lookalikes<'a>(&'a self, half: Half, of: &'a Arranged) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let array = name_of(half);
            let group = format!("consisgroup-{}-cinder-2", of.group);
            self.at(|at| groups::create(at, array, &group).map(drop))?;
            for volume in &of.volumes {
                for name in [format!("volume-{volume}-cinder-2"), format!("a-volume-{volume}-cinder")] {
                    self.make_volume(half, &name, 2 * GIBIBYTE)?;
                    self.at(|at| snapshots::create(at, array, &name, Some("p1")).map(drop))?;
                    self.at(|at| groups::add_member(at, array, &group, &name).map(drop))?;
                }
            }
            for suffix in ["p1", "safe"] {
                self.at(|at| points::create(at, array, &group, Some(suffix), points::Sending::No).map(drop))?;
            }
            Ok(())
        })
    }

    fn connect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()> {
        Box::pin(async move {
            let host = format!("host-{}", self.new_id());
            self.at(|at| {
                let name = name_in(at, half, volume)?;
                hosts::create(at, name_of(half), &host)?;
                connections::connect(at, name_of(half), &host, &name, None).map(drop)
            })
        })
    }

    fn disconnect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()> {
        Box::pin(async move {
            self.at(|at| {
                let name = name_in(at, half, volume)?;
                let hosts: Vec<hosts::Host> = objects::all(at, name_of(half))?;
                for connection in connections::of_volume(at, name_of(half), volume.as_str())? {
                    let host = hosts.iter().find(|host| host.id == connection.host);
                    let host = host.map(|host| host.name.clone()).unwrap_or_default();
                    connections::disconnect(at, name_of(half), &host, &name)?;
                }
                Ok(())
            })
        })
    }

    fn write<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId, content: &'a str) -> Arrangement<'a, ()> {
        Box::pin(async move {
            self.at(|at| {
                let name = name_in(at, half, volume)?;
                let mut whole = content.as_bytes().to_vec();
                whole.resize(64, 0);
                volumes::write(at, name_of(half), &name, 0, &whole)
            })
        })
    }

    fn read<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, String> {
        Box::pin(async move {
            let bytes = self.at(|at| {
                let name = name_in(at, half, volume)?;
                volumes::read(at, name_of(half), &name, 0, 64)
            })?;
            Ok(String::from_utf8(bytes)?.trim_end_matches('\0').to_owned())
        })
    }

    fn slow_transfers(&self) -> Arrangement<'_, ()> {
        Box::pin(async move { self.set_pace(SLOW) })
    }

    /// Nothing moves while the source is ill.
    fn hold_transfers(&self) -> Arrangement<'_, ()> {
        Box::pin(async move {
            self.at(|at| systems::set_failure(at, "array-a", Some(systems::Failure::Unavailable)))
        })
    }

    fn release_transfers(&self) -> Arrangement<'_, ()> {
        Box::pin(async move {
            self.at(|at| systems::set_failure(at, "array-a", None))?;
            self.set_pace(QUICK)
        })
    }

    fn schedule_often(&self, keep: Option<u64>) -> Arrangement<'_, ()> {
        Box::pin(async move { self.set_schedules(0.5, keep.unwrap_or(0)) })
    }

    fn schedule_as_set(&self) -> Arrangement<'_, ()> {
        Box::pin(async move { self.set_schedules(0.0, 0) })
    }

    fn everything(&self, half: Half) -> Arrangement<'_, BTreeMap<Object, String>> {
        Box::pin(async move {
            let mut all = BTreeMap::new();
            self.at(|at| {
                shown::<volumes::Volume>(at, half, &mut all)?;
                shown::<snapshots::Snapshot>(at, half, &mut all)?;
                shown::<hosts::Host>(at, half, &mut all)?;
                shown::<groups::Group>(at, half, &mut all)?;
                shown::<points::Point>(at, half, &mut all)?;
                for volume in objects::all::<volumes::Volume>(at, name_of(half))? {
                    let tags = arrays::tags::of(at, &volume)?;
                    let hosts: Vec<Value> = connections::of_volume(at, name_of(half), &volume.id)?
                        .map(|connection| json!([connection.host, connection.lun]))
                        .collect();
                    all.insert(("marks".to_owned(), volume.name), format!("{tags:?} {hosts:?}"));
                }
                Ok(())
            })?;
            Ok(all)
        })
    }

    fn sessions(&self, half: Half) -> Arrangement<'_, usize> {
        Box::pin(async move {
            let asked = http::Request::builder().uri("/_sessions").body(bytes::Bytes::new())?;
            let told: Value = serde_json::from_slice(self.api(half).answer(&asked).body())?;
            let number = told.get("sessions").and_then(Value::as_u64);
            Ok(usize::try_from(number.ok_or("the array does not tell its sessions")?)?)
        })
    }

    fn kill(&self, half: Half) -> Arrangement<'_, ()> {
        Box::pin(async move {
            self.at(|at| systems::set_failure(at, name_of(half), Some(systems::Failure::Hang)))
        })
    }

    fn revive(&self, half: Half) -> Arrangement<'_, ()> {
        Box::pin(async move { self.at(|at| systems::set_failure(at, name_of(half), None)) })
    }

    fn wait(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.world.advance(Duration::from_secs(1)).unwrap();
        })
    }
}

async fn broken_by(driver: Driver) -> String {
    let violations = run_all(&Arrays::new(driver)).await;
    violations.iter().map(|violation| chain(violation)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_driver_of_simulated_arrays_keeps_the_storage_contract() {
    assert_eq!(broken_by(Driver::Mock).await, "");
}

#[tokio::test]
async fn the_flasharray_driver_keeps_the_storage_contract_over_the_simulated_api() {
    assert_eq!(broken_by(Driver::Pure).await, "");
}

/// A group of A with one point that has arrived on B.
async fn with_a_point(arrays: &Arrays) -> (Arranged, GroupOrigin) {
    let context = Context::default();
    let made = arrays.create_group(Half::A, 2).await.unwrap();
    let group = format!("consisgroup-{}-cinder", made.group);
    let origin = GroupOrigin { array: name_of(Half::A).into(), group: group.clone() };
    let open = |half| arrays.open(half).unwrap();
    open(Half::B).allow_replication(&context, &origin).await.unwrap();
    open(Half::A).replicate_now(&context, &group, "p1").await.unwrap();
    arrays.wait().await;
    (made, origin)
}

#[tokio::test]
async fn what_one_driver_holds_the_other_finds_uses_and_releases() {
    let arrays = Arrays::new(Driver::Mock);
    let context = Context::default();
    let (made, origin) = with_a_point(&arrays).await;
    let target = arrays.create_volume(Half::B).await.unwrap();
    for (one, other) in [(Driver::Mock, Driver::Pure), (Driver::Pure, Driver::Mock)] {
        let (one, other) = (arrays.open_as(one, Half::B).unwrap(), arrays.open_as(other, Half::B).unwrap());
        one.hold_point(&context, &origin, "p1").await.unwrap();
        one.discard_replica(&context, &origin, "p1").await.unwrap();
        let listed = |points: Vec<RecoveryPoint>| points.into_iter().find(|point| point.held).unwrap();
        let by_one = listed(one.recovery_points(&context, &origin).await.unwrap());
        let by_other = listed(other.recovery_points(&context, &origin).await.unwrap());
        assert_eq!(by_one.created, by_other.created);
        assert_eq!((by_one.completed, by_one.members.len()), (by_other.completed, made.volumes.len()));
        let volume = other.resolve(&context, std::slice::from_ref(&target)).await.unwrap();
        let volume = volume.into_iter().flatten().next().unwrap();
        let member = by_other.members.first().unwrap().name.clone();
        other.materialize(&context, &origin, "p1", &member, &volume.id).await.unwrap();
        other.hold_point(&context, &origin, "p1").await.unwrap();
        other.release_point(&context, &origin, "p1").await.unwrap();
        assert!(one.recovery_points(&context, &origin).await.unwrap().iter().all(|point| !point.held));
        arrays
            .at(|at| {
                let name = format!("{}:{}.p1", origin.array, origin.group);
                points::set_destroyed(at, name_of(Half::B), &name, false).map(drop)
            })
            .unwrap();
    }
}

#[tokio::test]
async fn what_keeps_a_point_is_in_no_group_though_new_volumes_are_put_into_one() {
    let arrays = Arrays::new(Driver::Pure);
    let context = Context::default();
    let (_, origin) = with_a_point(&arrays).await;
    arrays.at(|at| groups::create(at, name_of(Half::B), "everything").map(drop)).unwrap();
    arrays.protect_by_default(Half::B, "everything");
    let members =
        || arrays.at(|at| Ok(groups::get(at, name_of(Half::B), "everything")?.volumes.len())).unwrap();
    arrays.open(Half::B).unwrap().hold_point(&context, &origin, "p1").await.unwrap();
    assert_eq!(members(), 0);
}

#[tokio::test]
async fn a_group_of_another_array_is_none_by_the_name_that_it_has_here() {
    for driver in [Driver::Mock, Driver::Pure] {
        let arrays = Arrays::new(driver);
        let (_, origin) = with_a_point(&arrays).await;
        let name = format!("{}:{}", origin.array, origin.group);
        let b = arrays.open(Half::B).unwrap();
        assert_eq!(b.storage_group_by_name(&Context::default(), &name).await.unwrap(), None);
    }
}

/// An answer of HTTP to the first who asks.
fn answer_once(body: String) -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 4096];
        let length = stream.read(&mut asked).unwrap();
        assert!(length > 12 && asked.starts_with(b"GET /_world "));
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_finds_the_world_of_the_simulator_at_the_arrays_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world");
    let world = World::open(&path, 1, Arc::new(SystemClock::new()), reactions()).unwrap();
    world.transact::<_, WorldError>(|at| systems::add(at, "array-a", "token")).unwrap();
    let address = answer_once(json!({"path": path, "array": "array-a"}).to_string());
    let open = |token: &str, url: String| {
        let settings = ArraySettings::new(url.parse().unwrap(), token.into());
        protector_mock::factory().open(&"array-of-mine".into(), settings).unwrap()
    };
    let driver = open("token", format!("http://{address}/"));
    let context = protector_core::transport::Context::default();
    let described = driver.describe(&context).await.unwrap();
    assert_eq!(described.name.as_str(), "array-a");
    let address = answer_once(json!({"path": path, "array": "array-a"}).to_string());
    let stranger = open("guessed", format!("http://{address}/")).describe(&context).await.unwrap_err();
    assert!(chain(&stranger).contains("authentication failed"), "{}", chain(&stranger));
}
