use super::run;
use crate::arguments::{Chosen, OperationCommand, Unfinished};
use crate::progress::{Display, Style};
use crate::tables::{columns, list, or_none};
use crate::{Answer, Error, tables};
use protector_core::domain::OperationStatus;
use protector_core::faces::exit;
use protector_core::id::{OperationId, StepId};
use protector_core::protector::{OperationView, Protector, Report};
use serde_json::json;
use std::fmt::Write as _;
use std::time::Duration;

/// How often it is looked whether an operation that says nothing was left.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn carry_out(
    protector: &Protector,
    command: &OperationCommand,
    style: Style,
) -> Result<Answer, Error> {
    match command {
        OperationCommand::List { group } => Ok(all(&protector.operations(group.as_deref()).await?)),
        OperationCommand::Show(chosen) => Ok(one(&newest(protector, chosen).await?, "")),
        OperationCommand::Watch(chosen) => watch(protector, newest(protector, chosen).await?.id, style).await,
        OperationCommand::Report { chosen, html } => {
            let report = protector.report(newest(protector, chosen).await?.id).await?;
            Ok(reported(&report, *html))
        }
        OperationCommand::Resume { unfinished: Unfinished { operation }, .. } => {
            let handle = protector.resume(*operation).await?;
            Box::pin(run::finish(protector, handle, &[], style)).await
        }
        OperationCommand::Pause(unfinished) => pause(protector, unfinished).await,
        OperationCommand::Cancel { unfinished, reason } => {
            Box::pin(cancel(protector, unfinished, reason, style)).await
        }
        OperationCommand::RetryStep { unfinished, step } => {
            let id = only(protector, unfinished).await?;
            let handle = protector.retry_step(id, &StepId::new(step)).await?;
            Box::pin(run::finish(protector, handle, &[], style)).await
        }
        OperationCommand::SkipStep { unfinished, step, reason } => {
            let id = only(protector, unfinished).await?;
            let handle = protector.skip_step(id, &StepId::new(step), reason).await?;
            Box::pin(run::finish(protector, handle, &[], style)).await
        }
    }
}

/// The operation that is meant: the one that is named, or the newest.
async fn newest(protector: &Protector, chosen: &Chosen) -> Result<OperationView, Error> {
    if let Some(id) = chosen.operation {
        return Ok(protector.operation(id).await?);
    }
    let group = chosen.group.clone();
    let mut all = protector.operations(group.as_deref()).await?;
    all.pop().ok_or(Error::NoOperation { group })
}

/// The operation that is meant: the one that is named, or the only one that has not ended.
async fn only(protector: &Protector, unfinished: &Unfinished) -> Result<OperationId, Error> {
    use protector_core::protector::Error::{NothingToResume, SeveralToResume};
    if let Some(id) = unfinished.operation {
        return Ok(id);
    }
    let all = protector.operations(None).await?;
    let ids: Vec<_> = all.iter().filter(|one| !one.status.is_end()).map(|one| one.id).collect();
    match ids.as_slice() {
        [] => Err(NothingToResume.into()),
        [id] => Ok(*id),
        _ => Err(SeveralToResume(ids).into()),
    }
}

fn all(operations: &[OperationView]) -> Answer {
    if operations.is_empty() {
        return Answer::new("there is no operation yet", json!(operations));
    }
    let rows = operations.iter().map(|operation| {
        [
            operation.id.to_string(),
            operation.operation_type.to_string(),
            operation.group_name.clone(),
            operation.status.to_string(),
            operation.progress.to_string(),
            or_none(operation.started_at),
        ]
    });
    let names = ["id", "operation_type", "group_name", "status", "progress", "started_at"];
    Answer::new(columns(names, rows), json!(operations))
}

fn one(operation: &OperationView, said: &str) -> Answer {
    let mut text = tables::operation(operation);
    if !operation.steps_not_undone.is_empty() {
        let _ = write!(text, "\nnot undone so far: {}", list(&operation.steps_not_undone));
    }
    if !said.is_empty() {
        let _ = write!(text, "\n{said}");
    }
    Answer::new(text, json!(operation))
}

async fn watch(protector: &Protector, id: OperationId, style: Style) -> Result<Answer, Error> {
    let operation = watched(protector, id, style).await?;
    Ok(one(&operation, "").with_exit(exit::of_status(operation.status)))
}

/// Follows an operation that any process runs, until it ends or nobody goes on with it.
pub(super) async fn watched(
    protector: &Protector,
    id: OperationId,
    style: Style,
) -> Result<OperationView, Error> {
    let mut watcher = protector.watch(id).await?;
    let display = Display::new(id, watcher.plan(), style);
    let mut left = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            progress = watcher.next() => match progress? {
                Some(progress) => display.show(&progress),
                None => break,
            },
            _ = left.tick() => {
                if protector.operation(id).await?.status == OperationStatus::Paused {
                    break;
                }
            }
        }
    }
    display.end();
    Ok(protector.operation(id).await?)
}

async fn pause(protector: &Protector, unfinished: &Unfinished) -> Result<Answer, Error> {
    let id = only(protector, unfinished).await?;
    protector.pause(id).await?;
    let operation = protector.operation(id).await?;
    let said = match operation.status {
        OperationStatus::Paused => "",
        _ => "asked for: the process that runs it begins nothing new, and leaves it",
    };
    Ok(one(&operation, said))
}

async fn cancel(
    protector: &Protector,
    unfinished: &Unfinished,
    reason: &str,
    style: Style,
) -> Result<Answer, Error> {
    let id = only(protector, unfinished).await?;
    let Some(handle) = protector.cancel(id, reason).await? else {
        let operation = protector.operation(id).await?;
        return Ok(one(&operation, "asked for: the process that runs it undoes it"));
    };
    let answer = run::finish(protector, handle, &[], style).await?;
    // That it is rolled back is what was wanted.
    let exit = if answer.exit == exit::ROLLED_BACK { exit::DONE } else { answer.exit };
    Ok(answer.with_exit(exit))
}

fn reported(report: &Report, html: bool) -> Answer {
    let text = if html { report.html() } else { timeline(report) };
    Answer::new(text, json!(report))
}

fn timeline(report: &Report) -> String {
    let seconds = |value: Option<f64>| value.map(|seconds| format!("{seconds:.1}")).unwrap_or_default();
    let rows = report.steps.iter().map(|step| {
        let remarks = list(step.remarks.iter().map(|remark| &remark.text));
        let critical = if step.critical { "*" } else { "" };
        let site = step.site.as_ref().map(ToString::to_string).unwrap_or_default();
        [
            step.id.to_string(),
            site,
            step.status.to_owned(),
            seconds(step.seconds),
            critical.to_owned(),
            remarks,
        ]
    });
    let mut text = tables::operation(&report.operation) + "\n";
    text += &columns(["step", "site", "status", "seconds", "critical", "remarks"], rows);
    let _ = write!(text, "\n{:.1} s in all; plan {}", report.seconds, report.plan_hash);
    if let Some(loss) = &report.loss {
        let _ = write!(text, "\nlost: what was written from {} to {}", loss.from, loss.until);
    }
    for remark in &report.remarks {
        let _ = write!(text, "\n{} {}", remark.at, remark.text);
    }
    text
}
