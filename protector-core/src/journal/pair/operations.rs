//! A group's term in both stores, and the copy of an operation in the store that does not write it.

use super::{Copied, StorePair};
use crate::id::{GroupId, OperationId, SiteName};
use crate::journal::{Holder, SiteStore, StoreError, StoredOperation, Term};
use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

/// A term in both stores. Append under that of the operation's home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairTerm {
    terms: [(SiteName, Term); 2],
}

impl PairTerm {
    /// The term in the store of a site; nothing if the site is not of the pair.
    pub fn at(&self, site: &SiteName) -> Option<Term> {
        self.terms.iter().find(|(name, _)| name == site).map(|(_, term)| *term)
    }
}

impl StorePair {
    /// Takes a group's term in both stores, so that two operations of one group never run, wherever they are at home.
    ///
    /// # Errors
    /// [`StoreError::Held`]: neither is taken.
    ///
    /// # Effects
    /// Undone by [`release_terms`](Self::release_terms), or by the holder's death.
    pub async fn take_terms(
        &self,
        group: GroupId,
        operation: OperationId,
        holder: Holder,
    ) -> Result<PairTerm, StoreError> {
        let at = self.clock.now();
        let first = self.first.take_term(group, operation, holder.clone(), at).await?;
        match self.second.take_term(group, operation, holder, at).await {
            Ok(second) => Ok(PairTerm {
                terms: [(self.first.site().clone(), first), (self.second.site().clone(), second)],
            }),
            Err(error) => {
                // If it cannot be released now, it goes with this process.
                drop(self.first.release_term(first).await);
                Err(error)
            }
        }
    }

    /// Lets go of a term in both stores.
    ///
    /// # Errors
    /// The first one that could not be released; the other is released all the same.
    pub async fn release_terms(&self, term: &PairTerm) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for (site, term) in &term.terms {
            outcome = outcome.and(self.store(site)?.release_term(*term).await);
        }
        outcome
    }

    /// Copies what an operation's home store has of it and the other has not. How many records were copied is the
    /// answer.
    ///
    /// # Errors
    /// [`StoreError::Behind`] if the copy could not be written; [`StoreError::OperationUnknown`].
    ///
    /// # Effects
    /// Not undone.
    pub async fn mirror(&self, operation: OperationId) -> Result<u64, StoreError> {
        let copied = self.copied().get(&operation).cloned();
        match copied {
            Some(copied) => self.copy_on(operation, &copied).await,
            None => self.copy_all(operation).await,
        }
    }

    /// Removes an operation that has ended from both stores. What shows that it does not count any more has to be in both before:
    /// if this stops between the two, only one of them has it still.
    ///
    /// # Errors
    /// [`StoreError::TermLost`], or a store cannot be written; repeating it is right.
    ///
    /// # Effects
    /// Not undone.
    pub async fn remove_operation(&self, term: &PairTerm, operation: OperationId) -> Result<(), StoreError> {
        for (site, term) in &term.terms {
            self.store(site)?.remove_operation(*term, operation).await?;
        }
        self.copied().remove(&operation);
        Ok(())
    }

    /// Copies an operation of whose copy nothing is known yet.
    async fn copy_all(&self, operation: OperationId) -> Result<u64, StoreError> {
        let (home, stored) = self.home(operation).await?;
        let other = self.other(home.site())?;
        let last = stored.last_sequence;
        let behind = |known: u64, source: StoreError| behind((other, operation), (known, last), source);
        let known = match other.operation(operation).await {
            Ok(copy) => copy.map_or(0, |copy| copy.last_sequence),
            Err(error) => return Err(behind(0, error)),
        };
        let records = home.records(operation, known).await?;
        let copied = |reached| Copied { home: home.site().clone(), reached };
        match other.copy_operation(stored, records).await {
            Ok(reached) => {
                self.copied().insert(operation, copied(reached));
                Ok(reached.saturating_sub(known))
            }
            Err(error) => Err(behind(known, error)),
        }
    }

    /// Copies what is new. What an operation is, which may be much, is read by neither store: each event would cost that.
    async fn copy_on(&self, operation: OperationId, copied: &Copied) -> Result<u64, StoreError> {
        let (home, other) = (self.store(&copied.home)?, self.other(&copied.home)?);
        let known = copied.reached;
        let records = home.records(operation, known).await?;
        let last = records.last().map_or(known, |record| record.sequence);
        match other.copy_records(operation, records).await {
            Ok(reached) => {
                self.copied().insert(operation, Copied { reached, ..copied.clone() });
                Ok(reached.saturating_sub(known))
            }
            Err(error) => {
                if !matches!(error, StoreError::Unavailable { .. }) {
                    // What was known may be what is wrong.
                    self.copied().remove(&operation);
                }
                Err(behind((other, operation), (known, last), error))
            }
        }
    }

    /// The store that writes an operation, and the operation as it is there.
    async fn home(
        &self,
        operation: OperationId,
    ) -> Result<(&Arc<dyn SiteStore>, StoredOperation), StoreError> {
        let mut unread = None;
        for store in [&self.first, &self.second] {
            match store.operation(operation).await {
                Ok(Some(stored)) if stored.record.home == *store.site() => return Ok((store, stored)),
                Ok(_) => {}
                Err(error) => unread = Some(error),
            }
        }
        let site = self.first.site().clone();
        Err(unread.unwrap_or(StoreError::OperationUnknown { site, operation }))
    }

    fn copied(&self) -> MutexGuard<'_, HashMap<OperationId, Copied>> {
        self.copied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn behind(
    (store, operation): (&Arc<dyn SiteStore>, OperationId),
    (known, last): (u64, u64),
    source: StoreError,
) -> StoreError {
    StoreError::Behind {
        site: store.site().clone(),
        operation,
        behind: last.saturating_sub(known),
        source: Box::new(source),
    }
}
