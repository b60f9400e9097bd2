//! Operations and their records as rows. Each function runs within the caller's transaction.

use super::columns::{count, digest, integer};
use super::fault::Fault;
use super::terms;
use crate::id::{GroupId, OperationId, SiteName};
use crate::journal::error::StoreError;
use crate::journal::record::{Unreadable, origin};
use crate::journal::{Digest, OperationRecord, Record, StoredOperation, StoredRecord, Term};
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params, params};
use uuid::Uuid;

/// An operation's row.
struct Found {
    operation: StoredOperation,
    head: Digest,
}

/// Its row says how far its records reach: without it nobody could tell whether one is missing.
fn without_chain(site: &SiteName, operation: OperationId) -> Fault {
    corrupt(site, format!("how far the records of operation {operation} reach is missing"))
}

fn corrupt(site: &SiteName, what: String) -> Fault {
    StoreError::Corrupt { site: site.clone(), what }.into()
}

/// Says where a text stands that cannot be read.
fn unreadable(site: &SiteName, place: &str, why: &Unreadable) -> Fault {
    match why {
        Unreadable::Newer(format) => {
            StoreError::NeedsNewerRelease { site: site.clone(), what: format!("{place} has format {format}") }
                .into()
        }
        // Where in the text it cannot be read helps nobody, but that text might be shown.
        Unreadable::Malformed(_) | Unreadable::Misplaced { .. } => {
            corrupt(site, format!("in the place of {place} stands something that is {why}"))
        }
    }
}

/// All operations that meet a condition.
fn select(
    connection: &Connection,
    site: &SiteName,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<Found>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, text, hash, last_sequence, head, home, group_id
         FROM operation LEFT JOIN chain ON chain.operation = operation.id {condition} ORDER BY id"
    ))?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = OperationId::new(Uuid::from_bytes(row.get(0)?));
        let place = format!("operation {id}");
        let text: String = row.get(1)?;
        if origin(&text) != digest(row, 2)? {
            return Err(corrupt(site, format!("{place} does not have the hash it was written with")));
        }
        if row.get_ref(3)? == ValueRef::Null {
            return Err(without_chain(site, id));
        }
        let operation =
            StoredOperation::read(text, count(row, 3)?).map_err(|error| unreadable(site, &place, &error))?;
        let (home, group): (String, [u8; 16]) = (row.get(5)?, row.get(6)?);
        let record = &operation.record;
        if record.id != id || record.home.as_str() != home || record.group.uuid().into_bytes() != group {
            return Err(corrupt(site, format!("{place} stands in the row of another")));
        }
        found.push(Found { operation, head: digest(row, 4)? });
    }
    Ok(found)
}

fn find(connection: &Connection, site: &SiteName, id: OperationId) -> Result<Option<Found>, Fault> {
    Ok(select(connection, site, "WHERE id = ?1", (id.uuid().as_bytes(),))?.pop())
}

/// One operation.
pub(super) fn operation(
    connection: &Connection,
    site: &SiteName,
    id: OperationId,
) -> Result<Option<StoredOperation>, Fault> {
    Ok(find(connection, site, id)?.map(|found| found.operation))
}

/// All operations, or those of a group.
pub(super) fn operations(
    connection: &Connection,
    site: &SiteName,
    group: Option<GroupId>,
) -> Result<Vec<StoredOperation>, Fault> {
    let found = match group {
        Some(group) => select(connection, site, "WHERE group_id = ?1", (group.uuid().as_bytes(),))?,
        None => select(connection, site, "", ())?,
    };
    Ok(found.into_iter().map(|found| found.operation).collect())
}

/// See [`create_operation`](crate::journal::SiteStore::create_operation).
pub(super) fn create(
    connection: &Connection,
    site: &SiteName,
    term: Term,
    record: &OperationRecord,
) -> Result<(), Fault> {
    let OperationRecord { id, group, home, .. } = record;
    if (term.group, term.operation) != (*group, *id) {
        return Err(terms::lost(site, term).into());
    }
    terms::check(connection, site, term)?;
    if home != site {
        return Err(not_home(site, home, *id));
    }
    let text = record.to_text()?;
    match find(connection, site, *id)? {
        Some(found) if found.operation.text == text => Ok(()),
        Some(_) => Err(diverged(site, *id, 0)),
        None => insert(connection, record, &text),
    }
}

fn not_home(site: &SiteName, home: &SiteName, operation: OperationId) -> Fault {
    StoreError::NotHome { site: site.clone(), home: home.clone(), operation }.into()
}

fn diverged(site: &SiteName, operation: OperationId, sequence: u64) -> Fault {
    StoreError::Diverged { site: site.clone(), operation, sequence }.into()
}

