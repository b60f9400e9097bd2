//! Measures one goal in a process of its own, and prints what it took as one line of JSON. `cargo xtask bench` runs it for every
//! goal and writes the report.

mod apart;
mod commits;
mod estate;
mod groups;
mod process;

use anyhow::Result;
use clap::Parser;
use serde_json::Value;
use std::io::{self, Write};

/// What is measured.
#[derive(Debug, Parser)]
enum Goal {
    /// A new world with an estate, then opened again
    Estate {
        /// Servers, over both sites; each has four volumes and one port
        #[arg(long, default_value_t = 10_000)]
        servers: u32,
    },
    /// Groups that are protected and then moved, all at once
    Groups(groups::Shape),
    /// A group that is protected and moved, on sites in a process of their own
    Apart(apart::Apart),
    /// So many commits of SQLite, as durable as the journal's
    Commits {
        /// How many
        count: u64,
    },
}

fn main() -> Result<()> {
    let told: Value = match Goal::parse() {
        Goal::Estate { servers } => estate::measure(servers)?,
        Goal::Groups(shape) => groups::measure(shape)?,
        Goal::Apart(wanted) => apart::measure(&wanted)?,
        Goal::Commits { count } => commits::measure(count)?,
    };
    Ok(writeln!(io::stdout().lock(), "{told}")?)
}
