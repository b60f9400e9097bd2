//! Volumes: what they are, and how they are shown.

pub(super) mod actions;
pub(super) mod admin;
pub(super) mod change;
pub(super) mod create;
pub(super) mod events;
pub(super) mod metadata;
pub(super) mod requests;

use super::attachments::{self, Attachment};
use super::listing::{links, time};
use super::{access, faults, setup, types};
use crate::cloud::{Call, Fault};
use crate::world::{Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a volume's content comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// Nothing.
    #[default]
    Blank,
    /// A snapshot.
    Snapshot(String),
    /// A volume.
    Volume(String),
    /// An image.
    Image(String),
    /// It is made together with its group.
    Group,
    /// A volume of the array, by its name there.
    Existing(String),
}

/// A volume.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: String,
    /// The site.
    pub(crate) scope: String,
    pub(crate) project: String,
    pub(crate) user: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// In gibibytes.
    pub(crate) size: u64,
    pub(crate) status: String,
    pub(crate) previous_status: Option<String>,
    pub(crate) attach_status: String,
    pub(crate) type_id: String,
    pub(crate) zone: String,
    pub(crate) bootable: bool,
    pub(crate) multiattach: bool,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) admin_metadata: BTreeMap<String, String>,
    pub(crate) image_metadata: BTreeMap<String, String>,
    pub(crate) source: Source,
    pub(crate) group_id: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) migration_status: Option<String>,
    pub(crate) replication_status: Option<String>,
    /// Its name on the array.
    pub(crate) provider_id: Option<String>,
    pub(crate) encryption_key_id: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Option<Timestamp>,
    /// The size that it is going to have.
    pub(crate) wanted_size: Option<u64>,
    /// The type that it is going to have.
    pub(crate) wanted_type: Option<String>,
    /// The image that is being made of it.
    pub(crate) uploading: Option<String>,
}

impl Record for Volume {
    const KIND: &'static str = "block_storage.volume";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![("project", self.project.clone()), ("type", self.type_id.clone())];
        keys.extend(self.group_id.clone().map(|group| ("group", group)));
        keys
    }
}

impl Volume {
    /// What the Pure driver calls it on the array.
    pub(crate) fn array_name(&self) -> String {
        self.provider_id.clone().unwrap_or_else(|| format!("volume-{}-cinder", self.id))
    }

    /// Whether it is in one of these states.
    pub(crate) fn is(&self, states: &[&str]) -> bool {
        states.contains(&self.status.as_str())
    }
}

/// A volume by its id, whoever owns it.
pub(crate) fn get(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<Volume, Fault> {
    transaction.get(scope, id)?.ok_or_else(|| faults::no_volume(id))
}

/// A volume that the caller sees.
pub(super) fn seen(call: &Call<'_, '_>, id: &str) -> Result<Volume, Fault> {
    let found = get(call.transaction, &call.scope(), id)?;
    if access::sees(call, &found.project) { Ok(found) } else { Err(faults::no_volume(id)) }
}

/// The volume that a path names.
pub(super) fn of_call(call: &Call<'_, '_>) -> Result<Volume, Fault> {
    seen(call, call.parameter("id"))
}

/// Stores a change of a volume, which is the moment of its last one.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &mut Volume,
) -> Result<(), WorldError> {
    volume.updated = Some(transaction.now());
    transaction.put(scope, volume)
}

/// The volumes of a group.
pub(super) fn of_group(
    transaction: &Transaction<'_>,
    scope: &str,
    group: &str,
) -> Result<Vec<Volume>, WorldError> {
    transaction.find(scope, "group", group)
}

fn attachment(call: &Call<'_, '_>, attachment: &Attachment) -> Value {
    let told = call.caller.is_admin() || call.caller.roles.iter().any(|role| role == "service");
    json!({
        "id": attachment.volume_id,
        "attachment_id": attachment.id,
        "volume_id": attachment.volume_id,
        "server_id": attachment.server,
        "host_name": attachment.host.as_ref().filter(|_| told),
        "device": attachment.mountpoint,
        "attached_at": attachment.attached_at.map(time),
    })
}

