//! Journals of operations that have ended: how much there is, and their removal.
//!
//! A journal goes as a whole, from both stores, and leaves a summary: a document in both stores that is written first. From then on
//! the journal does not count, wherever rows of it still stand; what a crash left of it is removed by the next removal.

use super::objects::{Change, apply, changes};
use super::status::{OperationView, Recalled};
use super::{Error, Protector};
use crate::domain::ProtectionGroup;
use crate::error::chain;
use crate::id::{GroupId, OperationId};
use crate::journal::{DocumentKind, Holder, PairTerm, StoreError, Version};
use crate::operations::MadeObject;
use crate::steps::RecordError;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

/// How much the journals of one group take up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupJournals {
    /// The group; it may be gone.
    pub group: GroupId,
    /// Its name when its last operation was planned.
    pub group_name: String,
    /// How many operations have a journal.
    pub operations: usize,
    /// How many of them have not ended.
    pub unfinished: usize,
    /// How many operations have a summary only.
    pub summaries: usize,
    /// Bytes of plans and records, in each of the two stores.
    pub bytes: u64,
    /// When the first operation that has a journal was planned.
    pub oldest: Option<Timestamp>,
    /// When the last one was.
    pub newest: Option<Timestamp>,
}

/// What came of a removal of journals.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PrunedJournals {
    /// The operations whose journals are gone, as `operation list` has them from now on.
    pub removed: Vec<OperationView>,
    /// Bytes of plans and records that went from each of the two stores; the files keep their size and use them again.
    pub bytes: u64,
    /// Those that are old enough and were kept.
    pub kept: Vec<KeptJournal>,
}

/// A journal that was not removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptJournal {
    /// The operation.
    pub operation: OperationId,
    /// Its group's name.
    pub group_name: String,
    /// Whether something needs it still; else it could not be removed.
    pub needed: bool,
    /// Why not.
    pub reason: String,
}

/// What is kept of an operation whose journal was removed: the body of a document that both stores hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Summary {
    /// What `operation list` shows: without steps.
    pub(super) operation: OperationView,
    /// When it was planned.
    pub(super) created_at: Timestamp,
    /// Its plan's hash.
    pub(super) plan_hash: String,
    /// How many records it had.
    pub(super) records: u64,
    /// The hash of the last of them, which covers all: a copy of the journal that is kept elsewhere can be held against it.
    pub(super) head: String,
    /// What it made and removed: what of that is still there is added up over all operations.
    pub(super) changes: Vec<Change>,
    /// Who removed the journal.
    pub(super) removed_by: Holder,
}

/// An operation, with its journal or without.
pub(super) enum Known {
    Journaled(Box<Recalled>),
    Summarized(Box<Summary>),
}

impl Known {
    pub(super) fn view(&self) -> OperationView {
        match self {
            Self::Journaled(recalled) => recalled.view(),
            Self::Summarized(summary) => summary.operation.clone(),
        }
    }

    pub(super) fn id(&self) -> OperationId {
        match self {
            Self::Journaled(recalled) => recalled.record.id,
            Self::Summarized(summary) => summary.operation.id,
        }
    }

    pub(super) fn group(&self) -> GroupId {
        match self {
            Self::Journaled(recalled) => recalled.record.group,
            Self::Summarized(summary) => summary.operation.group,
        }
    }

    pub(super) fn is_unfinished(&self) -> bool {
        matches!(self, Self::Journaled(recalled) if recalled.state.end().is_none())
    }

    /// Adds what it made to what there is, and takes away what it removed.
    pub(super) fn account(&self, objects: &mut Vec<MadeObject>) {
        match self {
            Self::Journaled(recalled) => apply(objects, &changes(recalled.record.id, &recalled.state)),
            Self::Summarized(summary) => apply(objects, &summary.changes),
        }
    }

    fn created_at(&self) -> Timestamp {
        match self {
            Self::Journaled(recalled) => recalled.record.created_at,
            Self::Summarized(summary) => summary.created_at,
        }
    }
}

