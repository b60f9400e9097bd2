//! Groups that are protected and moved on simulated sites in this process: how long their plans take, what the moves cost, and
//! whether each group had its turn. The sites' time passes only while everybody waits.
//!
//! What came of the moves is read from the world's file, never from what protector says about itself.

use crate::process::{Used, forget_peak, megabytes_now, peak_megabytes};
use anyhow::{Context as _, Result, bail, ensure};
use protector_core::config::{Config, Environment, LoadOptions};
use protector_core::engine::Plan;
use protector_core::operations::ProtectRequest;
use protector_core::protector::{MoveRequest, OperationHandle, Protector, Request};
use protector_core::time::Clock;
use protector_mock::MockFactory;
use protector_mock::clock::VirtualClock;
use protector_mock::estate::Estate;
use protector_mock::pair::{Beginning, EmbeddedPair, Folder, SITES, Wanted};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// An array shows a host 4095 volumes.
const COMPUTE_HOSTS: u32 = 8;

/// The sites have much to do at a time here: what does not come by then does not come.
pub(crate) const LONGEST_STEP: Duration = Duration::from_hours(2);

/// What is measured.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Shape {
    /// Groups, moved at once
    #[arg(long)]
    pub(crate) groups: u32,
    /// VMs of each
    #[arg(long)]
    pub(crate) servers: u32,
    /// Volumes of each VM
    #[arg(long)]
    pub(crate) volumes: u32,
    /// Ports of each VM, each in a network of its own
    #[arg(long)]
    pub(crate) ports: u32,
}

pub(crate) fn group(number: u32) -> String {
    format!("group-{number}")
}

/// What there is at the sites before, as a file of an estate says it.
pub(crate) fn estate(shape: Shape) -> Value {
    let networks: Vec<Value> = (0..shape.ports)
        .map(|number| {
            json!({"name": format!("net-{number}"), "subnet": format!("subnet-{number}"),
            "cidr": format!("10.{number}.0.0/16")})
        })
        .collect();
    let names: Vec<&Value> = networks.iter().filter_map(|network| network.get("name")).collect();
    let volumes: Vec<Value> = (0..shape.volumes)
        .map(|number| json!({"name": format!("disk-{number}"), "size": 1, "type": "replicated"}))
        .collect();
    let servers: Vec<Value> = (0..shape.groups)
        .map(|number| {
            json!({"name": group(number), "count": shape.servers, "flavor": "small", "networks": names,
            "volumes": volumes})
        })
        .collect();
    json!({
        "compute_hosts": COMPUTE_HOSTS,
        "flavors": [{"name": "small", "vcpus": 1, "ram": 512}],
        "volume_types": [{"name": "replicated", "replicated": true}],
        "group_types": [{"name": "protector-async", "replicated": true}],
        "projects": [{
            "name": "app",
            "users": [{"name": "app-owner", "roles": ["member"]}, {"name": "app-protector", "roles": ["admin"]}],
            "networks": networks,
            "servers": servers,
        }],
    })
}

pub(crate) fn measure(shape: Shape) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(moved(folder.path(), shape))
}

async fn moved(folder: &Path, shape: Shape) -> Result<Value> {
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new("2026-03-01T02:00:00Z".parse()?));
    let estate = Estate::parse(&estate(shape).to_string()).map_err(anyhow::Error::msg)?;
    let beginning = Beginning::Told(Box::new(estate));
    let wanted = Wanted { seed: Some(1), beginning, ..Wanted::default() };
    let pair = EmbeddedPair::start(Folder::open(folder)?, &wanted, &clock)?;
    forget_peak()?;
    let sites_megabytes = megabytes_now()?;
    let protector = Protector::builder(config(&pair)?)
        .driver(Arc::new(MockFactory::of(Arc::clone(pair.pair().world()))))
        .transport(pair.transports())
        .clock(Arc::clone(&clock))
        .open()?;
    let protected = protect(&protector, shape).await?;

    let mut plans = Vec::new();
    let (mut longest, mut processor) = (0.0_f64, 0.0_f64);
    for number in 0..shape.groups {
        let begun = Used::now();
        let planned = plan(&protector, &Request::Failover(MoveRequest::planned(group(number)))).await?;
        let took = begun.since();
        longest = longest.max(took.seconds);
        processor = processor.max(took.processor_seconds);
        plans.push(planned);
    }
    let steps: usize = plans.iter().map(|plan| plan.steps.len()).sum();

    let (begun, site_begun) = (Used::now(), clock.monotonic());
    let mut handles = Vec::new();
    for plan in plans {
        handles.push(protector.apply(plan).await?);
    }
    let watched = futures::future::join_all(handles.into_iter().map(|handle| watch(handle, &clock))).await;
    let took = begun.since();
    let site_seconds = clock.monotonic().saturating_sub(site_begun).as_secs_f64();
    let runs = watched.into_iter().collect::<Result<Vec<Run>>>()?;
    protector.close().await;
    let mut ended: Vec<f64> =
        runs.iter().map(|run| run.ended.saturating_sub(site_begun).as_secs_f64()).collect();
    ended.sort_by(f64::total_cmp);
    let troubles: Vec<&String> = runs.iter().filter_map(|run| run.trouble.as_ref()).collect();
    let memory = peak_megabytes()?;
    Ok(json!({
        "groups": shape.groups, "servers": shape.servers, "volumes": shape.volumes, "ports": shape.ports,
        "protect": protected,
        "plan": {"seconds": longest, "processor_seconds": processor, "steps": steps},
        "failover": {
            "seconds": took.seconds, "processor_seconds": took.processor_seconds, "site_seconds": site_seconds,
            "events": runs.iter().map(|run| run.events).sum::<u64>(),
        },
        "groups_not_done": troubles.len(),
        "troubles": troubles,
        "servers_not_as_they_should_be": wrong(folder, shape)?,
        "ended_after": {"first": ended.first(), "median": ended.get(ended.len() / 2), "last": ended.last()},
        "longest_without_an_event": runs.iter().map(|run| run.longest_wait.as_secs_f64()).fold(0.0, f64::max),
        "peak_megabytes": memory,
        "more_than_the_sites_megabytes": memory - sites_megabytes,
    }))
}

