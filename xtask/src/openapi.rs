//! `cargo xtask openapi`: whether simulated FlashArrays answer as the vendor's OpenAPI files say.

use crate::process::run;
use crate::programs;
use crate::python;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of the vendor's files (FA2.4.spec.yaml, FA2.26.spec.yaml, FA2.36.spec.yaml)
    #[arg(long, value_name = "DIR")]
    files: PathBuf,
}

pub(crate) fn validate(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    programs::build(workspace)?;
    let files = std::path::absolute(&arguments.files)
        .with_context(|| format!("failed to find {}", arguments.files.display()))?;
    run(&mut script(&python::TESTBED.python(workspace)?, workspace, &files))
}

fn script(python: &Path, workspace: &Workspace, files: &Path) -> Command {
    let mut script = Command::new(python);
    script.current_dir(&workspace.root).env("PYTHONDONTWRITEBYTECODE", "1");
    script.arg("testbed/openapi/validate.py").arg("--files").arg(files);
    script.arg("--simulator").arg(workspace.target.join("debug/protector-sim"));
    script
}
