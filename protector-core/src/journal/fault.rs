//! A site store that fails where a test says so. For tests of whatever stands on a store.

use super::error::{Cause, Effect};
use super::{
    Answer, DocumentKind, Entry, Holder, Intent, OperationRecord, Proposal, Record, SiteStore, StoreError,
    StoredOperation, StoredRecord, Term, TermRow,
};
use crate::id::{GroupId, OperationId, SiteName};
use futures::future::BoxFuture;
use jiff::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A method of [`SiteStore`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the methods have their own")]
#[non_exhaustive]
pub enum Method {
    Entry,
    Entries,
    Propose,
    Commit,
    Withdraw,
    WriteAlone,
    TakeTerm,
    ReleaseTerm,
    Term,
    CreateOperation,
    Append,
    Operation,
    Operations,
    Records,
    Period,
    CopyOperation,
    CopyRecords,
    RemoveOperation,
}

/// Where in a call something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The store is not asked.
    Before,
    /// The store has answered, and its answer is lost.
    After,
}

/// Stands between a caller and a store.
pub trait Interceptor: Send + Sync + fmt::Debug {
    /// Called before the store is; an error is the answer, and the store is not asked.
    ///
    /// # Errors
    /// Whatever the test wants.
    fn before<'a>(&'a self, site: &'a SiteName, method: Method) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Called after the store was asked; an error replaces its answer.
    ///
    /// # Errors
    /// Whatever the test wants.
    fn after<'a>(
        &'a self,
        site: &'a SiteName,
        method: Method,
        succeeded: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// A store with somebody in between.
#[derive(Debug)]
pub struct InterceptedStore {
    inner: Arc<dyn SiteStore>,
    interceptor: Arc<dyn Interceptor>,
}

impl InterceptedStore {
    /// Puts an interceptor before a store.
    pub fn new(inner: Arc<dyn SiteStore>, interceptor: Arc<dyn Interceptor>) -> Self {
        Self { inner, interceptor }
    }

    fn through<'a, T: Send + 'a>(&'a self, method: Method, call: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            self.interceptor.before(self.inner.site(), method).await?;
            let answer = call.await;
            self.interceptor.after(self.inner.site(), method, answer.is_ok()).await?;
            answer
        })
    }
}

/// Which calls fail, and how. Counts what it sees.
#[derive(Debug, Default)]
pub struct FaultPlan {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Method>,
    unplugged: bool,
    faults: Vec<Planned>,
}

#[derive(Debug)]
struct Planned {
    /// Any method if none is named.
    method: Option<Method>,
    /// How many matching calls pass before.
    remaining: usize,
    when: When,
    /// All that comes after fails, too.
    unplug: bool,
}

/// Why an injected fault failed.
#[derive(Debug, thiserror::Error)]
#[error("a fault was injected")]
pub struct InjectedFault;

impl FaultPlan {
    /// A plan in which nothing fails yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Lets the `nth` (from 1) call from now on fail, once; of any method if none is named.
    pub fn fail(&self, method: Option<Method>, nth: usize, when: When) {
        self.plan(method, nth, when, false);
    }

    /// As [`fail`](Self::fail); and from then on, nothing reaches the store.
    pub fn unplug_at(&self, method: Option<Method>, nth: usize, when: When) {
        self.plan(method, nth, when, true);
    }

    /// From now on, nothing reaches the store.
    pub fn unplug(&self) {
        self.state().unplugged = true;
    }

    /// From now on, nothing fails, planned or not.
    pub fn plug(&self) {
        let mut state = self.state();
        state.unplugged = false;
        state.faults.clear();
    }

    /// The calls that were made, those that failed among them.
    pub fn calls(&self) -> Vec<Method> {
        self.state().calls.clone()
    }

    fn plan(&self, method: Option<Method>, nth: usize, when: When, unplug: bool) {
        let remaining = nth.saturating_sub(1);
        self.state().faults.push(Planned { method, remaining, when, unplug });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, method: Method) -> Result<(), Effect> {
        let mut state = self.state();
        state.calls.push(method);
        if state.unplugged {
            return Err(Effect::None);
        }
        state.meet(method, When::Before)
    }
}

impl State {
    /// Whether a fault is due here. Each planned fault counts the calls at its own side of the effect.
    fn meet(&mut self, method: Method, when: When) -> Result<(), Effect> {
        let mut due = false;
        let mut unplug = false;
        self.faults.retain_mut(|fault| {
            if fault.when != when || fault.method.is_some_and(|named| named != method) {
                return true;
            }
            if fault.remaining > 0 {
                fault.remaining = fault.remaining.saturating_sub(1);
                return true;
            }
            due = true;
            unplug |= fault.unplug;
            false
        });
        self.unplugged |= unplug;
        match (due, when) {
            (false, _) => Ok(()),
            (true, When::Before) => Err(Effect::None),
            (true, When::After) => Err(Effect::Unknown),
        }
    }
}

/// A store that could not be asked, or whose answer was lost.
pub fn injected(site: &SiteName, method: Method, effect: Effect) -> StoreError {
    let source: Cause = Arc::new(InjectedFault);
    StoreError::Unavailable { site: site.clone(), doing: format!("call {method:?}"), effect, source }
}

