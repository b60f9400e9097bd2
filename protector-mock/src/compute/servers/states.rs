//! The states of a server. Source: nova/compute/vm_states.py, task_states.py, nova/api/openstack/common.py (`_STATE_MAP`).

use serde::{Deserialize, Serialize};

/// What a server is, apart from what is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VmState {
    Active,
    Building,
    Paused,
    Suspended,
    Stopped,
    Rescued,
    Resized,
    Error,
    Shelved,
    ShelvedOffloaded,
    Deleted,
}

/// Power states of nova/compute/power_state.py.
pub(crate) mod power {
    pub(crate) const NONE: i64 = 0;
    pub(crate) const RUNNING: i64 = 1;
    pub(crate) const PAUSED: i64 = 3;
    pub(crate) const SHUT_DOWN: i64 = 4;
}

impl VmState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Building => "building",
            Self::Paused => "paused",
            Self::Suspended => "suspended",
            Self::Stopped => "stopped",
            Self::Rescued => "rescued",
            Self::Resized => "resized",
            Self::Error => "error",
            Self::Shelved => "shelved",
            Self::ShelvedOffloaded => "shelved_offloaded",
            Self::Deleted => "deleted",
        }
    }

    pub(crate) fn status(self, task: Option<&str>) -> &'static str {
        let rebuilding = |task: &str| task.starts_with("rebuild");
        let resizing = |task: &str| {
            matches!(task, "resize_prep" | "resize_migrating" | "resize_migrated" | "resize_finish")
        };
        match (self, task) {
            (Self::Active, Some("rebooting" | "reboot_pending" | "reboot_started")) => "REBOOT",
            (Self::Active, Some("rebooting_hard" | "reboot_pending_hard" | "reboot_started_hard")) => {
                "HARD_REBOOT"
            }
            (Self::Active, Some("updating_password")) => "PASSWORD",
            (Self::Active | Self::Stopped | Self::Error, Some(task)) if rebuilding(task) => "REBUILD",
            (Self::Active | Self::Paused, Some("migrating")) => "MIGRATING",
            (Self::Active | Self::Stopped, Some(task)) if resizing(task) => "RESIZE",
            (Self::Resized, Some("resize_reverting")) => "REVERT_RESIZE",
            (Self::Active, _) => "ACTIVE",
            (Self::Building, _) => "BUILD",
            (Self::Stopped, _) => "SHUTOFF",
            (Self::Resized, _) => "VERIFY_RESIZE",
            (Self::Paused, _) => "PAUSED",
            (Self::Suspended, _) => "SUSPENDED",
            (Self::Rescued, _) => "RESCUE",
            (Self::Error, _) => "ERROR",
            (Self::Deleted, _) => "DELETED",
            (Self::Shelved, _) => "SHELVED",
            (Self::ShelvedOffloaded, _) => "SHELVED_OFFLOADED",
        }
    }
}

/// All that a status filter may name.
pub(super) const STATUSES: [&str; 19] = [
    "ACTIVE",
    "REBOOT",
    "HARD_REBOOT",
    "PASSWORD",
    "REBUILD",
    "MIGRATING",
    "RESIZE",
    "BUILD",
    "SHUTOFF",
    "VERIFY_RESIZE",
    "REVERT_RESIZE",
    "PAUSED",
    "SUSPENDED",
    "RESCUE",
    "ERROR",
    "DELETED",
    "SOFT_DELETED",
    "SHELVED",
    "SHELVED_OFFLOADED",
];
