//! Decides and executes. Knows neither OpenStack nor arrays: a [`Plan`] is data, a step's [`StepKind`] knows how.
//!
//! What may happen next is decided by a pure function over the journal's events ([`OperationState`]); the [`Executor`]
//! is a thin loop that carries it out. An effect's intent is durable before its request leaves; its result is durable
//! before a dependent step starts. An intent without a result is observed first.

mod decide;
mod event;
mod execute;
mod plan;
mod state;
mod step;

pub use decide::{Command, decide};
pub use event::{Event, Trouble};
pub use execute::{Assignment, ExecutionLimits, Executor, Left, Log, LogError, Outcome};
pub use plan::{
    Plan, PlanBuilder, PlanError, PlannedStep, Recovery, StepBuilder, StepInput, Waiting, done, output,
    output_or,
};
pub use state::{IllegalTransition, OperationState, StepState};
pub use step::{Observation, StepError, StepKind, StepKinds, StepRun};
