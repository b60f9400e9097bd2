//! Which event may follow, and what it changes.

use super::{IllegalTransition, OperationState, StepState};
use crate::domain::OperationStatus;
use crate::engine::event::Event;
use crate::id::StepId;
use crate::journal::canonical::CanonicalJson;

impl OperationState {
    /// Takes in an event.
    ///
    /// # Errors
    /// It cannot follow those before it; the state is unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        self.check(event)?;
        self.take(event);
        Ok(())
    }

    /// Whether an event may follow those before it; nothing is changed.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(&self, event: &Event) -> Result<(), IllegalTransition> {
        if self.finished.is_some() {
            return Err(illegal(event, "the operation has ended"));
        }
        if !self.started && !matches!(event, Event::Started { .. }) {
            return Err(illegal(event, "nobody has begun the operation"));
        }
        match event {
            Event::Started { .. } | Event::PauseRequested { .. } => Ok(()),
            Event::StepIntended { step } => {
                self.goes_forward(event)?;
                if let Some(missing) = self.missing(step) {
                    return Err(illegal(event, format!("step {step} needs {missing}, which is not done")));
                }
                self.stands(event, step, |state| matches!(state, StepState::Pending | StepState::Interrupted))
            }
            Event::StepDone { step, .. } | Event::StepTroubled { step, .. } => {
                self.stands(event, step, |state| matches!(state, StepState::Running))
            }
            Event::StepFailed { step, .. } => {
                self.goes_forward(event)?;
                // What could not even be begun fails without an intent.
                self.stands(event, step, |state| {
                    matches!(state, StepState::Pending | StepState::Interrupted | StepState::Running)
                })
            }
            Event::StepSkipped { step, by, .. } => {
                self.goes_forward(event)?;
                if by.is_none() && !self.lacks_ground(step) {
                    let why = format!("what step {step} builds on is there or may still come");
                    return Err(illegal(event, why));
                }
                self.stands(event, step, |state| {
                    matches!(state, StepState::Pending | StepState::Interrupted | StepState::Failed(_))
                })
            }
            Event::CancelRequested { .. } => {
                self.may_still_go_back(event)?;
                self.goes_forward(event)
            }
            Event::RollbackBegun { .. } => {
                self.may_still_go_back(event)?;
                if self.rolling_back.is_some() {
                    return Err(illegal(event, "it has begun before"));
                }
                if self.is_running() {
                    return Err(illegal(event, "a step is still running"));
                }
                Ok(())
            }
            Event::RevertIntended { step } => self.may_be_reverted(event, step),
            Event::RevertDone { step } | Event::RevertFailed { step, .. } => {
                self.stands(event, step, |state| matches!(state, StepState::Reverting))
            }
            Event::Finished { status, .. } => {
                let forward = self.rolling_back.is_none();
                let reached = match status {
                    OperationStatus::Completed => forward && self.all_have_come_to_an_end(),
                    OperationStatus::RolledBack => !forward && !self.standing.is_anything_touched(),
                    other => other.is_end(),
                };
                if reached { Ok(()) } else { Err(illegal(event, format!("the operation is not {status}"))) }
            }
        }
    }

    fn goes_forward(&self, event: &Event) -> Result<(), IllegalTransition> {
        match self.rolling_back {
            Some(_) => Err(illegal(event, "what was done is being undone")),
            None => Ok(()),
        }
    }

    fn may_still_go_back(&self, event: &Event) -> Result<(), IllegalTransition> {
        if self.past_point_of_no_return() {
            return Err(illegal(event, "the point of no return has passed"));
        }
        Ok(())
    }

    fn may_be_reverted(&self, event: &Event, step: &StepId) -> Result<(), IllegalTransition> {
        if self.rolling_back.is_none() {
            return Err(illegal(event, "nothing is being rolled back"));
        }
        if !self.is_touched(step) {
            return Err(illegal(event, format!("nothing of step {step} is there")));
        }
        if let Some(later) = self.in_use_by(step) {
            return Err(illegal(event, format!("{later}, which needs step {step}, is not undone")));
        }
        self.stands(event, step, |state| {
            matches!(
                state,
                StepState::Done
                    | StepState::Failed(_)
                    | StepState::Skipped { .. }
                    | StepState::Interrupted
                    | StepState::RevertInterrupted
            )
        })
    }

    fn stands(
        &self,
        event: &Event,
        step: &StepId,
        fits: impl FnOnce(&StepState) -> bool,
    ) -> Result<(), IllegalTransition> {
        match self.step(step) {
            None => Err(illegal(event, format!("the plan has no step {step}"))),
            Some(state) if fits(state) => Ok(()),
            Some(state) => Err(illegal(event, format!("step {step} is {state:?}"))),
        }
    }

    /// What an event changes that may follow.
    fn take(&mut self, event: &Event) {
        match event {
            Event::Started { .. } => self.take_up(),
            Event::StepIntended { step } => {
                self.put(step, StepState::Running);
                self.touch(step, true);
            }
            Event::StepDone { step, output } => {
                self.put(step, StepState::Done);
                self.returned.insert(step.clone(), CanonicalJson::of_value(output));
                self.troubles.remove(step);
            }
            Event::StepTroubled { step, trouble } => {
                self.troubles.insert(step.clone(), trouble.clone());
            }
            Event::StepFailed { step, trouble } => {
                self.put(step, StepState::Failed(trouble.clone()));
                if trouble.untouched {
                    self.touch(step, false);
                }
                self.troubles.insert(step.clone(), trouble.clone());
            }
            Event::StepSkipped { step, reason, by } => {
                self.put(step, StepState::Skipped { reason: reason.clone(), by: by.clone() });
                self.troubles.remove(step);
            }
            Event::PauseRequested { by } => self.paused_by = Some(by.clone()),
            Event::CancelRequested { by, reason } => {
                self.cancelled = Some(format!("cancelled by {by}: {reason}"));
            }
            Event::RollbackBegun { reason } => {
                self.rolling_back = Some(reason.clone());
                self.troubles.clear();
            }
            Event::RevertIntended { step } => self.put(step, StepState::Reverting),
            Event::RevertDone { step } => {
                self.put(step, StepState::Reverted);
                self.touch(step, false);
                self.troubles.remove(step);
            }
            Event::RevertFailed { step, trouble } => {
                self.put(step, StepState::RevertInterrupted);
                self.troubles.insert(step.clone(), trouble.clone());
            }
            Event::Finished { status, error_message } => {
                self.finished = Some((*status, error_message.clone()));
            }
        }
    }

    /// A process has begun or taken up the operation: nobody is at any step.
    fn take_up(&mut self) {
        self.started = true;
        self.paused_by = None;
        self.troubles.clear();
        let forward = self.rolling_back.is_none();
        for position in 0..self.plan.steps.len() {
            let now = match self.standing.state(position) {
                Some(StepState::Running) => StepState::Interrupted,
                // What a person was asked to mend is looked at again.
                Some(StepState::Failed(_)) if forward => {
                    let touched = self.standing.is_touched(position);
                    if touched { StepState::Interrupted } else { StepState::Pending }
                }
                // It may be there now.
                Some(StepState::Skipped { by: None, .. }) if forward => StepState::Pending,
                Some(StepState::Reverting) => StepState::RevertInterrupted,
                _ => continue,
            };
            self.standing.put(&self.index, position, now);
        }
    }

    fn put(&mut self, step: &StepId, state: StepState) {
        if let Some(position) = self.index.position(step) {
            self.standing.put(&self.index, position, state);
        }
    }

    fn touch(&mut self, step: &StepId, touched: bool) {
        if let Some(position) = self.index.position(step) {
            self.standing.touch(&self.index, position, touched);
        }
    }
}

fn illegal(event: &Event, why: impl Into<String>) -> IllegalTransition {
    IllegalTransition { event: event.kind(), why: why.into() }
}
