//! A site is left: many groups, moved in their order, with one view.
//!
//! There is no record of the whole beside those of the groups' operations: what is done and what is not is told by the groups
//! themselves. Whoever does it again, in this process or another, goes on with the groups that are not done.

mod run;

pub use run::{SiteFailoverHandle, SiteProgress};

use super::{Error, MoveKind, MoveRequest, Protector, Request};
use crate::domain::{GroupStatus, GroupTurn, ProtectionGroup, group_turns};
use crate::error::{Coded, chain};
use crate::id::{GroupId, OperationId, SiteName};
use crate::operations::Planned;
use futures::stream::{self, StreamExt};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// So many groups are planned at a time: each reads whole sites.
const PLANNED_AT_A_TIME: usize = 8;

/// A site that is to be left.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SiteFailoverRequest {
    /// The site.
    pub site: SiteName,
    /// The groups, by name; all that run there, or whose home it is, if none are given.
    pub groups: Option<Vec<String>>,
    /// Whether the site is asked. A recovery point is chosen for each group: the newest that may be used.
    pub kind: SiteMove,
    /// What becomes of the others when a group cannot be moved.
    pub on_failure: OnFailure,
}

/// Whether groups are moved with the help of the site that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SiteMove {
    /// Nothing is lost.
    Planned,
    /// From recovery points; what was written since is lost.
    Unplanned {
        /// Whether the losses that the plan states are accepted: without, no group has a plan.
        accept_loss: bool,
    },
}

/// What becomes of the other groups when one cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// They are moved.
    #[default]
    GoOn,
    /// None that has not been begun is begun; those under way come to their end.
    BeginNoOther,
}

impl SiteFailoverRequest {
    /// All groups of a site that answers.
    pub fn planned(site: impl Into<SiteName>) -> Self {
        Self { site: site.into(), groups: None, kind: SiteMove::Planned, on_failure: OnFailure::GoOn }
    }

    /// All groups of a site that does not answer.
    pub fn unplanned(site: impl Into<SiteName>, accept_loss: bool) -> Self {
        Self { kind: SiteMove::Unplanned { accept_loss }, ..Self::planned(site) }
    }

    /// These groups only.
    #[must_use]
    pub fn only(mut self, groups: impl IntoIterator<Item = String>) -> Self {
        self.groups = Some(groups.into_iter().collect());
        self
    }

    /// The same, and no other group is begun once one could not be moved.
    #[must_use]
    pub fn stopping_at_a_failure(mut self) -> Self {
        self.on_failure = OnFailure::BeginNoOther;
        self
    }
}

/// What is to be done of each group, in the order in which they have their turn. Nothing has been touched.
#[derive(Debug)]
#[non_exhaustive]
pub struct SiteFailoverPlan {
    /// The site that is left.
    pub site: SiteName,
    /// The groups.
    pub groups: Vec<GroupPlan>,
    /// What becomes of the others when one cannot be moved.
    pub on_failure: OnFailure,
}

/// What is to be done of one group.
#[derive(Debug)]
#[non_exhaustive]
pub struct GroupPlan {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// The groups whose end it waits for, by name.
    pub after: Vec<String>,
    /// What is to be done.
    pub task: GroupTask,
}

/// What is to be done of a group when a site is left.
#[derive(Debug)]
#[non_exhaustive]
pub enum GroupTask {
    /// Nothing: it runs elsewhere.
    Done,
    /// It is moved.
    Move(Box<Planned>),
    /// It is being moved, and the operation is taken up where it was left.
    Resume(OperationId),
    /// It cannot be moved; this is all that refuses it.
    Refused(Box<Planned>),
    /// It could not be planned.
    Failed(Reason),
}

/// Why something is not so, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The stable name.
    pub code: &'static str,
    /// What was attempted, on what, and why it failed.
    pub message: String,
    /// What a person can do.
    pub hint: &'static str,
}

impl Reason {
    fn of(error: &Error) -> Self {
        let code = error.code();
        Self { code: code.as_str(), message: chain(error), hint: code.hint() }
    }
}

