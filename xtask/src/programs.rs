//! The programs that the scenario drives.

use crate::process::{cargo, run};
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::PathBuf;

/// Builds them.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let packages = ["build", "--locked", "--package", "protector-examples", "--package", "protector-cli"];
    run(cargo(&workspace.root, packages).args(["--example", "site_failover", "--bin", "protector"]))
}

/// The one that the recorded requests are of.
pub(crate) fn site_failover(workspace: &Workspace) -> PathBuf {
    workspace.target.join("debug/examples/site_failover")
}

/// What the scenario is told of them.
pub(crate) fn options(workspace: &Workspace) -> [String; 4] {
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    let command = workspace.target.join("debug/protector");
    ["--program".to_owned(), path(site_failover(workspace)), "--command".to_owned(), path(command)]
}
