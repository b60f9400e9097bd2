//! The bytes of extents, each content once.

use super::EXTENT;
use super::tree::Id;
use crate::world::{Transaction, WorldError};
use rusqlite::OptionalExtension;

/// A text longer than this is no label.
const LONGEST_LABEL: usize = 512;

/// Keeps bytes; `None` if they are zeros.
pub(super) fn keep(transaction: &Transaction<'_>, bytes: &[u8]) -> Result<Option<Id>, WorldError> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes = bytes.get(..end).unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(None);
    }
    let id = Id::of(bytes);
    transaction
        .sql()
        .prepare_cached("INSERT INTO extent (id, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((id.bytes(), bytes))?;
    Ok(Some(id))
}

/// The bytes, without zeros at the end.
pub(super) fn read(transaction: &Transaction<'_>, id: Id) -> Result<Vec<u8>, WorldError> {
    find(transaction, id)?.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
}

fn find(transaction: &Transaction<'_>, id: Id) -> Result<Option<Vec<u8>>, WorldError> {
    let mut statement = transaction.sql().prepare_cached("SELECT bytes FROM extent WHERE id = ?1")?;
    Ok(statement.query_row((id.bytes(),), |row| row.get(0)).optional()?)
}

/// Keeps what a label stands for: the extent of that id if there is one, else the text itself.
pub(super) fn keep_labelled(transaction: &Transaction<'_>, label: &str) -> Result<Option<Id>, WorldError> {
    if let Ok(id) = Id::try_from(label.to_owned())
        && find(transaction, id)?.is_some()
    {
        return Ok(Some(id));
    }
    let bytes = label.as_bytes();
    keep(transaction, bytes.get(..EXTENT as usize).unwrap_or(bytes))
}

/// The text that makes up an extent, or else its id.
pub(super) fn label(transaction: &Transaction<'_>, id: Id) -> Result<String, WorldError> {
    let bytes = read(transaction, id)?;
    let text = String::from_utf8(bytes).ok();
    let Some(text) = text.filter(|text| text.len() <= LONGEST_LABEL && !text.chars().any(char::is_control))
    else {
        return Ok(id.to_string());
    };
    let other = match Id::try_from(text.clone()) {
        Ok(id) => find(transaction, id)?,
        Err(_) => None,
    };
    Ok(if other.is_some() { id.to_string() } else { text })
}
