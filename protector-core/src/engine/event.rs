use crate::error::{Class, Code};
use crate::id::StepId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is journaled of an operation, in order. Kind and version of each are in its tag; the form of a released one
/// never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Event {
    /// A process has begun or taken up the operation.
    Started {
        /// The term it holds.
        term: u64,
        /// Who.
        holder: String,
    },
    /// A step's request is about to leave.
    StepIntended {
        /// The step.
        step: StepId,
    },
    /// A step's effect is there.
    StepDone {
        /// The step.
        step: StepId,
        /// What it returned.
        output: Value,
    },
    /// A step failed and is tried again.
    StepTroubled {
        /// The step.
        step: StepId,
        /// Why.
        trouble: Trouble,
    },
    /// A step failed for good; without an intent before it, it could not even be begun.
    StepFailed {
        /// The step.
        step: StepId,
        /// Why.
        trouble: Trouble,
    },
    /// A step is not run: what it builds on is not there, or a person has said so.
    StepSkipped {
        /// The step.
        step: StepId,
        /// Why.
        reason: String,
        /// The person; none if it could not be run.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A person wants the operation to be left where it is, for now.
    PauseRequested {
        /// Who.
        by: String,
    },
    /// A person wants the operation to be undone.
    CancelRequested {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// What was done is going to be undone.
    RollbackBegun {
        /// Why.
        reason: String,
    },
    /// A step's undoing is about to begin.
    RevertIntended {
        /// The step.
        step: StepId,
    },
    /// A step is undone.
    RevertDone {
        /// The step.
        step: StepId,
    },
    /// A step could not be undone for now.
    RevertFailed {
        /// The step.
        step: StepId,
        /// Why.
        trouble: Trouble,
    },
    /// The operation has come to its end.
    Finished {
        /// How.
        status: crate::domain::OperationStatus,
        /// What went wrong, if something did.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_message: Option<String>,
    },
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// The stable name.
    pub code: String,
    /// What may be done.
    pub class: Class,
    /// The whole story on one line.
    pub message: String,
    /// Whether it is certain that nothing was changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub untouched: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Trouble {
    /// From its parts.
    pub fn new(code: Code, class: Class, message: impl Into<String>) -> Self {
        Self { code: code.as_str().to_owned(), class, message: message.into(), untouched: false }
    }

    /// Whether neither going on nor going back is safe before a person has looked: what was found is not what was
    /// expected, or this release does not understand the step.
    pub fn is_for_a_person(&self) -> bool {
        [Code::StepConflict, Code::NeedsNewerRelease].iter().any(|code| self.code == code.as_str())
    }

    /// Of a step's error.
    pub(super) fn of(error: super::StepError) -> Self {
        Self {
            code: error.code.as_str().to_owned(),
            class: error.class,
            message: error.message,
            untouched: error.untouched,
        }
    }
}

impl Event {
    /// The name under which it is journaled.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::StepIntended { .. } => "step_intended",
            Self::StepDone { .. } => "step_done",
            Self::StepTroubled { .. } => "step_troubled",
            Self::StepFailed { .. } => "step_failed",
            Self::StepSkipped { .. } => "step_skipped",
            Self::PauseRequested { .. } => "pause_requested",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::RollbackBegun { .. } => "rollback_begun",
            Self::RevertIntended { .. } => "revert_intended",
            Self::RevertDone { .. } => "revert_done",
            Self::RevertFailed { .. } => "revert_failed",
            Self::Finished { .. } => "finished",
        }
    }
}

#[cfg(test)]
mod tests;
