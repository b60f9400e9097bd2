use super::{Known, Planned, PlanningError, record_group};
use crate::domain::{Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup, naming};
use crate::engine::{PlanBuilder, Recovery, StepBuilder};
use crate::id::{SiteName, StepId};
use crate::steps::cinder::{DeleteGroupInput, MembershipInput, RemoveTwinInput};
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
    let held_data = group.epoch > 1;
    // At home are the originals: nothing that protector did not make is removed.
    let shadows = *other == group.secondary_site;
    let mut findings = Vec::new();
    if shadows && held_data && facts.other.is_some_and(|other| !other.site.is_admin()) {
        findings.push(Finding::new(
            FindingCode::RoleMissing,
            other,
            format!("group {}", group.name),
            "its twins held production data: they leave Cinder by unmanage, which needs an administrator",
            "give the service credential the role admin on the project",
        ));
    }
    if !findings.is_empty() {
        return Ok(Planned::refused(findings, Vec::new()));
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
    let servers_gone = match facts.other {
        Some(other) => remove_servers(&mut plan, facts, other, shadows, &marked),
        None => Vec::new(),
    };
    last.extend(servers_gone.iter().cloned());
    for known in [Some(facts.primary), facts.other].into_iter().flatten() {
        last.extend(remove_group(&mut plan, facts, known, &marked, &servers_gone, (shadows, held_data)));
    }
    let on_arrays = forget_on_arrays(&mut plan, facts, &last, (shadows, held_data));
    last.extend(on_arrays);
    for member in group.members.values() {
        last.push(
            plan.add(
                StepBuilder::new(
                    "forget_definition",
                    format!("forget_definition/{}", member.name),
                    format!("forget the definition of {}", member.name),
                )
                .at(recorder)
                .after([&marked])
                .input(json!({"member": member.lineage}))
                .call("remove the definition from both site stores"),
            ),
        );
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

fn remove_servers(
    plan: &mut PlanBuilder,
    facts: &UnprotectFacts<'_>,
    known: Known<'_>,
    shadows: bool,
    marked: &StepId,
) -> Vec<StepId> {
    let group = facts.group;
    let other = &known.site.site;
    let own_tag = naming::port_tag(group.id);
    let mut gone = Vec::new();
    for member in group.members.values() {
        let name = &member.name;
        let there = member.servers.get(other).filter(|id| known.site.server(id).is_some());
        let Some(server_id) = there else { continue };
        if !shadows {
            gone.push(
                plan.add(
                    StepBuilder::new(
                        "unlock_server",
                        format!("unlock_server/{name}"),
                        format!("unlock {name}"),
                    )
                    .at(other)
                    .after([marked])
                    .input(json!({"server_id": server_id}))
                    .call(format!("POST compute /servers/{server_id}/action unlock")),
                ),
            );
            continue;
        }
        let deleted = plan.add(
            StepBuilder::new(
                "delete_server",
                format!("delete_server/{name}"),
                format!("delete the shadow of {name}; its volumes stay"),
            )
            .at(other)
            .after([marked])
            .input(json!({"server_id": server_id}))
            .call(format!("PUT compute /servers/{server_id}/os-volume_attachments/{{id}}"))
            .call(format!("DELETE compute /servers/{server_id}")),
        );
        let ports = member.ports.iter().filter_map(|port| port.sites.get(other));
        for port_id in ports.filter(|id| known.site.port(id).is_some()) {
            gone.push(
                plan.add(
                    StepBuilder::new(
                        "delete_port",
                        format!("delete_port/{port_id}"),
                        format!("delete a port of the shadow of {name}"),
                    )
                    .at(other)
                    .after([&deleted])
                    .input(json!({"port_id": port_id, "marker": own_tag}))
                    .call(format!("DELETE network /ports/{port_id}")),
                ),
            );
        }
        gone.push(deleted);
    }
    for made in facts.made.iter().filter(|made| shadows && made.site == *other) {
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
        let step = step.at(other).after([marked]).after(&gone).input(input).call(call);
        let step = plan.add(step);
        gone.push(step);
    }
    gone
}

fn remove_group(
    plan: &mut PlanBuilder,
    facts: &UnprotectFacts<'_>,
    known: Known<'_>,
    marked: &StepId,
    servers_gone: &[StepId],
    (shadows, held_data): (bool, bool),
) -> Vec<StepId> {
    let (group, site) = (facts.group, &known.site.site);
    let references = (group.consistency_groups.get(site), group.storage_groups.get(site));
    let (Some(group_id), Some(storage)) = references else { return Vec::new() };
    let inside: Vec<_> =
        known.site.volumes.iter().filter(|volume| volume.group_id.as_ref() == Some(group_id)).collect();
    let mut steps = Vec::new();
    let left = plan.add(
        StepBuilder::new(
            "leave_consistency_group",
            format!("leave_consistency_group/{site}"),
            "take the volumes out of the consistency group",
        )
        .at(site)
        .after([marked])
        .after(servers_gone)
        .input(MembershipInput {
            group_id: group_id.clone(),
            volumes: inside.iter().map(|volume| volume.id.clone()).collect(),
            array: storage.array.clone(),
        })
        .call("PUT block-storage /groups/{id} remove_volumes, six at a time"),
    );
    if shadows && *site != facts.primary.site.site {
        for (member, volume) in group.volumes() {
            let Some(twin) = volume.sites.get(site) else { continue };
            let how = if held_data {
                (
                    "POST block-storage /volumes/{id}/action os-unmanage",
                    "discard the volume on the array, recoverably",
                )
            } else {
                ("POST block-storage /volumes/{id}/action os-unreserve", "DELETE block-storage /volumes/{id}")
            };
            steps.push(
                plan.add(
                    StepBuilder::new(
                        "remove_twin",
                        format!("remove_twin/{}", volume.lineage),
                        format!("remove the twin {} of {}", volume.name, member.name),
                    )
                    .at(site)
                    .after([&left])
                    .input(RemoveTwinInput {
                        volume_id: twin.volume_id.clone(),
                        array: twin.array.clone(),
                        array_volume_id: twin.array_volume_id.clone(),
                        held_data,
                    })
                    .call(how.0)
                    .call(how.1),
                ),
            );
        }
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
    groups_gone: &[StepId],
    (shadows, held_data): (bool, bool),
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
        let stays = *at == *primary || !shadows;
        if !stays || !held_data {
            continue;
        }
        let volumes: Vec<_> = group
            .volumes()
            .filter_map(|(_, volume)| volume.sites.get(at))
            .map(|volume| volume.array_volume_id.clone())
            .collect();
        steps.push(
            plan.add(
                StepBuilder::new(
                    "forget_marks",
                    format!("forget_marks/{at}"),
                    "remove the marks of the volumes",
                )
                .at(at)
                .after(groups_gone)
                .input(json!({"array": here.array, "volumes": volumes}))
                .call("remove epoch and content from the volumes' tags"),
            ),
        );
    }
    steps
}
