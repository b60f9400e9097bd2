//! A simulated pair with the built-in estate, and the binary configured for it.

use crate::look::Look;
use crate::schemas;
use protector_core::time::SystemClock;
use protector_mock::pair::{Folder, ServedPair, Wanted};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

pub(crate) struct Bench {
    pair: ServedPair,
    pub(crate) look: Look,
    _folder: tempfile::TempDir,
}

/// What one run of the binary left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was killed"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wanted = Wanted { seed: Some(3), ..Wanted::default() };
        let clock = Arc::new(SystemClock::new());
        let pair = ServedPair::start(Folder::open(folder.path()).unwrap(), &wanted, clock).await.unwrap();
        let look = Look::new(pair.addresses());
        let bench = Self { pair, look, _folder: folder };
        bench.configure(|text| text + "engine: {poll_interval: 0.1, retry_for: 2}\n");
        bench
    }

    /// Changes `protector.yaml`.
    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) {
        let path = self.file("protector.yaml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, change(text)).unwrap();
    }

    /// Writes a file where commands are run.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.pair.file(name)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PROTECTOR_CONFIG", self.file("protector.yaml"))
            .env("OS_CLIENT_CONFIG_FILE", self.file("clouds.yaml"))
            .env("USER", "operator")
            .current_dir(self.file(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end. What it writes for programs has to be what the schemas say.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        let ran = ended(self.begin(arguments)).await;
        schemas::judge_run(arguments, &ran);
        ran
    }

    /// Starts the binary.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Child {
        self.command(env!("CARGO_BIN_EXE_protector"), arguments).spawn().unwrap()
    }

    /// Runs another program of the machine, by its path or as its usual folders have it, to its end.
    pub(crate) async fn tool(&self, program: &str, arguments: &[&str]) -> Ran {
        ended(self.command(program, arguments).spawn().unwrap()).await
    }

    /// Runs the binary, which has to end with 0, and takes its document.
    pub(crate) async fn done(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[&["--output", "json"], arguments].concat()).await;
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:#?}");
        ran.document()
    }
}

/// What is left of a process once it has ended. The pair answers meanwhile.
pub(crate) async fn ended(child: Child) -> Ran {
    tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap().into()
}
