//! Prints the command tree as a page of the guide.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to whoever started it")]

use clap::CommandFactory;
use protector_cli::{Arguments, reference};
use std::process::ExitCode;

fn main() -> ExitCode {
    let described = reference::describe(Arguments::command());
    print!("{}", described.page);
    println!("What each command answers with `--output json` has [a JSON schema](../docs/schemas.md).");
    if described.undocumented.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("these have no documentation:\n{}", described.undocumented.join("\n"));
    ExitCode::FAILURE
}
