use super::{change, read};
use crate::id::{ConsistencyGroupId, ProjectId, ServerId, VolumeId};
use crate::openstack::delete::delete;
use crate::openstack::{ApiRequest, Error, Session, list};
use crate::time::optional_utc;
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A volume, as `GET /volumes/detail` gives it.
// cinder/api/v3/views/volumes.py (ViewBuilder.detail), cinder/api/contrib/volume_*.py, 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// `available`, `in-use`, `creating`, `attaching` (reserved), `error`, …
    pub status: String,
    /// GiB; 0 while it is being taken over.
    pub size: u64,
    /// The name of its type.
    pub volume_type: Option<String>,
    /// The id of its type (3.63).
    pub volume_type_id: Option<String>,
    /// The availability zone it is in.
    pub availability_zone: Option<String>,
    /// Its metadata. Drivers put entries of their own here, too.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// What it carries of the image it was made from; absent without any.
    #[serde(default)]
    pub volume_image_metadata: BTreeMap<String, String>,
    /// Whether a server may boot from it.
    #[serde(deserialize_with = "boolean_text")]
    pub bootable: bool,
    /// Whether it is encrypted.
    #[serde(default)]
    pub encrypted: bool,
    /// Whether several servers may use it.
    #[serde(default)]
    pub multiattach: bool,
    /// Who uses it.
    #[serde(default)]
    pub attachments: Vec<VolumeAttachment>,
    /// The generic volume group it is in (3.13).
    pub group_id: Option<ConsistencyGroupId>,
    /// The same of a group that was once a consistency group.
    pub consistencygroup_id: Option<ConsistencyGroupId>,
    /// `enabled`, `disabled`, `failed-over`, …: what Cinder believes, not what the array does.
    pub replication_status: Option<String>,
    /// The snapshot it was made from.
    pub snapshot_id: Option<String>,
    /// The volume it was made from.
    pub source_volid: Option<VolumeId>,
    /// The migration it is in; shown to administrators only.
    pub migration_status: Option<String>,
    /// The id that its name on the backend is made from, if a migration left it with another's;
    /// shown to administrators only.
    #[serde(rename(deserialize = "os-vol-mig-status-attr:name_id"))]
    pub name_id: Option<VolumeId>,
    /// The driver's own name of it (3.21); shown to administrators only.
    pub provider_id: Option<String>,
    /// `host@backend#pool`; shown to administrators only.
    #[serde(rename(deserialize = "os-vol-host-attr:host"))]
    pub host: Option<String>,
    /// The project that owns it.
    #[serde(rename(deserialize = "os-vol-tenant-attr:tenant_id"))]
    pub project_id: Option<ProjectId>,
    /// The user who made it.
    pub user_id: Option<String>,
    /// The process of Cinder that made it (3.48); none, if it was taken over from the backend.
    pub service_uuid: Option<String>,
    /// Whether a compute host has to lock while it attaches the volume, by the process's name: `true` if its initiator
    /// cannot do without, `None` always (3.69).
    pub shared_targets: Option<bool>,
    /// Whether it counts against the quota (3.65).
    pub consumes_quota: Option<bool>,
    /// When it was made.
    #[serde(default, deserialize_with = "optional_utc")]
    pub created_at: Option<Timestamp>,
}

/// A use of a volume, in the volume's own view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeAttachment {
    /// The attachment.
    pub attachment_id: String,
    /// The server; none, if a host alone uses it.
    pub server_id: Option<ServerId>,
    /// The device in the guest as Nova guesses it.
    pub device: Option<String>,
    /// The host; shown to administrators only.
    pub host_name: Option<String>,
}

// `str(volume.get('bootable')).lower()` in the view
fn boolean_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(String::deserialize(deserializer)? == "true")
}

/// Which volumes to list.
#[derive(Debug, Clone, Default)]
pub struct VolumeQuery {
    /// Those of exactly this name.
    pub name: Option<String>,
    /// Those in this status.
    pub status: Option<String>,
    /// Those in this group (3.10).
    pub group_id: Option<ConsistencyGroupId>,
    /// Those that carry all of these.
    pub metadata: BTreeMap<String, String>,
}

/// A volume to be made, empty.
// cinder/api/schemas/volumes.py (create_volume_v353), 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewVolume {
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// GiB.
    pub size: u64,
    /// The name or id of its type; the project's default without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_type: Option<String>,
    /// The group that it becomes a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<ConsistencyGroupId>,
    /// The availability zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// Its metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// What to change on a volume; what is not given stays.
