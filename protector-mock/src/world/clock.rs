//! The world's time: a point that it was anchored at, and the pace since then.

use super::{Transaction, WorldError};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use std::time::Duration;

/// How the world's time follows the machine's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many of its seconds pass in one of the machine's; 1 is real time.
    Factor(f64),
    /// It stands still but for [`World::advance`](super::World::advance).
    OnCommand,
}

const MACHINE: &str = "clock-machine";
const WORLD: &str = "clock-world";
const FACTOR: &str = "clock-factor";

/// Starts a world's clock: real time.
pub(super) fn begin(sql: &Connection, machine: Timestamp) -> Result<(), WorldError> {
    anchor(sql, machine, machine, 1.0)
}

fn anchor(sql: &Connection, machine: Timestamp, world: Timestamp, factor: f64) -> Result<(), WorldError> {
    for (name, value) in
        [(MACHINE, machine.to_string()), (WORLD, world.to_string()), (FACTOR, factor.to_string())]
    {
        super::records::set_fact(sql, name, &value)?;
    }
    Ok(())
}

/// The world's time when the machine's is `machine`.
pub(super) fn read(sql: &Connection, machine: Timestamp) -> Result<Timestamp, WorldError> {
    let (anchored, world, factor) = anchors(sql)?;
    let passed = machine.duration_since(anchored).max(SignedDuration::ZERO);
    let passed = Duration::try_from(passed).unwrap_or_default().mul_f64(factor.max(0.0));
    Ok(world.checked_add(passed).unwrap_or(Timestamp::MAX))
}

fn anchors(sql: &Connection) -> Result<(Timestamp, Timestamp, f64), WorldError> {
    let fact = |name| super::records::fact(sql, name);
    let time =
        |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    let factor = fact(FACTOR)?.and_then(|text| text.parse().ok()).unwrap_or(1.0);
    Ok((time(fact(MACHINE)?), time(fact(WORLD)?), factor))
}

pub(super) fn pace(sql: &Connection) -> Result<Pace, WorldError> {
    let (.., factor) = anchors(sql)?;
    Ok(if factor > 0.0 { Pace::Factor(factor) } else { Pace::OnCommand })
}

pub(super) fn set_pace(
    transaction: &Transaction<'_>,
    machine: Timestamp,
    pace: Pace,
) -> Result<(), WorldError> {
    let factor = match pace {
        Pace::Factor(factor) => factor,
        Pace::OnCommand => 0.0,
    };
    anchor(transaction.sql(), machine, transaction.now(), factor)
}

pub(super) fn advance(
    transaction: &Transaction<'_>,
    machine: Timestamp,
    by: Duration,
) -> Result<(), WorldError> {
    let (_, _, factor) = anchors(transaction.sql())?;
    let then = transaction.now().checked_add(by).unwrap_or(Timestamp::MAX);
    anchor(transaction.sql(), machine, then, factor)
}
