//! A drill of the main job on nothing but this machine: two simulated sites and arrays, an application of five VMs, and
//! protector, which moves it to the other site and back. All in this process, without a socket; the sites' time passes only
//! while everybody waits, so that minutes of theirs take seconds.
//!
//! ```text
//! cargo run --release --example dr_drill
//! cargo run --release --example dr_drill -- --driver mock --output json
//! cargo run --release --example dr_drill -- --fault promote
//! ```
//!
//! What is checked is read from the simulated services and from the arrays' bytes, never from what protector says about
//! itself. The exit code is 0 if all of it held, 1 if something did not, 2 if the drill could not be held.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to its user")]

#[path = "dr_drill/application.rs"]
mod application;
#[path = "dr_drill/arguments.rs"]
mod arguments;
#[path = "dr_drill/checks.rs"]
mod checks;
#[path = "dr_drill/cloud.rs"]
mod cloud;
#[path = "dr_drill/drill.rs"]
mod drill;
#[path = "dr_drill/guests.rs"]
mod guests;
#[path = "dr_drill/machines.rs"]
mod machines;
#[path = "dr_drill/output.rs"]
mod output;
#[path = "dr_drill/timeline.rs"]
mod timeline;

use anyhow::{Context as _, Result};
use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;

/// All checks held.
const HELD: u8 = 0;
/// A check did not hold.
const BROKEN: u8 = 1;
/// The drill could not be held.
const NOT_HELD: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { NOT_HELD } else { HELD });
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(&arguments) {
        Ok(held) => ExitCode::from(if held { HELD } else { BROKEN }),
        Err(error) => {
            eprintln!("the drill could not be held: {error:#}");
            ExitCode::from(NOT_HELD)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    // With its time paused, the runtime moves its clock to the next thing that is waited for as soon as nothing else is to do.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let folder = tempfile::tempdir().context("failed to make a temporary folder")?;
    #[expect(clippy::disallowed_methods, reason = "how long the drill takes, beside the sites' time")]
    let begun = std::time::Instant::now();
    let mut report = runtime.block_on(drill::hold(arguments, folder.path()))?;
    report.took = begun.elapsed();
    output::show(arguments.output, &report);
    Ok(report.held())
}
