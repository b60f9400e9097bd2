//! The programs that tests stand on: the simulator, and those that the scenario drives.

use crate::process::{cargo, run};
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::PathBuf;

/// Builds them, all with one command: built one by one they have other features, and each build undoes the one before.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let mut build = cargo(
        &workspace.root,
        ["build", "--locked", "--example", "site_failover", "--example", "command_reference"],
    );
    build.args(["--bin", "protector", "--bin", "protector-sim"]);
    let packages = ["protector-examples", "protector-cli", "protector-sim"];
    run(build.args(packages.iter().flat_map(|package| ["--package", package])))
}

/// The one that the recorded requests are of.
pub(crate) fn site_failover(workspace: &Workspace) -> PathBuf {
    workspace.target.join("debug/examples/site_failover")
}

/// The one that prints the command tree as a page.
pub(crate) fn command_reference(workspace: &Workspace) -> PathBuf {
    workspace.target.join("debug/examples/command_reference")
}

/// `protector`.
pub(crate) fn command(workspace: &Workspace) -> PathBuf {
    workspace.target.join("debug/protector")
}

/// What the scenario is told of them.
pub(crate) fn options(workspace: &Workspace) -> [String; 4] {
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    ["--program".to_owned(), path(site_failover(workspace)), "--command".to_owned(), path(command(workspace))]
}
