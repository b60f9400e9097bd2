//! What an operation did, when, and what it waited for: for people as a page, for programs as JSON.

mod html;

use super::status::{OperationView, Recalled};
use super::{Error, Protector};
use crate::domain::{Finding, Loss};
use crate::engine::{Event, Plan, StepState};
use crate::id::{OperationId, SiteName, StepId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// An operation, step by step.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The operation.
    pub operation: OperationView,
    /// SHA-256 of the plan that was run.
    pub plan_hash: String,
    /// From its beginning to its end, or to the last that was journaled; seconds.
    pub seconds: f64,
    /// The steps that, one after the other, took it as long as it took.
    pub critical_path: Vec<StepId>,
    /// What the plan warned of.
    pub warnings: Vec<Finding>,
    /// What an unplanned move lost.
    pub loss: Option<Loss>,
    /// The steps, in the plan's order.
    pub steps: Vec<StepReport>,
    /// What else was journaled: who took it up, paused it, wanted it undone.
    pub remarks: Vec<Remark>,
}

/// One step of an operation.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Its name in the plan.
    pub id: StepId,
    /// Its kind.
    pub kind: String,
    /// Where.
    pub site: Option<SiteName>,
    /// What it does.
    pub title: String,
    /// Where it stands: `pending`, `running`, `done`, `failed`, `skipped`, `reverting`, `reverted`.
    pub status: &'static str,
    /// When its request was about to leave for the first time.
    pub started_at: Option<Timestamp>,
    /// When it had come to its end.
    pub completed_at: Option<Timestamp>,
    /// Between the two.
    pub seconds: Option<f64>,
    /// Whether the operation went on without it if it failed.
    pub optional: bool,
    /// Whether it is on the critical path.
    pub critical: bool,
    /// What went wrong with it, or why it was skipped.
    pub remarks: Vec<Remark>,
    /// Whether it began after the point of no return.
    pub past_point_of_no_return: bool,
}

/// Something that was journaled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// When.
    pub at: Timestamp,
    /// What, for a person.
    pub text: String,
}

impl Protector {
    /// What an operation did so far.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such operation.
    pub async fn report(&self, id: OperationId) -> Result<Report, Error> {
        let recalled = self.recall_one(id).await?;
        let (_, group) = self.records().group(recalled.record.group).await?;
        let loss = group.and_then(|group| group.last_loss).filter(|_| {
            recalled
                .plan
                .steps
                .iter()
                .any(|step| step.kind == "record_move" && step.input.value().get("loss").is_some())
        });
        Ok(report(&recalled, loss))
    }
}

impl Report {
    /// The same as one page that needs nothing else: a table and a timeline.
    pub fn html(&self) -> String {
        html::page(self)
    }
}

#[derive(Default)]
struct Passed {
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    remarks: Vec<Remark>,
}

fn report(recalled: &Recalled, loss: Option<Loss>) -> Report {
    let plan = &recalled.plan;
    let (passed, remarks, returned) = read(recalled);
    let (first, last) = (recalled.times.first(), recalled.times.last());
    let seconds = first.zip(last).map_or(0.0, |(first, last)| between(*first, *last));
    let critical = critical_path(plan, &passed);
    let steps = plan.steps.iter().map(|step| {
        let passed = passed.get(&step.id);
        let (started_at, completed_at) =
            (passed.and_then(|passed| passed.started), passed.and_then(|passed| passed.ended));
        StepReport {
            id: step.id.clone(),
            kind: step.kind.clone(),
            site: step.site.clone(),
            title: step.title.clone(),
            status: recalled.state.step(&step.id).map_or("pending", status),
            started_at,
            completed_at,
            seconds: started_at.zip(completed_at).map(|(started, ended)| between(started, ended)),
            optional: step.optional,
            critical: critical.contains(&step.id),
            remarks: passed.map(|passed| passed.remarks.clone()).unwrap_or_default(),
            past_point_of_no_return: started_at
                .zip(returned)
                .is_some_and(|(started, point)| started >= point),
        }
    });
    Report {
        operation: recalled.view(),
        plan_hash: plan.hash(),
        seconds,
        steps: steps.collect(),
        critical_path: critical,
        warnings: plan.warnings.clone(),
        loss,
        remarks,
    }
}

