//! What a pod holds, moved and copied as a whole.

use super::Pod;
use crate::arrays::connections::{self, Connection};
use crate::arrays::groups::Group;
use crate::arrays::objects::{self, Object, save};
use crate::arrays::points::Point;
use crate::arrays::snapshots::Snapshot;
use crate::arrays::tags::Tag;
use crate::arrays::volume_groups::VolumeGroup;
use crate::arrays::volumes::Volume;
use crate::arrays::{Refused, groups, points, systems, tags, volumes};
use crate::world::{Record, Transaction, WorldError};
use std::collections::BTreeMap;

/// Keeps all of a scope in another one as it is.
pub(super) fn freeze(transaction: &mut Transaction<'_>, from: &str, to: &str) -> Result<(), WorldError> {
    keep::<Volume>(transaction, from, to)?;
    keep::<Snapshot>(transaction, from, to)?;
    keep::<Group>(transaction, from, to)?;
    keep::<Point>(transaction, from, to)?;
    keep::<VolumeGroup>(transaction, from, to)?;
    for mut tag in transaction.list::<Tag>(from)? {
        to.clone_into(&mut tag.home);
        tags::save(transaction, &tag)?;
    }
    Ok(())
}

fn keep<O: Object>(transaction: &mut Transaction<'_>, from: &str, to: &str) -> Result<(), WorldError> {
    for mut object in transaction.list::<O>(from)? {
        object.set_home(to);
        save(transaction, &object)?;
    }
    Ok(())
}

/// Removes what a pod holds on an array for good, with the connections of its volumes there.
pub(in crate::arrays) fn forget_content(
    transaction: &mut Transaction<'_>,
    pod: &Pod,
) -> Result<(), WorldError> {
    let home = pod.content_home.clone();
    for volume in transaction.list::<Volume>(&home)? {
        disconnect(transaction, &pod.home, &volume)?;
    }
    forget_scope(transaction, &home)
}

fn disconnect(transaction: &mut Transaction<'_>, array: &str, volume: &Volume) -> Result<(), WorldError> {
    for connection in connections::of_volume(transaction, array, &volume.id)? {
        transaction.remove::<Connection>(array, connection.id())?;
    }
    Ok(())
}

/// Removes all of a scope that is a pod's.
pub(super) fn forget_scope(transaction: &mut Transaction<'_>, home: &str) -> Result<(), WorldError> {
    for group in transaction.list::<Group>(home)? {
        groups::purge(transaction, &group)?;
    }
    for point in transaction.list::<Point>(home)? {
        points::purge(transaction, &point)?;
    }
    for volume in transaction.list::<Volume>(home)? {
        volumes::purge(transaction, &volume)?;
    }
    for snapshot in transaction.list::<Snapshot>(home)? {
        objects::forget(transaction, &snapshot)?;
    }
    for group in transaction.list::<VolumeGroup>(home)? {
        objects::forget(transaction, &group)?;
    }
    Ok(())
}

/// Removes a frozen copy; the groups in it are the pod's own, which live on elsewhere.
pub(super) fn forget_frozen(transaction: &mut Transaction<'_>, home: &str) -> Result<(), WorldError> {
    remove::<Group>(transaction, home)?;
    remove::<Point>(transaction, home)?;
    remove::<Volume>(transaction, home)?;
    remove::<Snapshot>(transaction, home)?;
    remove::<VolumeGroup>(transaction, home)?;
    for tag in transaction.list::<Tag>(home)? {
        transaction.remove::<Tag>(home, tag.id())?;
    }
    Ok(())
}

fn remove<O: Object>(transaction: &mut Transaction<'_>, home: &str) -> Result<(), WorldError> {
    for object in transaction.list::<O>(home)? {
        transaction.remove::<O>(home, object.id())?;
    }
    Ok(())
}

/// A name in another pod.
fn moved(name: &str, pod: &str) -> String {
    format!("{pod}::{}", name.split_once("::").map_or(name, |(_, own)| own))
}

