//! Volumes: made, copied over one another, resized, renamed, moved, destroyed, eradicated, written and read.

use super::content::{self, Content};
use super::objects::{self, Reference, check_container, check_free, object, save};
use super::settings::settings;
use super::snapshots::{self, Snapshot};
use super::{Refused, connections, groups, naming, pods, systems, tags};
use crate::world::{Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes.
pub const SMALLEST: u64 = 1 << 20;
/// Bytes.
pub const LARGEST: u64 = 4 << 50;
const SECTOR: u64 = 512;

/// A volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The scope that holds it.
    pub home: String,
    /// What hosts know it by.
    pub serial: String,
    /// Bytes.
    pub provisioned: u64,
    /// When it was made.
    pub created: Timestamp,
    /// Since when it is destroyed.
    pub destroyed: Option<Timestamp>,
    /// What its content was copied from.
    pub source: Reference,
    /// Bytes a second, at most.
    pub bandwidth_limit: Option<u64>,
    /// Operations a second, at most.
    pub iops_limit: Option<u64>,
    /// What it holds.
    pub content: Content,
    pub(super) snapshot_number: u64,
}

object!(Volume, "array.volume", "Volume");

/// How a volume is to be made.
#[derive(Debug, Clone, Default)]
pub struct NewVolume {
    /// Bytes.
    pub provisioned: u64,
    /// Bytes a second, at most.
    pub bandwidth_limit: Option<u64>,
    /// Operations a second, at most.
    pub iops_limit: Option<u64>,
}

/// What becomes of a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Limit {
    /// It stays.
    #[default]
    Kept,
    /// There is none.
    Lifted,
    /// So much.
    At(u64),
}

impl Limit {
    /// The limit after it.
    pub fn after(self, before: Option<u64>) -> Option<u64> {
        match self {
            Self::Kept => before,
            Self::Lifted => None,
            Self::At(limit) => Some(limit),
        }
    }
}

/// The volume of a name, destroyed or not.
///
/// # Errors
/// It is not there.
pub fn get(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<Volume, Refused> {
    objects::named(transaction, array, name)
}

fn check_size(size: u64, name: &str) -> Result<(), Refused> {
    if !size.is_multiple_of(SECTOR) || !(SMALLEST..=LARGEST).contains(&size) {
        return Err(Refused::new("Invalid volume size.", name));
    }
    Ok(())
}

fn check_new(transaction: &Transaction<'_>, array: &str, name: &str, size: u64) -> Result<(), Refused> {
    naming::check_object(<Volume as objects::Object>::NOUN, name)?;
    check_container(transaction, array, name)?;
    pods::check_quota(transaction, array, name, size)?;
    check_free::<Volume>(transaction, array, name)?;
    objects::check_limit::<Volume>(transaction, array, settings(transaction)?.volume_limit, name)
}

/// Refuses so many more volumes than the array holds.
pub(crate) fn check_room(transaction: &Transaction<'_>, array: &str, more: u64) -> Result<(), Refused> {
    let mut count = more;
    for home in objects::homes(transaction, array)? {
        count += transaction.count::<Volume>(&home, None)?;
    }
    if count > settings(transaction)?.volume_limit {
        return Err(Refused::new("Volume limit reached.", array));
    }
    Ok(())
}

/// Makes an empty volume.
///
/// # Errors
/// The name is taken or none, the size cannot be, the pod or volume group is not there.
pub fn create(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    wanted: &NewVolume,
) -> Result<Volume, Refused> {
    check_size(wanted.provisioned, name)?;
    check_new(transaction, array, name, wanted.provisioned)?;
    let volume = Volume {
        id: transaction.new_uuid()?.to_string(),
        name: name.to_owned(),
        home: objects::home_of(transaction, array, name)?,
        serial: systems::new_serial(transaction, array)?,
        provisioned: wanted.provisioned,
        created: transaction.now(),
        destroyed: None,
        source: Reference::default(),
        bandwidth_limit: wanted.bandwidth_limit,
        iops_limit: wanted.iops_limit,
        content: Content::default(),
        snapshot_number: 0,
    };
    save(transaction, &volume)?;
    Ok(volume)
}

/// What a copy is made from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A volume.
    Volume(Volume),
    /// A snapshot of one.
    Snapshot(Snapshot),
}

