use super::journals::Known;
use super::log::read;
use super::{Error, Protector};
use crate::domain::{OperationStatus, OperationType, ProtectionGroup};
use crate::engine::{Event, OperationState, Plan, StepState};
use crate::id::{GroupId, OperationId, SiteName, StepId};
use crate::journal::canonical::CanonicalJson;
use crate::journal::{Digest, Holder, OperationRecord, StoredOperation, StoredRecord};
use crate::operations::MadeObject;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A DR Operation as users see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperationView {
    /// Its id.
    pub id: OperationId,
    /// What it does.
    pub operation_type: OperationType,
    /// Where it stands.
    pub status: OperationStatus,
    /// 0 to 100.
    pub progress: u8,
    /// Where the group ran before.
    pub source_site: SiteName,
    /// The other site.
    pub target_site: SiteName,
    /// When it was begun.
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    pub completed_at: Option<Timestamp>,
    /// The steps whose effect is there.
    pub steps_completed: Vec<StepId>,
    /// The steps that failed, or are being tried again.
    pub steps_failed: Vec<StepId>,
    /// The steps that are not run: what they build on is not there, or a person has said so.
    pub steps_skipped: Vec<StepId>,
    /// While it is rolled back: the steps that could not be undone so far, and those that wait for them. What is not
    /// among them is undone or being undone.
    pub steps_not_undone: Vec<StepId>,
    /// What went wrong, in one line.
    pub error_message: Option<String>,
    /// The group.
    pub group: GroupId,
    /// The group's name.
    pub group_name: String,
    /// Who started it.
    pub started_by: Holder,
    /// When its journal was removed, if it was: then this is all that there is, without its steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_removed_at: Option<Timestamp>,
}

/// Everything that the stores know.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The groups.
    pub groups: Vec<ProtectionGroup>,
    /// The operations, in the order in which they were planned.
    pub operations: Vec<OperationView>,
    /// What protector made and has not removed.
    pub objects: Vec<MadeObject>,
}

/// An operation as it is stored, with its state.
pub(super) struct Recalled {
    pub(super) record: OperationRecord,
    pub(super) plan: Arc<Plan>,
    pub(super) state: OperationState,
    pub(super) events: Vec<Event>,
    pub(super) times: Vec<Timestamp>,
    /// Bytes of its plan and its records.
    pub(super) bytes: u64,
    /// The hash of its last record, or of its text if it has none.
    pub(super) head: Digest,
}

impl Recalled {
    pub(super) fn view(&self) -> OperationView {
        let period = self.times.first().copied().zip(self.times.last().copied());
        view(&self.record, &self.state, self.state.status(), period)
    }
}

pub(super) fn view(
    record: &OperationRecord,
    state: &OperationState,
    status: OperationStatus,
    period: Option<(Timestamp, Timestamp)>,
) -> OperationView {
    let plan = state.plan();
    let with = |wanted: fn(&StepState) -> bool| -> Vec<StepId> {
        let steps = plan.steps.iter().map(|step| &step.id);
        steps.filter(|id| state.step(id).is_some_and(wanted)).cloned().collect()
    };
    let mut steps_failed = with(|step| matches!(step, StepState::Failed(_)));
    steps_failed.extend(
        state.troubles().keys().filter(|step| !steps_failed.contains(step)).cloned().collect::<Vec<_>>(),
    );
    OperationView {
        id: record.id,
        operation_type: plan.operation_type,
        status,
        progress: state.progress(),
        source_site: plan.source_site.clone(),
        target_site: plan.target_site.clone(),
        started_at: period.map(|(first, _)| first),
        completed_at: period.map(|(_, last)| last).filter(|_| status.is_end()),
        steps_completed: with(|step| matches!(step, StepState::Done)),
        steps_failed,
        steps_skipped: with(|step| matches!(step, StepState::Skipped { .. })),
        steps_not_undone: state.not_undone(),
        error_message: state.error_message(),
        group: plan.group,
        group_name: plan.group_name.clone(),
        started_by: record.started_by.clone(),
        journal_removed_at: None,
    }
}

impl Protector {
    /// The operations of a group, or all, in the order in which they were planned.
    ///
    /// # Errors
    /// The stores cannot be read or differ; there is no such group.
    pub async fn operations(&self, group: Option<&str>) -> Result<Vec<OperationView>, Error> {
        let only = match group {
            Some(name) => Some(self.group(name).await?.id),
            None => None,
        };
        Ok(self.known(only).await?.iter().map(Known::view).collect())
    }

