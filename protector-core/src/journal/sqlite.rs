//! A site store in a local SQLite file. Nothing else in the crate knows SQLite.
//!
//! The file is one writer's at a time (`BEGIN IMMEDIATE`), flushed at every commit (WAL, `synchronous=FULL`), and
//! readable by its owner only. Beside it stand SQLite's own `-wal` and `-shm`, and one `.<group>.lock` for each group
//! that ever had a term. Keep it on a local file system: the locks are the operating system's.

mod columns;
mod documents;
mod fault;
mod file;
mod operations;
mod schema;
mod terms;
#[cfg(test)]
mod tests;
mod threads;

use super::{
    Answer, DocumentKind, Entry, Holder, Intent, OperationRecord, Proposal, Record, SiteStore, StoreError,
    StoredOperation, StoredRecord, Term, TermRow,
};
use crate::id::{GroupId, OperationId, SiteName};
use crate::time::Clock;
use error::{Cause, Effect};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terms::Claim;
use threads::Threads;

use super::error;

/// Enough that a long read does not keep a short one waiting.
const READERS: usize = 2;

/// One site's store in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    site: SiteName,
    path: PathBuf,
    threads: Threads,
}

impl SqliteStore {
    /// Opens a site's store. Blocks while it reads the whole file once; dropping the store waits until what was
    /// begun is written.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::AnotherStore`] and [`StoreError::NeedsNewerRelease`] leave the file as it
    /// is, byte for byte.
    ///
    /// # Effects
    /// Makes the file if there is none (its folder must be there), and brings an older schema up to date.
    pub fn open(path: impl AsRef<Path>, site: SiteName) -> Result<Self, StoreError> {
        let file = file::open(path.as_ref(), &site)?;
        let readers = (0..READERS).map(|_| file::reader(&file.path, &site)).collect::<Result<Vec<_>, _>>()?;
        let threads = Threads::start(&site, file.writer, readers).map_err(|error| {
            let source: Cause = Arc::new(error);
            let doing = "start a thread for".to_owned();
            StoreError::Unavailable { site: site.clone(), doing, effect: Effect::None, source }
        })?;
        Ok(Self { site, path: file.path, threads })
    }

