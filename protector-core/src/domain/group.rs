use super::{GroupPolicy, OperationType};
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
    pub created_at: Option<Timestamp>,
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
    /// Whether its data reaches the other site.
    #[serde(default)]
    pub replication: ReplicationState,
    /// The last move, until it is committed or undone.
    #[serde(default)]
    pub uncommitted: Option<UncommittedMove>,
    /// What the last unplanned move lost.
    #[serde(default)]
    pub last_loss: Option<Loss>,
    /// The test that runs, if one does.
    #[serde(default)]
    pub test: Option<RunningTest>,
    /// What a person wants of its moves.
    #[serde(default, skip_serializing_if = "GroupPolicy::is_unsaid")]
    pub policy: GroupPolicy,
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
    /// It was moved, but not all of its VMs run.
    FailedOverPartial,
    /// It is being moved home.
    FailingBack,
    /// Its members or its policy change, or its safety copies are being let go.
    Updating,
    /// A test is being set up.
    Testing,
    /// A test runs.
    TestActive,
    /// A test is being ended.
    Cleaning,
    /// It is being replicated and captured.
    Syncing,
    /// Protection is being ended.
    Deleting,
    /// Something a person has to look at.
    Error,
}

impl GroupStatus {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Creating,
        Self::Active,
        Self::FailingOver,
        Self::FailedOver,
        Self::FailedOverPartial,
        Self::FailingBack,
        Self::Updating,
        Self::Testing,
        Self::TestActive,
        Self::Cleaning,
        Self::Syncing,
        Self::Deleting,
        Self::Error,
    ];

    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::FailingOver => "failing_over",
            Self::FailedOver => "failed_over",
            Self::FailedOverPartial => "failed_over_partial",
            Self::FailingBack => "failing_back",
            Self::Updating => "updating",
            Self::Testing => "testing",
            Self::TestActive => "test_active",
            Self::Cleaning => "cleaning",
            Self::Syncing => "syncing",
            Self::Deleting => "deleting",
            Self::Error => "error",
        }
    }

    /// Whether no operation is changing the group.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Active | Self::FailedOver | Self::FailedOverPartial | Self::TestActive | Self::Error => {
                true
            }
            Self::Creating
            | Self::FailingOver
            | Self::FailingBack
            | Self::Updating
            | Self::Testing
            | Self::Cleaning
            | Self::Syncing
            | Self::Deleting => false,
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

/// Whether a group's data reaches the other site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplicationState {
    /// From where the group runs to the other site, by schedule.
    #[default]
    Running,
    /// It does not: `reprotect` makes it.
    Stopped,
}

/// A move whose safety copies are still kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UncommittedMove {
    /// The operation.
    pub operation: OperationId,
    /// What it was.
    pub operation_type: OperationType,
    /// The site that the group was moved away from: its volumes hold what they held when it was stopped.
    pub from: SiteName,
    /// Whether it can be taken back: it was planned, so that nothing newer than what is here was left there.
    pub undoable: bool,
    /// What is kept of volumes that were overwritten, by this move and by those before it.
    pub safety_snapshots: Vec<SafetySnapshotReference>,
}

/// A safety snapshot on an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetySnapshotReference {
    /// The site of the array.
    pub site: SiteName,
    /// The array.
    pub array: ArrayName,
    /// The group there.
    pub group: String,
    /// The snapshot's name.
    pub name: String,
}

/// What an unplanned move lost: what was written between two moments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// The recovery point that the group goes on from.
    pub point: String,
    /// The moment that the point holds: nothing before it is lost.
    pub from: Timestamp,
    /// Nothing that was written after this moment counted any more: the source was known to be stopped, or the other site
    /// had become the primary. The loss is never larger than what was written from `from` until then.
    pub until: Timestamp,
    /// When the source was heard of last before the move, if it is known.
    pub last_contact: Option<Timestamp>,
    /// Bytes that were written since the point, where the source's array could still tell.
    pub bytes: Option<u64>,
}

/// A test that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningTest {
    /// The operation that made it: all it made bears its marker.
    pub operation: OperationId,
    /// Where it runs.
    pub site: SiteName,
    /// The recovery point it runs on.
    pub point: String,
    /// Since when.
    pub started_at: Timestamp,
    /// When it is ended if nobody ends it before.
    pub ends_at: Option<Timestamp>,
    /// Whether its VMs were to have floating IPs: else there are none to be looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floating_ips: bool,
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
    /// Lower ones start first and stop last, unless the group's policy has an order.
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
    /// Why it does not run where the group does, if it does not.
    #[serde(default)]
    pub absent: Option<Absence>,
}

/// Why a VM does not run where its group does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// What went wrong.
    pub reason: String,
    /// Whether a person has left it so: then the group counts as moved without it.
    pub left: bool,
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

    /// The status of the group when nothing changes it and no test runs.
    pub fn settled_status(&self) -> GroupStatus {
        let missing = |member: &Member| member.absent.as_ref().is_some_and(|absence| !absence.left);
        if self.members.values().any(missing) {
            GroupStatus::FailedOverPartial
        } else if self.current_primary_site == self.primary_site {
            GroupStatus::Active
        } else {
            GroupStatus::FailedOver
        }
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
