//! The world's file: made whole or not at all, used only after it was found to be one, never overwritten.

use super::{OpenError, WorldError, clock, source};
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Marks the file as a simulated world: "prsw".
const APPLICATION_ID: i64 = 0x7072_7377;

/// Version n of the schema is what the first n of these make, and [`VERSION`] is how many they are.
const MIGRATIONS: [&str; VERSION as usize] = [include_str!("../../migrations/0001_world.sql")];
const VERSION: i64 = 1;

const BUSY: Duration = Duration::from_secs(30);

/// KiB of pages that are kept in memory while a world is made.
const MAKING_CACHE: i64 = 65_536;

/// SQLite takes less for a new database, and what was lost would never be missed.
const SMALLEST: u64 = 512;

pub(super) fn open(path: &Path, seed: u64, machine: Timestamp) -> Result<Connection, OpenError> {
    match fs::metadata(path) {
        Ok(found) if found.len() < SMALLEST => {
            let what = format!("it has {} bytes, too few for a database", found.len());
            return Err(OpenError::Damaged { path: path.to_owned(), what });
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, seed, machine)?,
        Err(error) => return Err(unavailable(path)(error)),
    }
    existing(path)
}

/// Each connection has one user at a time.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

pub(super) fn in_memory(seed: u64, machine: Timestamp) -> Result<Connection, OpenError> {
    let path = Path::new(":memory:");
    let connection = Connection::open_in_memory().map_err(unavailable(path))?;
    prepare(&connection).map_err(unavailable(path))?;
    fill(&connection, seed, machine).map_err(unavailable(path))?;
    Ok(connection)
}

fn unavailable<E: std::error::Error + Send + Sync + 'static>(path: &Path) -> impl Fn(E) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Unavailable { path: path.clone(), source: Box::new(source) }
}

/// Makes a world under another name first, so that under its own there is a whole one or none.
fn create(path: &Path, seed: u64, machine: Timestamp) -> Result<(), OpenError> {
    let mut making = path.as_os_str().to_owned();
    making.push(format!(".new-{}", uuid::Uuid::new_v4().simple()));
    let making = PathBuf::from(making);
    let made = (|| {
        let connection = Connection::open_with_flags(&making, FLAGS | OpenFlags::SQLITE_OPEN_CREATE)
            .map_err(unavailable(path))?;
        prepare(&connection).map_err(unavailable(path))?;
        fill(&connection, seed, machine).map_err(unavailable(path))?;
        connection.close().map_err(|(_, error)| unavailable(path)(error))?;
        // Another process may have been faster: its world stays.
        match fs::hard_link(&making, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unavailable(path)(error)),
            _ => Ok(()),
        }
    })();
    // What is left under the other name is of no use to anybody; if it stays, it harms nobody.
    drop(fs::remove_file(&making));
    made
}

fn prepare(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    // Without it each new value that is bound has its statement planned again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A killed process loses nothing; a machine that loses power may lose the last moments of a simulation.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(())
}

/// Lets go of all care: much is written, and nobody would miss half of it.
pub(super) fn hurry(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    connection
        .pragma_update(None, "synchronous", "OFF")
        .and_then(|()| connection.pragma_update(None, "cache_size", -MAKING_CACHE))
        .map_err(unavailable(path))
}

/// Closes it, and waits until it is on disk.
pub(super) fn settle(connection: Connection, path: &Path) -> Result<(), OpenError> {
    connection.close().map_err(|(_, error)| unavailable(path)(error))?;
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(unavailable(path))
}

fn fill(connection: &Connection, seed: u64, machine: Timestamp) -> Result<(), WorldError> {
    connection.execute_batch("BEGIN")?;
    for migration in MIGRATIONS {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    clock::begin(connection, machine)?;
    source::begin(connection, seed)?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

fn existing(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(path, FLAGS).map_err(unavailable(path))?;
    let read = |pragma: &str| -> Result<i64, rusqlite::Error> {
        connection.query_row(&format!("PRAGMA {pragma}"), (), |row| row.get(0))
    };
    let application = read("application_id").map_err(|error| unreadable(path, error))?;
    if application != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = read("user_version").map_err(|error| unreadable(path, error))?;
    if found > VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    let whole: String = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
        .map_err(|error| unreadable(path, error))?;
    if whole != "ok" {
        return Err(OpenError::Damaged { path: path.to_owned(), what: whole });
    }
    prepare(&connection).map_err(unavailable(path))?;
    Ok(connection)
}

fn unreadable(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path: path.to_owned(), what: error.to_string() }
        }
        _ => unavailable(path)(error),
    }
}