    /// The same, with a clock that is told when the store is at work.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.threads.tell(clock);
        self
    }

    /// Where the file is, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl SiteStore for SqliteStore {
    fn site(&self) -> &SiteName {
        &self.site
    }

    fn entry<'a>(&'a self, kind: DocumentKind, id: &'a str) -> Answer<'a, Entry> {
        let (site, key) = (self.site.clone(), id.to_owned());
        Box::pin(self.threads.read(format!("read {kind} {id}"), move |connection| {
            documents::entry(connection, &site, kind, &key)
        }))
    }

    fn entries(&self, kind: Option<DocumentKind>) -> Answer<'_, Vec<Entry>> {
        let site = self.site.clone();
        let doing = match kind {
            Some(kind) => format!("read all documents of kind {kind}"),
            None => "read all documents".to_owned(),
        };
        Box::pin(self.threads.read(doing, move |connection| documents::entries(connection, &site, kind)))
    }

    fn propose(&self, proposal: Proposal) -> Answer<'_, ()> {
        let site = self.site.clone();
        let doing = format!("propose {}", proposal.intent);
        Box::pin(
            self.threads.write(doing, move |connection| documents::propose(connection, &site, &proposal)),
        )
    }

    fn commit<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()> {
        let (site, intent) = (self.site.clone(), intent.clone());
        Box::pin(self.threads.write(format!("commit {intent}"), move |connection| {
            documents::commit(connection, &site, &intent)
        }))
    }

    fn withdraw<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()> {
        let (site, intent) = (self.site.clone(), intent.clone());
        Box::pin(self.threads.write(format!("withdraw {intent}"), move |connection| {
            documents::withdraw(connection, &site, &intent)
        }))
    }

    fn write_alone(&self, proposal: Proposal) -> Answer<'_, ()> {
        let site = self.site.clone();
        let doing = format!("write {} alone", proposal.intent);
        Box::pin(
            self.threads.write(doing, move |connection| documents::write_alone(connection, &site, &proposal)),
        )
    }

    fn take_term(
        &self,
        group: GroupId,
        operation: OperationId,
        holder: Holder,
        at: Timestamp,
    ) -> Answer<'_, Term> {
        let (site, path) = (self.site.clone(), self.path.clone());
        let claim = Claim { group, operation, holder, at };
        Box::pin(
            self.threads.exclusive(format!("take the term of group {group}"), move |connection, locks| {
                terms::take(connection, locks, (&site, &path), &claim)
            }),
        )
    }

    fn release_term(&self, term: Term) -> Answer<'_, ()> {
        let site = self.site.clone();
        let doing = format!("release the term of group {}", term.group);
        Box::pin(
            self.threads
                .exclusive(doing, move |connection, locks| terms::release(connection, locks, &site, term)),
        )
    }

    fn term(&self, group: GroupId) -> Answer<'_, Option<TermRow>> {
        let doing = format!("read the term of group {group}");
        Box::pin(self.threads.read(doing, move |connection| terms::newest(connection, group)))
    }

    fn create_operation(&self, term: Term, record: OperationRecord) -> Answer<'_, ()> {
        let site = self.site.clone();
        Box::pin(self.threads.write(format!("create operation {}", record.id), move |connection| {
            operations::create(connection, &site, term, &record)
        }))
    }

    fn append(&self, term: Term, record: Record) -> Answer<'_, u64> {
        let site = self.site.clone();
        let doing = format!("append a record to operation {}", term.operation);
        Box::pin(
            self.threads.write(doing, move |connection| operations::append(connection, &site, term, record)),
        )
    }

    fn operation(&self, id: OperationId) -> Answer<'_, Option<StoredOperation>> {
        let site = self.site.clone();
        Box::pin(self.threads.read(format!("read operation {id}"), move |connection| {
            operations::operation(connection, &site, id)
        }))
    }

    fn operations(&self, group: Option<GroupId>) -> Answer<'_, Vec<StoredOperation>> {
        let site = self.site.clone();
        let doing = match group {
            Some(group) => format!("read the operations of group {group}"),
            None => "read all operations".to_owned(),
        };
        Box::pin(self.threads.read(doing, move |connection| operations::operations(connection, &site, group)))
    }

    fn records(&self, operation: OperationId, after: u64) -> Answer<'_, Vec<StoredRecord>> {
        let site = self.site.clone();
        Box::pin(self.threads.read(format!("read the records of operation {operation}"), move |connection| {
            operations::records(connection, &site, operation, after)
        }))
    }

    fn period(&self, operation: OperationId) -> Answer<'_, Option<(Timestamp, Timestamp)>> {
        let site = self.site.clone();
        let doing = format!("read when operation {operation} was written");
        Box::pin(self.threads.read(doing, move |connection| operations::period(connection, &site, operation)))
    }

    fn copy_operation(&self, operation: StoredOperation, records: Vec<StoredRecord>) -> Answer<'_, u64> {
        let site = self.site.clone();
        let doing = format!("copy operation {}", operation.record.id);
        Box::pin(
            self.threads
                .write(doing, move |connection| operations::copy(connection, &site, operation, records)),
        )
    }

    fn copy_records(&self, operation: OperationId, records: Vec<StoredRecord>) -> Answer<'_, u64> {
        let site = self.site.clone();
        Box::pin(self.threads.write(format!("copy records of operation {operation}"), move |connection| {
            operations::copy_records(connection, &site, operation, records)
        }))
    }

    fn remove_operation(&self, term: Term, operation: OperationId) -> Answer<'_, ()> {
        let site = self.site.clone();
        Box::pin(self.threads.write(format!("remove operation {operation}"), move |connection| {
            operations::remove(connection, &site, term, operation)
        }))
    }
}
