//! What real sites answered to the scenario, as it is recorded, compared with what others answer.

use crate::process::run;
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// What real sites answered.
const RECORDED: &str = "testbed/scenario/recorded/real.json";

/// The differences that are meant.
const EXCEPTIONS: &str = "docs/differences.yaml";

/// Which of the two is judged.
#[derive(Clone, Copy)]
pub(crate) enum Judged {
    /// Simulated sites: they have to answer as the real ones did.
    Simulated,
    /// The recording: real sites must not answer what it does not know.
    Recording,
}

/// Compares a record of requests with the recording; writes a report beside it.
pub(crate) fn compare(workspace: &Workspace, python: &Path, record: &Path, judged: Judged) -> Result<()> {
    let mut command = script(workspace, python);
    // What was asked of the recorded sites an earlier program asked.
    command.arg(RECORDED).arg(record).args(["--exceptions", EXCEPTIONS, "--only", "answers"]);
    command.arg("--report").arg(record.with_file_name("differences.json"));
    if matches!(judged, Judged::Recording) {
        command.arg("--new");
    }
    run(&mut command)
}

/// Compares what the program has asked of real sites and of simulated ones.
pub(crate) fn compare_asked(
    workspace: &Workspace,
    python: &Path,
    real: &Path,
    simulated: &Path,
) -> Result<()> {
    run(script(workspace, python).arg(real).arg(simulated).args(["--only", "asked"]))
}

/// Adds what real sites answered to the recording.
pub(crate) fn record(workspace: &Workspace, python: &Path, record: &Path) -> Result<()> {
    run(script(workspace, python).args(["--record", RECORDED]).arg(record))
}

fn script(workspace: &Workspace, python: &Path) -> Command {
    let mut script = Command::new(python);
    script.current_dir(&workspace.root).env("PYTHONDONTWRITEBYTECODE", "1");
    script.arg("testbed/scenario/differences.py");
    script
}
