mod attempt;
mod lanes;
mod services;

use self::attempt::{Patience, Persistence, try_revert, try_step};
use self::lanes::{Lane, Lanes, OwnLanes};
use self::services::Services;
use super::decide::{Command, decide};
use super::event::{Event, Trouble};
use super::plan::Plan;
use super::state::{IllegalTransition, OperationState, StepState};
use super::step::{StepError, StepKind, StepKinds, StepRun};
use crate::domain::OperationStatus;
use crate::error::{Code, Coded};
use crate::id::{OperationId, StepId};
use crate::transport::Context;
use futures::future::BoxFuture;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where an operation's events become durable. Appending fails loudly and is not tried again by the executor.
pub trait Log: Send + Sync + fmt::Debug {
    /// Makes `event` durable.
    ///
    /// # Errors
    /// It is not durable, or the term is lost.
    fn append<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), LogError>>;
}

/// An event could not be made durable.
#[derive(Debug, thiserror::Error)]
#[error("failed to journal the operation")]
pub struct LogError {
    /// The stable name of the cause.
    pub code: Code,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// How much is done at a time and how long a failing step is tried.
#[derive(Debug, Clone)]
pub struct ExecutionLimits {
    /// Steps under way at a time in one system of one site; at least one. One operation never has more; those that an
    /// executor runs at the same time have so many together, and one more each.
    pub steps_at_a_time: usize,
    /// One attempt at a step may take this long.
    pub step_timeout: Duration,
    /// Before the point of no return a failing step is tried this long; after it, for ever.
    pub retry_for: Duration,
    /// The first pause between two attempts; the pauses double up to thirty times it.
    pub first_pause: Duration,
}

/// Why an operation was left before its end.
#[derive(Debug)]
pub enum Left {
    /// A person has to mend something; then it is resumed.
    NeedsOperator,
    /// The process was asked to stop.
    Interrupted,
    /// The journal cannot be written: nothing new was begun.
    Journal(LogError),
    /// The journal contradicts itself.
    Contradiction(IllegalTransition),
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The operation as its events tell it.
    pub state: OperationState,
    /// Why it was left, if it has not come to its end.
    pub left: Option<Left>,
}

/// An operation to run.
#[derive(Debug)]
pub struct Assignment {
    /// The operation.
    pub operation: OperationId,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// What has been journaled of it.
    pub history: Vec<Event>,
    /// Who runs it, for the journal.
    pub holder: String,
}

/// Runs operations. Its clones share their limits.
#[derive(Debug, Clone)]
pub struct Executor {
    kinds: StepKinds,
    limits: ExecutionLimits,
    lanes: Arc<Lanes>,
}

/// What a step's task reports.
enum Report {
    Troubled(StepId, Trouble),
    Ran(StepId, Result<Value, StepError>),
    Reverted(StepId, Result<(), StepError>),
}

struct Run<'a> {
    executor: &'a Executor,
    operation: OperationId,
    context: Context,
    log: &'a dyn Log,
    watcher: mpsc::UnboundedSender<Event>,
    state: OperationState,
    left: Option<Left>,
    /// Ends waits and further calls: a stop was asked for, or the run is left.
    halt: CancellationToken,
    /// Whether the point of no return has passed; the steps under way see it.
    only_forward: Arc<AtomicBool>,
    commands: Vec<Command>,
    tasks: JoinSet<()>,
    reports: mpsc::UnboundedSender<Report>,
    services: Services,
    lanes: OwnLanes,
}

impl Executor {
    /// An executor of these kinds.
    pub fn new(kinds: StepKinds, limits: ExecutionLimits) -> Self {
        let lanes = Arc::new(Lanes::new(limits.steps_at_a_time));
        Self { kinds, limits, lanes }
    }

    /// Runs an operation from where its history leaves it until it ends, needs a person, or is `stop`ped.
    /// Every event goes to `watcher` once it is durable. `stop` takes the place of the context's own cancellation; a
    /// deadline of the context is one for the whole operation.
    pub async fn run(
        &self,
        context: Context,
        assignment: Assignment,
        log: &dyn Log,
        watcher: mpsc::UnboundedSender<Event>,
        stop: CancellationToken,
    ) -> Outcome {
        let Assignment { operation, plan, history, holder } = assignment;
        let mut state = OperationState::new(plan);
        for event in &history {
            if let Err(contradiction) = state.apply(event) {
                return Outcome { state, left: Some(Left::Contradiction(contradiction)) };
            }
        }
        if state.end().is_some() {
            return Outcome { state, left: None };
        }
        let (reports, inbox) = mpsc::unbounded_channel();
        let term = context.term().unwrap_or_default();
        let halt = stop.child_token();
        let services = Services::new(state.plan(), &self.kinds, self.limits.steps_at_a_time);
        let run = Run {
            executor: self,
            operation,
            context: context.cancelled_by(halt.clone()),
            log,
            watcher,
            state,
            left: None,
            halt,
            only_forward: Arc::new(AtomicBool::new(false)),
            commands: Vec::new(),
            tasks: JoinSet::new(),
            reports,
            services,
            lanes: OwnLanes::new(&self.lanes),
        };
        run.go(Event::Started { term, holder }, inbox).await
    }
}

