//! Two simulated sites with an application of five VMs whose guests write, and protector between them. Time passes only
//! while everybody waits.

use crate::application;
use crate::cloud::{Cloud, text};
use crate::machines::{self, Machines};
use crate::recorder::Recorder;
use jiff::Timestamp;
use protector_core::config::{Config, Environment, LoadOptions};
use protector_core::domain::{OperationStatus, ProtectionGroup, RecoveryPoint, naming};
use protector_core::id::OperationId;
use protector_core::operations::ProtectRequest;
use protector_core::protector::{OperationReport, Protector, Request};
use protector_core::time::Clock;
use protector_core::transport::TransportFactory;
use protector_mock::arrays::volumes;
use protector_mock::clock::VirtualClock;
use protector_mock::cloud::ServiceKind::{BlockStorage, Compute, Network};
use protector_mock::estate::Estate;
use protector_mock::faults::Profile;
use protector_mock::pair::{ARRAYS, Beginning, EmbeddedPair, Folder, SITES, Wanted};
use protector_mock::world::WorldError;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const GROUP: &str = "application";
/// Between two writes of the guests, each into a place of its own.
const PAUSE: Duration = Duration::from_secs(1);
const BLOCK: usize = 512;
/// The application's owner.
const OWNER: (&str, &str) = ("app-owner", "drill");

