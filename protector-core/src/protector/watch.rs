use super::{Error, Progress, Protector};
use crate::engine::{Event, OperationState, Plan};
use crate::id::OperationId;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How often the journal is looked at for what another process has done.
const LOOK: Duration = Duration::from_millis(250);

/// Follows an operation by its journal, whichever process runs it.
#[derive(Debug)]
pub struct Watcher {
    protector: Protector,
    id: OperationId,
    state: OperationState,
    seen: usize,
    waiting: VecDeque<Event>,
}

impl Protector {
    /// Follows an operation from its beginning.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such operation.
    pub async fn watch(&self, id: OperationId) -> Result<Watcher, Error> {
        let recalled = self.recall_one(id).await?;
        Ok(Watcher {
            protector: self.clone(),
            id,
            state: OperationState::new(recalled.plan),
            seen: recalled.events.len(),
            waiting: recalled.events.into(),
        })
    }
}

impl Watcher {
    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        self.state.plan()
    }

    /// What has happened next; `None` when the operation has come to its end. Waits as long as nothing happens: an operation
    /// that nobody runs says nothing.
    ///
    /// # Errors
    /// The stores cannot be read.
    pub async fn next(&mut self) -> Result<Option<Progress>, Error> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                // What the journal holds follows from what it held before.
                let _ = self.state.apply(&event);
                let (status, progress) = (self.state.status(), self.state.progress());
                return Ok(Some(Progress { event, status, progress }));
            }
            if self.state.end().is_some() {
                return Ok(None);
            }
            let events = self.protector.recall_one(self.id).await?.events;
            let new = events.get(self.seen..).unwrap_or_default();
            if new.is_empty() {
                self.protector.context.clock().sleep(LOOK).await;
                continue;
            }
            self.seen = events.len();
            self.waiting.extend(new.iter().cloned());
        }
    }
}
