use super::{Action, SnapshotPlace};
use crate::id::{GroupId, SiteName};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Something that a group holds where it does not run, or for its moves and tests: it is in use, and is never pruned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Whose it is.
    pub group: GroupId,
    /// The group's name.
    pub group_name: String,
    /// Where.
    pub site: SiteName,
    /// What.
    pub kind: HeldKind,
    /// Its id there; of a snapshot its name within its group.
    pub id: String,
    /// Its name, for a person.
    pub name: String,
    /// Where on an array, if it is a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<SnapshotPlace>,
    /// Bytes that it takes up, as far as they are known.
    pub bytes: Option<u64>,
    /// Since when it is there, if that is known.
    pub since: Option<Timestamp>,
    /// What it holds of the project's quotas: `volumes`, `gigabytes`, `instances`, …
    pub quota: BTreeMap<String, u64>,
    /// Why it is kept.
    pub reason: String,
    /// What can be done with the group that lets go of it.
    pub released_by: Vec<Action>,
}

/// What kind of thing a group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HeldKind {
    /// The stopped server of a member where the group does not run.
    ShadowServer,
    /// A port of it.
    ShadowPort,
    /// The other site's volume of a lineage.
    Twin,
    /// What an overwritten volume held, kept for the last move.
    SafetySnapshot,
    /// A recovery point that protector made in this epoch, or that a test runs on.
    RecoveryPoint,
    /// A server of the test that runs.
    TestServer,
    /// A port of it.
    TestPort,
    /// A volume of it.
    TestVolume,
    /// A network of it.
    TestNetwork,
}

impl Held {
    /// How long it has been there, if that is known. Never less than nothing: an array's clock may be ahead of this machine's.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.since.map(|since| now.duration_since(since).max(SignedDuration::ZERO))
    }
}

impl HeldKind {
    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShadowServer => "shadow_server",
            Self::ShadowPort => "shadow_port",
            Self::Twin => "twin",
            Self::SafetySnapshot => "safety_snapshot",
            Self::RecoveryPoint => "recovery_point",
            Self::TestServer => "test_server",
            Self::TestPort => "test_port",
            Self::TestVolume => "test_volume",
            Self::TestNetwork => "test_network",
        }
    }
}

impl fmt::Display for HeldKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
