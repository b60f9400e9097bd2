//! Terms as rows, and the lock file beside the store that says whether a term's holder lives.
//!
//! The operating system frees the lock of a process that dies, however it dies. Lock and row change within one
//! write transaction, so that nobody sees the one without the other. Lock files are left where they are: removing
//! one that another process is just opening would leave two holders of two files with one name.

use super::columns::{count, integer, json, timestamp};
use super::fault::Fault;
use super::threads::Locks;
use crate::id::{GroupId, OperationId, SiteName};
use crate::journal::error::{Effect, StoreError};
use crate::journal::{Holder, Term, TermRow, canonical};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// The group's newest term.
pub(super) fn newest(connection: &Connection, group: GroupId) -> Result<Option<TermRow>, Fault> {
    Ok(connection
        .prepare_cached("SELECT number, operation, holder, since, released FROM term WHERE group_id = ?1")?
        .query_row((group.uuid().as_bytes(),), |row| {
            let operation: [u8; 16] = row.get(1)?;
            let operation = OperationId::new(Uuid::from_bytes(operation));
            Ok(TermRow {
                term: Term { group, operation, number: count(row, 0)? },
                holder: json(row, 2)?,
                since: timestamp(row, 3)?,
                released: row.get(4)?,
            })
        })
        .optional()?)
}

/// Fails unless the term is the newest and was not released.
pub(super) fn check(connection: &Connection, site: &SiteName, term: Term) -> Result<(), Fault> {
    match newest(connection, term.group)? {
        Some(row) if row.term == term && !row.released => Ok(()),
        _ => Err(lost(site, term).into()),
    }
}

/// The error that ends a holder's work.
pub(super) fn lost(site: &SiteName, term: Term) -> StoreError {
    StoreError::TermLost { site: site.clone(), group: term.group, number: term.number }
}

/// Who wants a group's term, and what for.
pub(super) struct Claim {
    pub(super) group: GroupId,
    pub(super) operation: OperationId,
    pub(super) holder: Holder,
    pub(super) at: Timestamp,
}

/// See [`take_term`](crate::journal::SiteStore::take_term).
pub(super) fn take(
    connection: &mut Connection,
    locks: &mut Locks,
    (site, file): (&SiteName, &Path),
    claim: &Claim,
) -> Result<Term, StoreError> {
    let Claim { group, operation, .. } = *claim;
    let doing = format!("take the term of group {group}");
    let failed = |fault: Fault| fault.into_error(site, &doing, Effect::None);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| failed(error.into()))?;
    let row = newest(&transaction, group).map_err(failed)?;
    let path = lock_path(file, group);
    let unavailable = |source| StoreError::Unavailable {
        site: site.clone(),
        doing: format!("lock {}", path.display()),
        effect: Effect::None,
        source: Arc::new(source),
    };
    let lock = match try_lock(&path) {
        Ok(lock) => lock,
        Err(TryLockError::WouldBlock) => {
            return Err(match row {
                Some(row) if !row.released => {
                    let TermRow { term, holder, since, .. } = row;
                    StoreError::Held { group, holder, operation: term.operation, since }
                }
                _ => {
                    unavailable(io::Error::other("a process that has not taken the term has locked the file"))
                }
            });
        }
        Err(TryLockError::Error(error)) => return Err(unavailable(error)),
    };
    let number = row.map_or(0, |row| row.term.number).saturating_add(1);
    let term = Term { group, operation, number };
    write(&transaction, term, claim).map_err(failed)?;
    transaction.commit().map_err(|error| Fault::from(error).into_error(site, &doing, Effect::Unknown))?;
    locks.insert(group, lock);
    Ok(term)
}

fn write(connection: &Connection, term: Term, claim: &Claim) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO term (group_id, number, operation, holder, since, released)
             VALUES (?1, ?2, ?3, ?4, ?5, 0)",
        )?
        .execute(params![
            term.group.uuid().as_bytes(),
            integer(term.number)?,
            term.operation.uuid().as_bytes(),
            canonical::text(&claim.holder)?,
            claim.at.to_string(),
        ])?;
    Ok(())
}

/// See [`release_term`](crate::journal::SiteStore::release_term).
pub(super) fn release(
    connection: &mut Connection,
    locks: &mut Locks,
    site: &SiteName,
    term: Term,
) -> Result<(), StoreError> {
    let doing = format!("release the term of group {}", term.group);
    let failed = |fault: Fault| fault.into_error(site, &doing, Effect::None);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| failed(error.into()))?;
    match newest(&transaction, term.group).map_err(failed)? {
        Some(row) if row.term == term && row.released => return Ok(()),
        Some(row) if row.term == term => {}
        _ => return Err(lost(site, term)),
    }
    transaction
        .prepare_cached("UPDATE term SET released = 1 WHERE group_id = ?1")
        .and_then(|mut statement| statement.execute((term.group.uuid().as_bytes(),)))
        .map_err(|error| failed(error.into()))?;
    // Before the commit: whoever sees the row released can have the lock.
    locks.remove(&term.group);
    transaction.commit().map_err(|error| Fault::from(error).into_error(site, &doing, Effect::Unknown))
}

/// Where a group's lock file is.
pub(super) fn lock_path(file: &Path, group: GroupId) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(format!(".{}.lock", group.uuid()));
    path.into()
}

fn try_lock(path: &Path) -> Result<File, TryLockError> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    super::file::owner_only(&mut options);
    let file = options.open(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}
