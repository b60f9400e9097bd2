//! Groups have their turns.

use super::{
    GroupOutcome, GroupPlan, GroupResult, GroupTask, OnFailure, Reason, SiteFailoverPlan, SiteFailoverReport,
};
use crate::domain::{GroupStatus, OperationStatus};
use crate::id::{OperationId, SiteName};
use crate::protector::control::PauseBefore;
use crate::protector::{Error, OperationHandle, OperationReport, Progress, Protector};
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// A site that is being left by a task of this process. Dropping the handle does not stop it.
#[derive(Debug)]
pub struct SiteFailoverHandle {
    events: mpsc::UnboundedReceiver<SiteProgress>,
    stop: CancellationToken,
    task: JoinHandle<SiteFailoverReport>,
    site: SiteName,
}

/// Something happened to a group of a site that is being left.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SiteProgress {
    /// Its turn has come; its operation has begun, or is taken up.
    Begun {
        /// The group's name.
        group: String,
        /// The operation.
        operation: OperationId,
    },
    /// Its operation has made a step.
    Went {
        /// The group's name.
        group: String,
        /// How far.
        progress: Progress,
    },
    /// It has come to its end.
    Ended(GroupResult),
}

impl SiteFailoverHandle {
    /// What happens next; `None` when all groups have come to their end.
    pub async fn next(&mut self) -> Option<SiteProgress> {
        self.events.recv().await
    }

    /// What stops it when it is cancelled: no other group is begun, and each operation is left where it is, as one alone would
    /// be. Doing it again goes on.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Waits until all groups have come to their end.
    ///
    /// # Errors
    /// The task was lost.
    pub async fn finish(self) -> Result<SiteFailoverReport, Error> {
        self.task.await.map_err(|_| Error::SiteTaskLost(self.site))
    }
}

/// What one group needs to have its turn.
struct Turn {
    protector: Protector,
    events: mpsc::UnboundedSender<SiteProgress>,
    stop: CancellationToken,
}

impl Protector {
    /// Leaves a site as it was planned: each group is moved when those that it waits for have come to their end, whatever end;
    /// one that cannot be moved does not keep the others, unless that was asked for. All run at the same time but for that, and
    /// share the engine's limits. The operations are the groups' own, journaled and resumable as any.
    ///
    /// # Effects
    /// Those of the groups' plans.
    pub fn site_failover(&self, plan: SiteFailoverPlan) -> SiteFailoverHandle {
        let (sender, events) = mpsc::unbounded_channel();
        let (stop, site) = (CancellationToken::new(), plan.site.clone());
        let turn = || Turn { protector: self.clone(), events: sender.clone(), stop: stop.clone() };
        let task = tokio::spawn(leave(plan, turn()));
        SiteFailoverHandle { events, stop, task, site }
    }
}

async fn leave(plan: SiteFailoverPlan, all: Turn) -> SiteFailoverReport {
    let order: Vec<String> = plan.groups.iter().map(|group| group.name.clone()).collect();
    let mut waiting = plan.groups;
    let mut under_way: JoinSet<GroupResult> = JoinSet::new();
    let mut results: BTreeMap<String, GroupResult> = BTreeMap::new();
    let mut failed: Option<String> = None;
    loop {
        let (ready, later): (Vec<GroupPlan>, Vec<GroupPlan>) =
            waiting.into_iter().partition(|group| may_come(group, &results));
        waiting = later;
        let mut none_begun = true;
        for group in ready {
            let why_not = match &failed {
                _ if all.stop.is_cancelled() => Some("a stop was asked for; do it again to go on".to_owned()),
                Some(name) if plan.on_failure == OnFailure::BeginNoOther => {
                    Some(format!("group {name} could not be moved, and no other was to be begun then"))
                }
                _ => None,
            };
            match why_not {
                None => {
                    none_begun = false;
                    let turn = Turn {
                        protector: all.protector.clone(),
                        events: all.events.clone(),
                        stop: all.stop.clone(),
                    };
                    under_way.spawn(turn.take(group));
                }
                Some(reason) => {
                    let outcome = GroupOutcome::NotBegun { reason };
                    let result = GroupResult { group: group.name.clone(), operation: None, outcome };
                    let _ = all.events.send(SiteProgress::Ended(result.clone()));
                    results.insert(group.name, result);
                }
            }
        }
        match under_way.join_next().await {
            Some(Ok(result)) => {
                if !result.outcome.is_success() {
                    failed.get_or_insert(result.group.clone());
                }
                results.insert(result.group.clone(), result);
            }
            None if none_begun && waiting.iter().all(|group| !may_come(group, &results)) => break,
            // A defect in one group's task is told below.
            Some(Err(_)) | None => {}
        }
    }
    let lost = || GroupOutcome::NotBegun {
        reason: "the task that was to move it ended without an outcome".to_owned(),
    };
    let result = |name: String| {
        results.remove(&name).unwrap_or_else(|| GroupResult { group: name, operation: None, outcome: lost() })
    };
    SiteFailoverReport { site: plan.site, groups: order.into_iter().map(result).collect() }
}

