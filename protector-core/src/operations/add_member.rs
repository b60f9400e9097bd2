use super::admission::{Admitted, Candidates};
use super::placement::{Placement, twin};
use super::twins::{create_twin, new_member, remove_surplus_twins, with_twins};
use super::{Known, Planned, PlanningError, record_group, replication};
use crate::config::ProtectorConfig;
use crate::domain::{
    Finding, FindingCode, GroupStatus, Member, OperationType, ProtectionGroup, StorageGroupReference, naming,
};
use crate::driver::GroupOrigin;
use crate::engine::{Plan, PlanBuilder, Recovery};
use crate::id::{ConsistencyGroupId, LineageId, SiteName, StepId, VolumeId};
use crate::inventory::Captured;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What planning that VMs join a group needs to know.
#[derive(Debug)]
pub struct AddMemberFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs, and the VMs with it.
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

/// Where the group's volumes are, of which the new ones become part.
struct Ground<'a> {
    origin: GroupOrigin,
    storage: &'a StorageGroupReference,
    source_group: &'a ConsistencyGroupId,
    target_group: &'a ConsistencyGroupId,
}

/// Plans that VMs join a group where it runs: their volumes join its Cinder group, their twins are made, and a point that has
/// them arrives before they count as members. A point without them does not bring the group up any more.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_add_member(facts: &AddMemberFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (source, target) = (&facts.source.site.site, &facts.target.site.site);
    let mut findings = facts.unresolved.clone();
    let mut warnings: Vec<Finding> =
        facts.captured.iter().flat_map(|captured| captured.warnings.clone()).collect();
    let ground = match ground(group, source, target) {
        Ok(ground) => ground,
        Err(finding) => return Ok(Planned::refused(vec![finding], warnings)),
    };
    let candidates = Candidates {
        name: &group.name,
        source: facts.source,
        target: facts.target,
        captured: facts.captured,
        groups: facts.groups,
        target_group: Some(ground.target_group),
        config: facts.config,
    };
    let admitted = candidates.admit(&mut findings, &mut warnings);
    if facts.captured.is_empty() && findings.is_empty() {
        findings.push(Finding::new(
            FindingCode::ServerMissing,
            source,
            format!("group {}", group.name),
            "no server is named that is to join it",
            "name one or more servers, by name or id",
        ));
    }
    check_ground(facts, &ground, &admitted, &mut findings);
    match admitted.target_type.clone() {
        Some(target_type) if findings.is_empty() => {
            steps(facts, &ground, &admitted, &target_type, warnings).map(Planned::ready)
        }
        _ => Ok(Planned::refused(findings, warnings)),
    }
}

fn ground<'a>(
    group: &'a ProtectionGroup,
    source: &SiteName,
    target: &SiteName,
) -> Result<Ground<'a>, Finding> {
    let (origin, storage) = replication::storage_groups(group, source, target)?;
    let of = |site: &SiteName| {
        group.consistency_groups.get(site).ok_or_else(|| {
            Finding::new(
                FindingCode::GroupMissing,
                site,
                format!("group {}", group.name),
                "its Cinder group is not on record: it was never fully protected",
                "resume or repeat `protect`",
            )
        })
    };
    Ok(Ground { origin, storage, source_group: of(source)?, target_group: of(target)? })
}

/// A consistency group has one backend and knows the types that it may hold.
fn check_ground(
    facts: &AddMemberFacts<'_>,
    ground: &Ground<'_>,
    admitted: &Admitted,
    findings: &mut Vec<Finding>,
) {
    let array = admitted.source_array.as_ref();
    if let Some(array) = array.filter(|array| **array != ground.origin.array) {
        findings.push(Finding::new(
            FindingCode::VolumeTypesDiffer,
            &facts.source.site.site,
            format!("group {}", facts.group.name),
            format!("its volumes are on array {}, the new ones on {array}", ground.origin.array),
            "migrate the new ones to the group's backend: a consistency group has one",
        ));
    }
    for (known, id, name) in [
        (facts.source, ground.source_group, &admitted.source_type),
        (facts.target, ground.target_group, &admitted.target_type),
    ] {
        let site = known.site;
        let Some(cinder) = site.groups.iter().find(|one| one.id == *id) else {
            findings.push(Finding::new(
                FindingCode::GroupMissing,
                &site.site,
                format!("Cinder group {id} of group {}", facts.group.name),
                "it is not there any more",
                "unprotect the group and protect it again",
            ));
            continue;
        };
        let Some(kind) = name.as_deref().and_then(|name| site.volume_type(name)) else { continue };
        if !cinder.volume_types.contains(&kind.id) {
            findings.push(Finding::new(
                FindingCode::VolumeTypesDiffer,
                &site.site,
                format!("volume type {} of group {}", kind.name, facts.group.name),
                format!("the group's Cinder group {id} takes volumes of other types only"),
                "retype the new volumes to the type of the group's, or map their type to it in protector.yaml",
            ));
        }
    }
}

