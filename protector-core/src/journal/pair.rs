//! Both stores of a pair of sites: a change is written to both or to none, and what a crash left half-way is mended.
//!
//! A write proposes in both stores, then commits in both. Where it stops, [`StorePair::repair`] goes on: what was
//! proposed in both counts, what was proposed in one does not. See `settlement` for why writers and repairs that run
//! at the same time agree.

mod operations;
mod repair;
mod settlement;
#[cfg(test)]
mod tests;

pub use operations::PairTerm;
pub use repair::{Mended, Mending, Repair};

use super::canonical::CanonicalJson;
use super::{
    Difference, Document, DocumentKind, Entry, Intent, Proposal, SiteStore, StoreError, Version, WriteId,
};
use crate::id::{OperationId, SiteName};
use crate::time::Clock;
use futures::try_join;
use settlement::{Apart, agreed};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// How often a step is tried again because somebody else took another one in between.
const ROUNDS: usize = 8;

/// The stores of two sites, read and written together.
#[derive(Debug)]
pub struct StorePair {
    /// That of the site with the lower name.
    first: Arc<dyn SiteStore>,
    second: Arc<dyn SiteStore>,
    clock: Arc<dyn Clock>,
    /// What is known of the copies of operations.
    copied: Mutex<HashMap<OperationId, Copied>>,
}

/// What is known of the copy of an operation.
#[derive(Debug, Clone)]
struct Copied {
    /// The site whose store writes the operation.
    home: SiteName,
    /// The last record that the copy has.
    reached: u64,
}

/// How one attempt at a write ended.
enum Attempt {
    Written,
    /// A repair saw the proposal before it was on both sides and took it back.
    TakenBack(StoreError),
}

impl StorePair {
    /// Pairs two sites' stores; which is named first makes no difference.
    ///
    /// # Errors
    /// [`StoreError::OneSite`].
    pub fn new(
        one: Arc<dyn SiteStore>,
        other: Arc<dyn SiteStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        if one.site() == other.site() {
            return Err(StoreError::OneSite { site: one.site().clone() });
        }
        let (first, second) = if one.site() < other.site() { (one, other) } else { (other, one) };
        Ok(Self { first, second, clock, copied: Mutex::default() })
    }

    /// The store of a site.
    ///
    /// # Errors
    /// [`StoreError::SiteUnknown`].
    pub fn store(&self, site: &SiteName) -> Result<&Arc<dyn SiteStore>, StoreError> {
        [&self.first, &self.second].into_iter().find(|store| store.site() == site).ok_or_else(|| {
            StoreError::SiteUnknown {
                site: site.clone(),
                first: self.first.site().clone(),
                second: self.second.site().clone(),
            }
        })
    }

    /// The store of the other site.
    ///
    /// # Errors
    /// [`StoreError::SiteUnknown`].
    pub fn other(&self, site: &SiteName) -> Result<&Arc<dyn SiteStore>, StoreError> {
        self.store(site)?;
        Ok(if self.first.site() == site { &self.second } else { &self.first })
    }

    /// One document, as both stores have it; a removed one is returned with its version and no body.
    ///
    /// # Errors
    /// [`StoreError::StoresDiffer`]; either store cannot be read.
    pub async fn read(&self, kind: DocumentKind, id: &str) -> Result<Option<Document>, StoreError> {
        let mut before = None;
        // The two are not read at one moment: only what differs twice in the same way differs.
        loop {
            let seen = try_join!(self.first.entry(kind, id), self.second.entry(kind, id))?;
            if let Ok(document) = agreed(&seen.0, &seen.1) {
                return Ok(document.cloned());
            }
            if before.as_ref() == Some(&seen) {
                return Err(self.differ(&seen.0, &seen.1));
            }
            before = Some(seen);
        }
    }

