//! Where things are.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, which everything that is made goes below.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let answer = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(here)
            .output()
            .context("failed to run `cargo metadata`")?;
        let metadata: serde_json::Value = serde_json::from_slice(&answer.stdout).with_context(|| {
            format!("`cargo metadata` failed: {}", String::from_utf8_lossy(&answer.stderr))
        })?;
        let folder = |key: &str| {
            let path = metadata.get(key).and_then(|value| value.as_str());
            path.map(PathBuf::from).with_context(|| format!("`cargo metadata` gives no {key}"))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }
}