/// What a pod holds is called after it.
pub(super) fn rename_content(
    transaction: &mut Transaction<'_>,
    pod: &Pod,
    new: &str,
) -> Result<(), WorldError> {
    let home = &pod.content_home;
    for mut volume in transaction.list::<Volume>(home)? {
        volume.name = moved(&volume.name, new);
        save(transaction, &volume)?;
    }
    for mut snapshot in transaction.list::<Snapshot>(home)? {
        snapshot.name = moved(&snapshot.name, new);
        save(transaction, &snapshot)?;
    }
    for mut group in transaction.list::<Group>(home)? {
        group.name = moved(&group.name, new);
        save(transaction, &group)?;
    }
    for mut point in transaction.list::<Point>(home)? {
        point.name = moved(&point.name, new);
        save(transaction, &point)?;
    }
    for mut group in transaction.list::<VolumeGroup>(home)? {
        group.name = moved(&group.name, new);
        save(transaction, &group)?;
    }
    Ok(())
}

/// Fills an empty pod with copies of another's volumes, which are other volumes.
pub(super) fn copy_anew(
    transaction: &mut Transaction<'_>,
    array: &str,
    from: &Pod,
    to: &Pod,
) -> Result<(), Refused> {
    replicate_content(transaction, from, to, array)
}

/// Makes a pod hold what another holds: volumes with their own snapshots, tags and volume groups. What is called the same
/// stays what it is, so that hosts of the target see their volumes; its groups are its own.
pub(in crate::arrays) fn replicate_content(
    transaction: &mut Transaction<'_>,
    from: &Pod,
    to: &Pod,
    array: &str,
) -> Result<(), Refused> {
    let home = to.content_home.clone();
    let mut there: BTreeMap<String, Volume> = transaction
        .list::<Volume>(&home)?
        .into_iter()
        .map(|volume| (volume.name.to_lowercase(), volume))
        .collect();
    let mut ids = BTreeMap::new();
    for source in transaction.list::<Volume>(&from.content_home)? {
        let name = moved(&source.name, &to.name);
        let (id, serial) = match there.remove(&name.to_lowercase()) {
            Some(volume) => (volume.id, volume.serial),
            None => (transaction.new_uuid()?.to_string(), systems::new_serial(transaction, array)?),
        };
        ids.insert(source.id.clone(), (id.clone(), name.clone()));
        let volume = Volume { id, name, serial, home: home.clone(), ..source.clone() };
        tags::remove_all(transaction, &volume)?;
        for tag in tags::of(transaction, &source)? {
            tags::copy_to(transaction, &tag, &volume)?;
        }
        save(transaction, &volume)?;
    }
    for volume in there.into_values() {
        disconnect(transaction, array, &volume)?;
        volumes::purge(transaction, &volume)?;
    }
    replicate_snapshots(transaction, from, to, array, &ids)?;
    for group in transaction.list::<VolumeGroup>(&home)? {
        objects::forget(transaction, &group)?;
    }
    for mut group in transaction.list::<VolumeGroup>(&from.content_home)? {
        group.id = transaction.new_uuid()?.to_string();
        group.name = moved(&group.name, &to.name);
        group.home.clone_from(&home);
        save(transaction, &group)?;
    }
    Ok(())
}

fn replicate_snapshots(
    transaction: &mut Transaction<'_>,
    from: &Pod,
    to: &Pod,
    array: &str,
    ids: &BTreeMap<String, (String, String)>,
) -> Result<(), Refused> {
    let own = |snapshot: &Snapshot| snapshot.point.is_none();
    let mut there: BTreeMap<String, Snapshot> = transaction
        .list::<Snapshot>(&to.content_home)?
        .into_iter()
        .filter(own)
        .map(|snapshot| (snapshot.name.to_lowercase(), snapshot))
        .collect();
    for source in transaction.list::<Snapshot>(&from.content_home)?.into_iter().filter(own) {
        let Some((volume, volume_name)) = source.source.id.as_ref().and_then(|id| ids.get(id)) else {
            continue;
        };
        let name = moved(&source.name, &to.name);
        let (id, serial) = match there.remove(&name.to_lowercase()) {
            Some(snapshot) => (snapshot.id, snapshot.serial),
            None => (transaction.new_uuid()?.to_string(), systems::new_serial(transaction, array)?),
        };
        let reference = objects::Reference { id: Some(volume.clone()), name: Some(volume_name.clone()) };
        let home = to.content_home.clone();
        save(transaction, &Snapshot { id, name, serial, home, source: reference, ..source })?;
    }
    for snapshot in there.into_values() {
        objects::forget(transaction, &snapshot)?;
    }
    Ok(())
}
