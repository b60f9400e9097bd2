use super::twins::extend_grown;
use super::{Known, Planned, PlanningError, record_group, replication};
use crate::domain::{GroupStatus, OperationType, ProtectionGroup, ReplicationState, naming};
use crate::driver::GroupOrigin;
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
use crate::id::StepId;
use crate::inventory::Captured;
use serde_json::json;

/// What planning a reprotection needs to know.
#[derive(Debug)]
pub struct ReprotectFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs.
    pub source: Known<'a>,
    /// The other site: back again, perhaps with VMs that still run.
    pub target: Known<'a>,
    /// Its VMs as they were read where it runs.
    pub captured: &'a [Captured],
    /// Which attempt at the group this is.
    pub attempt: u64,
}

/// Plans that the data reaches the other site again. What still runs there is stopped first: it is not the primary any more.
/// What its volumes hold stays until the group is moved there.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_reprotect(facts: &ReprotectFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (source, target) = (&facts.source.site.site, &facts.target.site.site);
    let (origin, storage) = match replication::storage_groups(group, source, target) {
        Ok(known) => known,
        Err(finding) => return Ok(Planned::refused(vec![finding], Vec::new())),
    };
    let mut plan = PlanBuilder::new(
        OperationType::Reprotect,
        group.id,
        &group.name,
        (source.clone(), target.clone()),
        group.epoch,
        // A source that was fenced is not let loose again.
        Recovery::ForwardOnly,
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
        .after([&validated]),
    );
    let fenced = fence(&mut plan, facts, &marked);
    let back = GroupOrigin { array: storage.array.clone(), group: storage.name.clone() };
    let paused = replication::schedule(
        target,
        &back,
        replication::settings(group, false),
        None,
        "switch the former primary's schedule off",
    );
    let paused = plan.add(paused.after(&fenced));
    let allowed = plan.add(
        StepBuilder::new(
            "allow_replication",
            format!("allow_replication/{target}"),
            "allow the replication to the other site",
        )
        .at(target)
        .after([&paused])
        .input(json!({"array": storage.array, "origin": origin}))
        .call("allow the primary's group on the other site's array"),
    );
    let scheduled = replication::schedule(
        source,
        &origin,
        replication::settings(group, true),
        None,
        "switch the primary's schedule on",
    );
    let scheduled = plan.add(scheduled.after([&allowed]));
    let definitions = facts.captured.iter().map(|captured| &captured.definition);
    let captured = plan.add(replication::capture(source, definitions, true).after([&marked]));
    let point = naming::point(OperationType::Reprotect, group.epoch, facts.attempt);
    let replicated = replication::replicate(source, &origin, &point, "make a recovery point");
    let replicated = plan.add(replicated.after([&scheduled]));
    let (members, title) =
        (replication::names_on_array(group, source), "wait until the recovery point is complete");
    let arrived = replication::await_point(target, &storage.array, (&origin, &point), members, title);
    let arrived = plan.add(arrived.after([&replicated]));
    let mut extended = Vec::new();
    match extend_grown(group, (facts.source, facts.target), facts.captured) {
        Ok(steps) => extended.extend(steps.into_iter().map(|step| plan.add(step.after(&fenced)))),
        Err(finding) => plan.warn(finding),
    }
    let settled = group.settled_status();
    plan.add(
        record_group(
            &format!("record_group/{settled}"),
            "record that its data reaches the other site",
            &json!({"status": settled, "replication": ReplicationState::Running}),
            &json!({}),
        )
        .at(target)
        .after([&captured, &arrived])
        .after(&extended),
    );
    Ok(Planned::ready(plan.build()?))
}

/// Stops and locks what still runs at the other site.
fn fence(plan: &mut PlanBuilder, facts: &ReprotectFacts<'_>, marked: &StepId) -> Vec<StepId> {
    let target = &facts.target.site.site;
    let reason = naming::lock_reason(&facts.group.name, facts.source.site.site.as_str());
    let mut fenced = vec![marked.clone()];
    for member in facts.group.members.values() {
        let there = member.servers.get(target).filter(|id| facts.target.site.server(id).is_some());
        let Some(server_id) = there else { continue };
        let name = &member.name;
        // Whatever becomes of the operation: it is not started again.
        let stopped = plan.add(replication::stop(target, name, server_id, false).after([marked]));
        fenced.push(plan.add(replication::lock(target, name, server_id, &reason).after([&stopped])));
    }
    fenced
}
