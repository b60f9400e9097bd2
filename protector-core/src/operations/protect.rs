use super::admission::{Admitted, Candidates, keep};
use super::placement::{Placement, quota, twin};
use super::twins::{create_twin, new_member, remove_surplus_twins, with_twins};
use super::{Known, Planned, PlanningError, record_group, replication};
use crate::config::ProtectorConfig;
use crate::domain::{
    Finding, FindingCode, GroupPolicy, GroupStatus, Member, OperationType, ProtectionGroup, ReplicationState,
    ReplicationType, naming,
};
use crate::driver::{ArrayVolume, ReplicationSettings};
use crate::engine::{PlanBuilder, Recovery, StepBuilder, output};
use crate::id::{ArrayName, GroupId, LineageId, SiteName, StepId, VolumeId};
use crate::inventory::Captured;
use crate::openstack::block_storage::{GroupType, NewGroup};
use crate::steps::cinder::CreateGroupInput;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is to be protected.
#[derive(Debug, Clone)]
pub struct ProtectRequest {
    /// The group's name.
    pub name: String,
    /// Where the VMs run: the group's home.
    pub source: SiteName,
    /// The other site.
    pub target: SiteName,
    /// The VMs, by name or id.
    pub servers: Vec<String>,
}

/// What planning needs to know.
#[derive(Debug)]
pub struct ProtectFacts<'a> {
    /// Where the VMs run.
    pub source: Known<'a>,
    /// The other site.
    pub target: Known<'a>,
    /// The VMs that were found, as they were read.
    pub captured: &'a [Captured],
    /// What was found wrong with what was asked for: names that fit no VM or several.
    pub unresolved: Vec<Finding>,
    /// The groups there are.
    pub groups: &'a [ProtectionGroup],
    /// Which attempt at the group this is.
    pub attempt: u64,
    /// Settings and mappings.
    pub config: &'a ProtectorConfig,
}

/// Everything about a request that holds, so that the steps can be written down.
struct Decided {
    group: GroupId,
    group_types: (String, String),
    source_array: ArrayName,
    target_array: ArrayName,
    source_type: String,
    target_type: String,
    volumes: BTreeMap<VolumeId, ArrayVolume>,
}

/// Plans protection: the Cinder groups and the twins on both sites, the first complete point.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_protect(request: &ProtectRequest, facts: &ProtectFacts<'_>) -> Result<Planned, PlanningError> {
    let mut findings = facts.unresolved.clone();
    let mut warnings: Vec<Finding> =
        facts.captured.iter().flat_map(|captured| captured.warnings.clone()).collect();
    let decided = decide(request, facts, &mut findings, &mut warnings);
    match decided {
        Some(decided) if findings.is_empty() => steps(request, facts, &decided, warnings).map(Planned::ready),
        _ => Ok(Planned::refused(findings, warnings)),
    }
}

fn decide(
    request: &ProtectRequest,
    facts: &ProtectFacts<'_>,
    findings: &mut Vec<Finding>,
    warnings: &mut Vec<Finding>,
) -> Option<Decided> {
    let source = facts.source.site;
    let candidates = Candidates {
        name: &request.name,
        source: facts.source,
        target: facts.target,
        captured: facts.captured,
        groups: facts.groups,
        target_group: None,
        config: facts.config,
    };
    let Admitted { source_array, source_type, target_type, volumes } = candidates.admit(findings, warnings);
    let group_types = (
        keep(Some(group_type(facts, facts.source)), findings),
        keep(Some(group_type(facts, facts.target)), findings),
    );
    findings.extend(quota(source, "groups", 1));
    findings.extend(quota(facts.target.site, "groups", 1));
    let target_array = source_array.as_ref().and_then(|array| peer(facts, array, findings));
    let (Some(source_group_type), Some(target_group_type)) = group_types else { return None };
    Some(Decided {
        group: naming::group_id(&source.project, &request.name),
        group_types: (source_group_type, target_group_type),
        source_array: source_array?,
        target_array: target_array?,
        source_type: source_type?,
        target_type: target_type?,
        volumes,
    })
}

/// The group type: the configured one, else the first whose specs say what is needed.
fn group_type(facts: &ProtectFacts<'_>, known: Known<'_>) -> Result<String, Finding> {
    let types = &known.site.group_types;
    let configured = facts.config.defaults.group_type.as_deref();
    let fits = |kind: &&GroupType| match configured {
        Some(name) => kind.name == name,
        None => kind.is_replicated() == Some(true),
    };
    types.iter().find(fits).map(|kind| kind.id.clone()).ok_or_else(|| {
        Finding::new(
            FindingCode::GroupTypeMissing,
            &known.site.site,
            configured.map_or("group types".to_owned(), |name| format!("group type {name}")),
            "there is no group type with consistent_group_snapshot_enabled and consistent_group_replication_enabled, \
             or the role may not see which one has them",
            "have an administrator make one with both set to '<is> True', or name it in protector.yaml \
             (defaults.group_type)",
        )
    })
}

