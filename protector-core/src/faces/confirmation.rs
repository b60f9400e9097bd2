//! What stops VMs, or takes away what cannot be had again, is begun with the group's name only.

use crate::domain::OperationType;
use crate::error::{Code, Coded};
use crate::id::SiteName;

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

/// What has to be confirmed was not; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of {subject} was not begun: {}", match given {
    Some(given) => format!("it was confirmed for {given}"),
    None => "it was not confirmed".to_owned(),
})]
pub struct NotConfirmed {
    /// What was wanted.
    pub operation: OperationType,
    /// Of what: `group web`.
    pub subject: String,
    /// The name that was given.
    pub given: Option<String>,
}

impl Coded for NotConfirmed {
    fn code(&self) -> Code {
        Code::NotConfirmed
    }
}

/// Judges what was given, before anything is read of the sites.
///
/// # Errors
/// Another name than the group's was given, or none for an operation that needs it.
pub fn confirmed(operation: OperationType, group: &str, given: Option<&str>) -> Result<(), NotConfirmed> {
    match given {
        Some(given) if given == group => Ok(()),
        None if !needs_confirmation(operation) => Ok(()),
        given => {
            let (subject, given) = (format!("group {group}"), given.map(str::to_owned));
            Err(NotConfirmed { operation, subject, given })
        }
    }
}

/// Judges what was given for all operations that make a group what a document says, before the first of them is begun.
///
/// # Errors
/// As [`confirmed`], of the first that is not.
pub fn changes_confirmed(
    operations: impl IntoIterator<Item = OperationType>,
    group: &str,
    given: Option<&str>,
) -> Result<(), NotConfirmed> {
    operations.into_iter().try_for_each(|operation| confirmed(operation, group, given))
}

/// Judges what was given for the move of all groups of a site, which always wants its name.
///
/// # Errors
/// Another name than the site's was given, or none.
pub fn site_failover_confirmed(site: &SiteName, given: Option<&str>) -> Result<(), NotConfirmed> {
    if given == Some(site.as_str()) {
        return Ok(());
    }
    let (subject, given) = (format!("site {site}"), given.map(str::to_owned));
    Err(NotConfirmed { operation: OperationType::Failover, subject, given })
}

/// Judges what was given for the removal of what is left over, which is about no single group: it always wants the word `prune`.
///
/// # Errors
/// Another word was given, or none.
pub fn prune_confirmed(given: Option<&str>) -> Result<(), NotConfirmed> {
    if given == Some(OperationType::Prune.as_str()) {
        return Ok(());
    }
    let (subject, given) = ("what is left over".to_owned(), given.map(str::to_owned));
    Err(NotConfirmed { operation: OperationType::Prune, subject, given })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_is_removed_with_the_word_for_it_only() {
        let judged = |given| prune_confirmed(given).map_err(|error| error.to_string());
        assert_eq!(judged(Some("prune")), Ok(()));
        assert_eq!(
            judged(None).unwrap_err(),
            "prune of what is left over was not begun: it was not confirmed"
        );
        assert!(judged(Some("web")).unwrap_err().ends_with("it was confirmed for web"));
    }

    #[test]
    fn what_stops_vms_needs_the_groups_own_name_and_a_wrong_name_stops_all() {
        let judged = |operation, given| confirmed(operation, "web", given).map_err(|error| error.to_string());
        assert_eq!(judged(OperationType::Failover, Some("web")), Ok(()));
        assert_eq!(judged(OperationType::Sync, None), Ok(()));
        let told = judged(OperationType::Failover, None).unwrap_err();
        assert_eq!(told, "failover of group web was not begun: it was not confirmed");
        for operation in [OperationType::Failover, OperationType::Sync] {
            let told = judged(operation, Some("db")).unwrap_err();
            assert!(told.ends_with("it was confirmed for db"), "{told}");
        }
    }

    #[test]
    fn the_changes_of_a_document_are_confirmed_all_or_none_is_begun() {
        let judged = |operations: &[OperationType], given| {
            let told = changes_confirmed(operations.iter().copied(), "web", given);
            told.map_err(|error| error.operation)
        };
        let (joins, leaves) = (OperationType::AddMember, OperationType::RemoveMember);
        assert_eq!(judged(&[joins, OperationType::Set], None), Ok(()));
        assert_eq!(judged(&[joins, leaves], Some("web")), Ok(()));
        assert_eq!(judged(&[joins, leaves], None), Err(leaves));
        assert_eq!(judged(&[joins, leaves], Some("db")), Err(joins));
        assert_eq!(judged(&[], None), Ok(()));
    }

    #[test]
    fn a_site_is_left_with_its_own_name_only() {
        let judged = |given| site_failover_confirmed(&"a".into(), given).map_err(|error| error.to_string());
        assert_eq!(judged(Some("a")), Ok(()));
        assert_eq!(judged(None).unwrap_err(), "failover of site a was not begun: it was not confirmed");
        assert_eq!(
            judged(Some("b")).unwrap_err(),
            "failover of site a was not begun: it was confirmed for b"
        );
    }
}
