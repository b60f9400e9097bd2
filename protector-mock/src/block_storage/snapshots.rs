//! Snapshots of volumes: what they are and what becomes of them. Sources: `cinder/volume/api.py`, `cinder/api/views/snapshots.py`,
//! `cinder/api/v3/views/snapshots.py` (2026.2).

pub(super) mod requests;

use super::quotas::{self, Claim};
use super::volumes::{self, Volume};
use super::{access, driver, faults, setup, timing, types, unless_broken};
use crate::cloud::{Call, Fault};
use crate::world::{Due, Reaction, Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const CREATED: &str = "block_storage.snapshot-created";
const DELETED: &str = "block_storage.snapshot-deleted";

/// The reactions of snapshots.
pub(super) const REACTIONS: &[(&str, Reaction)] = &[(CREATED, created), (DELETED, deleted)];

/// A snapshot of a volume.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Cinder's words")]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) volume_id: String,
    pub(crate) project: String,
    pub(crate) user: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) status: String,
    /// In gibibytes.
    pub(crate) size: u64,
    pub(crate) type_id: String,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) group_snapshot: Option<String>,
    pub(crate) progress: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Option<Timestamp>,
}

impl Record for Snapshot {
    const KIND: &'static str = "block_storage.snapshot";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![("project", self.project.clone()), ("volume", self.volume_id.clone())];
        keys.extend(self.group_snapshot.clone().map(|group| ("group-snapshot", group)));
        keys
    }
}

/// A snapshot by its id, whoever owns it.
pub(crate) fn get(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<Snapshot, Fault> {
    transaction.get(scope, id)?.ok_or_else(|| faults::no_snapshot(id))
}

/// A snapshot that the caller sees.
pub(super) fn seen(call: &Call<'_, '_>, id: &str) -> Result<Snapshot, Fault> {
    let found = get(call.transaction, &call.scope(), id)?;
    if access::sees(call, &found.project) { Ok(found) } else { Err(faults::no_snapshot(id)) }
}

/// The snapshots of a volume.
pub(super) fn of_volume(
    transaction: &Transaction<'_>,
    scope: &str,
    volume: &str,
) -> Result<Vec<Snapshot>, WorldError> {
    transaction.find(scope, "volume", volume)
}

/// The members of a group snapshot.
pub(super) fn of_group_snapshot(
    transaction: &Transaction<'_>,
    scope: &str,
    id: &str,
) -> Result<Vec<Snapshot>, WorldError> {
    transaction.find(scope, "group-snapshot", id)
}

/// Stores a change, which is the moment of the last one.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    scope: &str,
    snapshot: &mut Snapshot,
) -> Result<(), WorldError> {
    snapshot.updated = Some(transaction.now());
    transaction.put(scope, snapshot)
}

/// What a new snapshot is called.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewSnapshot {
    pub(crate) project: String,
    pub(crate) user: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Whether the volume may be in use.
    pub(crate) in_use: bool,
}

/// Makes a snapshot that is `creating`.
pub(crate) fn make(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &Volume,
    new: NewSnapshot,
) -> Result<Snapshot, Fault> {
    volumes::refuse_frozen(transaction, scope)?;
    if volume.host.is_none() {
        return Err(faults::invalid_volume(
            "The snapshot cannot be created because volume has not been scheduled to any host.",
        ));
    }
    if volume.status == "maintenance" {
        return Err(faults::invalid_volume(
            "The snapshot cannot be created when the volume is in maintenance mode.",
        ));
    }
    if volume.status == "error" {
        return Err(faults::invalid_volume(
            "The snapshot cannot be created when the volume is in error status.",
        ));
    }
    let allowed: &[&str] = if new.in_use { &["available", "in-use"] } else { &["available"] };
    if !volume.is(allowed) {
        return Err(faults::invalid_volume(format!(
            "Volume {} status must be {}, but current status is: {}.",
            volume.id,
            allowed.join(", "),
            volume.status
        )));
    }
    let made = member(transaction, scope, volume, new, None)?;
    timing::later(transaction, scope, CREATED, &made.id, 0.3)?;
    Ok(made)
}

