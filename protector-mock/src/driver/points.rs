use super::holds;
use super::verb::{Problem, Verb, replica};
use crate::arrays::groups::{self, Group};
use crate::arrays::objects;
use crate::arrays::points::{self, Point, Sending};
use crate::arrays::transfers;
use jiff::Timestamp;
use protector_core::driver::{GroupOrigin, PointMember, RecoveryPoint, SourcePoint};
use std::time::SystemTime;

/// Whether a snapshot is there. One that is destroyed keeps its name, so that no other can have it.
fn is_made(verb: &Verb<'_, '_>, group: &str, suffix: &str) -> Result<bool, Problem> {
    let found: Option<Point> = objects::find(verb.at, &verb.array, &format!("{group}.{suffix}"))?;
    match found {
        Some(point) if point.destroyed.is_some() => {
            let reason = format!("a destroyed snapshot holds the name {}: take another one", point.name);
            Err(Problem::Refused(reason))
        }
        found => Ok(found.is_some()),
    }
}

pub(super) fn replicate(verb: &mut Verb<'_, '_>, group: &str, point: &str) -> Result<(), Problem> {
    if !is_made(verb, group, point)? {
        points::create(verb.at, &verb.array, group, Some(point), Sending::Now)?;
    }
    Ok(())
}

/// Takes a safety snapshot.
pub(super) fn keep(verb: &mut Verb<'_, '_>, group: &str, name: &str) -> Result<(), Problem> {
    if !is_made(verb, group, name)? {
        points::create(verb.at, &verb.array, group, Some(name), Sending::No)?;
    }
    Ok(())
}

/// Whether a safety snapshot is there.
pub(super) fn is_kept(verb: &mut Verb<'_, '_>, group: &str, name: &str) -> Result<bool, Problem> {
    let found: Option<Point> = objects::find(verb.at, &verb.array, &format!("{group}.{name}"))?;
    Ok(found.is_some_and(|point| point.destroyed.is_none()))
}

pub(super) fn at_source(
    verb: &mut Verb<'_, '_>,
    group: &str,
    point: &str,
) -> Result<Option<RecoveryPoint>, Problem> {
    let found: Option<Point> = objects::find(verb.at, &verb.array, &format!("{group}.{point}"))?;
    let Some(found) = found.filter(|found| found.destroyed.is_none()) else { return Ok(None) };
    recovery_point(verb, &found).map(Some)
}

pub(super) fn at_target(
    verb: &mut Verb<'_, '_>,
    origin: &GroupOrigin,
) -> Result<Vec<RecoveryPoint>, Problem> {
    let held = holds::of_origin(verb, origin)?;
    let group: Option<Group> = objects::find(verb.at, &verb.array, &replica(origin))?;
    if group.is_none() && held.is_empty() {
        return Err(Problem::NotFound(replica(origin)));
    }
    let mut found = Vec::new();
    if let Some(group) = group {
        for point in points::of_group(verb.at, &group)?.iter().filter(|point| point.destroyed.is_none()) {
            found.push(recovery_point(verb, point)?);
        }
    }
    for held in held {
        let name = &held.point.name;
        match found.iter_mut().find(|point| point.name.eq_ignore_ascii_case(name)) {
            // Another may have been given the name of one that is gone.
            Some(point) => point.held |= point.created == held.point.created,
            None => found.push(held.point),
        }
    }
    found.sort_by_key(|point| point.created);
    Ok(found)
}

/// All snapshots of a group of this array.
pub(super) fn of_source(verb: &mut Verb<'_, '_>, group: &str) -> Result<Vec<SourcePoint>, Problem> {
    let group: Group = groups::get(verb.at, &verb.array, group)?;
    let told = |point: Point| SourcePoint {
        name: point.suffix,
        created: moment(point.created),
        bytes: None,
        destroyed: point.destroyed.is_some(),
    };
    Ok(points::of_group(verb.at, &group)?.into_iter().map(told).collect())
}

/// A point in the contract's words. Where it was made it was complete at once.
fn recovery_point(verb: &Verb<'_, '_>, point: &Point) -> Result<RecoveryPoint, Problem> {
    let arrival = transfers::arrival(verb.at, point)?;
    let mut members = Vec::new();
    for member in points::members(verb.at, point)? {
        let name = member.name.get(point.name.len() + 1..).unwrap_or_default().to_owned();
        members.push(PointMember { name, size: member.provisioned });
    }
    let created = moment(point.created);
    Ok(RecoveryPoint {
        name: point.suffix.clone(),
        created,
        completed: match &arrival {
            Some(arrival) => arrival.completed.map(moment),
            None => Some(created),
        },
        progress: arrival.as_ref().map_or(1.0, |arrival| arrival.progress),
        bytes_transferred: arrival.map(|arrival| arrival.data_transferred),
        bytes: None,
        held: false,
        members,
    })
}

/// Arrays tell milliseconds.
pub(super) fn moment(time: Timestamp) -> SystemTime {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time).into()
}

/// Discards a snapshot of a group, which may be a peer's.
pub(super) fn discard(verb: &mut Verb<'_, '_>, group: &str, point: &str) -> Result<(), Problem> {
    let name = format!("{group}.{point}");
    if is_kept(verb, group, point)? {
        points::set_destroyed(verb.at, &verb.array, &name, true)?;
    }
    Ok(())
}

/// Discards what is left here of a peer's group, its snapshots included, and what is kept of them.
pub(super) fn discard_origin(verb: &mut Verb<'_, '_>, origin: &GroupOrigin) -> Result<(), Problem> {
    holds::release_all(verb, origin)?;
    let group = replica(origin);
    let found: Option<Group> = objects::find(verb.at, &verb.array, &group)?;
    if found.is_some_and(|group| group.destroyed.is_none()) {
        groups::destroy(verb.at, &verb.array, &group)?;
    }
    Ok(())
}
