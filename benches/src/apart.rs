//! A group that is protected and moved on simulated sites in a process of their own, asked over TLS: what protector takes for it,
//! and nothing of what the sites take.

use crate::groups::{LONGEST_STEP, Shape, estate, group, plan, protect, watch, wrong};
use crate::process::{Used, peak_megabytes, processor_seconds_of};
use anyhow::{Context as _, Result};
use protector_core::config::{Config, Environment, LoadOptions};
use protector_core::protector::{MoveRequest, Protector, Request};
use protector_core::time::{Clock, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// What is measured, on what.
#[derive(Debug, clap::Args)]
pub(crate) struct Apart {
    /// The program that simulates the sites
    #[arg(long)]
    simulator: PathBuf,
    /// VMs of the group
    #[arg(long)]
    servers: u32,
    /// Volumes of each
    #[arg(long)]
    volumes: u32,
    /// Ports of each
    #[arg(long)]
    ports: u32,
}

pub(crate) fn measure(wanted: &Apart) -> Result<Value> {
    let shape = Shape { groups: 1, servers: wanted.servers, volumes: wanted.volumes, ports: wanted.ports };
    let folder = tempfile::tempdir()?;
    let sites = Sites::start(&wanted.simulator, folder.path(), shape)?;
    let config = sites.config()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let process = Pid::from_child(&sites.process);
    let mut measured = runtime.block_on(moved(config, shape, process))?;
    drop(sites);
    if let Some(measured) = measured.as_object_mut() {
        measured.insert("servers_not_as_they_should_be".to_owned(), json!(wrong(folder.path(), shape)?));
    }
    Ok(measured)
}

async fn moved(config: Config, shape: Shape, sites: Pid) -> Result<Value> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let protector = Protector::builder(config).driver(protector_pure::factory()).open()?;
    let begun = Used::now();
    let protected = protect(&protector, shape).await?;
    let protect_took = begun.since();
    let (begun, sites_before) = (Used::now(), processor_seconds_of(sites)?);
    let planned = plan(&protector, &Request::Failover(MoveRequest::planned(group(0)))).await?;
    let (plan_took, sites_took) = (begun.since(), processor_seconds_of(sites)? - sites_before);
    let steps = planned.steps.len();
    let begun = Used::now();
    let run = watch(protector.apply(planned).await?, &clock).await?;
    let took = begun.since();
    protector.close().await;
    Ok(json!({
        "servers": shape.servers, "volumes": shape.volumes, "ports": shape.ports,
        "protect": {
            "seconds": protect_took.seconds, "processor_seconds": protect_took.processor_seconds,
            "events": protected.get("events"),
        },
        "plan": {
            "seconds": plan_took.seconds, "processor_seconds": plan_took.processor_seconds,
            "processor_seconds_of_sites": sites_took, "steps": steps,
        },
        "failover": {"seconds": took.seconds, "processor_seconds": took.processor_seconds, "events": run.events},
        "trouble": run.trouble,
        "peak_megabytes": peak_megabytes()?,
    }))
}

/// The simulated sites; they end with this.
struct Sites {
    process: Child,
    folder: PathBuf,
}

impl Sites {
    fn start(simulator: &Path, folder: &Path, shape: Shape) -> Result<Self> {
        let told = folder.join("estate.json");
        fs::write(&told, estate(shape).to_string())?;
        let mut process = Command::new(simulator)
            .arg("--directory")
            .arg(folder)
            .arg("--estate")
            .arg(told)
            .args(["--seed", "1", "--base-port", "0", "--output", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", simulator.display()))?;
        let stdout = process.stdout.take().context("the sites have no standard output")?;
        let sites = Self { process, folder: folder.to_owned() };
        // It says where everything is when it listens.
        let mut listening = String::new();
        BufReader::new(stdout).read_line(&mut listening)?;
        anyhow::ensure!(!listening.is_empty(), "the sites ended before they served anything");
        Ok(sites)
    }

    fn config(&self) -> Result<Config> {
        let file = |name| Some(self.folder.join(name));
        let environment = Environment::given([("", ""); 0], self.folder.clone(), self.folder.join("none"));
        let options =
            LoadOptions { protector: file("protector.yaml"), clouds: file("clouds.yaml"), environment };
        let mut config = Config::load(&options)?;
        config.protector.engine.step_timeout = LONGEST_STEP;
        Ok(config)
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        // If it has ended already there is nothing to be done.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        drop(self.process.wait());
    }
}
