use super::event::{Event, Trouble};
use super::plan::{Plan, PlannedStep, Recovery};
use crate::domain::OperationStatus;
use crate::id::StepId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
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
    steps: BTreeMap<StepId, StepState>,
    /// Steps that were intended and not undone since.
    touched: BTreeSet<StepId>,
    returned: BTreeMap<StepId, Value>,
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
        let steps = plan.steps.iter().map(|step| (step.id.clone(), StepState::Pending)).collect();
        Self {
            plan,
            steps,
            touched: BTreeSet::new(),
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

    /// Where a step stands.
    pub fn step(&self, id: &StepId) -> Option<&StepState> {
        self.steps.get(id)
    }

    /// All steps and where they stand.
    pub fn steps(&self) -> &BTreeMap<StepId, StepState> {
        &self.steps
    }

    /// Whether something of a step may be there.
    pub fn is_touched(&self, id: &StepId) -> bool {
        self.touched.contains(id)
    }

    /// What steps have returned; those that were undone since are among them, for their undoing needs it.
    pub fn outputs(&self) -> &BTreeMap<StepId, Value> {
        &self.returned
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
            Recovery::RollBackBefore(id) => self.touched.contains(id),
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

    fn ended_in_failure(&self) -> impl Iterator<Item = (&StepId, &Trouble)> {
        self.steps.iter().filter_map(|(id, state)| match state {
            StepState::Failed(trouble) => Some((id, trouble)),
            _ => None,
        })
    }

    fn is_optional(&self, id: &StepId) -> bool {
        self.plan.step(id).is_some_and(|step| step.optional)
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
        let tried_for_ever = |id: &StepId| self.plan.step(id).is_none_or(|step| step.patience.is_none());
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
        let done = self.steps.keys().filter(|id| self.has_come_to_an_end(id)).count();
        let all = self.steps.len().max(1);
        u8::try_from(done * 100 / all).unwrap_or(100)
    }

    /// The steps that could not be undone, and those that they build on and hold up so; in the order of the plan.
    pub fn not_undone(&self) -> Vec<StepId> {
        if self.rolling_back.is_none() {
            return Vec::new();
        }
        let mut held: BTreeSet<&StepId> = BTreeSet::new();
        for step in self.plan.steps.iter().rev() {
            let in_use =
                || self.plan.steps.iter().any(|later| held.contains(&later.id) && later.builds_on(&step.id));
            if self.troubles.contains_key(&step.id) || (self.touched.contains(&step.id) && in_use()) {
                held.insert(&step.id);
            }
        }
        self.plan.steps.iter().map(|step| &step.id).filter(|id| held.contains(id)).cloned().collect()
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

    /// Takes in an event.
    ///
    /// # Errors
    /// It cannot follow those before it; the state is unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        let illegal = |why: &str| IllegalTransition { event: event.kind(), why: why.to_owned() };
        if self.finished.is_some() {
            return Err(illegal("the operation has ended"));
        }
        if !self.started && !matches!(event, Event::Started { .. }) {
            return Err(illegal("nobody has begun the operation"));
        }
        match event {
            Event::Started { .. } => {
                self.started = true;
                self.paused_by = None;
                self.troubles.clear();
                for (id, state) in &mut self.steps {
                    match state {
                        StepState::Running => *state = StepState::Interrupted,
                        // What a person was asked to mend is looked at again.
                        StepState::Failed(_) if self.rolling_back.is_none() => {
                            let touched = self.touched.contains(id);
                            *state = if touched { StepState::Interrupted } else { StepState::Pending };
                        }
                        // It may be there now.
                        StepState::Skipped { by: None, .. } if self.rolling_back.is_none() => {
                            *state = StepState::Pending;
                        }
                        StepState::Reverting => *state = StepState::RevertInterrupted,
                        _ => {}
                    }
                }
            }
            Event::StepIntended { step } => {
                if self.rolling_back.is_some() {
                    return Err(illegal("what was done is being undone"));
                }
                if let Some(missing) = self.plan.step(step).and_then(|planned| self.missing(planned)) {
                    return Err(illegal(&format!("step {step} needs {missing}, which is not done")));
                }
                self.change(event, step, |state| {
                    matches!(state, StepState::Pending | StepState::Interrupted).then_some(StepState::Running)
                })?;
                self.touched.insert(step.clone());
            }
            Event::StepDone { step, output } => {
                self.change(event, step, |state| {
                    matches!(state, StepState::Running).then_some(StepState::Done)
                })?;
                self.returned.insert(step.clone(), output.clone());
                self.troubles.remove(step);
            }
            Event::StepTroubled { step, trouble } => {
                self.change(event, step, |state| {
                    matches!(state, StepState::Running).then_some(StepState::Running)
                })?;
                self.troubles.insert(step.clone(), trouble.clone());
            }
            Event::StepFailed { step, trouble } => {
                if self.rolling_back.is_some() {
                    return Err(illegal("what was done is being undone"));
                }
                self.change(event, step, |state| {
                    // What could not even be begun fails without an intent.
                    let failing =
                        matches!(state, StepState::Pending | StepState::Interrupted | StepState::Running);
                    failing.then(|| StepState::Failed(trouble.clone()))
                })?;
                if trouble.untouched {
                    self.touched.remove(step);
                }
                self.troubles.insert(step.clone(), trouble.clone());
            }
            Event::StepSkipped { step, reason, by } => {
                if self.rolling_back.is_some() {
                    return Err(illegal("what was done is being undone"));
                }
                let unreachable = self.plan.step(step).is_some_and(|planned| self.lacks_ground(planned));
                if by.is_none() && !unreachable {
                    return Err(illegal(&format!("what step {step} builds on is there or may still come")));
                }
                self.change(event, step, |state| {
                    let idle =
                        matches!(state, StepState::Pending | StepState::Interrupted | StepState::Failed(_));
                    idle.then(|| StepState::Skipped { reason: reason.clone(), by: by.clone() })
                })?;
                self.troubles.remove(step);
            }
            Event::PauseRequested { by } => self.paused_by = Some(by.clone()),
            Event::CancelRequested { by, reason } => {
                if self.past_point_of_no_return() {
                    return Err(illegal("the point of no return has passed"));
                }
                if self.rolling_back.is_some() {
                    return Err(illegal("what was done is being undone"));
                }
                self.cancelled = Some(format!("cancelled by {by}: {reason}"));
            }
            Event::RollbackBegun { reason } => {
                if self.past_point_of_no_return() {
                    return Err(illegal("the point of no return has passed"));
                }
                if self.rolling_back.is_some() {
                    return Err(illegal("it has begun before"));
                }
                if self.steps.values().any(|state| matches!(state, StepState::Running)) {
                    return Err(illegal("a step is still running"));
                }
                self.rolling_back = Some(reason.clone());
                self.troubles.clear();
            }
            Event::RevertIntended { step } => {
                if self.rolling_back.is_none() {
                    return Err(illegal("nothing is being rolled back"));
                }
                if !self.touched.contains(step) {
                    return Err(illegal(&format!("nothing of step {step} is there")));
                }
                if let Some(later) = self.in_use_by(step) {
                    return Err(illegal(&format!("{later}, which needs step {step}, is not undone")));
                }
                self.change(event, step, |state| {
                    let begun = matches!(
                        state,
                        StepState::Done
                            | StepState::Failed(_)
                            | StepState::Skipped { .. }
                            | StepState::Interrupted
                            | StepState::RevertInterrupted
                    );
                    begun.then_some(StepState::Reverting)
                })?;
            }
            Event::RevertDone { step } => {
                self.change(event, step, |state| {
                    matches!(state, StepState::Reverting).then_some(StepState::Reverted)
                })?;
                self.touched.remove(step);
                self.troubles.remove(step);
            }
            Event::RevertFailed { step, trouble } => {
                self.change(event, step, |state| {
                    matches!(state, StepState::Reverting).then_some(StepState::RevertInterrupted)
                })?;
                self.troubles.insert(step.clone(), trouble.clone());
            }
            Event::Finished { status, error_message } => {
                let forward = self.rolling_back.is_none();
                let all_done = self.all_have_come_to_an_end();
                let reached = match status {
                    OperationStatus::Completed => forward && all_done,
                    OperationStatus::RolledBack => !forward && self.touched.is_empty(),
                    other => other.is_end(),
                };
                if !reached {
                    return Err(illegal(&format!("the operation is not {status}")));
                }
                self.finished = Some((*status, error_message.clone()));
            }
        }
        Ok(())
    }

    /// A step that has to be done, or to have come to an end, before `step`, and is not, or has not.
    pub(super) fn missing<'a>(&self, step: &'a PlannedStep) -> Option<&'a StepId> {
        let there = |id: &StepId| {
            // What a person has skipped is there, as far as the person knows.
            matches!(self.steps.get(id), Some(StepState::Done | StepState::Skipped { by: Some(_), .. }))
        };
        let undone = step.after.iter().find(|id| !there(id));
        undone.or_else(|| step.after_end_of.iter().find(|id| !self.has_come_to_an_end(id)))
    }

    /// Whether `step` builds on one that the operation goes on without.
    pub(super) fn lacks_ground(&self, step: &PlannedStep) -> bool {
        step.after.iter().any(|id| match self.steps.get(id) {
            Some(StepState::Skipped { by, .. }) => by.is_none(),
            Some(StepState::Failed(_)) => self.is_optional(id),
            _ => false,
        })
    }

    /// Whether nothing more comes of a step on the way forward.
    fn has_come_to_an_end(&self, id: &StepId) -> bool {
        match self.steps.get(id) {
            Some(StepState::Done | StepState::Skipped { .. }) => true,
            Some(StepState::Failed(_)) => self.is_optional(id),
            _ => false,
        }
    }

    pub(super) fn all_have_come_to_an_end(&self) -> bool {
        self.steps.keys().all(|id| self.has_come_to_an_end(id))
    }

    /// A step that builds on `step` and of which something is there.
    pub(super) fn in_use_by(&self, step: &StepId) -> Option<&StepId> {
        let mut dependents = self.plan.steps.iter().filter(|later| later.builds_on(step));
        dependents.find(|later| self.touched.contains(&later.id)).map(|later| &later.id)
    }

    fn change(
        &mut self,
        event: &Event,
        step: &StepId,
        next: impl FnOnce(&StepState) -> Option<StepState>,
    ) -> Result<(), IllegalTransition> {
        let illegal = |why: String| IllegalTransition { event: event.kind(), why };
        let state =
            self.steps.get_mut(step).ok_or_else(|| illegal(format!("the plan has no step {step}")))?;
        match next(state) {
            Some(next) => {
                *state = next;
                Ok(())
            }
            None => Err(illegal(format!("step {step} is {state:?}"))),
        }
    }
}