impl Source {
    fn content(&self) -> &Content {
        match self {
            Self::Volume(volume) => &volume.content,
            Self::Snapshot(snapshot) => &snapshot.content,
        }
    }

    fn provisioned(&self) -> u64 {
        match self {
            Self::Volume(volume) => volume.provisioned,
            Self::Snapshot(snapshot) => snapshot.provisioned,
        }
    }

    /// A copy of a snapshot names the volume that the snapshot is of.
    fn origin(&self) -> Reference {
        match self {
            Self::Volume(volume) => Reference::to(volume),
            Self::Snapshot(snapshot) => snapshot.source.clone(),
        }
    }

    fn is_destroyed(&self) -> bool {
        match self {
            Self::Volume(volume) => volume.destroyed.is_some(),
            Self::Snapshot(snapshot) => snapshot.destroyed.is_some(),
        }
    }
}

/// Finds what a copy is made from: a living volume, or a snapshot that is here and complete.
///
/// # Errors
/// There is none, or it is destroyed.
pub fn source(transaction: &Transaction<'_>, array: &str, wanted: &Reference) -> Result<Source, Refused> {
    let (volume, snapshot, key) = match (&wanted.name, &wanted.id) {
        (Some(name), None) => {
            let volume = objects::find(transaction, array, name)?;
            (volume, objects::find(transaction, array, name)?, name)
        }
        (None, Some(id)) => {
            (objects::with_id(transaction, array, id)?, objects::with_id(transaction, array, id)?, id)
        }
        _ => return Err(Refused::new("'source' takes either a name or an id.", "source")),
    };
    let found = volume.map(Source::Volume).or(snapshot.map(Source::Snapshot));
    let found = found.ok_or_else(|| Refused::new("Source does not exist.", key))?;
    if found.is_destroyed() {
        return Err(Refused::new("Source has been destroyed.", key));
    }
    Ok(found)
}

/// Makes a volume that holds what a volume or snapshot of a name holds.
///
/// # Errors
/// There is no such source, or the name is taken or none.
pub fn copy(
    transaction: &mut Transaction<'_>,
    array: &str,
    from: &str,
    name: &str,
) -> Result<Volume, Refused> {
    let wanted = Reference { id: None, name: Some(from.to_owned()) };
    let source = source(transaction, array, &wanted)?;
    copy_source(transaction, array, &source, name)
}

/// Makes a volume that holds what a source holds.
pub(crate) fn copy_source(
    transaction: &mut Transaction<'_>,
    array: &str,
    source: &Source,
    name: &str,
) -> Result<Volume, Refused> {
    let size = NewVolume { provisioned: source.provisioned(), ..NewVolume::default() };
    let mut volume = create(transaction, array, name, &size)?;
    volume.content = source.content().clone();
    volume.source = source.origin();
    save(transaction, &volume)?;
    if let Source::Volume(from) = source {
        tags::copy(transaction, from, &volume)?;
    }
    Ok(volume)
}

/// Makes a volume hold what a source holds: content, size and origin change; id, serial, limits, tags, groups and hosts stay.
///
/// # Errors
/// The volume is not there, or destroyed, or the source is not.
pub fn overwrite(
    transaction: &mut Transaction<'_>,
    array: &str,
    source: &Source,
    name: &str,
) -> Result<Volume, Refused> {
    let mut volume: Volume = objects::usable(transaction, array, name)?;
    pods::check_writable(transaction, array, name)?;
    volume.provisioned = source.provisioned();
    volume.content = source.content().clone();
    volume.source = source.origin();
    save(transaction, &volume)?;
    Ok(volume)
}

