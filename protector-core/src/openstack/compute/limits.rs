use super::read;
use crate::openstack::{Error, Session};
use crate::transport::Context;
use serde::Deserialize;
use serde_json::Value;

/// What the session's project may use and uses; every user of the project may read it. -1 is without limit.
// nova/api/openstack/compute/views/limits.py, nova/api/openstack/compute/limits.py, 2.96, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Limits {
    /// Servers allowed.
    #[serde(rename = "maxTotalInstances")]
    pub max_instances: i64,
    /// Processors allowed.
    #[serde(rename = "maxTotalCores")]
    pub max_cores: i64,
    /// Memory allowed, MiB.
    #[serde(rename = "maxTotalRAMSize")]
    pub max_ram: i64,
    /// Server groups allowed.
    #[serde(rename = "maxServerGroups")]
    pub max_server_groups: i64,
    /// Servers used.
    #[serde(rename = "totalInstancesUsed")]
    pub instances_used: i64,
    /// Processors used.
    #[serde(rename = "totalCoresUsed")]
    pub cores_used: i64,
    /// Memory used, MiB.
    #[serde(rename = "totalRAMUsed")]
    pub ram_used: i64,
    /// Server groups used.
    #[serde(rename = "totalServerGroupsUsed")]
    pub server_groups_used: i64,
}

/// The limits of the session's project.
#[derive(Debug, Clone)]
pub struct ComputeLimits {
    session: Session,
}

impl ComputeLimits {
    /// The limits of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Reads the limits.
    ///
    /// # Errors
    /// The call failed.
    pub async fn get(&self, context: &Context) -> Result<Limits, Error> {
        let request = read("limits", "read the compute limits");
        let limits: Value = self.session.fetch_field(context, &request, "limits").await?;
        let absolute = limits.get("absolute").cloned().unwrap_or_default();
        serde_json::from_value(absolute).map_err(|source| self.session.malformed(&request, source))
    }
}
