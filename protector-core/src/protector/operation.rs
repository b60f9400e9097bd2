use super::control::{PauseBefore, Wanted};
use super::log::JournalLog;
use super::status::{OperationView, Recalled, view};
use super::{Error, Protector};
use crate::domain::{OperationStatus, ProtectionGroup};
use crate::engine::{Assignment, Event, Left, Log, OperationState, Outcome, Plan};
use crate::error::Coded;
use crate::id::{GroupId, OperationId};
use crate::journal::canonical::CanonicalJson;
use crate::journal::{OperationRecord, PairTerm};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// An operation that a task of this process runs. Dropping the handle does not stop it.
#[derive(Debug)]
pub struct OperationHandle {
    id: OperationId,
    state: OperationState,
    events: mpsc::UnboundedReceiver<Event>,
    stop: CancellationToken,
    task: JoinHandle<Result<OperationReport, Error>>,
}

/// Something happened in an operation.
#[derive(Debug, Clone)]
pub struct Progress {
    /// What.
    pub event: Event,
    /// The operation's status after it.
    pub status: OperationStatus,
    /// 0 to 100.
    pub progress: u8,
}

/// How a run of an operation ended.
#[derive(Debug)]
pub struct OperationReport {
    /// The operation.
    pub operation: OperationView,
    /// The group as it is now; none after `unprotect`, or when `protect` was rolled back.
    pub group: Option<ProtectionGroup>,
    /// Why it was left before its end.
    pub left: Option<Left>,
}

impl OperationHandle {
    /// The operation.
    pub fn id(&self) -> OperationId {
        self.id
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        self.state.plan()
    }

    /// What happens next; `None` when the run is over.
    pub async fn next(&mut self) -> Option<Progress> {
        let event = self.events.recv().await?;
        // What the executor has accepted follows from what it accepted before.
        let _ = self.state.apply(&event);
        Some(Progress { event, status: self.state.status(), progress: self.state.progress() })
    }

    /// What stops the run when it is cancelled: nothing new is begun, what is under way is awaited and journaled.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Waits for the end of the run.
    ///
    /// # Errors
    /// The stores cannot be read, or the task was lost.
    pub async fn finish(self) -> Result<OperationReport, Error> {
        let id = self.id;
        self.task.await.map_err(|_| Error::TaskLost(id))?
    }
}

impl Protector {
    /// Runs a plan: exactly it, journaled from its first step.
    ///
    /// # Errors
    /// Another process holds the group, the group has changed since, or a store cannot be written: nothing was touched.
    ///
    /// # Effects
    /// Those of the plan's steps.
    pub async fn apply(&self, plan: Plan) -> Result<OperationHandle, Error> {
        let plan = Arc::new(plan);
        let (record, term) = self.put_on_record(&plan).await?;
        Ok(self.spawn(record, plan, Vec::new(), term))
    }

    /// Puts an operation on record and begins nothing: whoever resumes it does. For a process that hands it to another.
    ///
    /// # Errors
    /// As of [`Self::apply`].
    ///
    /// # Effects
    /// The group has an unfinished operation; undone by `cancel`.
    pub async fn record(&self, plan: Plan) -> Result<OperationId, Error> {
        let (record, term) = self.put_on_record(&Arc::new(plan)).await?;
        self.stores.release_terms(&term).await?;
        Ok(record.id)
    }

    async fn put_on_record(&self, plan: &Arc<Plan>) -> Result<(OperationRecord, PairTerm), Error> {
        let at = self.context.clock().now();
        let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or_default();
        let time = uuid::Timestamp::from_unix(
            uuid::NoContext,
            milliseconds / 1000,
            ((milliseconds % 1000) * 1_000_000) as u32,
        );
        let id = OperationId::new(Uuid::new_v7(time));
        let term = self.stores.take_terms(plan.group, id, self.holder.clone()).await?;
        match self.begin(plan, id, &term).await {
            Ok(record) => Ok((record, term)),
            Err(error) => {
                self.stores.release_terms(&term).await?;
                Err(error)
            }
        }
    }

    async fn begin(
        &self,
        plan: &Arc<Plan>,
        id: OperationId,
        term: &PairTerm,
    ) -> Result<OperationRecord, Error> {
        // What a crash left half-written in the stores is settled by whoever holds the term next.
        self.stores.repair().await?;
        // Under the term nobody else changes the group: now it has to be what the plan was made for.
        let (_, group) = self.records().group(plan.group).await?;
        if let Some(group) = group.filter(|group| group.epoch != plan.epoch) {
            return Err(Error::PlanOutdated { group: group.name, planned: plan.epoch, now: group.epoch });
        }
        let home = plan.target_site.clone();
        let record = OperationRecord {
            id,
            group: plan.group,
            operation_type: plan.operation_type.to_string(),
            home: home.clone(),
            plan: plan.text().map_err(|source| Error::PlanUnreadable { operation: id, source })?,
            plan_hash: plan.hash(),
            started_by: self.holder.clone(),
            created_at: self.context.clock().now(),
        };
        let own = term.at(&home).ok_or(Error::OperationUnknown(id))?;
        self.stores.store(&home)?.create_operation(own, record.clone()).await?;
        if let Err(error) = self.stores.mirror(id).await {
            tracing::warn!("the journal's copy is behind: {}", crate::error::chain(&error));
        }
        Ok(record)
    }

    /// Continues an unfinished operation: the one that is named, or the only one there is.
    ///
    /// # Errors
    /// There is none, or more than one; another process holds the group; a store cannot be read.
    ///
    /// # Effects
    /// Those of the steps that are left.
    pub async fn resume(&self, id: Option<OperationId>) -> Result<OperationHandle, Error> {
        let id = self.to_resume(id).await?.record.id;
        self.take_up(id, PauseBefore::Forgotten).await
    }

