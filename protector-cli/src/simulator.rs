//! The simulated pair is a program of its own, which stands beside this one: whoever installs both has one command tree, and the
//! command that works on real sites links nothing that only pretends.

use crate::Error;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = "protector-sim";

/// Becomes the simulator, with these options. Returns only if that is not possible.
pub fn start(options: &[OsString]) -> Error {
    let beside = beside().filter(|program| program.is_file());
    let program = beside.unwrap_or_else(|| PROGRAM.into());
    let source = Command::new(&program).args(options).exec();
    Error::NoSimulator { program, source }
}

fn beside() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent().map(Path::to_owned)?.join(PROGRAM))
}
