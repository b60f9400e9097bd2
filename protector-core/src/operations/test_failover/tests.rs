use super::*;
use crate::config::{Defaults, EngineConfig, MappingKind, Mappings};
use crate::domain::testing::{at, group, point};
use crate::domain::{GroupStatus, naming};
use crate::engine::{Plan, PlannedStep};
use crate::id::StepId;
use crate::secret::SecretReference;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn network(id: &str, name: &str) -> crate::openstack::network::Network {
    from(json!({"id": id, "name": name, "project_id": "p", "shared": false, "status": "ACTIVE", "mtu": 1500,
        "subnets": [], "admin_state_up": true, "port_security_enabled": true, "tags": [], "description": ""}))
}

fn subnet(id: &str, network: &str, cidr: &str) -> crate::openstack::network::Subnet {
    from(json!({"id": id, "name": id, "network_id": network, "cidr": cidr, "ip_version": 4,
        "allocation_pools": [], "gateway_ip": null, "enable_dhcp": true}))
}

fn volume_type(name: &str, specs: &Value) -> crate::openstack::block_storage::VolumeType {
    from(json!({"id": name, "name": name, "description": null, "extra_specs": specs}))
}

fn site() -> SiteFacts {
    SiteFacts {
        site: "b".into(),
        project: "p".into(),
        user: "protector".to_owned(),
        roles: vec!["admin".to_owned()],
        servers: Vec::new(),
        volumes: Vec::new(),
        groups: Vec::new(),
        ports: Vec::new(),
        networks: vec![network("n1", "front"), network("n2", "sandbox")],
        subnets: vec![subnet("s1", "n1", "192.0.2.0/24"), subnet("s2", "n2", "192.0.2.0/24")],
        security_groups: vec![from(json!({"id": "g1", "name": "web", "description": "", "project_id": "p",
            "security_group_rules": [], "stateful": true, "tags": []}))],
        flavors: vec![from(json!({"id": "f1", "name": "small", "description": null, "vcpus": 1, "ram": 512,
            "disk": 0, "swap": 0}))],
        keypairs: Vec::new(),
        server_groups: Vec::new(),
        volume_types: vec![
            volume_type(
                "replicated",
                &json!({"replication_enabled": "<is> True", "volume_backend_name": "pure"}),
            ),
            volume_type("plain", &json!({"volume_backend_name": "pure"})),
            volume_type("slow", &json!({"volume_backend_name": "ceph"})),
        ],
        group_types: Vec::new(),
        compute_limits: from(json!({"maxTotalInstances": 10, "maxTotalCores": -1, "maxTotalRAMSize": -1,
            "maxServerGroups": -1, "totalInstancesUsed": 0, "totalCoresUsed": 0, "totalRAMUsed": 0,
            "totalServerGroupsUsed": 0})),
        volume_quotas: BTreeMap::new(),
    }
}

fn config() -> ProtectorConfig {
    ProtectorConfig {
        sites: BTreeMap::new(),
        encryption_key: SecretReference::Environment("KEY".to_owned()),
        mappings: Mappings::default(),
        defaults: Defaults::default(),
        engine: EngineConfig::default(),
    }
}

