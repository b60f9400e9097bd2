//! Snapshots of volumes: of one alone, or as member of a group's snapshot.

use super::content::Content;
use super::objects::{self, Reference, check_free, object, save};
use super::settings::settings;
use super::volumes::Volume;
use super::{Refused, naming, systems};
use crate::world::{Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a volume held at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its identity.
    pub id: String,
    /// Its name: the volume's, or its group's and the volume's, with the suffix.
    pub name: String,
    /// The scope that holds it.
    pub home: String,
    /// The part of its name that is its own.
    pub suffix: String,
    /// A number like a volume's.
    pub serial: String,
    /// Bytes.
    pub provisioned: u64,
    /// The moment.
    pub created: Timestamp,
    /// Since when it is destroyed.
    pub destroyed: Option<Timestamp>,
    /// The volume; on another array than its own, its name there is `ARRAY:VOLUME`.
    pub source: Reference,
    /// The group's snapshot that it belongs to.
    pub point: Option<String>,
    /// Whether it was destroyed because its volume was.
    pub(super) with_volume: bool,
    /// What it holds.
    pub content: Content,
}

object!(Snapshot, "array.snapshot", "Volume snapshot", more_keys);

const SOURCE: &str = "source";
const POINT: &str = "point";

impl Snapshot {
    fn more_keys(&self) -> Vec<(&'static str, String)> {
        let source = self.source.id.iter().map(|id| (SOURCE, id.clone()));
        source.chain(self.point.iter().map(|id| (POINT, id.clone()))).collect()
    }
}

/// Keeps what a volume holds now.
pub(super) fn take(
    transaction: &mut Transaction<'_>,
    array: &str,
    volume: &Volume,
    name: String,
    suffix: String,
    point: Option<&str>,
) -> Result<Snapshot, Refused> {
    objects::check_limit::<Snapshot>(transaction, array, settings(transaction)?.snapshot_limit, &name)?;
    let snapshot = Snapshot {
        id: transaction.new_uuid()?.to_string(),
        name,
        home: volume.home.clone(),
        suffix,
        serial: systems::new_serial(transaction, array)?,
        provisioned: volume.provisioned,
        created: transaction.now(),
        destroyed: None,
        source: Reference::to(volume),
        point: point.map(str::to_owned),
        with_volume: false,
        content: volume.content.clone(),
    };
    save(transaction, &snapshot)?;
    Ok(snapshot)
}

/// Makes a snapshot of a volume; without a suffix it gets the volume's next number.
///
/// # Errors
/// The volume is not there or destroyed, or the suffix is taken or none.
pub fn create(
    transaction: &mut Transaction<'_>,
    array: &str,
    volume: &str,
    suffix: Option<&str>,
) -> Result<Snapshot, Refused> {
    let mut volume: Volume = objects::usable(transaction, array, volume)?;
    let suffix = if let Some(suffix) = suffix {
        naming::check_suffix(suffix)?;
        suffix.to_owned()
    } else {
        volume.snapshot_number += 1;
        save(transaction, &volume)?;
        volume.snapshot_number.to_string()
    };
    let name = format!("{}.{suffix}", volume.name);
    check_free::<Snapshot>(transaction, array, &name)?;
    take(transaction, array, &volume, name, suffix, None)
}

/// Snapshots of a volume alone; those of its groups belong to the groups.
pub(super) fn own(transaction: &Transaction<'_>, volume: &Volume) -> Result<Vec<Snapshot>, WorldError> {
    let all: Vec<Snapshot> = transaction.find(&volume.home, SOURCE, &volume.id)?;
    Ok(all.into_iter().filter(|snapshot| snapshot.point.is_none()).collect())
}

/// The members of a group's snapshot.
pub(super) fn of_point(
    transaction: &Transaction<'_>,
    home: &str,
    point: &str,
) -> Result<Vec<Snapshot>, WorldError> {
    transaction.find(home, POINT, point)
}

/// A volume's own snapshots are destroyed and recovered with it.
pub(super) fn carry(transaction: &mut Transaction<'_>, volume: &Volume) -> Result<(), WorldError> {
    for mut snapshot in own(transaction, volume)? {
        if volume.destroyed.is_some() && snapshot.destroyed.is_none() {
            snapshot.destroyed = volume.destroyed;
            snapshot.with_volume = true;
        } else if volume.destroyed.is_none() && snapshot.with_volume {
            snapshot.destroyed = None;
            snapshot.with_volume = false;
        } else {
            continue;
        }
        save(transaction, &snapshot)?;
    }
    Ok(())
}

/// A snapshot that stands alone: one that belongs to a group's is not changed by itself.
fn single(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<Snapshot, Refused> {
    let found: Option<Snapshot> = objects::find(transaction, array, name)?;
    // Cinder's driver looks for this sentence here, where other objects say that they do not exist.
    let snapshot = found.ok_or_else(|| Refused::new("No such volume or snapshot.", name))?;
    if snapshot.point.is_some() {
        return Err(Refused::new("Volume snapshot belongs to a protection group snapshot.", name));
    }
    Ok(snapshot)
}

/// Gives a snapshot another suffix; the whole new name may be given, too.
///
/// # Errors
/// It is not there or destroyed, or the suffix is taken or none.
pub fn rename(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<Snapshot, Refused> {
    let mut snapshot = single(transaction, array, name)?;
    objects::check_lives(&snapshot)?;
    let (volume, suffix) = new.rsplit_once('.').unwrap_or(("", new));
    naming::check_suffix(suffix)?;
    let own = snapshot.name.rsplit_once('.').map_or("", |(own, _)| own).to_owned();
    if !volume.is_empty() && !volume.eq_ignore_ascii_case(&own) {
        return Err(Refused::new("A rename changes the suffix only.", new));
    }
    let renamed = format!("{own}.{suffix}");
    check_free::<Snapshot>(transaction, array, &renamed)?;
    snapshot.name = renamed;
    suffix.clone_into(&mut snapshot.suffix);
    save(transaction, &snapshot)?;
    Ok(snapshot)
}

/// Destroys a snapshot, recoverably, or recovers it.
///
/// # Errors
/// It is not there, is so already, or belongs to a group's.
pub fn set_destroyed(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    destroyed: bool,
) -> Result<Snapshot, Refused> {
    let mut snapshot = single(transaction, array, name)?;
    objects::mark_destroyed(transaction, array, &mut snapshot, destroyed)?;
    Ok(snapshot)
}

/// Eradicates a destroyed snapshot.
///
/// # Errors
/// It is not there, not destroyed, belongs to a group's, or the array does not allow it.
pub fn eradicate(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    let snapshot = single(transaction, array, name)?;
    objects::check_destroyed(&snapshot)?;
    systems::check_manual_eradication(transaction, array, name)?;
    Ok(objects::forget(transaction, &snapshot)?)
}
