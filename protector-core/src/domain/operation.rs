use serde::{Deserialize, Serialize};
use std::fmt;

/// What a DR Operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationType {
    /// Makes VMs a Protection Group.
    Protect,
    /// Ends the protection; the VMs stay where they run.
    Unprotect,
    /// Gives a group another replication policy.
    Set,
    /// Takes more VMs into a group.
    AddMember,
    /// Takes VMs out of a group; they stay where they run.
    RemoveMember,
    /// Moves the group to the other site.
    Failover,
    /// Moves the group back to its home.
    Failback,
    /// Runs copies of the VMs at the other site, apart from production.
    TestFailover,
    /// Ends a test: what it made goes.
    TestCleanup,
    /// Replicates now, and captures the VMs' definitions again.
    Sync,
    /// Makes the data reach the other site again after an unplanned move, or one whose reversal failed.
    Reprotect,
    /// Lets go of the safety copies of the last move.
    Commit,
    /// Takes the last planned move back.
    Undo,
    /// Removes what is left over of a group, and of no use.
    Prune,
}

impl OperationType {
    /// Whether it makes another site the group's primary.
    pub fn is_move(self) -> bool {
        matches!(self, Self::Failover | Self::Failback | Self::Undo)
    }

    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
            Self::Set => "set",
            Self::AddMember => "add_member",
            Self::RemoveMember => "remove_member",
            Self::Failover => "failover",
            Self::Failback => "failback",
            Self::TestFailover => "test_failover",
            Self::TestCleanup => "test_cleanup",
            Self::Sync => "sync",
            Self::Reprotect => "reprotect",
            Self::Commit => "commit",
            Self::Undo => "undo",
            Self::Prune => "prune",
        }
    }
}

impl fmt::Display for OperationType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Where a DR Operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationStatus {
    /// Planned, not begun.
    Pending,
    /// Under way.
    Running,
    /// Past the point of no return, waiting for something to be mended.
    Waiting,
    /// Left for a person.
    Paused,
    /// All was done.
    Completed,
    /// Ended without success and without the way back.
    Failed,
    /// Being undone.
    RollingBack,
    /// Undone.
    RolledBack,
    /// Given up by a person.
    Cancelled,
}

impl OperationStatus {
    /// Whether nothing follows.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::RolledBack | Self::Cancelled)
    }

    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::RollingBack => "rolling_back",
            Self::RolledBack => "rolled_back",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for OperationStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
