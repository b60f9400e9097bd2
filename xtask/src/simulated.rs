//! The testbed's scenario on a pair of simulated sites.

use crate::process::{cargo, run};
use crate::python;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What runs, in one process: the estate that it plays in takes longer to make than most tests. The last leaves it in
/// ruins.
const TESTS: &[&str] = &["test_scenario.py", "test_bad_input.py", "test_kills.py", "test_refusals.py"];

/// How much of the kill matrix: all of it takes too long for every run.
const KILLS: [&str; 2] = ["--kill-share", "1/3"];

/// Builds what it needs, starts a pair, runs the scenario on it and ends the pair.
pub(crate) fn scenario(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    run(&mut cargo(root, ["build", "--locked", "--package", "protector-sim"]))?;
    let program = ["build", "--locked", "--package", "protector-examples", "--example", "site_failover"];
    run(&mut cargo(root, program))?;
    let python = python::environment(workspace)?;
    let folder = workspace.target.join("simulated-pair");
    let pair = Pair::start(&workspace.target.join("debug/protector-sim"), &folder)?;
    let mut pytest = Command::new(&python);
    pytest.current_dir(root).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    pytest.args(TESTS.iter().map(|test| format!("testbed/scenario/{test}")));
    pytest.arg("--bed").arg(pair.folder.join("bed.json"));
    pytest.arg("--program").arg(workspace.target.join("debug/examples/site_failover"));
    pytest.arg("--artifacts").arg(pair.folder.join("reports"));
    run(pytest.args(KILLS).arg("--kill-seed").arg(commit(root)))
}

/// The commit, which chooses the kills: over many commits each case runs often.
fn commit(root: &Path) -> String {
    let asked = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root).output();
    let told = asked.ok().filter(|told| told.status.success()).map(|told| told.stdout);
    told.map_or_else(|| "0".to_owned(), |told| String::from_utf8_lossy(&told).trim().to_owned())
}

/// A pair that runs, and ends with this.
struct Pair {
    process: Child,
    folder: PathBuf,
}

impl Pair {
    /// Starts a new pair in a folder, whatever was there before, on ports that are free.
    fn start(simulator: &Path, folder: &Path) -> Result<Self> {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("failed to empty {}", folder.display()));
            }
            _ => {}
        }
        let mut command = Command::new(simulator);
        command.arg("--directory").arg(folder).args([
            "--estate",
            "none",
            "--base-port",
            "0",
            "--output",
            "json",
        ]);
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", simulator.display()))?;
        let mut pair = Self { process, folder: folder.to_owned() };
        let stdout = pair.process.stdout.take().context("protector-sim has no standard output")?;
        let mut told = String::new();
        BufReader::new(stdout).read_line(&mut told).context("failed to read what protector-sim says")?;
        if told.is_empty() {
            let status = pair.process.wait().context("failed to wait for protector-sim")?;
            anyhow::bail!("protector-sim ended with {status} before it served anything");
        }
        Ok(pair)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // A killed one loses nothing, and one that has ended cannot be killed.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
