//! Two simulated sites with an application of five VMs, and protector between them. Time passes only while everybody waits.

use crate::application;
use crate::cloud::Cloud;
use crate::guests::Guests;
use crate::machines::{self, Machines};
use futures::future::BoxFuture;
use protector_core::config::{Config, Environment, LoadOptions};
use protector_core::domain::{GroupStatus, OperationStatus, ProtectionGroup};
use protector_core::operations::{Planned, ProtectRequest};
use protector_core::protector::{OperationReport, Protector, Request};
use protector_core::steps::{Command, CommandEnd, Machine};
use protector_core::time::Clock;
use protector_mock::clock::VirtualClock;
use protector_mock::estate::Estate;
use protector_mock::faults::Profile;
use protector_mock::pair::{ARRAYS, Beginning, EmbeddedPair, Folder, SITES, Wanted};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const GROUP: &str = "application";
/// Between two writes of the guests: in no step with schedules, so that no write falls on the moment of a point.
pub(crate) const PAUSE: Duration = Duration::from_millis(1009);

/// Which ports of guests answer, and how programs end.
#[derive(Debug, Default)]
pub(crate) struct Network {
    pub(crate) open: Mutex<BTreeSet<SocketAddr>>,
    pub(crate) asked: Mutex<Vec<SocketAddr>>,
    /// How programs end that are not to end with 0; without a code they do not end at all.
    pub(crate) broken: Mutex<BTreeMap<String, Option<i32>>>,
    pub(crate) ran: Mutex<Vec<Command>>,
}

impl Machine for Network {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<()>> {
        self.asked.lock().unwrap().push(address);
        let open = self.open.lock().unwrap().contains(&address);
        Box::pin(async move { if open { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused.into()) } })
    }

    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, io::Result<CommandEnd>> {
        self.ran.lock().unwrap().push(command.clone());
        let code = self.broken.lock().unwrap().get(&command.program).copied().unwrap_or(Some(0));
        Box::pin(async move {
            match code {
                Some(_) => Ok(CommandEnd { code, output: format!("{} has run", command.program) }),
                None => std::future::pending().await,
            }
        })
    }
}