/// Gives a volume another name, in the same pod and volume group.
///
/// # Errors
/// The name is taken or none, or the volume is not there or destroyed.
pub fn rename(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<Volume, Refused> {
    if (naming::pod(new), naming::volume_group(new)) != (naming::pod(name), naming::volume_group(name)) {
        return Err(Refused::new("A rename does not move a volume.", new));
    }
    relocate(transaction, array, name, new)
}

/// Moves a volume into a pod, or out of any.
///
/// # Errors
/// The pod is not there, is stretched, or holds such a name.
pub fn move_to_pod(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    pod: Option<&str>,
) -> Result<Volume, Refused> {
    for pod in [pod, naming::pod(name)].into_iter().flatten() {
        pods::check_not_stretched(transaction, array, pod, name)?;
    }
    let own = naming::base(name);
    let new = pod.map_or_else(|| own.to_owned(), |pod| format!("{pod}::{own}"));
    relocate(transaction, array, name, &new)
}

/// Moves a volume into a volume group, or out of any.
///
/// # Errors
/// The group is not there or holds such a name.
pub fn move_to_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    group: Option<&str>,
) -> Result<Volume, Refused> {
    let own = naming::base(name);
    let new = group.map_or_else(|| own.to_owned(), |group| format!("{group}/{own}"));
    relocate(transaction, array, name, &new)
}

