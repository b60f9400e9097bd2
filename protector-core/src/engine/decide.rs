use super::event::Event;
use super::plan::PlannedStep;
use super::state::{IllegalTransition, OperationState, StepState};
use crate::domain::OperationStatus;
use crate::id::StepId;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run a step.
    Run {
        /// The step.
        step: StepId,
        /// Whether its effect may already be there: then look first.
        observe_first: bool,
    },
    /// Go on without a step: what it builds on is not there.
    Skip {
        /// The step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// Begin to undo.
    RollBack {
        /// Why.
        reason: String,
    },
    /// Undo a step.
    Revert {
        /// The step.
        step: StepId,
    },
    /// Write down the end.
    Finish {
        /// Which.
        status: OperationStatus,
        /// What went wrong, if something did.
        error_message: Option<String>,
    },
    /// Stop, leaving the operation for a person: `resume` continues it.
    Leave,
}

/// Takes in an event and says what to do next. Pure: no clock, no randomness, no IO.
///
/// Commands that the caller cannot carry out yet (its limits are reached) are given again with the next event. They come in the
/// order in which they should be started: longest remaining chain first.
///
/// # Errors
/// The event cannot follow those before it.
pub fn decide(state: &mut OperationState, event: &Event) -> Result<Vec<Command>, IllegalTransition> {
    state.apply(event)?;
    Ok(next(state))
}

fn next(state: &OperationState) -> Vec<Command> {
    if state.end().is_some() {
        return Vec::new();
    }
    if state.rollback_reason().is_some() {
        return undo(state);
    }
    let running = state.is_running();
    // What a person wants comes before what would be next; what is under way is waited for.
    if let Some(reason) = state.cancelled() {
        return if running { Vec::new() } else { vec![Command::RollBack { reason: reason.to_owned() }] };
    }
    if state.paused_by().is_some() {
        return if running { Vec::new() } else { vec![Command::Leave] };
    }
    if let Some((step, trouble)) = state.failed().next() {
        // What is under way is waited for; nothing new is begun.
        return match (running, state.needs_person()) {
            (true, _) => Vec::new(),
            (false, true) => vec![Command::Leave],
            (false, false) => vec![Command::RollBack { reason: format!("{step}: {}", trouble.message) }],
        };
    }
    let ready = ready(state);
    if running || !ready.is_empty() {
        return ready;
    }
    // What has neither come to an end nor is ready now never will be: only a plan that was damaged has such a step.
    let all_done = state.all_have_come_to_an_end();
    let completed = Command::Finish { status: OperationStatus::Completed, error_message: without(state) };
    vec![if all_done { completed } else { Command::Leave }]
}

/// What the operation was completed without, in one line.
fn without(state: &OperationState) -> Option<String> {
    let mut failed = state.done_without().map(|(step, trouble)| format!("{step}: {}", trouble.message));
    let first = failed.next()?;
    Some(failed.fold(first, |all, next| format!("{all}; {next}")))
}

fn ready(state: &OperationState) -> Vec<Command> {
    let command = |step: &PlannedStep| {
        let step = step.id.clone();
        if state.lacks_ground(&step) {
            return Command::Skip { step, reason: "what it builds on is not there".to_owned() };
        }
        let observe_first = matches!(state.step(&step), Some(StepState::Interrupted));
        Command::Run { step, observe_first }
    };
    state.ready().map(command).collect()
}

fn undo(state: &OperationState) -> Vec<Command> {
    // What was tried in vain is tried again when somebody has looked and taken the operation up.
    let in_vain = |step: &&PlannedStep| {
        matches!(state.step(&step.id), Some(StepState::RevertInterrupted))
            && state.troubles().contains_key(&step.id)
    };
    let (troubled, free): (Vec<_>, Vec<_>) = state.revertible().partition(in_vain);
    if free.is_empty() && !state.is_reverting() {
        if !troubled.is_empty() {
            return vec![Command::Leave];
        }
        let error_message = state.rollback_reason().map(str::to_owned);
        return vec![Command::Finish { status: OperationStatus::RolledBack, error_message }];
    }
    free.into_iter().map(|step| Command::Revert { step: step.id.clone() }).collect()
}

#[cfg(test)]
mod tests;
