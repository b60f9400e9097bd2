use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Moves a group of VMs between two OpenStack sites and back.
#[derive(Debug, Parser)]
#[command(name = "site_failover", version)]
pub(crate) struct Arguments {
    /// protector.yaml; without it the file is searched
    #[arg(long, global = true)]
    pub(crate) config: Option<PathBuf>,
    /// How results are shown; progress goes to standard error
    #[arg(long, value_enum, default_value_t = Format::Human, global = true)]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes VMs a Protection Group
    Protect(ProtectArguments),
    /// Shows what an operation would do, and touches nothing
    Plan {
        #[command(subcommand)]
        operation: PlanCommand,
    },
    /// Moves a group to the other site, planned
    Failover { group: String },
    /// Moves a group back to its home
    Failback { group: String },
    /// Continues an unfinished operation
    Resume {
        /// Which one; without it the only one there is
        operation: Option<String>,
    },
    /// Shows groups and operations
    Status { group: Option<String> },
    /// Ends the protection; the VMs stay where they run
    Unprotect { group: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Makes VMs a Protection Group
    Protect(ProtectArguments),
    /// Moves a group to the other site, planned
    Failover { group: String },
    /// Moves a group back to its home
    Failback { group: String },
    /// Ends the protection
    Unprotect { group: String },
}

#[derive(Debug, Args)]
pub(crate) struct ProtectArguments {
    /// The group's name
    pub(crate) group: String,
    /// The site where the VMs run
    #[arg(long)]
    pub(crate) source: String,
    /// The other site
    #[arg(long)]
    pub(crate) target: String,
    /// A VM, by name or id; may be given more than once
    #[arg(long, required = true)]
    pub(crate) vm: Vec<String>,
}