/// How much there is of each group, the groups in the order of their ids.
pub(super) fn journals(known: &[Known]) -> Vec<GroupJournals> {
    let mut groups: BTreeMap<GroupId, GroupJournals> = BTreeMap::new();
    for one in known {
        let journals = groups.entry(one.group()).or_insert_with(|| GroupJournals {
            group: one.group(),
            group_name: String::new(),
            operations: 0,
            unfinished: 0,
            summaries: 0,
            bytes: 0,
            oldest: None,
            newest: None,
        });
        match one {
            Known::Journaled(recalled) => {
                let at = recalled.record.created_at;
                journals.group_name.clone_from(&recalled.plan.group_name);
                journals.operations = journals.operations.saturating_add(1);
                journals.unfinished = journals.unfinished.saturating_add(usize::from(one.is_unfinished()));
                journals.bytes = journals.bytes.saturating_add(recalled.bytes);
                journals.oldest = journals.oldest.or(Some(at));
                journals.newest = Some(at);
            }
            Known::Summarized(summary) => {
                journals.group_name.clone_from(&summary.operation.group_name);
                journals.summaries = journals.summaries.saturating_add(1);
            }
        }
    }
    groups.into_values().collect()
}

impl Protector {
    /// The operations of a group, or all, with their journals or without, in the order in which they were planned.
    pub(super) async fn known(&self, group: Option<GroupId>) -> Result<Vec<Known>, Error> {
        match self.known_now(group).await {
            // Between the two reads somebody removed a journal: now its summary is there.
            Err(Error::Store(StoreError::OperationUnknown { .. })) => self.known_now(group).await,
            known => known,
        }
    }

    async fn known_now(&self, group: Option<GroupId>) -> Result<Vec<Known>, Error> {
        let summaries = self.summaries().await?;
        let without: BTreeSet<OperationId> = summaries.iter().map(|summary| summary.operation.id).collect();
        let recalled = self.recall_but(group, &without).await?;
        let mut known: Vec<Known> =
            recalled.into_iter().map(|recalled| Known::Journaled(Box::new(recalled))).collect();
        let of_group =
            summaries.into_iter().filter(|summary| group.is_none_or(|only| only == summary.operation.group));
        known.extend(of_group.map(|summary| Known::Summarized(Box::new(summary))));
        known.sort_by_key(Known::created_at);
        Ok(known)
    }

    async fn summaries(&self) -> Result<Vec<Summary>, Error> {
        let documents = self.stores.documents(DocumentKind::OperationSummary).await?;
        let read = documents.into_iter().map(|document| {
            document.body.read().map_err(|source| RecordError::Unreadable {
                kind: DocumentKind::OperationSummary,
                id: document.id,
                source,
            })
        });
        Ok(read.collect::<Result<_, _>>()?)
    }