impl Run<'_> {
    async fn go(mut self, first: Event, mut inbox: mpsc::UnboundedReceiver<Report>) -> Outcome {
        let recorded = self.record(first).await;
        self.leave_unless(recorded);
        loop {
            // What is known already may change what is to be begun.
            while let Ok(report) = inbox.try_recv() {
                let taken = self.take(report).await;
                self.leave_unless(taken);
            }
            while self.tasks.try_join_next().is_some() {}
            // Once something is wrong or a stop is asked for, what is under way is waited for and nothing is begun.
            if !self.halt.is_cancelled()
                && let Some(command) = self.startable()
            {
                let begun = self.begin(command).await;
                self.leave_unless(begun);
                continue;
            }
            if self.services.are_idle() {
                let ended = self.state.end().is_some();
                if ended || self.halt.is_cancelled() {
                    let left = if ended { None } else { self.left.or(Some(Left::Interrupted)) };
                    return Outcome { state: self.state, left };
                }
            }
            let report = tokio::select! {
                biased;
                report = inbox.recv() => report,
                () = self.halt.cancelled(), if !self.halt.is_cancelled() => None,
            };
            if let Some(report) = report {
                let taken = self.take(report).await;
                self.leave_unless(taken);
            }
        }
    }

    /// The first reason to leave counts; what comes after it is its consequence.
    fn leave_unless(&mut self, result: Result<(), Left>) {
        if let Err(why) = result {
            self.halt.cancel();
            self.left.get_or_insert(why);
        }
    }

    async fn record(&mut self, event: Event) -> Result<(), Left> {
        // What cannot follow is not journaled, and what is not journaled changes nothing.
        self.state.check(&event).map_err(Left::Contradiction)?;
        self.log.append(&event).await.map_err(Left::Journal)?;
        self.commands = decide(&mut self.state, &event).map_err(Left::Contradiction)?;
        self.only_forward.store(self.state.past_point_of_no_return(), Ordering::Relaxed);
        let _ = self.watcher.send(event);
        Ok(())
    }

    async fn begin(&mut self, command: Command) -> Result<(), Left> {
        match command {
            Command::Run { step, observe_first } => match self.prepare(&step) {
                Ok((kind, input)) => {
                    self.record(Event::StepIntended { step: step.clone() }).await?;
                    // A stop may have come while the intent was written.
                    if !self.halt.is_cancelled() {
                        self.spawn_step(step, kind, input, observe_first);
                    }
                    Ok(())
                }
                Err(error) => {
                    let trouble = Trouble::of(error);
                    self.record(Event::StepFailed { step, trouble }).await
                }
            },
            Command::Revert { step } => {
                self.record(Event::RevertIntended { step: step.clone() }).await?;
                if self.halt.is_cancelled() { Ok(()) } else { self.spawn_revert(step).await }
            }
            Command::Skip { step, reason } => {
                self.record(Event::StepSkipped { step, reason, by: None }).await
            }
            Command::RollBack { reason } => self.record(Event::RollbackBegun { reason }).await,
            Command::Finish { status, error_message } => {
                self.record(Event::Finished { status, error_message }).await
            }
            Command::Leave => Err(Left::NeedsOperator),
        }
    }

    /// The first command that the limits allow.
    fn startable(&self) -> Option<Command> {
        let startable = self.commands.iter().find(|command| match command {
            Command::Run { step, .. } | Command::Revert { step } => self.services.has_room_for(step),
            _ => true,
        });
        startable.cloned()
    }

    fn prepare(&self, step: &StepId) -> Result<(Arc<dyn StepKind>, Value), StepError> {
        let missing = || StepError::new(Code::Internal, format!("the plan has no step {step}"));
        let planned = self.state.planned(step).ok_or_else(missing)?;
        let kind = self.executor.kinds.get(&planned.kind, planned.kind_version)?;
        let input = Plan::resolve(planned, &|step| self.state.output(step))
            .map_err(|error| StepError::new(Code::Internal, error.to_string()))?;
        Ok((Arc::clone(kind), input))
    }

    fn step_run(&self, step: &StepId) -> StepRun {
        let site = self.state.planned(step).and_then(|step| step.site.clone());
        let context = site.as_ref().map_or_else(|| self.context.clone(), |site| self.context.at_site(site));
        StepRun {
            context,
            operation: self.operation,
            group: self.state.plan().group,
            step: step.clone(),
            site,
        }
    }

    fn spawn_step(&mut self, step: StepId, kind: Arc<dyn StepKind>, input: Value, observe_first: bool) {
        let lane = self.take_lane(&step);
        let halt = self.halt.clone();
        let run = self.step_run(&step);
        let mut limits = self.executor.limits.clone();
        let planned = self.state.planned(&step);
        let optional = planned.is_some_and(|planned| planned.optional);
        let mut persistence = if optional { Persistence::WhileServiceFails } else { Persistence::ForEver };
        let waits = planned.as_ref().and_then(|planned| planned.waits);
        if let Some(patience) = planned.and_then(|planned| planned.patience).map(Duration::from_secs) {
            limits.step_timeout = limits.step_timeout.min(patience);
            limits.retry_for = limits.retry_for.min(patience);
            persistence = Persistence::Bounded;
        }
        let only_forward = Arc::clone(&self.only_forward);
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let Some(_permit) = lane.enter(&halt).await else {
                let _ = reports.send(Report::Ran(step, Err(not_begun())));
                return;
            };
            let troubled = |trouble| {
                let _ = reports.send(Report::Troubled(run.step.clone(), trouble));
            };
            let patience = Patience { persistence, only_forward: &only_forward, waits };
            let result = try_step(&*kind, &run, &input, observe_first, &limits, patience, troubled).await;
            let _ = reports.send(Report::Ran(step, result));
        });
    }

    async fn spawn_revert(&mut self, step: StepId) -> Result<(), Left> {
        let prepared = self.prepare(&step);
        let (kind, input) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let trouble = Trouble::of(error);
                return self.record(Event::RevertFailed { step, trouble }).await;
            }
        };
        let lane = self.take_lane(&step);
        let halt = self.halt.clone();
        let output = self.state.output(&step);
        let run = self.step_run(&step);
        let limits = self.executor.limits.clone();
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let Some(_permit) = lane.enter(&halt).await else {
                let _ = reports.send(Report::Reverted(step, Err(not_begun())));
                return;
            };
            let result = try_revert(&*kind, &run, &input, output.as_ref(), &limits).await;
            let _ = reports.send(Report::Reverted(step, result));
        });
        Ok(())
    }

    /// Counts a step as under way.
    fn take_lane(&mut self, step: &StepId) -> Lane {
        self.services.begin(step);
        self.lanes.lane(&self.services.of(step))
    }

    /// Whether a step ended only because it was asked to: that says nothing about its effect, the next run will look.
    fn was_left(&self, error: &StepError) -> bool {
        error.code == Code::Cancelled && self.halt.is_cancelled()
    }

    async fn take(&mut self, report: Report) -> Result<(), Left> {
        let event = match report {
            Report::Troubled(step, trouble) => Event::StepTroubled { step, trouble },
            Report::Ran(step, Ok(output)) => {
                self.services.end(&step);
                Event::StepDone { step, output }
            }
            Report::Ran(step, Err(error)) => {
                self.services.end(&step);
                if self.was_left(&error) {
                    return Ok(());
                }
                Event::StepFailed { step, trouble: Trouble::of(error) }
            }
            Report::Reverted(step, Ok(())) => {
                self.services.end(&step);
                Event::RevertDone { step }
            }
            Report::Reverted(step, Err(error)) => {
                self.services.end(&step);
                if self.was_left(&error) {
                    return Ok(());
                }
                Event::RevertFailed { step, trouble: Trouble::of(error) }
            }
        };
        self.record(event).await
    }
}

/// A stop came before the step had its turn.
fn not_begun() -> StepError {
    StepError::new(Code::Cancelled, "it was stopped before its turn").before_any_change()
}

impl Coded for LogError {
    fn code(&self) -> Code {
        self.code
    }
}

impl Outcome {
    /// The operation's status as it stands.
    pub fn status(&self) -> OperationStatus {
        match (&self.left, self.state.end()) {
            (_, Some(status)) => status,
            (Some(Left::NeedsOperator), None) if self.state.rollback_reason().is_none() => {
                OperationStatus::Paused
            }
            _ => self.state.status(),
        }
    }

    /// Names of the steps whose effect is there.
    pub fn steps_completed(&self) -> Vec<StepId> {
        let order = &self.state.plan().steps;
        let done = |id: &StepId| matches!(self.state.step(id), Some(StepState::Done));
        order.iter().map(|step| &step.id).filter(|id| done(id)).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