    /// The unfinished operation that is named, or the only one there is.
    async fn to_resume(&self, id: Option<OperationId>) -> Result<Recalled, Error> {
        let all = self.recall(None).await?;
        let mut unfinished: Vec<_> =
            all.into_iter().filter(|recalled| recalled.state.end().is_none()).collect();
        match id {
            Some(id) => {
                let found = unfinished.iter().position(|recalled| recalled.record.id == id);
                Ok(unfinished.swap_remove(found.ok_or(Error::OperationUnknown(id))?))
            }
            None if unfinished.len() > 1 => {
                Err(Error::SeveralToResume(unfinished.iter().map(|one| one.record.id).collect()))
            }
            None => unfinished.pop().ok_or(Error::NothingToResume),
        }
    }

    /// Runs an unfinished operation in this process.
    pub(super) async fn take_up(
        &self,
        id: OperationId,
        before: PauseBefore,
    ) -> Result<OperationHandle, Error> {
        let group = self.to_resume(Some(id)).await?.record.group;
        let term = self.stores.take_terms(group, id, self.holder.clone()).await?;
        let held = async {
            if before == PauseBefore::Forgotten {
                self.forget_pause(id).await?;
            }
            self.recall_held(id, group).await
        };
        match held.await {
            Ok(recalled) => Ok(self.spawn(recalled.record, recalled.plan, recalled.events, term)),
            Err(error) => {
                self.stores.release_terms(&term).await?;
                Err(error)
            }
        }
    }

    /// What there is of an operation once its term is held: whoever held it before may have gone on until then.
    pub(super) async fn recall_held(&self, id: OperationId, group: GroupId) -> Result<Recalled, Error> {
        self.stores.repair().await?;
        let all = self.recall(Some(group)).await?;
        let found = all.into_iter().find(|recalled| recalled.record.id == id);
        found.filter(|recalled| recalled.state.end().is_none()).ok_or(Error::OperationUnknown(id))
    }

    pub(super) fn spawn(
        &self,
        record: OperationRecord,
        plan: Arc<Plan>,
        history: Vec<Event>,
        term: PairTerm,
    ) -> OperationHandle {
        let (watcher, events) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let mut state = OperationState::new(Arc::clone(&plan));
        for event in &history {
            let _ = state.apply(event);
        }
        let id = record.id;
        // The plan is here already, and its text may be large.
        let record = OperationRecord { plan: CanonicalJson::nothing(), ..record };
        let protector = self.clone();
        let token = stop.clone();
        let task = tokio::spawn(async move {
            let outcome = protector.run(&record, plan, history, &term, watcher, token).await;
            let released = protector.stores.release_terms(&term).await;
            let report = protector.account_for(&record, outcome?).await;
            if let Err(error) = released {
                tracing::warn!("the term was not released: {}", crate::error::chain(&error));
            }
            report
        });
        OperationHandle { id, state, events, stop, task }
    }

    async fn run(
        &self,
        record: &OperationRecord,
        plan: Arc<Plan>,
        history: Vec<Event>,
        term: &PairTerm,
        watcher: mpsc::UnboundedSender<Event>,
        stop: CancellationToken,
    ) -> Result<Outcome, Error> {
        let own = term.at(&record.home).ok_or(Error::OperationUnknown(record.id))?;
        let log = JournalLog {
            stores: Arc::clone(&self.stores),
            home: record.home.clone(),
            term: own,
            clock: Arc::clone(self.context.clock()),
        };
        let context = self.context.for_operation(record.id, own.number);
        let mut history = history;
        loop {
            let assignment = Assignment {
                operation: record.id,
                plan: Arc::clone(&plan),
                history,
                holder: self.holder.to_string(),
            };
            let halt = stop.child_token();
            let run = self.executor.run(context.clone(), assignment, &log, watcher.clone(), halt.clone());
            let (outcome, wish) = self.unless_wished(record.id, run, &halt).await;
            let Some(wish) = wish else { return Ok(outcome) };
            self.forget_wish(record.id).await?;
            // What ended the run otherwise, a journal that cannot be written for one, comes before what was wanted.
            if outcome.state.end().is_some() || !matches!(outcome.left, Some(Left::Interrupted)) {
                return Ok(outcome);
            }
            // A person's wish is an event like any other: it is durable, and decided on.
            let event = wish.event();
            let mut outcome = outcome;
            match outcome.state.apply(&event) {
                Ok(()) => {
                    if let Err(error) = log.append(&event).await {
                        return Ok(Outcome { state: outcome.state, left: Some(Left::Journal(error)) });
                    }
                    let _ = watcher.send(event);
                    if matches!(wish.wanted, Wanted::Pause) {
                        return Ok(Outcome { state: outcome.state, left: Some(Left::NeedsOperator) });
                    }
                }
                Err(refused) => tracing::warn!("{} is too late: {refused}", wish.wanted),
            }
            history = self.recall_one(record.id).await?.events;
        }
    }

    async fn account_for(
        &self,
        record: &OperationRecord,
        outcome: Outcome,
    ) -> Result<OperationReport, Error> {
        if let Some(Left::Journal(error)) = &outcome.left {
            tracing::error!(code = error.code().as_str(), "{}", crate::error::chain(error));
        }
        let period = self.stores.store(&record.home)?.period(record.id).await?;
        let (_, group) = self.records().group(record.group).await?;
        let operation = view(record, &outcome.state, outcome.status(), period);
        Ok(OperationReport { operation, group, left: outcome.left })
    }
}