pub(crate) async fn protect(protector: &Protector, shape: Shape) -> Result<Value> {
    let begun = Used::now();
    let mut events = 0_u64;
    for number in 0..shape.groups {
        let name = group(number);
        let servers = match shape.servers {
            1 => vec![name.clone()],
            several => (1..=several).map(|one| format!("{name}-{one}")).collect(),
        };
        let [source, target] = SITES.map(Into::into);
        let request = Request::Protect(ProtectRequest { name, source, target, servers });
        let mut handle = protector.apply(plan(protector, &request).await?).await?;
        while handle.next().await.is_some() {
            events += 1;
        }
        let view = handle.finish().await?.operation;
        ensure!(view.status.to_string() == "completed", "{}: {:?}", view.group_name, view.error_message);
    }
    let took = begun.since();
    Ok(json!({"seconds": took.seconds, "processor_seconds": took.processor_seconds, "events": events}))
}

pub(crate) async fn plan(protector: &Protector, request: &Request) -> Result<Plan> {
    let planned = Box::pin(protector.plan(request)).await?;
    let Some(plan) = planned.plan else {
        let findings: Vec<String> = planned.findings.iter().take(5).map(ToString::to_string).collect();
        bail!("{} cannot be planned: {}", request.operation_type(), findings.join("; "));
    };
    Ok(plan)
}

/// What came of one group's move, by the sites' clock.
pub(crate) struct Run {
    /// Why not all of it was done, if it was not.
    pub(crate) trouble: Option<String>,
    ended: Duration,
    /// The longest time without an event of the group's own.
    longest_wait: Duration,
    pub(crate) events: u64,
}

pub(crate) async fn watch(mut handle: OperationHandle, clock: &Arc<dyn Clock>) -> Result<Run> {
    let mut last = clock.monotonic();
    let (mut longest_wait, mut events) = (Duration::ZERO, 0);
    while handle.next().await.is_some() {
        events += 1;
        let now = clock.monotonic();
        longest_wait = longest_wait.max(now.saturating_sub(last));
        last = now;
    }
    let view = handle.finish().await?.operation;
    let done = view.status.to_string() == "completed" && view.error_message.is_none();
    let trouble = (!done).then(|| format!("{}: {} {:?}", view.group_name, view.status, view.error_message));
    Ok(Run { trouble, ended: last, longest_wait, events })
}

/// How many servers do not run at the second site with all their disks and ports, or still run at the first.
pub(crate) fn wrong(folder: &Path, shape: Shape) -> Result<u32> {
    let world = rusqlite::Connection::open(folder.join("world.db"))?;
    let mut statement = world.prepare("SELECT scope, document FROM record WHERE kind = 'compute.server'")?;
    let rows = statement.query_map((), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let (mut arrived, mut stopped) = (0, 0);
    for row in rows {
        let (site, document) = row?;
        let server: Value = serde_json::from_str(&document)?;
        let count = |list: &str| server.get(list).and_then(Value::as_array).map_or(0, Vec::len);
        let whole = count("devices") == shape.volumes as usize && count("interfaces") == shape.ports as usize;
        let state = server.get("vm_state").and_then(Value::as_str).context("a server without a state")?;
        arrived += u32::from(site == SITES[1] && whole && state == "active");
        stopped += u32::from(site == SITES[0] && state == "stopped");
    }
    let all = shape.groups * shape.servers;
    Ok(all - arrived.min(stopped).min(all))
}

fn config(pair: &EmbeddedPair) -> Result<Config> {
    let environment = Environment::given([("", ""); 0], pair.folder(), pair.folder().join("none"));
    let options = LoadOptions { protector: Some(pair.file("protector.yaml")), clouds: None, environment };
    let mut config = Config::load(&options)?;
    for array in config.protector.sites.values_mut().flat_map(|site| site.arrays.values_mut()) {
        "mock".clone_into(&mut array.driver);
    }
    config.protector.engine.step_timeout = LONGEST_STEP;
    Ok(config)
}
