//! What can go wrong with a store, or with the two of a pair.

use super::{DocumentKind, Holder, Version};
use crate::error::{Class, Code, Coded};
use crate::id::{GroupId, OperationId, SiteName};
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// An error below the store, whose type is the store's own affair.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Whether a call that failed took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It did not.
    None,
    /// It may have: read before repeating.
    Unknown,
}

/// How the two stores of a pair contradict each other about one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The document's kind.
    pub kind: DocumentKind,
    /// The document's id.
    pub id: String,
    /// One store, and the version that is current there.
    pub first: (SiteName, Option<Version>),
    /// The other store, and the version that is current there.
    pub second: (SiteName, Option<Version>),
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, first: (first, here), second: (second, there) } = self;
        write!(formatter, "{kind} {id} is {} at {first} and {} at {second}", Shown(*here), Shown(*there))?;
        if here == there {
            formatter.write_str(", with another content")?;
        }
        Ok(())
    }
}

/// A version that may not be there.
struct Shown(Option<Version>);

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(version) => write!(formatter, "version {version}"),
            None => formatter.write_str("absent"),
        }
    }
}

/// What went wrong with a store.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store could not be read or written.
    #[error("failed to {doing} in the store of site {site}{}", match effect {
        Effect::None => "",
        Effect::Unknown => "; whether it was written is not known",
    })]
    Unavailable {
        /// The store's site.
        site: SiteName,
        /// What was attempted.
        doing: String,
        /// Whether it took effect.
        effect: Effect,
        /// Why.
        #[source]
        source: Cause,
    },

    /// What the store holds is not what was written.
    #[error("the store of site {site} is damaged: {what}")]
    Corrupt {
        /// The store's site.
        site: SiteName,
        /// What is damaged, and how that shows.
        what: String,
    },

    /// The file holds something else than this site's store.
    #[error("{path} is not the store of site {site}: {found}")]
    AnotherStore {
        /// The site whose store was wanted.
        site: SiteName,
        /// The file.
        path: String,
        /// What it is.
        found: String,
    },

    /// A newer release wrote it.
    #[error("the store of site {site} was written by a newer release: {what}")]
    NeedsNewerRelease {
        /// The store's site.
        site: SiteName,
        /// What this release does not know.
        what: String,
    },

    /// A document was changed by somebody else, or is just being changed.
    #[error(
        "{kind} {id} in the store of site {site} was to be {}, but is {}{}",
        Shown(*expected),
        Shown(*found),
        pending.map(|version| format!(", with version {version} proposed")).unwrap_or_default()
    )]
    Conflict {
        /// The store's site.
        site: SiteName,
        /// The document's kind.
        kind: DocumentKind,
        /// The document's id.
        id: String,
        /// What the caller went by.
        expected: Option<Version>,
        /// What is current.
        found: Option<Version>,
        /// What is pending.
        pending: Option<Version>,
    },

    /// A version that may not follow the current one.
    #[error("version {proposed} of {kind} {id} may not follow {} in the store of site {site}", Shown(*current))]
    OutOfOrder {
        /// The store's site.
        site: SiteName,
        /// The document's kind.
        kind: DocumentKind,
        /// The document's id.
        id: String,
        /// What it would follow.
        current: Option<Version>,
        /// What was asked for.
        proposed: Version,
    },

    /// A living process has the group's term.
    #[error("group {group} is held since {since} by {holder}, for operation {operation}")]
    Held {
        /// The group.
        group: GroupId,
        /// Who has it.
        holder: Holder,
        /// For what.
        operation: OperationId,
        /// Since when, by the holder's clock.
        since: Timestamp,
    },

    /// Another has taken the term since, or it was released.
    #[error("term {number} of group {group} is over in the store of site {site}")]
    TermLost {
        /// The store's site.
        site: SiteName,
        /// The group.
        group: GroupId,
        /// The number that was current once.
        number: u64,
    },

    /// The store has no such operation.
    #[error("the store of site {site} has no operation {operation}")]
    OperationUnknown {
        /// The store's site.
        site: SiteName,
        /// The operation.
        operation: OperationId,
    },

    /// An operation is appended to in one store only.
    #[error("operation {operation} is written in the store of site {home}; that of site {site} has a copy")]
    NotHome {
        /// The store that was asked.
        site: SiteName,
        /// The store that writes it.
        home: SiteName,
        /// The operation.
        operation: OperationId,
    },

    /// The two stores contradict each other about a document.
    #[error("the two site stores differ: {0}")]
    StoresDiffer(Difference),

    /// The two stores contradict each other about an operation.
    #[error("operation {operation} in the store of site {site} differs from its copy at record {sequence}")]
    Diverged {
        /// The store that refused the copy.
        site: SiteName,
        /// The operation.
        operation: OperationId,
        /// The first record that differs or is missing; 0 is the operation itself.
        sequence: u64,
    },

    /// A write to both stores stopped half-way: `repair` finishes it or takes it back.
    #[error("version {version} of {kind} {id} {} until the two stores are repaired", match decided {
        true => "counts, but is not current in both stores",
        false => "may or may not count",
    })]
    Unsettled {
        /// The document's kind.
        kind: DocumentKind,
        /// The document's id.
        id: String,
        /// The version that was written.
        version: Version,
        /// It will be finished, not taken back.
        decided: bool,
        /// What stopped it.
        #[source]
        source: Box<StoreError>,
    },

    /// An operation's copy lacks its newest records.
    #[error("the copy of operation {operation} in the store of site {site} is {behind} records behind")]
    Behind {
        /// The store with the copy.
        site: SiteName,
        /// The operation.
        operation: OperationId,
        /// How many records it lacks, at most.
        behind: u64,
        /// What stopped the copying.
        #[source]
        source: Box<StoreError>,
    },

    /// A pair was asked for that is none.
    #[error("a pair needs the stores of two sites, not twice that of site {site}")]
    OneSite {
        /// The site.
        site: SiteName,
    },

    /// A site was named that is not of the pair.
    #[error("site {site} is not of the pair {first} and {second}")]
    SiteUnknown {
        /// The site that was named.
        site: SiteName,
        /// One site of the pair.
        first: SiteName,
        /// The other one.
        second: SiteName,
    },
}

impl Coded for StoreError {
    fn code(&self) -> Code {
        match self {
            Self::Unavailable { .. } | Self::Unsettled { .. } => Code::StoreUnavailable,
            Self::Corrupt { .. } => Code::StoreCorrupt,
            Self::NeedsNewerRelease { .. } => Code::NeedsNewerRelease,
            Self::Conflict { .. } => Code::Conflict,
            Self::Held { .. } => Code::GroupBusy,
            Self::TermLost { .. } => Code::TermLost,
            Self::OperationUnknown { .. } => Code::OperationUnknown,
            Self::StoresDiffer(_) | Self::Diverged { .. } => Code::StoresDiffer,
            Self::Behind { source, .. } => source.code(),
            Self::AnotherStore { .. } | Self::OneSite { .. } | Self::SiteUnknown { .. } => {
                Code::ConfigurationInvalid
            }
            Self::OutOfOrder { .. } | Self::NotHome { .. } => Code::Internal,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Unavailable { effect: Effect::Unknown, .. } | Self::Unsettled { .. } => Class::Unknown,
            _ => self.code().class(),
        }
    }
}

impl StoreError {
    /// Whether the call that answered with this may have taken effect all the same.
    pub fn may_have_taken_effect(&self) -> bool {
        self.class() == Class::Unknown
    }
}
