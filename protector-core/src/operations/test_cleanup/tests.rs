use super::*;
use crate::domain::testing::{at, group};
use crate::engine::{Plan, PlannedStep};
use crate::id::OperationId;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn test() -> OperationId {
    OperationId::new(Uuid::from_u128(7))
}

/// What bears the marker of an operation has its number in its id.
fn site(operations: &[OperationId]) -> SiteFacts {
    let id = |kind: &str, operation: &OperationId| format!("{kind}-{}", operation.uuid().as_u128());
    let metadata = |operation: &OperationId| json!({"protector:test": operation, "other": "x"});
    let server = |operation: &OperationId| {
        from(json!({"id": id("server", operation), "name": "web-test", "status": "ACTIVE",
            "OS-EXT-STS:task_state": null, "OS-EXT-STS:power_state": 1, "description": null, "image": "",
            "flavor": {"original_name": "small", "vcpus": 1, "ram": 1, "disk": 0, "ephemeral": 0, "swap": 0},
            "metadata": metadata(operation), "user_id": "u"}))
    };
    let volume = |operation: &OperationId| {
        from(json!({"id": id("volume", operation), "name": "disk-test", "status": "in-use", "size": 1,
            "bootable": "true", "metadata": metadata(operation), "attachments": []}))
    };
    let port = |operation: &OperationId| {
        from(json!({"id": id("port", operation), "name": "", "network_id": "n", "project_id": "p",
            "mac_address": "m", "fixed_ips": [], "admin_state_up": true, "device_id": "", "device_owner": "",
            "status": "DOWN", "tags": ["blue", naming::test_tag(*operation)]}))
    };
    let network = |operation: &OperationId| {
        from(json!({"id": id("network", operation), "name": "front-test", "project_id": "p", "shared": false,
            "status": "ACTIVE", "mtu": 1500, "subnets": [], "admin_state_up": true, "port_security_enabled": true,
            "description": naming::test_tag(*operation)}))
    };
    SiteFacts {
        site: "b".into(),
        project: "p".into(),
        user: "protector".to_owned(),
        roles: Vec::new(),
        servers: operations.iter().map(server).collect(),
        volumes: operations.iter().map(volume).collect(),
        groups: Vec::new(),
        ports: operations.iter().map(port).collect(),
        networks: operations.iter().map(network).collect(),
        subnets: Vec::new(),
        security_groups: Vec::new(),
        flavors: Vec::new(),
        keypairs: ["key", "own"]
            .map(|name| from(json!({"name": name, "public_key": "k", "type": "ssh", "fingerprint": "x"})))
            .into(),
        server_groups: Vec::new(),
        volume_types: Vec::new(),
        group_types: Vec::new(),
        compute_limits: from(json!({"maxTotalInstances": -1, "maxTotalCores": -1, "maxTotalRAMSize": -1,
            "maxServerGroups": -1, "totalInstancesUsed": 0, "totalCoresUsed": 0, "totalRAMUsed": 0,
            "totalServerGroupsUsed": 0})),
        volume_quotas: BTreeMap::new(),
    }
}

fn running() -> ProtectionGroup {
    let mut group = group("a", 1, None);
    group.status = GroupStatus::TestActive;
    group.test = Some(RunningTest {
        operation: test(),
        site: "b".into(),
        point: "p1".to_owned(),
        started_at: at(0),
        ends_at: None,
    });
    group
}

fn made(kind: &str, id: &str, operation: OperationId) -> MadeObject {
    let (kind, id, name) = (kind.to_owned(), id.to_owned(), String::new());
    MadeObject { site: "b".into(), kind, id, name, operation_id: operation }
}

fn plan(group: &ProtectionGroup, site: &SiteFacts, made: &[MadeObject]) -> Plan {
    let planned = plan_test_cleanup(&TestCleanupFacts { group, site, made }).unwrap();
    assert_eq!(planned.findings, []);
    planned.plan.unwrap()
}

fn ids(plan: &Plan) -> BTreeSet<&str> {
    plan.steps.iter().filter(|step| step.kind.starts_with("delete_")).map(|step| step.id.as_str()).collect()
}

fn step<'p>(plan: &'p Plan, id: &str) -> &'p PlannedStep {
    plan.step(&id.into()).unwrap()
}

