//! The `protector` command: arguments in, an answer for a person or a program out. All that it does is in
//! [`protector_core::protector`]; here are words, tables, progress and exit codes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Arguments`] | the command tree |
//! | `commands` | one file a noun: what is asked of [`Protector`], and how the answer reads |
//! | [`follow`] | an operation that this process runs, until it ends or Ctrl-C |
//! | [`leave_terminal`] | how a process that runs an operation for another one outlives it |
//! | [`progress`] | its steps, live, on standard error |
//! | [`mod@reference`] | the command tree as a page of the guide |
//! | [`tables`] | groups and operations, as tables |
//!
//! Answers as JSON and exit codes are those of every face: [`protector_core::faces`].
//!
//! The simulators are not in here: the binary that works on real sites at 3 a.m. carries nothing that only pretends. They are
//! `protector-sim`, a program of its own that [`simulator`] starts.

mod answer;
mod arguments;
mod commands;
mod confirmation;
mod detached;
mod error;
mod files;
mod follow;
mod holder;
pub mod progress;
pub mod reference;
pub mod simulator;
pub mod tables;

pub use answer::Answer;
pub use arguments::{Arguments, Command, Format, SimulatorCommand};
pub use detached::leave_terminal;
pub use error::Error;
pub use follow::follow;
pub use holder::holder;

use protector_core::config::{Config, LoadOptions};
use protector_core::protector::Protector;

/// Does what the arguments say.
///
/// # Errors
/// The configuration, the stores, a site or an array; a refusal; a confirmation that was not given.
///
/// # Effects
/// Those of the command.
pub async fn run(arguments: &Arguments) -> Result<Answer, Error> {
    let options = LoadOptions { protector: arguments.config.clone(), ..LoadOptions::default() };
    let config = Config::load(&options).map_err(protector_core::protector::Error::from)?;
    let protector = Protector::builder(config.clone())
        .driver(protector_pure::factory())
        .started_by(holder("protector"))
        .open()?;
    let answer = commands::carry_out(&protector, &config, arguments).await;
    // Also after an error: arrays count the sessions that nobody ends.
    protector.close().await;
    answer
}
