//! What becomes of groups in time (`cinder/volume/manager.py`, `cinder/volume/drivers/pure.py`, 2026.2).

use super::types::GroupType;
use super::{Group, put};
use crate::block_storage::driver::groups as driver;
use crate::block_storage::setup::{self, Backend};
use crate::block_storage::snapshots;
use crate::block_storage::types::VolumeType;
use crate::block_storage::volumes::{self, Source, Volume};
use crate::block_storage::{quotas, unless_broken};
use crate::world::{Due, Reaction, Transaction, WorldError};

pub(super) const CREATED: &str = "block_storage.group-created";
pub(super) const COPIED: &str = "block_storage.group-copied";
pub(super) const UPDATED: &str = "block_storage.group-updated";
pub(super) const DELETED: &str = "block_storage.group-deleted";

/// The reactions of groups.
pub(in crate::block_storage) const REACTIONS: &[(&str, Reaction)] =
    &[(CREATED, created), (COPIED, copied), (UPDATED, updated), (DELETED, deleted)];

fn found(transaction: &Transaction<'_>, due: &Due) -> Result<Option<(Group, Backend)>, WorldError> {
    let Some(group) = transaction.get::<Group>(&due.scope, &due.subject)? else { return Ok(None) };
    let backend = unless_broken(setup::backend(transaction, &due.scope))?;
    Ok(backend.map(|backend| (group, backend)))
}

/// How a group is replicated: `Ok(true)` as a whole, `Err` if the driver refuses its types (`create_group`).
fn replicated(
    transaction: &Transaction<'_>,
    scope: &str,
    group: &Group,
    backend: &Backend,
) -> Result<Result<bool, ()>, WorldError> {
    let group_type = transaction.get::<GroupType>(scope, &group.group_type)?.unwrap_or_default();
    let whole = group_type
        .specs
        .get("consistent_group_replication_enabled")
        .is_some_and(|value| value == "<is> True");
    let mut kinds = Vec::new();
    for id in &group.volume_types {
        let volume_type = transaction.get::<VolumeType>(scope, id)?.unwrap_or_default();
        kinds.push(volume_type.replication().map(str::to_owned));
    }
    let fits = if whole {
        kinds.iter().all(Option::is_some) && kinds.iter().all(|kind| Some(kind) == kinds.first())
    } else {
        // Before 2026.2 a replicated type in a group that is not was let pass.
        backend.older || kinds.iter().all(Option::is_none)
    };
    Ok(if fits { Ok(whole) } else { Err(()) })
}

fn created(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, backend)) = found(transaction, due)? else { return Ok(()) };
    if group.status != "creating" {
        return Ok(());
    }
    let made = match (group.host.is_some(), group.consistent) {
        (false, _) => false,
        (true, false) => true,
        (true, true) => match replicated(transaction, &due.scope, &group, &backend)? {
            Ok(whole) => driver::create(transaction, &backend, &group, whole)?.is_ok(),
            Err(()) => false,
        },
    };
    if made { "available" } else { "error" }.clone_into(&mut group.status);
    group.created = transaction.now();
    put(transaction, &due.scope, &mut group)
}

/// The volumes of a group that is a copy: from a group snapshot, or from one that is taken for it.
fn copied(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, backend)) = found(transaction, due)? else { return Ok(()) };
    let scope = due.scope.as_str();
    let (suffix, from) = match (&group.group_snapshot, &group.source_group) {
        (Some(id), _) => {
            let of =
                transaction.get::<super::snapshots::GroupSnapshot>(scope, id)?.map(|found| found.group_id);
            (format!("cgsnapshot-{id}-cinder"), of)
        }
        (None, from) => (format!("{}-tmp", transaction.new_uuid()?), from.clone()),
    };
    let from = from.map(|id| transaction.get::<Group>(scope, &id)).transpose()?.flatten();
    let mut good = false;
    if let Some(from) = from {
        // Consistency is asked of the array even where only a plain copy was asked of Cinder.
        good = driver::create(transaction, &backend, &group, false)?.is_ok();
        let temporary = group.group_snapshot.is_none();
        if good && temporary {
            good = driver::snapshot(transaction, &backend, &from, &suffix)?.is_ok();
        }
        for mut volume in volumes::of_group(transaction, scope, &group.id)? {
            good &= copy_member(transaction, &backend, &from, &suffix, &mut volume)?;
        }
        if temporary {
            driver::delete_snapshot(transaction, &backend, &from, &suffix)?.ok();
        }
    }
    if good { "available" } else { "error" }.clone_into(&mut group.status);
    put(transaction, scope, &mut group)
}

fn copy_member(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    from: &Group,
    suffix: &str,
    volume: &mut Volume,
) -> Result<bool, WorldError> {
    let scope = volume.scope.clone();
    let Source::Volume(origin) = volume.source.clone() else { return Ok(false) };
    let Some(origin) = transaction.get::<Volume>(&scope, &origin)? else { return Ok(false) };
    let good = driver::clone_member(transaction, backend, from, suffix, &origin, volume)?.is_ok();
    if good {
        let name = volume.array_name();
        volume.metadata.insert("array_volume_name".to_owned(), name.clone());
        volume.metadata.insert("array_name".to_owned(), backend.array.clone());
        volume.provider_id = Some(name);
        volume.service = Some(backend.service.clone());
        volume.bootable = origin.bootable;
        volume.image_metadata = origin.image_metadata;
    }
    if good { "available" } else { "error" }.clone_into(&mut volume.status);
    volumes::put(transaction, &scope, volume)?;
    Ok(good)
}

fn updated(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, backend)) = found(transaction, due)? else { return Ok(()) };
    let scope = due.scope.as_str();
    for id in std::mem::take(&mut group.adding) {
        let Some(mut volume) = transaction.get::<Volume>(scope, &id)? else { continue };
        driver::add_member(transaction, &backend, scope, &group.id, &volume.array_name())?;
        volume.group_id = Some(group.id.clone());
        volumes::put(transaction, scope, &mut volume)?;
    }
    for id in std::mem::take(&mut group.removing) {
        let Some(mut volume) = transaction.get::<Volume>(scope, &id)? else { continue };
        driver::remove_member(transaction, &backend, &group, &volume)?;
        volume.group_id = None;
        volumes::put(transaction, scope, &mut volume)?;
    }
    "available".clone_into(&mut group.status);
    put(transaction, scope, &mut group)
}

fn deleted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((mut group, backend)) = found(transaction, due)? else { return Ok(()) };
    let scope = due.scope.as_str();
    let mut good = driver::delete(transaction, &backend, &group)?.is_ok();
    for mut volume in volumes::of_group(transaction, scope, &group.id)? {
        for snapshot in snapshots::of_volume(transaction, scope, &volume.id)? {
            snapshots::forget(transaction, scope, &snapshot)?;
        }
        if crate::block_storage::driver::delete(transaction, &backend, &volume)?.is_ok() {
            volumes::events::forget(transaction, scope, &volume)?;
        } else {
            good = false;
            "error_deleting".clone_into(&mut volume.status);
            volumes::put(transaction, scope, &mut volume)?;
        }
    }
    if good {
        quotas::release_group(transaction, scope, &group.project)?;
        transaction.remove::<Group>(scope, &group.id)?;
        return Ok(());
    }
    "error".clone_into(&mut group.status);
    put(transaction, scope, &mut group)
}
