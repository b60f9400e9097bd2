//! Pods: namespaces of volumes and groups that can be stretched over two arrays. All arrays of a stretched pod share its
//! content; each has its own view of the pod.

use super::groups::Group;
use super::objects::{self, Reference, check_free, object, save};
use super::points::Point;
use super::settings::settings;
use super::snapshots::Snapshot;
use super::tags::Tag;
use super::volume_groups::VolumeGroup;
use super::volumes::Volume;
use super::{Refused, connections, groups, naming, points, systems, volumes};
use crate::world::{Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A pod, as one array sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    /// Its identity, the same on all its arrays.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The array.
    pub home: String,
    /// When it was made.
    pub created: Timestamp,
    /// Since when it is destroyed.
    pub destroyed: Option<Timestamp>,
    /// The scope of what it holds.
    pub content_home: String,
    /// The arrays that it is stretched over.
    pub arrays: Vec<String>,
    /// The pod that it was cloned from.
    pub source: Reference,
}

object!(Pod, "array.pod", "Pod");

/// The pod of a name, destroyed or not.
pub(super) fn find_record(
    transaction: &Transaction<'_>,
    array: &str,
    name: &str,
) -> Result<Option<Pod>, WorldError> {
    Ok(transaction.find(array, objects::NAME, &name.to_lowercase())?.into_iter().next())
}

/// Makes a pod.
///
/// # Errors
/// The name is taken or none, or the array has as many as it can.
pub fn create(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Pod, Refused> {
    naming::check_object("Pod", name)?;
    if name.contains("::") || name.contains('/') {
        return Err(Refused::new("Pod name is invalid.", name));
    }
    check_free::<Pod>(transaction, array, name)?;
    objects::check_limit::<Pod>(transaction, array, settings(transaction)?.pod_limit, name)?;
    let id = transaction.new_uuid()?.to_string();
    let pod = Pod {
        content_home: format!("pod/{id}"),
        id,
        name: name.to_owned(),
        home: array.to_owned(),
        created: transaction.now(),
        destroyed: None,
        arrays: vec![array.to_owned()],
        source: Reference::default(),
    };
    save(transaction, &pod)?;
    Ok(pod)
}

/// Refuses what a stretched pod does not let be done.
pub(super) fn check_not_stretched(
    transaction: &Transaction<'_>,
    array: &str,
    pod: &str,
    volume: &str,
) -> Result<(), Refused> {
    let pod: Pod = objects::usable(transaction, array, pod)?;
    if pod.arrays.len() > 1 {
        return Err(Refused::new("Volume cannot be moved into or out of a stretched pod.", volume));
    }
    Ok(())
}

/// Stretches a pod to another array.
///
/// # Errors
/// One of them is not there, or the array has the pod or one of its name.
pub fn stretch(
    transaction: &mut Transaction<'_>,
    array: &str,
    pod: &str,
    other: &str,
) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::usable(transaction, array, pod)?;
    let other = systems::get(transaction, other)?.name;
    if pod.arrays.contains(&other) {
        return Err(Refused::new("Array already exists in pod.", other));
    }
    check_free::<Pod>(transaction, &other, &pod.name)?;
    pod.arrays.push(other);
    for array in pod.arrays.clone() {
        save(transaction, &Pod { home: array, ..pod.clone() })?;
    }
    Ok(pod)
}

/// Takes a pod from one of its arrays.
///
/// # Errors
/// It is not there, or is the only one.
pub fn unstretch(
    transaction: &mut Transaction<'_>,
    array: &str,
    pod: &str,
    other: &str,
) -> Result<(), Refused> {
    let mut pod: Pod = objects::named(transaction, array, pod)?;
    let other = systems::get(transaction, other)?.name;
    if !pod.arrays.contains(&other) || pod.arrays.len() == 1 {
        return Err(Refused::new("Array does not exist in pod.", other));
    }
    pod.arrays.retain(|name| *name != other);
    for array in pod.arrays.clone() {
        save(transaction, &Pod { home: array, ..pod.clone() })?;
    }
    transaction.remove::<Pod>(&other, &pod.id)?;
    Ok(())
}

/// Destroys a pod, recoverably, with all that it holds.
///
/// # Errors
/// It is not there, is stretched, or volumes live in it and `contents` is not said.
pub fn destroy(
    transaction: &mut Transaction<'_>,
    array: &str,
    pod: &str,
    contents: bool,
) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::named(transaction, array, pod)?;
    let lives = transaction.list::<Volume>(&pod.content_home)?.iter().any(|one| one.destroyed.is_none());
    if lives && !contents {
        return Err(Refused::new("Pod is not empty.", &pod.name));
    }
    objects::mark_destroyed(transaction, array, &mut pod, true)?;
    Ok(pod)
}

/// Recovers a destroyed pod.
///
/// # Errors
/// It is not there, or not destroyed.
pub fn recover(transaction: &mut Transaction<'_>, array: &str, pod: &str) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::named(transaction, array, pod)?;
    objects::mark_destroyed(transaction, array, &mut pod, false)?;
    Ok(pod)
}

/// Eradicates a destroyed pod with all that it holds.
///
/// # Errors
/// It is not there, not destroyed, not empty and `contents` is not said, or eradication is not allowed.
pub fn eradicate(
    transaction: &mut Transaction<'_>,
    array: &str,
    pod: &str,
    contents: bool,
) -> Result<(), Refused> {
    let pod: Pod = objects::named(transaction, array, pod)?;
    objects::check_destroyed(&pod)?;
    systems::check_manual_eradication(transaction, array, &pod.name)?;
    if !contents && transaction.count::<Volume>(&pod.content_home, None)? > 0 {
        return Err(Refused::new("Pod is not empty.", &pod.name));
    }
    Ok(purge(transaction, &pod)?)
}

pub(super) fn purge(transaction: &mut Transaction<'_>, pod: &Pod) -> Result<(), WorldError> {
    let home = &pod.content_home;
    for group in transaction.list::<Group>(home)? {
        groups::purge(transaction, &group)?;
    }
    for point in transaction.list::<Point>(home)? {
        points::purge(transaction, &point)?;
    }
    for volume in transaction.list::<Volume>(home)? {
        for array in &pod.arrays {
            for connection in connections::of_volume(transaction, array, &volume.id)? {
                transaction.remove::<connections::Connection>(array, connection.id())?;
            }
        }
        volumes::purge(transaction, &volume)?;
    }
    for snapshot in transaction.list::<Snapshot>(home)? {
        objects::forget(transaction, &snapshot)?;
    }
    for group in transaction.list::<VolumeGroup>(home)? {
        objects::forget(transaction, &group)?;
    }
    for tag in transaction.list::<Tag>(home)? {
        transaction.remove::<Tag>(home, tag.id())?;
    }
    for array in &pod.arrays {
        transaction.remove::<Pod>(array, &pod.id)?;
    }
    Ok(())
}
