mod index;
mod standing;
mod transitions;

use super::event::Trouble;
use super::plan::{Plan, PlannedStep, Recovery};
use crate::domain::OperationStatus;
use crate::id::StepId;
use crate::journal::canonical::CanonicalJson;
use index::PlanIndex;
use serde_json::Value;
use standing::Standing;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a step stands.
#[derive(Debug, Clone, PartialEq)]
pub enum StepState {
    /// Not begun.
    Pending,
    /// Its intent is journaled, and a task of this process is at it.
    Running,
    /// Its intent is journaled, but nobody is at it: observe first.
    Interrupted,
    /// Its effect is there.
    Done,
    /// It failed for good. If it was ever intended, its effect may be there in part.
    Failed(Trouble),
    /// It is not run.
    Skipped {
        /// Why.
        reason: String,
        /// Who said so; none if what it builds on is not there.
        by: Option<String>,
    },
    /// A task of this process is undoing it.
    Reverting,
    /// It is to be undone, and nobody is at it.
    RevertInterrupted,
    /// It is undone.
    Reverted,
}

/// An operation as its events tell it. The same events always give the same state.
#[derive(Debug, Clone)]
pub struct OperationState {
    plan: Arc<Plan>,
    index: Arc<PlanIndex>,
    standing: Standing,
    /// As texts: there are thousands, and few are looked into more than once.
    returned: BTreeMap<StepId, CanonicalJson>,
    troubles: BTreeMap<StepId, Trouble>,
    paused_by: Option<String>,
    cancelled: Option<String>,
    rolling_back: Option<String>,
    finished: Option<(OperationStatus, Option<String>)>,
    started: bool,
}

/// An event that cannot follow those before it: the journal is damaged, or the engine is wrong.
#[derive(Debug, thiserror::Error)]
#[error("event {event} cannot follow: {why}")]
pub struct IllegalTransition {
    /// The event's kind.
    pub event: &'static str,
    /// Why not.
    pub why: String,
}

