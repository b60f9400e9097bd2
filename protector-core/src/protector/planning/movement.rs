use crate::domain::{
    Action, Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup, RecoveryPoint,
    ReplicationForecast, forecast_replication, judge, newest_eligible,
};
use crate::id::SiteName;
use crate::inventory::{Captured, read};
use crate::openstack::block_storage::GIB;
use crate::operations::{FailoverFacts, Known, LossForecast, MoveMode, Planned, plan_failover};
use crate::protector::{Error, MoveKind, MoveRequest, Protector};
use futures::{join, try_join};
use jiff::Timestamp;

impl Protector {
    pub(super) async fn plan_move(
        &self,
        request: &MoveRequest,
        operation: OperationType,
    ) -> Result<Planned, Error> {
        let planned = matches!(request.kind, MoveKind::Planned);
        let action = match (operation, planned) {
            (OperationType::Failback, true) => Action::Failback,
            (OperationType::Failback, false) => Action::UnplannedFailback,
            (_, true) => Action::Failover,
            (_, false) => Action::UnplannedFailover,
        };
        let group = self.idle_group(&request.group, action).await?;
        match &request.kind {
            MoveKind::Planned if group.status == GroupStatus::FailedOverPartial => {
                Box::pin(self.plan_completion(&group, request)).await
            }
            MoveKind::Planned => Box::pin(self.plan_planned(&group, request)).await,
            MoveKind::Unplanned { point, accept_loss } => {
                Box::pin(self.plan_unplanned(&group, request, point.as_deref(), *accept_loss)).await
            }
        }
    }

    async fn plan_planned(&self, group: &ProtectionGroup, request: &MoveRequest) -> Result<Planned, Error> {
        let both = Box::pin(self.read_both(group)).await?;
        let recorded: Vec<_> = self.recorded_members(group).await?;
        let recorded: Vec<_> = recorded.into_iter().map(|captured| captured.definition).collect();
        let facts = FailoverFacts {
            group,
            source: Some(both.source()),
            target: both.target(),
            captured: &both.captured,
            recorded: &recorded,
            mode: MoveMode::Planned,
            without: &request.without,
            attempt: self.attempts(group.id).await?,
            config: &self.config,
        };
        let mut planned = plan_failover(&facts)?;
        planned.replication = self.forecast(group, &both.captured).await;
        Ok(planned)
    }

    /// What the last replication is likely to cost. It is no condition of the move: a target whose points cannot be read says
    /// so in its own place.
    async fn forecast(&self, group: &ProtectionGroup, captured: &[Captured]) -> Option<ReplicationForecast> {
        let points = self.points(group).await.ok()?;
        let volumes = captured.iter().flat_map(|captured| &captured.definition.volumes);
        let size = volumes.map(|volume| volume.size.saturating_mul(GIB)).fold(0, u64::saturating_add);
        Some(forecast_replication(group, &points, size, self.context.clock().now()))
    }