fn steps(
    facts: &AddMemberFacts<'_>,
    ground: &Ground<'_>,
    admitted: &Admitted,
    target_type: &str,
    warnings: Vec<Finding>,
) -> Result<Plan, PlanningError> {
    let group = facts.group;
    let (source, target) = (&facts.source.site.site, &facts.target.site.site);
    let (origin, storage) = (&ground.origin, ground.storage);
    let mut plan = PlanBuilder::new(
        OperationType::AddMember,
        group.id,
        &group.name,
        (source.clone(), target.clone()),
        group.epoch,
        Recovery::RollBack,
    );
    for warning in warnings {
        plan.warn(warning);
    }
    let validated = plan.add(replication::validate(target, &storage.array, Some(&origin.array)));
    let marked = plan.add(
        record_group(
            "record_group/updating",
            "record that the group's members change",
            &json!({"status": GroupStatus::Updating}),
            &json!({"status": group.status}),
        )
        .at(target)
        .after([&validated])
        .reverted_by("the former status"),
    );
    let definitions = || facts.captured.iter().map(|captured| &captured.definition);
    let captured = plan.add(
        replication::capture(source, definitions(), false)
            .after([&marked])
            .reverted_by("remove the definitions from both site stores"),
    );
    let volumes: Vec<VolumeId> = admitted.volumes.keys().cloned().collect();
    let title = "put the volumes into the consistency group";
    let joined = replication::join(source, &json!(ground.source_group), &volumes, &origin.array, title);
    let joined = plan.add(joined.after([&marked]));
    let mut twins: BTreeMap<LineageId, StepId> = BTreeMap::new();
    let placement =
        Placement { target: facts.target.site, mappings: &facts.config.mappings, source_site: source };
    for volume in definitions().flat_map(|definition| &definition.volumes) {
        let twin = json!(twin(group.id, volume, target_type));
        let image = placement.image_metadata(volume);
        let group = json!(ground.target_group);
        let step = create_twin(target, &storage.array, &group, (volume, &image), &twin);
        twins.insert(volume.lineage, plan.add(step.after([&marked])));
    }
    let point = naming::point(OperationType::AddMember, group.epoch, facts.attempt);
    let title = "make the first recovery point that has them";
    let replicated = replication::replicate(source, origin, &point, title);
    let replicated = plan.add(replicated.after([&marked]).merely_after([&joined]));
    let mut members = replication::names_on_array(group, source);
    members.extend(admitted.volumes.values().map(|volume| volume.name.clone()));
    let title = "wait until the recovery point is complete";
    let arrived = replication::await_point(target, &storage.array, (origin, &point), members, title);
    let arrived = plan.add(arrived.after([&marked]).merely_after([&replicated]));
    let surplus = plan.add(remove_surplus_twins(target, &twins).merely_after([&arrived]));
    let new: Vec<Member> = definitions()
        .map(|definition| new_member(definition, source, (&origin.array, &admitted.volumes)))
        .collect();
    let settled = group.settled_status();
    plan.add(
        record_group(
            &format!("record_group/{settled}"),
            "record the new members",
            &json!({"status": settled, "members": documents(&new, target, &twins)}),
            &json!({"status": GroupStatus::Updating, "members": nobody(&new)}),
        )
        .at(target)
        .after([&captured, &joined, &replicated, &arrived, &surplus])
        .after(twins.values())
        .reverted_by("the former members and status"),
    );
    Ok(plan.build()?)
}

fn documents(
    members: &[Member],
    target: &SiteName,
    twins: &BTreeMap<LineageId, StepId>,
) -> BTreeMap<String, Value> {
    let document = |member: &Member| {
        let mut document = json!(member);
        if let Some(fields) = document.as_object_mut() {
            fields.insert("volumes".to_owned(), with_twins(member, target, twins));
        }
        (member.lineage.to_string(), document)
    };
    members.iter().map(document).collect()
}

fn nobody(members: &[Member]) -> BTreeMap<String, Value> {
    members.iter().map(|member| (member.lineage.to_string(), Value::Null)).collect()
}
