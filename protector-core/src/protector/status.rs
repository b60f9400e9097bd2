use super::log::read;
use super::objects::account;
use super::{Error, Protector};
use crate::domain::{OperationStatus, OperationType, ProtectionGroup};
use crate::engine::{Event, OperationState, Plan, StepState};
use crate::id::{GroupId, OperationId, SiteName, StepId};
use crate::journal::{Holder, OperationRecord, StoredOperation, StoredRecord};
use crate::operations::MadeObject;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A DR Operation as users see it.
#[derive(Debug, Clone, Serialize)]
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
}

impl Recalled {
    pub(super) fn view(&self) -> OperationView {
        view(&self.record, &self.state, self.state.status(), &self.times)
    }
}

pub(super) fn view(
    record: &OperationRecord,
    state: &OperationState,
    status: OperationStatus,
    times: &[Timestamp],
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
        started_at: times.first().copied(),
        completed_at: status.is_end().then(|| times.last().copied()).flatten(),
        steps_completed: with(|step| matches!(step, StepState::Done)),
        steps_failed,
        steps_skipped: with(|step| matches!(step, StepState::Skipped { .. })),
        steps_not_undone: state.not_undone(),
        error_message: state.error_message(),
        group: plan.group,
        group_name: plan.group_name.clone(),
        started_by: record.started_by.clone(),
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
        Ok(self.recall(only).await?.iter().map(Recalled::view).collect())
    }

    /// One operation.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such operation.
    pub async fn operation(&self, id: OperationId) -> Result<OperationView, Error> {
        Ok(self.recall_one(id).await?.view())
    }

    /// What is journaled of an operation so far, and when.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such operation.
    pub async fn events(&self, id: OperationId) -> Result<Vec<(Timestamp, Event)>, Error> {
        let recalled = self.recall_one(id).await?;
        Ok(recalled.times.into_iter().zip(recalled.events).collect())
    }

    pub(super) async fn recall_one(&self, id: OperationId) -> Result<Recalled, Error> {
        let all = self.recall(None).await?;
        all.into_iter().find(|recalled| recalled.record.id == id).ok_or(Error::OperationUnknown(id))
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
        for recalled in self.recall(only).await? {
            operations.push(recalled.view());
            account(&mut objects, recalled.record.id, &recalled.state);
        }
        Ok(Status { groups, operations, objects })
    }

    /// What protector made for a group and has not removed.
    pub(super) async fn made(&self, group: GroupId) -> Result<Vec<MadeObject>, Error> {
        let mut objects = Vec::new();
        for recalled in self.recall(Some(group)).await? {
            account(&mut objects, recalled.record.id, &recalled.state);
        }
        Ok(objects)
    }

    /// The operations of one group, or all, each from its home store.
    pub(super) async fn recall(&self, group: Option<GroupId>) -> Result<Vec<Recalled>, Error> {
        let mut newest: BTreeMap<OperationId, StoredOperation> = BTreeMap::new();
        for site in self.world.sites.keys() {
            for stored in self.stores.store(site)?.operations(group).await? {
                let id = stored.record.id;
                // The home store has all of it, the copy may be behind.
                if stored.record.home == *site || !newest.contains_key(&id) {
                    newest.insert(id, stored);
                }
            }
        }
        let mut recalled = Vec::new();
        for stored in newest.into_values() {
            let record = stored.record;
            let records = self.stores.store(&record.home)?.records(record.id, 0).await?;
            recalled.push(recall(record, &records)?);
        }
        recalled.sort_by_key(|recalled| recalled.record.created_at);
        Ok(recalled)
    }
}

fn recall(record: OperationRecord, records: &[StoredRecord]) -> Result<Recalled, Error> {
    let unreadable = |source| Error::PlanUnreadable { operation: record.id, source };
    let plan: Plan = record.plan.read().map_err(unreadable)?;
    let plan = Arc::new(plan);
    let events: Vec<Event> =
        records.iter().map(|stored| read(&stored.record)).collect::<Result<_, _>>().map_err(unreadable)?;
    let times = records.iter().map(|stored| stored.record.at).collect();
    let mut state = OperationState::new(Arc::clone(&plan));
    for event in &events {
        if state.apply(event).is_err() {
            break;
        }
    }
    Ok(Recalled { record, plan, state, events, times })
}
