//! Versioned documents: a body under a kind and an id, changed by compare-and-set of its version.

use super::canonical::CanonicalJson;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A document's version. The epoch rises when the group's primary changes, `n` with every other change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The group's epoch.
    pub epoch: u64,
    /// Counts the changes.
    pub n: u64,
}

impl Version {
    /// Names a version.
    pub fn new(epoch: u64, n: u64) -> Self {
        Self { epoch, n }
    }

    /// The next one in the same epoch.
    #[must_use]
    pub fn next(self) -> Self {
        Self { epoch: self.epoch, n: self.n.saturating_add(1) }
    }

    /// The first one in the next epoch.
    #[must_use]
    pub fn raised(self) -> Self {
        Self { epoch: self.epoch.saturating_add(1), n: 0 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.epoch, self.n)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What a document is about. Stored by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DocumentKind {
            $($(#[$doc])* $variant,)*
        }

        impl DocumentKind {
            /// All kinds that this release knows.
            pub const ALL: &'static [DocumentKind] = &[$(DocumentKind::$variant),*];

            /// The stored name: never changed once released.
            pub fn as_str(self) -> &'static str {
                match self { $(DocumentKind::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// A Protection Group with its members and lineages.
    Group = "group";
    /// What is remembered of a site.
    Site = "site";
    /// A group's Replication Policy.
    Policy = "policy";
    /// A group's own mappings.
    Mapping = "mapping";
    /// A member's captured definition.
    Definition = "definition";
    /// What a person wants of an operation that another process may run.
    Wish = "wish";
}

impl DocumentKind {
    /// The kind of a stored name; nothing if only a newer release knows it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Which write it was. Two writers may have the same version in mind, and even the same content: only one may win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteId(Uuid);

impl WriteId {
    /// A new one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Takes a stored one.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

/// One write of one document, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// What the document is about.
    pub kind: DocumentKind,
    /// Its identity within the kind.
    pub id: String,
    /// The version it becomes.
    pub version: Version,
    /// Which write it is.
    pub write: WriteId,
}

impl fmt::Display for Intent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "version {} of {} {}", self.version, self.kind, self.id)
    }
}

/// A document's current version.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is about.
    pub kind: DocumentKind,
    /// Its identity within the kind.
    pub id: String,
    /// The version that is current.
    pub version: Version,
    /// The write that made it.
    pub write: WriteId,
    /// The last version before this one that both sites had; nothing if this is the first.
    pub base: Option<Version>,
    /// Written without the other site: only this store is known to have it.
    pub alone: bool,
    /// The content. `null` means that the document was removed; its version lives on.
    pub body: CanonicalJson,
    /// When it was written, by the writer's clock.
    pub written_at: Timestamp,
}

impl Document {
    /// The document was removed: the next one of this id still has to be above its version.
    pub fn is_removed(&self) -> bool {
        self.body.is_null()
    }

    /// The write that made it.
    pub fn intent(&self) -> Intent {
        Intent { kind: self.kind, id: self.id.clone(), version: self.version, write: self.write }
    }

    /// The last version that both sites are known to have had.
    pub fn shared(&self) -> Option<Version> {
        if self.alone { self.base } else { Some(self.version) }
    }
}

/// A proposal that is durable and neither committed nor withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The version it would be.
    pub version: Version,
    /// Which write it is.
    pub write: WriteId,
    /// The version it would replace.
    pub expected: Option<Version>,
    /// The content it would have.
    pub body: CanonicalJson,
    /// When it was proposed, by the writer's clock.
    pub at: Timestamp,
}

/// What one store has of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub kind: DocumentKind,
    /// Its identity within the kind.
    pub id: String,
    /// The current version; nothing if none was ever committed.
    pub current: Option<Document>,
    /// The proposal beside it.
    pub pending: Option<Pending>,
}

impl Entry {
    /// An entry with nothing in it.
    pub fn empty(kind: DocumentKind, id: &str) -> Self {
        Self { kind, id: id.to_owned(), current: None, pending: None }
    }

    /// The current version's number.
    pub fn version(&self) -> Option<Version> {
        self.current.as_ref().map(|document| document.version)
    }
}

/// A change that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Which write of which document.
    pub intent: Intent,
    /// The version it replaces; nothing if it must be the first.
    pub expected: Option<Version>,
    /// The new content; `null` removes the document.
    pub body: CanonicalJson,
    /// When, by the writer's clock.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_epoch_is_above_every_change_within_the_old_one() {
        let version = Version::new(1, 7);
        assert!(version.next() > version);
        assert!(version.raised() > Version::new(1, u64::MAX));
    }

    #[test]
    fn kinds_are_found_by_their_stored_names_and_no_others() {
        for kind in DocumentKind::ALL {
            assert_eq!(DocumentKind::from_name(kind.as_str()), Some(*kind));
        }
        assert_eq!(DocumentKind::from_name("hologram"), None);
    }
}
