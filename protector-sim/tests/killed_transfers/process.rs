//! The process that is killed.

use crate::client::Client;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

/// A pair that runs, in a folder that outlives it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
    directory: PathBuf,
}

impl Process {
    /// Begins to start; nothing listens yet.
    pub(crate) fn spawn(directory: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_protector-sim"))
            .arg("--directory")
            .arg(directory)
            .args(["--estate", "none", "--output", "json"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, directory: directory.to_owned() }
    }

    /// Waits until it says where everything is.
    pub(crate) fn client(&mut self) -> Arc<Client> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).expect("the pair ended, see its words above");
        let authority = fs::read(self.directory.join("tls/authority.pem")).unwrap();
        let mut targets = told["targets"].clone();
        targets["admin"] = told["admin"].clone();
        Arc::new(Client::new(authority, targets))
    }

    /// Kills it as soon as it has written into its world, or ended.
    pub(crate) fn kill_when_it_writes(mut self) {
        let log = self.directory.join("world.db-wal");
        let state = || fs::metadata(&log).map(|found| (found.len(), found.modified().unwrap())).ok();
        let before = state();
        while state() == before && self.child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        assert!(self.child.try_wait().unwrap().is_none(), "it ended by itself");
        self.kill();
    }

    /// SIGKILL. Nobody is told.
    pub(crate) fn kill(&mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
