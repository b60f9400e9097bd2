//! Other people's clients, as they come from the package index, on pairs of simulated sites and arrays.

use crate::pair::Pair;
use crate::programs;
use crate::python::interpreter::{self, Minor};
use crate::python::{self, Environment};
use crate::workspace::Workspace;
use anyhow::{Result, bail};

/// What most clients are, and what the tests import besides.
const CLIENTS: Environment = Environment {
    name: "xtask-strangers",
    packages: &[
        "cinder",
        "openstacksdk",
        "py-pure-client",
        "pytest",
        "python-cinderclient",
        "python-openstackclient",
        "pyyaml",
    ],
    versions: python::VERSIONS,
    oldest: interpreter::USUAL,
};

/// Ansible needs a Python that the services do not run on yet.
const ANSIBLE: Environment = Environment {
    name: "xtask-ansible",
    packages: &["ansible", "py-pure-client", "pytest", "pyyaml"],
    versions: "testbed/strangers/ansible/requirements.lock",
    oldest: Minor(12),
};

/// Folders of tests below `testbed/strangers`, and what they run on. Each has a pair of its own, which it may leave in ruins.
const SUITES: &[(&str, &Environment)] =
    &[("pure_client", &CLIENTS), ("cinder_driver", &CLIENTS), ("clouds", &CLIENTS), ("ansible", &ANSIBLE)];

/// Runs every suite, also after one has failed.
pub(crate) fn tests(workspace: &Workspace) -> Result<()> {
    programs::build(workspace)?;
    let mut failed = Vec::new();
    for &(suite, environment) in SUITES {
        if let Err(error) = test(workspace, suite, environment) {
            println!("error: {error:#}");
            failed.push(suite);
        }
    }
    if !failed.is_empty() {
        bail!("strangers' clients failed: {}", failed.join(", "));
    }
    Ok(())
}

fn test(workspace: &Workspace, suite: &str, environment: &Environment) -> Result<()> {
    let python = environment.python(workspace)?;
    let pair = Pair::start(workspace, &format!("strangers/{suite}"))?;
    let mut pytest = python::pytest(&python, &workspace.root.join("testbed/strangers"));
    pair.run(pytest.env("STRANGERS_PAIR", &pair.told).arg(suite))
}