impl OperationState {
    /// An operation of which nothing has happened yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        let index = Arc::new(PlanIndex::of(&plan));
        let standing = Standing::new(&index, plan.steps.len());
        Self {
            plan,
            index,
            standing,
            returned: BTreeMap::new(),
            troubles: BTreeMap::new(),
            paused_by: None,
            cancelled: None,
            rolling_back: None,
            finished: None,
            started: false,
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// A step of the plan by its name, without going over the whole plan.
    pub fn planned(&self, id: &StepId) -> Option<&PlannedStep> {
        self.plan.steps.get(self.index.position(id)?)
    }

    /// Where a step stands.
    pub fn step(&self, id: &StepId) -> Option<&StepState> {
        self.standing.state(self.index.position(id)?)
    }

    /// A copy of where all steps stand, by name.
    pub fn steps(&self) -> BTreeMap<StepId, StepState> {
        let steps = self.plan.steps.iter().map(|step| &step.id);
        steps.filter_map(|id| Some((id.clone(), self.step(id)?.clone()))).collect()
    }

    /// Whether something of a step may be there.
    pub fn is_touched(&self, id: &StepId) -> bool {
        self.index.position(id).is_some_and(|position| self.standing.is_touched(position))
    }

    /// What a step has returned, if it has; also if it was undone since, for its undoing needs it.
    pub fn output(&self, id: &StepId) -> Option<Value> {
        // It was written from a value.
        self.returned.get(id).and_then(|output| output.read().ok())
    }

    /// Why what was done is being undone, if it is.
    pub fn rollback_reason(&self) -> Option<&str> {
        self.rolling_back.as_deref()
    }

    /// How the operation ended, if it has.
    pub fn end(&self) -> Option<OperationStatus> {
        self.finished.as_ref().map(|(status, _)| *status)
    }

    /// Whether a failure can no longer lead back.
    pub fn past_point_of_no_return(&self) -> bool {
        match &self.plan.recovery {
            Recovery::RollBack => false,
            Recovery::ForwardOnly => true,
            Recovery::RollBackBefore(id) => self.is_touched(id),
        }
    }

    /// The steps that failed for good, and why; without those that the operation goes on without.
    pub fn failed(&self) -> impl Iterator<Item = (&StepId, &Trouble)> {
        self.ended_in_failure().filter(|(id, _)| !self.is_optional(id))
    }

    /// The optional steps that failed for good, and why.
    pub fn done_without(&self) -> impl Iterator<Item = (&StepId, &Trouble)> {
        self.ended_in_failure().filter(|(id, _)| self.is_optional(id))
    }

    /// In the order of their names.
    fn ended_in_failure(&self) -> impl Iterator<Item = (&StepId, &Trouble)> {
        let failed = self.standing.failed().filter_map(|position| match self.standing.state(position) {
            Some(StepState::Failed(trouble)) => Some((&self.plan.steps.get(position)?.id, trouble)),
            _ => None,
        });
        let mut failed: Vec<_> = failed.collect();
        failed.sort_by_key(|(id, _)| *id);
        failed.into_iter()
    }

    fn is_optional(&self, id: &StepId) -> bool {
        self.planned(id).is_some_and(|step| step.optional)
    }

    /// Who has paused the operation, if somebody has since it was begun or taken up last.
    pub fn paused_by(&self) -> Option<&str> {
        self.paused_by.as_deref()
    }

    /// Why the operation is to be undone, if a person has said so.
    pub fn cancelled(&self) -> Option<&str> {
        self.cancelled.as_deref()
    }

    /// Whether something failed that neither passes nor may be undone.
    pub fn needs_person(&self) -> bool {
        let past = self.past_point_of_no_return();
        self.failed().any(|(_, trouble)| past || trouble.is_for_a_person())
    }

    /// What is troubling steps that are being tried again, and those that failed.
    pub fn troubles(&self) -> &BTreeMap<StepId, Trouble> {
        &self.troubles
    }

    /// The operation's status.
    pub fn status(&self) -> OperationStatus {
        if let Some((status, _)) = &self.finished {
            return *status;
        }
        let tried_for_ever = |id: &StepId| self.planned(id).is_none_or(|step| step.patience.is_none());
        let under_way = |id: &StepId| !self.has_come_to_an_end(id);
        let troubled = self.troubles.keys().any(|id| under_way(id) && tried_for_ever(id));
        let waiting = troubled && self.past_point_of_no_return();
        match (self.started, &self.rolling_back) {
            (false, _) => OperationStatus::Pending,
            (true, Some(_)) => OperationStatus::RollingBack,
            (true, None) if self.needs_person() || self.paused_by.is_some() => OperationStatus::Paused,
            (true, None) if waiting => OperationStatus::Waiting,
            (true, None) => OperationStatus::Running,
        }
    }

    /// Share of the steps that are done, or will not be, 0 to 100.
    pub fn progress(&self) -> u8 {
        let all = self.index.len().max(1);
        u8::try_from(self.standing.ended() * 100 / all).unwrap_or(100)
    }

    /// The steps that could not be undone, and those that they build on and hold up so; in the order of the plan.
    pub fn not_undone(&self) -> Vec<StepId> {
        if self.rolling_back.is_none() {
            return Vec::new();
        }
        let mut held: Vec<bool> = vec![false; self.plan.steps.len()];
        for (position, step) in self.plan.steps.iter().enumerate().rev() {
            let built_on = self.index.place(position).map_or(&[][..], |place| &place.built_on_by);
            let in_use = || built_on.iter().any(|later| held.get(*later) == Some(&true));
            let holds =
                self.troubles.contains_key(&step.id) || (self.standing.is_touched(position) && in_use());
            if let Some(held) = held.get_mut(position) {
                *held = holds;
            }
        }
        self.plan.steps.iter().zip(held).filter(|(_, held)| *held).map(|(step, _)| step.id.clone()).collect()
    }

    /// What went wrong, in one line: the end's message, else why it is being rolled back, and what troubles a step. All
    /// that is not undone because of it is named.
    pub fn error_message(&self) -> Option<String> {
        if let Some((_, message)) = &self.finished {
            return message.clone();
        }
        let trouble = self.troubles.iter().next().map(|(step, trouble)| (step, &trouble.message));
        match (&self.rolling_back, trouble) {
            (Some(reason), Some((step, message))) => {
                let others: Vec<String> =
                    self.not_undone().iter().filter(|id| *id != step).map(ToString::to_string).collect();
                let others = if others.is_empty() {
                    String::new()
                } else {
                    format!("; not undone either: {}", others.join(", "))
                };
                Some(format!("{reason}; {step} was not undone: {message}{others}"))
            }
            (Some(reason), None) => Some(reason.clone()),
            (None, trouble) => trouble.map(|(step, message)| format!("{step}: {message}")),
        }
    }

    /// What may be begun or has to be skipped, in the order in which it should be.
    pub(super) fn ready(&self) -> impl Iterator<Item = &PlannedStep> {
        self.standing.ready().filter_map(|position| self.plan.steps.get(position))
    }

    /// What may be undone, last of the plan first.
    pub(super) fn revertible(&self) -> impl Iterator<Item = &PlannedStep> {
        self.standing.revertible().filter_map(|position| self.plan.steps.get(position))
    }

    /// Whether a task of this process is at a step.
    pub(super) fn is_running(&self) -> bool {
        self.standing.is_running()
    }

    /// Whether a task of this process is undoing a step.
    pub(super) fn is_reverting(&self) -> bool {
        self.standing.is_reverting()
    }

    /// A step that has to be done, or to have come to an end, before `step`, and is not, or has not.
    fn missing(&self, id: &StepId) -> Option<&StepId> {
        let position = self.index.position(id).filter(|position| self.standing.waits(*position))?;
        let step = self.plan.steps.get(position)?;
        let there = |id: &StepId| {
            // What a person has skipped is there, as far as the person knows.
            matches!(self.step(id), Some(StepState::Done | StepState::Skipped { by: Some(_), .. }))
        };
        let undone = step.after.iter().find(|id| !there(id));
        undone.or_else(|| step.after_end_of.iter().find(|id| !self.has_come_to_an_end(id)))
    }

    /// Whether a step builds on one that the operation goes on without.
    pub(super) fn lacks_ground(&self, id: &StepId) -> bool {
        self.index.position(id).is_some_and(|position| self.standing.lacks_ground(position))
    }

    /// Whether nothing more comes of a step on the way forward.
    fn has_come_to_an_end(&self, id: &StepId) -> bool {
        match self.step(id) {
            Some(StepState::Done | StepState::Skipped { .. }) => true,
            Some(StepState::Failed(_)) => self.is_optional(id),
            _ => false,
        }
    }

    pub(super) fn all_have_come_to_an_end(&self) -> bool {
        self.standing.ended() == self.index.len()
    }

    /// A step that builds on `step` and of which something is there.
    fn in_use_by(&self, step: &StepId) -> Option<&StepId> {
        let position = self.index.position(step).filter(|position| self.standing.is_in_use(*position))?;
        let mut built_on = self.index.place(position)?.built_on_by.iter();
        let later = built_on.find(|later| self.standing.is_touched(**later))?;
        self.plan.steps.get(*later).map(|step| &step.id)
    }
}

#[cfg(test)]
mod tests;
