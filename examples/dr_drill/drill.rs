//! The drill itself.

use crate::application;
use crate::arguments::{self, Arguments};
use crate::checks::{self, Check, Expected};
use crate::cloud::Cloud;
use crate::guests::Guests;
use crate::machines::{self, Machines};
use crate::timeline::{Operation, Timeline};
use anyhow::{Context as _, Result};
use protector_cli::progress::{Display, Style};
use protector_core::config::{Config, Environment, LoadOptions};
use protector_core::domain::Finding;
use protector_core::operations::ProtectRequest;
use protector_core::protector::{MoveRequest, Protector, Request};
use protector_core::time::Clock;
use protector_mock::MockFactory;
use protector_mock::clock::VirtualClock;
use protector_mock::estate::Estate;
use protector_mock::pair::{ARRAYS, Beginning, EmbeddedPair, Folder, SITES, Wanted};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The protected group.
const GROUP: &str = "application";

/// Between two writes of the guests, and how often they write between two operations.
const PAUSE: Duration = Duration::from_secs(1);
const ROUNDS: u32 = 10;

/// Nothing takes long on the simulated sites: what does not come by then does not come.
const LONGEST_STEP: Duration = Duration::from_mins(1);

/// How it went.
pub(crate) struct Report {
    pub(crate) driver: &'static str,
    pub(crate) fault: Option<String>,
    pub(crate) checks: Vec<Check>,
    pub(crate) operations: Vec<Operation>,
    /// By the machine's clock.
    pub(crate) took: Duration,
    /// By the sites' clock.
    pub(crate) site_took: Duration,
    /// What this process has computed for it.
    pub(crate) computed: Computed,
}

/// Processor time, of all threads of the process.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Computed {
    /// From the plan of each operation to its end, the sites and the guests included, which are in the same process.
    pub(crate) operations: f64,
    /// Comparing what arrived.
    pub(crate) checks: f64,
    /// How many events of operations were journaled.
    pub(crate) events: u64,
}

impl Report {
    /// Whether something was checked and all of it held.
    pub(crate) fn held(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.held)
    }
}

/// Two sites with protector between them.
struct Scene {
    pair: EmbeddedPair,
    clock: Arc<dyn Clock>,
    protector: Protector,
    a: Cloud,
    b: Cloud,
    guests: Guests,
    report: Report,
}

/// Holds the drill in an empty folder.
pub(crate) async fn hold(arguments: &Arguments, folder: &Path) -> Result<Report> {
    let fault = arguments.fault.as_deref().map(arguments::profile).transpose()?;
    let mut scene = Scene::set(arguments, folder).await?;
    let result = scene.play(fault.as_ref()).await;
    scene.protector.close().await;
    scene.report.site_took = scene.clock.monotonic();
    result.map(|()| scene.report)
}

