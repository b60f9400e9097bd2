//! What the mappings make of a VM.

use super::*;
use crate::config::{AddressPair, AddressRule, MappingKind};
use crate::domain::AllowedAddressPair;

fn pair(a: &str, b: &str) -> BTreeMap<SiteName, String> {
    [("site-a".into(), a.to_owned()), ("site-b".into(), b.to_owned())].into()
}

/// The network and subnets of the VMs stand for those at the other site that have these ranges.
fn with_subnets(rule: AddressRule) -> ProtectorConfig {
    let mut config = config();
    config.mappings.insert(MappingKind::Network, pair("front", "dr-front")).unwrap();
    config.mappings.insert_subnet(pair("front", "dr-four"), rule).unwrap();
    config.mappings.insert_subnet(pair("id-six", "dr-six"), AddressRule::Translate).unwrap();
    config
}

/// There is another network, with two subnets of other ranges; the VMs have an address of each kind.
fn dual_stack(target: &mut SiteFacts, captured: &mut [Captured]) {
    target.networks.push(from(json!({"id": "n2", "name": "dr-front", "project_id": "project-site-b",
        "shared": false, "status": "ACTIVE", "mtu": 1500, "subnets": ["s4", "s6"], "admin_state_up": true,
        "port_security_enabled": true, "tags": []})));
    for (id, name, cidr, version) in
        [("s4", "dr-four", "198.51.100.0/24", 4), ("s6", "dr-six", "2001:db8:2::/64", 6)]
    {
        target.subnets.push(from(json!({"id": id, "name": name, "network_id": "n2", "cidr": cidr,
            "ip_version": version, "allocation_pools": [], "gateway_ip": null, "enable_dhcp": true})));
    }
    for captured in captured {
        let definition = &mut captured.definition;
        for port in &mut definition.ports {
            let host = port.fixed_addresses[0].address.rsplit('.').next().unwrap().to_owned();
            port.fixed_addresses.push(FixedAddress {
                subnet: String::new(),
                subnet_id: Some("id-six".to_owned()),
                cidr: "2001:db8:1::/64".to_owned(),
                address: format!("2001:db8:1::{host}"),
            });
            port.allowed_address_pairs = ["192.0.2.100", "2001:db8:1::/80", "203.0.113.9"]
                .map(|allowed| AllowedAddressPair { ip_address: allowed.to_owned(), mac_address: None })
                .into();
            definition.access_addresses = vec!["203.0.113.7".to_owned(), format!("2001:db8:1::{host}")];
        }
    }
}

fn input(plan: &Plan, step: &str) -> Value {
    plan.step(&step.into()).unwrap().input.value()
}

fn found(planned: &Planned) -> Vec<(FindingCode, &str)> {
    assert!(planned.plan.is_none());
    planned.findings.iter().map(|finding| (finding.code, finding.message.as_str())).collect()
}

/// What is said of what the mappings make of the VMs.
fn told(planned: &Planned) -> Vec<(FindingCode, &str)> {
    let warnings = planned.warnings.iter().filter(|warning| warning.code != FindingCode::Drift);
    warnings.map(|warning| (warning.code, warning.message.as_str())).collect()
}

#[test]
fn addresses_of_both_kinds_and_what_goes_with_them_come_to_the_mapped_subnets() {
    let planned = planned(GroupPolicy::default(), &with_subnets(AddressRule::Translate), dual_stack);
    assert_eq!(planned.findings, []);
    let plan = planned.plan.unwrap();
    let port = &input(&plan, "create_port/web/0")["port"];
    assert_eq!(port["network_id"], "n2");
    let four = json!({"subnet_id": "s4", "ip_address": "198.51.100.10"});
    let six = json!({"subnet_id": "s6", "ip_address": "2001:db8:2::10"});
    assert_eq!(port["fixed_ips"], json!([four, six]));
    let allowed = ["198.51.100.100", "2001:db8:2::/80", "203.0.113.9"];
    assert_eq!(port["allowed_address_pairs"], json!(allowed.map(|address| json!({"ip_address": address}))));
    // What clients are told to use is the address there; what is none of its ports' stays.
    let server = &input(&plan, "create_server/web")["server"];
    assert_eq!(server["accessIPv4"], "203.0.113.7");
    assert_eq!(server["accessIPv6"], "2001:db8:2::10");
    let seen = &input(&plan, "verify_server/web")["ports"][0]["addresses"];
    assert_eq!(seen, &json!(["198.51.100.10", "2001:db8:2::10"]));
}