/// The array at the target that the source's array is connected to.
fn peer(facts: &ProtectFacts<'_>, array: &ArrayName, findings: &mut Vec<Finding>) -> Option<ArrayName> {
    let description = facts.source.arrays.arrays.get(array)?;
    let known =
        || description.peers.iter().filter(|peer| facts.target.arrays.arrays.contains_key(&peer.name));
    if let Some(peer) = known().find(|peer| peer.connected) {
        return Some(peer.name.clone());
    }
    let message = match known().next() {
        Some(peer) => format!("its connection to array {} does not work", peer.name),
        None => "it is connected to none of the other site's arrays in protector.yaml".to_owned(),
    };
    findings.push(Finding::new(
        FindingCode::ReplicationBroken,
        &facts.source.site.site,
        format!("array {array}"),
        message,
        "connect the two arrays for replication",
    ));
    None
}

fn steps(
    request: &ProtectRequest,
    facts: &ProtectFacts<'_>,
    decided: &Decided,
    warnings: Vec<Finding>,
) -> Result<crate::engine::Plan, PlanningError> {
    let (source, target) = (&request.source, &request.target);
    let sites = (source.clone(), target.clone());
    let defaults = &facts.config.defaults;
    let mut plan =
        PlanBuilder::new(OperationType::Protect, decided.group, &request.name, sites, 1, Recovery::RollBack);
    for warning in warnings {
        plan.warn(warning);
    }

    let validate =
        plan.add(replication::validate(target, &decided.target_array, Some(&decided.source_array)));
    let members: BTreeMap<LineageId, Member> = facts
        .captured
        .iter()
        .map(|Captured { definition, .. }| {
            let member = new_member(definition, source, (&decided.source_array, &decided.volumes));
            (definition.lineage, member)
        })
        .collect();
    let group = ProtectionGroup {
        id: decided.group,
        name: request.name.clone(),
        status: GroupStatus::Creating,
        replication_type: ReplicationType::Async,
        primary_site: source.clone(),
        secondary_site: target.clone(),
        current_primary_site: source.clone(),
        epoch: 1,
        failover_count: 0,
        last_failover_at: None,
        created_at: None,
        projects: [
            (source.clone(), facts.source.site.project.clone()),
            (target.clone(), facts.target.site.project.clone()),
        ]
        .into(),
        consistency_groups: BTreeMap::new(),
        storage_groups: BTreeMap::new(),
        replication_interval: defaults.replication_interval.as_secs(),
        retention: defaults.retention.as_secs(),
        rpo_minutes: defaults.rpo_minutes,
        members: members.clone(),
        replication: ReplicationState::Running,
        uncommitted: None,
        last_loss: None,
        test: None,
        policy: GroupPolicy::default(),
    };
    let recorded = plan.add(
        record_group("record_group/creating", "record the group", &json!(group), &Value::Null)
            .at(target)
            .after([&validate])
            .reverted_by("remove the group's document from both site stores"),
    );
    let definitions = || facts.captured.iter().map(|captured| &captured.definition);
    let captured = plan.add(
        replication::capture(source, definitions(), false)
            .after([&recorded])
            .reverted_by("remove the definitions from both site stores"),
    );

    let create_group = |site: &SiteName, array: &ArrayName, group_type: &str, volume_type: &str| {
        StepBuilder::new(
            "create_consistency_group",
            format!("create_consistency_group/{site}"),
            "make the consistency group",
        )
        .at(site)
        .after([&recorded])
        .input(CreateGroupInput {
            group: NewGroup {
                name: naming::consistency_group(decided.group),
                description: naming::consistency_group_description(decided.group, &request.name),
                group_type: group_type.to_owned(),
                volume_types: vec![volume_type.to_owned()],
            },
            array: array.clone(),
        })
        .call("POST block-storage /groups")
        .reverted_by("POST block-storage /groups/{id}/action delete")
    };
    let type_id = |known: Known<'_>, name: &str| {
        known.site.volume_type(name).map_or_else(|| name.to_owned(), |kind| kind.id.clone())
    };
    let source_group = plan.add(create_group(
        source,
        &decided.source_array,
        &decided.group_types.0,
        &type_id(facts.source, &decided.source_type),
    ));
    let target_group = plan.add(create_group(
        target,
        &decided.target_array,
        &decided.group_types.1,
        &type_id(facts.target, &decided.target_type),
    ));
    let volumes: Vec<VolumeId> = decided.volumes.keys().cloned().collect();
    let title = "put the volumes into the consistency group";
    let group_at_source = output(&source_group, "group_id");
    let joined =
        plan.add(replication::join(source, &group_at_source, &volumes, &decided.source_array, title));

    let mut twins: BTreeMap<LineageId, StepId> = BTreeMap::new();
    let placement =
        Placement { target: facts.target.site, mappings: &facts.config.mappings, source_site: source };
    for volume in definitions().flat_map(|definition| &definition.volumes) {
        let twin = twin(decided.group, volume, &decided.target_type);
        let step = create_twin(
            target,
            &decided.target_array,
            &output(&target_group, "group_id"),
            (volume, &placement.image_metadata(volume)),
            &json!(twin),
        );
        twins.insert(volume.lineage, plan.add(step));
    }

    let origin = json!({"array": decided.source_array, "group": output(&source_group, "storage_group")});
    let allowed = plan.add(
        StepBuilder::new("allow_replication", format!("allow_replication/{target}"), "allow the replication")
            .at(target)
            .merely_after([&joined])
            .input(json!({"array": decided.target_array, "origin": origin}))
            .call("allow the source's group on the target's array"),
    );
    let settings = |enabled| ReplicationSettings {
        enabled,
        interval: defaults.replication_interval,
        retention: Some(defaults.retention),
    };
    // Cinder's driver switches the schedule of both groups on; the passive side's would make points of nothing.
    let passive = plan.add(
        StepBuilder::new(
            "set_replication",
            format!("set_replication/{target}"),
            "switch the passive side's schedule off",
        )
        .at(target)
        .input(json!({"array": decided.target_array, "group": output(&target_group, "storage_group"),
            "settings": settings(false), "before": null}))
        .call("set the schedule of the target's storage group"),
    );
    let scheduled = plan.add(
        StepBuilder::new(
            "set_replication",
            format!("set_replication/{source}"),
            "set interval and retention",
        )
        .at(source)
        .merely_after([&allowed])
        .input(json!({"array": decided.source_array, "group": output(&source_group, "storage_group"),
                "settings": settings(true), "before": null}))
        .call("set schedule, interval and retention of the source's storage group"),
    );
    let point = naming::point(OperationType::Protect, 1, facts.attempt);
    let replicated = plan.add(
        StepBuilder::new("replicate_now", "replicate_now", "make the first recovery point")
            .at(source)
            .merely_after([&scheduled])
            .input(json!({"array": decided.source_array, "group": output(&source_group, "storage_group"),
                "point": point}))
            .call(format!("make and replicate the point {point}"))
            .reverted_by("discard the point, recoverably"),
    );
    let names: Vec<&String> = decided.volumes.values().map(|volume| &volume.name).collect();
    let arrived = plan.add(
        StepBuilder::new("await_point", "await_point", "wait until the first recovery point is complete")
            .at(target)
            // It builds on the source's group: the target's array forgets that group only if no point is left of it.
            .merely_after([&replicated])
            .input(json!({"array": decided.target_array, "origin": origin, "point": point, "members": names}))
            .call("read the transfer's progress on the target's array")
            .reverted_by("discard the point, recoverably"),
    );
    let surplus = plan.add(remove_surplus_twins(target, &twins).merely_after([&arrived]));
    let done = final_patch(&members, source, target, &twins, decided, (&source_group, &target_group));
    plan.add(
        record_group(
            "record_group/active",
            "record that the group is protected",
            &done,
            &json!({"status": "creating"}),
        )
        .at(target)
        .after([&captured, &arrived, &passive, &surplus])
        .after(twins.values())
        .reverted_by("the former status"),
    );
    Ok(plan.build()?)
}

fn final_patch(
    members: &BTreeMap<LineageId, Member>,
    source: &SiteName,
    target: &SiteName,
    twins: &BTreeMap<LineageId, StepId>,
    decided: &Decided,
    (source_group, target_group): (&StepId, &StepId),
) -> Value {
    let members: BTreeMap<String, Value> = members
        .iter()
        .map(|(lineage, member)| (lineage.to_string(), json!({"volumes": with_twins(member, target, twins)})))
        .collect();
    json!({
        "status": GroupStatus::Active,
        "consistency_groups": {
            source.as_str(): output(source_group, "group_id"),
            target.as_str(): output(target_group, "group_id")},
        "storage_groups": {
            source.as_str(): {"array": decided.source_array, "name": output(source_group, "storage_group")},
            target.as_str(): {"array": decided.target_array, "name": output(target_group, "storage_group")}},
        "members": members,
    })
}
