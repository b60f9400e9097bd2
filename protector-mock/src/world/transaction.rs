use super::records::{self, Record};
use super::source::Source;
use super::{WorldError, events};
use jiff::Timestamp;
use rusqlite::Connection;
use std::time::Duration;
use uuid::Uuid;

/// One moment of the world: all that is read and changed in it is of one piece.
#[derive(Debug)]
pub struct Transaction<'w> {
    sql: rusqlite::Transaction<'w>,
    now: Timestamp,
    source: Option<Source>,
}

impl<'w> Transaction<'w> {
    pub(super) fn new(sql: rusqlite::Transaction<'w>, now: Timestamp) -> Self {
        Self { sql, now, source: None }
    }

    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    pub(super) fn commit(self) -> Result<(), WorldError> {
        if let Some(source) = self.source {
            source.store(&self.sql)?;
        }
        Ok(self.sql.commit()?)
    }

    /// Does something that may fail, and takes back what it changed if it does.
    ///
    /// # Errors
    /// What `action` says, or the file cannot be written.
    pub fn attempt<T, E: From<WorldError>>(
        &mut self,
        action: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let failed = |source| E::from(WorldError::Store { source });
        self.sql.execute_batch("SAVEPOINT attempt").map_err(failed)?;
        let result = action(self);
        let end = if result.is_ok() { "RELEASE attempt" } else { "ROLLBACK TO attempt; RELEASE attempt" };
        self.sql.execute_batch(end).map_err(failed)?;
        result
    }

    /// The file itself, for what is no record (an array's bytes).
    pub fn sql(&self) -> &Connection {
        &self.sql
    }

    /// What time it is in the world.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Finds one by its id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get<R: Record>(&self, scope: &str, id: &str) -> Result<Option<R>, WorldError> {
        records::get(&self.sql, scope, id)
    }

    /// Makes or changes one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put<R: Record>(&mut self, scope: &str, record: &R) -> Result<(), WorldError> {
        records::put(&self.sql, scope, record)
    }

    /// Removes one; tells whether it was there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remove<R: Record>(&mut self, scope: &str, id: &str) -> Result<bool, WorldError> {
        records::remove::<R>(&self.sql, scope, id)
    }

    /// All of a kind, oldest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list<R: Record>(&self, scope: &str) -> Result<Vec<R>, WorldError> {
        records::list(&self.sql, scope)
    }

    /// Some of a kind: the oldest `take` but for `skip`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list_part<R: Record>(&self, scope: &str, skip: u64, take: u64) -> Result<Vec<R>, WorldError> {
        records::list_part(&self.sql, scope, skip, take)
    }

    /// All of a kind with a key (see [`Record::keys`]) of this value, oldest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find<R: Record>(&self, scope: &str, key: &str, value: &str) -> Result<Vec<R>, WorldError> {
        records::find(&self.sql, scope, key, value)
    }

    /// How many of a kind there are, or of those with a key of a value.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count<R: Record>(&self, scope: &str, key: Option<(&str, &str)>) -> Result<u64, WorldError> {
        records::count::<R>(&self.sql, scope, key)
    }

    /// Has something happen at a time, or at once if that is past.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn schedule(
        &mut self,
        at: Timestamp,
        scope: &str,
        event: &'static str,
        subject: &str,
    ) -> Result<(), WorldError> {
        self.sql
            .prepare_cached("INSERT INTO event (due, scope, name, subject) VALUES (?1, ?2, ?3, ?4)")?
            .execute((events::nanoseconds(at), scope, event, subject))?;
        Ok(())
    }

    /// How long something takes: the fact `duration/<event>`, in seconds, or else `default`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn duration(&self, event: &str, default: Duration) -> Result<Duration, WorldError> {
        let set = self.fact(&format!("duration/{event}"))?;
        let set = set.and_then(|text| Duration::try_from_secs_f64(text.parse().ok()?).ok());
        Ok(set.unwrap_or(default))
    }

    /// Has something happen when it has taken its time (see [`Transaction::duration`]).
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn schedule_after(
        &mut self,
        default: Duration,
        scope: &str,
        event: &'static str,
        subject: &str,
    ) -> Result<(), WorldError> {
        let taken = self.duration(event, default)?;
        let at = self.now.checked_add(taken).unwrap_or(Timestamp::MAX);
        self.schedule(at, scope, event, subject)
    }

    /// Has something not happen that was going to.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn cancel(&mut self, scope: &str, event: &'static str, subject: &str) -> Result<(), WorldError> {
        self.sql
            .prepare_cached("DELETE FROM event WHERE scope = ?1 AND name = ?2 AND subject = ?3")?
            .execute((scope, event, subject))?;
        Ok(())
    }

    /// A fact about the world, or about a part of it; `None` if it was never set.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn fact(&self, name: &str) -> Result<Option<String>, WorldError> {
        records::fact(&self.sql, name)
    }

    /// Sets a fact.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_fact(&mut self, name: &str, value: &str) -> Result<(), WorldError> {
        records::set_fact(&self.sql, name, value)
    }

    /// All facts, by their names.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn facts(&self) -> Result<Vec<(String, String)>, WorldError> {
        records::facts(&self.sql)
    }

    /// Forgets a fact.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remove_fact(&mut self, name: &str) -> Result<(), WorldError> {
        records::remove_fact(&self.sql, name)
    }

    pub(super) fn source(&self) -> Result<Source, WorldError> {
        self.source.map_or_else(|| Source::read(&self.sql), Ok)
    }

    /// 32 bytes of the seeded source. What was drawn is not drawn again, not even by who fails afterwards.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn draw(&mut self) -> Result<[u8; 32], WorldError> {
        let mut source = self.source()?;
        let drawn = source.draw();
        self.source = Some(source);
        Ok(drawn)
    }

    /// Makes one of which there is none yet of this id: quicker than [`Self::put`].
    ///
    /// # Errors
    /// There is one, or the file cannot be written.
    pub fn add<R: Record>(&mut self, scope: &str, record: &R) -> Result<(), WorldError> {
        records::add(&self.sql, scope, record)
    }

    /// A new id, as `uuid4()` would give one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new_uuid(&mut self) -> Result<Uuid, WorldError> {
        let drawn = self.draw()?;
        let bytes = drawn.first_chunk::<16>().copied().unwrap_or_default();
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// A number from 0 up to, and without, 1.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn random(&mut self) -> Result<f64, WorldError> {
        let drawn = self.draw()?;
        let bits = u64::from_be_bytes(drawn.first_chunk::<8>().copied().unwrap_or_default());
        Ok((bits >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
