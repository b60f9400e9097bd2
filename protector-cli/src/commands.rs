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
mod support_bundle;
mod tick;

use crate::arguments::PlanCommand;
use crate::{Answer, Arguments, Command, Error};
use protector_core::config::Config;
use protector_core::protector::Protector;
use serde_json::json;

pub(crate) async fn carry_out(
    protector: &Protector,
    configuration: &Config,
    arguments: &Arguments,
) -> Result<Answer, Error> {
    let (style, config) = (arguments.progress, arguments.config.as_deref());
    match &arguments.command {
        Command::Site(command) => site::carry_out(protector, command, style).await,
        Command::ProtectionGroup(command) => group::carry_out(protector, command, (style, config)).await,
        Command::Policy(command) => policy::carry_out(protector, command).await,
        Command::Mapping(command) => mapping::carry_out(protector, command).await,
        Command::RecoveryPoint(command) => recovery_point::carry_out(protector, command).await,
        Command::Operation(command) => operation::carry_out(protector, command, style).await,
        Command::Plan(PlanCommand::Show(wanted)) => run::plan(protector, &wanted.request()).await,
        Command::Rpo(command) => rpo::carry_out(protector, command).await,
        Command::Prune(command) => prune::carry_out(protector, command).await,
        Command::Tick => tick::carry_out(protector).await,
        Command::SupportBundle { file } => {
            Box::pin(support_bundle::carry_out(protector, configuration, file)).await
        }
        // Need neither configuration nor stores: the program sees to them before it comes here.
        Command::Completion { .. } | Command::Simulator(_) => Ok(Answer::new("", json!(null))),
    }
}
