use clap::{Args, Subcommand};
use protector_core::id::OperationId;

/// What can be done with operations.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum OperationCommand {
    /// All operations, or a group's, in the order in which they were planned
    List {
        /// Those of this group only
        #[arg(long)]
        group: Option<String>,
    },
    /// One operation
    Show(Chosen),
    /// Follows an operation from its beginning, whichever process runs it, until it ends or is left
    Watch(Chosen),
    /// What an operation did, step by step
    Report {
        #[command(flatten)]
        chosen: Chosen,
        /// As one page with a timeline that needs nothing else
        #[arg(long)]
        html: bool,
    },
    /// Continues an unfinished operation: looks at what was begun, and goes on
    Resume {
        #[command(flatten)]
        unfinished: Unfinished,
        /// Leaves the terminal: how this program starts the process that an operation of its own goes on in
        #[arg(long, hide = true)]
        detached: bool,
    },
    /// Has an operation left where it is; `resume` goes on
    Pause(Unfinished),
    /// Has an operation undone, before its point of no return
    Cancel {
        #[command(flatten)]
        unfinished: Unfinished,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Tries a step again that failed, and goes on
    RetryStep {
        #[command(flatten)]
        unfinished: Unfinished,
        /// The step, as `operation show` names it
        #[arg(long, value_name = "STEP")]
        step: String,
    },
    /// Passes over a step whose effect is there or is not needed, and goes on
    SkipStep {
        #[command(flatten)]
        unfinished: Unfinished,
        /// The step, as `operation show` names it
        #[arg(long, value_name = "STEP")]
        step: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// An operation to look at.
#[derive(Debug, Args)]
pub struct Chosen {
    /// The operation; the newest without it
    pub(crate) operation: Option<OperationId>,
    /// The newest of this group
    #[arg(long, conflicts_with = "operation")]
    pub(crate) group: Option<String>,
}

/// An operation to act on.
#[derive(Debug, Args)]
pub struct Unfinished {
    /// The operation; the only unfinished one without it
    pub(crate) operation: Option<OperationId>,
}
