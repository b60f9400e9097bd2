mod checks;
mod placing;
mod steps;

use self::checks::{
    check_compute_limits, check_roles, check_storage, check_volume_limits, keypairs_and_groups,
};
use self::placing::{Found, Unmade, place};
use super::placement::{Claims, Placement};
use super::{Known, Planned, PlanningError, replication, turns, twins};
use crate::config::ProtectorConfig;
use crate::domain::{
    Finding, FindingCode, KnownBefore, Member, OperationType, ProtectionGroup, RecoveryPoint,
    ServerDefinition, drift, naming,
};
use crate::engine::{PlanBuilder, Recovery};
use crate::id::{SiteName, StepId};
use crate::inventory::Captured;
use jiff::Timestamp;

/// What planning a failover or failback needs to know.
#[derive(Debug)]
pub struct FailoverFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs; none if it is moved without that.
    pub source: Option<Known<'a>>,
    /// Where it goes.
    pub target: Known<'a>,
    /// Its VMs: as they were read where it runs, else as they were captured last.
    pub captured: &'a [Captured],
    /// Its VMs as they were captured before.
    pub recorded: &'a [ServerDefinition],
    /// How it is moved.
    pub mode: MoveMode<'a>,
    /// Members whose VMs a person wants to be left out, by name.
    pub without: &'a [String],
    /// Which attempt at the group this is.
    pub attempt: u64,
    /// Settings and mappings.
    pub config: &'a ProtectorConfig,
}

/// How a group is moved.
#[derive(Debug, Clone, Copy)]
pub enum MoveMode<'a> {
    /// Nothing is lost: the VMs are stopped first, and what they have written goes with them.
    Planned,
    /// From a recovery point, without any call that needs the site where the group runs.
    Unplanned {
        /// The point.
        point: &'a RecoveryPoint,
        /// When the source was heard of last, if it is known.
        last_contact: Option<Timestamp>,
        /// Whether the source answers: then its VMs are stopped and locked beside all else.
        source_answers: bool,
    },
    /// It has been moved before, and some of its VMs could not be made: they are made now.
    Completion,
    /// It was moved from there, planned, and goes back to what its volumes held when it was stopped there.
    Undo,
}

impl FailoverFacts<'_> {
    /// Where the group runs, or ran before the move that is completed.
    fn source_site(&self) -> &SiteName {
        match self.mode {
            MoveMode::Completion => self.group.other_site(&self.group.current_primary_site),
            _ => &self.group.current_primary_site,
        }
    }

    /// The members that this is about.
    fn members(&self) -> impl Iterator<Item = &Member> {
        let completes = matches!(self.mode, MoveMode::Completion);
        let wanted = move |member: &&Member| !completes || member.absent.is_some();
        self.group.members.values().filter(wanted)
    }

    /// What is known of the source, if the VM was read there.
    fn source_of(&self, definition: &ServerDefinition) -> Option<Known<'_>> {
        self.source.filter(|known| known.site.site == definition.site)
    }

    fn leaves(&self, member: &Member) -> Option<Unmade> {
        let named =
            self.without.iter().any(|name| *name == member.name || *name == member.lineage.to_string());
        named.then(|| Unmade { reason: "it was left out".to_owned(), left: true })
    }
}

