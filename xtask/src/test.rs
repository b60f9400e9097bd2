//! `cargo xtask test`: everything that can be checked with Rust and Python and nothing else installed.

use crate::process::{cargo, run as run_command, succeeds, tool};
use crate::tier::{Ending, Tiers};
use crate::workspace::Workspace;
use crate::{bindings, guide, python, simulated, strangers, tree};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::process::Command;

const CARGO_DENY: &str = "0.20.2";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these tiers; without any, all of them
    tiers: Vec<Tier>,
    /// Install cargo-deny below the target folder, which takes minutes, where it is not installed
    #[arg(long)]
    deny: bool,
}

/// The parts, in the order in which they run: what is quick comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tier {
    /// The tree: sizes, secrets of a machine, dependencies, arrows between modules, generated pages, links
    Tree,
    /// rustfmt
    Format,
    /// typos, where it is installed
    Spelling,
    /// clippy
    Lints,
    /// Unit and integration tests
    Tests,
    /// The examples in the documentation
    Doctests,
    /// The documentation
    Docs,
    /// The testbed's own tests that need no cloud
    Python,
    /// The Python package: its wheel, in environments of its own
    Bindings,
    /// The user's guide: every page and reference, as a site
    Guide,
    /// Other people's clients on simulated pairs
    Strangers,
    /// The testbed's scenario on a simulated pair
    Scenario,
    /// cargo-deny: advisories, licences, bans, sources; where it is installed
    Deny,
}

impl Tier {
    fn name(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Format => "format",
            Self::Spelling => "spelling",
            Self::Lints => "lints",
            Self::Tests => "tests",
            Self::Doctests => "doctests",
            Self::Docs => "docs",
            Self::Python => "python",
            Self::Bindings => "bindings",
            Self::Guide => "guide",
            Self::Strangers => "strangers",
            Self::Scenario => "scenario",
            Self::Deny => "deny",
        }
    }

    /// Seconds on 2 cores with nothing built before.
    fn budget(self) -> u64 {
        match self {
            Self::Tree => 5,
            Self::Format | Self::Spelling => 10,
            Self::Guide => 60,
            Self::Lints => 180,
            Self::Tests => 540,
            Self::Strangers => 420,
            Self::Doctests | Self::Docs | Self::Python => 90,
            Self::Scenario | Self::Bindings => 600,
            Self::Deny => 900,
        }
    }

    fn body(self, workspace: &Workspace, install_deny: bool) -> Result<Ending> {
        let root = &workspace.root;
        match self {
            Self::Tree => tree::check(root)?,
            Self::Format => run_command(&mut cargo(root, ["fmt", "--all", "--check"]))?,
            Self::Spelling => return spelling(workspace),
            Self::Lints => {
                let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
                run_command(&mut cargo(root, clippy))?;
            }
            Self::Tests if succeeds(&mut cargo(root, ["nextest", "--version"])) => {
                run_command(&mut cargo(
                    root,
                    ["nextest", "run", "--workspace", "--locked", "--no-tests", "pass"],
                ))?;
            }
            Self::Tests => {
                run_command(&mut cargo(root, ["test", "--workspace", "--all-targets", "--locked"]))?;
            }
            Self::Doctests => run_command(&mut cargo(root, ["test", "--workspace", "--doc", "--locked"]))?,
            Self::Docs => {
                let mut doc = cargo(root, ["doc", "--workspace", "--no-deps", "--locked"]);
                run_command(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
            }
            Self::Python => return python::tests(workspace),
            Self::Bindings => bindings::tests(workspace)?,
            Self::Guide => guide::build(workspace)?,
            Self::Strangers => strangers::tests(workspace)?,
            Self::Scenario => simulated::scenario(workspace)?,
            Self::Deny => return deny(workspace, install_deny),
        }
        Ok(Ending::Passed)
    }
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let mut tiers = Tiers::new("cargo xtask test");
    for tier in Tier::value_variants() {
        if arguments.tiers.is_empty() || arguments.tiers.contains(tier) {
            tiers.run(tier.name(), tier.budget(), || tier.body(workspace, arguments.deny));
        }
    }
    tiers.finish()
}

fn spelling(workspace: &Workspace) -> Result<Ending> {
    let Some(typos) = tool(&workspace.target.join("tools"), "typos") else {
        return Ok(Ending::Skipped("typos is not installed (cargo install --locked typos-cli)".to_owned()));
    };
    run_command(Command::new(typos).arg("--config").arg("_typos.toml").current_dir(&workspace.root))?;
    Ok(Ending::Passed)
}

/// cargo-deny is built from source in minutes, so that a plain run does not install it.
fn deny(workspace: &Workspace, install: bool) -> Result<Ending> {
    let tools = workspace.target.join("tools");
    if install && tool(&tools, "cargo-deny").is_none() {
        let package = ["install", "--locked", "cargo-deny", "--version", CARGO_DENY, "--root"];
        run_command(cargo(&workspace.root, package).arg(&tools)).context("failed to install cargo-deny")?;
    }
    let Some(cargo_deny) = tool(&tools, "cargo-deny") else {
        return Ok(Ending::Skipped("cargo-deny is not installed (--deny installs it)".to_owned()));
    };
    let deny = || {
        let mut command = Command::new(&cargo_deny);
        command.current_dir(&workspace.root).arg("--locked");
        command
    };
    run_command(deny().args(["check", "bans", "licenses", "sources"]))?;
    if !succeeds(deny().args(["fetch", "db"])) {
        return Ok(Ending::Partly("advisories were not checked: their database is out of reach".to_owned()));
    }
    run_command(deny().args(["check", "advisories"]))?;
    Ok(Ending::Passed)
}
