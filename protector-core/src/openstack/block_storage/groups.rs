use super::{change, read};
use crate::id::{ConsistencyGroupId, ProjectId, VolumeId};
use crate::openstack::delete::delete;
use crate::openstack::{ApiRequest, Error, Session, list};
use crate::time::optional_utc;
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A generic volume group, as `GET /groups/detail` gives it.
// cinder/api/v3/views/groups.py (ViewBuilder.detail), 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: ConsistencyGroupId,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// `available`, `creating`, `updating`, `deleting`, `error`, …
    pub status: String,
    /// The id of its type.
    pub group_type: Option<String>,
    /// The ids of the volume types it may hold.
    #[serde(default)]
    pub volume_types: Vec<String>,
    /// Its volumes (3.25).
    #[serde(default)]
    pub volumes: Vec<VolumeId>,
    /// The availability zone it is in.
    pub availability_zone: Option<String>,
    /// What Cinder believes of its replication (3.38); not what the array does.
    pub replication_status: Option<String>,
    /// The project that owns it (3.58); shown to administrators only.
    pub project_id: Option<ProjectId>,
    /// When it was made.
    #[serde(default, deserialize_with = "optional_utc")]
    pub created_at: Option<Timestamp>,
}

/// Where a group is replicated to. What else Cinder says of it is left out: to administrators it tells the backend's
/// secrets.
// cinder/volume/manager.py (list_replication_targets), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReplicationTarget {
    /// The name of the target in the backend's configuration.
    pub backend_id: String,
}

/// Which groups to list.
#[derive(Debug, Clone, Default)]
pub struct GroupQuery {
    /// Those of this name.
    pub name: Option<String>,
}

/// A group to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The id of its type.
    pub group_type: String,
    /// The ids or names of the volume types it may hold.
    pub volume_types: Vec<String>,
}

/// The groups of the session's project.
#[derive(Debug, Clone)]
pub struct Groups {
    session: Session,
}

/// The longest list of volumes that one change of a group takes.
// cinder/api/validation/parameter_types.py (description: maxLength 255) for add_volumes and remove_volumes, 2026.2
const LONGEST_VOLUME_LIST: usize = 255;

