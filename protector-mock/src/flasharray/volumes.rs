//! `volumes`: answers from `FA_2_36` models Volume, VolumePost, VolumePatch.

use super::space;
use super::{Asked, Denied, default_protections, named};
use crate::arrays::groups::Group;
use crate::arrays::objects::{self, Reference};
use crate::arrays::volumes::{self, Limit, NewVolume, SMALLEST, Source, Volume};
use crate::arrays::{connections, groups};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Number of connections by volume.
type Connected = HashMap<String, u64>;

fn connected(asked: &Asked<'_, '_>) -> Result<Connected, Denied> {
    let mut connected = Connected::new();
    for connection in connections::all(asked.transaction, &asked.system.name)? {
        *connected.entry(connection.volume).or_default() += 1;
    }
    Ok(connected)
}

fn view_with(asked: &Asked<'_, '_>, volume: &Volume, connected: &Connected) -> Result<Value, Denied> {
    Ok(json!({
        "id": volume.id, "name": volume.name, "serial": volume.serial, "provisioned": volume.provisioned,
        "created": super::milliseconds(volume.created), "destroyed": volume.destroyed.is_some(),
        "time_remaining": asked.time_remaining(volume)?,
        "connection_count": connected.get(&volume.id).copied().unwrap_or(0),
        "host_encryption_key_status": "none", "priority": 0,
        "source": named(&volume.source),
        "qos": {"bandwidth_limit": volume.bandwidth_limit, "iops_limit": volume.iops_limit},
        "pod": asked.pod_of(&volume.name)?, "volume_group": asked.volume_group_of(&volume.name)?,
        "protocol_endpoint": {"container_version": null}, "subtype": "regular",
        "priority_adjustment": {"priority_adjustment_operator": "+", "priority_adjustment_value": 0},
        "requested_promotion_state": "promoted", "promotion_status": "promoted",
        "space": space::of_volume(volume.provisioned, 0),
    }))
}

pub(super) fn view(asked: &Asked<'_, '_>, volume: &Volume) -> Result<Value, Denied> {
    let count = connections::of_volume(asked.transaction, &asked.system.name, &volume.id)?.count();
    view_with(asked, volume, &Connected::from([(volume.id.clone(), count as u64)]))
}

pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let connected = connected(asked)?;
    asked.candidates()?.iter().map(|volume| view_with(asked, volume, &connected)).collect()
}

/// `volumes/space`.
pub(super) fn spaces(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let now = super::milliseconds(asked.now());
    let view = |volume: &Volume| {
        json!({
            "id": volume.id, "name": volume.name, "time": now, "destroyed": volume.destroyed.is_some(),
            "space": space::of_volume(volume.provisioned, 0),
        })
    };
    Ok(asked.candidates()?.iter().map(view).collect())
}

fn limit(qos: Option<&Value>, name: &str) -> Result<Limit, Denied> {
    match qos.and_then(|qos| qos.get(name)) {
        None | Some(Value::Null) => Ok(Limit::Kept),
        // The models for PATCH take an empty text for none.
        Some(Value::String(text)) if text.is_empty() => Ok(Limit::Lifted),
        Some(value) => match value.as_u64() {
            Some(0) => Ok(Limit::Lifted),
            Some(limit) => Ok(Limit::At(limit)),
            None => Err(Denied::bad(format!("'{name}' is not a whole number."), &value.to_string())),
        },
    }
}

/// What a body says of limits: bandwidth and operations.
pub(super) fn limits(asked: &Asked<'_, '_>) -> Result<(Limit, Limit), Denied> {
    let qos = asked.field("qos");
    Ok((limit(qos, "bandwidth_limit")?, limit(qos, "iops_limit")?))
}

/// A reference of the body.
pub(super) fn reference_of(value: &Value) -> Reference {
    let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Reference { id: text("id"), name: text("name") }
}

/// POST: new volumes, or copies, over an existing volume with overwrite=true.
pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let names = asked.query.new_names()?;
    let first = names.first().cloned().unwrap_or_default();
    let overwrite = asked.query.is_set("overwrite")?;
    let source = asked.field("source").map(reference_of);
    let to_groups = asked.names_any("add_to_protection_group_names", "add_to_protection_group_ids");
    if overwrite {
        // Cinder sends the false with it, which the vendor's text excludes, too; an array's answer to that is not known.
        if asked.query.is_set("with_default_protection")? || to_groups {
            return Err(Denied::bad(
                "'overwrite' cannot be given together with 'with_default_protection' or 'add_to_protection_group_names'.",
                "overwrite",
            ));
        }
        if source.is_none() {
            return Err(Denied::bad("'overwrite' needs a source.", &first));
        }
    }
    if source.is_some() && asked.field("provisioned").is_some() {
        return Err(Denied::bad("'provisioned' cannot be given together with 'source'.", &first));
    }
    if let Some(subtype) = asked.text_field("subtype")?
        && subtype != "regular"
    {
        return Err(Denied::bad("Volumes of this subtype are not simulated.", &subtype));
    }
    let source = source.map(|wanted| volumes::source(asked.transaction, &array, &wanted)).transpose()?;
    let (bandwidth, iops) = limits(asked)?;
    let wanted = NewVolume {
        provisioned: asked.field("provisioned").and_then(Value::as_u64).unwrap_or(SMALLEST),
        bandwidth_limit: bandwidth.after(None),
        iops_limit: iops.after(None),
    };
    let mut made = Vec::new();
    for name in &names {
        made.push(create_one(asked, &array, name, source.as_ref(), overwrite, &wanted)?);
    }
    if !overwrite && asked.query.flag("with_default_protection")? != Some(false) {
        for volume in &made {
            default_protections::protect(asked, volume)?;
        }
    }
    if to_groups {
        add_to_groups(asked, &array, &made)?;
    }
    made.iter().map(|volume| view(asked, volume)).collect()
}