    /// One operation.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such operation.
    pub async fn operation(&self, id: OperationId) -> Result<OperationView, Error> {
        let known = self.known(None).await?;
        let found = known.iter().find(|one| one.id() == id).ok_or(Error::OperationUnknown(id))?;
        Ok(found.view())
    }

    /// What is journaled of an operation so far, and when.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such operation, or its journal was removed.
    pub async fn events(&self, id: OperationId) -> Result<Vec<(Timestamp, Event)>, Error> {
        let recalled = self.recall_one(id).await?;
        Ok(recalled.times.into_iter().zip(recalled.events).collect())
    }

    pub(super) async fn recall_one(&self, id: OperationId) -> Result<Recalled, Error> {
        match self.known(None).await?.into_iter().find(|one| one.id() == id) {
            Some(Known::Journaled(recalled)) => Ok(*recalled),
            Some(Known::Summarized(summary)) => Err(Error::JournalRemoved {
                operation: id,
                group: summary.operation.group_name,
                at: summary.operation.journal_removed_at.unwrap_or(summary.created_at),
            }),
            None => Err(Error::OperationUnknown(id)),
        }
    }

    /// Everything that the stores know; of one group, if its name is given.
    ///
    /// # Errors
    /// The stores cannot be read or differ; there is no such group.
    pub async fn status(&self, group: Option<&str>) -> Result<Status, Error> {
        let groups = match group {
            Some(name) => vec![self.group(name).await?],
            None => self.groups().await?,
        };
        let only = group.and_then(|_| groups.first().map(|group| group.id));
        let mut operations = Vec::new();
        let mut objects = Vec::new();
        for one in self.known(only).await? {
            operations.push(one.view());
            one.account(&mut objects);
        }
        Ok(Status { groups, operations, objects })
    }

    /// What protector made for a group and has not removed.
    pub(super) async fn made(&self, group: GroupId) -> Result<Vec<MadeObject>, Error> {
        let mut objects = Vec::new();
        for one in self.known(Some(group)).await? {
            one.account(&mut objects);
        }
        Ok(objects)
    }

    /// The operations of one group, or all, that have a journal.
    pub(super) async fn recall(&self, group: Option<GroupId>) -> Result<Vec<Recalled>, Error> {
        let journaled = self.known(group).await?.into_iter().filter_map(|one| match one {
            Known::Journaled(recalled) => Some(*recalled),
            Known::Summarized(_) => None,
        });
        Ok(journaled.collect())
    }

    /// The operations of one group, or all, but for some, each from its home store.
    pub(super) async fn recall_but(
        &self,
        group: Option<GroupId>,
        without: &BTreeSet<OperationId>,
    ) -> Result<Vec<Recalled>, Error> {
        let mut newest: BTreeMap<OperationId, StoredOperation> = BTreeMap::new();
        for site in self.world.sites.keys() {
            for stored in self.stores.store(site)?.operations(group).await? {
                let id = stored.record.id;
                if without.contains(&id) {
                    continue;
                }
                // The home store has all of it, the copy may be behind.
                if stored.record.home == *site || !newest.contains_key(&id) {
                    newest.insert(id, stored);
                }
            }
        }
        let mut recalled = Vec::new();
        for stored in newest.into_values() {
            let home = self.stores.store(&stored.record.home)?;
            let records = home.records(stored.record.id, 0).await?;
            recalled.push(recall(stored, records)?);
        }
        recalled.sort_by_key(|recalled| recalled.record.created_at);
        Ok(recalled)
    }
}

fn recall(stored: StoredOperation, records: Vec<StoredRecord>) -> Result<Recalled, Error> {
    let head = records.last().map_or_else(|| stored.origin(), |last| last.hash);
    let StoredOperation { mut record, text, .. } = stored;
    let (id, mut bytes) = (record.id, text.len() as u64);
    // The record has the plan, and either may be large.
    drop(text);
    let unreadable = |source| Error::PlanUnreadable { operation: id, source };
    let plan: Arc<Plan> = Arc::new(record.plan.read().map_err(unreadable)?);
    record.plan = CanonicalJson::nothing();
    let (mut events, mut times): (Vec<Event>, Vec<Timestamp>) = (Vec::new(), Vec::new());
    // Each is let go of when it is read: there may be thousands.
    for written in records {
        bytes = bytes.saturating_add(written.text.len() as u64);
        events.push(read(&written.record).map_err(unreadable)?);
        times.push(written.record.at);
    }
    let mut state = OperationState::new(Arc::clone(&plan));
    for event in &events {
        if state.apply(event).is_err() {
            break;
        }
    }
    Ok(Recalled { record, plan, state, events, times, bytes, head })
}