    pub(super) async fn plan_undo(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::Undo).await?;
        let both = Box::pin(self.read_both(&group)).await?;
        let facts = FailoverFacts {
            group: &group,
            source: Some(both.source()),
            target: both.target(),
            captured: &both.captured,
            recorded: &[],
            mode: MoveMode::Undo,
            without: &[],
            attempt: self.attempts(group.id).await?,
            config: &self.config,
        };
        Ok(plan_failover(&facts)?)
    }

    /// Nothing of what is asked here needs the site where the group runs.
    async fn plan_unplanned(
        &self,
        group: &ProtectionGroup,
        request: &MoveRequest,
        point: Option<&str>,
        accept_loss: bool,
    ) -> Result<Planned, Error> {
        let source = self.access(&group.current_primary_site)?;
        let target = self.access(group.other_site(&group.current_primary_site))?;
        let (known, source_answers) = join!(
            async {
                try_join!(
                    async { Ok(Box::pin(read(target, &self.context)).await?) },
                    self.arrays_of_twins(group, &target.site),
                    self.points(group),
                    self.recorded_members(group),
                )
            },
            self.answers(source)
        );
        let (mut target_facts, target_arrays, points, captured) = known?;
        self.read_test(group, target, &mut target_facts).await?;
        let last_contact = points.iter().map(|point| point.created).max();
        let now = self.context.clock().now();
        let forecast = |point: &RecoveryPoint| LossForecast {
            point: point.name.clone(),
            from: point.created,
            last_contact,
            until: now,
        };
        let chosen = match choose(group, &target.site, &points, point) {
            Ok(chosen) => chosen,
            Err(finding) => return Ok(Planned::refused(vec![*finding], Vec::new())),
        };
        let facts = FailoverFacts {
            group,
            source: None,
            target: Known { site: &target_facts, arrays: &target_arrays },
            captured: &captured,
            recorded: &[],
            mode: MoveMode::Unplanned { point: chosen, last_contact, source_answers },
            without: &request.without,
            attempt: self.attempts(group.id).await?,
            config: &self.config,
        };
        let mut planned = plan_failover(&facts)?;
        planned.loss = Some(forecast(chosen));
        if !accept_loss {
            planned.plan = None;
            planned.findings.push(not_accepted(group, chosen, now));
        }
        Ok(planned)
    }

    /// The VMs as they were captured last.
    pub(super) async fn recorded_members(&self, group: &ProtectionGroup) -> Result<Vec<Captured>, Error> {
        let mut captured = Vec::new();
        for member in group.members.keys() {
            captured.extend(self.recorded(*member).await?);
        }
        Ok(captured)
    }

    pub(super) async fn recorded(&self, member: crate::id::LineageId) -> Result<Option<Captured>, Error> {
        let definition = self.records().definition(member).await?;
        Ok(definition.map(|definition| Captured { definition, user_data: None, warnings: Vec::new() }))
    }

    async fn plan_completion(
        &self,
        group: &ProtectionGroup,
        request: &MoveRequest,
    ) -> Result<Planned, Error> {
        let target = self.access(&group.current_primary_site)?;
        let (mut target_facts, target_arrays, captured) = try_join!(
            async { Ok(Box::pin(read(target, &self.context)).await?) },
            self.arrays_of_twins(group, &target.site),
            self.recorded_members(group)
        )?;
        self.read_test(group, target, &mut target_facts).await?;
        let facts = FailoverFacts {
            group,
            source: None,
            target: Known { site: &target_facts, arrays: &target_arrays },
            captured: &captured,
            recorded: &[],
            mode: MoveMode::Completion,
            without: &request.without,
            attempt: self.attempts(group.id).await?,
            config: &self.config,
        };
        Ok(plan_failover(&facts)?)
    }
}

/// The point that is named, else the newest that may be used.
pub(super) fn choose<'a>(
    group: &ProtectionGroup,
    target: &SiteName,
    points: &'a [RecoveryPoint],
    name: Option<&str>,
) -> Result<&'a RecoveryPoint, Box<Finding>> {
    let Some(name) = name else {
        return newest_eligible(points, group).ok_or_else(|| {
            let newest = points.iter().max_by_key(|point| point.created);
            let why = newest.and_then(|point| Some((point, judge(point, group).reason?)));
            let message = match why {
                Some((point, why)) => format!("none can be used; of the newest, {}: {why}", point.name),
                None => "there is none at all".to_owned(),
            };
            Box::new(Finding::new(
                FindingCode::PointNotEligible,
                target,
                format!("recovery points of group {}", group.name),
                message,
                "wait until one has arrived; if none can come any more, nothing of the group can be brought up here",
            ))
        });
    };
    let found = points.iter().find(|point| point.name == name);
    let refuse = |code, message: String| {
        let remedy = "choose one of the eligible points (recovery points of the group)";
        Err(Box::new(Finding::new(code, target, format!("recovery point {name}"), message, remedy)))
    };
    match found {
        None => refuse(FindingCode::PointMissing, "it is not there".to_owned()),
        Some(point) => match judge(point, group).reason {
            Some(reason) => refuse(FindingCode::PointNotEligible, reason),
            None => Ok(point),
        },
    }
}

fn not_accepted(group: &ProtectionGroup, point: &RecoveryPoint, now: Timestamp) -> Finding {
    Finding::new(
        FindingCode::LossNotAccepted,
        &group.current_primary_site,
        format!("group {}", group.name),
        format!(
            "what was written after {} is lost: {} s until now",
            point.created,
            now.duration_since(point.created).as_secs()
        ),
        "accept the loss, or wait for the site and move the group planned",
    )
}
