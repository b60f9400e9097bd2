//! Durable documents, terms and operations: one store at each site, and the pair of them.
//!
//! | file | what it holds |
//! |---|---|
//! | [`document`] | versioned documents and the proposals beside them |
//! | [`record`] | operations, their records, and the chain of hashes over them |
//! | [`term`] | who may write a group's operations |
//! | [`canonical`] | the one way to write JSON down |
//! | [`sqlite`] | a site store in a local SQLite file |
//! | [`pair`] | both stores of a pair of sites: write both, read both, repair |
//! | `fault` | a store that fails where a test says so (feature `test-support`) |

pub mod canonical;
pub mod document;
pub mod error;
#[cfg(any(test, feature = "test-support"))]
pub mod fault;
#[cfg(test)]
pub(crate) mod fixture;
pub mod pair;
pub mod record;
pub mod sqlite;
pub mod term;

pub use document::{Document, DocumentKind, Entry, Intent, Pending, Proposal, Version, WriteId};
pub use error::{Difference, Effect, StoreError};
pub use pair::{PairTerm, StorePair};
pub use record::{Digest, OperationRecord, Record, StoredOperation, StoredRecord};
pub use sqlite::SqliteStore;
pub use term::{Holder, Term, TermRow};

use crate::id::{GroupId, OperationId, SiteName};
use futures::future::BoxFuture;
use jiff::Timestamp;
use std::fmt;

/// What a store answers, later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// One site's store. Where it is (a local SQLite file, later a remote SQL server) is nobody else's affair.
///
/// What a call has answered `Ok` to is durable. Dropping a future does not take back a write that has begun.
/// Nothing is tried again behind the caller's back: after [`StoreError::Unavailable`] with [`Effect::Unknown`],
/// read before repeating.
pub trait SiteStore: Send + Sync + fmt::Debug {
    /// The site whose store this is.
    fn site(&self) -> &SiteName;

    /// What the store has of one document; an entry with nothing in it if it never heard of it.
    ///
    /// # Errors
    /// The store cannot be read, or what it holds is damaged.
    fn entry<'a>(&'a self, kind: DocumentKind, id: &'a str) -> Answer<'a, Entry>;

    /// What the store has of all documents of a kind, or of every kind, in the order of kind and id.
    ///
    /// # Errors
    /// As [`entry`](Self::entry); of every kind also [`StoreError::NeedsNewerRelease`] if there is a kind that this
    /// release does not know.
    fn entries(&self, kind: Option<DocumentKind>) -> Answer<'_, Vec<Entry>>;

    /// Makes an intent durable beside the current version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if `expected` is not the current version or another proposal is pending;
    /// [`StoreError::OutOfOrder`] if the new version is not above the current one.
    ///
    /// # Effects
    /// Undone by [`withdraw`](Self::withdraw).
    fn propose(&self, proposal: Proposal) -> Answer<'_, ()>;

    /// Makes exactly this pending proposal the current version. Idempotent: if it is current already, it is noted that
    /// the other site has it, too.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the proposal is neither pending nor current.
    ///
    /// # Effects
    /// Replaces the document's body. Not undone.
    fn commit<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()>;

    /// Removes exactly this pending proposal. Idempotent.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if its version, or one above it, has become current: it may be too late.
    fn withdraw<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()>;

    /// Replaces a document without the other site. The document remembers the last version that both sites had.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if `expected` is not the current version or a proposal at least as high is pending;
    /// [`StoreError::OutOfOrder`] if the epoch is not above that of the last version that both sites had.
    ///
    /// # Effects
    /// Replaces the document's body and drops a lower pending proposal. Not undone.
    fn write_alone(&self, proposal: Proposal) -> Answer<'_, ()>;

    /// Takes the group's term for one operation: the only one who may append to it.
    ///
    /// # Errors
    /// [`StoreError::Held`] if a living holder has it.
    ///
    /// # Effects
    /// The term's number rises by one. Undone by [`release_term`](Self::release_term), or by the holder's death.
    fn take_term(
        &self,
        group: GroupId,
        operation: OperationId,
        holder: Holder,
        at: Timestamp,
    ) -> Answer<'_, Term>;

