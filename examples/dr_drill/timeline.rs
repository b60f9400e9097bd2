//! When each step began and ended, in the sites' time.

use protector_core::engine::{Event, Plan};
use protector_core::id::StepId;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

const WIDTH: usize = 40;

/// An operation as it went.
#[expect(clippy::struct_field_names, reason = "the field's name everywhere")]
#[derive(Debug, Serialize)]
pub(crate) struct Operation {
    /// What it was.
    pub(crate) operation_type: String,
    /// How it ended.
    pub(crate) status: String,
    /// What went wrong.
    pub(crate) error_message: Option<String>,
    /// What it took, in seconds of the sites' time.
    pub(crate) seconds: f64,
    /// Its steps, in the order in which they began.
    pub(crate) steps: Vec<Step>,
}

/// A step as it went; seconds since the operation began.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// Its name in the plan.
    pub(crate) id: StepId,
    /// What it does.
    pub(crate) kind: String,
    /// When it began.
    pub(crate) began: f64,
    /// When it ended; nothing if it did not.
    pub(crate) ended: Option<f64>,
    /// How it ended: done, failed, undone, not undone.
    pub(crate) ending: &'static str,
}

/// Follows an operation.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    steps: Vec<Step>,
    now: BTreeMap<StepId, usize>,
}

impl Timeline {
    /// Something happened, so long after the beginning.
    pub(crate) fn note(&mut self, plan: &Plan, event: &Event, at: Duration) {
        match event {
            Event::StepIntended { step } => self.begin(plan, step, "under way", at),
            Event::StepDone { step, .. } => self.end(plan, step, "done", at),
            Event::StepFailed { step, .. } => self.end(plan, step, "failed", at),
            Event::RevertIntended { step } => self.begin(plan, step, "being undone", at),
            Event::RevertDone { step } => self.end(plan, step, "undone", at),
            Event::RevertFailed { step, .. } => self.end(plan, step, "not undone", at),
            _ => {}
        }
    }

    fn begin(&mut self, plan: &Plan, id: &StepId, ending: &'static str, at: Duration) {
        let kind = plan.step(id).map(|step| step.kind.clone()).unwrap_or_default();
        let step = Step { id: id.clone(), kind, began: at.as_secs_f64(), ended: None, ending };
        self.now.insert(id.clone(), self.steps.len());
        self.steps.push(step);
    }

    fn end(&mut self, plan: &Plan, id: &StepId, ending: &'static str, at: Duration) {
        if !self.now.contains_key(id) {
            self.begin(plan, id, ending, at);
        }
        if let Some(step) = self.now.get(id).and_then(|index| self.steps.get_mut(*index)) {
            step.ended = Some(at.as_secs_f64());
            step.ending = ending;
        }
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

impl Operation {
    /// One line for each step, with a bar where it lay.
    pub(crate) fn lines(&self) -> Vec<String> {
        let whole = self.seconds.max(f64::MIN_POSITIVE);
        let column = |at: f64| ((at / whole * WIDTH as f64).round() as usize).min(WIDTH);
        let longest = self.steps.iter().map(|step| step.id.to_string().len()).max().unwrap_or_default();
        self.steps
            .iter()
            .map(|step| {
                let ended = step.ended.unwrap_or(self.seconds);
                let (from, to) = (column(step.began).min(WIDTH - 1), column(ended));
                let bar = format!("{}{}", " ".repeat(from), "█".repeat(to.saturating_sub(from).max(1)));
                let mark = if step.ending == "done" { "" } else { step.ending };
                format!(
                    "  {:<longest$} {:>7.2} s │{bar:<WIDTH$}│ {mark}",
                    step.id.to_string(),
                    ended - step.began
                )
            })
            .collect()
    }

    /// Where the time went: for each kind of step, for how long any of it was under way; the longest first.
    pub(crate) fn shares(&self) -> Vec<(String, usize, f64)> {
        let mut spans: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        for step in &self.steps {
            let span = (step.began, step.ended.unwrap_or(self.seconds));
            spans.entry(&step.kind).or_default().push(span);
        }
        let mut shares: Vec<_> = spans
            .into_iter()
            .map(|(kind, mut spans)| {
                spans.sort_by(|one, other| one.0.total_cmp(&other.0));
                let (mut covered, mut until) = (0.0, 0.0_f64);
                for (from, to) in &spans {
                    covered += (to - from.max(until)).max(0.0);
                    until = until.max(*to);
                }
                (kind.to_owned(), spans.len(), covered)
            })
            .collect();
        shares.sort_by(|one, other| other.2.total_cmp(&one.2));
        shares
    }
}
