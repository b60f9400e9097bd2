use super::verb::{Problem, Verb, replica};
use crate::arrays::groups::{self, GroupChange, Retention, Schedule};
use crate::arrays::{Refused, targets};
use protector_core::driver::{GroupOrigin, ReplicationSettings};
use std::ops::RangeInclusive;

/// Seconds between two scheduled points that arrays take.
const INTERVALS: RangeInclusive<u64> = 300..=34_560_000;

/// Seconds of retention that all arrays take.
const RETENTIONS: RangeInclusive<u64> = 60..=34_560_000;

pub(super) fn set(verb: &mut Verb<'_, '_>, group: &str, wanted: &ReplicationSettings) -> Result<(), Problem> {
    let before = groups::get(verb.at, &verb.array, group)?;
    let interval = u64::try_from(wanted.interval.as_millis()).unwrap_or(u64::MAX);
    let replication = Schedule { enabled: wanted.enabled, frequency: interval, ..before.replication.clone() };
    let retention =
        wanted.retention.map(|retention| Retention { all_for_sec: retention.as_secs(), per_day: 0, days: 0 });
    let change = GroupChange {
        // An interval that Cinder has set too short does not keep anybody from switching the schedule off.
        replication: Some(replication).filter(|wanted| *wanted != before.replication),
        target_retention: retention.filter(|wanted| *wanted != before.target_retention),
        ..GroupChange::default()
    };
    let outside = |what: &str, seconds: u64, range: &RangeInclusive<u64>| {
        let (least, most) = (range.start(), range.end());
        Problem::Refused(format!("the {what} is {seconds} s, and arrays take {least} to {most} s"))
    };
    let seconds = wanted.interval.as_secs();
    if (wanted.enabled || interval != before.replication.frequency) && !INTERVALS.contains(&seconds) {
        return Err(outside("interval", seconds, &INTERVALS));
    }
    if let Some(retention) = &change.target_retention
        && !RETENTIONS.contains(&retention.all_for_sec)
    {
        return Err(outside("retention", retention.all_for_sec, &RETENTIONS));
    }
    if change.replication.is_some() || change.target_retention.is_some() {
        groups::change(verb.at, &verb.array, group, &change)?;
    }
    Ok(())
}

pub(super) fn allow(verb: &mut Verb<'_, '_>, origin: &GroupOrigin) -> Result<(), Problem> {
    match targets::allow(verb.at, &verb.array, &replica(origin), true) {
        Err(Refused::Sentence { message, .. }) if message.contains("already allowed") => Ok(()),
        Err(refused) => Err(refused.into()),
        Ok(_) => Ok(()),
    }
}