/// Makes the record of a snapshot, alone or as a member of a group snapshot.
pub(super) fn member(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &Volume,
    new: NewSnapshot,
    group_snapshot: Option<&str>,
) -> Result<Snapshot, Fault> {
    let volume_type = types::name_of(transaction, scope, &volume.type_id)?;
    quotas::reserve(transaction, scope, claim(&new.project, volume.size, &volume_type))?;
    let made = Snapshot {
        id: transaction.new_uuid()?.to_string(),
        volume_id: volume.id.clone(),
        project: new.project,
        user: new.user,
        name: new.name,
        description: new.description,
        status: "creating".to_owned(),
        size: volume.size,
        type_id: volume.type_id.clone(),
        metadata: new.metadata,
        group_snapshot: group_snapshot.map(str::to_owned),
        progress: "0%".to_owned(),
        created: transaction.now(),
        updated: None,
    };
    transaction.put(scope, &made)?;
    Ok(made)
}

fn claim<'a>(project: &'a str, size: u64, volume_type: &'a str) -> Claim<'a> {
    Claim { project, volumes: 0, snapshots: 1, gigabytes: i64::try_from(size).unwrap_or(0), volume_type }
}

/// Forgets a snapshot with what it counted for.
pub(super) fn forget(
    transaction: &mut Transaction<'_>,
    scope: &str,
    snapshot: &Snapshot,
) -> Result<(), WorldError> {
    let volume_type = types::name_of(transaction, scope, &snapshot.type_id)?;
    quotas::release(transaction, scope, claim(&snapshot.project, snapshot.size, &volume_type))?;
    transaction.remove::<Snapshot>(scope, &snapshot.id)?;
    Ok(())
}

/// Has a snapshot be deleted.
pub(super) fn delete(
    transaction: &mut Transaction<'_>,
    scope: &str,
    snapshot: &mut Snapshot,
    force: bool,
) -> Result<(), Fault> {
    volumes::refuse_frozen(transaction, scope)?;
    let ready = force || ["available", "error"].contains(&snapshot.status.as_str());
    if !ready || snapshot.group_snapshot.is_some() {
        let status = if force { "" } else { "status must be available or error and " };
        return Err(faults::invalid_snapshot(format!("Snapshot {status}must not be part of a group.")));
    }
    "deleting".clone_into(&mut snapshot.status);
    put(transaction, scope, snapshot)?;
    Ok(timing::later(transaction, scope, DELETED, &snapshot.id, 0.3)?)
}

fn created(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut snapshot) = transaction.get::<Snapshot>(scope, &due.subject)? else { return Ok(()) };
    let Some(volume) = transaction.get::<Volume>(scope, &snapshot.volume_id)? else { return Ok(()) };
    if snapshot.status != "creating" {
        return Ok(());
    }
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    if driver::create_snapshot(transaction, &backend, &volume, &snapshot)?.is_ok() {
        "available".clone_into(&mut snapshot.status);
        "100%".clone_into(&mut snapshot.progress);
        let named = format!("{}.snapshot-{}", volume.array_name(), snapshot.id);
        snapshot.metadata.insert("array_snapshot_name".to_owned(), named);
        snapshot.metadata.insert("array_name".to_owned(), backend.array);
    } else {
        "error".clone_into(&mut snapshot.status);
    }
    put(transaction, scope, &mut snapshot)
}

fn deleted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut snapshot) = transaction.get::<Snapshot>(scope, &due.subject)? else { return Ok(()) };
    let Some(backend) = unless_broken(setup::backend(transaction, scope))? else { return Ok(()) };
    if let Some(volume) = transaction.get::<Volume>(scope, &snapshot.volume_id)?
        && driver::delete_snapshot(transaction, &backend, &volume, &snapshot)?.is_err()
    {
        "error_deleting".clone_into(&mut snapshot.status);
        return put(transaction, scope, &mut snapshot);
    }
    forget(transaction, scope, &snapshot)
}
