//! A run that is no success, as the error that every face tells.

use crate::domain::OperationStatus;
use crate::engine::Left;
use crate::error::{Code, Coded, chain};
use crate::protector::{GroupOutcome, GroupResult, OperationReport, OperationView, SiteFailoverReport};
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

/// Why a site was not left wholly, and in what words: each group that does not run elsewhere with all of its VMs. None if all do.
pub fn site_trouble(report: &SiteFailoverReport) -> Option<(Code, String)> {
    let missing = || report.groups.iter().filter(|group| !group.outcome.is_success());
    missing().next()?;
    let refused = |group: &GroupResult| matches!(group.outcome, GroupOutcome::Refused { .. });
    let code = if missing().all(refused) { Code::OperationRefused } else { Code::StepFailed };
    let mut message = format!("failover of site {} is not complete", report.site);
    for GroupResult { group, outcome, .. } in missing() {
        let why = match outcome {
            GroupOutcome::WasDone | GroupOutcome::Moved { .. } => continue,
            GroupOutcome::Partial { reason } => format!("runs elsewhere without some of its VMs: {reason}"),
            GroupOutcome::NotMoved { status, reason } => {
                format!("is not moved, its operation is {status}: {reason}")
            }
            GroupOutcome::Refused { findings } => {
                let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
                format!("is refused: {}", findings.join("; "))
            }
            GroupOutcome::Failed(reason) => format!("is not moved: {}", reason.message),
            GroupOutcome::NotBegun { reason } => format!("is not begun: {reason}"),
        };
        let _ = write!(message, "; group {group} {why}");
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

    fn left(outcomes: Vec<GroupOutcome>) -> Option<(Code, String)> {
        let result = |(place, outcome)| GroupResult { group: format!("g{place}"), operation: None, outcome };
        let groups = outcomes.into_iter().enumerate().map(result).collect();
        site_trouble(&SiteFailoverReport { site: "a".into(), groups })
    }

    #[test]
    fn a_site_that_is_left_wholly_is_no_trouble_and_else_each_group_says_why() {
        let moved = || GroupOutcome::Moved { remark: None };
        let refused = || GroupOutcome::Refused { findings: Vec::new() };
        assert_eq!(left(vec![GroupOutcome::WasDone, moved()]), None);
        let (code, _) = left(vec![moved(), refused()]).unwrap();
        assert_eq!(code, Code::OperationRefused);
        let text = |reason: &str| reason.to_owned();
        let partial = GroupOutcome::Partial { reason: text("no quota") };
        let begun =
            GroupOutcome::NotMoved { status: OperationStatus::Paused, reason: text("it was stopped") };
        let not_begun = GroupOutcome::NotBegun { reason: text("g0") };
        let (code, message) = left(vec![refused(), moved(), partial, begun, not_begun]).unwrap();
        assert_eq!(code, Code::StepFailed);
        let expected = "failover of site a is not complete; group g0 is refused: ; group g2 runs elsewhere without some of \
            its VMs: no quota; group g3 is not moved, its operation is paused: it was stopped; group g4 is not begun: g0";
        assert_eq!(message, expected);
    }
}
