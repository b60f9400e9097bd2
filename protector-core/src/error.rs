//! The error vocabulary that all boundaries share: a stable code, what may be done about it, and a hint.
//!
//! Each boundary has its own error enum; [`Code`] is what documents, commands, Python and Ansible are made from.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a caller may do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nothing took effect, and the same call may succeed later.
    Transient,
    /// The same call fails again until something else changes.
    Fatal,
    /// It is not known whether the call took effect: look before repeating it.
    Unknown,
    /// A person has to decide.
    NeedsOperator,
}

macro_rules! codes {
    ($($variant:ident = $text:literal, $class:ident, $hint:literal;)*) => {
        /// A stable name of what went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $hint] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the published table.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The name: kebab case, never changed once released.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// What a caller may do.
            pub fn class(self) -> Class {
                match self { $(Code::$variant => Class::$class,)* }
            }

            /// What a person can do, as a sentence.
            pub fn hint(self) -> &'static str {
                match self { $(Code::$variant => $hint,)* }
            }
        }
    };
}

codes! {
    ArgumentInvalid = "argument-invalid", Fatal, "Correct the named argument; nothing was changed.";
    ConfigurationInvalid = "configuration-invalid", Fatal, "Correct the named file at the named place.";
    FileUnusable = "file-unusable", Fatal, "Make the named file or its folder available to this process, or name another.";
    CloudUnknown = "cloud-unknown", Fatal, "Name a cloud that clouds.yaml defines.";
    SecretUnavailable = "secret-unavailable", Fatal, "Make the referenced environment variable or file available to this process.";
    AuthenticationFailed = "authentication-failed", Fatal, "Check user, password or application credential, and project in clouds.yaml; of an array, api_token in protector.yaml.";
    CertificateInvalid = "certificate-invalid", Fatal, "Renew the server's certificate, or name the authority that signed it (cacert, ca_certificate).";
    Unreachable = "unreachable", Transient, "Check that the address is right and that the service answers from this host.";
    Forbidden = "forbidden", Fatal, "Give the service credential the role that the call needs on the group's project.";
    NotFound = "not-found", Fatal, "Check the name or id and the project.";
    Ambiguous = "ambiguous", Fatal, "Use the id instead of the name.";
    Conflict = "conflict", NeedsOperator, "Something else holds or changes the object: look at its state, then resume.";
    QuotaExceeded = "quota-exceeded", Fatal, "Raise the quota or free what is not needed, then try again.";
    RequestRefused = "request-refused", Fatal, "The service refused the request: its message says why.";
    ServiceFailed = "service-failed", Transient, "Look at the service's log with the request ids given; try again when it is mended.";
    AnswerLost = "answer-lost", Unknown, "Run `resume`: it looks before it repeats.";
    AnswerMalformed = "answer-malformed", Fatal, "Check that the address leads to the service and not to a proxy's error page.";
    CapabilityMissing = "capability-missing", Fatal, "Use a release or a driver that offers it.";
    DeadlineExceeded = "deadline-exceeded", Unknown, "Look at why it takes so long, then run `resume`.";
    Cancelled = "cancelled", Unknown, "Run `resume` to continue.";
    StoreUnavailable = "store-unavailable", Transient, "Check the store's disk and its permissions; nothing new is started without it.";
    StoreCorrupt = "store-corrupt", NeedsOperator, "Keep the file, restore the store from the other site's.";
    NeedsNewerRelease = "needs-newer-release", NeedsOperator, "Use the release of protector that wrote the record, or a later one.";
    StoresDiffer = "stores-differ", NeedsOperator, "Compare the two site stores: one of them was changed alone.";
    GroupUnknown = "group-unknown", Fatal, "List the groups (`protector protection-group list`), then use one of those names.";
    GroupExists = "group-exists", Fatal, "Choose another name, or unprotect the group first.";
    GroupBusy = "group-busy", Fatal, "Wait for the running operation, or resume it where it was left.";
    StatusForbids = "status-forbids", Fatal, "The group's status does not allow the operation: `protector protection-group show` says what is possible.";
    NotConfirmed = "not-confirmed", Fatal, "Give the name that is asked for, or give it with --confirm: nothing was changed.";
    OperationRefused = "operation-refused", Fatal, "Mend each finding, then try again: nothing was changed.";
    OperationUnknown = "operation-unknown", Fatal, "List the operations (`protector operation list`), then use one of those ids.";
    JournalRemoved = "journal-removed", Fatal, "`protector operation show` has its summary; the rest is in a copy of the store from before, if one was kept.";
    PlanOutdated = "plan-outdated", Fatal, "The world changed since the plan was made: plan again.";
    TermLost = "term-lost", Fatal, "Another process has taken the operation over: watch it there.";
    StepConflict = "step-conflict", NeedsOperator, "Compare what was found with what was expected, put it right, then resume.";
    StepFailed = "step-failed", NeedsOperator, "Mend what the step's error names, then resume.";
    RolledBack = "rolled-back", NeedsOperator, "Mend what the operation's error names, then begin it anew: all is as it was before.";
    KeyUnusable = "key-unusable", Fatal, "Provide the encryption key that the store was written with.";
    HandleClosed = "handle-closed", Fatal, "Open protector anew: what was opened is closed, or belongs to the process that this one was forked from.";
    Internal = "internal", NeedsOperator, "This is a defect of protector: keep the stores and report it.";
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What every boundary's error answers.
pub trait Coded: std::error::Error {
    /// The stable name of what went wrong.
    fn code(&self) -> Code;

    /// What a caller may do; the code's class unless the error knows better.
    fn class(&self) -> Class {
        self.code().class()
    }
}

/// Writes an error with all its causes on one line, for the edge where a person reads it.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
    }
}
