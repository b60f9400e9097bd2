//! Bringing two stores together after a crash, an outage or a failover that went on with one of them.

use super::settlement::{Settlement, Side, settle};
use super::{ROUNDS, StorePair};
use crate::journal::{
    Difference, Document, DocumentKind, Entry, Intent, Proposal, SiteStore, StoreError, Version,
};
use std::sync::Arc;

/// One step of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The document's kind.
    pub kind: DocumentKind,
    /// The document's id.
    pub id: String,
    /// The version that counts now, or does not.
    pub version: Version,
    /// What became of the version.
    pub how: Mending,
}

/// What became of a version that was not the same in both stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mending {
    /// It was proposed in both stores, or committed in one: now it is current in both.
    Finished,
    /// It was proposed in one store only: it never counted.
    Withdrawn,
    /// One site had gone on alone: the other has it now, too.
    BroughtUp,
}

/// What a repair found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repair {
    /// What it mended, step by step.
    pub mended: Vec<Mended>,
    /// What it left as it is, for a person to decide.
    pub differing: Vec<Difference>,
}

impl StorePair {
    /// Finishes or takes back every write that stopped half-way, and brings up a store that the other went past alone.
    /// May run beside writers: a write that it takes back too early is tried again by its writer. What the stores
    /// contradict each other about is left and reported.
    ///
    /// # Errors
    /// Either store cannot be read or written; what was mended until then stays mended.
    ///
    /// # Effects
    /// Documents become current, or proposals vanish. Not undone.
    pub async fn repair(&self) -> Result<Repair, StoreError> {
        let mut repair = Repair::default();
        for (first, second) in self.entries(None).await? {
            let alone = [&first, &second]
                .into_iter()
                .any(|entry| entry.current.as_ref().is_some_and(|document| document.alone));
            if alone || settle(&first, &second) != Settlement::Settled {
                match self.settle_document(first.kind, &first.id, &mut repair).await {
                    Err(StoreError::StoresDiffer(difference)) => repair.differing.push(difference),
                    settled => settled?,
                }
            }
        }
        Ok(repair)
    }

    /// Takes one step after another until both sides have the same.
    pub(super) async fn settle_document(
        &self,
        kind: DocumentKind,
        id: &str,
        repair: &mut Repair,
    ) -> Result<(), StoreError> {
        let mut contradicted = false;
        for _ in 0..ROUNDS {
            // In this order: a proposal reaches the first store first, so one that is seen in the second and then not
            // in the first was taken back there.
            let second = self.second.entry(kind, id).await?;
            let first = self.first.entry(kind, id).await?;
            let (version, how, step) = match settle(&first, &second) {
                Settlement::Settled => return self.note_shared(&first, &second).await,
                // The two are not read at one moment: look twice.
                Settlement::Differ if !contradicted => {
                    contradicted = true;
                    continue;
                }
                Settlement::Differ => return Err(StoreError::StoresDiffer(self.difference(&first, &second))),
                Settlement::CommitBoth(intent) => {
                    (intent.version, Mending::Finished, self.commit_both(&intent).await)
                }
                Settlement::Commit(side, intent) => {
                    (intent.version, Mending::Finished, self.side(side).commit(&intent).await)
                }
                Settlement::Withdraw(side, intent) => {
                    (intent.version, Mending::Withdrawn, self.side(side).withdraw(&intent).await)
                }
                Settlement::BringUp(side, document) => {
                    let expected = if side == Side::First { first.version() } else { second.version() };
                    let how = if document.alone { Mending::BroughtUp } else { Mending::Finished };
                    (document.version, how, self.bring_up(side, &document, expected).await)
                }
            };
            match step {
                Ok(()) => repair.mended.push(Mended { kind, id: id.to_owned(), version, how }),
                // Somebody else took a step: look again.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        // Others keep writing it: they leave nothing half-way.
        Ok(())
    }

    async fn commit_both(&self, intent: &Intent) -> Result<(), StoreError> {
        self.first.commit(intent).await?;
        self.second.commit(intent).await
    }

    async fn bring_up(
        &self,
        side: Side,
        document: &Document,
        expected: Option<Version>,
    ) -> Result<(), StoreError> {
        let intent = document.intent();
        let (body, at) = (document.body.clone(), document.written_at);
        self.side(side).propose(Proposal { intent: intent.clone(), expected, body, at }).await?;
        self.side(side).commit(&intent).await
    }

    /// Notes in a store that had gone on alone that the other has the same now.
    async fn note_shared(&self, first: &Entry, second: &Entry) -> Result<(), StoreError> {
        for (store, entry) in [(&self.first, first), (&self.second, second)] {
            if let Some(document) = entry.current.as_ref().filter(|document| document.alone) {
                match store.commit(&document.intent()).await {
                    // A conflict: it was written since, by one who knew.
                    Ok(()) | Err(StoreError::Conflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn side(&self, side: Side) -> &Arc<dyn SiteStore> {
        match side {
            Side::First => &self.first,
            Side::Second => &self.second,
        }
    }
}
