//! Whose turn is when.

use crate::domain::{Finding, FindingCode, ProtectionGroup, StartOrder};

/// The order of a group's VMs. Where it cannot be kept, that is said, and the standard one is there instead.
pub(super) fn start_order(group: &ProtectionGroup, found: &mut Vec<Finding>) -> StartOrder {
    StartOrder::of(group).unwrap_or_else(|error| {
        found.push(Finding::new(
            FindingCode::OrderInvalid,
            &group.current_primary_site,
            format!("group {}", group.name),
            error.to_string(),
            "set a policy whose order has no cycle and each VM in one tier",
        ));
        StartOrder::standard(group)
    })
}
