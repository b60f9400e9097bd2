use super::{GroupStatus, ProtectionGroup, ReplicationState};
use crate::id::SiteName;
use serde::Serialize;
use std::fmt;

/// Something that a person can have done with a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Move it away from home; from `failed_over_partial`: make the VMs that are missing.
    Failover,
    /// Move it away from home though that does not answer.
    UnplannedFailover,
    /// Move it home; from `failed_over_partial`: make the VMs that are missing.
    Failback,
    /// Move it home though the other site does not answer.
    UnplannedFailback,
    /// Run copies at the other site.
    TestFailover,
    /// End the test.
    TestCleanup,
    /// Replicate and capture now.
    Sync,
    /// Make the data reach the other site again.
    Reprotect,
    /// Let go of the safety copies of the last move.
    Commit,
    /// Take the last planned move back.
    Undo,
    /// Give it another replication policy.
    Set,
    /// Take more VMs into it.
    AddMember,
    /// Take VMs out of it.
    RemoveMember,
    /// End the protection.
    Unprotect,
    /// End the protection though the other site does not answer: what the group has there stays there.
    UnprotectWithoutSite,
    /// Go on with, or cancel, the operation that changes it.
    Resume,
}

impl Action {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Failover,
        Self::UnplannedFailover,
        Self::Failback,
        Self::UnplannedFailback,
        Self::TestFailover,
        Self::TestCleanup,
        Self::Sync,
        Self::Reprotect,
        Self::Commit,
        Self::Undo,
        Self::Set,
        Self::AddMember,
        Self::RemoveMember,
        Self::Unprotect,
        Self::UnprotectWithoutSite,
        Self::Resume,
    ];

    /// Its name, for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::UnplannedFailover => "failover (unplanned)",
            Self::Failback => "failback",
            Self::UnplannedFailback => "failback (unplanned)",
            Self::TestFailover => "test_failover",
            Self::TestCleanup => "test_cleanup",
            Self::Sync => "sync",
            Self::Reprotect => "reprotect",
            Self::Commit => "commit",
            Self::Undo => "undo",
            Self::Set => "set",
            Self::AddMember => "add_member",
            Self::RemoveMember => "remove_member",
            Self::Unprotect => "unprotect",
            Self::UnprotectWithoutSite => "unprotect (without the other site)",
            Self::Resume => "resume",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What is possible with a group as it is, both sites willing: its status, where it runs, whether its data reaches the other
/// site, and what was not committed decide. Never empty.
pub fn possible(group: &ProtectionGroup) -> Vec<Action> {
    use Action::{
        AddMember, Commit, Failback, Failover, RemoveMember, Reprotect, Resume, Set, Sync, TestCleanup,
        TestFailover, Undo, UnplannedFailback, UnplannedFailover, Unprotect,
    };
    let away = group.current_primary_site != group.primary_site;
    let (planned, unplanned) =
        if away { (Failback, UnplannedFailback) } else { (Failover, UnplannedFailover) };
    let mut possible = match group.status {
        GroupStatus::Active | GroupStatus::FailedOver => match group.replication {
            ReplicationState::Running => {
                vec![planned, unplanned, TestFailover, Sync, Set, AddMember, RemoveMember, Unprotect]
            }
            ReplicationState::Stopped => vec![Reprotect, Unprotect],
        },
        // The move is finished by the operation that began it.
        GroupStatus::FailedOverPartial => {
            let mut possible = vec![if away { Failover } else { Failback }, Unprotect];
            possible.extend((group.replication == ReplicationState::Running).then_some(unplanned));
            possible
        }
        GroupStatus::TestActive => vec![TestCleanup, planned, unplanned],
        GroupStatus::Error => vec![Unprotect],
        GroupStatus::Creating
        | GroupStatus::Updating
        | GroupStatus::FailingOver
        | GroupStatus::FailingBack
        | GroupStatus::Testing
        | GroupStatus::Cleaning
        | GroupStatus::Syncing
        | GroupStatus::Deleting => vec![Resume],
    };
    let settled = matches!(group.status, GroupStatus::Active | GroupStatus::FailedOver);
    if group.test.is_some() && settled {
        // A move has come between: what it could not remove of the test is still to go.
        possible.retain(|action| *action != TestFailover);
        possible.push(TestCleanup);
    }
    if let Some(uncommitted) = group.uncommitted.as_ref().filter(|_| settled) {
        possible.push(Commit);
        if uncommitted.undoable {
            possible.push(Undo);
        }
    }
    possible
}

/// What is possible with a group as it is while one of its sites does not answer. Empty only if the group runs at that site
/// and nothing that could go on from there has reached the other one.
pub fn possible_without(group: &ProtectionGroup, silent: &SiteName) -> Vec<Action> {
    use Action::{
        Commit, Failback, Failover, Resume, Set, TestCleanup, TestFailover, UnplannedFailback,
        UnplannedFailover, UnprotectWithoutSite,
    };
    let possible = possible(group);
    if *silent == group.current_primary_site {
        let without_primary = |action: &Action| {
            matches!(action, UnplannedFailover | UnplannedFailback | TestFailover | TestCleanup | Resume)
        };
        return possible.into_iter().filter(without_primary).collect();
    }
    let mut kept = group.uncommitted.iter().flat_map(|uncommitted| &uncommitted.safety_snapshots);
    let kept_there = kept.any(|snapshot| snapshot.site == *silent);
    let partial = group.status == GroupStatus::FailedOverPartial;
    let without_other = |action: &Action| match action {
        Resume | Set => true,
        Commit => !kept_there,
        Failover | Failback => partial,
        _ => false,
    };
    let settled = group.status.is_settled();
    let mut possible: Vec<Action> = possible.into_iter().filter(without_other).collect();
    possible.extend(settled.then_some(UnprotectWithoutSite));
    possible
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunningTest;
    use crate::domain::testing::{at, group};

    #[test]
    fn what_a_move_left_of_a_test_is_ended_before_the_next_test() {
        let mut group = group("b", 2, Some(0));
        group.status = GroupStatus::FailedOver;
        let ends_a_test = |group: &ProtectionGroup| possible(group).contains(&Action::TestCleanup);
        assert!(possible(&group).contains(&Action::TestFailover) && !ends_a_test(&group));
        group.test = Some(RunningTest {
            operation: crate::id::OperationId::new(uuid::Uuid::nil()),
            site: "b".into(),
            point: "p".to_owned(),
            started_at: at(0),
            ends_at: None,
            floating_ips: false,
        });
        assert!(!possible(&group).contains(&Action::TestFailover) && ends_a_test(&group));
        group.status = GroupStatus::TestActive;
        assert_eq!(possible(&group).iter().filter(|action| **action == Action::TestCleanup).count(), 1);
    }
}
