//! `protection-groups`: answers from `FA_2_36` model ProtectionGroup.

use super::space::space;
use super::{Asked, Denied, named};
use crate::arrays::groups::{self, Group, GroupChange, Retention, Schedule, Window};
use crate::arrays::objects;
use crate::arrays::targets;
use serde_json::{Value, json};

/// What is shown of a group: on a target, what its source says of it.
fn shown(asked: &Asked<'_, '_>, group: &Group) -> Result<Group, Denied> {
    if group.is_local {
        return Ok(group.clone());
    }
    let Some(original) = group.source.name.as_deref().zip(group.source_group.as_deref()) else {
        return Ok(group.clone());
    };
    let found: Option<Group> = objects::with_id(asked.transaction, original.0, original.1)?;
    Ok(found.unwrap_or_else(|| group.clone()))
}

pub(super) fn retention_view(retention: &Retention) -> Value {
    json!({"all_for_sec": retention.all_for_sec, "per_day": retention.per_day, "days": retention.days})
}

pub(super) fn schedule_view(schedule: &Schedule, with_blackout: bool) -> Value {
    let mut view = json!({"at": schedule.at, "enabled": schedule.enabled, "frequency": schedule.frequency});
    if with_blackout && let Some(fields) = view.as_object_mut() {
        // Without a window it is an object of nulls: the vendor's Ansible collection reads into it unasked.
        let (start, end) = schedule.blackout.as_ref().map(|window| (window.start, window.end)).unzip();
        fields.insert("blackout".to_owned(), json!({"start": start, "end": end}));
    }
    view
}

pub(super) fn view(asked: &Asked<'_, '_>, group: &Group) -> Result<Value, Denied> {
    let shown = shown(asked, group)?;
    Ok(json!({
        "id": group.id, "name": group.name, "is_local": group.is_local, "source": named(&group.source),
        "pod": asked.pod_of(&group.name)?, "destroyed": group.destroyed.is_some(),
        "time_remaining": asked.time_remaining(group)?,
        "volume_count": shown.volumes.len(), "target_count": shown.targets.len(),
        "host_count": shown.hosts.len(), "host_group_count": shown.host_groups.len(),
        "retention_lock": group.retention_lock,
        "eradication_config": {"manual_eradication": eradication(group)}, "space": space(0, 0),
        "replication_schedule": schedule_view(&shown.replication, true),
        "snapshot_schedule": schedule_view(&shown.snapshot, false),
        "source_retention": retention_view(&shown.source_retention),
        "target_retention": retention_view(&shown.target_retention),
    }))
}

fn eradication(group: &Group) -> &'static str {
    if group.is_ratcheted() { "disabled" } else { "enabled" }
}

pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    asked.candidates()?.iter().map(|group| view(asked, group)).collect()
}

/// `protection-groups/space`.
pub(super) fn spaces(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let groups: Vec<Group> = asked.candidates()?;
    let now = super::milliseconds(asked.now());
    let view = |group: &Group| {
        let volumes = groups::members_of(asked.transaction, group)?;
        let provisioned = volumes.iter().map(|volume| volume.provisioned).sum();
        Ok(json!({
            "id": group.id, "name": group.name, "time": now, "destroyed": group.destroyed.is_some(),
            "pod": asked.pod_of(&group.name)?, "space": space(provisioned, 0),
        }))
    };
    groups.iter().map(view).collect()
}

/// POST: new groups, or what a snapshot of a group holds, with the names of its volumes, as a group.
pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let names = asked.query.new_names()?;
    let overwrite = asked.query.is_set("overwrite")?;
    let source = if asked.names_any("source_names", "source_ids") {
        asked.addressed::<crate::arrays::points::Point>("source_names", "source_ids")?.into_iter().next()
    } else {
        None
    };
    let mut made = Vec::new();
    for name in names {
        made.push(match &source {
            Some(point) => groups::restore(asked.transaction, &array, &name, &point.name, overwrite)?,
            None if overwrite => return Err(Denied::bad("'overwrite' needs a source.", &name)),
            None => groups::create(asked.transaction, &array, &name)?,
        });
    }
    made.iter().map(|group| view(asked, group)).collect()
}

