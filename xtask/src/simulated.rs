//! The testbed's scenario on a pair of simulated sites.

use crate::bindings;
use crate::differences::{self, Judged};
use crate::pair::{self, Pair};
use crate::programs;
use crate::python;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// What runs, in one process: the estate that it plays in takes longer to make than most tests. The last two leave it
/// otherwise than they found it.
const TESTS: &[&str] = &[
    "test_scenario.py",
    "test_operations.py",
    "test_faces.py",
    "test_bad_input.py",
    "test_kills.py",
    "test_members.py",
    "test_refusals.py",
];

/// Where the pair is, below the target folder; its record of requests stays.
pub(crate) const FOLDER: &str = "simulated-pair";

/// How much of the kill matrix: all of it takes too long for every run.
const KILLS: [&str; 2] = ["--kill-share", "1/3"];

/// Builds what it needs, starts a pair, runs the scenario on it, ends the pair, and compares what it answered with what real
/// sites did.
pub(crate) fn scenario(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    programs::build(workspace)?;
    let faces = bindings::options(workspace)?;
    let python = python::TESTBED.python(workspace)?;
    let pair = Pair::start(workspace, FOLDER)?;
    let mut pytest = python::pytest(&python, root);
    pytest.args(TESTS.iter().map(|test| format!("testbed/scenario/{test}")));
    pytest.arg("--bed").arg(pair.folder.join("bed.json"));
    pytest.args(programs::options(workspace)).args(faces);
    pytest.arg("--artifacts").arg(pair.folder.join("reports"));
    pair.run(pytest.args(KILLS).arg("--kill-seed").arg(commit(root)))?;
    differences::compare(workspace, &python, &pair.folder.join(pair::REQUESTS), Judged::Simulated)
}

/// The commit, which chooses the kills: over many commits each case runs often.
fn commit(root: &Path) -> String {
    let asked = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root).output();
    let told = asked.ok().filter(|told| told.status.success()).map(|told| told.stdout);
    told.map_or_else(|| "0".to_owned(), |told| String::from_utf8_lossy(&told).trim().to_owned())
}
