//! Whether protector's credential may do more at a site than look.

use crate::domain::{Finding, FindingCode};
use crate::inventory::SiteFacts;

/// What refuses to change anything there: a credential whose only role is `reader`. Without it VMs would be stopped here before
/// the first call there is refused. What a role may that a cloud has made for itself is not known before it is tried.
pub(super) fn role(facts: &SiteFacts) -> Option<Finding> {
    let only_reads = !facts.roles.is_empty() && facts.roles.iter().all(|role| role == "reader");
    only_reads.then(|| {
        Finding::new(
            FindingCode::RoleMissing,
            &facts.site,
            format!("credential of user {}", facts.user),
            format!(
                "its only role on project {} is reader: nothing can be made or changed with it",
                facts.project
            ),
            "give the service credential the role member on the project, or admin",
        )
    })
}