/// The group's one VM, as it was captured at `a`.
fn captured(group: &ProtectionGroup) -> Vec<Captured> {
    let member = group.members.values().next().unwrap();
    let volumes: Vec<Value> = member
        .volumes
        .iter()
        .map(|volume| {
            json!({"lineage": volume.lineage, "volume_id": volume.sites[&"a".into()].volume_id,
                "name": volume.name, "description": null, "size": 7, "volume_type": "replicated",
                "metadata": {"disk": volume.name}, "bootable": true, "image_metadata": {"os": "linux"},
                "device": null, "tag": null, "delete_on_termination": true})
        })
        .collect();
    let lineage = naming::lineage_id(group.id, "port", "1");
    let definition = from(json!({"lineage": member.lineage, "site": "a", "captured_at": at(0),
        "server_id": "server-a", "name": member.name, "description": null,
        "flavor": {"name": "small", "vcpus": 1, "memory": 512}, "metadata": {"role": "web"}, "tags": [],
        "keypair": {"name": "key", "public_key": "ssh-ed25519 AAAA", "kind": "ssh"}, "config_drive": false,
        "availability_zone": null, "hostname": "web", "access_addresses": ["198.51.100.1"], "user_data": null,
        "user_data_known": true, "server_group": null, "running": true, "volumes": volumes,
        "ports": [{"lineage": lineage, "port_id": "port-a", "name": "", "description": "", "network": "front",
            "mac_address": "fa:16:3e:00:00:01", "allowed_address_pairs": [], "security_groups": ["web"],
            "fixed_addresses": [{"subnet": "front-subnet", "cidr": "192.0.2.0/24", "address": "192.0.2.7"}],
            "port_security_enabled": null, "tags": ["blue"], "admin_state_up": true, "vnic_type": null,
            "extra_dhcp_options": [], "tag": null}]}));
    vec![Captured { definition, user_data: None, warnings: Vec::new() }]
}

fn planned(site: &SiteFacts, config: &ProtectorConfig) -> Planned {
    let group = group("a", 1, None);
    let captured = captured(&group);
    plan_test_failover(&TestFailoverFacts {
        group: &group,
        site,
        captured: &captured,
        point: &point("a", "p1", 5),
        time_to_live: Duration::from_hours(2),
        config,
    })
    .unwrap()
}

fn plan() -> Plan {
    let planned = planned(&site(), &config());
    assert_eq!(planned.findings, []);
    planned.plan.unwrap()
}

fn of_kind<'p>(plan: &'p Plan, kind: &str) -> Vec<&'p PlannedStep> {
    plan.steps.iter().filter(|step| step.kind == kind).collect()
}

fn codes(planned: &Planned) -> Vec<FindingCode> {
    assert!(planned.plan.is_none());
    planned.findings.iter().map(|finding| finding.code).collect()
}

fn mapped(name: &str) -> ProtectorConfig {
    let mut config = config();
    let pair = [("a".into(), "front".to_owned()), ("b".into(), name.to_owned())].into();
    config.mappings.insert(MappingKind::TestNetwork, pair).unwrap();
    config
}

