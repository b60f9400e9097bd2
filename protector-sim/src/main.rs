//! `protector-sim`: two simulated OpenStack sites and two simulated arrays on this machine.

mod arguments;

use anyhow::{Context, Result};
use arguments::Arguments;
use clap::Parser;
use protector_core::time::SystemClock;
use protector_mock::pair::{Folder, ServedPair};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::builder()
                .with_default_directive(tracing::Level::WARN.into())
                .from_env_lossy(),
        )
        .init();
    let ran = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime")
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere else to say it.
            drop(writeln!(std::io::stderr(), "protector-sim: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let mut interrupted = signal(SignalKind::interrupt()).context("failed to listen for Ctrl-C")?;
    let mut terminated = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let folder = Folder::open(&arguments.directory)?;
    let pair = ServedPair::start(folder, &arguments.wanted(), Arc::new(SystemClock::new())).await?;
    arguments.output.tell(&pair).context("failed to write to the standard output")?;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    pair.end().await;
    Ok(())
}
