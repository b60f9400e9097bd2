//! Exit codes. They are documented in `docs/operations.md`, and scripts rely on them.

use protector_core::domain::OperationStatus;
use protector_core::engine::Left;
use protector_core::error::Code;
use protector_core::protector::OperationReport;

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
pub fn of_error(error: &protector_core::protector::Error, code: Code) -> u8 {
    if matches!(error, protector_core::protector::Error::Refused { .. }) {
        return REFUSED;
    }
    match code {
        Code::ConfigurationInvalid
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