impl Scene {
    async fn set(arguments: &Arguments, folder: &Path) -> Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the sites' time begins with this machine's")]
        let origin = std::time::SystemTime::now();
        let origin = jiff::Timestamp::try_from(origin).context("this machine's clock is out of range")?;
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(origin));
        let estate = include_str!("estate.yaml");
        let estate = Estate::parse(estate).map_err(anyhow::Error::msg)?;
        let wanted = Wanted {
            seed: Some(arguments.seed),
            beginning: Beginning::Told(Box::new(estate)),
            ..Wanted::default()
        };
        let pair = EmbeddedPair::start(Folder::open(folder)?, &wanted, &clock)?;
        let world = Arc::clone(pair.pair().world());
        let config = config(&pair, arguments)?;
        let protector = Protector::builder(config)
            .driver(protector_pure::factory())
            .driver(Arc::new(MockFactory::of(Arc::clone(&world))))
            .transport(pair.transports())
            .clock(Arc::clone(&clock))
            .open()?;
        let ([site_a, site_b], [array_a, array_b], owner) = (SITES, ARRAYS, ("app-owner", "drill"));
        let a = Cloud::sign_in(&pair, site_a, array_a, owner).await?;
        let b = Cloud::sign_in(&pair, site_b, array_b, owner).await?;
        let report = Report {
            driver: arguments.driver.name(),
            fault: arguments.fault.clone(),
            checks: Vec::new(),
            operations: Vec::new(),
            took: Duration::ZERO,
            site_took: Duration::ZERO,
            computed: Computed::default(),
        };
        Ok(Self { pair, clock, protector, a, b, guests: Guests::new(world), report })
    }

    async fn play(
        &mut self,
        fault: Option<&(protector_mock::faults::Profile, std::path::PathBuf)>,
    ) -> Result<()> {
        say("makes an application of five VMs at site-a");
        application::build(&self.a, &self.clock).await?;
        let original = machines::read(&self.a).await?;
        write(&mut self.guests, &self.clock, &self.a, &original).await?;
        let protect = ProtectRequest {
            name: GROUP.to_owned(),
            source: self.a.site.into(),
            target: self.b.site.into(),
            servers: application::names(),
        };
        if !self.operate("protect", &Request::Protect(protect), &original, true).await? {
            return Ok(());
        }
        write(&mut self.guests, &self.clock, &self.a, &original).await?;
        if let Some((profile, path)) = fault {
            say(&format!("lets {} happen from now on", path.display()));
            self.pair.apply(profile, path)?;
        }
        let moved = self.move_away(&original).await?;
        if fault.is_some() {
            self.check_that_faults_fired();
        }
        if moved && self.report.held() {
            self.come_back(&original).await?;
        }
        Ok(())
    }

    async fn move_away(&mut self, original: &Machines) -> Result<bool> {
        let request = Request::Failover(MoveRequest::planned(GROUP));
        let done = self.operate("failover", &request, original, true).await?;
        let begun = processor_seconds();
        let checks = checks::moved(&self.expected("failover", original, false), false).await?;
        self.checked(checks, begun);
        Ok(done)
    }

    async fn come_back(&mut self, original: &Machines) -> Result<()> {
        let away = machines::read(&self.b).await?;
        write(&mut self.guests, &self.clock, &self.b, &away).await?;
        let request = Request::Failback(MoveRequest::planned(GROUP));
        let done = self.operate("failback", &request, &away, false).await?;
        let begun = processor_seconds();
        let checks = checks::moved(&self.expected("failback", original, true), true).await?;
        self.checked(checks, begun);
        if !done {
            return Ok(());
        }
        write(&mut self.guests, &self.clock, &self.a, original).await?;
        let request = Request::Unprotect { group: GROUP.to_owned(), without_site: None };
        self.operate("unprotect", &request, original, true).await?;
        let begun = processor_seconds();
        let checks = checks::released(&self.expected("unprotect", original, true)).await?;
        self.checked(checks, begun);
        Ok(())
    }

    fn checked(&mut self, checks: Vec<Check>, begun: f64) {
        self.report.computed.checks += processor_seconds() - begun;
        self.report.checks.extend(checks);
    }

    fn expected<'a>(&'a self, after: &'static str, original: &'a Machines, at_home: bool) -> Expected<'a> {
        let (here, there) = if at_home { (&self.a, &self.b) } else { (&self.b, &self.a) };
        Expected { after, here, there, original, guests: &self.guests }
    }

    /// Runs an operation while the guests of the machines go on writing where they run; tells whether all of it was done.
    async fn operate(
        &mut self,
        name: &'static str,
        request: &Request,
        machines: &Machines,
        at_home: bool,
    ) -> Result<bool> {
        say(&format!("{name} of {GROUP}"));
        let computed = processor_seconds();
        let planned =
            self.protector.plan(request).await.with_context(|| format!("{name} cannot be planned"))?;
        let Some(plan) = planned.plan else {
            let findings: Vec<String> = planned.findings.iter().map(Finding::to_string).collect();
            self.report.checks.push(Check::new(name, GROUP, "operation", Err(findings.join("; "))));
            return Ok(false);
        };
        let mut handle = self.protector.apply(plan).await?;
        let plan = Arc::clone(handle.plan());
        let (begun, mut timeline, display) =
            (self.clock.monotonic(), Timeline::default(), Display::new(handle.id(), &plan, Style::Auto));
        let passed = || self.clock.monotonic().saturating_sub(begun);
        let running = if at_home { &self.a } else { &self.b };
        loop {
            tokio::select! {
                biased;
                progress = handle.next() => match progress {
                    Some(progress) => {
                        self.report.computed.events += 1;
                        timeline.note(&plan, &progress.event, passed());
                        display.show(&progress);
                    }
                    None => break,
                },
                () = self.clock.sleep(PAUSE) => self.guests.write(running, machines).await?,
            }
        }
        display.end();
        let seconds = passed().as_secs_f64();
        let view = handle.finish().await?.operation;
        self.report.computed.operations += processor_seconds() - computed;
        let (status, error_message) = (view.status.to_string(), view.error_message);
        let done = status == "completed";
        if !done {
            let why = error_message.clone().unwrap_or_else(|| "no reason is told".to_owned());
            self.report.checks.push(Check::new(name, GROUP, "operation", Err(format!("{status}: {why}"))));
        }
        let steps = timeline.into_steps();
        let operation_type = name.to_owned();
        self.report.operations.push(Operation { operation_type, status, error_message, seconds, steps });
        Ok(done)
    }

    /// A fault that did not happen shows nothing.
    fn check_that_faults_fired(&mut self) {
        for rule in self.pair.surroundings().rules() {
            if rule.get("fired").and_then(Value::as_u64) == Some(0) {
                let found = format!("its rule never fired: {rule}");
                self.report.checks.push(Check::new("failover", "drill", "fault", Err(found)));
            }
        }
    }
}

fn config(pair: &EmbeddedPair, arguments: &Arguments) -> Result<Config> {
    let environment = Environment::given([("", ""); 0], pair.folder(), pair.folder().join("none"));
    let options = LoadOptions { protector: Some(pair.file("protector.yaml")), clouds: None, environment };
    let mut config = Config::load(&options)?;
    for array in config.protector.sites.values_mut().flat_map(|site| site.arrays.values_mut()) {
        arguments.driver.name().clone_into(&mut array.driver);
    }
    config.protector.engine.step_timeout = LONGEST_STEP;
    Ok(config)
}

async fn write(
    guests: &mut Guests,
    clock: &Arc<dyn Clock>,
    cloud: &Cloud,
    machines: &Machines,
) -> Result<()> {
    for _ in 0..ROUNDS {
        clock.sleep(PAUSE).await;
        guests.write(cloud, machines).await?;
    }
    say(&format!("{} blocks are written into each disk at {}", guests.rounds(), cloud.site));
    Ok(())
}

fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn say(what: &str) {
    eprintln!("=== {what}");
}