fn between(one: Timestamp, other: Timestamp) -> f64 {
    other.duration_since(one).as_secs_f64().max(0.0)
}

fn status(state: &StepState) -> &'static str {
    match state {
        StepState::Pending => "pending",
        StepState::Running | StepState::Interrupted => "running",
        StepState::Done => "done",
        StepState::Failed(_) => "failed",
        StepState::Skipped { .. } => "skipped",
        StepState::Reverting | StepState::RevertInterrupted => "reverting",
        StepState::Reverted => "reverted",
    }
}

/// What passed with each step, what else was said, and when the point of no return was passed.
fn read(recalled: &Recalled) -> (BTreeMap<StepId, Passed>, Vec<Remark>, Option<Timestamp>) {
    let mut passed: BTreeMap<StepId, Passed> = BTreeMap::new();
    let mut remarks = Vec::new();
    let mut returned = None;
    let point = match &recalled.plan.recovery {
        crate::engine::Recovery::RollBackBefore(step) => Some(step),
        _ => None,
    };
    for (event, at) in recalled.events.iter().zip(&recalled.times) {
        let at = *at;
        let mut say = |text: String| remarks.push(Remark { at, text });
        match event {
            Event::Started { holder, .. } => say(format!("taken up by {holder}")),
            Event::PauseRequested { by } => say(format!("paused by {by}")),
            Event::CancelRequested { by, reason } => say(format!("cancelled by {by}: {reason}")),
            Event::RollbackBegun { reason } => say(format!("undone: {reason}")),
            Event::Finished { status, .. } => say(status.to_string()),
            Event::StepIntended { step } => {
                passed.entry(step.clone()).or_default().started.get_or_insert(at);
                if Some(step) == point {
                    returned.get_or_insert(at);
                }
            }
            Event::StepDone { step, output } => {
                let of = passed.entry(step.clone()).or_default();
                of.ended = Some(at);
                // What a person's own hook has said is for persons.
                let hook = recalled.plan.step(step).is_some_and(|step| step.kind == "run_hook");
                let said = output.get("output").and_then(Value::as_str).map_or("", str::trim);
                if hook && !said.is_empty() {
                    of.remarks.push(Remark { at, text: format!("said: {said}") });
                }
            }
            Event::StepTroubled { step, trouble } => {
                let text = format!("tried again: {}", trouble.message);
                passed.entry(step.clone()).or_default().remarks.push(Remark { at, text });
            }
            Event::StepFailed { step, trouble } => {
                let of = passed.entry(step.clone()).or_default();
                of.ended = Some(at);
                of.remarks.push(Remark { at, text: format!("failed: {}", trouble.message) });
            }
            Event::StepSkipped { step, reason, by } => {
                let who = by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
                let text = format!("skipped{who}: {reason}");
                passed.entry(step.clone()).or_default().remarks.push(Remark { at, text });
            }
            Event::RevertIntended { .. } => {}
            Event::RevertDone { step } => {
                let text = "undone".to_owned();
                passed.entry(step.clone()).or_default().remarks.push(Remark { at, text });
            }
            Event::RevertFailed { step, trouble } => {
                let text = format!("not undone: {}", trouble.message);
                passed.entry(step.clone()).or_default().remarks.push(Remark { at, text });
            }
        }
    }
    (passed, remarks, returned)
}

/// From what ended last back to what it waited for last, and so on: in order of time.
fn critical_path(plan: &Plan, passed: &BTreeMap<StepId, Passed>) -> Vec<StepId> {
    let ended = |id: &StepId| passed.get(id).and_then(|passed| passed.ended);
    let mut path = Vec::new();
    let mut next =
        plan.steps.iter().filter(|step| ended(&step.id).is_some()).max_by_key(|step| ended(&step.id));
    while let Some(step) = next {
        path.push(step.id.clone());
        let before = step.after.iter().chain(&step.after_end_of).filter(|id| ended(id).is_some());
        next = before.max_by_key(|id| ended(id)).and_then(|id| plan.step(id));
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests;
