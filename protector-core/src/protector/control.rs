//! What a person may want of an operation: to leave it for now, to undo it, to try or pass over one of its steps.

use super::log::JournalLog;
use super::{Error, OperationHandle, OperationView, Protector};
use crate::engine::{Event, Log, Outcome, StepState};
use crate::id::{OperationId, StepId};
use crate::journal::{DocumentKind, StoreError, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the process that runs an operation looks whether somebody wants something of it.
const LOOK: Duration = Duration::from_millis(500);

/// What is wanted of an operation that another process may run: a document that it sees.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) wanted: Wanted,
    by: String,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wanted {
    Pause,
    Cancel,
}

/// What becomes of a pause that was wanted before a process takes an operation up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PauseBefore {
    /// It is what the process is there for.
    Heeded,
    /// A person resumes the operation: whatever was wanted before, it goes on.
    Forgotten,
}

impl fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pause => "pause",
            Self::Cancel => "cancel",
        })
    }
}

impl Wish {
    pub(super) fn event(&self) -> Event {
        match self.wanted {
            Wanted::Pause => Event::PauseRequested { by: self.by.clone() },
            Wanted::Cancel => Event::CancelRequested { by: self.by.clone(), reason: self.reason.clone() },
        }
    }
}

impl Protector {
    /// Has an operation left where it is. A process that runs it begins nothing new, awaits what is under way, and leaves it;
    /// `resume` goes on. Returns once that is asked for; the operation's status tells when it is so.
    ///
    /// # Errors
    /// There is no such operation, it has come to its end, or a store cannot be written.
    ///
    /// # Effects
    /// The operation is `paused`; undone by `resume`.
    pub async fn pause(&self, id: OperationId) -> Result<(), Error> {
        let wish = Wish { wanted: Wanted::Pause, by: self.holder.to_string(), reason: String::new() };
        let view = self.unended(id, "pausing").await?;
        self.wish(id, &wish).await?;
        if let Some(handle) = self.fulfil_if_idle(&view).await? {
            handle.finish().await?;
        }
        Ok(())
    }

    /// Has an operation undone, before its point of no return. Nobody may run it, or another process: then that one undoes it,
    /// and nothing is returned.
    ///
    /// # Errors
    /// There is no such operation, it has come to its end or passed its point of no return, or a store cannot be written.
    ///
    /// # Effects
    /// What the operation has done is undone.
    pub async fn cancel(&self, id: OperationId, reason: &str) -> Result<Option<OperationHandle>, Error> {
        let wish = Wish { wanted: Wanted::Cancel, by: self.holder.to_string(), reason: reason.to_owned() };
        let view = self.unended(id, "cancelling").await?;
        if self.recall_one(id).await?.state.past_point_of_no_return() {
            return Err(Error::PastReturn { operation: id });
        }
        self.wish(id, &wish).await?;
        self.fulfil_if_idle(&view).await
    }

    /// Passes over a step of an operation that nobody runs: a person vouches that its effect is there, or is not needed.
    ///
    /// # Errors
    /// There is no such operation or step; the step is done; a process runs the operation: pause it first.
    ///
    /// # Effects
    /// What builds on the step is run as if it were done. Not undone.
    pub async fn skip_step(
        &self,
        id: OperationId,
        step: &StepId,
        reason: &str,
    ) -> Result<OperationHandle, Error> {
        self.unended(id, "skipping a step").await?;
        let by = Some(self.holder.to_string());
        let event = Event::StepSkipped { step: step.clone(), reason: reason.to_owned(), by };
        self.go_on_with(id, Some((step, "skipped", event))).await
    }

    /// Tries a step again that failed, in an operation that nobody runs: what a person has mended in the meantime is looked at
    /// first.
    ///
    /// # Errors
    /// There is no such operation or step; the step has not failed; a process runs the operation.
    ///
    /// # Effects
    /// Those of the step, and of what follows it.
    pub async fn retry_step(&self, id: OperationId, step: &StepId) -> Result<OperationHandle, Error> {
        let recalled = self.recall_one(id).await?;
        self.unended(id, "trying a step again").await?;
        let failed = matches!(recalled.state.step(step), Some(StepState::Failed(_)))
            || recalled.state.troubles().contains_key(step);
        if !failed {
            let why = match recalled.state.step(step) {
                None => "the plan has no such step".to_owned(),
                Some(_) => "it has not failed".to_owned(),
            };
            return Err(Error::StepNotIdle { operation: id, step: step.clone(), wanted: "tried again", why });
        }
        self.go_on_with(id, None).await
    }