    /// Lets go of a term. Idempotent.
    ///
    /// # Errors
    /// [`StoreError::TermLost`] if another has taken it since.
    fn release_term(&self, term: Term) -> Answer<'_, ()>;

    /// The group's newest term, if it ever had one. Whether its holder still lives is not known from it.
    ///
    /// # Errors
    /// The store cannot be read.
    fn term(&self, group: GroupId) -> Answer<'_, Option<TermRow>>;

    /// Writes an operation down, before its first effect. Idempotent.
    ///
    /// # Errors
    /// [`StoreError::TermLost`]; [`StoreError::Diverged`] if the store has another operation under this id.
    ///
    /// # Effects
    /// Undone by [`remove_operation`](Self::remove_operation) only, once the operation has ended.
    fn create_operation(&self, term: Term, record: OperationRecord) -> Answer<'_, ()>;

    /// Appends a record to an operation; its sequence number, from 1, is the answer.
    ///
    /// # Errors
    /// [`StoreError::TermLost`] if `term` is not the current one: stop at once.
    ///
    /// # Effects
    /// Not undone, not idempotent.
    fn append(&self, term: Term, record: Record) -> Answer<'_, u64>;

    /// One operation, if the store has it.
    ///
    /// # Errors
    /// The store cannot be read, or [`StoreError::Corrupt`].
    fn operation(&self, id: OperationId) -> Answer<'_, Option<StoredOperation>>;

    /// The operations of one group, or all, in the order in which they were planned.
    ///
    /// # Errors
    /// As [`operation`](Self::operation).
    fn operations(&self, group: Option<GroupId>) -> Answer<'_, Vec<StoredOperation>>;

    /// An operation's records with a sequence number above `after`, checked against the chain; the operation's own text is
    /// checked only if they are read from the first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a row was changed, removed or moved; [`StoreError::OperationUnknown`].
    fn records(&self, operation: OperationId, after: u64) -> Answer<'_, Vec<StoredRecord>>;

    /// When the first and the last of an operation's records were written; nothing if it has none. What stands between them may be
    /// much, and is not read.
    ///
    /// # Errors
    /// As [`records`](Self::records).
    fn period(&self, operation: OperationId) -> Answer<'_, Option<(Timestamp, Timestamp)>>;

    /// Takes in a copy of another store's operation and records. Contiguous and idempotent; the answer is the last
    /// sequence number that is here now.
    ///
    /// # Errors
    /// [`StoreError::Diverged`] if a row is here in another form, or the copy leaves a gap or does not follow what
    /// is here.
    ///
    /// # Effects
    /// Undone by [`remove_operation`](Self::remove_operation) only, once the operation has ended.
    fn copy_operation(&self, operation: StoredOperation, records: Vec<StoredRecord>) -> Answer<'_, u64>;

    /// The same of an operation of which a copy is here: its text, which may be megabytes, is not sent and read again for every
    /// record, for the chain begins with its hash.
    ///
    /// # Errors
    /// [`StoreError::OperationUnknown`] if there is no copy; [`StoreError::Diverged`] as in
    /// [`copy_operation`](Self::copy_operation).
    ///
    /// # Effects
    /// Undone by [`remove_operation`](Self::remove_operation) only, once the operation has ended.
    fn copy_records(&self, operation: OperationId, records: Vec<StoredRecord>) -> Answer<'_, u64>;

    /// Removes an operation with all of its records, or nothing. Other operations' chains do not touch it. Idempotent: one that is
    /// not here is removed.
    ///
    /// # Errors
    /// [`StoreError::TermLost`] unless `term` is the current one of the operation's group, taken for something else than it.
    ///
    /// # Effects
    /// Not undone.
    fn remove_operation(&self, term: Term, operation: OperationId) -> Answer<'_, ()>;
}
