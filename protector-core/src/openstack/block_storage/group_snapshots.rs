use super::{change, read};
use crate::id::{ConsistencyGroupId, ProjectId};
use crate::openstack::delete::delete;
use crate::openstack::{Error, Session, list};
use crate::time::optional_utc;
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A snapshot of all volumes of a group at one moment, as `GET /group_snapshots/detail` gives it.
// cinder/api/v3/views/group_snapshots.py (ViewBuilder.detail), 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupSnapshot {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The group it is of.
    pub group_id: ConsistencyGroupId,
    /// The id of the group's type.
    pub group_type_id: Option<String>,
    /// `available`, `creating`, `error`, …
    pub status: String,
    /// The project that owns it (3.58); shown to administrators only.
    pub project_id: Option<ProjectId>,
    /// When it was asked for.
    #[serde(default, deserialize_with = "optional_utc")]
    pub created_at: Option<Timestamp>,
}

/// Which group snapshots to list: those that match all that is given.
#[derive(Debug, Clone, Default)]
pub struct GroupSnapshotQuery {
    /// Those of this group.
    pub group_id: Option<ConsistencyGroupId>,
    /// Those of exactly this name.
    pub name: Option<String>,
}

/// A group snapshot to be taken.
// cinder/api/schemas/group_snapshots.py (create), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewGroupSnapshot {
    /// The group.
    pub group_id: ConsistencyGroupId,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The group snapshots of the session's project.
#[derive(Debug, Clone)]
pub struct GroupSnapshots {
    session: Session,
}

impl GroupSnapshots {
    /// The group snapshots of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists group snapshots with all their attributes.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &GroupSnapshotQuery,
    ) -> impl Stream<Item = Result<GroupSnapshot, Error>> + Send + 'a {
        let mut request = read("group_snapshots/detail", "list group snapshots");
        if let Some(group) = &query.group_id {
            request = request.query("group_id", group.as_str());
        }
        if let Some(name) = &query.name {
            request = request.query("name", name);
        }
        list(&self.session, context, request, "group_snapshots")
    }

    /// Reads a group snapshot.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<GroupSnapshot, Error> {
        let request = read("group_snapshots", format!("read group snapshot {id}")).segment(id);
        self.session.fetch_field(context, &request, "group_snapshot").await
    }

    /// Takes a snapshot of a group and returns its id at once; it is taken in the background.
    ///
    /// # Errors
    /// `Refused` if the group has no volumes or is not `available`; otherwise the call failed. Names are not unique:
    /// after `AnswerLost` look for the name before repeating it.
    ///
    /// # Effects
    /// A group snapshot, and a snapshot of each volume; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, snapshot: &NewGroupSnapshot) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Created {
            id: String,
        }
        let purpose = format!("snapshot group {} as {}", snapshot.group_id, snapshot.name);
        let request = change(Method::POST, Semantics::Keyed, "group_snapshots", purpose)
            .body(json!({"group_snapshot": snapshot}));
        let created: Created = self.session.fetch_field(context, &request, "group_snapshot").await?;
        Ok(created.id)
    }

    /// Deletes a group snapshot with the snapshots of the volumes, in the background.
    ///
    /// # Errors
    /// The call failed. A group snapshot that is not there is no error.
    ///
    /// # Effects
    /// Not undone.
    pub async fn delete(&self, context: &Context, id: &str) -> Result<(), Error> {
        let purpose = format!("delete group snapshot {id}");
        let request = change(Method::DELETE, Semantics::Idempotent, "group_snapshots", purpose).segment(id);
        delete(&self.session, context, &request).await
    }
}

#[cfg(test)]
mod tests;
