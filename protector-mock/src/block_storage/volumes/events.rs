//! What becomes of volumes in time (`cinder/volume/manager.py`, 2026.2).

use super::{Source, Volume, put};
use crate::block_storage::quotas::{self, Claim};
use crate::block_storage::snapshots::{self, Snapshot};
use crate::block_storage::types::VolumeType;
use crate::block_storage::{attachments, driver, images, messages, setup, types, unless_broken};
use crate::world::{Due, Reaction, Transaction, WorldError};

pub(super) const CREATED: &str = "block_storage.volume-created";
pub(super) const DELETED: &str = "block_storage.volume-deleted";
pub(super) const EXTENDED: &str = "block_storage.volume-extended";
pub(super) const RETYPED: &str = "block_storage.volume-retyped";
pub(super) const REVERTED: &str = "block_storage.volume-reverted";
pub(super) const UNMANAGED: &str = "block_storage.volume-unmanaged";
pub(super) const UPLOADED: &str = "block_storage.volume-uploaded";
pub(in crate::block_storage) const MANAGED: &str = "block_storage.volume-managed";

/// The reactions of volumes.
pub(in crate::block_storage) const REACTIONS: &[(&str, Reaction)] = &[
    (CREATED, created),
    (DELETED, deleted),
    (EXTENDED, extended),
    (RETYPED, retyped),
    (REVERTED, reverted),
    (UNMANAGED, unmanaged),
    (UPLOADED, uploaded),
    (MANAGED, managed),
];

fn fail(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
    status: &str,
    what: &messages::Told,
) -> Result<(), WorldError> {
    status.clone_into(&mut volume.status);
    put(transaction, scope, volume)?;
    messages::tell(transaction, scope, &volume.project, &volume.id, what)
}

fn created(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut volume) = transaction.get::<Volume>(scope, &due.subject)? else { return Ok(()) };
    if !volume.is(&["creating", "downloading"]) {
        return Ok(());
    }
    let found = transaction.get::<VolumeType>(scope, &volume.type_id)?;
    let (Some(found), Some(_)) = (found, &volume.host) else {
        return fail(transaction, scope, &mut volume, "error", &messages::NO_BACKEND);
    };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    match driver::create(transaction, &backend, &volume, &found)? {
        Ok(made) => made.apply(&mut volume),
        Err(_) => return fail(transaction, scope, &mut volume, "error", &messages::CREATE_FAILED),
    }
    if let Source::Image(id) = &volume.source {
        let bytes = images::bytes(transaction, scope, id)?;
        if driver::write(transaction, &backend, &volume, &bytes)?.is_err() {
            return fail(transaction, scope, &mut volume, "error", &messages::CREATE_FAILED);
        }
    }
    inherit(transaction, scope, &mut volume)?;
    volume.service = Some(backend.service);
    volume.replication_status.get_or_insert_with(|| "disabled".to_owned());
    "available".clone_into(&mut volume.status);
    // Nova may have reserved it while an image was being written.
    if !attachments::of_volume(transaction, scope, &volume.id)?.is_empty() {
        "reserved".clone_into(&mut volume.status);
    }
    put(transaction, scope, &mut volume)
}

/// A copy of something bootable knows of its image.
fn inherit(transaction: &Transaction<'_>, scope: &str, volume: &mut Volume) -> Result<(), WorldError> {
    let origin = match &volume.source {
        Source::Volume(id) => Some(id.clone()),
        Source::Snapshot(id) => transaction.get::<Snapshot>(scope, id)?.map(|snapshot| snapshot.volume_id),
        Source::Image(id) => {
            if let Some(image) = unless_broken(images::image(transaction, scope, &volume.project, id))? {
                volume.bootable = true;
                volume.image_metadata = image.metadata();
            }
            None
        }
        _ => None,
    };
    if let Some(id) = origin
        && let Some(origin) = transaction.get::<Volume>(scope, &id)?
    {
        volume.image_metadata = origin.image_metadata;
    }
    Ok(())
}

/// Forgets a volume with what it counted for.
pub(in crate::block_storage) fn forget(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &Volume,
) -> Result<(), WorldError> {
    let volume_type = types::name_of(transaction, scope, &volume.type_id)?;
    let claim = Claim {
        project: &volume.project,
        volumes: 1,
        snapshots: 0,
        gigabytes: i64::try_from(volume.size).unwrap_or(0),
        volume_type: &volume_type,
    };
    quotas::release(transaction, scope, claim)?;
    attachments::forget_all(transaction, scope, &volume.id)?;
    transaction.remove::<Volume>(scope, &volume.id)?;
    Ok(())
}

fn deleted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut volume) = transaction.get::<Volume>(scope, &due.subject)? else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    for snapshot in snapshots::of_volume(transaction, scope, &volume.id)? {
        if driver::delete_snapshot(transaction, &backend, &volume, &snapshot)?.is_err() {
            return fail(transaction, scope, &mut volume, "error_deleting", &messages::DELETE_FAILED);
        }
        snapshots::forget(transaction, scope, &snapshot)?;
    }
    // A volume that never came to a host is nowhere.
    if volume.host.is_some() && driver::delete(transaction, &backend, &volume)?.is_err() {
        return fail(transaction, scope, &mut volume, "error_deleting", &messages::DELETE_FAILED);
    }
    forget(transaction, scope, &volume)
}

