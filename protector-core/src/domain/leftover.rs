use super::naming;
use crate::id::{ArrayName, GroupId, OperationId, SiteName};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Something at a site that bears protector's marker and is of no use any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Where.
    pub site: SiteName,
    /// What.
    pub kind: LeftoverKind,
    /// Its id there; of a snapshot its name within its group.
    pub id: String,
    /// Its name, for a person.
    pub name: String,
    /// The group that its marker names; none if it names a test only of which nothing is on record.
    pub group: Option<GroupId>,
    /// The test that its marker names, if it was made for one.
    pub test: Option<OperationId>,
    /// Where on an array, if it is a snapshot.
    pub place: Option<SnapshotPlace>,
    /// Bytes that it takes up, as far as they are known.
    pub bytes: Option<u64>,
    /// Since when it is there, if that is known.
    pub since: Option<Timestamp>,
    /// What it holds of the project's quotas: `volumes`, `gigabytes`, `instances`, …
    pub quota: BTreeMap<String, u64>,
    /// Why it is of no use.
    pub reason: String,
}

/// What kind of thing is left over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeftoverKind {
    /// A twin that no group knows.
    Twin,
    /// A server that a test made.
    TestServer,
    /// A volume that a test made, with what it holds.
    TestVolume,
    /// A port that a test made.
    TestPort,
    /// A floating IP that a test made.
    TestFloatingIp,
    /// A network that a test made.
    TestNetwork,
    /// What an overwritten volume held.
    SafetySnapshot,
    /// A recovery point that protector made in an earlier epoch, where its group came from.
    RecoveryPoint,
}

/// Where a snapshot is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotPlace {
    /// The array.
    pub array: ArrayName,
    /// The group there.
    pub group: String,
}

impl Leftover {
    /// Whether it is the same thing in the same place; what it takes up may have changed.
    pub fn is(&self, other: &Self) -> bool {
        let identity = |one: &Self| {
            (one.site.clone(), one.kind, one.id.clone(), one.name.clone(), one.group, one.test, one.since)
        };
        identity(self) == identity(other) && self.place == other.place
    }

    /// How long it has been there, if that is known. Never less than nothing: an array's clock may be ahead of this machine's.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.since.map(|since| now.duration_since(since).max(SignedDuration::ZERO))
    }
}

impl LeftoverKind {
    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twin => "twin",
            Self::TestServer => "test_server",
            Self::TestVolume => "test_volume",
            Self::TestPort => "test_port",
            Self::TestFloatingIp => "test_floating_ip",
            Self::TestNetwork => "test_network",
            Self::SafetySnapshot => "safety_snapshot",
            Self::RecoveryPoint => "recovery_point",
        }
    }
}

impl fmt::Display for LeftoverKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Which kind of snapshot of protector's a name tells: a safety snapshot, or a point of an epoch. Others' names tell none.
pub(crate) fn kind_of_snapshot(name: &str) -> Option<(LeftoverKind, u64)> {
    let epoch = naming::epoch_of_point(name)?;
    let kind = if naming::is_safety_snapshot(name) {
        LeftoverKind::SafetySnapshot
    } else {
        LeftoverKind::RecoveryPoint
    };
    Some((kind, epoch))
}

/// When an operation was planned, as its id tells.
pub(crate) fn planned_at(operation: OperationId) -> Option<Timestamp> {
    let (seconds, nanoseconds) = operation.uuid().get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OperationType;
    use uuid::{NoContext, Uuid};

    #[test]
    fn a_snapshots_name_tells_what_it_is_and_others_names_tell_nothing() {
        let safety = naming::safety_snapshot(OperationType::Failback, 4, 1);
        let point = naming::point(OperationType::Failover, 3, 2);
        assert_eq!(kind_of_snapshot(&safety), Some((LeftoverKind::SafetySnapshot, 4)));
        assert_eq!(kind_of_snapshot(&point), Some((LeftoverKind::RecoveryPoint, 3)));
        for name in ["217", "protector-nightly", "my-protector-failover-e3-a2", "protector-safety"] {
            assert_eq!(kind_of_snapshot(name), None, "{name}");
        }
    }

    #[test]
    fn what_an_array_ahead_of_this_machine_has_just_made_is_of_no_age_and_not_from_the_future() {
        let mut leftover = Leftover {
            site: "site-a".into(),
            kind: LeftoverKind::RecoveryPoint,
            id: "p".to_owned(),
            name: "g.p".to_owned(),
            group: None,
            test: None,
            place: None,
            bytes: None,
            since: Some("2026-03-01T02:00:03Z".parse().unwrap()),
            quota: BTreeMap::new(),
            reason: String::new(),
        };
        let age = |leftover: &Leftover, now: &str| leftover.age(now.parse().unwrap());
        assert_eq!(age(&leftover, "2026-03-01T02:00:00Z"), Some(SignedDuration::ZERO));
        assert_eq!(age(&leftover, "2026-03-01T02:00:05Z"), Some(SignedDuration::from_secs(2)));
        leftover.since = None;
        assert_eq!(age(&leftover, "2026-03-01T02:00:05Z"), None);
    }

    #[test]
    fn an_operations_id_tells_when_it_was_planned() {
        let at: Timestamp = "2026-03-01T02:00:00Z".parse().unwrap();
        let seconds = u64::try_from(at.as_second()).unwrap();
        let id = OperationId::new(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, 0)));
        assert_eq!(planned_at(id), Some(at));
        assert_eq!(planned_at(OperationId::new(Uuid::nil())), None);
    }
}
