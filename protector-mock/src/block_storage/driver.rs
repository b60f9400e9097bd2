//! The backend: what Cinder's Pure driver does to the array for each change (`cinder/volume/drivers/pure.py`, 2026.2).
//!
//! Releases before 2026.2 hear some refusals of the array and go on as if nothing were; `Backend::older` does so, too.

pub(super) mod connection;
pub(super) mod groups;
pub(super) mod import;

pub(crate) use connection::{Connector, connect, disconnect};
pub(super) use import::{listed, manage, size_of, unmanage};

use super::setup::Backend;
use super::snapshots::Snapshot;
use super::types::VolumeType;
use super::volumes::{Source, Volume};
use crate::arrays::volumes::NewVolume;
use crate::arrays::{self, Refused};
use crate::world::{Transaction, WorldError};

/// What came of it: `Err` has the array's sentence.
pub(super) type Outcome<T> = Result<Result<T, String>, WorldError>;

const GIBIBYTE: u64 = 1 << 30;

/// The group that all volumes of asynchronously replicated types are in, beside their own.
const ALL_REPLICATED: &str = "cinder-group";

/// Tells a refusal from a broken world.
pub(super) fn outcome<T>(result: Result<T, Refused>) -> Outcome<T> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Refused::World(error)) => Err(error),
        Err(refused) => Ok(Err(refused.to_string())),
    }
}

/// The same where an older release does not listen.
fn heard<T>(backend: &Backend, result: Result<T, Refused>) -> Outcome<()> {
    let told = outcome(result)?;
    Ok(if backend.older { Ok(()) } else { told.map(drop) })
}

/// What the driver tells Cinder of a volume that it made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    name: String,
    array: String,
    replicated: bool,
}

impl Made {
    /// Notes it with the volume.
    pub(super) fn apply(self, volume: &mut Volume) {
        let status = if self.replicated { "enabled" } else { "disabled" };
        volume.replication_status = Some(status.to_owned());
        volume.metadata.insert("array_volume_name".to_owned(), self.name.clone());
        volume.metadata.insert("array_name".to_owned(), self.array);
        volume.provider_id = Some(self.name);
    }
}

/// `create_volume`, `create_volume_from_snapshot`, `create_cloned_volume`.
pub(super) fn create(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    volume_type: &VolumeType,
) -> Outcome<Made> {
    let (array, name) = (backend.array.as_str(), volume.array_name());
    let bytes = volume.size.saturating_mul(GIBIBYTE);
    let made = match &volume.source {
        Source::Snapshot(_) | Source::Volume(_) => match origin(transaction, volume)? {
            Some((from, size)) => {
                let copied = arrays::volumes::copy(transaction, array, &from, &name);
                let told = heard(backend, copied)?;
                if told.is_ok() && volume.size > size {
                    // Not even the newest driver listens here.
                    outcome(arrays::volumes::resize(transaction, array, &name, bytes, false))?.ok();
                }
                told
            }
            None => Err("Source does not exist.".to_owned()),
        },
        _ => {
            let wanted = NewVolume { provisioned: bytes, ..NewVolume::default() };
            let made = arrays::volumes::create(transaction, array, &name, &wanted);
            heard(backend, made)?
        }
    };
    match made {
        Ok(()) => set_up(transaction, backend, volume, volume_type, name).map(Ok),
        Err(sentence) => Ok(Err(sentence)),
    }
}

/// Writes what an image holds to the beginning of a volume, as a host would that copies it there.
pub(super) fn write(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    bytes: &[u8],
) -> Outcome<()> {
    if bytes.is_empty() {
        return Ok(Ok(()));
    }
    heard(backend, arrays::volumes::write(transaction, &backend.array, &volume.array_name(), 0, bytes))
}

/// Name on the array and size of what a volume is copied from.
fn origin(transaction: &Transaction<'_>, volume: &Volume) -> Result<Option<(String, u64)>, WorldError> {
    let scope = &volume.scope;
    Ok(match &volume.source {
        Source::Volume(id) => {
            transaction.get::<Volume>(scope, id)?.map(|origin| (origin.array_name(), origin.size))
        }
        Source::Snapshot(id) => {
            let Some(snapshot) = transaction.get::<Snapshot>(scope, id)? else { return Ok(None) };
            let Some(origin) = transaction.get::<Volume>(scope, &snapshot.volume_id)? else {
                return Ok(None);
            };
            // A member of a group snapshot has another name there, and the driver asks for this one all the same.
            Some((snapshot_name(&origin, &snapshot), snapshot.size))
        }
        _ => None,
    })
}

/// What the array calls a snapshot.
pub(super) fn snapshot_name(volume: &Volume, snapshot: &Snapshot) -> String {
    format!("{}.snapshot-{}", volume.array_name(), snapshot.id)
}

/// `_setup_volume`: the groups that the volume belongs to, its tags.
fn set_up(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    volume_type: &VolumeType,
    name: String,
) -> Result<Made, WorldError> {
    if let Some(group) = &volume.group_id {
        // Whether the array takes it into the group, no release asks.
        groups::add_member(transaction, backend, &volume.scope, group, &name)?;
    }
    let replicated = volume_type.replication() == Some("async");
    if replicated {
        add_to_all(transaction, backend, &name)?;
    }
    connection::tag(transaction, backend, volume, &name, None)?;
    Ok(Made { name, array: backend.array.clone(), replicated })
}

