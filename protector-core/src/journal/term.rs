//! The lease on a group's operations: one writer at a time, numbered.

use crate::id::{GroupId, OperationId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who runs an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The host's name.
    pub host: String,
    /// The process id on that host.
    pub process: u32,
    /// The program's name.
    pub program: String,
    /// The user's name on that host.
    pub user: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} of user {} on host {} (process {})",
            self.program, self.user, self.host, self.process
        )
    }
}

/// The right to write one operation of a group, until a higher number is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    /// The group.
    pub group: GroupId,
    /// The only operation that may be written under it.
    pub operation: OperationId,
    /// Rises by one with every taker.
    pub number: u64,
}

/// A group's newest term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermRow {
    /// The term.
    pub term: Term,
    /// Who took it.
    pub holder: Holder,
    /// When it was taken, by the taker's clock.
    pub since: Timestamp,
    /// Its holder let go of it.
    pub released: bool,
}
