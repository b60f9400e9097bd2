use super::attributes::{lock_of, update_port, update_server, update_twin};
use super::placement::Placement;
use super::twins::extend_grown;
use super::{Known, Planned, PlanningError, record_group, replication};
use crate::config::Mappings;
use crate::domain::{GroupStatus, OperationType, ProtectionGroup, ServerDefinition, naming};
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
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
    /// What stands for what at the other site.
    pub mappings: &'a Mappings,
    /// Which attempt at the group this is.
    pub attempt: u64,
}

/// Plans that the group is replicated now, its VMs' definitions are captured again, twins grow as their originals did, and what
/// else has changed of the VMs is brought over to what is at the other site already.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_sync(facts: &SyncFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (source, target) = (&facts.source.site.site, &facts.target.site.site);
    let (origin, storage) = match replication::storage_groups(group, source, target) {
        Ok(known) => known,
        Err(finding) => return Ok(Planned::refused(vec![finding], Vec::new())),
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
    let validated = plan.add(replication::validate(target, &storage.array, Some(&origin.array)));
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
    let definitions = facts.captured.iter().map(|captured| &captured.definition);
    let captured = plan.add(replication::capture(source, definitions, true).after([&marked]));
    let point = naming::point(OperationType::Sync, group.epoch, facts.attempt);
    let replicated =
        plan.add(replication::replicate(source, &origin, &point, "make a recovery point").after([&marked]));
    let (members, title) =
        (replication::names_on_array(group, source), "wait until the recovery point is complete");
    let arrived = replication::await_point(target, &storage.array, (&origin, &point), members, title);
    let arrived = plan.add(arrived.after([&marked, &replicated]));
    let mut extended = Vec::new();
    match extend_grown(group, (facts.source, facts.target), facts.captured) {
        Ok(steps) => extended.extend(steps.into_iter().map(|step| plan.add(step.after([&marked])))),
        // What is replicated is worth having though the other site has no room for it yet.
        Err(finding) => plan.warn(finding),
    }
    // What a service does not take keeps no point from being worth having.
    let brought: Vec<_> =
        changes(facts).into_iter().map(|step| plan.add(step.after([&marked]).optional())).collect();
    let settled = group.settled_status();
    plan.add(
        record_group(
            &format!("record_group/{settled}"),
            "record that it is done",
            &json!({"status": settled}),
            &json!({}),
        )
        .at(target)
        .after([&captured, &arrived])
        .after(&extended)
        .after_end_of(&brought),
    );
    Ok(Planned::ready(plan.build()?))
}

/// What brings over what has changed of each VM.
fn changes(facts: &SyncFacts<'_>) -> Vec<StepBuilder> {
    let definitions = facts.captured.iter().map(|captured| &captured.definition);
    definitions.flat_map(|definition| changes_of(facts, definition)).collect()
}

fn changes_of(facts: &SyncFacts<'_>, definition: &ServerDefinition) -> Vec<StepBuilder> {
    let target = facts.target.site;
    let source_site = &facts.source.site.site;
    let placement = Placement { target, mappings: facts.mappings, source_site };
    let Some(member) = facts.group.members.get(&definition.lineage) else { return Vec::new() };
    let twins = definition.volumes.iter().filter_map(|volume| {
        let known = member.volumes.iter().find(|known| known.lineage == volume.lineage)?;
        let there = target.volume(&known.sites.get(&target.site)?.volume_id)?;
        update_twin(&placement, volume, there)
    });
    let mut steps: Vec<_> = twins.collect();
    let mut ports = Vec::new();
    for (number, port) in definition.ports.iter().enumerate() {
        let known = member.ports.iter().find(|known| known.lineage == port.lineage);
        let id = known.and_then(|known| known.sites.get(&target.site));
        let Some(there) = id.and_then(|id| target.port(id)) else { continue };
        steps.extend(update_port(&placement, &member.name, (number, port), there));
        ports.push((port, there));
    }
    let server = member.servers.get(&target.site).and_then(|id| target.server(id));
    steps.extend(server.and_then(|there| {
        update_server(&placement, &member.name, definition, (there, &ports), lock_of(there))
    }));
    steps
}
