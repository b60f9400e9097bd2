//! Finding a Python that is new enough, and installing one where there is none.

use crate::process::{run, succeeds};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A version of Python: 3 and this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Minor(pub(crate) u8);

/// What the testbed's programs need.
pub(crate) const USUAL: Minor = Minor(11);

impl fmt::Display for Minor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "3.{}", self.0)
    }
}

/// A Python of this version or a later one that is on this machine.
pub(crate) fn find(oldest: Minor) -> Result<PathBuf> {
    found(oldest, []).with_context(|| format!("found no Python of at least {oldest}: install python3"))
}

/// A Python of exactly this version that is on this machine.
pub(crate) fn find_exactly(version: Minor) -> Result<PathBuf> {
    let named = std::iter::once(PathBuf::from(format!("python{version}")));
    let of_pyenv = pyenv().map(|folder| installed_below(&folder.join("versions"))).unwrap_or_default();
    let next = Minor(version.0 + 1);
    let mut pythons = named.chain(of_pyenv);
    let found = pythons.find(|python| is_new_enough(python, version) && !is_new_enough(python, next));
    found.with_context(|| {
        format!("found no Python {version}: install python{version} (and python{version}-venv)")
    })
}

/// A Python of this version or a later one; where there is none, `uv` puts one below the target folder.
pub(super) fn find_or_install(workspace: &Workspace, oldest: Minor) -> Result<PathBuf> {
    let ours = workspace.target.join("xtask-pythons");
    if let Some(python) = found(oldest, installed_below(&ours)) {
        return Ok(python);
    }
    install(workspace, oldest, &ours).with_context(|| {
        format!("found no Python of at least {oldest}, and failed to install one: install python{oldest}")
    })?;
    let python = found(oldest, installed_below(&ours));
    python.with_context(|| format!("uv put no Python of at least {oldest} below {}", ours.display()))
}

/// The first that is new enough, of those on the path, of pyenv's and of others.
fn found(oldest: Minor, others: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let named = (oldest.0..=USUAL.0 + 4).map(|minor| format!("python3.{minor}"));
    let on_the_path = std::iter::once("python3".to_owned()).chain(named).map(PathBuf::from);
    let of_pyenv = pyenv().map(|folder| installed_below(&folder.join("versions"))).unwrap_or_default();
    on_the_path.chain(of_pyenv).chain(others).find(|python| is_new_enough(python, oldest))
}

/// Asked of the program itself: what pyenv puts on the path may be a word about other versions.
fn is_new_enough(python: &Path, oldest: Minor) -> bool {
    let question = format!("import sys; sys.exit(sys.version_info < (3, {}))", oldest.0);
    succeeds(Command::new(python).args(["-c", &question]))
}

/// The Pythons of a folder that has one in each of its folders.
fn installed_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut pythons: Vec<_> = entries.map(|entry| entry.path().join("bin/python3")).collect();
    pythons.sort();
    pythons
}

#[expect(clippy::disallowed_methods, reason = "pyenv's own variable, and where it is without")]
fn pyenv() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("PYENV_ROOT").or_else(|| variable("HOME").map(|home| home.join(".pyenv")))
}

fn install(workspace: &Workspace, version: Minor, folder: &Path) -> Result<()> {
    let mut uv = Command::new(uv(workspace)?);
    uv.args(["python", "install", "--install-dir"]).arg(folder).arg(version.to_string());
    // None on anybody's path.
    run(uv.env("UV_PYTHON_INSTALL_BIN", "0"))
}

/// `uv`: this machine's, or one below the target folder.
fn uv(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("xtask-uv");
    let ours = folder.join("bin/uv");
    let there = [PathBuf::from("uv"), ours.clone()];
    if let Some(uv) = there.into_iter().find(|uv| succeeds(Command::new(uv).arg("--version"))) {
        return Ok(uv);
    }
    create_environment(&find(USUAL)?, &folder)?;
    let mut pip = Command::new(folder.join("bin/python"));
    run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]))?;
    Ok(ours)
}

/// Makes an empty environment. Debian keeps what `venv` needs in a package of its own; `virtualenv` brings it along.
pub(crate) fn create_environment(python: &Path, folder: &Path) -> Result<()> {
    for module in ["venv", "virtualenv"] {
        if succeeds(Command::new(python).args(["-m", module, "--clear"]).arg(folder)) {
            return Ok(());
        }
    }
    let python = python.display();
    bail!("failed to make {} with `{python} -m venv`: install python3-venv", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_too_old_or_none_is_passed_over() {
        assert!(is_new_enough(Path::new("python3"), Minor(0)));
        assert!(!is_new_enough(Path::new("python3"), Minor(99)));
        assert!(!is_new_enough(Path::new("no-such-python"), Minor(0)));
    }

    #[test]
    fn a_folder_that_is_not_there_holds_no_python() {
        assert!(installed_below(Path::new("no-such-folder")).is_empty());
    }
}
