//! The guarantees of a store in a file, one by one.

mod documents;
mod file;
mod operations;
mod terms;

use super::*;
use crate::journal::{Version, fixture};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The same test in a process of its own, which finds there what to do.
pub(super) struct OtherProcess {
    child: Child,
    lines: BufReader<ChildStdout>,
}

/// What this process is to do for the test that started it: the store file to use.
pub(super) fn store_file_of_other_process() -> Option<PathBuf> {
    std::env::args().find_map(|argument| argument.strip_prefix("store=").map(PathBuf::from))
}

impl OtherProcess {
    /// Starts the named test in another process. That it skips a test with the file's name changes nothing but its
    /// arguments.
    pub(super) fn start(test: &str, file: &Path) -> Self {
        let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&name, "--exact", "--nocapture", "--test-threads=1", "--skip"])
            .arg(format!("store={}", file.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Waits for a line that begins so, and gives the rest of it.
    pub(super) fn wait_for(&mut self, prefix: &str) -> String {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            // The harness does not end its own line before the test writes.
            if let Some((_, rest)) = line.split_once(prefix) {
                return rest.trim_end().to_owned();
            }
            line.clear();
        }
        panic!("the other process ended without saying {prefix:?}");
    }

    /// Kills it at once, as nothing can be caught, and gives what it had still said.
    pub(super) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for OtherProcess {
    fn drop(&mut self) {
        // It is gone already unless the test failed.
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

/// Tells the test that started this process.
pub(super) fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}
