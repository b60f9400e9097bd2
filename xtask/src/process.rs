//! Running other programs.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a program that writes to our own output; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("failed to start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// What a program writes to standard output; anything but success is an error.
pub(crate) fn written(command: &mut Command) -> Result<String> {
    let line = line(command);
    println!("$ {line}");
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("failed to start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` wrote what is no text"))
}

/// Whether a program starts and succeeds, without a word.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// `cargo` in the workspace.
pub(crate) fn cargo<A: AsRef<OsStr>>(root: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(arguments);
    without_own_package(&mut command);
    command
}

/// Builds do not see that `cargo run` started this program: some crates are built again when these change.
pub(crate) fn without_own_package(command: &mut Command) {
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"] {
        command.env_remove(name);
    }
}

/// A cargo subcommand that may be installed: for this machine, or below `tools`.
pub(crate) fn tool(tools: &Path, name: &str) -> Option<PathBuf> {
    [tools.join("bin").join(name), PathBuf::from(name)]
        .into_iter()
        .find(|program| succeeds(Command::new(program).arg("--version")))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