impl Groups {
    /// The groups of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists groups with all their attributes and volumes.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &GroupQuery,
    ) -> impl Stream<Item = Result<Group, Error>> + Send + 'a {
        let mut request = read("groups/detail", "list groups").query("list_volume", "true");
        if let Some(name) = &query.name {
            request = request.query("name", name);
        }
        list(&self.session, context, request, "groups")
    }

    /// Reads a group with its volumes.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &ConsistencyGroupId) -> Result<Group, Error> {
        let request =
            read("groups", format!("read group {id}")).segment(id.as_str()).query("list_volume", "true");
        self.session.fetch_field(context, &request, "group").await
    }

    /// Makes a group and returns its id at once; the driver makes it on the array in the background.
    ///
    /// # Errors
    /// The call failed. Names are not unique: after `AnswerLost` look for the name before repeating it.
    ///
    /// # Effects
    /// A group without volumes; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, group: &NewGroup) -> Result<ConsistencyGroupId, Error> {
        #[derive(Deserialize)]
        struct Created {
            id: ConsistencyGroupId,
        }
        let purpose = format!("create group {}", group.name);
        let request = change(Method::POST, Semantics::Keyed, "groups", purpose).body(json!({"group": group}));
        let created: Created = self.session.fetch_field(context, &request, "group").await?;
        Ok(created.id)
    }

    /// Adds volumes, as many as [`volume_batches`] puts into one call; the driver does it in the background.
    ///
    /// # Errors
    /// The group is not `available`, a volume is in a group already, or the call failed.
    ///
    /// # Effects
    /// Undone by [`Self::remove_volumes`].
    pub async fn add_volumes(
        &self,
        context: &Context,
        id: &ConsistencyGroupId,
        volumes: &[VolumeId],
    ) -> Result<(), Error> {
        self.update(context, id, "add_volumes", volumes).await
    }

    /// Removes volumes, as many as [`volume_batches`] puts into one call; they stay. The driver does it in the
    /// background.
    ///
    /// # Errors
    /// The group is not `available`, a volume is not in the group, or the call failed.
    ///
    /// # Effects
    /// Undone by [`Self::add_volumes`].
    pub async fn remove_volumes(
        &self,
        context: &Context,
        id: &ConsistencyGroupId,
        volumes: &[VolumeId],
    ) -> Result<(), Error> {
        self.update(context, id, "remove_volumes", volumes).await
    }

    // A volume that is in the group already is refused: the caller has to look before repeating.
    async fn update(
        &self,
        context: &Context,
        id: &ConsistencyGroupId,
        verb: &str,
        volumes: &[VolumeId],
    ) -> Result<(), Error> {
        let purpose = format!("{} of group {id}", verb.replace('_', " "));
        let request = change(Method::PUT, Semantics::Keyed, "groups", purpose)
            .segment(id.as_str())
            .body(json!({"group": {verb: joined(volumes)}}));
        self.session.send(context, &request).await.map(drop)
    }

    /// Deletes a group that has no volumes; the driver does it in the background.
    ///
    /// # Errors
    /// The group has volumes, or the call failed. A group that is not there is no error.
    ///
    /// # Effects
    /// The array's group goes, too. Not undone.
    pub async fn delete(&self, context: &Context, id: &ConsistencyGroupId) -> Result<(), Error> {
        let body = json!({"delete": {"delete-volumes": false}});
        let request = action(id, Semantics::Idempotent, format!("delete group {id}"), body);
        delete(&self.session, context, &request).await
    }

    /// Deletes a group with its volumes and all that they hold; the driver does it in the background.
    ///
    /// # Errors
    /// A volume is used, or the call failed. A group that is not there is no error.
    ///
    /// # Effects
    /// Not undone.
    pub async fn delete_with_volumes(&self, context: &Context, id: &ConsistencyGroupId) -> Result<(), Error> {
        let body = json!({"delete": {"delete-volumes": true}});
        let request = action(id, Semantics::Idempotent, format!("delete group {id} with its volumes"), body);
        delete(&self.session, context, &request).await
    }

    /// Writes another status into Cinder's record of a group; the array is not touched. For administrators.
    ///
    /// # Errors
    /// `Refused` if Cinder knows no such status; otherwise the call failed.
    ///
    /// # Effects
    /// Undone by itself with the former status.
    pub async fn reset_status(
        &self,
        context: &Context,
        id: &ConsistencyGroupId,
        status: &str,
    ) -> Result<(), Error> {
        let purpose = format!("reset the status of group {id} to {status}");
        let body = json!({"reset_status": {"status": status}});
        let request = action(id, Semantics::Idempotent, purpose, body);
        self.session.send(context, &request).await.map(drop)
    }

    /// Lists where a group is replicated to (3.38): the targets that its backend is configured with.
    ///
    /// # Errors
    /// `Refused` if its type does not replicate, or the call failed.
    pub async fn replication_targets(
        &self,
        context: &Context,
        id: &ConsistencyGroupId,
    ) -> Result<Vec<ReplicationTarget>, Error> {
        let purpose = format!("list the replication targets of group {id}");
        let request = action(id, Semantics::Safe, purpose, json!({"list_replication_targets": {}}));
        self.session.fetch_field(context, &request, "replication_targets").await
    }
}

// cinder/api/v3/groups.py, 2026.2
fn action(id: &ConsistencyGroupId, semantics: Semantics, purpose: String, body: Value) -> ApiRequest {
    change(Method::POST, semantics, "groups", purpose).segment(id.as_str()).segment("action").body(body)
}

fn joined(volumes: &[VolumeId]) -> String {
    volumes.iter().map(VolumeId::as_str).collect::<Vec<_>>().join(",")
}

/// Splits volumes into lists that Cinder takes in one change of a group: 255 characters, six ids.
pub fn volume_batches(volumes: &[VolumeId]) -> Vec<Vec<VolumeId>> {
    let mut batches: Vec<Vec<VolumeId>> = Vec::new();
    for volume in volumes {
        match batches.last_mut() {
            Some(batch) if joined(batch).len() + 1 + volume.as_str().len() <= LONGEST_VOLUME_LIST => {
                batch.push(volume.clone());
            }
            _ => batches.push(vec![volume.clone()]),
        }
    }
    batches
}
