use super::removal::{Removal, forget_definition, leave};
use super::{Known, Planned, PlanningError, record_group};
use crate::domain::{Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup};
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
use crate::id::{SiteName, StepId};
use crate::steps::cinder::DeleteGroupInput;
use serde_json::{Value, json};

/// Something that protector made, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MadeObject {
    /// Where.
    pub site: SiteName,
    /// What: `server`, `port`, `volume`, `consistency_group`, `keypair`, `server_group`, `recovery_point`, …
    pub kind: String,
    /// Its id there.
    pub id: String,
    /// Its name, for a person.
    pub name: String,
    /// The operation that made it.
    pub operation_id: crate::id::OperationId,
}

/// What planning needs to know.
#[derive(Debug)]
pub struct UnprotectFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs: left untouched but for its groups.
    pub primary: Known<'a>,
    /// The other site; none if it is left behind as it is, because it does not answer.
    pub other: Option<Known<'a>>,
    /// What protector made for the group and has not removed since.
    pub made: &'a [MadeObject],
}

/// Plans the end of protection: the shadows go, the VMs stay where they run. What the group has at a site that is left
/// behind stays there, and is named.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_unprotect(facts: &UnprotectFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let primary = &facts.primary.site.site;
    let other = group.other_site(primary);
    let members = group.members.values().collect();
    let removal = Removal { group, site: other, other: facts.other, members };
    if let Some(finding) = removal.findings() {
        return Ok(Planned::refused(vec![finding], Vec::new()));
    }
    // The records are changed in both stores, wherever the step stands.
    let recorder = facts.other.map_or(primary, |_| other);
    let mut plan = PlanBuilder::new(
        OperationType::Unprotect,
        group.id,
        &group.name,
        (primary.clone(), other.clone()),
        group.epoch,
        Recovery::ForwardOnly,
    );
    let marked = plan.add(
        record_group(
            "record_group/deleting",
            "record that protection ends",
            &json!({"status": GroupStatus::Deleting}),
            &json!({"status": group.status}),
        )
        .at(recorder),
    );
    let mut last = Vec::new();
    let mut servers_gone = removal.servers(&mut plan, &marked);
    remove_shared(&mut plan, facts, &marked, &mut servers_gone);
    last.extend(servers_gone.iter().cloned());
    for known in [Some(facts.primary), facts.other].into_iter().flatten() {
        last.extend(remove_group(&mut plan, facts, &removal, known, &marked, &servers_gone));
    }
    let on_arrays = forget_on_arrays(&mut plan, facts, &removal, &last);
    last.extend(on_arrays);
    for member in group.members.values() {
        last.push(plan.add(forget_definition(recorder, member).after([&marked])));
    }
    plan.add(
        record_group("record_group/removed", "forget the group", &Value::Null, &Value::Null)
            .at(recorder)
            .after(&last),
    );
    if facts.other.is_none() {
        for finding in left_behind(group, other) {
            plan.warn(finding);
        }
    }
    Ok(Planned::ready(plan.build()?))
}

/// What of the group stays at a site that is left behind.
fn left_behind(group: &ProtectionGroup, site: &SiteName) -> Vec<Finding> {
    let mut objects: Vec<String> = Vec::new();
    for member in group.members.values() {
        let server = member.servers.get(site).map(|id| format!("server {id} ({})", member.name));
        let ports =
            member.ports.iter().filter_map(|port| port.sites.get(site)).map(|id| format!("port {id}"));
        let volumes = member.volumes.iter().filter_map(|volume| volume.sites.get(site));
        objects.extend(server);
        objects.extend(volumes.map(|volume| format!("volume {}", volume.volume_id)));
        objects.extend(ports);
    }
    objects.extend(group.consistency_groups.get(site).map(|id| format!("consistency group {id}")));
    let storage = group.storage_groups.get(site);
    objects.extend(storage.map(|storage| format!("storage group {} on {}", storage.name, storage.array)));
    let remedy =
        "when the site is back, see to it before anything is started there: what it holds is of the past";
    let finding = |subject| {
        Finding::new(FindingCode::LeftBehind, site, subject, "it stays there as it is".to_owned(), remedy)
    };
    objects.into_iter().map(finding).collect()
}

/// What protector made at the other site for several VMs together.
fn remove_shared(
    plan: &mut PlanBuilder,
    facts: &UnprotectFacts<'_>,
    marked: &StepId,
    gone: &mut Vec<StepId>,
) {
    let Some(other) = facts.other.map(|other| &other.site.site) else { return };
    for made in facts.made.iter().filter(|made| made.site == *other) {
        let (kind, input, call) = match made.kind.as_str() {
            "keypair" => ("delete_keypair", json!({"name": made.id}), "DELETE compute /os-keypairs/{name}"),
            "server_group" => (
                "delete_server_group",
                json!({"server_group_id": made.id}),
                "DELETE compute /os-server-groups/{id}",
            ),
            _ => continue,
        };
        let step = StepBuilder::new(kind, format!("{kind}/{}", made.name), format!("delete {}", made.name));
        let step = step.at(other).after([marked]).after(&*gone).input(input).call(call);
        let step = plan.add(step);
        gone.push(step);
    }
}

fn remove_group(
    plan: &mut PlanBuilder,
    facts: &UnprotectFacts<'_>,
    removal: &Removal<'_>,
    known: Known<'_>,
    marked: &StepId,
    servers_gone: &[StepId],
) -> Vec<StepId> {
    let site = &known.site.site;
    let references = facts.group.consistency_groups.get(site).zip(leave(facts.group, known, |_| true));
    let Some((group_id, left)) = references else { return Vec::new() };
    let left = plan.add(left.after([marked]).after(servers_gone));
    let mut steps = Vec::new();
    if *site != facts.primary.site.site {
        steps = removal.twins(plan, std::slice::from_ref(&left));
    }
    let deleted = plan.add(
        StepBuilder::new(
            "delete_consistency_group",
            format!("delete_consistency_group/{site}"),
            "delete the consistency group",
        )
        .at(site)
        .after([&left])
        .after(&steps)
        .input(DeleteGroupInput { group_id: group_id.clone() })
        .call(format!("POST block-storage /groups/{group_id}/action delete")),
    );
    steps.push(deleted);
    steps
}

/// What is left on the arrays: the peer's points and group, and the marks of the volumes that stay.
fn forget_on_arrays(
    plan: &mut PlanBuilder,
    facts: &UnprotectFacts<'_>,
    removal: &Removal<'_>,
    groups_gone: &[StepId],
) -> Vec<StepId> {
    let group = facts.group;
    let primary = &facts.primary.site.site;
    let other = group.other_site(primary);
    let mut steps = Vec::new();
    let answering = facts.other.map(|_| (primary, other));
    for (from, at) in answering.into_iter().chain([(other, primary)]) {
        let references = (group.storage_groups.get(from), group.storage_groups.get(at));
        let (Some(origin), Some(here)) = references else { continue };
        steps.push(
            plan.add(
                StepBuilder::new(
                    "discard_origin",
                    format!("discard_origin/{at}"),
                    format!("discard what is left of the group at {from}, recoverably"),
                )
                .at(at)
                .after(groups_gone)
                .input(json!({"array": here.array, "origin": {"array": origin.array, "group": origin.name}}))
                .call("destroy the points on the array; they are eradicated by its timer"),
            ),
        );
        steps.extend(removal.marks(plan, at, groups_gone));
    }
    steps
}