pub(crate) struct Scene {
    pub(crate) pair: EmbeddedPair,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) protector: Protector,
    pub(crate) a: Cloud,
    pub(crate) b: Cloud,
    pub(crate) guests: Guests,
    pub(crate) machine: Arc<Network>,
    /// The group's VMs where they run, and whether that is their home.
    pub(crate) running: Machines,
    pub(crate) at_home: bool,
    /// The VMs of the group, by name.
    pub(crate) members: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// An application at site-a that is not protected yet.
    pub(crate) async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new("2026-03-01T02:00:00Z".parse().unwrap()));
        let estate = include_str!("../../../examples/dr_drill/estate.yaml");
        // A test's volumes are of a type that does not replicate, and stand beside the twins.
        let estate = estate.replace("volume_types:\n", "volume_types:\n- {name: plain}\n");
        let estate = estate.replace("- name: app\n", "- name: app\n  quotas: {volumes: 100}\n");
        let operator = "  - {name: app-operator, roles: [admin], password: drill}\n  networks:\n";
        let estate = estate.replace("  networks:\n", operator);
        let estate = Estate::parse(&estate).unwrap();
        let wanted =
            Wanted { seed: Some(7), beginning: Beginning::Told(Box::new(estate)), ..Wanted::default() };
        let pair = EmbeddedPair::start(Folder::open(folder.path()).unwrap(), &wanted, &clock).unwrap();
        let world = Arc::clone(pair.pair().world());
        let machine = Arc::new(Network::default());
        let protector = open(&pair, &clock, &machine);
        let ([site_a, site_b], [array_a, array_b], owner) = (SITES, ARRAYS, ("app-owner", "drill"));
        let a = Cloud::sign_in(&pair, site_a, array_a, owner).await.unwrap();
        let b = Cloud::sign_in(&pair, site_b, array_b, owner).await.unwrap();
        application::build(&a, &clock).await.unwrap();
        let running = machines::read(&a).await.unwrap();
        let guests = Guests::new(world);
        let members = application::names();
        Self {
            pair,
            clock,
            protector,
            a,
            b,
            guests,
            machine,
            running,
            at_home: true,
            members,
            _folder: folder,
        }
    }

    /// The same, protected, with some minutes of its life behind it.
    pub(crate) async fn protected() -> Self {
        Self::protected_but(&[]).await
    }

    /// The same without some VMs.
    pub(crate) async fn protected_but(without: &[&str]) -> Self {
        let mut scene = Self::set().await;
        for name in without {
            scene.lose(name);
        }
        scene.live(10).await;
        scene.protect().await;
        scene.live(10).await;
        scene
    }

    /// Protects the group's VMs.
    pub(crate) async fn protect(&mut self) {
        let request = Request::Protect(ProtectRequest {
            name: GROUP.to_owned(),
            source: self.a.site.into(),
            target: self.b.site.into(),
            servers: self.members.clone(),
        });
        self.done(&request).await;
    }

    /// From now on protector's configuration says this of the mappings, as YAML in one line.
    pub(crate) fn map(&mut self, mappings: &str) {
        self.configure("mappings", mappings);
    }

    /// From now on protector's configuration says this at a key, as YAML in one line.
    pub(crate) fn configure(&mut self, key: &str, value: &str) {
        let path = self.pair.file("protector.yaml");
        let written = std::fs::read_to_string(&path).unwrap();
        let others = written.lines().filter(|line| !line.starts_with(&format!("{key}:")));
        let lines: Vec<String> = others.map(str::to_owned).chain([format!("{key}: {value}\n")]).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        self.protector = open(&self.pair, &self.clock, &self.machine);
    }

    pub(crate) fn here(&self) -> &Cloud {
        if self.at_home { &self.a } else { &self.b }
    }

    pub(crate) fn there(&self) -> &Cloud {
        if self.at_home { &self.b } else { &self.a }
    }

    /// The guests write for so many seconds: each second of a short while, a hundred times at the most in a long one.
    pub(crate) async fn live(&mut self, seconds: u32) {
        let stride = 1 + seconds / 100;
        for _ in 0..seconds / stride {
            self.clock.sleep(PAUSE * stride).await;
            self.write().await;
        }
    }

    pub(crate) async fn write(&mut self) {
        let cloud = if self.at_home { &self.a } else { &self.b };
        self.guests.write(cloud, &self.running, self.clock.now()).await;
    }

    /// The VMs run at the other site from now on.
    pub(crate) async fn moved(&mut self) {
        self.at_home = !self.at_home;
        self.look().await;
    }

    /// Looks at the group's VMs where they run.
    pub(crate) async fn look(&mut self) {
        self.running = machines::read(self.here()).await.unwrap();
        self.running.retain(|name, _| self.members.contains(name));
    }

    /// A VM is in the group from now on.
    pub(crate) async fn gain(&mut self, name: &str) {
        self.members.push(name.to_owned());
        self.look().await;
    }

    /// A VM is not in the group any more: what its guest does is not looked at.
    pub(crate) fn lose(&mut self, name: &str) {
        self.members.retain(|member| member != name);
        self.running.remove(name);
        self.guests.forget(name);
    }

    pub(crate) async fn group(&self) -> ProtectionGroup {
        self.protector.group(GROUP).await.unwrap()
    }

    pub(crate) async fn plan(&self, request: &Request) -> Planned {
        Box::pin(self.protector.plan(request)).await.unwrap()
    }

    /// Plans an operation and runs it, while the guests go on writing where they run.
    pub(crate) async fn run(&mut self, request: &Request) -> OperationReport {
        let planned = self.plan(request).await;
        let plan = planned.plan.unwrap_or_else(|| panic!("{request:?}: {:#?}", planned.findings));
        let mut handle = self.protector.apply(plan).await.unwrap();
        loop {
            tokio::select! {
                biased;
                progress = handle.next() => if progress.is_none() { break },
                () = self.clock.sleep(PAUSE) => self.write().await,
            }
        }
        handle.finish().await.unwrap()
    }

    /// The same, and all of it is done.
    pub(crate) async fn done(&mut self, request: &Request) -> OperationReport {
        let report = self.run(request).await;
        assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
        assert_eq!(report.operation.error_message, None, "{:?}", report.operation);
        report
    }

    /// Every VM runs where the group does, and only there, on exactly what its guest wrote last.
    pub(crate) async fn check(&self, status: GroupStatus) {
        let group = self.group().await;
        assert_eq!(group.status, status);
        assert_eq!(group.current_primary_site.as_str(), self.here().site);
        let (here, there) =
            (machines::read(self.here()).await.unwrap(), machines::read(self.there()).await.unwrap());
        for name in &self.members {
            assert_eq!(here[name].status, "ACTIVE", "{name} at {}", self.here().site);
            if let Some(shadow) = there.get(name) {
                assert_eq!(shadow.status, "SHUTOFF", "{name} at {}", self.there().site);
            }
        }
        assert_eq!(self.guests.differences(self.here(), &here), Vec::<String>::new());
    }

    pub(crate) fn faults(&self, rules: &str) {
        self.pair.apply(&Profile::parse(rules).unwrap(), Path::new("test")).unwrap();
    }
}

fn open(pair: &EmbeddedPair, clock: &Arc<dyn Clock>, machine: &Arc<Network>) -> Protector {
    Protector::builder(config(pair))
        .driver(protector_pure::factory())
        .transport(pair.transports())
        .clock(Arc::clone(clock))
        .machine(Arc::<Network>::clone(machine))
        .open()
        .unwrap()
}

fn config(pair: &EmbeddedPair) -> Config {
    let environment = Environment::given([("", ""); 0], pair.folder(), pair.folder().join("none"));
    let options = LoadOptions { protector: Some(pair.file("protector.yaml")), clouds: None, environment };
    let mut config = Config::load(&options).unwrap();
    config.protector.engine.step_timeout = Duration::from_mins(1);
    config
}