impl fmt::Display for SiteFailoverPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "site failover from {}: {} groups", self.site, self.groups.len())?;
        for (number, group) in self.groups.iter().enumerate() {
            write!(formatter, "{:>4}. {:<32} ", number + 1, group.name)?;
            match &group.task {
                GroupTask::Done => write!(formatter, "runs elsewhere already")?,
                GroupTask::Move(planned) => {
                    let steps = planned.plan.as_ref().map_or(0, |plan| plan.steps.len());
                    let kind = planned.plan.as_ref().map_or("", |plan| plan.operation_type.as_str());
                    write!(formatter, "{kind}, {steps} steps")?;
                    if let Some(loss) = &planned.loss {
                        write!(formatter, ", what was written after {} is lost", loss.from)?;
                    }
                }
                GroupTask::Resume(operation) => write!(formatter, "operation {operation} is taken up")?,
                GroupTask::Refused(planned) => {
                    write!(formatter, "refused")?;
                    for finding in &planned.findings {
                        write!(formatter, "\n        {finding}")?;
                    }
                }
                GroupTask::Failed(reason) => write!(formatter, "cannot be planned: {}", reason.message)?,
            }
            if !group.after.is_empty() {
                write!(formatter, "; after {}", group.after.join(", "))?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

/// What became of all groups.
#[derive(Debug, Clone, Serialize)]
pub struct SiteFailoverReport {
    /// The site that was left.
    pub site: SiteName,
    /// The groups, in the order in which they had their turn.
    pub groups: Vec<GroupResult>,
}

impl SiteFailoverReport {
    /// Whether every group runs elsewhere, with all of its VMs.
    pub fn is_complete(&self) -> bool {
        self.groups.iter().all(|group| group.outcome.is_success())
    }
}

/// What became of one group.
#[derive(Debug, Clone, Serialize)]
pub struct GroupResult {
    /// Its name.
    pub group: String,
    /// The operation, if one was begun or taken up.
    pub operation: Option<OperationId>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: GroupOutcome,
}

/// What became of one group when its site was left.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum GroupOutcome {
    /// It ran elsewhere before.
    WasDone,
    /// It runs elsewhere; what its record says went wrong besides, if anything did.
    Moved {
        /// What went wrong.
        remark: Option<String>,
    },
    /// It runs elsewhere, without some of its VMs: doing it again makes them.
    Partial {
        /// Which, and why.
        reason: String,
    },
    /// Its operation did not complete.
    NotMoved {
        /// Where that stands.
        status: crate::domain::OperationStatus,
        /// Why.
        reason: String,
    },
    /// It was refused.
    Refused {
        /// By what.
        findings: Vec<crate::domain::Finding>,
    },
    /// It could not be planned, begun or taken up.
    Failed(Reason),
    /// Its turn did not come.
    NotBegun {
        /// Why.
        reason: String,
    },
}

impl GroupOutcome {
    /// Whether the group runs elsewhere, with all of its VMs.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::WasDone | Self::Moved { .. })
    }
}

impl Protector {
    /// Plans that a site is left: for each group what is to be done, in their order, and what refuses it. Reads both sites, or
    /// if it is unplanned the other one only; touches nothing.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such site or group; groups wait for each other. That a group cannot be moved is no
    /// error: it is in the answer.
    pub async fn plan_site_failover(&self, request: &SiteFailoverRequest) -> Result<SiteFailoverPlan, Error> {
        self.access(&request.site)?;
        let mut groups = self.groups_to_move(request).await?;
        let turns = group_turns(&groups).map_err(Error::GroupsWait)?;
        let position: BTreeMap<GroupId, usize> =
            turns.iter().enumerate().map(|(position, turn)| (turn.group, position)).collect();
        groups.sort_by_key(|group| position.get(&group.id).copied());
        let names: BTreeMap<GroupId, String> =
            groups.iter().map(|group| (group.id, group.name.clone())).collect();
        let plans: Vec<_> = groups
            .iter()
            .zip(&turns)
            .map(|(group, turn)| self.group_plan(request, group, turn, &names))
            .collect();
        let groups = stream::iter(plans).buffered(PLANNED_AT_A_TIME).collect().await;
        Ok(SiteFailoverPlan { site: request.site.clone(), groups, on_failure: request.on_failure })
    }

