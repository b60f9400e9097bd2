//! What each command asks of [`Protector`], and how the answer reads: one file a noun.

mod document;
mod group;
mod mapping;
mod operation;
mod policy;
mod prune;
mod recovery_point;
mod rpo;
mod run;
mod site;
mod site_failover;
mod tick;

use crate::arguments::PlanCommand;
use crate::{Answer, Arguments, Command, Error};
use protector_core::protector::Protector;
use serde_json::json;

pub(crate) async fn carry_out(protector: &Protector, arguments: &Arguments) -> Result<Answer, Error> {
    let style = arguments.progress;
    match &arguments.command {
        Command::Site(command) => site::carry_out(protector, command, style).await,
        Command::ProtectionGroup(command) => group::carry_out(protector, command, style).await,
        Command::Policy(command) => policy::carry_out(protector, command).await,
        Command::Mapping(command) => mapping::carry_out(protector, command).await,
        Command::RecoveryPoint(command) => recovery_point::carry_out(protector, command).await,
        Command::Operation(command) => operation::carry_out(protector, command, style).await,
        Command::Plan(PlanCommand::Show(wanted)) => run::plan(protector, &wanted.request()).await,
        Command::Rpo(command) => rpo::carry_out(protector, command).await,
        Command::Prune(command) => prune::carry_out(protector, command).await,
        Command::Tick => tick::carry_out(protector).await,
        // Needs neither configuration nor stores: the program prints them before it comes here.
        Command::Completion { .. } => Ok(Answer::new("", json!(null))),
    }
}
