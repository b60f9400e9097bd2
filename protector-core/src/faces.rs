//! What the faces (the `protector` command, the Python package, the `openstack` command, the Ansible collection) say alike: one
//! form of each answer, one table of exit codes, one rule of what has to be confirmed. Pure.
//!
//! | module | what it holds |
//! |---|---|
//! | [`arguments`] | arguments by name, and what is wrong with them |
//! | [`confirmation`] | whether an operation was confirmed |
//! | [`documents`] | answers and errors as JSON documents |
//! | [`exit`] | exit codes |
//! | [`origin`] | the site and the requests of an error |
//! | [`requests`] | operations by name and arguments |
//! | [`support`] | what somebody is shown who helps from outside, without secrets |
//! | [`trouble`] | a run that is no success, as an error |
//! | [`needs_confirmation`] | which operations are begun with the group's name only |

pub mod arguments;
pub mod confirmation;
pub mod documents;
pub mod exit;
pub mod origin;
pub mod requests;
pub mod support;
mod trouble;

pub use trouble::trouble;

use crate::domain::OperationType;

/// Whether an operation stops VMs, or takes away what cannot be had again: then whoever wants it gives the group's name. What is
/// not known here needs it.
pub fn needs_confirmation(operation: OperationType) -> bool {
    !matches!(
        operation,
        OperationType::Protect
            | OperationType::TestFailover
            | OperationType::TestCleanup
            | OperationType::Sync
            | OperationType::Set
            | OperationType::AddMember
    )
}
