use clap::{Args, Subcommand};
use std::time::Duration;

/// What can be done with what is left over.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum PruneCommand {
    /// What bears protector's marker at either site and is of no use any more; with `--all` also what is in use
    List {
        #[command(flatten)]
        age: Age,
        /// Also what groups hold and is in use, and the operations' journals, whatever their age
        #[arg(long)]
        all: bool,
    },
    /// Removes it, looking at each thing once more
    Run {
        #[command(flatten)]
        age: Age,
        /// Also the journals of operations that ended so many seconds ago, but for those that are still needed
        #[arg(long, value_name = "SECONDS")]
        journals_older_than: Option<u64>,
        /// Confirms with the word `prune`, for it cannot be taken back; asked for on a terminal
        #[arg(long, value_name = "prune")]
        confirm: Option<String>,
    },
}

/// How old it has to be.
#[derive(Debug, Args)]
pub struct Age {
    /// Seconds: what is younger, or of unknown age, is passed over
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    older_than: u64,
}

impl Age {
    pub(crate) fn least(&self) -> Duration {
        Duration::from_secs(self.older_than)
    }
}
