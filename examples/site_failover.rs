//! Moves a group of VMs between two OpenStack sites and back.
//!
//! Run it with the sites in `clouds.yaml` and `protector.yaml` (see docs/configuration.md):
//!
//! ```text
//! cargo run --example site_failover -- protect web --source site-a --target site-b --vm web-1 --vm web-2
//! cargo run --example site_failover -- plan failover web
//! cargo run --example site_failover -- failover web
//! cargo run --example site_failover -- failback web
//! ```
//!
//! Ctrl-C stops after what is under way and leaves the operation resumable; `resume` continues it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to its user")]

#[path = "site_failover/arguments.rs"]
mod arguments;
#[path = "site_failover/output.rs"]
mod output;

use arguments::{Arguments, Command, PlanCommand, ProtectArguments};
use clap::Parser;
use output::Output;
use protector_cli::progress::Style;
use protector_cli::{follow, holder};
use protector_core::config::{Config, LoadOptions};
use protector_core::domain::Finding;
use protector_core::error::Coded;
use protector_core::faces::exit;
use protector_core::operations::{Planned, ProtectRequest};
use protector_core::protector::{Error, MoveRequest, OperationHandle, Protector, Request};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let output = Output::new(arguments.output);
    match run(&arguments, &output).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output.error(&error);
            ExitCode::from(exit::of_error(&error, error.code()))
        }
    }
}

async fn run(arguments: &Arguments, output: &Output) -> Result<u8, Error> {
    let options = LoadOptions { protector: arguments.config.clone(), ..LoadOptions::default() };
    let config = Config::load(&options)?;
    let protector = Protector::builder(config)
        .driver(protector_pure::factory())
        .started_by(holder("site_failover"))
        .open()?;
    let result = carry_out(&protector, arguments, output).await;
    // Also after an error: arrays count the sessions that nobody ends.
    protector.close().await;
    result
}

async fn carry_out(protector: &Protector, arguments: &Arguments, output: &Output) -> Result<u8, Error> {
    match &arguments.command {
        Command::Plan { operation } => {
            let planned = protector.plan(&request(operation)).await?;
            let refused = planned.plan.is_none();
            output.plan(&planned);
            Ok(if refused { exit::REFUSED } else { exit::DONE })
        }
        Command::Protect(wanted) => operate(protector, output, &Request::Protect(protect(wanted))).await,
        Command::Failover { group } => {
            operate(protector, output, &Request::Failover(MoveRequest::planned(group))).await
        }
        Command::Failback { group } => {
            operate(protector, output, &Request::Failback(MoveRequest::planned(group))).await
        }
        Command::Unprotect { group } => {
            operate(protector, output, &Request::Unprotect { group: group.clone(), without_site: None }).await
        }
        Command::Resume { operation } => {
            let id = operation.as_deref().map(str::parse).transpose();
            let Ok(id) = id else {
                output.message("that is no operation id: `status` lists them");
                return Ok(exit::USAGE);
            };
            let handle = protector.resume(id).await?;
            show(output, handle, &[]).await
        }
        Command::Status { group } => {
            output.status(&protector.status(group.as_deref()).await?);
            Ok(exit::DONE)
        }
    }
}

fn protect(wanted: &ProtectArguments) -> ProtectRequest {
    ProtectRequest {
        name: wanted.group.clone(),
        source: wanted.source.as_str().into(),
        target: wanted.target.as_str().into(),
        servers: wanted.vm.clone(),
    }
}

fn request(operation: &PlanCommand) -> Request {
    match operation {
        PlanCommand::Protect(wanted) => Request::Protect(protect(wanted)),
        PlanCommand::Failover { group } => Request::Failover(MoveRequest::planned(group)),
        PlanCommand::Failback { group } => Request::Failback(MoveRequest::planned(group)),
        PlanCommand::Unprotect { group } => Request::Unprotect { group: group.clone(), without_site: None },
    }
}

async fn operate(protector: &Protector, output: &Output, request: &Request) -> Result<u8, Error> {
    let Planned { plan, findings, warnings, .. } = protector.plan(request).await?;
    let Some(plan) = plan else {
        let operation = request.operation_type();
        return Err(Error::Refused { operation, findings, warnings });
    };
    let handle = protector.apply(plan).await?;
    show(output, handle, &warnings).await
}

/// Shows what happens until the run is over, and then what came of it.
async fn show(output: &Output, handle: OperationHandle, warnings: &[Finding]) -> Result<u8, Error> {
    let report = follow(handle, Style::Auto).await?;
    output.report(&report, warnings);
    Ok(exit::of_run(&report))
}