#[test]
fn an_address_without_a_place_refuses_the_move() {
    let kept = planned(GroupPolicy::default(), &with_subnets(AddressRule::Keep), dual_stack);
    let said = |address: &str| format!("{address} is no address for a port in dr-four (198.51.100.0/24)");
    let (web, db) = (said("192.0.2.10"), said("192.0.2.20"));
    let codes = [FindingCode::AddressUnplaced; 2];
    assert_eq!(found(&kept), [(codes[0], web.as_str()), (codes[1], db.as_str())]);
    let listed: AddressPair =
        [("site-a".into(), [192, 0, 2, 10].into()), ("site-b".into(), [198, 51, 100, 77].into())].into();
    let table = planned(GroupPolicy::default(), &with_subnets(AddressRule::Table(vec![listed])), dual_stack);
    let said = "192.0.2.20 is not in the table of addresses for dr-four";
    assert_eq!(found(&table), [(FindingCode::AddressUnplaced, said)]);
    assert!(table.findings[0].remedy.contains("mappings.subnets"));
}

#[test]
fn an_address_that_is_used_there_or_given_twice_refuses_the_move() {
    let config = with_subnets(AddressRule::Translate);
    let used = planned(GroupPolicy::default(), &config, |target, captured| {
        dual_stack(target, captured);
        target.ports.push(from(json!({"id": "p9", "name": "vip", "network_id": "n2",
            "project_id": "project-site-b", "mac_address": "fa:16:3e:99:99:99", "admin_state_up": true,
            "fixed_ips": [{"subnet_id": "s6", "ip_address": "2001:db8:2::20"}], "device_id": "",
            "device_owner": "", "status": "DOWN"})));
    });
    assert_eq!(found(&used), [(FindingCode::AddressInUse, "its MAC or IP address is used by port p9 (vip)")]);
    assert!(used.findings[0].subject.ends_with("of server db"), "{}", used.findings[0].subject);
    let twice = planned(GroupPolicy::default(), &super::config(), |_, captured| {
        captured[1].definition.ports[0].fixed_addresses[0].address = "192.0.2.10".to_owned();
    });
    let said = "192.0.2.10 in network front would be that of port fa:16:3e:00:00:010 of server web, too";
    assert_eq!(found(&twice), [(FindingCode::AddressTwice, said)]);
}

fn mapped(kind: MappingKind, pairs: &[(&str, &str)]) -> ProtectorConfig {
    let mut config = config();
    for (a, b) in pairs {
        config.mappings.insert(kind, pair(a, b)).unwrap();
    }
    config
}

fn keypair(name: &str, key: &str) -> crate::openstack::compute::Keypair {
    from(json!({"name": name, "public_key": key, "fingerprint": "x", "type": "ssh"}))
}

fn server_group(id: &str, name: &str, policy: &str) -> crate::openstack::compute::ServerGroup {
    from(json!({"id": id, "name": name, "policy": policy, "rules": {}}))
}

#[test]
fn a_keypair_that_a_mapping_names_is_taken_whatever_its_key_or_imported_under_that_name() {
    let config = mapped(MappingKind::Keypair, &[("key of web", "dr-web"), ("key of db", "dr-db")]);
    let planned = planned(GroupPolicy::default(), &config, |target, _| {
        target.keypairs =
            vec![keypair("dr-web", "ssh-ed25519 BBBB"), keypair("key of db", "ssh-ed25519 CCCC")];
    });
    assert_eq!(planned.findings, []);
    let plan = planned.plan.unwrap();
    let imported: Vec<Value> = plan
        .steps
        .iter()
        .filter(|step| step.kind == "import_keypair")
        .map(|step| step.input.value())
        .collect();
    assert_eq!(imported, [json!({"name": "dr-db", "public_key": "ssh-ed25519 AAAA", "kind": "ssh"})]);
    for (server, name) in [("web", "dr-web"), ("db", "dr-db")] {
        assert_eq!(input(&plan, &format!("create_server/{server}"))["server"]["key_name"], name);
    }
    let made = plan.step(&"create_server/db".into()).unwrap();
    assert!(made.after.contains(&"import_keypair/dr-db".into()), "{:?}", made.after);
}

