//! Other people's clients, as they come from the package index, on pairs of simulated sites and arrays.

use crate::pair::{self, Pair};
use crate::python::{self, Environment};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::path::Path;

/// What the clients are, and what the tests import besides.
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
};

/// Folders of tests below `testbed/strangers`. Each has a pair of its own, which it may leave in ruins.
const SUITES: &[&str] = &["pure_client", "cinder_driver", "clouds"];

/// Runs every suite, also after one has failed.
pub(crate) fn tests(workspace: &Workspace) -> Result<()> {
    pair::build(workspace)?;
    let python = CLIENTS.python(workspace)?;
    let mut failed = Vec::new();
    for &suite in SUITES {
        if let Err(error) = test(workspace, &python, suite) {
            println!("error: {error:#}");
            failed.push(suite);
        }
    }
    if !failed.is_empty() {
        bail!("strangers' clients failed: {}", failed.join(", "));
    }
    Ok(())
}

fn test(workspace: &Workspace, python: &Path, suite: &str) -> Result<()> {
    let pair = Pair::start(workspace, &format!("strangers/{suite}"))?;
    let mut pytest = python::pytest(python, &workspace.root.join("testbed/strangers"));
    pair.run(pytest.env("STRANGERS_PAIR", &pair.told).arg(suite))
}
