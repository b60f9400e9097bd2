use crate::id::{ArrayName, ArrayVolumeId, GroupId, OperationId};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// What a driver can do; the planner asks before it plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// Snapshots replicated on a schedule and on demand.
    pub asynchronous: bool,
    /// A volume's content can be overwritten from a replicated snapshot.
    pub overwrite: bool,
    /// Marks can be kept with a volume.
    pub marks: bool,
    /// A point's content can be kept from the array's own retention.
    pub holds: bool,
}

impl Capabilities {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// With asynchronous replication.
    #[must_use]
    pub fn with_asynchronous(self) -> Self {
        Self { asynchronous: true, ..self }
    }

    /// With overwriting.
    #[must_use]
    pub fn with_overwrite(self) -> Self {
        Self { overwrite: true, ..self }
    }

    /// With marks.
    #[must_use]
    pub fn with_marks(self) -> Self {
        Self { marks: true, ..self }
    }

    /// With holding points.
    #[must_use]
    pub fn with_holds(self) -> Self {
        Self { holds: true, ..self }
    }
}

/// An array as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayDescription {
    /// Its own name.
    pub name: ArrayName,
    /// Its identity.
    pub id: String,
    /// The version of its software.
    pub version: String,
    /// The arrays it replicates to.
    pub peers: Vec<Peer>,
}

/// An array that another replicates to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: ArrayName,
    /// Whether the connection works now.
    pub connected: bool,
}

/// A volume on an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayVolume {
    /// Its identity, which stays.
    pub id: ArrayVolumeId,
    /// Its name now.
    pub name: String,
    /// Its serial number, which hosts see.
    pub serial: String,
    /// Bytes.
    pub size: u64,
}

/// The array's side of a Cinder consistency group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageGroup {
    /// Its name on its own array.
    pub name: String,
    /// Its volumes.
    pub members: Vec<ArrayVolume>,
    /// Where it replicates to.
    pub targets: Vec<ReplicationTarget>,
    /// Schedule, interval, retention.
    pub settings: ReplicationSettings,
}

/// Where a group replicates to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicationTarget {
    /// The array.
    pub array: ArrayName,
    /// Whether that array allows it.
    pub allowed: bool,
}

/// How a group replicates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationSettings {
    /// Whether the schedule is on.
    pub enabled: bool,
    /// Time between two scheduled points.
    pub interval: Duration,
    /// How long the target keeps scheduled points; `None` leaves it as it is.
    pub retention: Option<Duration>,
}

/// A group as its replication target sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupOrigin {
    /// The array it replicates from.
    pub array: ArrayName,
    /// Its name there.
    pub group: String,
}

/// All volumes of a group at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoveryPoint {
    /// Its name within the group: the suffix.
    pub name: String,
    /// The moment, by the source array's clock.
    pub created: SystemTime,
    /// When it had wholly arrived here; `None` while it has not.
    pub completed: Option<SystemTime>,
    /// 0 to 1.
    pub progress: f64,
    /// Bytes that were transferred for it, as far as the array tells.
    pub bytes_transferred: Option<u64>,
    /// Bytes that it takes up beside what volumes and other snapshots hold, as far as the array tells.
    pub bytes: Option<u64>,
    /// Whether it is held, so that it stays usable though the array's own retention removes it (clause 23).
    pub held: bool,
    /// Its volumes; on the target only known once it is complete.
    pub members: Vec<PointMember>,
}

/// A volume in a recovery point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointMember {
    /// The volume's name on the source array when the point was made: what `materialize` is given.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

/// A snapshot of a group on its own array, whoever made it: protector, the group's schedule, anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePoint {
    /// Its name within the group: the suffix.
    pub name: String,
    /// The moment, by the array's clock.
    pub created: SystemTime,
    /// Bytes that it takes up beside what volumes and other snapshots hold, as far as the array tells.
    pub bytes: Option<u64>,
    /// Whether it is destroyed: the array eradicates it after a while, and until then it can be recovered there.
    pub destroyed: bool,
}

/// What a volume was made to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Where the point came from.
    pub origin: GroupOrigin,
    /// The point's name.
    pub point: String,
}

/// An epoch, as it is kept with volumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochMark {
    /// Whose epoch.
    pub group: GroupId,
    /// The epoch.
    pub epoch: u64,
    /// Which operation raised it.
    pub operation: OperationId,
}
