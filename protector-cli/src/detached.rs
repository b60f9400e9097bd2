//! An operation that goes on in a process of its own: this program, started anew as its runner.

use crate::Error;
use protector_core::id::OperationId;
use protector_core::protector::{OperationView, Protector};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often it is looked whether the runner has begun.
const LOOK: Duration = Duration::from_millis(50);

/// Has an operation that is on record run by a process of its own, and returns once that has begun with it: what happens from
/// then on is in the journal.
///
/// # Effects
/// Those of the operation's plan. The process outlives this one, and the terminal.
pub(crate) async fn begin(
    protector: &Protector,
    operation: OperationId,
    config: Option<&Path>,
) -> Result<OperationView, Error> {
    let not_begun = |source| Error::NotBegun { operation, source };
    // What it says before it begins is read here; it has no name, and is gone when nobody has it open any more. A pipe would end
    // with this process.
    let mut said = tempfile::tempfile().map_err(not_begun)?;
    let mut runner = start(operation, config, &said).map_err(not_begun)?;
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        // Before the journal: who has ended by now may have begun before.
        let ended = runner.try_wait().map_err(not_begun)?;
        let view = protector.operation(operation).await?;
        if view.started_at.is_some() {
            return Ok(view);
        }
        if ended.is_some() {
            return Err(not_begun(io::Error::other(all_of(&mut said).map_err(not_begun)?)));
        }
    }
}

fn start(operation: OperationId, config: Option<&Path>, said: &File) -> io::Result<Child> {
    let mut arguments: Vec<OsString> = ["operation", "resume"].map(OsString::from).into();
    arguments.push(operation.to_string().into());
    arguments.extend(["--detached", "--progress", "none"].map(OsString::from));
    if let Some(config) = config {
        arguments.extend(["--config".into(), config.into()]);
    }
    Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone()?)
        .spawn()
}

fn all_of(said: &mut File) -> io::Result<String> {
    let mut text = String::new();
    said.rewind()?;
    said.read_to_string(&mut text)?;
    Ok(text.trim().lines().collect::<Vec<_>>().join("; "))
}

/// Leaves the terminal and the session of whoever started this process: what happens to them does not end it.
///
/// # Errors
/// The process leads its group already.
pub fn leave_terminal() -> io::Result<()> {
    rustix::process::setsid().map(|_| ()).map_err(io::Error::from)
}
