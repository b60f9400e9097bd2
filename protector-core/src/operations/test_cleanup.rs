use super::{MadeObject, Planned, PlanningError, record_group};
use crate::domain::{
    Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup, Remnant, RunningTest, naming,
};
use crate::engine::{PlanBuilder, Recovery, StepBuilder, output};
use crate::id::{SiteName, StepId, VolumeId};
use crate::inventory::SiteFacts;
use crate::steps::guard::LookForRemainsInput;
use crate::steps::neutron::{is_floating_ip_of_test, is_of_test};
use serde_json::{Value, json};
use std::time::Duration;

/// How long one object of a test is tried to be removed. What is left then is told, and the test can be ended again.
const PATIENCE: Duration = Duration::from_mins(2);

/// What planning the end of a test needs to know: nothing of the site where the group runs.
#[derive(Debug)]
pub struct TestCleanupFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where the test runs.
    pub site: &'a SiteFacts,
    /// What protector made for the group and has not removed since.
    pub made: &'a [MadeObject],
}

/// Plans the end of a group's test: what it made goes.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_test_cleanup(facts: &TestCleanupFacts<'_>) -> Result<Planned, PlanningError> {
    let (group, site) = (facts.group, &facts.site.site);
    let Some(test) = &group.test else {
        let finding = Finding::new(
            FindingCode::StatusForbids,
            site,
            format!("group {}", group.name),
            "no test of it is on record",
            "nothing: there is nothing to be ended",
        );
        return Ok(Planned::refused(vec![finding], Vec::new()));
    };
    let mut plan = PlanBuilder::new(
        OperationType::TestCleanup,
        group.id,
        &group.name,
        (group.current_primary_site.clone(), group.other_site(&group.current_primary_site).clone()),
        group.epoch,
        Recovery::ForwardOnly,
    );
    // Where a move has come between, the group has the status that it led to.
    let status = match group.status {
        GroupStatus::TestActive => GroupStatus::Cleaning,
        moved => moved,
    };
    let marked = plan.add(
        record_group(
            &format!("record_group/{status}"),
            "record that the test is being ended",
            &json!({"status": status}),
            &json!({"status": group.status}),
        )
        .at(site),
    );
    let found = Found::look(test, facts.site, facts.made);
    remove(&mut plan, (group, test), &found, &marked, false);
    Ok(Planned::ready(plan.build()?))
}

/// One object of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    id: String,
    name: String,
    /// Whether the test's journal says that it was made: then it goes without the marker, too.
    made: bool,
}

/// What there is of a test.
#[derive(Debug, Default)]
pub(super) struct Found {
    servers: Vec<Object>,
    ports: Vec<Object>,
    floating_ips: Vec<Object>,
    volumes: Vec<Object>,
    networks: Vec<Object>,
    keypairs: Vec<Object>,
}

impl Found {
    /// What bears the test's marker, and what the journal says that it made.
    pub(super) fn look(test: &RunningTest, site: &SiteFacts, made: &[MadeObject]) -> Self {
        let by_journal = |kind: &str, id: &str| {
            made.iter().any(|object| {
                let ours = object.operation_id == test.operation && object.site == site.site;
                ours && object.kind == kind && object.id == id
            })
        };
        let object = |kind: &str, id: &str, name: &str, marked: bool| {
            let made = by_journal(kind, id);
            (marked || made).then(|| Object { id: id.to_owned(), name: name.to_owned(), made })
        };
        let tag = naming::test_tag(test.operation);
        let servers = site.servers.iter().filter_map(|server| {
            let marked = naming::is_of_test(&server.metadata, test.operation);
            object("server", server.id.as_str(), &server.name, marked)
        });
        let volumes = site.volumes.iter().filter_map(|volume| {
            let marked = naming::is_of_test(&volume.metadata, test.operation);
            object("volume", volume.id.as_str(), volume.name.as_deref().unwrap_or_default(), marked)
        });
        let ports = site
            .ports
            .iter()
            .filter_map(|port| object("port", port.id.as_str(), &port.name, port.tags.contains(&tag)));
        let floating_ips = site.floating_ips.iter().filter_map(|found| {
            let marked = is_floating_ip_of_test(found, test.operation);
            object("floating_ip", &found.id, &found.floating_ip_address, marked)
        });
        let networks = site.networks.iter().filter_map(|network| {
            let own = network.project_id == site.project;
            object("network", &network.id, &network.name, own && is_of_test(network, test.operation))
        });
        // A keypair has nothing that could be marked: the journal alone knows whose it is.
        let keypairs =
            site.keypairs.iter().filter_map(|keypair| object("keypair", &keypair.name, &keypair.name, false));
        Self {
            servers: servers.collect(),
            ports: ports.collect(),
            floating_ips: floating_ips.collect(),
            volumes: volumes.collect(),
            networks: networks.collect(),
            keypairs: keypairs.collect(),
        }
    }
}

