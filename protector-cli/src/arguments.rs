//! The command tree.

mod group;
mod operation;
mod policy;
mod prune;
mod site;

pub(crate) use group::GroupCommand;
pub(crate) use operation::{Chosen, OperationCommand, Unfinished};
pub(crate) use policy::PolicyCommand;
pub(crate) use prune::PruneCommand;
pub(crate) use site::{SiteCommand, SiteFailoverArguments};

use crate::progress::Style;
use clap::{Args, Parser, Subcommand, ValueEnum};
use group::{ChangeCommand, NotRun};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

const AFTER: &str = "\
Exit codes: 0 done; 1 failed; 2 bad arguments, configuration, name or status, or not confirmed; 3 refused by findings;
4 rolled back; 5 unfinished, `operation resume` continues; 6 a person has to act; 7 it cannot be told.
After 2 and 3 nothing was changed.";

/// Site recovery for OpenStack: keeps a group of VMs ready at a second site, and moves it there and back.
#[derive(Debug, Parser)]
#[command(name = "protector", version, after_help = AFTER)]
pub struct Arguments {
    /// protector.yaml; without it the file is searched where clouds.yaml is
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How results are shown, on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub output: Format,
    /// How the steps of an operation are shown while it runs, on standard error
    #[arg(long, global = true, value_enum, default_value_t = Style::Auto)]
    pub(crate) progress: Style,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// Whether this process runs an operation for another one, and has to outlive it.
    pub fn is_runner(&self) -> bool {
        matches!(self.command, Command::Operation(OperationCommand::Resume { detached: true, .. }))
    }
}

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables and sentences
    Human,
    /// One JSON document
    Json,
}

/// What a command is about.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// The two sites
    #[command(subcommand)]
    Site(SiteCommand),
    /// Groups of VMs that move as one
    #[command(subcommand)]
    ProtectionGroup(GroupCommand),
    /// What is wanted of a group's moves: order, checks, hooks, its turn among groups
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// What stands at one site for something of the other
    #[command(subcommand)]
    Mapping(MappingCommand),
    /// The points that a group can be brought up from
    #[command(subcommand)]
    RecoveryPoint(RecoveryPointCommand),
    /// What was done with groups, and what is under way
    #[command(subcommand)]
    Operation(OperationCommand),
    /// What an operation would do
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Recovery point objectives
    #[command(subcommand)]
    Rpo(RpoCommand),
    /// What is left over at the sites, and its removal
    #[command(subcommand)]
    Prune(PruneCommand),
    /// Does what is due: ends tests past their time, captures old definitions again. For cron or a systemd timer
    Tick,
    /// Simulated sites and arrays on this machine, to learn on and to try things out
    #[command(subcommand)]
    Simulator(SimulatorCommand),
    /// Writes what somebody needs who helps from outside into one archive (tar): configuration, groups, operations, sites. No
    /// secret is in it
    SupportBundle {
        /// The archive
        file: PathBuf,
    },
    /// Prints the completions of a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// How what changes something is begun.
#[derive(Debug, Args)]
pub struct ConfirmArguments {
    /// Shows the plan, and touches nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Confirms, with the name of the group, or of the site that is left, what stops VMs or cannot be taken back; asked for on a
    /// terminal
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Option<String>,
}

/// How an operation is to be run.
#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    pub(crate) confirm: ConfirmArguments,
    /// Runs it here, to its end, as without it
    #[arg(long, conflicts_with_all = ["no_wait", "timeout"])]
    wait: bool,
    /// Returns once it has begun in a process of its own; `operation watch` follows it
    #[arg(long, conflicts_with = "timeout")]
    no_wait: bool,
    /// Runs it in a process of its own and waits for so many seconds at the most: then it goes on there
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// Which process runs an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// This one, to its end.
    Here,
    /// One of its own; this one waits for so long at the most.
    Detached(Duration),
}

impl RunArguments {
    pub(crate) fn runner(&self) -> Runner {
        match self.timeout {
            Some(seconds) => Runner::Detached(Duration::from_secs(seconds)),
            None if self.no_wait => Runner::Detached(Duration::ZERO),
            None => Runner::Here,
        }
    }
}

/// What there is to know of mappings: what stands at one site for something of the other.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum MappingCommand {
    /// What stands for what is mapped, and for what protected VMs have, in both directions
    List,
    /// Whether all of it is there and fits: exit code 6 if something does not
    Validate,
}

/// What there is to know of recovery points.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum RecoveryPointCommand {
    /// A group's points where it does not run, the newest first
    List {
        /// The group
        group: String,
    },
}

/// What can be simulated.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum SimulatorCommand {
    /// Starts a simulated pair with VMs to protect, and runs until Ctrl-C: the program `protector-sim`, beside this one or on the path
    Start {
        /// Its options, as `protector simulator start --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
        options: Vec<OsString>,
    },
}

/// What can be planned.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum PlanCommand {
    /// Shows every step that an operation would take, and touches nothing
    #[command(subcommand)]
    Show(ChangeCommand<NotRun>),
}

/// What there is to know of recovery point objectives.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum RpoCommand {
    /// Whether the objectives are met: exit code 0 if all are, 6 if one is missed, 7 if one cannot be told
    Check {
        /// The group; all without it
        group: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_does_not_contradict_itself() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn everything_that_is_offered_says_what_it_does() {
        fn silent(command: &clap::Command, path: &str, found: &mut Vec<String>) {
            let path = format!("{path} {}", command.get_name());
            if command.get_about().is_none() {
                found.push(path.clone());
            }
            let arguments = command.get_arguments().filter(|argument| argument.get_help().is_none());
            found.extend(arguments.map(|argument| format!("{path}: {}", argument.get_id())));
            for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
                silent(inner, &path, found);
            }
        }
        let mut found = Vec::new();
        silent(&Arguments::command(), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
