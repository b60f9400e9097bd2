use crate::arrays;
use clap::{Parser, Subcommand, ValueEnum};
use protector_mock::cloud::Release;
use protector_mock::pair::{Beginning, Place, ServedPair, Wanted};
use protector_mock::world::Pace;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

/// Two simulated OpenStack sites and two simulated FlashArrays on this machine's loopback.
///
/// Everything is kept in one folder; a second start with the same folder goes on where the first ended.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The folder of the pair; made if it is not there
    #[arg(long, default_value = "pair")]
    pub(crate) directory: PathBuf,
    /// Where the seeded source of a new world begins
    #[arg(long)]
    seed: Option<u64>,
    /// The OpenStack release that both sites behave like
    #[arg(long, value_enum)]
    release: Option<ReleaseArgument>,
    /// Ports are counted from here, as on the testbed; 0 takes free ones
    #[arg(long)]
    base_port: Option<u16>,
    /// What there is in a new world: a file, YAML or JSON, or `none` for administrators only; an example without
    #[arg(long, value_name = "FILE|none")]
    estate: Option<PathBuf>,
    /// Latencies and limits: a file of rules and settings, YAML or JSON
    #[arg(long, value_name = "FILE")]
    latency: Vec<PathBuf>,
    /// Faults: a file of rules and settings, YAML or JSON
    #[arg(long, value_name = "FILE")]
    fault: Vec<PathBuf>,
    /// Time stands still but for `POST /clock` of the admin API
    #[arg(long, conflicts_with = "time_factor")]
    virtual_time: bool,
    /// So many seconds of the sites pass in one of the machine's
    #[arg(long, value_name = "FACTOR")]
    time_factor: Option<f64>,
    /// How to say where everything is
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// What else than a pair can be simulated.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Arrays(arrays::Arguments),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReleaseArgument {
    #[value(name = "2024.1")]
    R2024_1,
    #[value(name = "2026.2")]
    R2026_2,
}

impl Arguments {
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            seed: self.seed,
            release: self.release.map(|release| match release {
                ReleaseArgument::R2024_1 => Release::R2024_1,
                ReleaseArgument::R2026_2 => Release::R2026_2,
            }),
            base_port: self.base_port,
            beginning: match &self.estate {
                None => Beginning::Example,
                Some(none) if none.as_os_str() == "none" => Beginning::Empty,
                Some(file) => Beginning::File(file.clone()),
            },
            pace: match (self.virtual_time, self.time_factor) {
                (true, _) => Some(Pace::OnCommand),
                (false, factor) => factor.map(Pace::Factor),
            },
            profiles: self.latency.iter().chain(&self.fault).cloned().collect(),
        }
    }
}

/// How it is said where everything is.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Output {
    /// What to type next
    #[default]
    Text,
    /// One line of JSON
    Json,
}

impl Output {
    pub(crate) fn tell(self, pair: &ServedPair) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let file = |name| pair.file(name).display().to_string();
        let admin = pair.addresses().origin(Place::Admin);
        match self {
            Self::Json => {
                let places = pair
                    .pair()
                    .endpoints()
                    .map(|(place, _)| (place.to_string(), json!(pair.addresses().origin(place))));
                let told = json!({
                    "clouds": file("clouds.yaml"),
                    "protector": file("protector.yaml"),
                    "bed": file("bed.json"),
                    "authority": file("tls/authority.pem"),
                    "world": file("world.db"),
                    "admin": admin,
                    "targets": places.collect::<serde_json::Map<_, _>>(),
                });
                writeln!(out, "{told}")?;
            }
            Self::Text => {
                writeln!(out, "A simulated pair is up: site-a with array-a, site-b with array-b. Next:\n")?;
                writeln!(out, "    export PROTECTOR_CONFIG={}", file("protector.yaml"))?;
                writeln!(out, "    export OS_CLIENT_CONFIG_FILE={}", file("clouds.yaml"))?;
                writeln!(out, "    protector site list")?;
                writeln!(out, "    openstack --os-cloud site-a server list")?;
                writeln!(out, "    curl -s {admin}/requests\n")?;
                writeln!(out, "Ctrl-C ends it; the same command goes on with the same world.")?;
            }
        }
        out.flush()
    }
}