    /// Removes the journals of operations that ended at least so long ago from both stores, and keeps a summary of each:
    /// `operation list` shows it still, `operation show` too; its steps, its times and its report are gone. Kept is the journal
    /// of each group's last operation, of one that has not ended, of the test that runs, and of the move that is not committed.
    ///
    /// # Errors
    /// The stores cannot be read, or differ. What cannot be removed is no error: it is in the answer.
    ///
    /// # Effects
    /// Not undone. What a crash leaves of a journal does not count any more, and goes with the next removal.
    pub async fn prune_journals(&self, older_than: Duration) -> Result<PrunedJournals, Error> {
        let mut pruned = PrunedJournals::default();
        let known = self.known(None).await?;
        let groups: BTreeSet<GroupId> = known.iter().map(Known::group).collect();
        for group in groups {
            let of_group: Vec<&Known> = known.iter().filter(|one| one.group() == group).collect();
            let wanted = self.old_enough(&of_group, older_than);
            let remains = self.remains_of(group, &of_group).await?;
            if wanted.is_empty() && remains.is_empty() {
                continue;
            }
            let nobody = OperationId::new(Uuid::new_v5(&group.uuid(), b"journals"));
            let removed = match self.stores.take_terms(group, nobody, self.holder.clone()).await {
                Ok(term) => {
                    let removed = self.prune_held(group, &term, older_than, &mut pruned).await;
                    self.stores.release_terms(&term).await?;
                    removed
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = removed {
                let reason = chain(&error);
                let gone: BTreeSet<OperationId> = pruned.removed.iter().map(|view| view.id).collect();
                let left = wanted.into_iter().filter(|view| !gone.contains(&view.id));
                pruned.kept.extend(left.map(|view| kept(&view, false, reason.clone())));
            }
        }
        Ok(pruned)
    }

    /// Under the group's term nobody begins or ends an operation of it.
    async fn prune_held(
        &self,
        group: GroupId,
        term: &PairTerm,
        older_than: Duration,
        pruned: &mut PrunedJournals,
    ) -> Result<(), Error> {
        self.stores.repair().await?;
        let (_, now) = self.records().group(group).await?;
        let known = self.known(Some(group)).await?;
        let of_group: Vec<&Known> = known.iter().collect();
        for operation in self.remains_of(group, &of_group).await? {
            self.stores.remove_operation(term, operation).await?;
        }
        let old: BTreeSet<OperationId> =
            self.old_enough(&of_group, older_than).iter().map(|view| view.id).collect();
        let last = known.last().map(Known::id);
        for one in &known {
            let Known::Journaled(recalled) = one else { continue };
            if !old.contains(&recalled.record.id) {
                continue;
            }
            let view = recalled.view();
            if let Some(reason) = needed_by(&view, now.as_ref(), last) {
                pruned.kept.push(kept(&view, true, reason));
                continue;
            }
            let removed = self.remove_journal(term, recalled).await?;
            pruned.bytes = pruned.bytes.saturating_add(recalled.bytes);
            pruned.removed.push(removed);
        }
        Ok(())
    }

    /// The summary first: from then on the journal does not count.
    async fn remove_journal(&self, term: &PairTerm, recalled: &Recalled) -> Result<OperationView, Error> {
        let operation = self.summarize(recalled).await?;
        self.stores.remove_operation(term, operation.id).await?;
        Ok(operation)
    }

    async fn summarize(&self, recalled: &Recalled) -> Result<OperationView, Error> {
        let id = recalled.record.id;
        let operation = OperationView {
            steps_completed: Vec::new(),
            steps_failed: Vec::new(),
            steps_skipped: Vec::new(),
            steps_not_undone: Vec::new(),
            journal_removed_at: Some(self.context.clock().now()),
            ..recalled.view()
        };
        let summary = Summary {
            operation: operation.clone(),
            created_at: recalled.record.created_at,
            plan_hash: recalled.record.plan_hash.clone(),
            records: recalled.events.len() as u64,
            head: recalled.head.to_string(),
            changes: changes(id, &recalled.state),
            removed_by: self.holder.clone(),
        };
        let (kind, id, version) = (DocumentKind::OperationSummary, id.to_string(), Version::new(1, 0));
        self.stores.write(kind, &id, None, version, json!(summary)).await?;
        Ok(operation)
    }

    /// Operations that have a summary, and of whose journals a store still has something.
    async fn remains_of(&self, group: GroupId, known: &[&Known]) -> Result<BTreeSet<OperationId>, Error> {
        let without: BTreeSet<OperationId> =
            known.iter().filter(|one| matches!(one, Known::Summarized(_))).map(|one| one.id()).collect();
        let mut remains = BTreeSet::new();
        if !without.is_empty() {
            for site in self.world.sites.keys() {
                let stored = self.stores.store(site)?.operations(Some(group)).await?;
                remains
                    .extend(stored.iter().map(|stored| stored.record.id).filter(|id| without.contains(id)));
            }
        }
        Ok(remains)
    }

    /// Those with a journal that ended so long ago.
    fn old_enough(&self, known: &[&Known], older_than: Duration) -> Vec<OperationView> {
        let now = self.context.clock().now();
        let least = SignedDuration::try_from(older_than).unwrap_or(SignedDuration::MAX);
        let journaled = known.iter().filter(|one| matches!(one, Known::Journaled(_)));
        let old = |view: &OperationView| {
            let ended = view.completed_at.or(view.started_at);
            view.status.is_end() && ended.is_some_and(|ended| now.duration_since(ended) >= least)
        };
        journaled.map(|one| one.view()).filter(old).collect()
    }
}

/// What still needs the journal of an operation that has ended.
fn needed_by(
    operation: &OperationView,
    group: Option<&ProtectionGroup>,
    last: Option<OperationId>,
) -> Option<String> {
    let OperationView { id, group_name, .. } = operation;
    let tests = group.and_then(|group| group.test.as_ref()).is_some_and(|test| test.operation == *id);
    let moved =
        group.and_then(|group| group.uncommitted.as_ref()).is_some_and(|moved| moved.operation == *id);
    if tests {
        Some(format!("the test that it made runs: `protection-group test-cleanup {group_name}` ends it"))
    } else if moved {
        Some(format!(
            "the move that it was can be taken back: `protection-group commit {group_name}` or `undo` ends that"
        ))
    } else if last == Some(*id) {
        Some(format!("it is the last operation of group {group_name}"))
    } else {
        None
    }
}

fn kept(operation: &OperationView, needed: bool, reason: String) -> KeptJournal {
    KeptJournal { operation: operation.id, group_name: operation.group_name.clone(), needed, reason }
}

#[cfg(test)]
mod tests;
