//! The project's own commands: `cargo xtask --help`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to whoever started it")]

mod bench;
mod bindings;
mod differences;
mod docs;
mod guide;
mod openapi;
mod pair;
mod process;
mod programs;
mod python;
mod simulated;
mod strangers;
mod test;
mod testbed;
mod tier;
mod tree;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that can be checked with Rust and Python alone, in tiers
    Test(test::Arguments),
    /// Two real OpenStack sites on this machine (root on Debian 12), and the scenario on them
    Testbed(testbed::Arguments),
    /// Whether simulated FlashArrays answer as the vendor's OpenAPI files say, which are no part of the project
    Openapi(openapi::Arguments),
    /// Measures what goals are set for, in release builds, and writes a report below the target folder
    Bench,
    /// Writes the generated pages of docs/
    Docs,
    /// Builds the user's guide, a site with the generated references, below the target folder
    Guide,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = Workspace::find().and_then(|workspace| match arguments.command {
        Command::Test(arguments) => test::run(&workspace, &arguments),
        Command::Testbed(arguments) => testbed::run(&workspace, &arguments),
        Command::Openapi(arguments) => openapi::validate(&workspace, &arguments),
        Command::Bench => bench::measure(&workspace),
        Command::Docs => docs::write(&workspace),
        Command::Guide => guide::build(&workspace),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
