//! What two stores' entries of one document mean together, and what brings them together. Pure.
//!
//! The store whose site has the lower name decides: a proposal counts once it is committed there, and is void once it
//! is withdrawn there. Every writer and every repair proposes, commits and withdraws there first, so that whatever
//! runs at the same time agrees on the outcome.

use crate::journal::{Document, Entry, Intent, Pending};

/// One of the two stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that decides.
    First,
    /// The one that follows.
    Second,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// What is to be done about a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Settlement {
    /// Both have the same, and nothing is pending.
    Settled,
    /// Both have the same proposal: it counts.
    CommitBoth(Intent),
    /// One has committed what the other still has pending.
    Commit(Side, Intent),
    /// What is pending there never was on both.
    Withdraw(Side, Intent),
    /// This side has exactly what the other's document was made from.
    BringUp(Side, Document),
    /// They contradict each other.
    Differ,
}

/// Compares two stores' entries of one document. The first step comes first: ask again after it was taken.
pub(super) fn settle(first: &Entry, second: &Entry) -> Settlement {
    match (&first.current, &second.current) {
        (None, None) => settle_pending(first, second),
        (Some(here), Some(there)) if here.version == there.version => {
            // One write has one content, even if a fraction in it was read one unit in the last place beside itself.
            if here.write == there.write || here.body == there.body {
                settle_pending(first, second)
            } else {
                Settlement::Differ
            }
        }
        (Some(here), there) if there.as_ref().is_none_or(|there| there.version < here.version) => {
            catch_up(here, Side::Second, second)
        }
        (_, Some(there)) => catch_up(there, Side::First, first),
        (Some(here), None) => catch_up(here, Side::Second, second),
    }
}

fn settle_pending(first: &Entry, second: &Entry) -> Settlement {
    match (&first.pending, &second.pending) {
        (None, None) => Settlement::Settled,
        (Some(here), Some(there)) if here.write == there.write => Settlement::CommitBoth(intent(first, here)),
        // Two proposals that never met: neither was accepted by both stores.
        (Some(here), _) => Settlement::Withdraw(Side::First, intent(first, here)),
        (None, Some(there)) => Settlement::Withdraw(Side::Second, intent(second, there)),
    }
}

fn catch_up(newer: &Document, side: Side, behind: &Entry) -> Settlement {
    match &behind.pending {
        Some(pending) if pending.write == newer.write => Settlement::Commit(side, intent(behind, pending)),
        _ if behind.version() != newer.base => Settlement::Differ,
        // Whatever it was to be, the other side has gone past it.
        Some(pending) => Settlement::Withdraw(side, intent(behind, pending)),
        None => Settlement::BringUp(side, newer.clone()),
    }
}

fn intent(entry: &Entry, pending: &Pending) -> Intent {
    Intent { kind: entry.kind, id: entry.id.clone(), version: pending.version, write: pending.write }
}

/// Two entries that do not say which document counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Apart;

/// The document that counts, if any does.
///
/// A write that is half done counts from its commit on the deciding side.
pub(super) fn agreed<'a>(first: &'a Entry, second: &'a Entry) -> Result<Option<&'a Document>, Apart> {
    let side = match settle(first, second) {
        Settlement::Settled | Settlement::CommitBoth(_) => Side::First,
        Settlement::Withdraw(..) if first.version() == second.version() => Side::First,
        Settlement::Commit(behind, _) => behind.other(),
        Settlement::BringUp(behind, document) if !document.alone => behind.other(),
        Settlement::Withdraw(..) | Settlement::BringUp(..) | Settlement::Differ => return Err(Apart),
    };
    Ok(match side {
        Side::First => first.current.as_ref(),
        Side::Second => second.current.as_ref(),
    })
}