fn extended(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut volume) = transaction.get::<Volume>(scope, &due.subject)? else { return Ok(()) };
    let Some(size) = volume.wanted_size.take() else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    if driver::extend(transaction, &backend, &volume, size)?.is_err() {
        let volume_type = types::name_of(transaction, scope, &volume.type_id)?;
        let claim = Claim {
            project: &volume.project,
            volumes: 0,
            snapshots: 0,
            gigabytes: i64::try_from(size.saturating_sub(volume.size)).unwrap_or(0),
            volume_type: &volume_type,
        };
        quotas::release(transaction, scope, claim)?;
        return fail(transaction, scope, &mut volume, "error_extending", &messages::EXTEND_FAILED);
    }
    volume.size = size;
    volume.status = volume.previous_status.take().unwrap_or_else(|| "available".to_owned());
    put(transaction, scope, &mut volume)
}

fn retyped(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut volume) = transaction.get::<Volume>(scope, &due.subject)? else { return Ok(()) };
    let Some(wanted) = volume.wanted_type.take() else { return Ok(()) };
    volume.status = volume.previous_status.take().unwrap_or_else(|| "available".to_owned());
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    let types = (
        transaction.get::<VolumeType>(scope, &volume.type_id)?,
        transaction.get::<VolumeType>(scope, &wanted)?,
    );
    if let (Some(old), Some(new)) = types
        && let Ok(status) = driver::retype(transaction, &backend, &volume, &old, &new)?
    {
        let part = |project, name, number| Claim {
            project,
            volumes: number,
            snapshots: 0,
            gigabytes: number * i64::try_from(volume.size).unwrap_or(0),
            volume_type: name,
        };
        quotas::release(transaction, scope, part(&volume.project, &old.name, 1))?;
        quotas::release(transaction, scope, part(&volume.project, &new.name, -1))?;
        volume.replication_status = Some(status.to_owned());
        volume.type_id.clone_from(&new.id);
        volume.multiattach = new.multiattach();
    }
    put(transaction, scope, &mut volume)
}

fn reverted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut snapshot) = transaction.get::<Snapshot>(scope, &due.subject)? else { return Ok(()) };
    let Some(mut volume) = transaction.get::<Volume>(scope, &snapshot.volume_id)? else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    let done = driver::revert(transaction, &backend, &volume, &snapshot)?.is_ok();
    if done { "available" } else { "error" }.clone_into(&mut volume.status);
    put(transaction, scope, &mut volume)?;
    "available".clone_into(&mut snapshot.status);
    snapshots::put(transaction, scope, &mut snapshot)
}

fn unmanaged(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut volume) = transaction.get::<Volume>(scope, &due.subject)? else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    if driver::unmanage(transaction, &backend, &volume)?.is_err() {
        return fail(transaction, scope, &mut volume, "error_unmanaging", &messages::UNMANAGE_FAILED);
    }
    forget(transaction, scope, &volume)
}

fn uploaded(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut volume) = transaction.get::<Volume>(scope, &due.subject)? else { return Ok(()) };
    if volume.status == "uploading" {
        if let Some(image) = volume.uploading.take()
            && let Some(backend) = unless_broken(setup::backend(transaction, scope))?
        {
            images::fill(transaction, scope, &image, &backend.array, &volume.array_name(), volume.size)?;
        }
        volume.status = volume.previous_status.take().unwrap_or_else(|| "available".to_owned());
        put(transaction, scope, &mut volume)?;
    }
    Ok(())
}

fn managed(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut volume) = transaction.get::<Volume>(scope, &due.subject)? else { return Ok(()) };
    let Source::Existing(name) = volume.source.clone() else { return Ok(()) };
    let Some(found) = transaction.get::<VolumeType>(scope, &volume.type_id)? else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    let Ok(size) = driver::size_of(transaction, &backend, &name)? else {
        return fail(transaction, scope, &mut volume, "error_managing", &messages::MANAGE_FAILED);
    };
    let claim = Claim {
        project: &volume.project.clone(),
        volumes: 0,
        snapshots: 0,
        gigabytes: i64::try_from(size).unwrap_or(0),
        volume_type: &found.name,
    };
    if unless_broken(quotas::reserve(transaction, scope, claim))?.is_none() {
        return fail(transaction, scope, &mut volume, "error_managing", &messages::MANAGE_FAILED);
    }
    volume.size = size;
    match driver::manage(transaction, &backend, &volume, &found, &name)? {
        // What the request said of metadata is lost, and the service's id stays away: both as in the real one.
        Ok(made) => {
            volume.metadata.clear();
            made.apply(&mut volume);
            "available".clone_into(&mut volume.status);
            put(transaction, scope, &mut volume)
        }
        Err(_) => fail(transaction, scope, &mut volume, "error_managing", &messages::MANAGE_FAILED),
    }
}
