use crate::arrays::content::Content;
use crate::arrays::objects::{Reference, object};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const SOURCE_GROUP: &str = "source-group";
pub(super) const MEMBER: &str = "member";

/// A protection group, or what stands for one of another array that replicates to this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The scope that holds it.
    pub home: String,
    /// The array that it was made on.
    pub array: String,
    /// When it was made.
    pub created: Timestamp,
    /// Since when it is destroyed.
    pub destroyed: Option<Timestamp>,
    /// Whether it is this array's own.
    pub is_local: bool,
    /// The array whose group it is.
    pub source: Reference,
    /// Id of the group there that this stands for.
    pub source_group: Option<String>,
    /// Ids of its volumes. Members are all of one kind.
    pub volumes: Vec<String>,
    /// Ids of its hosts.
    pub hosts: Vec<String>,
    /// Ids of its host groups.
    pub host_groups: Vec<String>,
    /// The arrays that it is replicated to.
    pub targets: BTreeMap<String, Target>,
    /// The number of the last snapshot that got one.
    pub number: u64,
    /// "ratcheted" or "unlocked".
    pub retention_lock: String,
    /// When snapshots are made and sent.
    pub replication: Schedule,
    /// When snapshots are made that stay here.
    pub snapshot: Schedule,
    /// What is kept here.
    pub source_retention: Retention,
    /// What is kept on targets.
    pub target_retention: Retention,
    /// When it is replicated next.
    pub next_replication: Option<Timestamp>,
    /// Whether that could not be done when it was due.
    pub overdue: bool,
    /// When a snapshot that stays here is made next.
    pub next_snapshot: Option<Timestamp>,
}

object!(Group, "array.group", "Protection group", more_keys);

impl Group {
    fn more_keys(&self) -> Vec<(&'static str, String)> {
        let members = self.volumes.iter().map(|id| (MEMBER, id.clone()));
        members.chain(self.source_group.iter().map(|id| (SOURCE_GROUP, id.clone()))).collect()
    }

    pub(in crate::arrays) fn new(
        id: String,
        name: &str,
        home: &str,
        array: &str,
        source: Reference,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            home: home.to_owned(),
            array: array.to_owned(),
            created: now,
            destroyed: None,
            is_local: true,
            source,
            source_group: None,
            volumes: Vec::new(),
            hosts: Vec::new(),
            host_groups: Vec::new(),
            targets: BTreeMap::new(),
            number: 0,
            retention_lock: "unlocked".to_owned(),
            replication: Schedule { frequency: 14_400_000, ..Schedule::default() },
            snapshot: Schedule { frequency: 3_600_000, ..Schedule::default() },
            source_retention: Retention::default(),
            target_retention: Retention::default(),
            next_replication: None,
            overdue: false,
            next_snapshot: None,
        }
    }

    /// Whether SafeMode holds it.
    pub fn is_ratcheted(&self) -> bool {
        self.retention_lock == "ratcheted"
    }

    /// Whether it has members of any kind.
    pub fn is_empty(&self) -> bool {
        self.volumes.is_empty() && self.hosts.is_empty() && self.host_groups.is_empty()
    }

    /// Whether some target lets it be replicated there.
    pub fn is_allowed_anywhere(&self) -> bool {
        self.targets.values().any(|target| target.allowed)
    }
}

/// An array that a group is replicated to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Whether it allows it.
    pub allowed: bool,
    /// What was sent last, by the volume's id: what differs from that has to be sent next.
    pub(in crate::arrays) sent: BTreeMap<String, Sent>,
}

/// What was sent of a volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    pub(in crate::arrays) content: Content,
}

/// When something is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Whether it is done at all.
    pub enabled: bool,
    /// Milliseconds between two times.
    pub frequency: u64,
    /// Seconds since midnight, where the frequency is in days.
    pub at: Option<u64>,
    /// When it is not done.
    pub blackout: Option<Window>,
}

/// A part of each day; it may go over midnight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Milliseconds since midnight.
    pub start: u64,
    /// Milliseconds since midnight.
    pub end: u64,
}

/// Which snapshots are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retention {
    /// Seconds for which all are kept.
    pub all_for_sec: u64,
    /// How many of each day are kept after that.
    pub per_day: u64,
    /// For so many days.
    pub days: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { all_for_sec: 86_400, per_day: 4, days: 7 }
    }
}