pub(crate) struct Scene {
    pub(crate) pair: EmbeddedPair,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) protector: Protector,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) a: Cloud,
    pub(crate) b: Cloud,
    /// The VMs where they run, and whether that is their home.
    running: Machines,
    at_home: bool,
    original: Machines,
    /// When each round of writes was, in order, by the arrays' clock: it is ahead of the program's by what it took to make the
    /// neighbours.
    rounds: Vec<Timestamp>,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// An application at site-a that is protected and has a scheduled point at site-b, after which it has written.
    pub(crate) async fn replicated() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new("2026-03-01T02:00:00Z".parse().unwrap()));
        let estate = include_str!("../../../examples/dr_drill/estate.yaml");
        let estate = estate.replace("volume_types:\n", "volume_types:\n- {name: plain}\n");
        let estate = estate.replace("  networks:\n", &format!("{NEIGHBOURS}  networks:\n"));
        let beginning = Beginning::Told(Box::new(Estate::parse(&estate).unwrap()));
        let wanted = Wanted { seed: Some(7), beginning, ..Wanted::default() };
        let pair = EmbeddedPair::start(Folder::open(folder.path()).unwrap(), &wanted, &clock).unwrap();
        let recorder = Arc::new(Recorder::new(pair.transports()));
        let transports: Arc<dyn TransportFactory> = Arc::<Recorder>::clone(&recorder);
        let protector = Protector::builder(config(&pair))
            .driver(protector_pure::factory())
            .transport(transports)
            .clock(Arc::clone(&clock))
            .open()
            .unwrap();
        let ([site_a, site_b], [array_a, array_b]) = (SITES, ARRAYS);
        let a = Cloud::sign_in(&pair, site_a, array_a, OWNER).await.unwrap();
        let b = Cloud::sign_in(&pair, site_b, array_b, OWNER).await.unwrap();
        application::build(&a, &clock).await.unwrap();
        let running = own(machines::read(&a).await.unwrap());
        let original = running.clone();
        let mut scene = Self {
            pair,
            clock,
            protector,
            recorder,
            a,
            b,
            running,
            at_home: true,
            original,
            rounds: Vec::new(),
            _folder: folder,
        };
        scene.live(5).await;
        let request = Request::Protect(ProtectRequest {
            name: GROUP.to_owned(),
            source: scene.a.site.into(),
            target: scene.b.site.into(),
            servers: application::names(),
        });
        scene.done(&request).await;
        scene.live(340).await;
        scene
    }

    /// The guests write for so many seconds.
    pub(crate) async fn live(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.clock.sleep(PAUSE).await;
            self.write().await;
        }
    }

    async fn write(&mut self) {
        let here = if self.at_home { &self.a } else { &self.b };
        // Whatever was due by then has been done when a service answers.
        let statuses = machines::statuses(here).await.unwrap();
        assert!(self.running.values().all(|machine| statuses[&machine.id] == "ACTIVE"));
        let array = here.array;
        let world = self.pair.pair().world();
        let round = self.rounds.len();
        self.rounds.push(world.transact(|transaction| Ok::<_, WorldError>(transaction.now())).unwrap());
        for (name, machine) in &self.running {
            for (number, disk) in machine.disks.iter().enumerate() {
                let (volume, bytes) = (array_volume(&disk.volume), block(name, number, round));
                let offset = (round * BLOCK) as u64;
                world
                    .transact(|transaction| volumes::write(transaction, array, &volume, offset, &bytes))
                    .unwrap();
            }
        }
    }

    /// The VMs run at the other site from now on.
    pub(crate) async fn moved(&mut self) {
        self.at_home = !self.at_home;
        let here = if self.at_home { &self.a } else { &self.b };
        self.running = own(machines::read(here).await.unwrap());
    }

    /// The owner signs in again: an hour has passed.
    pub(crate) async fn sign_in(&mut self) {
        let ([site_a, site_b], [array_a, array_b]) = (SITES, ARRAYS);
        self.a = Cloud::sign_in(&self.pair, site_a, array_a, OWNER).await.unwrap();
        self.b = Cloud::sign_in(&self.pair, site_b, array_b, OWNER).await.unwrap();
    }

    pub(crate) async fn group(&self) -> ProtectionGroup {
        self.protector.group(GROUP).await.unwrap()
    }

    /// The newest point that may be used; the guests have written before and after it.
    pub(crate) async fn newest_point(&self) -> RecoveryPoint {
        let points = self.protector.recovery_points(GROUP).await.unwrap();
        let newest = points.into_iter().find(|view| view.eligibility.is_eligible()).unwrap().point;
        assert!(self.rounds.iter().any(|at| *at > newest.created), "{newest:?}");
        newest
    }

    /// Plans an operation and runs it.
    pub(crate) async fn run(&mut self, request: &Request) -> OperationReport {
        let planned = Box::pin(self.protector.plan(request)).await.unwrap();
        let plan = planned.plan.unwrap_or_else(|| panic!("{request:?}: {:#?}", planned.findings));
        self.protector.apply(plan).await.unwrap().finish().await.unwrap()
    }

    /// The same, and all of it is done.
    pub(crate) async fn done(&mut self, request: &Request) -> OperationReport {
        let report = self.run(request).await;
        assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
        assert_eq!(report.operation.error_message, None, "{:?}", report.operation);
        report
    }

    pub(crate) fn faults(&self, rules: &str) {
        self.pair.apply(&Profile::parse(rules).unwrap(), Path::new("test")).unwrap();
    }

    /// Every copy runs under its other name with the original's addresses, in a network of its own, on exactly what the
    /// original's disks held at the moment of the point.
    pub(crate) async fn check_copies(&self, there: &Cloud, point: &RecoveryPoint) {
        let machines = machines::read(there).await.unwrap();
        for (name, original) in &self.original {
            let copy = &machines[&naming::test_copy(name)];
            assert_eq!(copy.status, "ACTIVE", "{name}");
            assert_eq!(copy.interfaces.len(), original.interfaces.len(), "{name}");
            for (interface, was) in copy.interfaces.iter().zip(&original.interfaces) {
                for same in ["MAC", "addresses", "security groups"] {
                    assert_eq!(interface.identity[same], was.identity[same], "{name}");
                }
                assert_eq!(interface.identity["network"], naming::test_copy(&was.identity["network"]));
            }
            assert_eq!(copy.disks.len(), original.disks.len(), "{name}");
            for (number, (disk, was)) in copy.disks.iter().zip(&original.disks).enumerate() {
                assert_eq!(
                    (&*disk.identity["type"], &disk.identity["size"]),
                    ("plain", &was.identity["size"])
                );
                let wrong = self.wrong_rounds(there, (name, number), &disk.volume, point.created);
                assert_eq!(wrong, Vec::<usize>::new(), "{name}/{number} of {} rounds", self.rounds.len());
            }
        }
        for network in there.list(Network, "/v2.0/networks", "networks").await.unwrap() {
            assert_eq!(network["router:external"], false);
        }
        let routers = there.list(Network, "/v2.0/routers", "routers").await.unwrap();
        assert_eq!(routers, Vec::<Value>::new());
        for volume in there.list(BlockStorage, "/v3/volumes/detail", "volumes").await.unwrap() {
            if text(&volume, "/volume_type") == "plain" {
                assert_eq!(volume["group_id"], Value::Null, "{volume}");
            }
        }
    }

    /// The rounds that a disk lacks although they were before a moment, or has although they were after it.
    fn wrong_rounds(
        &self,
        there: &Cloud,
        (name, number): (&str, usize),
        volume: &str,
        moment: Timestamp,
    ) -> Vec<usize> {
        let world = self.pair.pair().world();
        let length = (self.rounds.len() * BLOCK) as u64;
        let volume = array_volume(volume);
        let found = world
            .transact(|transaction| volumes::read(transaction, there.array, &volume, 0, length))
            .unwrap();
        let holds = |round: usize| found[round * BLOCK..(round + 1) * BLOCK] == block(name, number, round);
        // What is written at the very moment, which arrays tell in milliseconds, is before it or after it.
        let decided = |at: &Timestamp| at.duration_since(moment).unsigned_abs() > Duration::from_millis(1);
        let rounds = self.rounds.iter().enumerate().filter(|(_, at)| decided(at));
        let wrong = rounds.filter(|(round, at)| holds(*round) != (**at < moment));
        wrong.map(|(round, _)| round).collect()
    }

    /// The group's own VMs run, under their own ids.
    pub(crate) async fn production_runs(&self, here: &Cloud) {
        let machines = machines::read(here).await.unwrap();
        for (name, running) in &self.running {
            assert_eq!((&machines[name].id, &*machines[name].status), (&running.id, "ACTIVE"), "{name}");
        }
    }

    /// Objects that look like a test's, of another test or of nobody.
    pub(crate) async fn leave_look_alikes(&self, there: &Cloud) {
        let metadata = json!({"protector:test": "op-00000000-0000-0000-0000-000000000001",
            "protector:test-lineage": "x"});
        let volume =
            json!({"name": "web-1-root-test", "size": 1, "volume_type": "plain", "metadata": metadata});
        there.made(BlockStorage, "/v3/volumes", "volume", &volume).await.unwrap();
        let network = json!({"name": "app-back-test", "description": "somebody's own"});
        let network = there.made(Network, "/v2.0/networks", "network", &network).await.unwrap();
        let port =
            json!({"network_id": network, "name": "web-1-app-back", "mac_address": "fa:16:3e:14:00:11"});
        there.made(Network, "/v2.0/ports", "port", &port).await.unwrap();
        self.clock.sleep(Duration::from_mins(1)).await;
    }

    /// What bears the marker of a test.
    pub(crate) async fn of_test(&self, there: &Cloud, test: OperationId) -> Vec<String> {
        let marker = test.to_string();
        inventory(there).await.into_values().filter(|told| told.contains(&marker)).collect()
    }
}

