//! A pair of simulated sites and their arrays that tests stand on.

use crate::process::run;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What it says on its standard error.
const LOG: &str = "protector-sim.log";

/// The requests that it answered.
pub(crate) const REQUESTS: &str = "log/requests.jsonl";

/// A pair that runs, and ends with this.
pub(crate) struct Pair {
    process: Child,
    /// Where it keeps everything, `bed.json` included.
    pub(crate) folder: PathBuf,
    /// The file with what it told of itself.
    pub(crate) told: PathBuf,
}

impl Pair {
    /// Starts a new pair in a folder below the target folder, whatever was there before, on ports that are free.
    pub(crate) fn start(workspace: &Workspace, folder: &str) -> Result<Self> {
        let simulator = workspace.target.join("debug/protector-sim");
        let folder = workspace.target.join(folder);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("failed to empty {}", folder.display()));
            }
            _ => {}
        }
        fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
        let log = File::create(folder.join(LOG)).with_context(|| format!("failed to make {LOG}"))?;
        let mut process = Command::new(&simulator)
            .arg("--directory")
            .arg(&folder)
            .args(["--estate", "none", "--base-port", "0", "--output", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("failed to start {}", simulator.display()))?;
        let stdout = process.stdout.take();
        let mut pair = Self { process, told: folder.join("told.json"), folder };
        let mut told = String::new();
        let mut stdout = BufReader::new(stdout.context("protector-sim has no standard output")?);
        stdout.read_line(&mut told).context("failed to read what protector-sim says")?;
        if told.is_empty() {
            let status = pair.process.wait().context("failed to wait for protector-sim")?;
            pair.show_logs();
            bail!("protector-sim ended with {status} before it served anything");
        }
        fs::write(&pair.told, told).with_context(|| format!("failed to write {}", pair.told.display()))?;
        Ok(pair)
    }

    /// Runs tests on it; when they fail, the ends of its logs are part of the output.
    pub(crate) fn run(&self, tests: &mut Command) -> Result<()> {
        run(tests).inspect_err(|_| self.show_logs())
    }

    /// What it said, and the last that it was asked.
    fn show_logs(&self) {
        const LAST: usize = 100;
        for name in [LOG, REQUESTS] {
            let text = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            let lines: Vec<_> = text.lines().collect();
            println!("--- the end of {name}, {} lines in all", lines.len());
            for line in lines.iter().skip(lines.len().saturating_sub(LAST)) {
                println!("{line}");
            }
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // A killed one loses nothing, and one that has ended cannot be killed.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
