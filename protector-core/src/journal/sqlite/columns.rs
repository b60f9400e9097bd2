//! How our values stand in columns.

use super::fault::Fault;
use crate::journal::{Digest, Version};
use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;

/// A count, as SQLite stores integers.
pub(super) fn integer(value: u64) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into())
}

/// Reads a count.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// Reads a version from a column and the one after it.
pub(super) fn version(row: &Row<'_>, column: usize) -> rusqlite::Result<Version> {
    Ok(Version::new(count(row, column)?, count(row, column.saturating_add(1))?))
}

/// Reads a version that may be null.
pub(super) fn optional_version(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Version>> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => version(row, column).map(Some),
    }
}

/// Takes a version that may be absent apart.
pub(super) fn parts(version: Option<Version>) -> Result<(Option<i64>, Option<i64>), Fault> {
    match version {
        Some(version) => Ok((Some(integer(version.epoch)?), Some(integer(version.n)?))),
        None => Ok((None, None)),
    }
}

/// Reads a point in time.
pub(super) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    unreadable(column, row.get_ref(column)?.as_str()?.parse())
}

/// Reads JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    unreadable(column, serde_json::from_str(row.get_ref(column)?.as_str()?))
}

/// Reads a hash.
pub(super) fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    let bytes: [u8; 32] = row.get(column)?;
    Digest::from_bytes(&bytes).ok_or(rusqlite::Error::InvalidColumnIndex(column))
}

fn unreadable<T, E>(column: usize, read: Result<T, E>) -> rusqlite::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    read.map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}
