use super::protect::origin;
use super::{Known, Planned, PlanningError, record_group, sync_steps};
use crate::domain::{Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup, naming};
use crate::engine::{PlanBuilder, Recovery};
use crate::inventory::Captured;
use serde_json::json;

/// What planning a replication on demand needs to know.
#[derive(Debug)]
pub struct SyncFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs.
    pub source: Known<'a>,
    /// The other site.
    pub target: Known<'a>,
    /// Its VMs as they were read where it runs.
    pub captured: &'a [Captured],
    /// Which attempt at the group this is.
    pub attempt: u64,
}

/// Plans that the group is replicated now and its VMs' definitions are captured again.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_sync(facts: &SyncFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (source, target) = (&facts.source.site.site, &facts.target.site.site);
    let Some((origin, storage)) = origin(group, source).zip(group.storage_groups.get(target)) else {
        let finding = Finding::new(
            FindingCode::GroupMissing,
            source,
            format!("group {}", group.name),
            "the storage groups of both sites are not on record: it was never fully protected",
            "resume or repeat `protect`",
        );
        return Ok(Planned::refused(vec![finding], Vec::new()));
    };
    let mut plan = PlanBuilder::new(
        OperationType::Sync,
        group.id,
        &group.name,
        (source.clone(), target.clone()),
        group.epoch,
        Recovery::RollBack,
    );
    for warning in facts.captured.iter().flat_map(|captured| &captured.warnings) {
        plan.warn(warning.clone());
    }
    let validated = plan.add(sync_steps::validate(target, &storage.array, &origin.array));
    let marked = plan.add(
        record_group(
            "record_group/syncing",
            "record that the group is being replicated",
            &json!({"status": GroupStatus::Syncing}),
            &json!({"status": group.status}),
        )
        .at(target)
        .after([&validated])
        .reverted_by("the former status"),
    );
    let definitions: Vec<_> = facts.captured.iter().map(|captured| &captured.definition).collect();
    let captured = plan.add(sync_steps::capture(source, &definitions).after([&marked]));
    let point = naming::point(OperationType::Sync, group.epoch, facts.attempt);
    let replicated = plan.add(sync_steps::replicate(source, &origin, &point).after([&marked]));
    let arrived = plan.add(
        sync_steps::await_point(target, (&origin, &point), storage, group, source)
            .after([&marked, &replicated]),
    );
    let settled = group.settled_status();
    plan.add(
        record_group(
            &format!("record_group/{settled}"),
            "record that it is done",
            &json!({"status": settled}),
            &json!({}),
        )
        .at(target)
        .after([&captured, &arrived]),
    );
    Ok(Planned::ready(plan.build()?))
}
