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
    plan.step(&step.into()).unwrap().input.clone()
}

fn found(planned: &Planned) -> Vec<(FindingCode, &str)> {
    assert!(planned.plan.is_none());
    planned.findings.iter().map(|finding| (finding.code, finding.message.as_str())).collect()
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