/// A volume as every microversion shows it (`legacy_detail` of `cinder/api/v3/views/volumes.py`, 2026.2).
pub(super) fn legacy_view(call: &Call<'_, '_>, volume: &Volume) -> Result<Map<String, Value>, Fault> {
    let scope = call.scope();
    let status = match volume.status.as_str() {
        "managing" => "creating",
        "error_managing" => "error",
        "error_managing_deleting" => "deleting",
        status => status,
    };
    let mut metadata = volume.metadata.clone();
    for name in ["readonly", "attached_mode"] {
        if let Some(value) = volume.admin_metadata.get(name) {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    let attachments: Vec<Value> = attachments::of_volume(call.transaction, &scope, &volume.id)?
        .iter()
        .filter(|found| found.status == "attached")
        .map(|found| attachment(call, found))
        .collect();
    let (snapshot, origin) = match &volume.source {
        Source::Snapshot(id) => (Some(id), None),
        Source::Volume(id) => (None, Some(id)),
        _ => (None, None),
    };
    let told = json!({
        "id": volume.id,
        "status": status,
        "size": volume.size,
        "availability_zone": volume.zone,
        "created_at": time(volume.created),
        "updated_at": volume.updated.map(time),
        "name": volume.name,
        "description": volume.description,
        "volume_type": types::name_of(call.transaction, &scope, &volume.type_id)?,
        "snapshot_id": snapshot,
        "source_volid": origin,
        "metadata": metadata,
        "links": links(call, "volumes", &volume.id),
        "user_id": volume.user,
        "bootable": volume.bootable.to_string(),
        "encrypted": volume.encryption_key_id.is_some(),
        "replication_status": volume.replication_status,
        "consistencygroup_id": null,
        "multiattach": volume.multiattach,
        "attachments": attachments,
    });
    let Value::Object(mut told) = told else { return Ok(Map::new()) };
    if call.caller.is_admin() {
        told.insert("migration_status".to_owned(), json!(volume.migration_status));
    }
    Ok(told)
}

/// A volume as the agreed microversion shows it (`detail` there), without what the extensions add.
pub(super) fn view(call: &Call<'_, '_>, volume: &Volume) -> Result<Map<String, Value>, Fault> {
    let mut told = legacy_view(call, volume)?;
    let admin = call.caller.is_admin();
    let mut tell = |shown: bool, name: &str, value: Value| {
        if shown {
            told.insert(name.to_owned(), value);
        }
    };
    tell(call.since(3, 13), "group_id", json!(volume.group_id));
    tell(admin && call.since(3, 21), "provider_id", json!(volume.provider_id));
    tell(call.since(3, 48), "shared_targets", json!(true));
    tell(call.since(3, 48), "service_uuid", json!(volume.service));
    tell(admin && call.since(3, 61), "cluster_name", Value::Null);
    tell(call.since(3, 63), "volume_type_id", json!(volume.type_id));
    if let Some(key) = &volume.encryption_key_id {
        tell(call.since(3, 64), "encryption_key_id", json!(key));
    }
    tell(call.since(3, 65), "consumes_quota", json!(true));
    Ok(told)
}

/// The same with what `cinder/api/contrib/volume_{host_attribute,mig_status_attribute,tenant_attribute,image_metadata}.py` add.
pub(super) fn whole_view(call: &Call<'_, '_>, volume: &Volume) -> Result<Value, Fault> {
    let mut told = view(call, volume)?;
    let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
    if call.caller.is_admin() {
        tell("os-vol-host-attr:host", json!(volume.host));
        tell("os-vol-mig-status-attr:migstat", json!(volume.migration_status));
        tell("os-vol-mig-status-attr:name_id", Value::Null);
    }
    tell("os-vol-tenant-attr:tenant_id", json!(volume.project));
    if !volume.image_metadata.is_empty() {
        tell("volume_image_metadata", json!(volume.image_metadata));
    }
    Ok(Value::Object(told))
}

/// Refuses changes while the backend is frozen (`assert_not_frozen`).
pub(super) fn refuse_frozen(transaction: &Transaction<'_>, scope: &str) -> Result<(), Fault> {
    if setup::backend(transaction, scope)?.frozen {
        return Err(faults::invalid_input(
            "Modification operations are not allowed on frozen storage backends.",
        ));
    }
    Ok(())
}
