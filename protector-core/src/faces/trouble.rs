//! A run that is no success, as the error that every face tells.

use crate::domain::OperationStatus;
use crate::engine::Left;
use crate::error::{Code, Coded, chain};
use crate::protector::{OperationReport, OperationView};
use std::fmt::Write as _;

/// Why the run of an operation is no success, and in what words; none if it was done, whether or not a person has to act.
pub fn trouble(report: &OperationReport) -> Option<(Code, String)> {
    let OperationView { id, operation_type, group_name, status, error_message, .. } = &report.operation;
    let (code, why) = match (&report.left, status) {
        (None, OperationStatus::Completed) => return None,
        (None, OperationStatus::RolledBack | OperationStatus::Cancelled) => (Code::RolledBack, None),
        (Some(Left::Interrupted), _) => (Code::Cancelled, Some("it was stopped".to_owned())),
        (Some(Left::Journal(error)), _) => (error.code(), Some(chain(error))),
        (Some(Left::Contradiction(error)), _) => (Code::Internal, Some(chain(error))),
        (Some(Left::NeedsOperator) | None, _) => (Code::StepFailed, None),
    };
    let mut message = format!("{operation_type} of group {group_name} (operation {id}) is {status}");
    for reason in [&why, error_message].into_iter().flatten() {
        let _ = write!(message, ": {reason}");
    }
    Some((code, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OperationType;
    use crate::id::OperationId;
    use crate::journal::Holder;

    fn ended(status: OperationStatus, left: Option<Left>, why: Option<&str>) -> Option<(Code, String)> {
        let id: OperationId = "01234567-89ab-cdef-0123-456789abcdef".parse().unwrap();
        let text = || "x".to_owned();
        let started_by = Holder { host: text(), process: 1, program: text(), user: text() };
        let operation = OperationView {
            id,
            operation_type: OperationType::Failover,
            status,
            progress: 40,
            source_site: "a".into(),
            target_site: "b".into(),
            started_at: None,
            completed_at: None,
            steps_completed: Vec::new(),
            steps_failed: Vec::new(),
            steps_skipped: Vec::new(),
            steps_not_undone: Vec::new(),
            error_message: why.map(str::to_owned),
            group: "01234567-89ab-cdef-0123-456789abcdee".parse().unwrap(),
            group_name: "web".to_owned(),
            started_by,
            journal_removed_at: None,
        };
        trouble(&OperationReport { operation, group: None, left })
    }

    #[test]
    fn what_was_done_is_no_trouble_and_what_was_not_says_of_what_and_why() {
        use OperationStatus::{Cancelled, Completed, Failed, Paused, RolledBack, Running};
        assert_eq!(ended(Completed, None, None), None);
        for (status, left, why, code, end) in [
            (RolledBack, None, Some("no quota"), Code::RolledBack, "is rolled_back: no quota"),
            (Cancelled, None, None, Code::RolledBack, "is cancelled"),
            (Failed, None, Some("x"), Code::StepFailed, "is failed: x"),
            (Paused, Some(Left::NeedsOperator), None, Code::StepFailed, "is paused"),
            (Running, Some(Left::Interrupted), None, Code::Cancelled, "is running: it was stopped"),
        ] {
            let (told, message) = ended(status, left, why).unwrap();
            assert_eq!(told, code);
            let begin = "failover of group web (operation op-01234567-89ab-cdef-0123-456789abcdef) ";
            assert_eq!(message, format!("{begin}{end}"));
        }
    }
}