    /// All documents of a kind, as both stores have them, without those that were removed.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>, StoreError> {
        let mut documents = Vec::new();
        for (first, second) in self.entries(Some(kind)).await? {
            let document = match agreed(&first, &second) {
                Ok(document) => document.cloned(),
                Err(Apart) => self.read(kind, &first.id).await?,
            };
            documents.extend(document.filter(|document| !document.is_removed()));
        }
        Ok(documents)
    }

    /// Writes a document to both stores, or to none; a `null` body removes it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::OutOfOrder`] and [`StoreError::Unavailable`]: it does not count, and is
    /// taken back where it could be. [`StoreError::Unsettled`]: the next [`repair`](Self::repair) finishes it or takes
    /// it back.
    ///
    /// # Effects
    /// Not undone: write the next version.
    pub async fn write(
        &self,
        kind: DocumentKind,
        id: &str,
        expected: Option<Version>,
        version: Version,
        body: impl Into<CanonicalJson>,
    ) -> Result<(), StoreError> {
        let (at, body) = (self.clock.now(), body.into());
        let mut rounds = 0_usize;
        loop {
            let intent = Intent { kind, id: id.to_owned(), version, write: WriteId::random() };
            match self.attempt(&Proposal { intent, expected, body: body.clone(), at }).await? {
                Attempt::Written => return Ok(()),
                Attempt::TakenBack(error) if rounds >= ROUNDS => return Err(error),
                Attempt::TakenBack(_) => rounds = rounds.saturating_add(1),
            }
        }
    }

    async fn attempt(&self, proposal: &Proposal) -> Result<Attempt, StoreError> {
        let intent = &proposal.intent;
        if let Err(error) = self.first.propose(proposal.clone()).await {
            // The second store never hears of it, so it does not count; if it was written all the same and cannot be
            // withdrawn now, the next repair does it.
            if error.may_have_taken_effect() {
                drop(self.first.withdraw(intent).await);
            }
            return Err(error);
        }
        if let Err(error) = self.second.propose(proposal.clone()).await {
            return self.take_back(intent, error).await;
        }
        match self.first.commit(intent).await {
            Ok(()) => self.finish(intent).await,
            Err(StoreError::Conflict { found, .. }) if found > Some(intent.version) => {
                Err(Self::passed(intent, found, &self.first))
            }
            Err(error @ StoreError::Conflict { .. }) => {
                self.second.withdraw(intent).await?;
                Ok(Attempt::TakenBack(error))
            }
            Err(error) => Err(unsettled(intent, false, error)),
        }
    }

    /// Takes a proposal back that the second store refused, or may have refused.
    async fn take_back(&self, intent: &Intent, error: StoreError) -> Result<Attempt, StoreError> {
        let doubtful = error.may_have_taken_effect();
        match self.first.withdraw(intent).await {
            Ok(()) => {
                if doubtful {
                    drop(self.second.withdraw(intent).await);
                }
                Err(error)
            }
            // A repair found it on both sides before we did, and finished it; others may have gone on from there.
            Err(StoreError::Conflict { found, .. }) if doubtful => {
                let entry = self.first.entry(intent.kind, &intent.id).await;
                match entry.map_err(|error| unsettled(intent, false, error))?.current {
                    Some(document) if document.write == intent.write => self.finish(intent).await,
                    _ => Err(Self::passed(intent, found, &self.first)),
                }
            }
            Err(_) if doubtful => Err(unsettled(intent, false, error)),
            // Refused by the one, it does not count, whatever becomes of it at the other.
            Err(_) => Err(error),
        }
    }

    /// Makes current on the second side what is current on the first.
    async fn finish(&self, intent: &Intent) -> Result<Attempt, StoreError> {
        match self.second.commit(intent).await {
            Ok(()) => {}
            // Somebody else was there: whatever is left to do is what a repair does.
            Err(StoreError::Conflict { .. }) => {
                let mut repair = Repair::default();
                let settled = self.settle_document(intent.kind, &intent.id, &mut repair).await;
                settled.map_err(|error| unsettled(intent, true, error))?;
            }
            Err(error) => return Err(unsettled(intent, true, error)),
        }
        Ok(Attempt::Written)
    }

    /// Later versions are there: whether they were made from ours does not show any more.
    fn passed(intent: &Intent, found: Option<Version>, store: &Arc<dyn SiteStore>) -> StoreError {
        let conflict = StoreError::Conflict {
            site: store.site().clone(),
            kind: intent.kind,
            id: intent.id.clone(),
            expected: Some(intent.version),
            found,
            pending: None,
        };
        unsettled(intent, false, conflict)
    }

    /// Writes a document to one store while the other is out of reach: for an unplanned failover, and nothing else.
    ///
    /// # Errors
    /// [`StoreError::OutOfOrder`] unless the epoch is above that of the last version that both sites had;
    /// [`StoreError::Conflict`], [`StoreError::Unavailable`].
    ///
    /// # Effects
    /// The other store is behind until a [`repair`](Self::repair) reaches it. A lower proposal is dropped.
    pub async fn write_one(
        &self,
        site: &SiteName,
        kind: DocumentKind,
        id: &str,
        expected: Option<Version>,
        version: Version,
        body: impl Into<CanonicalJson>,
    ) -> Result<(), StoreError> {
        let intent = Intent { kind, id: id.to_owned(), version, write: WriteId::random() };
        let proposal = Proposal { intent, expected, body: body.into(), at: self.clock.now() };
        self.store(site)?.write_alone(proposal).await
    }

    /// The entries of both stores, document by document.
    async fn entries(&self, kind: Option<DocumentKind>) -> Result<Vec<(Entry, Entry)>, StoreError> {
        let (first, second) = try_join!(self.first.entries(kind), self.second.entries(kind))?;
        let mut pairs = BTreeMap::new();
        for entry in first {
            let other = Entry::empty(entry.kind, &entry.id);
            pairs.insert((entry.kind, entry.id.clone()), (entry, other));
        }
        for entry in second {
            let other = Entry::empty(entry.kind, &entry.id);
            let pair = pairs.entry((entry.kind, entry.id.clone())).or_insert((other.clone(), other));
            pair.1 = entry;
        }
        Ok(pairs.into_values().collect())
    }

    fn differ(&self, first: &Entry, second: &Entry) -> StoreError {
        StoreError::StoresDiffer(Box::new(Difference {
            kind: first.kind,
            id: first.id.clone(),
            first: (self.first.site().clone(), first.version()),
            second: (self.second.site().clone(), second.version()),
        }))
    }
}

fn unsettled(intent: &Intent, decided: bool, source: StoreError) -> StoreError {
    StoreError::Unsettled {
        kind: intent.kind,
        id: intent.id.clone(),
        version: intent.version,
        decided,
        source: Box::new(source),
    }
}
