//! `volume-snapshots`: answers from `FA_2_36` models VolumeSnapshot, VolumeSnapshotTransfer.

use super::space;
use super::{Asked, Denied, milliseconds, named, reference, text};
use crate::arrays::objects;
use crate::arrays::snapshots::{self, Snapshot};
use crate::arrays::volumes::Volume;
use serde_json::{Value, json};

pub(super) fn view(asked: &Asked<'_, '_>, snapshot: &Snapshot) -> Result<Value, Denied> {
    let here: Option<Volume> = match &snapshot.source.id {
        Some(id) => objects::with_id(asked.transaction, &asked.system.name, id)?,
        None => None,
    };
    let source = here.map_or_else(|| named(&snapshot.source), |volume| reference(Some(&volume)));
    Ok(json!({
        "id": snapshot.id, "name": snapshot.name, "suffix": snapshot.suffix, "serial": snapshot.serial,
        "created": milliseconds(snapshot.created), "destroyed": snapshot.destroyed.is_some(),
        "time_remaining": asked.time_remaining(snapshot)?, "provisioned": snapshot.provisioned, "source": source,
        "pod": asked.pod_of(&snapshot.name)?, "volume_group": asked.volume_group_of(&snapshot.name)?,
        "space": space::of_snapshot(snapshot.provisioned, 0),
    }))
}

pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let mut found: Vec<Value> =
        asked.candidates()?.iter().map(|snapshot| view(asked, snapshot)).collect::<Result<_, _>>()?;
    let of = |view: &Value, field: &str| {
        view.get("source").map_or("", |source| text(source, field)).to_lowercase()
    };
    if let Some(names) = asked.query.list("source_names") {
        let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        found.retain(|view| names.contains(&of(view, "name")));
    }
    if let Some(ids) = asked.query.list("source_ids") {
        found.retain(|view| ids.contains(&of(view, "id")));
    }
    Ok(found)
}

/// POST: one snapshot of each source volume, with one suffix.
pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    if let Some(on) = asked.query.text("on") {
        return Err(Denied::bad("Offload target does not exist.", on));
    }
    let array = asked.array();
    let suffix = asked.text_field("suffix")?.filter(|suffix| !suffix.is_empty());
    let mut made = Vec::new();
    for volume in asked.addressed::<Volume>("source_names", "source_ids")? {
        made.push(snapshots::create(asked.transaction, &array, &volume.name, suffix.as_deref())?);
    }
    made.iter().map(|snapshot| view(asked, snapshot)).collect()
}

/// The names of the snapshots that a request names.
fn addressed(asked: &Asked<'_, '_>) -> Result<Vec<String>, Denied> {
    // A name that is not there is told by the domain, in other words than usual.
    if let Some(names) = asked.query.list("names") {
        return Ok(names.to_vec());
    }
    Ok(asked.addressed::<Snapshot>("names", "ids")?.into_iter().map(|snapshot| snapshot.name).collect())
}

/// PATCH: destroy, recover, rename.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut changed = Vec::new();
    for mut name in addressed(asked)? {
        if let Some(new) = asked.text_field("name")? {
            name = snapshots::rename(asked.transaction, &array, &name, &new)?.name;
        }
        if let Some(destroyed) = asked.field("destroyed").and_then(Value::as_bool) {
            snapshots::set_destroyed(asked.transaction, &array, &name, destroyed)?;
        }
        let found = objects::find(asked.transaction, &array, &name)?;
        changed.push(found.ok_or_else(|| Denied::bad("No such volume or snapshot.", &name))?);
    }
    changed.iter().map(|snapshot| view(asked, snapshot)).collect()
}

pub(super) fn eradicate(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for name in addressed(asked)? {
        snapshots::eradicate(asked.transaction, &array, &name)?;
    }
    Ok(Vec::new())
}

/// `volume-snapshots/transfer`: a snapshot of a volume alone is not sent to arrays.
pub(super) fn transfers(_asked: &Asked<'_, '_>) -> Vec<Value> {
    Vec::new()
}