    async fn unended(&self, id: OperationId, wanted: &'static str) -> Result<OperationView, Error> {
        let view = self.operation(id).await?;
        if view.status.is_end() {
            return Err(Error::OperationEnded { operation: id, status: view.status, wanted });
        }
        Ok(view)
    }

    /// Takes the operation up, with an event that a person has caused.
    async fn go_on_with(
        &self,
        id: OperationId,
        event: Option<(&StepId, &'static str, Event)>,
    ) -> Result<OperationHandle, Error> {
        let group = self.recall_one(id).await?.record.group;
        let term = self.stores.take_terms(group, id, self.holder.clone()).await?;
        let taken = async {
            let mut recalled = self.recall_held(id, group).await?;
            if let Some((step, wanted, event)) = event {
                recalled.state.apply(&event).map_err(|refused| Error::StepNotIdle {
                    operation: id,
                    step: step.clone(),
                    wanted,
                    why: refused.why,
                })?;
                let own = term.at(&recalled.record.home).ok_or(Error::OperationUnknown(id))?;
                let log = JournalLog {
                    stores: Arc::clone(&self.stores),
                    home: recalled.record.home.clone(),
                    term: own,
                    clock: Arc::clone(self.context.clock()),
                };
                log.append(&event).await.map_err(|source| Error::NotJournaled { operation: id, source })?;
                recalled.events.push(event);
            }
            Ok(recalled)
        };
        match taken.await {
            Ok(recalled) => Ok(self.spawn(recalled.record, recalled.plan, recalled.events, term)),
            Err(error) => {
                self.stores.release_terms(&term).await?;
                Err(error)
            }
        }
    }

    /// If nobody runs the operation, this process takes it up: it sees the wish and does what is wanted.
    async fn fulfil_if_idle(&self, view: &OperationView) -> Result<Option<OperationHandle>, Error> {
        match Box::pin(self.take_up(view.id, PauseBefore::Heeded)).await {
            Ok(handle) => Ok(Some(handle)),
            // Whoever holds it sees the wish.
            Err(Error::Store(StoreError::Held { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn wish(&self, id: OperationId, wish: &Wish) -> Result<(), Error> {
        self.write_wish(id, json!(wish)).await
    }

    async fn write_wish(&self, id: OperationId, body: Value) -> Result<(), Error> {
        let id = id.to_string();
        let expected = self.stores.read(DocumentKind::Wish, &id).await?.map(|document| document.version);
        let version = expected.map_or(Version::new(1, 0), Version::next);
        Ok(self.stores.write(DocumentKind::Wish, &id, expected, version, body).await?)
    }

    /// A pause that no process has seen is over.
    pub(super) async fn forget_pause(&self, id: OperationId) -> Result<(), Error> {
        match self.wished(id).await {
            Some(Wish { wanted: Wanted::Pause, .. }) => self.forget_wish(id).await,
            _ => Ok(()),
        }
    }

    pub(super) async fn forget_wish(&self, id: OperationId) -> Result<(), Error> {
        self.write_wish(id, Value::Null).await
    }

    async fn wished(&self, id: OperationId) -> Option<Wish> {
        // What cannot be read now is read at the next look.
        let document = self.stores.read(DocumentKind::Wish, &id.to_string()).await.ok().flatten()?;
        document.body.read().ok()
    }

    /// Runs until the end, or until somebody wants something: then `halt` is cancelled, and the run comes to a rest.
    pub(super) async fn unless_wished(
        &self,
        id: OperationId,
        run: impl Future<Output = Outcome>,
        halt: &CancellationToken,
    ) -> (Outcome, Option<Wish>) {
        tokio::pin!(run);
        let mut wish = self.wished(id).await;
        if wish.is_some() {
            halt.cancel();
        }
        loop {
            tokio::select! {
                biased;
                outcome = &mut run => return (outcome, wish),
                () = self.context.clock().sleep(LOOK), if wish.is_none() => {
                    wish = self.wished(id).await;
                    if wish.is_some() {
                        halt.cancel();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protector::tests::open;
    use uuid::Uuid;

    #[tokio::test]
    async fn whoever_resumes_an_operation_ends_a_pause_that_nobody_saw_and_no_wish_to_cancel() {
        let folder = tempfile::tempdir().unwrap();
        let (protector, _) = open(&folder);
        let id = OperationId::new(Uuid::nil());
        protector.forget_pause(id).await.unwrap();
        for (wanted, stays) in [(Wanted::Pause, false), (Wanted::Cancel, true)] {
            let wish = Wish { wanted, by: "somebody".to_owned(), reason: String::new() };
            protector.wish(id, &wish).await.unwrap();
            protector.forget_pause(id).await.unwrap();
            assert_eq!(protector.wished(id).await.is_some(), stays, "{wanted}");
        }
    }
}
