//! Operations: planned, confirmed, run and accounted for.

use super::operation;
use crate::arguments::ConfirmArguments;
use crate::confirmation::{self, Confirmation, ToConfirm};
use crate::progress::Style;
use crate::{Answer, Error, detached, follow, tables};
use protector_core::domain::{Finding, GroupStatus, Remnant};
use protector_core::engine::{Left, Plan};
use protector_core::faces::{documents, exit};
use protector_core::operations::Planned;
use protector_core::protector::{OperationHandle, OperationReport, OperationView, Protector, Request};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The plan of an operation; nothing is touched.
pub(super) async fn plan(protector: &Protector, request: &Request) -> Result<Answer, Error> {
    let planned = protector.plan(request).await?;
    if planned.plan.is_none() {
        return Err(refused(request, planned));
    }
    Ok(shown(&planned))
}

/// Plans an operation, has it confirmed, and runs it.
pub(super) async fn change(
    protector: &Protector,
    request: &Request,
    run: &ConfirmArguments,
    style: Style,
) -> Result<Answer, Error> {
    if run.dry_run {
        return plan(protector, request).await;
    }
    let (plan, warnings) = confirmed(protector, request, run).await?;
    let handle = protector.apply(plan).await?;
    finish(protector, handle, &warnings, style).await
}

/// The same in a process of its own, which is waited for so long at the most.
pub(super) async fn change_detached(
    protector: &Protector,
    request: &Request,
    run: &ConfirmArguments,
    (style, config): (Style, Option<&Path>),
    limit: Duration,
) -> Result<Answer, Error> {
    if run.dry_run {
        return plan(protector, request).await;
    }
    let (plan, warnings) = confirmed(protector, request, run).await?;
    let id = protector.record(plan).await?;
    let begun = detached::begin(protector, id, config).await?;
    if limit.is_zero() {
        return Ok(goes_on(&begun, &warnings));
    }
    let watched = tokio::time::timeout(limit, Box::pin(operation::watched(protector, id, style))).await;
    let Ok(watched) = watched else {
        let operation = protector.operation(id).await?;
        return Ok(goes_on(&operation, &warnings).with_exit(exit::of_status(operation.status)));
    };
    let operation = watched?;
    let group = protector.groups().await?.into_iter().find(|group| group.id == operation.group);
    let left = (!operation.status.is_end()).then_some(Left::Interrupted);
    let remains = protector.remains(id).await?;
    Ok(accounted(&OperationReport { operation, group, left }, &warnings, &remains))
}

/// The plan of an operation that is meant, and what it warns of.
async fn confirmed(
    protector: &Protector,
    request: &Request,
    run: &ConfirmArguments,
) -> Result<(Plan, Vec<Finding>), Error> {
    let group = named(protector, request).await?;
    let to_confirm = ToConfirm::operation(request.operation_type(), &group);
    let confirmation = to_confirm.judge(run.confirm.as_deref(), confirmation::has_terminal())?;
    let mut planned = protector.plan(request).await?;
    let Some(plan) = planned.plan.take() else { return Err(refused(request, planned)) };
    if confirmation == Confirmation::ToBeAsked {
        to_confirm.ask(&confirmation::summary(&plan, &planned), (io::stdin().lock(), io::stderr()))?;
    }
    Ok((plan, planned.warnings))
}

fn goes_on(operation: &OperationView, warnings: &[Finding]) -> Answer {
    let id = operation.id;
    let mut text = tables::operation(operation) + "\n";
    for warning in warnings {
        let _ = writeln!(text, "note: {warning}");
    }
    let _ = write!(text, "it goes on in a process of its own: `protector operation watch {id}` follows it");
    Answer::new(text, documents::begun(operation, warnings))
}

/// Follows a run to its end, and tells what came of it.
pub(super) async fn finish(
    protector: &Protector,
    handle: OperationHandle,
    warnings: &[Finding],
    style: Style,
) -> Result<Answer, Error> {
    let report = follow(handle, style).await?;
    let remains = protector.remains(report.operation.id).await?;
    Ok(accounted(&report, warnings, &remains))
}

/// The group's own name: it may have been given by its id.
async fn named(protector: &Protector, request: &Request) -> Result<String, Error> {
    match request {
        Request::Protect(wanted) => Ok(wanted.name.clone()),
        other => Ok(protector.group(other.group()).await?.name),
    }
}

fn refused(request: &Request, planned: Planned) -> Error {
    let Planned { findings, warnings, .. } = planned;
    let operation = request.operation_type();
    protector_core::protector::Error::Refused { operation, findings, warnings }.into()
}

fn shown(planned: &Planned) -> Answer {
    let mut text = planned.plan.as_ref().map(ToString::to_string).unwrap_or_default();
    if let Some(loss) = &planned.loss {
        let _ = writeln!(text, "what was written after {} is lost: point {}", loss.from, loss.point);
    }
    if let Some(forecast) = &planned.replication {
        let _ = writeln!(text, "the last replication sends {forecast}");
    }
    text += "nothing was changed";
    Answer::new(text, documents::planned(planned))
}

fn accounted(report: &OperationReport, warnings: &[Finding], remains: &[Remnant]) -> Answer {
    let group = report.group.as_ref();
    let mut text = tables::operation(&report.operation) + "\n";
    if let Some(group) = group {
        text += &(tables::group(group) + "\n");
    }
    for warning in warnings {
        let _ = writeln!(text, "note: {warning}");
    }
    let missing = group.filter(|group| group.status == GroupStatus::FailedOverPartial);
    for member in missing.into_iter().flat_map(|group| group.members.values()) {
        if let Some(absence) = &member.absent {
            let _ = writeln!(text, "{} does not run: {}", member.name, absence.reason);
        }
    }
    for remnant in remains {
        let Remnant { site, kind, id, name, state } = remnant;
        let _ = writeln!(text, "still at {site}: {kind} {name} ({id}), {state}");
    }
    if report.left.is_some() {
        text += "the operation is unfinished: `protector operation resume` continues it\n";
    }
    Answer::new(text, documents::outcome(report, warnings, remains))
        .with_exit(exit::of_outcome(report, remains))
}
