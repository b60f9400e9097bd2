//! Snapshots that are made by themselves: sent to the targets, or kept here.

use super::groups::{Group, Window};
use super::objects::{self, save};
use super::points::{self, Sending};
use super::settings::settings;
use super::{Refused, retention, systems, transfers};
use crate::world::{Due, Transaction, WorldError};
use jiff::Timestamp;
use std::time::Duration;

pub(super) const REPLICATION: &str = "arrays.replication-due";
pub(super) const SNAPSHOT: &str = "arrays.snapshot-due";

const DAY: u64 = 86_400_000;

fn replicates(group: &Group) -> bool {
    group.is_local
        && group.destroyed.is_none()
        && !group.is_empty()
        && group.replication.enabled
        && group.is_allowed_anywhere()
}

fn snapshots(group: &Group) -> bool {
    group.is_local && group.destroyed.is_none() && !group.is_empty() && group.snapshot.enabled
}

/// After anything that a group's schedules depend on has changed. `anew` begins them from now.
pub(super) fn rearm(transaction: &mut Transaction<'_>, group: &Group, anew: bool) -> Result<(), WorldError> {
    // The caller's copy may be older than the record.
    let Some(mut group) = transaction.get::<Group>(&group.home, &group.id)? else { return Ok(()) };
    let interval = settings(transaction)?.schedule_interval;
    let now = transaction.now();
    let replication = replicates(&group).then(|| {
        let kept = group.next_replication.filter(|_| !anew);
        kept.unwrap_or_else(|| {
            if interval > 0.0 {
                after(now, (interval * 1000.0) as u64)
            } else {
                next(now, group.replication.frequency, group.replication.at)
            }
        })
    });
    let snapshot = snapshots(&group).then(|| {
        let kept = group.next_snapshot.filter(|_| !anew);
        kept.unwrap_or_else(|| next(now, group.snapshot.frequency, group.snapshot.at))
    });
    for (event, due) in [(REPLICATION, replication), (SNAPSHOT, snapshot)] {
        transaction.cancel(&group.home, event, &group.id)?;
        if let Some(due) = due {
            transaction.schedule(due, &group.home, event, &group.id)?;
        }
    }
    if (group.next_replication, group.next_snapshot) == (replication, snapshot) {
        return Ok(());
    }
    group.next_replication = replication;
    group.next_snapshot = snapshot;
    group.overdue &= replication.is_some();
    save(transaction, &group)
}

/// A group that is eradicated waits for nothing.
pub(super) fn disarm(transaction: &mut Transaction<'_>, group: &Group) -> Result<(), WorldError> {
    transaction.cancel(&group.home, REPLICATION, &group.id)?;
    transaction.cancel(&group.home, SNAPSHOT, &group.id)
}

/// After the interval that stands for all frequencies has changed.
pub(super) fn rearm_all(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    for system in systems::list(transaction)? {
        for group in objects::all::<Group>(transaction, &system.name)? {
            if group.is_local && group.array == system.name {
                rearm(transaction, &group, true)?;
            }
        }
    }
    Ok(())
}

fn after(time: Timestamp, milliseconds: u64) -> Timestamp {
    time.checked_add(Duration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
}

/// When something of a frequency is due next.
fn next(now: Timestamp, frequency: u64, at: Option<u64>) -> Timestamp {
    let Some(at) = at.filter(|_| frequency >= DAY) else { return after(now, frequency) };
    let of_day = of_day(now);
    let wanted = at * 1000;
    let today = if wanted > of_day { wanted - of_day } else { wanted + DAY - of_day };
    after(now, today + frequency - DAY)
}

/// Milliseconds since midnight.
fn of_day(time: Timestamp) -> u64 {
    time.as_millisecond().rem_euclid(86_400_000).unsigned_abs()
}

/// How long a time of the day is still in a window, if it is.
fn blacked_out(time: Timestamp, window: &Window) -> Option<u64> {
    let now = of_day(time);
    let inside = if window.start <= window.end {
        (window.start..window.end).contains(&now)
    } else {
        now >= window.start || now < window.end
    };
    inside.then(|| (window.end + DAY - now) % DAY)
}

pub(super) fn replication_due(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut group) = transaction.get::<Group>(&due.scope, &due.subject)? else { return Ok(()) };
    if !replicates(&group) {
        return Ok(());
    }
    let now = transaction.now();
    let window = group.replication.blackout.clone();
    if let Some(left) = window.and_then(|window| blacked_out(now, &window)) {
        group.next_replication = Some(after(now, left));
        transaction.schedule(after(now, left), &group.home, REPLICATION, &group.id)?;
        return save(transaction, &group);
    }
    group.overdue = true;
    save(transaction, &group)?;
    fire(transaction, group)
}

/// Fires what is overdue, if it can now.
fn fire(transaction: &mut Transaction<'_>, mut group: Group) -> Result<(), WorldError> {
    let busy = transfers::is_busy(transaction, &group.id)?;
    if !group.overdue || busy || !replicates(&group) || !systems::is_up(transaction, &group.array)? {
        return Ok(());
    }
    group.overdue = false;
    group.next_replication = None;
    save(transaction, &group)?;
    match points::take(transaction, &mut group, None, true) {
        Ok(point) => transfers::send(transaction, &group, &point, Sending::Queued)?,
        Err(Refused::Sentence { .. }) => {}
        Err(Refused::World(error)) => return Err(error),
    }
    rearm(transaction, &group, false)?;
    retention::apply(transaction, &group.home, &group.id)
}

/// After something that held schedules up has ended.
pub(super) fn catch_up(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    for system in systems::list(transaction)? {
        for group in objects::all::<Group>(transaction, &system.name)? {
            if group.overdue && group.array == system.name {
                fire(transaction, group)?;
            }
        }
    }
    Ok(())
}

pub(super) fn snapshot_due(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut group) = transaction.get::<Group>(&due.scope, &due.subject)? else { return Ok(()) };
    group.next_snapshot = None;
    save(transaction, &group)?;
    if snapshots(&group) && systems::is_up(transaction, &group.array)? {
        match points::take(transaction, &mut group, None, true) {
            Ok(_) | Err(Refused::Sentence { .. }) => {}
            Err(Refused::World(error)) => return Err(error),
        }
    }
    rearm(transaction, &group, false)?;
    retention::apply(transaction, &group.home, &group.id)
}
