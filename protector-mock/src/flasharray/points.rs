//! `protection-group-snapshots`: answers from `FA_2_36` models ProtectionGroupSnapshot, ProtectionGroupSnapshotTransfer.

use super::query::Parameters;
use super::space::space;
use super::{Asked, Denied, milliseconds, reference};
use crate::arrays::groups::Group;
use crate::arrays::objects;
use crate::arrays::points::{self, Point, Sending};
use crate::arrays::transfers;
use serde_json::{Value, json};

fn group_of(asked: &Asked<'_, '_>, point: &Point) -> Result<Option<Group>, Denied> {
    Ok(asked.transaction.get(&point.home, &point.group)?)
}

fn view(asked: &Asked<'_, '_>, point: &Point) -> Result<Value, Denied> {
    let group = group_of(asked, point)?;
    let locked = group.as_ref().is_some_and(Group::is_ratcheted);
    Ok(json!({
        "id": point.id, "name": point.name, "suffix": point.suffix, "created": milliseconds(point.created),
        "destroyed": point.destroyed.is_some(), "time_remaining": asked.time_remaining(point)?,
        "source": reference(group.as_ref()), "pod": asked.pod_of(&point.name)?, "space": space(0, 0),
        "eradication_config": {"manual_eradication": if locked { "disabled" } else { "enabled" }},
    }))
}

fn transfer_view(asked: &Asked<'_, '_>, point: &Point) -> Result<Option<Value>, Denied> {
    let Some(arrival) = transfers::arrival(asked.transaction, point)? else { return Ok(None) };
    Ok(Some(json!({
        "id": point.id, "name": point.name, "destroyed": point.destroyed.is_some(),
        "started": milliseconds(arrival.started), "completed": arrival.completed.map(milliseconds), "progress": arrival.progress,
        "data_transferred": arrival.data_transferred, "physical_bytes_written": arrival.data_transferred,
    })))
}

/// The snapshots that may have to be listed, and the query to pick from them: in `names` a group stands for all of its
/// snapshots.
fn candidates(asked: &Asked<'_, '_>) -> Result<(Vec<Point>, Parameters), Denied> {
    let array = &asked.system.name;
    let mut query = asked.query.clone();
    let mut found: Option<Vec<Point>> = None;
    if asked.names_any("source_names", "source_ids") {
        let mut points = Vec::new();
        for group in asked.addressed::<Group>("source_names", "source_ids")? {
            points.extend(points::of_group(asked.transaction, &group)?);
        }
        found = Some(points);
    }
    if let Some(names) = asked.query.list("names") {
        let destroyed = query.flag("destroyed")?;
        let (mut spelt, mut points) = (Vec::new(), Vec::new());
        let mut patterns = false;
        for name in names {
            if let Some(group) = objects::find::<Group>(asked.transaction, array, name)? {
                for point in points::of_group(asked.transaction, &group)? {
                    if destroyed.is_none_or(|wanted| point.destroyed.is_some() == wanted) {
                        spelt.push(point.name.clone());
                        points.push(point);
                    }
                }
            } else {
                patterns |= name.contains('*');
                points.extend(objects::find::<Point>(asked.transaction, array, name)?);
                spelt.push(name.clone());
            }
        }
        query.set_list("names", spelt);
        if found.is_none() && !patterns {
            found = Some(points);
        }
    }
    let found = match found {
        Some(found) => found,
        None => objects::all(asked.transaction, array)?,
    };
    Ok((found, query))
}

/// GET: the views, and the query to pick from them.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<(Vec<Value>, Parameters), Denied> {
    let (found, query) = candidates(asked)?;
    Ok((found.iter().map(|point| view(asked, point)).collect::<Result<_, _>>()?, query))
}

/// GET .../transfer: what arrives or has arrived here. A source's own list is empty.
pub(super) fn transfers(asked: &Asked<'_, '_>) -> Result<(Vec<Value>, Parameters), Denied> {
    let (found, mut query) = candidates(asked)?;
    if let Some(names) = query.list("names").map(<[_]>::to_vec) {
        let mut kept = Vec::new();
        for name in names {
            if name.contains('*') {
                kept.push(name);
                continue;
            }
            let point: Point = objects::named(asked.transaction, &asked.system.name, &name)?;
            if point.arrival.is_some() {
                kept.push(name);
            }
        }
        query.set_list("names", kept);
    }
    let mut views = Vec::new();
    for point in &found {
        views.extend(transfer_view(asked, point)?);
    }
    Ok((views, query))
}

/// POST: snapshots of groups, sent to their targets with replicate_now or replicate.
pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let sending = match (asked.query.is_set("replicate_now")?, asked.query.is_set("replicate")?) {
        (true, true) => {
            let message = "'replicate' and 'replicate_now' cannot be used together.";
            return Err(Denied::bad(message, "replicate"));
        }
        (true, false) => Sending::Now,
        (false, true) => Sending::Queued,
        (false, false) => Sending::No,
    };
    let for_replication = asked.query.is_set("for_replication")?;
    let suffix = asked.text_field("suffix")?.filter(|suffix| !suffix.is_empty());
    let mut made = Vec::new();
    for group in asked.addressed::<Group>("source_names", "source_ids")? {
        let at = &mut *asked.transaction;
        let point = points::create(at, &array, &group.name, suffix.as_deref(), sending)?;
        if for_replication {
            points::expire_later(at, &array, &point)?;
        }
        made.push(point);
    }
    made.iter().map(|point| view(asked, point)).collect()
}

/// POST .../replica: sends snapshots that are there.
pub(super) fn send(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut sent = Vec::new();
    for point in asked.addressed::<Point>("names", "ids")? {
        if let Some(on) = asked.query.text("on").map(str::to_owned)
            && !group_of(asked, &point)?.is_some_and(|group| group.targets.contains_key(&on))
        {
            return Err(Denied::bad("Protection group target could not be found.", &on));
        }
        sent.push(points::send(asked.transaction, &array, &point.name)?);
    }
    sent.iter().map(|point| view(asked, point)).collect()
}

/// PATCH: destroy, recover, rename.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut changed = Vec::new();
    for mut point in asked.addressed::<Point>("names", "ids")? {
        if let Some(name) = asked.text_field("name")? {
            point = points::rename(asked.transaction, &array, &point.name, &name)?;
        }
        if let Some(destroyed) = asked.field("destroyed").and_then(Value::as_bool) {
            point = points::set_destroyed(asked.transaction, &array, &point.name, destroyed)?;
        }
        changed.push(point);
    }
    changed.iter().map(|point| view(asked, point)).collect()
}

pub(super) fn eradicate(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for point in asked.addressed::<Point>("names", "ids")? {
        points::eradicate(asked.transaction, &array, &point.name)?;
    }
    Ok(Vec::new())
}