#[test]
fn what_bears_the_tests_marker_goes_and_what_bears_anothers_or_none_stays() {
    let mut facts = site(&[test(), OperationId::new(Uuid::from_u128(8))]);
    let mut look_alike = facts.servers[0].clone();
    look_alike.id = "look-alike".into();
    look_alike.metadata = [("protector:test-lineage".to_owned(), "x".to_owned())].into();
    facts.servers.push(look_alike);
    let plan = plan(&running(), &facts, &[]);
    let expected = [
        "delete_test_server/server-7",
        "delete_test_volume/volume-7",
        "delete_test_port/port-7",
        "delete_test_network/network-7",
    ];
    assert_eq!(ids(&plan), expected.into());
    assert_eq!(step(&plan, "delete_test_server/server-7").input.value()["made"], false);
    assert!(plan.steps.iter().all(|step| step.site == Some("b".into())));
}

#[test]
fn what_the_journal_says_was_made_goes_without_its_marker_and_only_if_the_test_made_it() {
    let mut facts = site(&[test()]);
    facts.volumes[0].metadata.clear();
    let other = OperationId::new(Uuid::from_u128(8));
    let made =
        [made("volume", "volume-7", test()), made("keypair", "key", test()), made("keypair", "own", other)];
    let plan = plan(&running(), &facts, &made);
    assert_eq!(step(&plan, "delete_test_volume/volume-7").input.value()["made"], true);
    let keypairs: Vec<_> = ids(&plan).into_iter().filter(|id| id.starts_with("delete_keypair")).collect();
    assert_eq!(keypairs, ["delete_keypair/key"]);
}

#[test]
fn servers_go_before_what_they_use_ports_before_their_network_and_a_look_comes_last() {
    let plan = plan(&running(), &site(&[test()]), &[]);
    let waits = |later: &str, earlier: &str| step(&plan, later).after_end_of.contains(&earlier.into());
    assert!(waits("delete_test_volume/volume-7", "delete_test_server/server-7"));
    assert!(waits("delete_test_port/port-7", "delete_test_server/server-7"));
    assert!(waits("delete_test_network/network-7", "delete_test_port/port-7"));
    for id in ids(&plan) {
        assert!(waits("look_for_remains", id) && step(&plan, id).optional, "{id}");
    }
    assert_eq!(plan.steps.last().unwrap().id, StepId::from("record_test_end"));
    assert_eq!(plan.recovery, Recovery::ForwardOnly);
    let look = step(&plan, "look_for_remains");
    assert_eq!(look.input.value()["array"], "array-b");
    assert!(!look.optional && look.input.value()["known"].as_array().unwrap().len() == 4);
}

#[test]
fn after_a_move_the_group_keeps_the_status_that_the_move_led_to() {
    let mut moved = running();
    moved.current_primary_site = "b".into();
    moved.status = GroupStatus::FailedOver;
    let plan = plan(&moved, &site(&[test()]), &[]);
    assert_eq!(plan.steps[0].input.value()["patch"], json!({"status": "failed_over"}));
    assert_eq!(ids(&plan).len(), 4);
}

#[test]
fn a_group_without_a_test_has_nothing_to_be_ended() {
    let group = group("a", 1, None);
    let facts = TestCleanupFacts { group: &group, site: &site(&[]), made: &[] };
    let planned = plan_test_cleanup(&facts).unwrap();
    assert_eq!(planned.findings[0].code, FindingCode::StatusForbids);
}

#[test]
fn a_move_does_without_the_end_of_the_test_it_was_made_from_and_keeps_its_keypairs() {
    let group = running();
    let (test, sites) = (group.test.as_ref().unwrap(), ("a".into(), "b".into()));
    let mut plan =
        PlanBuilder::new(OperationType::Failover, group.id, &group.name, sites, 1, Recovery::ForwardOnly);
    let moved = plan.add(StepBuilder::new("record_move", "record_move", "record where everything is"));
    let keypair = made("keypair", "key", test.operation);
    let found = Found::look(test, &site(&[test.operation]), &[keypair]);
    remove(&mut plan, (&group, test), &found, &moved, true);
    let plan = plan.build().unwrap();
    assert_eq!(ids(&plan).len(), 4);
    assert!(plan.steps.iter().skip(1).all(|step| step.optional && step.patience.is_some()), "{plan}");
    assert!(!plan.steps.iter().any(|step| step.kind == "delete_keypair"));
    assert!(ids(&plan).into_iter().all(|id| step(&plan, id).after.contains(&moved)));
}
