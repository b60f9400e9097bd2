//! How long things take, and how Nova writes times.

use crate::world::{Transaction, WorldError};
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// Has an event happen after the time that it takes: the fact `duration/<event>` (seconds), or else `usual`.
pub(super) fn schedule(
    transaction: &mut Transaction<'_>,
    scope: &str,
    event: &'static str,
    usual: f64,
    subject: &str,
) -> Result<(), WorldError> {
    let seconds = number(transaction, &format!("duration/{event}"), usual)?;
    let after = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
    let at = transaction.now().checked_add(after).unwrap_or(Timestamp::MAX);
    transaction.schedule(at, scope, event, subject)
}

/// A number among the facts, or else the usual one.
pub(super) fn number(transaction: &Transaction<'_>, fact: &str, usual: f64) -> Result<f64, WorldError> {
    Ok(transaction.fact(fact)?.and_then(|text| text.parse().ok()).unwrap_or(usual))
}

/// `2026-11-25T20:55:16Z`, as nova.utils.isotime.
pub(super) fn iso(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-25T20:55:16.000000`, as oslo serializes a time without a zone; Nova's databases keep whole seconds.
pub(super) fn plain(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.000000").to_string()
}

/// A time as clients write it: with a zone, or without one for UTC.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim().replacen(' ', "T", 1);
    text.parse().ok().or_else(|| {
        let time: jiff::civil::DateTime = text.parse().ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}
