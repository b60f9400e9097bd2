use super::FailurePolicy;
use serde::{Deserialize, Serialize};

/// Something of a person's own that a move runs. Not undone when the move is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Its name, unique in the group.
    pub name: String,
    /// Whether it comes before or after what it is for.
    pub when: HookMoment,
    /// What it is for.
    pub of: HookSubject,
    /// What is run.
    pub run: HookCall,
    /// How long it may take, seconds.
    #[serde(default = "one_minute")]
    pub within: u64,
    /// What becomes of the move if it fails.
    #[serde(default)]
    pub on_failure: FailurePolicy,
    /// Whether it must not run twice: if the process that ran it ended before it did, a person has to see. Without, it is
    /// run again then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub once: bool,
}

/// Whether a hook comes before or after what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookMoment {
    /// Before.
    Before,
    /// After.
    After,
}

impl HookMoment {
    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// What a hook is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HookSubject {
    /// The whole move. Before it: before the first VM is stopped; in an unplanned one before the first is started. After it: when
    /// all is on record.
    Group,
    /// The start of a tier of the order; the first is 1.
    Tier(usize),
    /// The start of a VM.
    Vm(String),
}

/// What a hook runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HookCall {
    /// A program, by its whole path, and its arguments, on the machine that runs the operation. It has to end with 0.
    Command(Vec<String>),
    /// An address that gets a POST. It has to answer 2xx.
    Webhook(String),
}

fn one_minute() -> u64 {
    60
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !*value
}
