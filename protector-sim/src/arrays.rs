use anyhow::{Context, Result, bail};
use clap::Args;
use protector_core::time::SystemClock;
use protector_mock::served_arrays::{ServedArrays, WantedArray, WantedArrays};
use protector_mock::server::Certificates;
use serde_json::{Map, Value};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Simulated FlashArrays alone, for clouds that are real. Prints one line of JSON with their ports when they listen.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// An array, its port on the loopback (0: any free one) and its token
    #[arg(long, required = true, value_name = "NAME:PORT:TOKEN")]
    array: Vec<WantedArray>,
    /// The certificate, PEM; without it plain HTTP is spoken
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The certificate's key, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The file that keeps everything over a restart
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The file that every request is appended to, a line of JSON each
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// A setting of a new state file, as `/_settings` takes it
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    setting: Vec<(String, Value)>,
}

fn setting(text: &str) -> Result<(String, Value)> {
    match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.into())),
        None => bail!("a setting is told as NAME=VALUE"),
    }
}

impl Arguments {
    pub(crate) async fn start(&self) -> Result<ServedArrays> {
        let tls = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                Some(Certificates::server_config(&read(certificate)?, &read(key)?).with_context(|| {
                    format!("failed to use {} with {}", certificate.display(), key.display())
                })?)
            }
            _ => None,
        };
        let wanted = WantedArrays {
            arrays: self.array.clone(),
            tls,
            state: self.state.clone(),
            requests: self.requests.clone(),
            settings: self.setting.iter().cloned().collect::<Map<_, _>>(),
        };
        let arrays = ServedArrays::start(&wanted, Arc::new(SystemClock::new())).await?;
        let mut out = io::stdout().lock();
        let ports: Map<String, Value> =
            arrays.ports().iter().map(|(name, port)| (name.clone(), (*port).into())).collect();
        writeln!(out, "{}", Value::from(ports))
            .and_then(|()| out.flush())
            .context("failed to write to the standard output")?;
        Ok(arrays)
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}
