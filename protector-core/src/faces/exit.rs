//! Exit codes. They are documented in `docs/operations.md`, and scripts rely on them.

use crate::domain::site_report::CheckStatus;
use crate::domain::{GroupStatus, OperationStatus, Remnant, RpoStatus};
use crate::engine::Left;
use crate::error::Code;
use crate::protector::{Error, GroupOutcome, OperationReport, SiteFailoverReport};

/// All was done, and nothing is amiss.
pub const DONE: u8 = 0;
/// Anything that has no code of its own.
pub const FAILED: u8 = 1;
/// The command line, the configuration, a name in it, a confirmation that was not given, or a status that forbids it; nothing
/// was changed.
pub const USAGE: u8 = 2;
/// Refused by findings; nothing was changed.
pub const REFUSED: u8 = 3;
/// Failed or cancelled, and rolled back.
pub const ROLLED_BACK: u8 = 4;
/// Stopped unfinished: `resume` continues.
pub const UNFINISHED: u8 = 5;
/// It was done, or looked at, and a person has to act: VMs are missing, something of a test remains, an objective is missed, a
/// site is not fit.
pub const ATTENTION: u8 = 6;
/// What was asked cannot be told: an array does not answer.
pub const UNKNOWN: u8 = 7;

/// The exit code of an error.
pub fn of_error(error: &Error, code: Code) -> u8 {
    if matches!(error, Error::Refused { .. } | Error::PolicyRefused { .. } | Error::GroupsWait(_)) {
        return REFUSED;
    }
    of_code(code)
}

/// The exit code of an error that findings did not cause.
pub fn of_code(code: Code) -> u8 {
    match code {
        Code::ArgumentInvalid
        | Code::ConfigurationInvalid
        | Code::FileUnusable
        | Code::CloudUnknown
        | Code::SecretUnavailable
        | Code::KeyUnusable
        | Code::GroupUnknown
        | Code::GroupExists
        | Code::OperationUnknown
        | Code::NotConfirmed
        | Code::StatusForbids => USAGE,
        _ => FAILED,
    }
}

/// The exit code of an operation's run.
pub fn of_run(report: &OperationReport) -> u8 {
    match (&report.left, report.operation.status) {
        (None, OperationStatus::Completed) => DONE,
        (None, OperationStatus::RolledBack | OperationStatus::Cancelled) => ROLLED_BACK,
        (Some(Left::Contradiction(_)) | None, _) => FAILED,
        (Some(_), _) => UNFINISHED,
    }
}

/// The exit code of an operation that was run: [`of_run`], and whether a person has to act after it.
pub fn of_outcome(report: &OperationReport, remains: &[Remnant]) -> u8 {
    let missing = report.group.as_ref().is_some_and(|group| group.status == GroupStatus::FailedOverPartial);
    match of_run(report) {
        DONE if missing || remains.iter().any(Remnant::is_there) => ATTENTION,
        exit => exit,
    }
}

/// The exit code of an operation that somebody else runs, or ran.
pub fn of_status(status: OperationStatus) -> u8 {
    match status {
        OperationStatus::Completed => DONE,
        OperationStatus::RolledBack | OperationStatus::Cancelled => ROLLED_BACK,
        OperationStatus::Failed => FAILED,
        _ => UNFINISHED,
    }
}

/// The exit code of a site that was left: nothing was changed if no group could even be begun with.
pub fn of_site_failover(report: &SiteFailoverReport) -> u8 {
    let outcomes = || report.groups.iter().map(|group| &group.outcome);
    let unfinished = |outcome: &GroupOutcome| match outcome {
        GroupOutcome::NotMoved { status, .. } => !status.is_end(),
        _ => false,
    };
    let refused = |outcome: &GroupOutcome| matches!(outcome, GroupOutcome::Refused { .. });
    if report.is_complete() {
        DONE
    } else if outcomes().any(unfinished) {
        UNFINISHED
    } else if outcomes().all(refused) {
        REFUSED
    } else {
        ATTENTION
    }
}

/// The exit code of objectives: one that is missed counts more than one that cannot be told.
pub fn of_objectives(statuses: impl IntoIterator<Item = RpoStatus>) -> u8 {
    match statuses.into_iter().max() {
        None | Some(RpoStatus::Met) => DONE,
        Some(RpoStatus::Missed) => ATTENTION,
        Some(RpoStatus::Unknown) => UNKNOWN,
    }
}

/// The exit code of a site's validation.
pub fn of_checks(status: CheckStatus) -> u8 {
    if status == CheckStatus::Failed { ATTENTION } else { DONE }
}
