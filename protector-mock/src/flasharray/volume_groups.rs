//! `volume-groups`: answers from `FA_2_36` model VolumeGroup.

use super::space::space;
use super::volumes::limits;
use super::{Asked, Denied, reference};
use crate::arrays::objects;
use crate::arrays::volume_groups::{self, Priority, VolumeGroup};
use crate::arrays::volumes::Limit;
use serde_json::{Value, json};

pub(super) fn view(asked: &Asked<'_, '_>, group: &VolumeGroup) -> Result<Value, Denied> {
    let volumes = volume_groups::volumes(asked.transaction, group)?;
    let living = volumes.iter().filter(|volume| volume.destroyed.is_none());
    Ok(json!({
        "id": group.id, "name": group.name, "destroyed": group.destroyed.is_some(),
        "time_remaining": asked.time_remaining(group)?,
        "qos": {"bandwidth_limit": group.bandwidth_limit, "iops_limit": group.iops_limit},
        "priority_adjustment": {
            "priority_adjustment_operator": group.priority.operator,
            "priority_adjustment_value": group.priority.value,
        },
        "pod": asked.pod_of(&group.name)?, "volume_count": living.clone().count(),
        "space": space(living.map(|volume| volume.provisioned).sum(), 0),
    }))
}

pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    asked.candidates()?.iter().map(|group| view(asked, group)).collect()
}

/// `volume-groups/space`.
pub(super) fn spaces(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let groups: Vec<VolumeGroup> = asked.candidates()?;
    let now = super::milliseconds(asked.now());
    let view = |group: &VolumeGroup| {
        let volumes = volume_groups::volumes(asked.transaction, group)?;
        let provisioned = volumes.iter().map(|volume| volume.provisioned).sum();
        Ok(json!({
            "id": group.id, "name": group.name, "time": now, "destroyed": group.destroyed.is_some(),
            "space": space(provisioned, 0),
        }))
    };
    groups.iter().map(view).collect()
}

/// `volume-groups/volumes`.
pub(super) fn members(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let groups: Vec<VolumeGroup> = if asked.names_any("group_names", "group_ids") {
        asked.addressed("group_names", "group_ids")?
    } else {
        objects::all(asked.transaction, &asked.system.name)?
    };
    let (names, ids) = (asked.query.list("member_names"), asked.query.list("member_ids"));
    let mut found = Vec::new();
    for group in &groups {
        for volume in volume_groups::volumes(asked.transaction, group)? {
            let wanted =
                names.is_none_or(|names| names.iter().any(|name| name.eq_ignore_ascii_case(&volume.name)));
            if wanted && ids.is_none_or(|ids| ids.contains(&volume.id)) {
                found.push(json!({"group": reference(Some(group)), "member": reference(Some(&volume))}));
            }
        }
    }
    Ok(found)
}

/// The priority that the body wants for a group, if it wants one.
fn priority(asked: &Asked<'_, '_>, before: &Priority) -> Option<Priority> {
    let wanted = asked.field("priority_adjustment")?;
    let operator = wanted.get("priority_adjustment_operator").and_then(Value::as_str);
    let value = wanted.get("priority_adjustment_value").and_then(Value::as_u64);
    Some(Priority {
        operator: operator.unwrap_or(&before.operator).to_owned(),
        value: value.unwrap_or(before.value),
    })
}

pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let (bandwidth, iops) = limits(asked)?;
    let mut made = Vec::new();
    for name in asked.query.new_names()? {
        let at = &mut *asked.transaction;
        let mut group = volume_groups::create(at, &array, &name, bandwidth.after(None), iops.after(None))?;
        if let Some(priority) = priority(asked, &group.priority) {
            group = volume_groups::prioritize(asked.transaction, &array, &name, priority)?;
        }
        made.push(group);
    }
    made.iter().map(|group| view(asked, group)).collect()
}

pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let contents = asked.query.is_set("destroy_contents")?;
    let (bandwidth, iops) = limits(asked)?;
    let mut changed = Vec::new();
    for mut group in asked.addressed::<VolumeGroup>("names", "ids")? {
        if (bandwidth, iops) != (Limit::Kept, Limit::Kept) {
            group = volume_groups::limit(asked.transaction, &array, &group.name, bandwidth, iops)?;
        }
        if let Some(priority) = priority(asked, &group.priority) {
            group = volume_groups::prioritize(asked.transaction, &array, &group.name, priority)?;
        }
        if let Some(name) = asked.text_field("name")? {
            group = volume_groups::rename(asked.transaction, &array, &group.name, &name)?;
        }
        if let Some(destroyed) = asked.field("destroyed").and_then(Value::as_bool) {
            let at = &mut *asked.transaction;
            group = volume_groups::set_destroyed(at, &array, &group.name, destroyed, contents)?;
        }
        changed.push(group);
    }
    changed.iter().map(|group| view(asked, group)).collect()
}

pub(super) fn eradicate(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let contents = asked.query.is_set("eradicate_contents")?;
    for group in asked.addressed::<VolumeGroup>("names", "ids")? {
        volume_groups::eradicate(asked.transaction, &array, &group.name, contents)?;
    }
    Ok(Vec::new())
}
