//! The Python package: its wheel is built, installed where nothing of the tree is, and tested there; then what builds on it.

mod faces;

pub(crate) use faces::openstack_client;

use crate::process::{run, succeeds, without_own_package};
use crate::python::interpreter::{self, Minor};
use crate::python::pytest;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where it is, from the workspace.
const FOLDER: &str = "bindings/python";

/// Begins the names of its environments.
const NAME: &str = "bindings";

/// What builds and tests it, in these versions.
const VERSIONS: &str = "bindings/python/requirements.lock";

/// Both have to be there: OpenStack runs on the one, Ansible needs the other.
const PYTHONS: [Minor; 2] = [Minor(11), Minor(12)];

/// Runs everything on every Python.
pub(crate) fn tests(workspace: &Workspace) -> Result<()> {
    let environments: Vec<PathBuf> = PYTHONS
        .into_iter()
        .map(|version| environment(workspace, NAME, version, VERSIONS))
        .collect::<Result<_>>()?;
    let first = environments.first().context("there is no Python to build with")?;
    let wheel = build(workspace, first, TESTED)?;
    for python in &environments {
        let mut install = pip(python);
        run(install.args(["--force-reinstall", "--no-deps", "--no-index"]).arg(&wheel))?;
        test(&workspace.root.join(FOLDER), python)?;
    }
    faces::tests(workspace, &wheel)
}

/// The wheel as it is given away, and the Pythons in which it and the faces are installed.
pub(crate) struct Released {
    pub(crate) wheel: PathBuf,
    pub(crate) openstack: PathBuf,
    pub(crate) ansible: PathBuf,
}

/// Builds the wheel as it is given away and installs it with the faces in Python.
pub(crate) fn released(workspace: &Workspace) -> Result<Released> {
    let [builds, _] = PYTHONS;
    let wheel = build(workspace, &environment(workspace, NAME, builds, VERSIONS)?, GIVEN_AWAY)?;
    let [openstack, ansible] = faces::installed(workspace, &wheel)?;
    Ok(Released { wheel, openstack, ansible })
}

/// Builds the wheel and installs it with the faces in Python; gives what the scenario is told of them.
pub(crate) fn options(workspace: &Workspace) -> Result<Vec<String>> {
    let [builds, _] = PYTHONS;
    let wheel = build(workspace, &environment(workspace, NAME, builds, VERSIONS)?, TESTED)?;
    faces::options(workspace, &wheel)
}

fn pip(python: &Path) -> Command {
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install
}

/// An environment of one version, made anew when what belongs into it has changed.
fn environment(workspace: &Workspace, name: &str, version: Minor, versions: &str) -> Result<PathBuf> {
    let folder = workspace.target.join(format!("xtask-{name}-{version}"));
    let (python, stamp) = (folder.join("bin/python"), folder.join("installed"));
    let locked = workspace.root.join(versions);
    let wanted = fs::read_to_string(&locked).with_context(|| format!("failed to read {versions}"))?;
    let made = fs::read_to_string(&stamp).is_ok_and(|made| made == wanted);
    if !made || !succeeds(Command::new(&python).arg("-V")) {
        interpreter::create_environment(&interpreter::find_exactly(version)?, &folder)?;
        run(pip(&python).arg("--requirement").arg(&locked))?;
        fs::write(&stamp, wanted).with_context(|| format!("failed to write {}", stamp.display()))?;
    }
    Ok(python)
}

/// The wheel's own profile, as `bindings/python/pyproject.toml` has it.
const GIVEN_AWAY: &str = "wheel";

/// What tests are run on: what behaves otherwise in a release build is no test's affair, and that takes minutes.
const TESTED: &str = "dev";

/// The wheel, built with a profile of cargo.
fn build(workspace: &Workspace, python: &Path, profile: &str) -> Result<PathBuf> {
    let wheels = workspace.target.join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).with_context(|| format!("failed to empty {}", wheels.display()))?;
    }
    let mut build = Command::new(python);
    build.current_dir(workspace.root.join(FOLDER)).env("CARGO_TARGET_DIR", &workspace.target);
    without_own_package(&mut build);
    build.args(["-m", "maturin", "build", "--profile", profile, "--locked", "--out"]).arg(&wheels);
    run(build.arg("--interpreter").arg(python))?;
    let mut made = fs::read_dir(&wheels).with_context(|| format!("failed to list {}", wheels.display()))?;
    let wheel = made.next().context("maturin made no wheel")?.context("failed to look at the wheel")?;
    Ok(wheel.path())
}

/// What is installed, with the stubs that it brings, and what its pages show.
fn test(folder: &Path, python: &Path) -> Result<()> {
    let module = |arguments: &[&str]| {
        let mut command = Command::new(python);
        command.current_dir(folder).args(["-W", "error", "-m"]).args(arguments);
        command
    };
    let checks = [
        module(&["mypy", "--strict", "--cache-dir", "/dev/null", "-p", "protector"]),
        module(&["mypy", "--strict", "--cache-dir", "/dev/null", "tests"]),
        module(&["mypy.stubtest", "protector", "--allowlist", "stubtest.allow"]),
        module(&["doctest", "README.md"]),
    ];
    let mut failed = Vec::new();
    for mut check in checks {
        // A check says all that is wrong; the next one may say more.
        if let Err(error) = run(&mut check) {
            failed.push(format!("{error:#}"));
        }
    }
    run(pytest(python, folder).args(["-W", "error", "--doctest-modules", "--pyargs", "protector", "tests"]))?;
    if !failed.is_empty() {
        bail!("the package's types or pages are not as they have to be: {}", failed.join("; "));
    }
    Ok(())
}
