//! A site is left: planned, confirmed, followed with one view, and accounted for.

use crate::arguments::{ConfirmArguments, SiteFailoverArguments};
use crate::confirmation::{Confirmation, ToConfirm, has_terminal};
use crate::follow::stop_when_interrupted;
use crate::progress::{SiteDisplay, Style};
use crate::tables::{columns, or_none};
use crate::{Answer, Error};
use protector_core::faces::{documents, exit};
use protector_core::protector::{
    GroupOutcome, GroupResult, GroupTask, Protector, SiteFailoverPlan, SiteFailoverReport,
};
use serde_json::json;
use std::io;

pub(super) async fn carry_out(
    protector: &Protector,
    wanted: &SiteFailoverArguments,
    run: &ConfirmArguments,
    style: Style,
) -> Result<Answer, Error> {
    let request = wanted.request();
    let to_confirm = ToConfirm::site_failover(&wanted.site);
    let confirmation = if run.dry_run {
        Confirmation::Given
    } else {
        to_confirm.judge(run.confirm.as_deref(), has_terminal())?
    };
    let plan = Box::pin(protector.plan_site_failover(&request)).await?;
    if run.dry_run {
        return Ok(planned(&plan));
    }
    if confirmation == Confirmation::ToBeAsked {
        to_confirm.ask(&plan.to_string(), (io::stdin().lock(), io::stderr()))?;
    }
    let mut display = SiteDisplay::new(&plan, style);
    let mut handle = protector.site_failover(plan);
    stop_when_interrupted(handle.stop_token(), "the same command continues");
    while let Some(progress) = handle.next().await {
        display.show(&progress);
    }
    display.end();
    Ok(accounted(&handle.finish().await?))
}

fn planned(plan: &SiteFailoverPlan) -> Answer {
    let cannot = |task: &GroupTask| matches!(task, GroupTask::Refused(_) | GroupTask::Failed(_));
    let exit = if plan.groups.iter().any(|group| cannot(&group.task)) { exit::REFUSED } else { exit::DONE };
    Answer::new(format!("{plan}nothing was changed"), documents::site_failover_plan(plan)).with_exit(exit)
}

fn accounted(report: &SiteFailoverReport) -> Answer {
    let rows = report.groups.iter().map(|GroupResult { group, operation, outcome }| {
        let (outcome, remark) = told(outcome);
        [group.clone(), outcome.to_owned(), or_none(*operation), remark]
    });
    let mut text = columns(["group", "outcome", "operation", "remark"], rows);
    if !report.is_complete() {
        text += "\nnot all groups run elsewhere with all of their VMs: mend what is named, and do it again";
    }
    Answer::new(text, json!(report)).with_exit(exit::of_site_failover(report))
}

fn told(outcome: &GroupOutcome) -> (&'static str, String) {
    match outcome {
        GroupOutcome::WasDone => ("was_done", String::new()),
        GroupOutcome::Moved { remark } => ("moved", remark.clone().unwrap_or_default()),
        GroupOutcome::Partial { reason } => ("partial", reason.clone()),
        GroupOutcome::NotMoved { status, reason } => ("not_moved", format!("{status}: {reason}")),
        GroupOutcome::Refused { findings } => {
            let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
            ("refused", findings.join("\n"))
        }
        GroupOutcome::Failed(reason) => ("failed", format!("{}; {}", reason.message, reason.hint)),
        GroupOutcome::NotBegun { reason } => ("not_begun", reason.clone()),
        _ => ("unknown", String::new()),
    }
}
