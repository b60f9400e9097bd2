//! What is going to happen. Nothing runs in the background: whoever looks first lets happen what has become due.

use super::{Transaction, WorldError};
use jiff::Timestamp;
use rusqlite::OptionalExtension;
use std::collections::BTreeMap;

/// Something that has become due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The site or array where it happens.
    pub scope: String,
    /// To what: usually an id.
    pub subject: String,
}

/// What happens then. [`Transaction::now`] is the moment for which it was meant, not the one at which somebody looks.
pub type Reaction = fn(&mut Transaction<'_>, &Due) -> Result<(), WorldError>;

/// All reactions, by the event's name. A name is stored: it never changes its meaning.
#[derive(Debug, Clone, Default)]
pub struct Reactions {
    known: BTreeMap<&'static str, Reaction>,
}

impl Reactions {
    /// With the reactions of one simulator.
    #[must_use]
    pub fn with(mut self, more: &[(&'static str, Reaction)]) -> Self {
        self.known.extend(more.iter().copied());
        self
    }
}

/// So many at one moment are a loop.
const LIMIT: u32 = 1_000_000;

/// Lets everything happen that is due by now, in its order, each at its own moment.
pub(super) fn let_happen(transaction: &mut Transaction<'_>, reactions: &Reactions) -> Result<(), WorldError> {
    let now = transaction.now();
    let mut happened = 0_u32;
    while let Some((at, name, due)) = take_next(transaction, now)? {
        let reaction = *reactions
            .known
            .get(name.as_str())
            .ok_or_else(|| WorldError::UnknownEvent { name: name.clone() })?;
        transaction.set_now(at);
        let result = reaction(transaction, &due);
        transaction.set_now(now);
        result?;
        happened += 1;
        if happened == LIMIT {
            return Err(WorldError::Endless { limit: LIMIT, name });
        }
    }
    Ok(())
}

fn take_next(
    transaction: &Transaction<'_>,
    now: Timestamp,
) -> Result<Option<(Timestamp, String, Due)>, WorldError> {
    let sql = transaction.sql();
    let found = sql
        .prepare_cached(
            "SELECT sequence, due, name, scope, subject FROM event WHERE due <= ?1 ORDER BY due, sequence LIMIT 1",
        )?
        .query_row((nanoseconds(now),), |row| {
            let due = Due { scope: row.get(3)?, subject: row.get(4)? };
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, due))
        })
        .optional()?;
    let Some((sequence, at, name, due)) = found else { return Ok(None) };
    sql.prepare_cached("DELETE FROM event WHERE sequence = ?1")?.execute((sequence,))?;
    let at = Timestamp::from_nanosecond(i128::from(at)).unwrap_or(now);
    Ok(Some((at, name, due)))
}

/// SQLite's integers reach until the year 2262.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}