fn insert(connection: &Connection, record: &OperationRecord, text: &str) -> Result<(), Fault> {
    let hash = origin(text);
    connection
        .prepare_cached("INSERT INTO operation (id, group_id, home, text, hash) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            record.id.uuid().as_bytes(),
            record.group.uuid().as_bytes(),
            record.home.as_str(),
            text,
            hash.as_bytes(),
        ])?;
    connection
        .prepare_cached("INSERT INTO chain (operation, last_sequence, head) VALUES (?1, 0, ?2)")?
        .execute(params![record.id.uuid().as_bytes(), hash.as_bytes()])?;
    Ok(())
}

/// See [`append`](crate::journal::SiteStore::append).
pub(super) fn append(
    connection: &Connection,
    site: &SiteName,
    term: Term,
    record: Record,
) -> Result<u64, Fault> {
    terms::check(connection, site, term)?;
    let Reached { last, head, home } = reached(connection, site, term.operation)?;
    if home != site.as_str() {
        return Err(not_home(site, &home.into(), term.operation));
    }
    let stored = StoredRecord::link(record, term, last.saturating_add(1), head)?;
    push(connection, term.operation, &stored)?;
    advance(connection, term.operation, &stored)?;
    Ok(stored.sequence)
}

/// How far an operation's records reach.
struct Reached {
    last: u64,
    head: Digest,
    home: String,
}

/// The operation's text is not read again for every record: what is needed stands beside it.
fn reached(connection: &Connection, site: &SiteName, operation: OperationId) -> Result<Reached, Fault> {
    let row = connection
        .prepare_cached(
            "SELECT last_sequence, head, home FROM operation LEFT JOIN chain ON chain.operation = operation.id
             WHERE operation.id = ?1",
        )?
        .query_row((operation.uuid().as_bytes(),), |row| {
            if row.get_ref(0)? == ValueRef::Null {
                return Ok(None);
            }
            Ok(Some(Reached { last: count(row, 0)?, head: digest(row, 1)?, home: row.get(2)? }))
        })
        .optional()?;
    row.ok_or_else(|| unknown(site, operation))?.ok_or_else(|| without_chain(site, operation))
}

fn unknown(site: &SiteName, operation: OperationId) -> Fault {
    StoreError::OperationUnknown { site: site.clone(), operation }.into()
}

fn push(connection: &Connection, operation: OperationId, record: &StoredRecord) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO record (operation, sequence, text, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            operation.uuid().as_bytes(),
            integer(record.sequence)?,
            record.text,
            record.hash.as_bytes(),
        ])?;
    Ok(())
}

fn advance(connection: &Connection, operation: OperationId, last: &StoredRecord) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE chain SET last_sequence = ?2, head = ?3 WHERE operation = ?1")?
        .execute(params![operation.uuid().as_bytes(), integer(last.sequence)?, last.hash.as_bytes(),])?;
    Ok(())
}

/// See [`records`](crate::journal::SiteStore::records).
pub(super) fn records(
    connection: &Connection,
    site: &SiteName,
    operation: OperationId,
    after: u64,
) -> Result<Vec<StoredRecord>, Fault> {
    let Reached { last, head, .. } = reached(connection, site, operation)?;
    let broken =
        |sequence: u64, how: &str| corrupt(site, format!("record {sequence} of operation {operation} {how}"));
    let mut previous = match after.min(last) {
        0 => find(connection, site, operation)?.ok_or_else(|| unknown(site, operation))?.operation.origin(),
        after => hash_at(connection, operation, after)?.ok_or_else(|| broken(after, "is missing"))?,
    };
    let mut statement = connection.prepare_cached(
        "SELECT sequence, text, hash FROM record WHERE operation = ?1 AND sequence > ?2 ORDER BY sequence",
    )?;
    let from = after.min(last);
    let mut rows = statement.query(params![operation.uuid().as_bytes(), integer(from)?])?;
    let mut records = Vec::new();
    let mut expected = from;
    while let Some(row) = rows.next()? {
        expected = expected.saturating_add(1);
        let sequence = count(row, 0)?;
        if sequence != expected {
            return Err(broken(expected, "is missing"));
        }
        let place = format!("record {sequence} of operation {operation}");
        let record = StoredRecord::read(row.get(1)?, digest(row, 2)?, operation, sequence)
            .map_err(|error| unreadable(site, &place, &error))?;
        if !record.follows(previous) {
            return Err(broken(sequence, "does not follow the one before it"));
        }
        previous = record.hash;
        records.push(record);
    }
    if expected != last {
        return Err(broken(expected.min(last).saturating_add(1), "is missing, or is one too many"));
    }
    if previous != head {
        return Err(broken(last, "is not the one that was written last"));
    }
    Ok(records)
}