impl Interceptor for FaultPlan {
    fn before<'a>(&'a self, site: &'a SiteName, method: Method) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.begin(method).map_err(|effect| injected(site, method, effect)) })
    }

    fn after<'a>(
        &'a self,
        site: &'a SiteName,
        method: Method,
        _succeeded: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let met = self.state().meet(method, When::After);
            met.map_err(|effect| injected(site, method, effect))
        })
    }
}

impl SiteStore for InterceptedStore {
    fn site(&self) -> &SiteName {
        self.inner.site()
    }

    fn entry<'a>(&'a self, kind: DocumentKind, id: &'a str) -> Answer<'a, Entry> {
        self.through(Method::Entry, self.inner.entry(kind, id))
    }

    fn entries(&self, kind: Option<DocumentKind>) -> Answer<'_, Vec<Entry>> {
        self.through(Method::Entries, self.inner.entries(kind))
    }

    fn propose(&self, proposal: Proposal) -> Answer<'_, ()> {
        self.through(Method::Propose, self.inner.propose(proposal))
    }

    fn commit<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()> {
        self.through(Method::Commit, self.inner.commit(intent))
    }

    fn withdraw<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()> {
        self.through(Method::Withdraw, self.inner.withdraw(intent))
    }

    fn write_alone(&self, proposal: Proposal) -> Answer<'_, ()> {
        self.through(Method::WriteAlone, self.inner.write_alone(proposal))
    }

    fn take_term(
        &self,
        group: GroupId,
        operation: OperationId,
        holder: Holder,
        at: Timestamp,
    ) -> Answer<'_, Term> {
        self.through(Method::TakeTerm, self.inner.take_term(group, operation, holder, at))
    }

    fn release_term(&self, term: Term) -> Answer<'_, ()> {
        self.through(Method::ReleaseTerm, self.inner.release_term(term))
    }

    fn term(&self, group: GroupId) -> Answer<'_, Option<TermRow>> {
        self.through(Method::Term, self.inner.term(group))
    }

    fn create_operation(&self, term: Term, record: OperationRecord) -> Answer<'_, ()> {
        self.through(Method::CreateOperation, self.inner.create_operation(term, record))
    }

    fn append(&self, term: Term, record: Record) -> Answer<'_, u64> {
        self.through(Method::Append, self.inner.append(term, record))
    }

    fn operation(&self, id: OperationId) -> Answer<'_, Option<StoredOperation>> {
        self.through(Method::Operation, self.inner.operation(id))
    }

    fn operations(&self, group: Option<GroupId>) -> Answer<'_, Vec<StoredOperation>> {
        self.through(Method::Operations, self.inner.operations(group))
    }

    fn records(&self, operation: OperationId, after: u64) -> Answer<'_, Vec<StoredRecord>> {
        self.through(Method::Records, self.inner.records(operation, after))
    }

    fn period(&self, operation: OperationId) -> Answer<'_, Option<(Timestamp, Timestamp)>> {
        self.through(Method::Period, self.inner.period(operation))
    }

    fn copy_operation(&self, operation: StoredOperation, records: Vec<StoredRecord>) -> Answer<'_, u64> {
        self.through(Method::CopyOperation, self.inner.copy_operation(operation, records))
    }

    fn copy_records(&self, operation: OperationId, records: Vec<StoredRecord>) -> Answer<'_, u64> {
        self.through(Method::CopyRecords, self.inner.copy_records(operation, records))
    }

    fn remove_operation(&self, term: Term, operation: OperationId) -> Answer<'_, ()> {
        self.through(Method::RemoveOperation, self.inner.remove_operation(term, operation))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{begin, operation_id, record, store};
    use super::*;

    async fn appended(inner: &Arc<dyn SiteStore>) -> usize {
        inner.records(operation_id(1), 0).await.unwrap().len()
    }

    #[tokio::test]
    async fn the_nth_call_fails_once_before_or_after_its_effect() {
        for (when, effect, kept) in [(When::Before, Effect::None, 2), (When::After, Effect::Unknown, 3)] {
            let folder = tempfile::tempdir().unwrap();
            let inner: Arc<dyn SiteStore> = Arc::new(store(folder.path()));
            let plan = FaultPlan::new();
            let faulty = InterceptedStore::new(inner.clone(), plan.clone());
            let term = begin(&faulty, 1).await;
            plan.fail(Some(Method::Append), 2, when);
            faulty.append(term, record(1)).await.unwrap();
            let failed = faulty.append(term, record(2)).await.unwrap_err();
            assert!(matches!(failed, StoreError::Unavailable { effect: found, .. } if found == effect));
            faulty.append(term, record(3)).await.unwrap();
            assert_eq!(appended(&inner).await, kept);
            assert_eq!(plan.calls()[2..], [Method::Append; 3]);
        }
    }

    #[tokio::test]
    async fn an_unplugged_store_is_not_reached_until_it_is_plugged_in() {
        let folder = tempfile::tempdir().unwrap();
        let inner: Arc<dyn SiteStore> = Arc::new(store(folder.path()));
        let plan = FaultPlan::new();
        let faulty = InterceptedStore::new(inner.clone(), plan.clone());
        let term = begin(&faulty, 1).await;
        plan.unplug_at(None, 1, When::After);
        faulty.append(term, record(1)).await.unwrap_err();
        faulty.append(term, record(2)).await.unwrap_err();
        faulty.records(operation_id(1), 0).await.unwrap_err();
        assert_eq!(appended(&inner).await, 1);
        plan.plug();
        faulty.append(term, record(3)).await.unwrap();
    }
}
