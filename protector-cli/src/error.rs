use protector_core::domain::Finding;
use protector_core::error::{Class, Code, Coded, chain};
use protector_core::faces::{documents, exit};
use protector_core::id::OperationId;
use protector_core::protector;
use serde_json::Value;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the library says.
    #[error(transparent)]
    Protector(#[from] protector::Error),
    /// Nobody confirmed what changes the world; nothing was changed.
    #[error("{action} of {subject} was not begun: {why}")]
    NotConfirmed {
        /// What was wanted.
        action: String,
        /// Of what: `group web`.
        subject: String,
        /// What is missing.
        why: String,
    },
    /// There is no operation to show.
    #[error("there is no operation yet{}", of(group.as_deref()))]
    NoOperation {
        /// The group that was asked about.
        group: Option<String>,
    },
    /// A file that was named on the command line.
    #[error("failed to {action} {}", file.display())]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Some of the operations that make a group what a document says are done, and the next could not be begun.
    #[error("group {group} is not all that the document says: {} is done, {wanted} is not", done.join(", "))]
    DoneInPart {
        /// The group.
        group: String,
        /// The operations that are done.
        done: Vec<String>,
        /// The one that could not be begun.
        wanted: String,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// An operation is on record, and the process that was to run it did not begin with it.
    #[error(
        "operation {operation} is on record, and the process that was to run it did not begin: `protector operation resume` runs it here"
    )]
    NotBegun {
        /// The operation.
        operation: OperationId,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The program that simulates a pair is not where it is looked for.
    #[error("failed to start {}, which is looked for beside this program and on the path; `cargo install --path protector-sim` installs it", program.display())]
    NoSimulator {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The process runs an operation for another one, and would not outlive it.
    #[error("failed to leave the terminal of the process that started this one")]
    TerminalKept {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The process could not begin.
    #[error("failed to start the runtime of this process")]
    Runtime {
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn of(group: Option<&str>) -> String {
    group.map(|group| format!(" of group {group}")).unwrap_or_default()
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Protector(error) => error.code(),
            Self::NotConfirmed { .. } => Code::NotConfirmed,
            Self::NoOperation { .. } => Code::OperationUnknown,
            Self::File { .. } | Self::NoSimulator { .. } => Code::FileUnusable,
            Self::DoneInPart { source, .. } => source.code(),
            Self::NotBegun { .. } => Code::Cancelled,
            Self::TerminalKept { .. } | Self::Runtime { .. } => Code::Internal,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Protector(error) => error.class(),
            Self::DoneInPart { source, .. } => source.class(),
            _ => self.code().class(),
        }
    }
}

impl Error {
    /// The process' exit code.
    pub fn exit(&self) -> u8 {
        match self {
            Self::Protector(error) => exit::of_error(error, error.code()),
            Self::NotConfirmed { .. }
            | Self::NoOperation { .. }
            | Self::File { .. }
            | Self::NoSimulator { .. } => exit::USAGE,
            // Something was changed, whatever the exit code of the cause says.
            Self::DoneInPart { .. } | Self::TerminalKept { .. } | Self::Runtime { .. } => exit::FAILED,
            Self::NotBegun { .. } => exit::UNFINISHED,
        }
    }

    /// What refused the operation, and what else there is to know.
    fn findings(&self) -> (&[Finding], &[Finding]) {
        match self {
            Self::Protector(error) => documents::findings(error),
            Self::DoneInPart { source, .. } => source.findings(),
            _ => (&[], &[]),
        }
    }

    /// For a program.
    pub fn document(&self) -> Value {
        documents::error(self, self.code(), self.findings())
    }

    /// For a person: what was attempted and why it failed, in one sentence; each finding; what can be done; the code.
    pub fn told(&self) -> String {
        let (findings, warnings) = self.findings();
        let code = self.code();
        let mut told = format!("error: {}\n", chain(self));
        for finding in findings {
            let _ = writeln!(told, "  {finding}");
        }
        for warning in warnings {
            let _ = writeln!(told, "  note: {warning}");
        }
        told + &format!("hint: {}\ncode: {code}", code.hint())
    }
}