fn schedule(asked: &Asked<'_, '_>, field: &str, before: &Schedule) -> Option<Schedule> {
    let wanted = asked.field(field)?;
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_i64);
    let mut schedule = before.clone();
    if let Some(enabled) = wanted.get("enabled").and_then(Value::as_bool) {
        schedule.enabled = enabled;
    }
    if let Some(frequency) = number(wanted, "frequency") {
        schedule.frequency = frequency.max(0).unsigned_abs();
    }
    // Ansible clears it with -1.
    if let Some(at) = number(wanted, "at") {
        schedule.at = u64::try_from(at).ok();
    }
    match wanted.get("blackout") {
        None | Some(Value::Null) => {}
        Some(window) => {
            let moment = |name| number(window, name).map(|moment| moment.max(0).unsigned_abs());
            schedule.blackout = moment("start")
                .zip(moment("end"))
                .filter(|(start, end)| start != end)
                .map(|(start, end)| Window { start, end });
        }
    }
    Some(schedule)
}

fn retention(asked: &Asked<'_, '_>, field: &str, before: &Retention) -> Option<Retention> {
    let wanted = asked.field(field)?;
    let number = |name: &str, before| wanted.get(name).and_then(Value::as_u64).unwrap_or(before);
    Some(Retention {
        all_for_sec: number("all_for_sec", before.all_for_sec),
        per_day: number("per_day", before.per_day),
        days: number("days", before.days),
    })
}

/// PATCH: schedules and retentions, lock, rename, destroy, recover.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut changed = Vec::new();
    for mut group in asked.addressed::<Group>("names", "ids")? {
        let destroyed = asked.field("destroyed").and_then(Value::as_bool);
        if destroyed == Some(false) {
            group = groups::recover(asked.transaction, &array, &group.name)?;
        }
        let others = asked.body.as_object().into_iter().flatten();
        if others.into_iter().any(|(field, value)| field != "destroyed" && !value.is_null()) {
            let wanted = GroupChange {
                replication: schedule(asked, "replication_schedule", &group.replication),
                snapshot: schedule(asked, "snapshot_schedule", &group.snapshot),
                source_retention: retention(asked, "source_retention", &group.source_retention),
                target_retention: retention(asked, "target_retention", &group.target_retention),
                retention_lock: asked.text_field("retention_lock")?,
            };
            group = groups::change(asked.transaction, &array, &group.name, &wanted)?;
        }
        if let Some(name) = asked.text_field("name")? {
            group = groups::rename(asked.transaction, &array, &group.name, &name)?;
        }
        if destroyed == Some(true) {
            group = groups::destroy(asked.transaction, &array, &group.name)?;
        } else if destroyed.is_none() && group.destroyed.is_some() {
            return Err(Denied::bad("Protection group has been destroyed.", &group.name));
        }
        changed.push(group);
    }
    changed.iter().map(|group| view(asked, group)).collect()
}

pub(super) fn eradicate(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for group in asked.addressed::<Group>("names", "ids")? {
        groups::eradicate(asked.transaction, &array, &group.name)?;
    }
    Ok(Vec::new())
}

/// The groups that a list of relations is about.
pub(super) fn of_request(asked: &Asked<'_, '_>) -> Result<Vec<Group>, Denied> {
    if asked.names_any("group_names", "group_ids") {
        return asked.addressed("group_names", "group_ids");
    }
    Ok(objects::all(asked.transaction, &asked.system.name)?)
}

/// Where a group is replicated to, as its targets are listed.
pub(super) fn targets_of(asked: &Asked<'_, '_>, group: &Group) -> Result<Vec<(String, bool)>, Denied> {
    Ok(targets::of(asked.transaction, &asked.system.name, group)?)
}