// cinder/api/schemas/volumes.py (update_volume), 2026.2
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeUpdate {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The volumes of the session's project.
#[derive(Debug, Clone)]
pub struct Volumes {
    session: Session,
}

impl Volumes {
    /// The volumes of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists volumes with all their attributes.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &VolumeQuery,
    ) -> impl Stream<Item = Result<Volume, Error>> + Send + 'a {
        let mut request = read("volumes/detail", "list volumes");
        if let Some(name) = &query.name {
            request = request.query("name", name);
        }
        if let Some(status) = &query.status {
            request = request.query("status", status);
        }
        if let Some(group) = &query.group_id {
            request = request.query("group_id", group.as_str());
        }
        if !query.metadata.is_empty() {
            // Read with Python's literal_eval: a JSON object of strings is such a literal, too.
            request = request.query("metadata", json!(query.metadata).to_string());
        }
        list(&self.session, context, request, "volumes")
    }

    /// Reads a volume.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &VolumeId) -> Result<Volume, Error> {
        let request = read("volumes", format!("read volume {id}")).segment(id.as_str());
        self.session.fetch_field(context, &request, "volume").await
    }

    /// Makes an empty volume and returns at once; it is made in the background.
    ///
    /// # Errors
    /// `Quota`, or the call failed. After `AnswerLost` look for its name or metadata before repeating it.
    ///
    /// # Effects
    /// Makes a volume; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, volume: &NewVolume) -> Result<Volume, Error> {
        let purpose = format!("create volume {}", volume.name);
        let request =
            change(Method::POST, Semantics::Keyed, "volumes", purpose).body(json!({"volume": volume}));
        self.session.fetch_field(context, &request, "volume").await
    }

    /// Changes a volume, also one that is used or reserved.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    ///
    /// # Effects
    /// Undone by an update with what was there before.
    pub async fn update(&self, context: &Context, id: &VolumeId, update: &VolumeUpdate) -> Result<(), Error> {
        let request = change(Method::PUT, Semantics::Idempotent, "volumes", format!("update volume {id}"))
            .segment(id.as_str())
            .body(json!({"volume": update}));
        self.session.send(context, &request).await.map(drop)
    }

    /// Deletes a volume with what it holds. Cinder refuses while it is used, reserved, or in a group.
    ///
    /// # Errors
    /// The call failed. A volume that is not there is no error.
    ///
    /// # Effects
    /// Not undone.
    pub async fn delete(&self, context: &Context, id: &VolumeId) -> Result<(), Error> {
        let request = change(Method::DELETE, Semantics::Idempotent, "volumes", format!("delete volume {id}"))
            .segment(id.as_str());
        delete(&self.session, context, &request).await
    }

    /// Lets Cinder forget a volume; its storage stays as it is. For administrators.
    ///
    /// # Errors
    /// The call failed. A volume that is not there is no error.
    ///
    /// # Effects
    /// Undone by managing its storage anew, under another id.
    pub async fn unmanage(&self, context: &Context, id: &VolumeId) -> Result<(), Error> {
        let purpose = format!("unmanage volume {id}");
        let request = action(id, Semantics::Idempotent, purpose, json!({"os-unmanage": {}}));
        delete(&self.session, context, &request).await
    }

    /// Makes a volume larger, also one in use.
    ///
    /// # Errors
    /// `Refused` if it is not larger than now; `Quota`; otherwise the call failed. After `AnswerLost` look at its size
    /// before repeating it.
    ///
    /// # Effects
    /// Not undone.
    pub async fn extend(&self, context: &Context, id: &VolumeId, size: u64) -> Result<(), Error> {
        let purpose = format!("extend volume {id} to {size} GiB");
        let body = json!({"os-extend": {"new_size": size}});
        self.act(context, action(id, Semantics::Keyed, purpose, body)).await
    }

    /// Says whether a server may boot from a volume.
    ///
    /// # Errors
    /// The call failed.
    ///
    /// # Effects
    /// Undone by itself with the other value.
    pub async fn set_bootable(&self, context: &Context, id: &VolumeId, bootable: bool) -> Result<(), Error> {
        let purpose = format!("set the bootable flag of volume {id}");
        let body = json!({"os-set_bootable": {"bootable": bootable}});
        self.act(context, action(id, Semantics::Idempotent, purpose, body)).await
    }

    /// Sets image properties of a volume; others that it has stay.
    ///
    /// # Errors
    /// The call failed.
    ///
    /// # Effects
    /// Undone by setting the former values.
    pub async fn set_image_metadata(
        &self,
        context: &Context,
        id: &VolumeId,
        metadata: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let purpose = format!("set image metadata of volume {id}");
        let body = json!({"os-set_image_metadata": {"metadata": metadata}});
        self.act(context, action(id, Semantics::Idempotent, purpose, body)).await
    }

    /// Removes one image property of a volume.
    ///
    /// # Errors
    /// The call failed. A property or a volume that is not there is no error.
    ///
    /// # Effects
    /// Undone by [`Self::set_image_metadata`].
    pub async fn unset_image_metadata(
        &self,
        context: &Context,
        id: &VolumeId,
        key: &str,
    ) -> Result<(), Error> {
        let purpose = format!("remove {key} from the image metadata of volume {id}");
        let body = json!({"os-unset_image_metadata": {"key": key}});
        delete(&self.session, context, &action(id, Semantics::Idempotent, purpose, body)).await
    }

    /// Sets metadata of a volume; others that it has stay.
    ///
    /// # Errors
    /// The call failed.
    ///
    /// # Effects
    /// Undone by setting the former values, or [`Self::unset_metadata`].
    // cinder/api/v3/volume_metadata.py (create), 2026.2
    pub async fn set_metadata(
        &self,
        context: &Context,
        id: &VolumeId,
        metadata: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let purpose = format!("set metadata of volume {id}");
        let request = change(Method::POST, Semantics::Idempotent, "volumes", purpose)
            .segment(id.as_str())
            .segment("metadata")
            .body(json!({"metadata": metadata}));
        self.session.send(context, &request).await.map(drop)
    }

    /// Removes one entry of a volume's metadata.
    ///
    /// # Errors
    /// The call failed. An entry or a volume that is not there is no error.
    ///
    /// # Effects
    /// Undone by [`Self::set_metadata`].
    pub async fn unset_metadata(&self, context: &Context, id: &VolumeId, key: &str) -> Result<(), Error> {
        let purpose = format!("remove {key} from the metadata of volume {id}");
        let request = change(Method::DELETE, Semantics::Idempotent, "volumes", purpose)
            .segment(id.as_str())
            .segment("metadata")
            .segment(key);
        delete(&self.session, context, &request).await
    }

    /// Reserves an available volume: its status is `attaching`, nobody can attach or delete it.
    ///
    /// # Errors
    /// `Refused` if it is not available, as one that is reserved already; otherwise the call failed. After `AnswerLost`
    /// look at its status before repeating it.
    ///
    /// # Effects
    /// Undone by [`Self::unreserve`].
    pub async fn reserve(&self, context: &Context, id: &VolumeId) -> Result<(), Error> {
        let purpose = format!("reserve volume {id}");
        self.act(context, action(id, Semantics::Keyed, purpose, json!({"os-reserve": null}))).await
    }

    /// Makes a reserved volume available; one that is not reserved stays as it is.
    ///
    /// # Errors
    /// The call failed.
    ///
    /// # Effects
    /// Undone by [`Self::reserve`].
    pub async fn unreserve(&self, context: &Context, id: &VolumeId) -> Result<(), Error> {
        let purpose = format!("unreserve volume {id}");
        self.act(context, action(id, Semantics::Idempotent, purpose, json!({"os-unreserve": null}))).await
    }

    /// Writes another status into Cinder's record of a volume; its storage is not touched. For administrators.
    ///
    /// # Errors
    /// `Refused` if Cinder knows no such status; otherwise the call failed.
    ///
    /// # Effects
    /// Undone by itself with the former status.
    // cinder/api/contrib/admin_actions.py (VolumeAdminController), 2026.2
    pub async fn reset_status(&self, context: &Context, id: &VolumeId, status: &str) -> Result<(), Error> {
        let purpose = format!("reset the status of volume {id} to {status}");
        let body = json!({"os-reset_status": {"status": status}});
        self.act(context, action(id, Semantics::Idempotent, purpose, body)).await
    }

    async fn act(&self, context: &Context, request: ApiRequest) -> Result<(), Error> {
        self.session.send(context, &request).await.map(drop)
    }
}

// cinder/api/contrib/{volume_actions,admin_actions,volume_image_metadata,volume_unmanage}.py, 2026.2
fn action(id: &VolumeId, semantics: Semantics, purpose: String, body: Value) -> ApiRequest {
    change(Method::POST, semantics, "volumes", purpose).segment(id.as_str()).segment("action").body(body)
}

#[cfg(test)]
mod tests;
