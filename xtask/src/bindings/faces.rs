//! `openstack protector` and the Ansible collection: each in an environment of its own, on the wheel that users get.

use super::{environment, pip};
use crate::process::run;
use crate::programs;
use crate::python::interpreter::Minor;
use crate::python::pytest;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// A face in Python.
struct Face {
    /// Its folder, from the workspace.
    folder: &'static str,
    /// What runs and tests it, in these versions; from the workspace.
    versions: &'static str,
    /// The Pythons that it is tested on; the first is that of everything else, the scenario for one.
    pythons: &'static [Minor],
    /// Whether it is a package, which is installed; a collection is built and installed by its tests.
    is_package: bool,
    /// What errors are provoked with in its environment: the rows of [`ERRORS`] are told alike by all of them.
    tells_errors: &'static str,
    /// What tells the scenario the Python of its environment.
    option: &'static str,
}

impl Face {
    /// The Python of its first environment, which is made if it is not there.
    fn python(&self, workspace: &Workspace) -> Result<PathBuf> {
        let first = self.pythons.first().with_context(|| format!("{} is for no Python", self.folder))?;
        self.python_of(workspace, *first)
    }

    /// The same of one version.
    fn python_of(&self, workspace: &Workspace, version: Minor) -> Result<PathBuf> {
        environment(workspace, &self.folder.replace('/', "-"), version, self.versions)
    }
}

/// What goes wrong for users, and what every face says of it; from the workspace.
const ERRORS: &str = "bindings/tests";

const FACES: [Face; 2] = [
    Face {
        folder: "bindings/openstackclient",
        versions: "bindings/openstackclient/requirements.lock",
        pythons: &[Minor(11), Minor(12)],
        is_package: true,
        tells_errors: "binary,python,openstack",
        option: "--openstack",
    },
    Face {
        folder: "bindings/ansible",
        versions: "bindings/ansible/tests/requirements.lock",
        pythons: &[Minor(12)],
        is_package: false,
        tells_errors: "ansible",
        option: "--ansible",
    },
];

/// The Python that has what `openstack protector` runs on; the plug-in itself only where its tests were run.
pub(crate) fn openstack_client(workspace: &Workspace) -> Result<PathBuf> {
    let [openstack, _] = &FACES;
    openstack.python(workspace)
}

/// Runs the tests of each face, also after one has failed.
pub(super) fn tests(workspace: &Workspace, wheel: &Path) -> Result<()> {
    programs::build(workspace)?;
    let mut failed = Vec::new();
    for face in &FACES {
        for version in face.pythons {
            if let Err(error) = test(workspace, face, *version, wheel) {
                println!("error: {error:#}");
                failed.push(format!("{} on Python {version}", face.folder));
            }
        }
    }
    if !failed.is_empty() {
        bail!("faces in Python failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Installs each face; gives the options that tell the scenario where.
pub(super) fn options(workspace: &Workspace, wheel: &Path) -> Result<Vec<String>> {
    let pythons = installed(workspace, wheel)?;
    let told = FACES.iter().zip(pythons);
    Ok(told
        .flat_map(|(face, python)| [face.option.to_owned(), python.to_string_lossy().into_owned()])
        .collect())
}

/// The Python of each face's environment, with the face in it.
pub(super) fn installed(workspace: &Workspace, wheel: &Path) -> Result<[PathBuf; 2]> {
    let [openstack, ansible] = &FACES;
    let install = |face: &Face| install(workspace, face, face.python(workspace)?, wheel);
    Ok([install(openstack)?, install(ansible)?])
}

fn test(workspace: &Workspace, face: &Face, version: Minor, wheel: &Path) -> Result<()> {
    let python = install(workspace, face, face.python_of(workspace, version)?, wheel)?;
    run(pytest(&python, &workspace.root.join(face.folder)).arg("tests"))?;
    let mut errors = pytest(&python, &workspace.root.join(ERRORS));
    errors.env("PROTECTOR_FACES", face.tells_errors);
    run(errors.env("PROTECTOR_COMMAND", programs::command(workspace)))
}

/// The Python of an environment of the face, with the wheel and, if it is a package, the face itself.
fn install(workspace: &Workspace, face: &Face, python: PathBuf, wheel: &Path) -> Result<PathBuf> {
    let pip = || {
        let mut install = pip(&python);
        install.args(["--force-reinstall", "--no-deps", "--no-index"]);
        install
    };
    run(pip().arg(wheel))?;
    if face.is_package {
        run(pip().arg("--no-build-isolation").arg(workspace.root.join(face.folder)))?;
    }
    Ok(python)
}