/// Puts a volume into the group of all replicated ones, which is made with its first.
fn add_to_all(transaction: &mut Transaction<'_>, backend: &Backend, name: &str) -> Result<(), WorldError> {
    let array = backend.array.as_str();
    if outcome(arrays::groups::get(transaction, array, ALL_REPLICATED))?.is_err() {
        groups::set_up_all(transaction, backend, ALL_REPLICATED)?;
    }
    outcome(arrays::groups::add_member(transaction, array, ALL_REPLICATED, name))?.ok();
    Ok(())
}

/// Whether what Cinder deletes is eradicated at once (`pure_eradicate_on_delete`): the fact
/// `block_storage/eradicate-on-delete`, else yes.
fn eradicates(transaction: &Transaction<'_>) -> Result<bool, WorldError> {
    let set = transaction.fact("block_storage/eradicate-on-delete")?;
    Ok(set.is_none_or(|text| super::input::truth(&text)))
}

/// `delete_volume`. What is not there is deleted.
pub(super) fn delete(transaction: &mut Transaction<'_>, backend: &Backend, volume: &Volume) -> Outcome<()> {
    let (array, name) = (backend.array.as_str(), volume.array_name());
    let Ok(found) = outcome(arrays::volumes::get(transaction, array, &name))? else { return Ok(Ok(())) };
    if found.destroyed.is_none() {
        connection::disconnect_all(transaction, backend, &found)?;
        if let Err(sentence) = outcome(arrays::volumes::destroy(transaction, array, &name))? {
            return Ok(Err(sentence));
        }
    }
    if eradicates(transaction)? {
        outcome(arrays::volumes::eradicate(transaction, array, &name))?.ok();
    }
    Ok(Ok(()))
}

/// `extend_volume`.
pub(super) fn extend(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    size: u64,
) -> Outcome<()> {
    let bytes = size.saturating_mul(GIBIBYTE);
    let result = arrays::volumes::resize(transaction, &backend.array, &volume.array_name(), bytes, false);
    heard(backend, result)
}

/// `create_snapshot`.
pub(super) fn create_snapshot(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    snapshot: &Snapshot,
) -> Outcome<()> {
    let suffix = format!("snapshot-{}", snapshot.id);
    let result = arrays::snapshots::create(transaction, &backend.array, &volume.array_name(), Some(&suffix));
    heard(backend, result)
}

/// `delete_snapshot`. What is not there is deleted.
pub(super) fn delete_snapshot(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    snapshot: &Snapshot,
) -> Outcome<()> {
    let (array, name) = (backend.array.as_str(), snapshot_name(volume, snapshot));
    let told = outcome(arrays::snapshots::set_destroyed(transaction, array, &name, true))?;
    if told.is_ok() && eradicates(transaction)? {
        outcome(arrays::snapshots::eradicate(transaction, array, &name))?.ok();
    }
    Ok(match told {
        Err(sentence) if !sentence.contains("does not exist") && !sentence.contains("No such") => {
            Err(sentence)
        }
        _ => Ok(()),
    })
}

/// `revert_to_snapshot`.
pub(super) fn revert(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    snapshot: &Snapshot,
) -> Outcome<()> {
    let array = backend.array.as_str();
    let from = arrays::objects::Reference { id: None, name: Some(snapshot_name(volume, snapshot)) };
    match outcome(arrays::volumes::source(transaction, array, &from))? {
        Ok(source) => {
            let result = arrays::volumes::overwrite(transaction, array, &source, &volume.array_name());
            Ok(outcome(result)?.map(drop))
        }
        Err(sentence) => Ok(Err(sentence)),
    }
}

/// `retype`, between types that are replicated asynchronously or not at all. Returns the new `replication_status`.
pub(super) fn retype(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    old: &VolumeType,
    new: &VolumeType,
) -> Outcome<&'static str> {
    let name = volume.array_name();
    let is_async = |volume_type: &VolumeType| volume_type.replication() == Some("async");
    match (is_async(old), is_async(new)) {
        (false, true) => add_to_all(transaction, backend, &name)?,
        (true, false) => {
            let result = arrays::groups::remove_member(transaction, &backend.array, ALL_REPLICATED, &name);
            if let Err(sentence) = outcome(result)? {
                return Ok(Err(sentence));
            }
        }
        _ => {}
    }
    Ok(Ok(if is_async(new) { "enabled" } else { "disabled" }))
}

/// `_async_failover_host` for one volume: it is made on the target from the newest snapshot of [`ALL_REPLICATED`] there. Returns
/// whether it is there now.
pub(super) fn fail_over(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    target: &str,
    volume: &Volume,
) -> Result<bool, WorldError> {
    let there = arrays::groups::name_on_target(&backend.array, ALL_REPLICATED);
    groups::materialize(transaction, target, &there, volume)
}
