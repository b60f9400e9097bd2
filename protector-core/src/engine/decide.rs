use super::event::Event;
use super::state::{IllegalTransition, OperationState, StepState};
use crate::domain::OperationStatus;
use crate::id::StepId;
use std::cmp::Reverse;

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
    let running = state.steps().values().any(|step| matches!(step, StepState::Running));
    if let Some((step, trouble)) = state.failed().next() {
        // What is under way is waited for; nothing new is begun.
        return match (running, state.needs_person()) {
            (true, _) => Vec::new(),
            (false, true) => vec![Command::Leave],
            (false, false) => vec![Command::RollBack { reason: format!("{step}: {}", trouble.message) }],
        };
    }
    let ready = ready(state);
    if ready.is_empty() && !running {
        return vec![Command::Finish { status: OperationStatus::Completed, error_message: None }];
    }
    ready
}

fn ready(state: &OperationState) -> Vec<Command> {
    let lengths = state.plan().critical_paths();
    let mut ready: Vec<(Reverse<usize>, usize, Command)> = Vec::new();
    for (position, step) in state.plan().steps.iter().enumerate() {
        let observe_first = match state.step(&step.id) {
            Some(StepState::Pending) => false,
            Some(StepState::Interrupted) => true,
            _ => continue,
        };
        if state.missing(step).is_none() {
            let length = lengths.get(&step.id).copied().unwrap_or(0);
            ready.push((Reverse(length), position, Command::Run { step: step.id.clone(), observe_first }));
        }
    }
    ready.sort_by_key(|(length, position, _)| (*length, *position));
    ready.into_iter().map(|(_, _, command)| command).collect()
}

fn undo(state: &OperationState) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut troubled = false;
    let mut busy = false;
    for step in state.plan().steps.iter().rev() {
        match state.step(&step.id) {
            Some(StepState::Reverting) => busy = true,
            Some(StepState::RevertInterrupted) if state.troubles().contains_key(&step.id) => troubled = true,
            Some(now) if !now.is_untouched() && state.in_use_by(&step.id).is_none() => {
                commands.push(Command::Revert { step: step.id.clone() });
            }
            _ => {}
        }
    }
    if commands.is_empty() && !busy {
        if troubled {
            return vec![Command::Leave];
        }
        let error_message = state.rollback_reason().map(str::to_owned);
        return vec![Command::Finish { status: OperationStatus::RolledBack, error_message }];
    }
    commands
}

#[cfg(test)]
mod tests;