#[test]
fn nothing_is_done_where_the_group_runs_and_no_point_is_made() {
    let plan = plan();
    assert!(plan.steps.iter().all(|step| step.site == Some("b".into())), "{plan}");
    let kinds: BTreeSet<&str> = plan.steps.iter().map(|step| step.kind.as_str()).collect();
    let expected = [
        "validate_target",
        "record_group",
        "import_keypair",
        "create_test_network",
        "create_test_subnet",
        "create_test_volume",
        "fill_test_volume",
        "create_test_port",
        "create_test_server",
        "verify_server",
        "record_test",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
    assert_eq!(of_kind(&plan, "validate_target")[0].input.value()["peer"], Value::Null);
    assert_eq!(plan.recovery, Recovery::RollBack);
}

#[test]
fn a_copy_has_another_name_the_same_addresses_and_no_marker_of_a_lineage() {
    let plan = plan();
    let server = &of_kind(&plan, "create_test_server")[0].input.value()["server"];
    assert_eq!((&server["name"], &server["hostname"]), (&json!("web-test"), &json!("web")));
    assert_eq!(server["metadata"], json!({"role": "web"}));
    let devices = server["block_device_mapping_v2"].as_array().unwrap();
    assert!(devices.len() == 2 && devices.iter().all(|device| device["delete_on_termination"] == false));
    assert!(server.get("accessIPv4").is_none(), "clients are told of no address of production");
    let port = of_kind(&plan, "create_test_port")[0].input.value();
    assert_eq!(port["port"]["mac_address"], "fa:16:3e:00:00:01");
    assert_eq!(port["port"]["fixed_ips"][0]["ip_address"], "192.0.2.7");
    assert_eq!(port["port"]["security_groups"], json!(["g1"]));
    assert!(!plan.steps.iter().any(|step| step.input.value().to_string().contains(naming::LINEAGE_KEY)));
}

#[test]
fn a_volume_is_in_no_group_does_not_replicate_and_has_the_size_of_the_point() {
    let plan = plan();
    for step in of_kind(&plan, "create_test_volume") {
        let volume = &step.input.value()["volume"];
        assert_eq!((&volume["volume_type"], &volume["size"]), (&json!("plain"), &json!(1)), "{step:?}");
        assert!(volume.get("group_id").is_none());
        assert_eq!(
            (&step.input.value()["bootable"], &step.input.value()["image_metadata"]),
            (&json!(true), &json!({"os": "linux"}))
        );
    }
    let fills = of_kind(&plan, "fill_test_volume");
    let members: Vec<Value> = fills.iter().map(|step| step.input.value()["member"].clone()).collect();
    assert!(
        members.len() == 2 && ["a-1", "a-2"].iter().all(|name| members.contains(&json!(name))),
        "{members:?}"
    );
    assert!(fills.iter().all(
        |step| step.input.value()["point"] == "p1" && step.input.value().get("safety_snapshot").is_none()
    ));
}

#[test]
fn a_server_waits_for_what_it_is_made_of_and_its_failure_undoes_nothing() {
    let plan = plan();
    let server = of_kind(&plan, "create_test_server")[0];
    for kind in ["fill_test_volume", "create_test_port", "import_keypair"] {
        assert!(of_kind(&plan, kind).iter().all(|step| server.after.contains(&step.id)), "{kind}");
    }
    assert!(server.optional);
    let last = plan.steps.last().unwrap();
    assert_eq!(last.kind, "record_test");
    assert!(last.after_end_of.contains(&StepId::from("verify_server/web")) && !last.optional);
    assert_eq!(last.input.value()["time_to_live"], 7200);
    let marked = of_kind(&plan, "record_group")[0];
    assert_eq!(marked.input.value()["restore"], json!({"status": GroupStatus::Active, "test": null}));
    let first = ["create_test_network", "create_test_volume", "create_test_port"];
    let first = plan.steps.iter().filter(|step| first.contains(&step.kind.as_str()));
    assert!(first.into_iter().all(|step| step.builds_on(&marked.id)), "undone before the mark is");
}

#[test]
fn an_isolated_network_leads_nowhere_and_neutron_chooses_beside_the_addresses_of_the_vms() {
    let plan = plan();
    assert_eq!(of_kind(&plan, "create_test_network")[0].input.value(), json!({"name": "front-test"}));
    let subnet = &of_kind(&plan, "create_test_subnet")[0].input.value()["subnet"];
    assert_eq!((&subnet["cidr"], &subnet["gateway_ip"]), (&json!("192.0.2.0/24"), &Value::Null));
    assert_eq!(subnet["allocation_pools"], json!([{"start": "192.0.2.8", "end": "192.0.2.254"}]));
}

#[test]
fn a_network_that_is_named_for_tests_is_used_and_none_is_made() {
    let planned = planned(&site(), &mapped("sandbox"));
    assert_eq!(planned.findings, []);
    let plan = planned.plan.unwrap();
    assert!(of_kind(&plan, "create_test_network").is_empty());
    let port = &of_kind(&plan, "create_test_port")[0].input.value()["port"];
    assert_eq!(port["network_id"], "n2");
    assert_eq!(port["fixed_ips"], json!([{"subnet_id": "s2", "ip_address": "192.0.2.7"}]));
}

#[test]
fn in_a_network_of_another_range_neutron_chooses_the_address() {
    let mut site = site();
    site.subnets = vec![subnet("s2", "n2", "198.51.100.0/24")];
    let plan = planned(&site, &mapped("sandbox")).plan.unwrap();
    let port = &of_kind(&plan, "create_test_port")[0].input.value()["port"];
    assert_eq!(port["fixed_ips"], json!([{"subnet_id": "s2"}]));
    site.subnets.clear();
    assert_eq!(codes(&planned(&site, &mapped("sandbox"))), [FindingCode::SubnetUnmapped]);
}

#[test]
fn a_test_network_that_is_missing_or_productions_or_in_which_an_address_is_taken_is_refused() {
    assert_eq!(codes(&planned(&site(), &mapped("nowhere"))), [FindingCode::NetworkUnmapped]);
    let production = planned(&site(), &mapped("front"));
    assert_eq!(codes(&production), [FindingCode::NetworkUnmapped]);
    assert!(production.findings[0].message.contains("real failover"), "{}", production.findings[0]);
    let mut site = site();
    site.ports = vec![from(json!({"id": "x", "name": "x", "network_id": "n2", "project_id": "p",
        "mac_address": "FA:16:3E:00:00:01", "fixed_ips": [], "admin_state_up": true, "device_id": "",
        "device_owner": "", "status": "DOWN"}))];
    assert_eq!(codes(&planned(&site, &mapped("sandbox"))), [FindingCode::AddressInUse]);
    // In a network of its own nobody has it.
    assert!(planned(&site, &config()).plan.is_some());
}

#[test]
fn a_type_for_the_volumes_is_the_only_one_that_fits_or_the_one_that_is_named() {
    let named = |name: &str| {
        let mut config = config();
        config.defaults.test_volume_type = Some(name.to_owned());
        planned(&site(), &config)
    };
    for name in ["replicated", "none"] {
        assert_eq!(codes(&named(name)), [FindingCode::VolumeTypeMissing], "{name}");
    }
    let plan = named("slow").plan.unwrap();
    assert_eq!(of_kind(&plan, "create_test_volume")[0].input.value()["volume"]["volume_type"], "slow");
    let mut site = site();
    site.volume_types.push(volume_type("plainer", &json!({"volume_backend_name": "pure"})));
    assert_eq!(codes(&planned(&site, &config())), [FindingCode::VolumeTypeMissing]);
    site.volume_types.retain(|kind| !kind.name.starts_with("plain"));
    let refused = planned(&site, &config());
    assert_eq!(codes(&refused), [FindingCode::VolumeTypeMissing]);
    assert!(refused.findings[0].remedy.contains("defaults.test_volume_type"), "{}", refused.findings[0]);
}

#[test]
fn a_mapping_names_the_type_for_tests_of_a_type_before_the_one_for_all() {
    let with = |name: &str| {
        let mut config = config();
        config.defaults.test_volume_type = Some("plain".to_owned());
        let pair = [("a".into(), "replicated".to_owned()), ("b".into(), name.to_owned())].into();
        config.mappings.insert(MappingKind::TestVolumeType, pair).unwrap();
        planned(&site(), &config)
    };
    let plan = with("slow").plan.unwrap();
    let types: BTreeSet<String> = of_kind(&plan, "create_test_volume")
        .iter()
        .filter_map(|step| step.input.value()["volume"]["volume_type"].as_str().map(ToOwned::to_owned))
        .collect();
    assert_eq!(types, BTreeSet::from(["slow".to_owned()]));
    for name in ["replicated", "none"] {
        let refused = with(name);
        assert_eq!(codes(&refused), [FindingCode::VolumeTypeMissing], "{name}");
        assert!(refused.findings[0].remedy.contains("mappings.test_volume_types"), "{}", refused.findings[0]);
    }
}

#[test]
fn all_that_is_missing_is_told_at_once() {
    let mut site = site();
    site.flavors.clear();
    site.security_groups.clear();
    site.compute_limits.max_instances = 0;
    site.keypairs = vec![from(json!({"name": "key", "public_key": "ssh-ed25519 BBBB", "type": "ssh",
        "fingerprint": "x"}))];
    let expected = [
        FindingCode::FlavorMissing,
        FindingCode::SecurityGroupMissing,
        FindingCode::QuotaExceeded,
        FindingCode::KeypairDiffers,
    ];
    assert_eq!(codes(&planned(&site, &config())), expected);
}