/// See [`period`](crate::journal::SiteStore::period).
pub(super) fn period(
    connection: &Connection,
    site: &SiteName,
    operation: OperationId,
) -> Result<Option<(Timestamp, Timestamp)>, Fault> {
    let last = reached(connection, site, operation)?.last;
    if last == 0 {
        return Ok(None);
    }
    let at = |sequence| written_at(connection, site, operation, sequence);
    Ok(Some((at(1)?, at(last)?)))
}

fn written_at(
    connection: &Connection,
    site: &SiteName,
    operation: OperationId,
    sequence: u64,
) -> Result<Timestamp, Fault> {
    let place = format!("record {sequence} of operation {operation}");
    let row = connection
        .prepare_cached("SELECT text, hash FROM record WHERE operation = ?1 AND sequence = ?2")?
        .query_row(params![operation.uuid().as_bytes(), integer(sequence)?], |row| {
            Ok((row.get(0)?, digest(row, 1)?))
        })
        .optional()?;
    let (text, hash) = row.ok_or_else(|| corrupt(site, format!("{place} is missing")))?;
    let stored = StoredRecord::read(text, hash, operation, sequence)
        .map_err(|error| unreadable(site, &place, &error))?;
    Ok(stored.record.at)
}

fn hash_at(connection: &Connection, operation: OperationId, sequence: u64) -> Result<Option<Digest>, Fault> {
    Ok(connection
        .prepare_cached("SELECT hash FROM record WHERE operation = ?1 AND sequence = ?2")?
        .query_row(params![operation.uuid().as_bytes(), integer(sequence)?], |row| digest(row, 0))
        .optional()?)
}

/// See [`copy_operation`](crate::journal::SiteStore::copy_operation).
pub(super) fn copy(
    connection: &Connection,
    site: &SiteName,
    operation: StoredOperation,
    records: Vec<StoredRecord>,
) -> Result<u64, Fault> {
    let id = operation.record.id;
    let (last, head) = match find(connection, site, id)? {
        Some(found) if found.operation.text == operation.text => (found.operation.last_sequence, found.head),
        Some(_) => return Err(diverged(site, id, 0)),
        None => {
            // From its text: that, and nothing beside it, is what was written.
            let place = format!("the copy of operation {id}");
            let operation =
                StoredOperation::read(operation.text, 0).map_err(|error| unreadable(site, &place, &error))?;
            insert(connection, &operation.record, &operation.text)?;
            (0, operation.origin())
        }
    };
    extend(connection, site, id, (last, head), records)
}

/// See [`copy_records`](crate::journal::SiteStore::copy_records).
pub(super) fn copy_records(
    connection: &Connection,
    site: &SiteName,
    id: OperationId,
    records: Vec<StoredRecord>,
) -> Result<u64, Fault> {
    let Reached { last, head, .. } = reached(connection, site, id)?;
    extend(connection, site, id, (last, head), records)
}

/// Adds to a copy what it lacks.
fn extend(
    connection: &Connection,
    site: &SiteName,
    id: OperationId,
    (last, mut head): (u64, Digest),
    records: Vec<StoredRecord>,
) -> Result<u64, Fault> {
    let mut newest = None;
    let mut next = last.saturating_add(1);
    for record in records {
        if record.sequence <= last {
            if hash_at(connection, id, record.sequence)? != Some(record.hash) {
                return Err(diverged(site, id, record.sequence));
            }
            continue;
        }
        if record.sequence != next {
            return Err(diverged(site, id, next));
        }
        let record = StoredRecord::read(record.text, record.hash, id, next).map_err(|error| {
            unreadable(site, &format!("the copy of record {next} of operation {id}"), &error)
        })?;
        if !record.follows(head) {
            return Err(diverged(site, id, next));
        }
        push(connection, id, &record)?;
        head = record.hash;
        next = next.saturating_add(1);
        newest = Some(record);
    }
    if let Some(newest) = newest {
        advance(connection, id, &newest)?;
    }
    Ok(next.saturating_sub(1))
}

/// See [`remove_operation`](crate::journal::SiteStore::remove_operation).
pub(super) fn remove(
    connection: &Connection,
    site: &SiteName,
    term: Term,
    operation: OperationId,
) -> Result<(), Fault> {
    terms::check(connection, site, term)?;
    let id = operation.uuid();
    let group: Option<[u8; 16]> = connection
        .prepare_cached("SELECT group_id FROM operation WHERE id = ?1")?
        .query_row((id.as_bytes(),), |row| row.get(0))
        .optional()?;
    let Some(group) = group else { return Ok(()) };
    // Whoever holds the term for the operation itself is about to append to it.
    if group != term.group.uuid().into_bytes() || term.operation == operation {
        return Err(terms::lost(site, term).into());
    }
    for sql in [
        "DELETE FROM record WHERE operation = ?1",
        "DELETE FROM chain WHERE operation = ?1",
        "DELETE FROM operation WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute((id.as_bytes(),))?;
    }
    Ok(())
}
