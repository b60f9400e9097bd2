use super::read;
use crate::openstack::{Error, Session};
use crate::transport::Context;
use serde::Deserialize;
use serde_json::Value;

/// What the session's project may use of Cinder, and uses. -1 is without limit.
// cinder/api/views/limits.py, cinder/api/contrib/used_limits.py, 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VolumeLimits {
    /// Volumes allowed.
    #[serde(rename = "maxTotalVolumes")]
    pub max_volumes: i64,
    /// GiB allowed, in volumes and snapshots together.
    #[serde(rename = "maxTotalVolumeGigabytes")]
    pub max_gigabytes: i64,
    /// Snapshots allowed.
    #[serde(rename = "maxTotalSnapshots")]
    pub max_snapshots: i64,
    /// Volumes used, if the role may see it.
    #[serde(rename = "totalVolumesUsed")]
    pub volumes_used: Option<i64>,
    /// GiB used, if the role may see it.
    #[serde(rename = "totalGigabytesUsed")]
    pub gigabytes_used: Option<i64>,
    /// Snapshots used, if the role may see it.
    #[serde(rename = "totalSnapshotsUsed")]
    pub snapshots_used: Option<i64>,
}

/// The limits of the session's project: every user of it may read them. They say nothing of groups and of single volume
/// types: that is in [`Quotas`](super::Quotas).
#[derive(Debug, Clone)]
pub struct Limits {
    session: Session,
}

impl Limits {
    /// The limits of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Reads the limits.
    ///
    /// # Errors
    /// The call failed.
    pub async fn get(&self, context: &Context) -> Result<VolumeLimits, Error> {
        let request = read("limits", "read the volume limits");
        let limits: Value = self.session.fetch_field(context, &request, "limits").await?;
        let absolute = limits.get("absolute").cloned().unwrap_or_default();
        serde_json::from_value(absolute).map_err(|source| self.session.malformed(&request, source))
    }
}

#[cfg(test)]
mod tests;
