use crate::engine::{Event, Log, LogError};
use crate::error::{Code, Coded};
use crate::id::SiteName;
use crate::journal::canonical::CanonicalJson;
use crate::journal::{Record, StoreError, StorePair, Term};
use crate::time::Clock;
use futures::future::BoxFuture;
use std::sync::Arc;

/// The version of the events' form.
const EVENT_VERSION: u32 = 1;

/// An operation's events in its home store, with a copy in the other.
#[derive(Debug)]
pub(super) struct JournalLog {
    pub(super) stores: Arc<StorePair>,
    pub(super) home: SiteName,
    pub(super) term: Term,
    pub(super) clock: Arc<dyn Clock>,
}

impl JournalLog {
    async fn append(&self, event: &Event) -> Result<(), LogError> {
        let body = CanonicalJson::of(event)
            .map_err(|error| LogError { code: Code::Internal, source: Box::new(error) })?;
        let record =
            Record { kind: event.kind().to_owned(), version: EVENT_VERSION, at: self.clock.now(), body };
        let failed = |error: StoreError| LogError { code: error.code(), source: Box::new(error) };
        self.stores.store(&self.home).map_err(failed)?.append(self.term, record).await.map_err(failed)?;
        // The home store counts; the copy catches up with the next event if it cannot be written now.
        if let Err(error) = self.stores.mirror(self.term.operation).await {
            tracing::warn!("the journal's copy is behind: {}", crate::error::chain(&error));
        }
        Ok(())
    }
}

impl Log for JournalLog {
    fn append<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), LogError>> {
        Box::pin(self.append(event))
    }
}

/// Reads an event back.
pub(super) fn read(record: &Record) -> Result<Event, serde_json::Error> {
    record.body.read()
}