#[test]
fn another_key_under_the_same_name_refuses_the_move_and_one_that_cannot_be_had_is_told() {
    let other = planned(GroupPolicy::default(), &config(), |target, _| {
        target.keypairs = vec![keypair("key of web", "ssh-ed25519 BBBB")];
    });
    let said = "protector's user has another keypair of this name, with the key ssh-ed25519 BBBB";
    assert_eq!(found(&other), [(FindingCode::KeypairDiffers, said)]);
    // Two VMs of the group that need two keys under one name.
    let one_name = mapped(MappingKind::Keypair, &[("key of web", "key of db")]);
    let twice = planned(GroupPolicy::default(), &one_name, |_, captured| {
        captured[0].definition.keypair.as_mut().unwrap().public_key = Some("ssh-ed25519 BBBB".to_owned());
    });
    let codes: Vec<_> = found(&twice).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [FindingCode::KeypairDiffers]);
    let lost = planned(GroupPolicy::default(), &config(), |_, captured| {
        captured[0].definition.keypair.as_mut().unwrap().public_key = None;
    });
    let said = "its public key is unknown, and protector's user has no keypair of this name";
    assert_eq!(told(&lost), [(FindingCode::AttributeDropped, said)]);
    assert_eq!(input(&lost.plan.unwrap(), "create_server/web")["server"].get("key_name"), None);
}

#[test]
fn the_members_of_a_server_group_come_into_the_one_that_stands_for_it() {
    let config = mapped(MappingKind::ServerGroup, &[("group of web", "dr-web"), ("group of db", "dr-db")]);
    let planned = planned(GroupPolicy::default(), &config, |target, captured| {
        captured[1].definition.server_group = captured[0].definition.server_group.clone();
        target.server_groups =
            vec![server_group("g1", "dr-web", "affinity"), server_group("g2", "dr-web", "anti-affinity")];
    });
    assert_eq!(told(&planned), []);
    let plan = planned.plan.unwrap();
    assert!(!plan.steps.iter().any(|step| step.kind == "create_server_group"));
    for server in ["web", "db"] {
        let made = input(&plan, &format!("create_server/{server}"));
        assert_eq!(made["server"]["server_group"], "g2", "the one of the same policy");
    }
    let other = super::planned(GroupPolicy::default(), &config, |target, _| {
        target.server_groups = vec![server_group("g1", "dr-web", "affinity")];
    });
    let plan = other.plan.as_ref().unwrap();
    assert_eq!(input(plan, "create_server/web")["server"]["server_group"], "g1");
    assert_eq!(input(plan, "create_server_group/dr-db")["name"], "dr-db");
    let said = "its policy is affinity instead of anti-affinity";
    assert_eq!(told(&other), [(FindingCode::ServerGroupDiffers, said)]);
}

#[test]
fn what_a_volume_knows_of_its_image_names_the_image_of_the_other_site() {
    let images = [("id-a", "id-b"), ("debian", "dr-debian")];
    let planned = planned(GroupPolicy::default(), &mapped(MappingKind::Image, &images), |_, captured| {
        for (key, value) in [("image_id", "id-a"), ("image_name", "debian"), ("os_distro", "debian")] {
            captured[0].definition.volumes[1].image_metadata.insert(key.to_owned(), value.to_owned());
        }
    });
    let plan = planned.plan.unwrap();
    let twins = plan.steps.iter().filter(|step| step.kind == "create_twin");
    let known: Vec<Value> = twins.map(|step| step.input.value()["image_metadata"].clone()).collect();
    let there = json!({"image_id": "id-b", "image_name": "dr-debian", "os_distro": "debian"});
    assert!(known.contains(&there), "{known:?}");
}

#[test]
fn what_was_captured_at_the_target_has_the_names_of_there_already() {
    // What is called small at the one site is tiny at the other, where small is something else.
    let swapped = mapped(MappingKind::Flavor, &[("small", "tiny"), ("tiny", "small")]);
    let planned = planned(GroupPolicy::default(), &swapped, |target, captured| {
        target.flavors.push(from(json!({"id": "f2", "name": "tiny", "description": null, "vcpus": 1,
            "ram": 512, "disk": 0, "swap": 0})));
        captured[1].definition.site = "site-b".into();
    });
    let plan = planned.plan.unwrap();
    let flavor =
        |server: &str| input(&plan, &format!("create_server/{server}"))["server"]["flavorRef"].clone();
    assert_eq!((flavor("web"), flavor("db")), (json!("f2"), json!("f1")));
}