/// Plans the move of a group to the other site, and back: the same operation with the sites exchanged. What is at the
/// target already (the originals, or the shadows of an earlier move) is used again with its ids; what is not is made.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_failover(facts: &FailoverFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (source, target) = (facts.source_site(), &facts.target.site.site);
    let operation = match facts.mode {
        MoveMode::Undo => OperationType::Undo,
        _ if *target == group.primary_site => OperationType::Failback,
        _ => OperationType::Failover,
    };
    let mut findings = Vec::new();
    let mut warnings: Vec<Finding> =
        facts.captured.iter().flat_map(|captured| captured.warnings.clone()).collect();
    let placement =
        Placement { target: facts.target.site, mappings: &facts.config.mappings, source_site: source };

    let known = replication::storage_groups(group, source, target);
    let (origin, storage) = match known {
        Ok(known) => known,
        Err(finding) => return Ok(Planned::refused(vec![finding], warnings)),
    };
    let Some(consistency_group) = group.consistency_groups.get(target) else {
        findings.push(Finding::new(
            FindingCode::GroupMissing,
            target,
            format!("group {}", group.name),
            "its Cinder group is not on record: it was never fully protected",
            "resume or repeat `protect`",
        ));
        return Ok(Planned::refused(findings, warnings));
    };
    check_roles(facts, &mut findings);
    check_storage(facts, &origin, storage, &mut findings);
    if matches!(facts.mode, MoveMode::Planned) {
        warnings.extend(drifted(facts));
    }
    unknown_names(facts, &mut findings);
    let unplanned = matches!(facts.mode, MoveMode::Unplanned { .. });
    // In a disaster an order that cannot be kept keeps nobody from coming up.
    let order = turns::start_order(group, if unplanned { &mut warnings } else { &mut findings });
    let mut moves = Vec::new();
    let mut claims = Claims::default();
    for member in facts.members() {
        match facts.captured.iter().find(|captured| captured.definition.lineage == member.lineage) {
            None => findings.push(Finding::new(
                FindingCode::ServerMissing,
                source,
                format!("server {}", member.name),
                "it is not there any more",
                "take it out of the group, or make it again and protect it",
            )),
            Some(captured) => {
                let mut found =
                    Found { refusing: &mut findings, warnings: &mut warnings, claims: &mut claims };
                let placement = placement.of(&captured.definition);
                moves.push(place(facts, &placement, member, &captured.definition, &mut found));
            }
        }
    }
    match facts.mode {
        // In a disaster whoever has room comes up: Nova says of each VM whether it has.
        MoveMode::Unplanned { .. } => check_compute_limits(facts, &moves, &mut warnings),
        _ => check_compute_limits(facts, &moves, &mut findings),
    }
    check_volume_limits(facts, &moves, &mut findings);
    let shared = keypairs_and_groups(&placement, &moves, &mut findings, &mut warnings);
    if !findings.is_empty() {
        return Ok(Planned::refused(findings, warnings));
    }
    let point = match facts.mode {
        MoveMode::Planned => naming::point(operation, group.epoch + 1, facts.attempt),
        MoveMode::Unplanned { point, .. } => point.name.clone(),
        MoveMode::Completion | MoveMode::Undo => String::new(),
    };
    let recovery = match facts.mode {
        MoveMode::Completion => Recovery::ForwardOnly,
        _ => Recovery::RollBackBefore(StepId::new("raise_epoch")),
    };
    let writer = steps::Writer {
        facts,
        operation,
        source,
        target,
        origin: &origin,
        storage,
        consistency_group,
        point,
        safety: naming::safety_snapshot(operation, group.epoch + 1, facts.attempt),
        moves: &moves,
        order,
        plan: PlanBuilder::new(
            operation,
            group.id,
            &group.name,
            (source.clone(), target.clone()),
            group.epoch,
            recovery,
        ),
    };
    Ok(Planned::ready(writer.write(&shared, warnings)?))
}

/// What has become of the VMs since they were captured.
fn drifted(facts: &FailoverFacts<'_>) -> Vec<Finding> {
    let target = facts.target.site;
    let mut findings = Vec::new();
    for member in facts.group.members.values() {
        let now = facts.captured.iter().map(|captured| &captured.definition);
        let Some(now) = now.into_iter().find(|now| now.lineage == member.lineage) else { continue };
        let captured = facts.recorded.iter().find(|before| before.lineage == member.lineage);
        let twins = twins::sizes(member, target);
        findings.extend(drift(KnownBefore { member, captured, twins: &twins }, now));
    }
    findings
}

/// Whoever leaves out a VM means one of the group's.
fn unknown_names(facts: &FailoverFacts<'_>, findings: &mut Vec<Finding>) {
    for name in facts.without {
        let known = |member: &Member| member.name == *name || member.lineage.to_string() == *name;
        if !facts.group.members.values().any(known) {
            findings.push(Finding::new(
                FindingCode::ServerMissing,
                facts.source_site(),
                format!("server {name}"),
                "the group has no member of this name",
                "name one of its members",
            ));
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
