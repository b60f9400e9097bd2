use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use protector_mock::faults::Profile;
use std::path::{Path, PathBuf};

/// Moves a simulated application to another site and back, and compares what arrived.
#[derive(Debug, Parser)]
#[command(name = "dr_drill", version)]
pub(crate) struct Arguments {
    /// How protector speaks to the arrays
    #[arg(long, value_enum, default_value_t = Driver::Pure)]
    pub(crate) driver: Driver,
    /// What goes wrong from the failover on: promote, mac, replication, or a file (docs/simulator.md)
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) fault: Option<String>,
    /// How the result is shown; progress goes to standard error
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) output: Format,
    /// Where ids and addresses of the simulated sites begin
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// How protector speaks to the arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Driver {
    /// As to a FlashArray, by its REST API
    Pure,
    /// In the simulated world itself
    Mock,
}

impl Driver {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Mock => "mock",
        }
    }
}

/// How the result is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
}

/// The profiles that come with the drill.
const PROFILES: [(&str, &str); 3] = [
    ("promote", include_str!("faults/promote.yaml")),
    ("mac", include_str!("faults/mac.yaml")),
    ("replication", include_str!("faults/replication.yaml")),
];

/// A profile of faults, by its name or from a file, and what it is called.
pub(crate) fn profile(told: &str) -> Result<(Profile, PathBuf)> {
    let path = PathBuf::from(told);
    if let Some((_, text)) = PROFILES.iter().find(|(name, _)| *name == told) {
        return match Profile::parse(text) {
            Ok(profile) => Ok((profile, path)),
            Err(what) => bail!("{told} is no profile: {what}"),
        };
    }
    if !Path::new(told).exists() {
        let names: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        bail!("there is neither a profile nor a file {told:?}; profiles are {}", names.join(", "));
    }
    Ok((Profile::read(&path)?, path))
}