/// Whether all that a group waits for has come to its end.
fn may_come(group: &GroupPlan, results: &BTreeMap<String, GroupResult>) -> bool {
    group.after.iter().all(|name| results.contains_key(name))
}

impl Turn {
    async fn take(self, group: GroupPlan) -> GroupResult {
        let name = group.name.clone();
        let (operation, outcome) = Box::pin(self.outcome(group)).await;
        let result = GroupResult { group: name, operation, outcome };
        let _ = self.events.send(SiteProgress::Ended(result.clone()));
        result
    }

    async fn outcome(&self, group: GroupPlan) -> (Option<OperationId>, GroupOutcome) {
        let begun = match group.task {
            GroupTask::Done => return (None, GroupOutcome::WasDone),
            GroupTask::Refused(planned) => {
                return (None, GroupOutcome::Refused { findings: planned.findings });
            }
            GroupTask::Failed(reason) => return (None, GroupOutcome::Failed(reason)),
            GroupTask::Resume(operation) => self.protector.take_up(operation, PauseBefore::Forgotten).await,
            GroupTask::Move(planned) => match planned.plan {
                Some(plan) => self.protector.apply(plan).await,
                None => return (None, GroupOutcome::Refused { findings: planned.findings }),
            },
        };
        match begun {
            Ok(handle) => {
                let operation = handle.id();
                (Some(operation), self.watched(&group.name, handle).await)
            }
            Err(error) => (None, GroupOutcome::Failed(Reason::of(&error))),
        }
    }

    /// Passes on what happens, and stops the operation when all is to be stopped.
    async fn watched(&self, name: &str, mut handle: OperationHandle) -> GroupOutcome {
        let begun = SiteProgress::Begun { group: name.to_owned(), operation: handle.id() };
        let _ = self.events.send(begun);
        let stop = handle.stop_token();
        loop {
            let progress = tokio::select! {
                biased;
                progress = handle.next() => progress,
                () = self.stop.cancelled(), if !stop.is_cancelled() => {
                    stop.cancel();
                    continue;
                }
            };
            let Some(progress) = progress else { break };
            let _ = self.events.send(SiteProgress::Went { group: name.to_owned(), progress });
        }
        match handle.finish().await {
            Ok(report) => became(report),
            Err(error) => GroupOutcome::Failed(Reason::of(&error)),
        }
    }
}

fn became(report: OperationReport) -> GroupOutcome {
    let (status, told) = (report.operation.status, report.operation.error_message);
    let partial = report.group.is_some_and(|group| group.status == GroupStatus::FailedOverPartial);
    match status {
        OperationStatus::Completed if partial => {
            GroupOutcome::Partial { reason: told.unwrap_or_else(|| "some of its VMs do not run".to_owned()) }
        }
        OperationStatus::Completed => GroupOutcome::Moved { remark: told },
        status => {
            let left = || "it was stopped; do it again to go on".to_owned();
            GroupOutcome::NotMoved { status, reason: told.unwrap_or_else(left) }
        }
    }
}
