use crate::error::{Class, Code, Coded, chain};
use crate::id::{GroupId, OperationId, SiteName, StepId};
use crate::transport::{Context, Stopped};
use futures::future::BoxFuture;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a step kind is told about the run.
#[derive(Debug, Clone)]
pub struct StepRun {
    /// Deadline, cancellation, operation and term for every call.
    pub context: Context,
    /// The operation.
    pub operation: OperationId,
    /// The group.
    pub group: GroupId,
    /// The step.
    pub step: StepId,
    /// The step's site, if it has one.
    pub site: Option<SiteName>,
}

/// What is found of a step's effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// It is there; this is what the step returns.
    Done(Value),
    /// It is not there: apply (again).
    NotDone,
    /// Something else is there that only a person can judge.
    Conflict(String),
}

/// One idempotent change.
pub trait StepKind: Send + Sync + fmt::Debug {
    /// The kind's name, as plans have it.
    fn name(&self) -> &'static str;

    /// The version of the input it understands.
    fn version(&self) -> u32 {
        1
    }

    /// Which service is the busy one: steps of one system share its limit.
    fn system(&self) -> &'static str;

    /// Looks whether the effect is there. Changes nothing.
    fn observe<'a>(
        &'a self,
        run: &'a StepRun,
        input: &'a Value,
    ) -> BoxFuture<'a, Result<Observation, StepError>>;

    /// Makes the change and returns what later steps need.
    fn apply<'a>(&'a self, run: &'a StepRun, input: &'a Value) -> BoxFuture<'a, Result<Value, StepError>>;

    /// Checks, by the system that matters, that the effect is there.
    fn verify<'a>(
        &'a self,
        run: &'a StepRun,
        input: &'a Value,
        output: &'a Value,
    ) -> BoxFuture<'a, Result<(), StepError>>;

    /// Undoes the change, however much of it is there. `output` is what the step returned, if it did.
    fn revert<'a>(
        &'a self,
        run: &'a StepRun,
        input: &'a Value,
        output: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<(), StepError>>;
}

/// A step failed: what is journaled and shown of the error that caused it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// The stable name.
    pub code: Code,
    /// What may be done.
    pub class: Class,
    /// The whole story on one line.
    pub message: String,
    /// Whether it is certain that nothing was changed: then there is nothing to undo.
    pub untouched: bool,
}

impl StepError {
    /// An error of the step itself.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, class: code.class(), message: message.into(), untouched: false }
    }

    /// The same, of a step that failed before its first changing request.
    #[must_use]
    pub fn before_any_change(self) -> Self {
        Self { untouched: true, ..self }
    }

    /// A wait of the step was stopped.
    pub fn stopped(waited: &str, stopped: Stopped) -> Self {
        let code = match stopped {
            Stopped::Cancelled => Code::Cancelled,
            Stopped::Deadline => Code::DeadlineExceeded,
        };
        Self::new(code, format!("failed to {waited}: {stopped}"))
    }

    /// What was to be removed with a test is not marked as made by it.
    pub(crate) fn not_of_test(kind: &str, id: &str, test: OperationId) -> Self {
        Self::new(
            Code::RequestRefused,
            format!("{kind} {id} does not bear the marker of test {test}: it stays"),
        )
    }

    /// What was found contradicts what is needed: a person has to look.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::StepConflict, message)
    }
}

impl<E: Coded + 'static> From<E> for StepError {
    fn from(error: E) -> Self {
        Self { code: error.code(), class: error.class(), message: chain(&error), untouched: false }
    }
}

/// The step kinds that an engine knows, by name.
#[derive(Debug, Clone, Default)]
pub struct StepKinds {
    kinds: BTreeMap<&'static str, Arc<dyn StepKind>>,
}

impl StepKinds {
    /// Adds a kind.
    #[must_use]
    pub fn with(mut self, kind: impl StepKind + 'static) -> Self {
        self.kinds.insert(kind.name(), Arc::new(kind));
        self
    }

    /// The kind of a name and version.
    ///
    /// # Errors
    /// This release does not know it.
    pub fn get(&self, name: &str, version: u32) -> Result<&Arc<dyn StepKind>, StepError> {
        self.kinds.get(name).filter(|kind| kind.version() >= version).ok_or_else(|| {
            StepError::new(
                Code::NeedsNewerRelease,
                format!("this release does not know step kind {name} version {version}"),
            )
        })
    }
}