/// VMs of the same project that nobody protects, so many that the quotas of both sites have room for a test.
const NEIGHBOURS: &str = "  servers:
  - name: neighbour
    count: 4
    site: site-b
    flavor: app.small
    networks: [app-back]
    volumes:
    - {name: root, size: 1, type: plain}
    - {name: data, size: 1, type: plain}
    - {name: logs, size: 1, type: plain}
";

/// The VMs of the application.
fn own(mut machines: Machines) -> Machines {
    let names = application::names();
    machines.retain(|name, _| names.contains(name));
    machines
}

fn block(name: &str, number: usize, round: usize) -> Vec<u8> {
    format!("{name}/{number}: write {round}; ").bytes().cycle().take(BLOCK).collect()
}

/// What Cinder's driver calls a volume on its array.
fn array_volume(id: &str) -> String {
    format!("volume-{id}-cinder")
}

/// All that there is of the project at a site, by kind and id, without what changes by itself.
pub(crate) async fn inventory(cloud: &Cloud) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (kind, path, list) in [
        (Compute, "/v2.1/servers/detail", "servers"),
        (Compute, "/v2.1/os-server-groups", "server_groups"),
        (BlockStorage, "/v3/volumes/detail", "volumes"),
        (BlockStorage, "/v3/groups/detail", "groups"),
        (BlockStorage, "/v3/snapshots/detail", "snapshots"),
        (Network, "/v2.0/networks", "networks"),
        (Network, "/v2.0/subnets", "subnets"),
        (Network, "/v2.0/ports", "ports"),
        (Network, "/v2.0/security-groups", "security_groups"),
        (Network, "/v2.0/floatingips", "floatingips"),
    ] {
        for mut item in cloud.list(kind, path, list).await.unwrap() {
            for changing in ["updated_at", "updated", "revision_number", "progress"] {
                item.as_object_mut().unwrap().remove(changing);
            }
            all.insert(format!("{list} {}", text(&item, "/id")), item.to_string());
        }
    }
    all
}

fn config(pair: &EmbeddedPair) -> Config {
    let environment = Environment::given([("", ""); 0], pair.folder(), pair.folder().join("none"));
    let options = LoadOptions { protector: Some(pair.file("protector.yaml")), clouds: None, environment };
    let mut config = Config::load(&options).unwrap();
    for array in config.protector.sites.values_mut().flat_map(|site| site.arrays.values_mut()) {
        "pure".clone_into(&mut array.driver);
    }
    config.protector.engine.step_timeout = Duration::from_mins(1);
    config
}