/// Writes the steps that remove what there is of a test, look again, and record the end: all on `ground`. None of them holds
/// the operation up for ever. `optional` says whether the operation could do without the look, too; keypairs stay then, for
/// the group's own servers may have them now.
pub(super) fn remove(
    plan: &mut PlanBuilder,
    (group, test): (&ProtectionGroup, &RunningTest),
    found: &Found,
    ground: &StepId,
    optional: bool,
) {
    let site = &test.site;
    let mut delete = |kind: &str, object: &Object, field: &str, after: &[StepId], call: &str| -> StepId {
        let what = if object.name.is_empty() { &object.id } else { &object.name };
        let mut input = json!({"test": test.operation, "made": object.made});
        if let Some(fields) = input.as_object_mut() {
            fields.insert(field.to_owned(), json!(object.id));
        }
        plan.add(
            StepBuilder::new(
                &format!("delete_test_{kind}"),
                format!("delete_test_{kind}/{}", object.id),
                format!("delete the test's {} {what}", kind.replace("_ip", " IP")),
            )
            .at(site)
            .after([ground])
            .after_end_of(after)
            .optional_within(PATIENCE)
            .input(input)
            .call(call),
        )
    };
    let mut ends = Vec::new();
    for floating_ip in &found.floating_ips {
        let call = "DELETE network /floatingips/{id}";
        ends.push(delete("floating_ip", floating_ip, "floating_ip_id", &[], call));
    }
    let mut servers_gone = Vec::new();
    for server in &found.servers {
        servers_gone.push(delete("server", server, "server_id", &[], "DELETE compute /servers/{id}"));
    }
    ends.extend(servers_gone.iter().cloned());
    for volume in &found.volumes {
        ends.push(delete("volume", volume, "volume_id", &servers_gone, "DELETE block-storage /volumes/{id}"));
    }
    let mut ports_gone = Vec::new();
    for port in &found.ports {
        ports_gone.push(delete("port", port, "port_id", &servers_gone, "DELETE network /ports/{id}"));
    }
    ends.extend(ports_gone.iter().cloned());
    for network in &found.networks {
        ends.push(delete("network", network, "network_id", &ports_gone, "DELETE network /networks/{id}"));
    }
    let keypairs: &[Object] = if optional { &[] } else { &found.keypairs };
    for keypair in keypairs {
        let name = &keypair.name;
        let step = StepBuilder::new(
            "delete_keypair",
            format!("delete_keypair/{name}"),
            format!("delete the keypair {name}, which the test imported"),
        );
        let step = step.at(site).after([ground]).after_end_of(&servers_gone).optional_within(PATIENCE);
        ends.push(plan.add(step.input(json!({"name": name})).call("DELETE compute /os-keypairs/{name}")));
    }
    look_and_record(plan, (group, site), (test, found, keypairs), (ground, &ends), optional);
}

fn look_and_record(
    plan: &mut PlanBuilder,
    (group, site): (&ProtectionGroup, &SiteName),
    (test, found, keypairs): (&RunningTest, &Found, &[Object]),
    (ground, ends): (&StepId, &[StepId]),
    optional: bool,
) {
    let Some(storage) = group.storage_groups.get(site) else { return };
    let all = [&found.servers, &found.ports, &found.floating_ips, &found.volumes, &found.networks];
    let looked = StepBuilder::new("look_for_remains", "look_for_remains", "look for what is still there")
        .at(site)
        .after([ground])
        .after_end_of(ends)
        .input(LookForRemainsInput {
            test: test.operation,
            known: all.into_iter().flatten().map(|object| object.id.clone()).collect(),
            keypairs: keypairs.iter().map(|keypair| keypair.name.clone()).collect(),
            array: storage.array.clone(),
            volumes: found.volumes.iter().map(|volume| VolumeId::new(volume.id.as_str())).collect(),
            floating_ips: test.floating_ips,
        })
        .call(
            "GET compute /servers/detail, block-storage /volumes/detail, network /ports, network /networks",
        );
    let looked = if test.floating_ips { looked.call("GET network /floatingips") } else { looked };
    let looked = if optional { looked.optional_within(PATIENCE) } else { looked };
    let looked = plan.add(looked);
    let end = StepBuilder::new("record_test_end", "record_test_end", "record the end of the test")
        .at(site)
        .input(json!({"remains": output(&looked, "remains")}))
        .call("write the group's document to both site stores");
    plan.add(if optional { end.optional_within(PATIENCE) } else { end });
}

/// What a look at the end of a test has found, as its step returned it.
pub(crate) fn remains_in(output: &Value) -> Vec<Remnant> {
    let listed = output.get("remains").cloned().unwrap_or_default();
    serde_json::from_value(listed).unwrap_or_default()
}

#[cfg(test)]
mod tests;
