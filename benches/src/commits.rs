//! What the journal cannot be cheaper than: as many commits of a small row, in a file, with the same durability.

use crate::process::Used;
use anyhow::Result;
use rusqlite::Connection;
use serde_json::{Value, json};

/// A row of about the size of an event's.
const ROW: [u8; 300] = [b'x'; 300];

pub(crate) fn measure(count: u64) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let connection = Connection::open(folder.path().join("commits.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection
        .execute_batch("CREATE TABLE entry (number INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT")?;
    let begun = Used::now();
    let mut insert = connection.prepare("INSERT INTO entry (content) VALUES (?1)")?;
    for _ in 0..count {
        insert.execute((ROW.as_slice(),))?;
    }
    let took = begun.since();
    Ok(json!({
        "commits": count, "seconds": took.seconds, "processor_seconds": took.processor_seconds,
    }))
}
