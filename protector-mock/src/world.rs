//! The one world: what exists, what is going to happen, and what time it is there.

mod clock;
mod error;
mod events;
mod file;
mod records;
mod rows;
mod source;
mod transaction;

#[cfg(test)]
mod tests;

pub use clock::Pace;
pub use error::{OpenError, WorldError};
pub use events::{Due, Reaction, Reactions};
pub use records::Record;
pub(crate) use rows::{Newest, Row};
pub use transaction::Transaction;

use jiff::Timestamp;
use protector_core::time::Clock;
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A world, open. Several processes may hold the same one: each request is one transaction of the file.
#[derive(Debug)]
pub struct World {
    connection: Mutex<Connection>,
    path: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    reactions: Reactions,
}

impl World {
    /// Opens the world of a file; makes it, from `seed` and beginning now, if there is none.
    ///
    /// # Errors
    /// The file is no world, is damaged, or is a newer release's. It is then left as it is.
    pub fn open(
        path: &Path,
        seed: u64,
        clock: Arc<dyn Clock>,
        reactions: Reactions,
    ) -> Result<Self, OpenError> {
        let connection = file::open(path, seed, clock.now())?;
        Ok(Self { connection: Mutex::new(connection), path: Some(path.to_owned()), clock, reactions })
    }

    /// Makes a world that nobody uses before it is whole: until it is [`settled`](Self::settle), a machine that loses power may
    /// damage it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn make(
        path: &Path,
        seed: u64,
        clock: Arc<dyn Clock>,
        reactions: Reactions,
    ) -> Result<Self, OpenError> {
        let world = Self::open(path, seed, clock, reactions)?;
        {
            let connection = world.connection.lock().unwrap_or_else(PoisonError::into_inner);
            file::hurry(&connection, path)?;
        }
        Ok(world)
    }

    /// Closes a world with all of it on disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn settle(self) -> Result<(), OpenError> {
        let Self { connection, path, .. } = self;
        let connection = connection.into_inner().unwrap_or_else(PoisonError::into_inner);
        path.map_or(Ok(()), |path| file::settle(connection, &path))
    }

    /// Makes a world that ends with the process.
    ///
    /// # Errors
    /// SQLite could not make it.
    pub fn in_memory(seed: u64, clock: Arc<dyn Clock>, reactions: Reactions) -> Result<Self, OpenError> {
        let connection = file::in_memory(seed, clock.now())?;
        Ok(Self { connection: Mutex::new(connection), path: None, clock, reactions })
    }

    /// Its file; `None` if it ends with the process.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Does something in one moment of the world: first what has become due happens, then `action`. What `action` changed is
    /// taken back if it fails; what was due has happened all the same.
    ///
    /// # Errors
    /// What `action` says, or the file cannot be read or written.
    pub fn transact<T, E: From<WorldError>>(
        &self,
        action: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |source| WorldError::Store { source };
        let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let now = clock::read(&sql, self.clock.now())?;
        let mut transaction = Transaction::new(sql, now);
        events::let_happen(&mut transaction, &self.reactions)?;
        let result = transaction.attempt(action);
        transaction.commit()?;
        result
    }

    /// What time it is in the world.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn now(&self) -> Result<Timestamp, WorldError> {
        self.transact(|transaction| Ok(transaction.now()))
    }

    /// How its time passes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn pace(&self) -> Result<Pace, WorldError> {
        self.transact(|transaction| clock::pace(transaction.sql()))
    }

    /// Lets time pass faster, slower or only on command, from now on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_pace(&self, pace: Pace) -> Result<(), WorldError> {
        let machine = self.clock.now();
        self.transact(|transaction| clock::set_pace(transaction, machine, pace))
    }

    /// Moves the world's clock ahead, and lets happen what has become due by then.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn advance(&self, by: std::time::Duration) -> Result<(), WorldError> {
        let machine = self.clock.now();
        self.transact(|transaction| clock::advance(transaction, machine, by))?;
        self.transact(|_| Ok(()))
    }
}