fn create_one(
    asked: &mut Asked<'_, '_>,
    array: &str,
    name: &str,
    source: Option<&Source>,
    overwrite: bool,
    wanted: &NewVolume,
) -> Result<Volume, Denied> {
    let at = &mut *asked.transaction;
    let Some(source) = source else { return Ok(volumes::create(at, array, name, wanted)?) };
    if overwrite && objects::find::<Volume>(at, array, name)?.is_some() {
        return Ok(volumes::overwrite(at, array, source, name)?);
    }
    volumes::copy_source(at, array, source, name)?;
    let limit = |limit: Option<u64>| limit.map_or(Limit::Kept, Limit::At);
    Ok(volumes::limit(at, array, name, limit(wanted.bandwidth_limit), limit(wanted.iops_limit))?)
}

fn add_to_groups(asked: &mut Asked<'_, '_>, array: &str, volumes: &[Volume]) -> Result<(), Denied> {
    let groups: Vec<Group> =
        asked.addressed("add_to_protection_group_names", "add_to_protection_group_ids")?;
    for group in groups {
        for volume in volumes.iter().filter(|volume| !group.volumes.contains(&volume.id)) {
            groups::add_member(asked.transaction, array, &group.name, &volume.name)?;
        }
    }
    Ok(())
}

/// PATCH: rename, resize, destroy, recover, move, limit.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let chosen: Vec<Volume> = asked.addressed("names", "ids")?;
    let moved = ["name", "pod", "volume_group"].iter().any(|field| asked.field(field).is_some());
    if moved && chosen.len() != 1 {
        return Err(Denied::bad("Only one volume can be renamed or moved at a time.", "name"));
    }
    let mut changed = Vec::new();
    for volume in chosen {
        changed.push(change_one(asked, &array, volume)?);
    }
    if asked.names_any("add_to_protection_group_names", "add_to_protection_group_ids") {
        add_to_groups(asked, &array, &changed)?;
    }
    if asked.names_any("remove_from_protection_group_names", "remove_from_protection_group_ids") {
        let names = ("remove_from_protection_group_names", "remove_from_protection_group_ids");
        for group in asked.addressed::<Group>(names.0, names.1)? {
            for volume in changed.iter().filter(|volume| group.volumes.contains(&volume.id)) {
                groups::remove_member(asked.transaction, &array, &group.name, &volume.name)?;
            }
        }
    }
    changed.iter().map(|volume| view(asked, volume)).collect()
}

fn change_one(asked: &mut Asked<'_, '_>, array: &str, mut volume: Volume) -> Result<Volume, Denied> {
    match asked.field("destroyed").and_then(Value::as_bool) {
        Some(true) => volume = volumes::destroy(asked.transaction, array, &volume.name)?,
        Some(false) => volume = volumes::recover(asked.transaction, array, &volume.name)?,
        None if volume.destroyed.is_some() => {
            return Err(Denied::bad("Volume has been destroyed.", &volume.name));
        }
        None => {}
    }
    if let Some(size) = asked.field("provisioned").cloned() {
        let truncate = asked.query.is_set("truncate")?;
        let size = size.as_u64().unwrap_or(0);
        volume = volumes::resize(asked.transaction, array, &volume.name, size, truncate)?;
    }
    let (bandwidth, iops) = limits(asked)?;
    if (bandwidth, iops) != (Limit::Kept, Limit::Kept) {
        volume = volumes::limit(asked.transaction, array, &volume.name, bandwidth, iops)?;
    }
    // An empty name moves it out of what it is in.
    let into = |field| {
        let name = asked.field(field)?.get("name")?.as_str()?.to_owned();
        Some(Some(name).filter(|name| !name.is_empty()))
    };
    let (pod, group, name) = (into("pod"), into("volume_group"), asked.text_field("name")?);
    if let Some(pod) = pod {
        volume = volumes::move_to_pod(asked.transaction, array, &volume.name, pod.as_deref())?;
    }
    if let Some(group) = group {
        volume = volumes::move_to_group(asked.transaction, array, &volume.name, group.as_deref())?;
    }
    if let Some(name) = name {
        volume = volumes::rename(asked.transaction, array, &volume.name, &name)?;
    }
    Ok(volume)
}

pub(super) fn eradicate(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for volume in asked.addressed::<Volume>("names", "ids")? {
        volumes::eradicate(asked.transaction, &array, &volume.name)?;
    }
    Ok(Vec::new())
}
