//! What a person wants of a group's moves. Stored with the group, so that the other site knows it; VMs are named by name.

mod document;
mod hook;

pub use hook::{Hook, HookCall, HookMoment, HookSubject};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What a person wants of a group's moves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupPolicy {
    /// When the group has its turn among those of its site that are moved together: lower ones first.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: u32,
    /// The groups whose end it waits for then, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after_groups: Vec<String>,
    /// Which VMs start before which.
    #[serde(skip_serializing_if = "OrderPolicy::is_unsaid")]
    pub order: OrderPolicy,
    /// What becomes of a planned move when a guest does not shut down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopPolicy>,
    /// What has to be seen of VMs that have come up, besides that Nova says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boot_checks: Vec<BootCheck>,
    /// What is run before and after its moves, and the start of its tiers and VMs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
}

impl GroupPolicy {
    /// Whether it says nothing: then everything is as it is without it.
    pub fn is_unsaid(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of a planned move when a guest does not shut down. Nova has no call that turns a VM off at once: it asks the
/// guest, and turns it off itself when `shutdown_timeout` of the host, or `os_shutdown_timeout` of the image, is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopPolicy {
    /// How long a VM may take to stop, seconds.
    pub within: u64,
    /// What then.
    pub otherwise: NotStopped,
}

/// What becomes of a planned move when a VM has not stopped in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotStopped {
    /// It is said, and the VM is waited for: until it stops, or a person cancels.
    Wait,
    /// The move is rolled back.
    RollBack,
}

/// Which VMs start before which; stops go the other way. If it says nothing, VMs that were shut off when they were
/// protected come last; if it says anything, it is all that counts, and a VM that it does not name waits for none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderPolicy {
    /// The short form: the VMs of a tier start when all of the tier before it have come up, or cannot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Vec<String>>,
    /// For a VM, those that it starts after.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<String, Vec<String>>,
}

impl OrderPolicy {
    /// Whether it says nothing.
    pub fn is_unsaid(&self) -> bool {
        *self == Self::default()
    }

    /// The VMs that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let depending = self.after.iter().flat_map(|(name, earlier)| std::iter::once(name).chain(earlier));
        self.tiers.iter().flatten().chain(depending).map(String::as_str)
    }
}

/// What becomes of an operation when something that a person has added to it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailurePolicy {
    /// Nothing new is begun, and the operation is left for a person: `resume` tries again, `skip_step` goes on without.
    #[default]
    Stop,
    /// The operation goes on, and says so.
    Continue,
    /// It is rolled back; past the point of no return, where there is no way back, it stops.
    RollBack,
}

/// What has to be seen of a VM once Nova says that it runs. What starts after the VM waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootCheck {
    /// The VM.
    pub vm: String,
    /// What has to be seen.
    pub sees: BootSign,
    /// How long it may take, seconds.
    #[serde(default = "five_minutes")]
    pub within: u64,
    /// What becomes of the move if it is not seen.
    #[serde(default)]
    pub on_failure: FailurePolicy,
}

/// What shows that a guest is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum BootSign {
    /// A text among the last lines of its serial console.
    Console(String),
    /// A TCP port that can be connected to from the machine that runs the operation.
    Tcp {
        /// The port.
        port: u16,
        /// The address; without one the first of the VM's first port.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<IpAddr>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

fn five_minutes() -> u64 {
    300
}
