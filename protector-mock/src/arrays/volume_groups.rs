//! Volume groups: containers of volumes that are called `GROUP/VOLUME`.

use super::objects::{self, check_container, check_free, object, save};
use super::volumes::{self, Limit, Volume};
use super::{Refused, naming, systems};
use crate::world::{Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A volume group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeGroup {
    /// Its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The scope that holds it.
    pub home: String,
    /// When it was made.
    pub created: Timestamp,
    /// Since when it is destroyed.
    pub destroyed: Option<Timestamp>,
    /// Bytes a second, at most, for all its volumes together.
    pub bandwidth_limit: Option<u64>,
    /// Operations a second, at most, for all its volumes together.
    pub iops_limit: Option<u64>,
    /// What its volumes get when there is not enough for all; kept and shown, not heeded.
    #[serde(default)]
    pub priority: Priority,
}

/// How much more, or less, than others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priority {
    /// "+" or "-".
    pub operator: String,
    /// 0 or 10.
    pub value: u64,
}

impl Default for Priority {
    fn default() -> Self {
        Self { operator: "+".to_owned(), value: 0 }
    }
}

object!(VolumeGroup, "array.volume-group", "Volume group");

/// Makes a volume group.
///
/// # Errors
/// The name is taken or none, or its pod is not there.
pub fn create(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    bandwidth_limit: Option<u64>,
    iops_limit: Option<u64>,
) -> Result<VolumeGroup, Refused> {
    naming::check_object("Volume group", name)?;
    check_container(transaction, array, name)?;
    check_free::<VolumeGroup>(transaction, array, name)?;
    let group = VolumeGroup {
        id: transaction.new_uuid()?.to_string(),
        name: name.to_owned(),
        home: objects::home_of(transaction, array, name)?,
        created: transaction.now(),
        destroyed: None,
        bandwidth_limit,
        iops_limit,
        priority: Priority::default(),
    };
    save(transaction, &group)?;
    Ok(group)
}

/// The volumes that are in a group.
///
/// # Errors
/// The world cannot be read.
pub fn volumes(transaction: &Transaction<'_>, group: &VolumeGroup) -> Result<Vec<Volume>, WorldError> {
    let all: Vec<Volume> = transaction.list(&group.home)?;
    let inside = |volume: &Volume| {
        naming::volume_group(&volume.name).is_some_and(|name| name.eq_ignore_ascii_case(&group.name))
    };
    Ok(all.into_iter().filter(inside).collect())
}

/// Limits what hosts may do with a group's volumes.
///
/// # Errors
/// It is not there or destroyed.
pub fn limit(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    bandwidth: Limit,
    iops: Limit,
) -> Result<VolumeGroup, Refused> {
    let mut group: VolumeGroup = objects::usable(transaction, array, name)?;
    group.bandwidth_limit = bandwidth.after(group.bandwidth_limit);
    group.iops_limit = iops.after(group.iops_limit);
    save(transaction, &group)?;
    Ok(group)
}

/// Gives a group's volumes more, or less, than others get.
///
/// # Errors
/// It is not there or destroyed, or there is no such priority.
pub fn prioritize(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    priority: Priority,
) -> Result<VolumeGroup, Refused> {
    let mut group: VolumeGroup = objects::usable(transaction, array, name)?;
    if !["+", "-"].contains(&priority.operator.as_str()) || ![0, 10].contains(&priority.value) {
        return Err(Refused::new("Invalid priority adjustment.", name));
    }
    group.priority = priority;
    save(transaction, &group)?;
    Ok(group)
}

/// Gives a group, and so its volumes, another name.
///
/// # Errors
/// The name is taken or none, or the group is not there or destroyed.
pub fn rename(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<VolumeGroup, Refused> {
    let mut group: VolumeGroup = objects::usable(transaction, array, name)?;
    naming::check_object("Volume group", new)?;
    if naming::pod(new) != naming::pod(name) {
        return Err(Refused::new("A rename does not move a volume group.", new));
    }
    check_free::<VolumeGroup>(transaction, array, new)?;
    let inside = volumes(transaction, &group)?;
    new.clone_into(&mut group.name);
    save(transaction, &group)?;
    for mut volume in inside {
        let own = super::snapshots::own(transaction, &volume)?;
        volume.name = format!("{new}/{}", naming::base(&volume.name));
        save(transaction, &volume)?;
        for mut snapshot in own {
            snapshot.name = format!("{}.{}", volume.name, snapshot.suffix);
            save(transaction, &snapshot)?;
        }
    }
    Ok(group)
}

/// Destroys a group, recoverably, or recovers it; its volumes with it, if that is said.
///
/// # Errors
/// It is not there, is so already, or volumes live in it.
pub fn set_destroyed(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    destroyed: bool,
    contents: bool,
) -> Result<VolumeGroup, Refused> {
    let mut group: VolumeGroup = objects::named(transaction, array, name)?;
    if destroyed {
        for volume in volumes(transaction, &group)?.iter().filter(|volume| volume.destroyed.is_none()) {
            if !contents {
                return Err(Refused::new("Volume group is not empty.", name));
            }
            volumes::destroy(transaction, array, &volume.name)?;
        }
    }
    objects::mark_destroyed(transaction, array, &mut group, destroyed)?;
    Ok(group)
}

/// Eradicates a destroyed group; its destroyed volumes with it, if that is said.
///
/// # Errors
/// It is not there, not destroyed, not empty, or the array does not allow it.
pub fn eradicate(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    contents: bool,
) -> Result<(), Refused> {
    let group: VolumeGroup = objects::named(transaction, array, name)?;
    objects::check_destroyed(&group)?;
    systems::check_manual_eradication(transaction, array, name)?;
    let inside = volumes(transaction, &group)?;
    if !inside.is_empty() && !contents {
        return Err(Refused::new("Volume group is not empty.", name));
    }
    for volume in inside {
        volumes::purge(transaction, &volume)?;
    }
    Ok(objects::forget(transaction, &group)?)
}
