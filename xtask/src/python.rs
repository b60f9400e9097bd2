//! Python: environments of our own below the target folder, and the tests that need no cloud.

pub(crate) mod interpreter;

use crate::process::{run, succeeds};
use crate::tier::Ending;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use interpreter::Minor;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages for tests.
pub(crate) struct Environment {
    /// The folder below the target folder.
    pub(crate) name: &'static str,
    /// What the tests import besides the standard library.
    pub(crate) packages: &'static [&'static str],
    /// The lock file with their versions, and the folders that lead there from the workspace.
    pub(crate) versions: &'static str,
    /// The oldest Python that will do.
    pub(crate) oldest: Minor,
}

/// For the testbed's own tests, and those on sites.
pub(crate) const TESTBED: Environment = Environment {
    name: "xtask-python",
    packages: &["jsonschema", "openstacksdk", "pymysql", "pytest", "pyyaml", "requests"],
    versions: VERSIONS,
    oldest: interpreter::USUAL,
};

/// The versions that the testbed installs.
pub(crate) const VERSIONS: &str = "testbed/requirements.lock";

/// What runs without a cloud, below `testbed/`. Each has a process of its own: their modules share names.
const TESTS: &[&str] = &[
    "proxy",
    "bed",
    "scenario/test_fidelity.py",
    "scenario/test_checks.py",
    "scenario/test_writes.py",
    "scenario/test_traces.py",
    "scenario/test_differences.py",
    "openapi",
];

/// Runs the tests that need no cloud.
pub(crate) fn tests(workspace: &Workspace) -> Result<Ending> {
    let testbed = workspace.root.join("testbed");
    let has_tests = |test: &&&str| testbed.join(test).is_file() || holds_tests(&testbed.join(test));
    let tests: Vec<_> = TESTS.iter().filter(has_tests).collect();
    if tests.is_empty() {
        return Ok(Ending::Skipped("testbed/ has no such tests".to_owned()));
    }
    let python = TESTBED.python(workspace)?;
    for test in tests {
        run(pytest(&python, &testbed).arg(test))?;
    }
    Ok(Ending::Passed)
}

/// pytest in a folder, which it leaves as it is.
pub(crate) fn pytest(python: &Path, folder: &Path) -> Command {
    let mut pytest = Command::new(python);
    pytest.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    pytest
}

fn holds_tests(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("test_"))
}

impl Environment {
    /// Its Python; the environment is made anew when what belongs into it has changed.
    pub(crate) fn python(&self, workspace: &Workspace) -> Result<PathBuf> {
        let folder = workspace.target.join(self.name);
        let python = folder.join("bin/python");
        let versions = workspace.root.join(self.versions);
        let locked =
            fs::read_to_string(&versions).with_context(|| format!("failed to read {}", self.versions))?;
        let wanted = format!("{}\n{locked}", self.packages.join(" "));
        let stamp = folder.join("installed");
        if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted)
            && succeeds(Command::new(&python).arg("-V"))
        {
            return Ok(python);
        }
        let basis = interpreter::find_or_install(workspace, self.oldest)?;
        interpreter::create_environment(&basis, &folder)?;
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]);
        run(install.arg("--constraint").arg(&versions).args(self.packages))?;
        compile(&python, &folder)?;
        fs::write(&stamp, wanted).with_context(|| format!("failed to write {}", stamp.display()))?;
        Ok(python)
    }
}

/// Compiles what was installed, on all processors; pip does it on one, and thousands of Ansible's modules, too, which run
/// as they are. What cannot be compiled is not imported either.
fn compile(python: &Path, folder: &Path) -> Result<()> {
    let mut compile = Command::new(python);
    compile.args(["-m", "compileall", "-qq", "-j", "0", "-x", "ansible_collections"]).arg(folder.join("lib"));
    let started = compile.env_remove("PYTHONDONTWRITEBYTECODE").status();
    started.map(drop).with_context(|| format!("failed to compile below {}", folder.display()))
}