fn relocate(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<Volume, Refused> {
    let mut volume: Volume = objects::usable(transaction, array, name)?;
    if new.eq_ignore_ascii_case(&volume.name) && new == volume.name {
        return Ok(volume);
    }
    naming::check_object("Volume", new)?;
    check_container(transaction, array, new)?;
    if !new.eq_ignore_ascii_case(&volume.name) && objects::find::<Volume>(transaction, array, new)?.is_some()
    {
        return Err(Refused::new("Volume already exists.", new));
    }
    let own = snapshots::own(transaction, &volume)?;
    let home = objects::home_of(transaction, array, new)?;
    if home != volume.home {
        groups::check_no_member(transaction, array, &volume)?;
        let marks = tags::of(transaction, &volume)?;
        objects::forget(transaction, &volume)?;
        tags::remove_all(transaction, &volume)?;
        volume.home.clone_from(&home);
        for mut tag in marks {
            tag.home.clone_from(&home);
            tags::save(transaction, &tag)?;
        }
    }
    new.clone_into(&mut volume.name);
    for mut snapshot in own {
        if snapshot.home != home {
            objects::forget(transaction, &snapshot)?;
            snapshot.home.clone_from(&home);
        }
        snapshot.name = format!("{new}.{}", snapshot.suffix);
        save(transaction, &snapshot)?;
    }
    save(transaction, &volume)?;
    Ok(volume)
}

/// Makes a volume larger or, if it may be truncated, smaller.
///
/// # Errors
/// The size cannot be, or would truncate, or the volume is not there or destroyed.
pub fn resize(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    provisioned: u64,
    truncate: bool,
) -> Result<Volume, Refused> {
    let mut volume: Volume = objects::usable(transaction, array, name)?;
    check_size(provisioned, name)?;
    pods::check_writable(transaction, array, name)?;
    pods::check_quota(transaction, array, name, provisioned.saturating_sub(volume.provisioned))?;
    if provisioned < volume.provisioned {
        if !truncate {
            return Err(Refused::new("Implicit truncation not permitted.", name));
        }
        volume.content = content::cut_to(transaction, &volume.content, provisioned)?;
    }
    volume.provisioned = provisioned;
    save(transaction, &volume)?;
    Ok(volume)
}

/// Limits what hosts may do with a volume.
///
/// # Errors
/// The volume is not there or destroyed.
pub fn limit(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    bandwidth: Limit,
    iops: Limit,
) -> Result<Volume, Refused> {
    let mut volume: Volume = objects::usable(transaction, array, name)?;
    volume.bandwidth_limit = bandwidth.after(volume.bandwidth_limit);
    volume.iops_limit = iops.after(volume.iops_limit);
    save(transaction, &volume)?;
    Ok(volume)
}

/// Destroys a volume with its own snapshots, recoverably. It leaves its groups.
///
/// # Errors
/// It is not there, destroyed already, or connected to a host.
pub fn destroy(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Volume, Refused> {
    let mut volume = get(transaction, array, name)?;
    if connections::of_volume(transaction, array, &volume.id)?.next().is_some() {
        return Err(Refused::new("Volume cannot be deleted due to existing connections.", name));
    }
    objects::mark_destroyed(transaction, array, &mut volume, true)?;
    snapshots::carry(transaction, &volume)?;
    groups::drop_volume(transaction, array, &volume)?;
    Ok(volume)
}

/// Recovers a destroyed volume, with the snapshots that went with it.
///
/// # Errors
/// It is not there, or not destroyed.
pub fn recover(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Volume, Refused> {
    let mut volume = get(transaction, array, name)?;
    objects::mark_destroyed(transaction, array, &mut volume, false)?;
    snapshots::carry(transaction, &volume)?;
    Ok(volume)
}

/// Eradicates a destroyed volume with its own snapshots; those of its groups stay, they can bring it back.
///
/// # Errors
/// It is not there, not destroyed, or the array does not allow it.
pub fn eradicate(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    let volume = get(transaction, array, name)?;
    objects::check_destroyed(&volume)?;
    systems::check_manual_eradication(transaction, array, name)?;
    Ok(purge(transaction, &volume)?)
}

pub(super) fn purge(transaction: &mut Transaction<'_>, volume: &Volume) -> Result<(), WorldError> {
    tags::remove_all(transaction, volume)?;
    for snapshot in snapshots::own(transaction, volume)? {
        objects::forget(transaction, &snapshot)?;
    }
    objects::forget(transaction, volume)?;
    content::collect_if_worthwhile(transaction)
}

/// Writes bytes.
///
/// # Errors
/// The volume is not there or destroyed, or ends before.
pub fn write(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    offset: u64,
    bytes: &[u8],
) -> Result<(), Refused> {
    let mut volume: Volume = objects::usable(transaction, array, name)?;
    content::check_within(name, volume.provisioned, offset, bytes.len() as u64)?;
    pods::check_writable(transaction, array, name)?;
    volume.content = content::written(transaction, &volume.content, offset, bytes)?;
    save(transaction, &volume)?;
    Ok(content::collect_if_worthwhile(transaction)?)
}

/// Reads bytes.
///
/// # Errors
/// The volume is not there or destroyed, or ends before.
pub fn read(
    transaction: &Transaction<'_>,
    array: &str,
    name: &str,
    offset: u64,
    length: u64,
) -> Result<Vec<u8>, Refused> {
    let volume: Volume = objects::usable(transaction, array, name)?;
    content::check_within(name, volume.provisioned, offset, length)?;
    Ok(content::read(transaction, &volume.content, offset, length)?)
}

/// Fills whole extents with what labels stand for: the text and zeros after it; `None` is zeros alone.
///
/// # Errors
/// The volume is not there or destroyed, or ends before an extent does.
pub fn write_labels(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    labels: &BTreeMap<u32, Option<String>>,
) -> Result<Volume, Refused> {
    let mut volume: Volume = objects::usable(transaction, array, name)?;
    let extents = volume.provisioned / content::EXTENT;
    if let Some((beyond, _)) = labels.iter().find(|(number, _)| u64::from(**number) >= extents) {
        let message = format!("Extent is beyond the volume ({extents} extents).");
        return Err(Refused::new(message, beyond.to_string()));
    }
    pods::check_writable(transaction, array, name)?;
    volume.content = content::labelled(transaction, &volume.content, labels)?;
    save(transaction, &volume)?;
    content::collect_if_worthwhile(transaction)?;
    Ok(volume)
}

/// The label of each extent of a content, or the id of its bytes, if they are no label's.
///
/// # Errors
/// The world cannot be read.
pub fn labels(transaction: &Transaction<'_>, content: &Content) -> Result<BTreeMap<u32, String>, WorldError> {
    content::labels(transaction, content)
}
