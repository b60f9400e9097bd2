//! Operations and their records as they are written down, and the chain of hashes that shows tampering and damage.
//!
//! An operation's text is hashed; each record's hash covers the hash before it and the record's own text, which says
//! its operation, sequence number and term. The hash of the last record stands with the operation. So a row that is
//! changed, removed, added or moved shows.

use super::canonical::CanonicalJson;
use super::{Holder, Term};
use crate::id::{GroupId, OperationId, SiteName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The newest form of an operation's text that this release reads and writes.
pub const OPERATION_FORMAT: u32 = 1;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The hash of the parts, one after another.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Takes a stored hash; nothing if it has not 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

/// An operation, written before its first effect and never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationRecord {
    // In the order of their names, so that the text is canonical as it is written.
    /// When it was planned, by the planner's clock.
    pub created_at: Timestamp,
    /// The group it moves.
    pub group: GroupId,
    /// The site whose store is appended to; the other one has a copy.
    pub home: SiteName,
    /// Its identity.
    pub id: OperationId,
    /// What kind of operation: `failover`, for one.
    pub operation_type: String,
    /// The frozen plan.
    pub plan: CanonicalJson,
    /// The plan's hash, as the planner defines it.
    pub plan_hash: String,
    /// Who started it.
    pub started_by: Holder,
}

/// Something that happened in an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What kind of event; which there are is the engine's affair.
    pub kind: String,
    /// The form of the body, counted per kind.
    pub version: u32,
    /// When, by the writer's clock.
    pub at: Timestamp,
    /// What happened.
    pub body: CanonicalJson,
}

/// An operation as it is on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredOperation {
    /// What the text says.
    pub record: OperationRecord,
    /// Canonical JSON: what is hashed, and what a copy consists of.
    pub text: String,
    /// How many records it has.
    pub last_sequence: u64,
}

/// A record as it is on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecord {
    /// Its place in the operation, from 1.
    pub sequence: u64,
    /// The number of the term under which it was written.
    pub term: u64,
    /// What the text says.
    pub record: Record,
    /// Canonical JSON: what is hashed, and what a copy consists of.
    pub text: String,
    /// The hash before this one and the text, hashed.
    pub hash: Digest,
}

/// Why a text is not what this release wrote.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A newer release wrote it.
    #[error("format {0}")]
    Newer(u64),
    /// It is no record.
    #[error("not readable")]
    Malformed(#[source] serde_json::Error),
    /// It is the record of something else.
    #[error("a record of operation {operation} with sequence number {sequence}")]
    Misplaced {
        /// The operation it names.
        operation: OperationId,
        /// The sequence number it names.
        sequence: u64,
    },
}

#[derive(Serialize)]
struct OperationText<'a> {
    format: u32,
    operation: &'a OperationRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordText {
    // In the order of their names, so that the text is canonical as it is written.
    at: Timestamp,
    body: CanonicalJson,
    kind: String,
    operation: OperationId,
    sequence: u64,
    term: u64,
    version: u32,
}

impl OperationRecord {
    /// The text that is written down.
    ///
    /// # Errors
    /// The plan has no form in JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&OperationText { format: OPERATION_FORMAT, operation: self })
    }
}

impl StoredOperation {
    /// Reads an operation's text.
    ///
    /// # Errors
    /// It is not a text that this release wrote.
    pub fn read(text: String, last_sequence: u64) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }
        #[derive(Deserialize)]
        struct Text {
            operation: OperationRecord,
        }
        let Format { format } = serde_json::from_str(&text).map_err(Unreadable::Malformed)?;
        if format > u64::from(OPERATION_FORMAT) {
            return Err(Unreadable::Newer(format));
        }
        let Text { operation } = serde_json::from_str(&text).map_err(Unreadable::Malformed)?;
        Ok(Self { record: operation, text, last_sequence })
    }

    /// Where the chain begins.
    pub fn origin(&self) -> Digest {
        origin(&self.text)
    }
}

/// Where the chain of an operation with this text begins.
pub fn origin(operation_text: &str) -> Digest {
    Digest::of(&[b"protector operation\n", operation_text.as_bytes()])
}

impl StoredRecord {
    /// Links a record to the one before it.
    ///
    /// # Errors
    /// The body has no form in JSON.
    pub fn link(
        record: Record,
        term: Term,
        sequence: u64,
        previous: Digest,
    ) -> Result<Self, serde_json::Error> {
        let Record { kind, version, at, body } = &record;
        let text = serde_json::to_string(&RecordText {
            at: *at,
            body: body.clone(),
            kind: kind.clone(),
            operation: term.operation,
            sequence,
            term: term.number,
            version: *version,
        })?;
        let hash = Digest::of(&[previous.as_bytes(), text.as_bytes()]);
        Ok(Self { sequence, term: term.number, record, text, hash })
    }

    /// Reads a record's text; whether the hash is right is for [`follows`](Self::follows) to say.
    ///
    /// # Errors
    /// It is no record, or that of another operation or place.
    pub fn read(
        text: String,
        hash: Digest,
        operation: OperationId,
        sequence: u64,
    ) -> Result<Self, Unreadable> {
        let read: RecordText = serde_json::from_str(&text).map_err(Unreadable::Malformed)?;
        if (read.operation, read.sequence) != (operation, sequence) {
            return Err(Unreadable::Misplaced { operation: read.operation, sequence: read.sequence });
        }
        let RecordText { at, body, kind, term, version, .. } = read;
        Ok(Self { sequence, term, record: Record { kind, version, at, body }, text, hash })
    }

    /// Whether this is the row that was written after the one with the hash `previous`.
    pub fn follows(&self, previous: Digest) -> bool {
        Digest::of(&[previous.as_bytes(), self.text.as_bytes()]) == self.hash
    }
}

#[cfg(test)]
mod tests;
