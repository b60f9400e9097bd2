//! Of the points that schedules made some are kept, on each array by itself. A point that was asked for is never touched.

use super::groups::{self, Group, Retention};
use super::points::{self, Point};
use super::settings::settings;
use super::transfers;
use crate::world::{Transaction, WorldError};
use jiff::Timestamp;
use std::collections::BTreeMap;

const DAY: i64 = 86_400;

/// Removes what a group, or what stands for one, keeps no longer.
pub(super) fn apply(transaction: &mut Transaction<'_>, home: &str, group: &str) -> Result<(), WorldError> {
    let Some(group) = transaction.get::<Group>(home, group)? else { return Ok(()) };
    let mut points = Vec::new();
    for point in points::of_group(transaction, &group)? {
        if point.scheduled && point.destroyed.is_none() && !transfers::concerns(transaction, &point.id)? {
            points.push(point);
        }
    }
    let keep = settings(transaction)?.schedule_keep as usize;
    let gone: Vec<Point> = if keep > 0 {
        let surplus = points.len().saturating_sub(keep);
        points.into_iter().take(surplus).collect()
    } else {
        let retention = retention_of(transaction, &group)?;
        let now = transaction.now();
        let kept = kept(points.iter().map(|point| point.created), &retention, now);
        points.into_iter().zip(kept).filter(|(_, kept)| !kept).map(|(point, _)| point).collect()
    };
    for point in gone {
        points::purge(transaction, &point)?;
    }
    Ok(())
}

/// Whether a point is older than all that its group's retention speaks of.
pub(super) fn is_past(transaction: &Transaction<'_>, point: &Point) -> Result<bool, WorldError> {
    let Some(group) = transaction.get::<Group>(&point.home, &point.group)? else { return Ok(true) };
    let retention = retention_of(transaction, &group)?;
    let longest = retention.all_for_sec + retention.days * DAY.unsigned_abs();
    Ok(age(point.created, transaction.now()).unsigned_abs() > longest)
}

fn retention_of(transaction: &Transaction<'_>, group: &Group) -> Result<Retention, WorldError> {
    if group.is_local {
        return Ok(group.source_retention.clone());
    }
    let original = groups::original(transaction, group)?;
    Ok(original.map_or_else(|| group.target_retention.clone(), |group| group.target_retention))
}

/// Seconds.
fn age(created: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(created).as_secs().max(0)
}

/// Which are kept, oldest first: all for a while, then so many of each day (the newest of each part of it) for some days.
fn kept(created: impl Iterator<Item = Timestamp>, retention: &Retention, now: Timestamp) -> Vec<bool> {
    let all_for = i64::try_from(retention.all_for_sec).unwrap_or(i64::MAX);
    let days = i64::try_from(retention.days).unwrap_or(i64::MAX);
    let mut newest: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for (index, created) in created.enumerate() {
        let age = age(created, now);
        kept.push(age <= all_for);
        if age > all_for && age - all_for <= days.saturating_mul(DAY) && retention.per_day > 0 {
            let part = DAY / i64::try_from(retention.per_day).unwrap_or(DAY).clamp(1, DAY);
            let second = created.as_second();
            newest.insert((second.div_euclid(DAY), second.rem_euclid(DAY) / part.max(1)), index);
        }
    }
    for index in newest.into_values() {
        if let Some(place) = kept.get_mut(index) {
            *place = true;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_kept_for_a_while_then_some_of_each_day() {
        let retention = Retention { all_for_sec: 7200, per_day: 2, days: 1 };
        let hour = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let found = kept((0..72).map(hour), &retention, hour(72));
        let hours: Vec<usize> = (0..72).filter(|hour| found[*hour]).collect();
        // The last two hours, and of the day before those the last of each half.
        assert_eq!(hours, [47, 59, 69, 70, 71]);
    }
}
