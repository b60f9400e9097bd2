use super::read;
use crate::id::VolumeId;
use crate::openstack::{Error, Session, list};
use crate::time::optional_utc;
use crate::transport::Context;
use futures::Stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A snapshot of a volume, as `GET /snapshots/detail` gives it.
// cinder/api/v3/views/snapshots.py (ViewBuilder.detail), cinder/api/views/snapshots.py, 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The volume it is of.
    pub volume_id: VolumeId,
    /// `available`, `creating`, `error`, …
    pub status: String,
    /// The volume's size when it was taken, GiB.
    pub size: u64,
    /// Its metadata.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// The group snapshot it was taken with (3.14).
    pub group_snapshot_id: Option<String>,
    /// When it was taken.
    #[serde(default, deserialize_with = "optional_utc")]
    pub created_at: Option<Timestamp>,
}

/// Which snapshots to list: those that match all that is given.
#[derive(Debug, Clone, Default)]
pub struct SnapshotQuery {
    /// Those of this volume.
    pub volume_id: Option<VolumeId>,
    /// Those of exactly this name.
    pub name: Option<String>,
    /// Those in this status.
    pub status: Option<String>,
}

/// The snapshots of the session's project.
#[derive(Debug, Clone)]
pub struct Snapshots {
    session: Session,
}

impl Snapshots {
    /// The snapshots of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists snapshots with all their attributes.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &SnapshotQuery,
    ) -> impl Stream<Item = Result<Snapshot, Error>> + Send + 'a {
        let mut request = read("snapshots/detail", "list snapshots");
        for (key, value) in [
            ("volume_id", query.volume_id.as_ref().map(VolumeId::as_str)),
            ("name", query.name.as_deref()),
            ("status", query.status.as_deref()),
        ] {
            if let Some(value) = value {
                request = request.query(key, value);
            }
        }
        list(&self.session, context, request, "snapshots")
    }
}

#[cfg(test)]
mod tests;
