//! Python: an environment of our own below the target folder, and the tests that need no cloud.

use crate::process::{run, succeeds};
use crate::tier::Ending;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = "xtask/python-requirements.txt";

/// What runs without a cloud, below `testbed/`.
const TESTS: &[&str] = &["flasharray", "proxy", "scenario/test_fidelity.py"];

/// Runs the tests that need no cloud.
pub(crate) fn tests(workspace: &Workspace) -> Result<Ending> {
    let testbed = workspace.root.join("testbed");
    let tests: Vec<_> = TESTS.iter().filter(|test| testbed.join(test).exists()).collect();
    if tests.is_empty() {
        return Ok(Ending::Skipped("testbed/ has no such tests".to_owned()));
    }
    let mut pytest = Command::new(environment(workspace)?);
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).args(tests).current_dir(testbed);
    run(pytest.env("PYTHONDONTWRITEBYTECODE", "1"))?;
    Ok(Ending::Passed)
}

/// A Python that is new enough.
pub(crate) fn interpreter() -> Result<&'static str> {
    let new_enough = "import sys; sys.exit(sys.version_info < (3, 11))";
    ["python3", "python3.11", "python3.12", "python3.13", "python3.14"]
        .into_iter()
        .find(|python| succeeds(Command::new(python).args(["-c", new_enough])))
        .context("found no Python of at least 3.11: install python3")
}

/// The environment's Python; the environment is made anew when the requirements have changed.
fn environment(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("xtask-python");
    let python = folder.join("bin/python");
    let requirements = workspace.root.join(REQUIREMENTS);
    let wanted =
        fs::read_to_string(&requirements).with_context(|| format!("failed to read {REQUIREMENTS}"))?;
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted)
        && succeeds(Command::new(&python).arg("-V"))
    {
        return Ok(python);
    }
    create(&folder)?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(install.arg(&requirements))?;
    fs::write(&stamp, wanted).with_context(|| format!("failed to write {}", stamp.display()))?;
    Ok(python)
}

/// Makes an empty environment. Debian's Python brings `venv` in a package of its own; `virtualenv` does as well.
fn create(folder: &Path) -> Result<()> {
    let python = interpreter()?;
    for module in ["venv", "virtualenv"] {
        if succeeds(Command::new(python).args(["-m", module, "--clear"]).arg(folder)) {
            return Ok(());
        }
    }
    bail!("failed to make {} with `{python} -m venv`: install python3-venv", folder.display())
}
