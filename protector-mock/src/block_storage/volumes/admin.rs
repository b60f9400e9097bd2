//! What administrators do to volumes. Source: `cinder/api/contrib/admin_actions.py` (2026.2).

use super::{Volume, change, put};
use crate::block_storage::attachments::{self, Attachment};
use crate::block_storage::faults::invalid_volume;
use crate::block_storage::input::{Field, Kind, read};
use crate::block_storage::setup;
use crate::cloud::{Call, Fault, Reply};
use http::StatusCode;

/// `cinder.objects.fields.VolumeStatus`.
const STATUSES: [&str; 27] = [
    "creating",
    "available",
    "deleting",
    "error",
    "error_deleting",
    "error_managing",
    "managing",
    "attaching",
    "in-use",
    "detaching",
    "maintenance",
    "restoring-backup",
    "error_restoring",
    "reserved",
    "awaiting-transfer",
    "backing-up",
    "error_backing-up",
    "error_extending",
    "downloading",
    "uploading",
    "retyping",
    "extending",
    "reverting",
    "unmanaging",
    "error_unmanaging",
    "error_managing_deleting",
    "not-migrating",
];

fn bad(name: &str, value: &str, known: &[&str]) -> Fault {
    Fault::bad_request(format!("{name}: {value} is invalid, valid statuses are: {}.", known.join(", ")))
}

pub(super) fn reset_status(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_admin_actions:reset_status")?;
    let fields = read(
        &call.body,
        "os-reset_status",
        &[
            Field("status", Kind::Text, false),
            Field("attach_status", Kind::Text, false),
            Field("migration_status", Kind::Text, false),
        ],
    )?;
    let lower =
        |name: &str| fields.text(name).filter(|text| !text.is_empty()).map(|text| text.to_lowercase());
    let (status, attach) = (lower("status"), lower("attach_status"));
    let migration = lower("migration_status");
    if status.is_none() && attach.is_none() && migration.is_none() {
        return Err(Fault::bad_request(
            "Must specify 'status', 'attach_status' or 'migration_status' for update.",
        ));
    }
    let scope = call.scope();
    let known = attachments::of_volume(call.transaction, &scope, &volume.id)?;
    if let Some(status) = status {
        if !STATUSES.contains(&status.as_str()) {
            return Err(bad("Volume status", &status, &STATUSES));
        }
        if status == "deleting" {
            return Err(Fault::bad_request("Cannot reset-state to deleting"));
        }
        if status == "in-use" && known.is_empty() {
            return Err(Fault::bad_request(
                "Cannot reset-state to in-use because volume does not have any attachments.",
            ));
        }
        volume.status = status;
    }
    if let Some(attach) = attach {
        let allowed = ["attached", "attaching", "detached", "reserved", "error_attaching", "error_detaching"];
        if !allowed.contains(&attach.as_str()) {
            return Err(bad("Volume attach status", &attach, &allowed));
        }
        if attach == "detached" {
            for attachment in known {
                call.transaction.remove::<Attachment>(&scope, &attachment.id)?;
            }
            volume.admin_metadata.remove("attached_mode");
        }
        volume.attach_status = attach;
    }
    if let Some(migration) = migration {
        volume.migration_status = Some(migration).filter(|migration| migration != "none");
    }
    put(call.transaction, &scope, volume)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

pub(super) fn force_delete(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_admin_actions:force_delete")?;
    let scope = call.scope();
    change::delete(call.transaction, &scope, volume, false, true, false)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

pub(super) fn force_detach(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_admin_actions:force_detach")?;
    let fields = read(
        &call.body,
        "os-force_detach",
        &[Field("connector", Kind::Any, false), Field("attachment_id", Kind::Text, false)],
    )?;
    super::actions::detach_one(call, volume, fields.text("attachment_id").as_deref())
}

/// There is one backend, and no volume can leave it.
pub(super) fn migrate(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_admin_actions:migrate_volume")?;
    let fields = read(
        &call.body,
        "os-migrate_volume",
        &[
            Field("host", Kind::Text, false),
            Field("cluster", Kind::Text, false),
            Field("force_host_copy", Kind::Boolean, false),
            Field("lock_volume", Kind::Boolean, false),
        ],
    )?;
    let Some(host) = fields.text("host") else {
        return Err(crate::block_storage::faults::invalid_input(
            "One and only one of cluster and host must be set.",
        ));
    };
    let backend = setup::backend(call.transaction, &call.scope())?;
    if host.split('#').next() != Some(backend.host.as_str()) {
        return Err(Fault::bad_request(format!("Invalid host: No available service named '{host}'")));
    }
    Err(invalid_volume(format!(
        "Volume {} status must be available or in-use, must not be migrating, have snapshots, be replicated, be part of a \
         group and destination host/cluster must be different than the current one",
        volume.id
    )))
}

pub(super) fn extend_completion(call: &mut Call<'_, '_>, volume: &mut Volume) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:volume_admin_actions:extend_volume_completion")?;
    if volume.status != "extending" {
        return Err(invalid_volume("Volume is not being extended."));
    }
    Err(invalid_volume("Required volume admin metadata is malformed or missing."))
}
