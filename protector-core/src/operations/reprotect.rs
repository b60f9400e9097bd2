use super::protect::origin;
use super::{Known, Planned, PlanningError, record_group, sync_steps};
use crate::domain::{
    Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup, ReplicationState, naming,
};
use crate::driver::{GroupOrigin, ReplicationSettings};
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
use crate::id::{SiteName, StepId};
use crate::inventory::Captured;
use crate::steps::storage::SetReplicationInput;
use serde_json::json;
use std::time::Duration;

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
    let Some((origin, storage)) = origin(group, source).zip(group.storage_groups.get(target)) else {
        let finding = Finding::new(
            FindingCode::GroupMissing,
            source,
            format!("group {}", group.name),
            "the storage groups of both sites are not on record: it was never fully protected",
            "unprotect the group and protect it again",
        );
        return Ok(Planned::refused(vec![finding], Vec::new()));
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
    let validated = plan.add(sync_steps::validate(target, &storage.array, &origin.array));
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
    let settings = |enabled| ReplicationSettings {
        enabled,
        interval: Duration::from_secs(group.replication_interval),
        retention: Some(Duration::from_secs(group.retention)),
    };
    let back = GroupOrigin { array: storage.array.clone(), group: storage.name.clone() };
    let paused = plan.add(
        schedule(target, &back, settings(false), "switch the former primary's schedule off").after(&fenced),
    );
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
    let scheduled = plan
        .add(schedule(source, &origin, settings(true), "switch the primary's schedule on").after([&allowed]));
    let definitions: Vec<_> = facts.captured.iter().map(|captured| &captured.definition).collect();
    let captured = plan.add(sync_steps::capture(source, &definitions).after([&marked]));
    let point = naming::point(OperationType::Reprotect, group.epoch, facts.attempt);
    let replicated = plan.add(sync_steps::replicate(source, &origin, &point).after([&scheduled]));
    let arrived = plan
        .add(sync_steps::await_point(target, (&origin, &point), storage, group, source).after([&replicated]));
    let settled = group.settled_status();
    plan.add(
        record_group(
            &format!("record_group/{settled}"),
            "record that its data reaches the other site",
            &json!({"status": settled, "replication": ReplicationState::Running}),
            &json!({}),
        )
        .at(target)
        .after([&captured, &arrived]),
    );
    Ok(Planned::ready(plan.build()?))
}

fn schedule(site: &SiteName, group: &GroupOrigin, settings: ReplicationSettings, title: &str) -> StepBuilder {
    StepBuilder::new("set_replication", format!("set_replication/{site}"), title)
        .at(site)
        .input(SetReplicationInput {
            array: group.array.clone(),
            group: group.group.clone(),
            settings,
            before: None,
        })
        .call("set schedule, interval and retention of the storage group")
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
        let stopped = plan.add(
            StepBuilder::new("stop_server", format!("stop_server/{name}"), format!("stop {name}"))
                .at(target)
                .after([marked])
                .input(json!({"server_id": server_id, "ran": false}))
                .call(format!("POST compute /servers/{server_id}/action os-stop")),
        );
        fenced.push(
            plan.add(
                StepBuilder::new("lock_server", format!("lock_server/{name}"), format!("lock {name}"))
                    .at(target)
                    .after([&stopped])
                    .input(json!({"server_id": server_id, "reason": reason}))
                    .call(format!("POST compute /servers/{server_id}/action lock")),
            ),
        );
    }
    fenced
}
