use crate::id::{
    ArrayName, ArrayVolumeId, ConsistencyGroupId, GroupId, LineageId, OperationId, PortId, ProjectId,
    ServerId, SiteName, VolumeId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A project's named set of VMs that moves as one. The body of a document that both site stores hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectionGroup {
    /// Its id.
    pub id: GroupId,
    /// Its name, unique among the groups of both stores.
    pub name: String,
    /// Where it stands.
    pub status: GroupStatus,
    /// How it is replicated.
    pub replication_type: ReplicationType,
    /// Its home; fixed.
    pub primary_site: SiteName,
    /// The other site; fixed.
    pub secondary_site: SiteName,
    /// Where it runs.
    pub current_primary_site: SiteName,
    /// +1 whenever the primary changes. The higher one is right.
    pub epoch: u64,
    /// How often it was moved away from where it ran.
    pub failover_count: u32,
    /// When it was last moved.
    pub last_failover_at: Option<Timestamp>,
    /// When protection began.
    pub created_at: Timestamp,
    /// The operation that is changing it, if one is.
    pub operation: Option<OperationId>,
    /// The project at each site.
    pub projects: BTreeMap<SiteName, ProjectId>,
    /// The Cinder group at each site.
    #[serde(default)]
    pub consistency_groups: BTreeMap<SiteName, ConsistencyGroupId>,
    /// The array's group at each site.
    #[serde(default)]
    pub storage_groups: BTreeMap<SiteName, StorageGroupReference>,
    /// Time between two scheduled points, seconds.
    pub replication_interval: u64,
    /// How long the target keeps scheduled points, seconds.
    pub retention: u64,
    /// The recovery point objective, minutes.
    pub rpo_minutes: u32,
    /// Its VMs, by lineage.
    pub members: BTreeMap<LineageId, Member>,
}

/// Where a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GroupStatus {
    /// Protection is being set up.
    Creating,
    /// It runs at home and its data reaches the other site.
    Active,
    /// It is being moved away from home.
    FailingOver,
    /// It runs at the other site.
    FailedOver,
    /// It is being moved home.
    FailingBack,
    /// Protection is being ended.
    Deleting,
    /// Something a person has to look at.
    Error,
}

impl GroupStatus {
    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::FailingOver => "failing_over",
            Self::FailedOver => "failed_over",
            Self::FailingBack => "failing_back",
            Self::Deleting => "deleting",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for GroupStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How a group's data reaches the other site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplicationType {
    /// Snapshots, on a schedule and on demand.
    Async,
}

impl fmt::Display for ReplicationType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Async => formatter.write_str("async"),
        }
    }
}

/// The array's side of a consistency group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageGroupReference {
    /// The array.
    pub array: ArrayName,
    /// The group's name there.
    pub name: String,
}

/// One VM of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The VM's identity through all moves.
    pub lineage: LineageId,
    /// The server's name.
    pub name: String,
    /// Lower ones start first and stop last.
    pub order: u32,
    /// The server at each site where there is one.
    #[serde(default)]
    pub servers: BTreeMap<SiteName, ServerId>,
    /// Its ports, in order.
    #[serde(default)]
    pub ports: Vec<PortLineage>,
    /// Its volumes, root first.
    #[serde(default)]
    pub volumes: Vec<VolumeLineage>,
}

/// One port's identity through all moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortLineage {
    /// The identity.
    pub lineage: LineageId,
    /// The port at each site where there is one.
    #[serde(default)]
    pub sites: BTreeMap<SiteName, PortId>,
}

/// One volume's identity through all moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeLineage {
    /// The identity.
    pub lineage: LineageId,
    /// The volume's name, or a name made for it.
    pub name: String,
    /// The volume at each site where there is one.
    #[serde(default)]
    pub sites: BTreeMap<SiteName, SiteVolume>,
}

/// A lineage's volume at one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteVolume {
    /// In Cinder.
    pub volume_id: VolumeId,
    /// The array it is on.
    pub array: ArrayName,
    /// On the array.
    pub array_volume_id: ArrayVolumeId,
    /// What hosts see.
    pub serial: String,
    /// Its name on the array when it was last looked at.
    pub array_volume_name: String,
}

impl ProtectionGroup {
    /// The site that is not `site`.
    pub fn other_site(&self, site: &SiteName) -> &SiteName {
        if *site == self.primary_site { &self.secondary_site } else { &self.primary_site }
    }

    /// The Cinder group where the group runs: what users know as its consistency group.
    pub fn consistency_group_id(&self) -> Option<&ConsistencyGroupId> {
        self.consistency_groups.get(&self.current_primary_site)
    }

    /// All volume lineages with their members.
    pub fn volumes(&self) -> impl Iterator<Item = (&Member, &VolumeLineage)> {
        self.members.values().flat_map(|member| member.volumes.iter().map(move |volume| (member, volume)))
    }
}