    async fn groups_to_move(&self, request: &SiteFailoverRequest) -> Result<Vec<ProtectionGroup>, Error> {
        let mut groups = self.groups().await?;
        match &request.groups {
            None => {
                let concerns = |group: &ProtectionGroup| {
                    group.primary_site == request.site || group.current_primary_site == request.site
                };
                groups.retain(concerns);
            }
            Some(names) => {
                let known: BTreeSet<&str> = groups.iter().map(|group| group.name.as_str()).collect();
                if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
                    let known = known.into_iter().map(str::to_owned).collect();
                    return Err(Error::GroupUnknown { name: name.clone(), known });
                }
                groups.retain(|group| names.contains(&group.name));
            }
        }
        Ok(groups)
    }

    async fn group_plan(
        &self,
        request: &SiteFailoverRequest,
        group: &ProtectionGroup,
        turn: &GroupTurn,
        names: &BTreeMap<GroupId, String>,
    ) -> GroupPlan {
        let task = Box::pin(self.group_task(request, group)).await;
        GroupPlan {
            group: group.id,
            name: group.name.clone(),
            after: turn.after.iter().filter_map(|id| names.get(id)).cloned().collect(),
            task: task.unwrap_or_else(|error| GroupTask::Failed(Reason::of(&error))),
        }
    }

    async fn group_task(
        &self,
        request: &SiteFailoverRequest,
        group: &ProtectionGroup,
    ) -> Result<GroupTask, Error> {
        if let Some(operation) = self.move_under_way(request, group).await? {
            return Ok(GroupTask::Resume(operation));
        }
        let away = group.current_primary_site != request.site;
        if away && group.status != GroupStatus::FailedOverPartial {
            return Ok(GroupTask::Done);
        }
        let kind = match request.kind {
            // Its data is there: what is missing are VMs, and the site that is left is not asked for them.
            _ if away => MoveKind::Planned,
            SiteMove::Planned => MoveKind::Planned,
            SiteMove::Unplanned { accept_loss } => MoveKind::Unplanned { point: None, accept_loss },
        };
        let wanted = MoveRequest { group: group.name.clone(), kind, without: Vec::new() };
        let homeward = group.other_site(&request.site) == &group.primary_site;
        let wanted = if homeward { Request::Failback(wanted) } else { Request::Failover(wanted) };
        let planned = Box::new(Box::pin(self.plan(&wanted)).await?);
        Ok(if planned.plan.is_some() { GroupTask::Move(planned) } else { GroupTask::Refused(planned) })
    }

    /// The operation that moves a group away from the site, if one has not come to its end and can go on as things are.
    async fn move_under_way(
        &self,
        request: &SiteFailoverRequest,
        group: &ProtectionGroup,
    ) -> Result<Option<OperationId>, Error> {
        let all = self.recall(Some(group.id)).await?;
        let unfinished = all.into_iter().find(|recalled| recalled.state.end().is_none());
        let Some(unfinished) = unfinished else { return Ok(None) };
        let plan = &unfinished.plan;
        let leaves = plan.operation_type.is_move() && plan.source_site == request.site;
        // What a planned move does before its point of no return, it does at the site that does not answer.
        let needs_site = plan
            .steps
            .iter()
            .any(|step| step.kind == "replicate_now" || step.kind == "stop_server" && !step.optional)
            && !unfinished.state.past_point_of_no_return();
        let goes_on = request.kind == SiteMove::Planned || !needs_site;
        let forward = unfinished.state.rollback_reason().is_none();
        if leaves && goes_on && forward {
            return Ok(Some(unfinished.record.id));
        }
        Err(Error::Unfinished {
            group: group.name.clone(),
            operation: unfinished.record.id,
            kind: plan.operation_type,
            status: unfinished.state.status(),
        })
    }
}
