//! Changes of volumes that take time: deleted, extended, retyped, reverted. Source: `cinder/volume/api.py` (2026.2).

use super::{Volume, events, put, refuse_frozen};
use crate::block_storage::faults::{invalid_input, invalid_volume};
use crate::block_storage::quotas::{self, Claim};
use crate::block_storage::snapshots::{self, Snapshot};
use crate::block_storage::{timing, types};
use crate::cloud::Fault;
use crate::world::Transaction;

/// Deletes a volume, or only lets go of it.
pub(in crate::block_storage) fn delete(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
    cascade: bool,
    force: bool,
    unmanage: bool,
) -> Result<(), Fault> {
    if !unmanage {
        refuse_frozen(transaction, scope)?;
    }
    if unmanage && volume.encryption_key_id.is_some() {
        // `Invalid` without a sentence of its own: the reason goes into a message only.
        return Err(Fault::bad_request("Unacceptable parameters."));
    }
    if volume.host.is_none() {
        return Ok(events::forget(transaction, scope, volume)?);
    }
    let ready = ["available", "error", "error_restoring", "error_extending", "error_managing"];
    let snapshots = snapshots::of_volume(transaction, scope, &volume.id)?;
    let blocked = if cascade {
        snapshots.iter().any(|snapshot| snapshot.group_snapshot.is_some())
    } else {
        !snapshots.is_empty()
    };
    let migrating =
        !matches!(volume.migration_status.as_deref(), None | Some("deleting" | "error" | "success"));
    let busy = volume.attach_status == "attached" || migrating || volume.group_id.is_some() || blocked;
    if busy || !(force || volume.is(&ready)) {
        let status = if force {
            String::new()
        } else {
            "status must be available or error or error_restoring or error_extending or error_managing and"
                .to_owned()
        };
        return Err(invalid_volume(format!(
            "Volume {status} must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be \
             disassociated from snapshots after volume transfer."
        )));
    }
    for mut snapshot in snapshots {
        "deleting".clone_into(&mut snapshot.status);
        snapshots::put(transaction, scope, &mut snapshot)?;
    }
    let (status, event) = match (unmanage, volume.status.as_str()) {
        (true, _) => ("unmanaging", events::UNMANAGED),
        (false, "error_managing") => ("error_managing_deleting", events::DELETED),
        (false, _) => ("deleting", events::DELETED),
    };
    status.clone_into(&mut volume.status);
    put(transaction, scope, volume)?;
    Ok(timing::later(transaction, scope, event, &volume.id, 0.4)?)
}

/// Makes a volume larger.
pub(in crate::block_storage) fn extend(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
    size: u64,
    attached: bool,
) -> Result<(), Fault> {
    if size <= volume.size {
        return Err(invalid_input(format!(
            "New size for extend must be greater than current size. (current: {}, extended: {size}).",
            volume.size
        )));
    }
    let expected = if attached { "in-use" } else { "available" };
    if volume.status != expected {
        return Err(invalid_volume(format!(
            "Volume {} status must be '{{'status': '{expected}'}}' to extend, currently {}.",
            volume.id, volume.status
        )));
    }
    quotas::check_size(transaction, scope, &volume.project, size)?;
    let volume_type = types::name_of(transaction, scope, &volume.type_id)?;
    let claim = Claim {
        project: &volume.project,
        volumes: 0,
        snapshots: 0,
        gigabytes: i64::try_from(size - volume.size).unwrap_or(i64::MAX),
        volume_type: &volume_type,
    };
    quotas::reserve(transaction, scope, claim)?;
    volume.previous_status = Some(std::mem::replace(&mut volume.status, "extending".to_owned()));
    volume.wanted_size = Some(size);
    put(transaction, scope, volume)?;
    Ok(timing::later(transaction, scope, events::EXTENDED, &volume.id, 0.3)?)
}

/// Gives a volume another type.
pub(super) fn retype(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
    asked: &str,
) -> Result<(), Fault> {
    let new = types::find(transaction, scope, asked, None)?;
    if volume.multiattach != new.multiattach() && volume.status != "available" {
        return Err(invalid_input(format!(
            "Invalid volume_type passed, retypes affecting multiattach are only allowed on available volumes, the specified \
             volume however currently has a status of: {}.",
            volume.status
        )));
    }
    if !volume.is(&["available", "in-use"]) || volume.group_id.is_some() || volume.type_id == new.id {
        return Err(invalid_volume(
            "Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency \
             group, requested type has to be different that the one from the volume, and for in-use volumes front-end qos \
             specs cannot change.",
        ));
    }
    quotas::check_type(transaction, scope, volume, &new.name)?;
    volume.previous_status = Some(std::mem::replace(&mut volume.status, "retyping".to_owned()));
    volume.wanted_type = Some(new.id);
    put(transaction, scope, volume)?;
    Ok(timing::later(transaction, scope, events::RETYPED, &volume.id, 0.4)?)
}

/// Takes a volume back to its latest snapshot.
pub(super) fn revert(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
    asked: Option<&str>,
) -> Result<(), Fault> {
    let latest = snapshots::of_volume(transaction, scope, &volume.id)?
        .into_iter()
        .max_by(|one, other| one.created.cmp(&other.created));
    let Some(mut latest): Option<Snapshot> = latest else {
        return Err(Fault::bad_request(format!("Volume {} doesn't have any snapshots.", volume.id)));
    };
    if asked != Some(latest.id.as_str()) {
        return Err(Fault::bad_request(format!(
            "Specified snapshot {} is None or not the latest one of volume {}.",
            asked.unwrap_or("None"),
            volume.id
        )));
    }
    if volume.size != latest.size {
        return Err(Fault::bad_request(format!(
            "Can't revert volume {} to its latest snapshot {}. The volume size must be equal to the snapshot size.",
            volume.id, latest.id
        )));
    }
    if !volume.is(&["available"]) {
        return Err(Fault::conflict(format!(
            "Invalid volume: Can't revert volume {} to its latest snapshot {}. Volume's status must be 'available'.",
            volume.id, latest.id
        )));
    }
    if latest.status != "available" {
        return Err(Fault::conflict(format!(
            "Invalid snapshot: Can't revert volume {} to its latest snapshot {}. Snapshot's status must be 'available'.",
            volume.id, latest.id
        )));
    }
    "reverting".clone_into(&mut volume.status);
    put(transaction, scope, volume)?;
    "restoring".clone_into(&mut latest.status);
    snapshots::put(transaction, scope, &mut latest)?;
    Ok(timing::later(transaction, scope, events::REVERTED, &latest.id, 0.4)?)
}
