use super::removal::{Removal, forget_definition, leave};
use super::{Known, Planned, PlanningError, record_group};
use crate::domain::{GroupStatus, OperationType, ProtectionGroup};
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
use crate::id::{SiteName, StepId};
use crate::steps::cinder::DeleteGroupInput;
use serde_json::{Value, json};

/// Something that protector made, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
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
    /// The other site.
    pub other: Known<'a>,
    /// What protector made for the group and has not removed since.
    pub made: &'a [MadeObject],
}

/// Plans the end of protection: the shadows go, the VMs stay where they run.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_unprotect(facts: &UnprotectFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (primary, other) = (&facts.primary.site.site, &facts.other.site.site);
    let removal = Removal { group, other: facts.other, members: group.members.values().collect() };
    if let Some(finding) = removal.findings() {
        return Ok(Planned::refused(vec![finding], Vec::new()));
    }
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
        .at(other),
    );
    let mut last = Vec::new();
    let mut servers_gone = removal.servers(&mut plan, &marked);
    remove_shared(&mut plan, facts, &marked, &mut servers_gone);
    last.extend(servers_gone.iter().cloned());
    for known in [facts.primary, facts.other] {
        last.extend(remove_group(&mut plan, facts, &removal, known, &marked, &servers_gone));
    }
    let on_arrays = forget_on_arrays(&mut plan, facts, &removal, &last);
    last.extend(on_arrays);
    for member in group.members.values() {
        last.push(plan.add(forget_definition(other, member).after([&marked])));
    }
    plan.add(
        record_group("record_group/removed", "forget the group", &Value::Null, &Value::Null)
            .at(other)
            .after(&last),
    );
    Ok(Planned::ready(plan.build()?))
}

/// What protector made at the other site for several VMs together.
fn remove_shared(
    plan: &mut PlanBuilder,
    facts: &UnprotectFacts<'_>,
    marked: &StepId,
    gone: &mut Vec<StepId>,
) {
    let other = &facts.other.site.site;
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
    if *site == facts.other.site.site {
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
    let (primary, other) = (&facts.primary.site.site, &facts.other.site.site);
    let mut steps = Vec::new();
    for (from, at) in [(primary, other), (other, primary)] {
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
