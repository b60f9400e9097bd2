use super::*;
use crate::config::{MappingKind, Mappings};
use crate::domain::AllowedAddressPair;
use crate::engine::{PlanBuilder, Recovery};
use crate::inventory::SiteFacts;
use crate::operations::failover::tests::{definition, from, site};
use serde_json::{Value, json};

fn vm() -> ServerDefinition {
    definition(10, "web", 1).1.definition
}

fn target(groups: &[&str]) -> SiteFacts {
    let mut target = site("site-b");
    let group = |name: &&str| {
        from(
            json!({"id": format!("id of {name}"), "name": name, "project_id": "project-site-b", "description": "",
            "security_group_rules": [], "tags": []}),
        )
    };
    target.security_groups = groups.iter().map(group).collect();
    target
}

/// The counterpart of the VM's port, which is where the mappings have it.
fn port(changes: &Value) -> Port {
    let mut port = json!({"id": "p", "name": "", "description": "", "network_id": "n1", "project_id": "project-site-b",
        "mac_address": "fa:16:3e:00:00:010", "fixed_ips": [{"subnet_id": "s1", "ip_address": "192.0.2.10"}],
        "allowed_address_pairs": [], "security_groups": [], "tags": ["protector:x"], "admin_state_up": true,
        "device_id": "s", "device_owner": "", "status": "DOWN"});
    for (key, value) in changes.as_object().unwrap() {
        port[key] = value.clone();
    }
    from(port)
}

fn server(changes: &Value) -> Server {
    let mut server = json!({"id": "s", "name": "web", "status": "SHUTOFF", "flavor": {"original_name": "small",
        "vcpus": 1, "ram": 512, "disk": 0, "ephemeral": 0, "swap": 0}, "image": "", "user_id": "u",
        "metadata": {"protector:group": "g"}, "accessIPv4": "", "accessIPv6": ""});
    for (key, value) in changes.as_object().unwrap() {
        server[key] = value.clone();
    }
    from(server)
}

/// What a step is given, if there is one.
fn input(step: Option<StepBuilder>) -> Option<Value> {
    let sites = ("site-a".into(), "site-b".into());
    let group = crate::id::GroupId::new(uuid::Uuid::from_u128(1));
    let operation = crate::domain::OperationType::Sync;
    let mut plan = PlanBuilder::new(operation, group, "shop", sites, 1, Recovery::RollBack);
    let id = plan.add(step?);
    Some(plan.build().unwrap().step(&id).unwrap().input.value())
}

fn updated_port(
    mappings: &Mappings,
    target: &SiteFacts,
    wanted: &PortDefinition,
    there: &Port,
) -> Option<Value> {
    let source_site = &"site-a".into();
    let placement = Placement { target, mappings, source_site };
    let mut input = input(update_port(&placement, "web", (0, wanted), there))?;
    Some(input["update"].take())
}

#[test]
fn what_is_the_same_by_either_direction_of_the_mappings_is_left() {
    let mut mappings = Mappings::default();
    let pair = [("site-a".into(), "web".to_owned()), ("site-b".into(), "dr-web".to_owned())].into();
    mappings.insert(MappingKind::SecurityGroup, pair).unwrap();
    let target = target(&["dr-web", "web", "db"]);
    let there = |group: &str| port(&json!({"security_groups": [format!("id of {group}")]}));
    let mut wanted = vm().ports.remove(0);
    for group in ["web", "dr-web"] {
        wanted.security_groups = vec![group.to_owned()];
        assert_eq!(updated_port(&mappings, &target, &wanted, &there("dr-web")), None, "{group}");
        let changed = updated_port(&mappings, &target, &wanted, &there("db")).unwrap();
        assert_eq!(changed, json!({"security_groups": ["id of dr-web"]}));
    }
}

#[test]
fn a_security_group_that_is_not_there_takes_no_other_away() {
    let mut wanted = vm().ports.remove(0);
    wanted.security_groups = vec!["web".to_owned(), "new".to_owned()];
    let there = port(&json!({"security_groups": ["id of web"]}));
    assert_eq!(updated_port(&Mappings::default(), &target(&["web"]), &wanted, &there), None);
}

#[test]
fn security_groups_and_address_pairs_go_with_port_security() {
    let mut wanted = vm().ports.remove(0);
    wanted.port_security_enabled = Some(false);
    let there = port(&json!({"port_security_enabled": true, "security_groups": ["id of web"],
        "allowed_address_pairs": [{"ip_address": "192.0.2.9", "mac_address": "fa:16:3e:00:00:010"}]}));
    let changed = updated_port(&Mappings::default(), &target(&["web"]), &wanted, &there).unwrap();
    let expected =
        json!({"port_security_enabled": false, "security_groups": [], "allowed_address_pairs": []});
    assert_eq!(changed, expected);
}

#[test]
fn a_port_that_stands_elsewhere_keeps_its_address_pairs() {
    let mut wanted = vm().ports.remove(0);
    wanted.allowed_address_pairs =
        vec![AllowedAddressPair { ip_address: "192.0.2.99".to_owned(), mac_address: None }];
    let here = port(&json!({}));
    let changed = updated_port(&Mappings::default(), &target(&[]), &wanted, &here).unwrap();
    assert_eq!(changed, json!({"allowed_address_pairs": [{"ip_address": "192.0.2.99"}]}));
    let elsewhere = port(&json!({"fixed_ips": [{"subnet_id": "s1", "ip_address": "192.0.2.77"}]}));
    assert_eq!(updated_port(&Mappings::default(), &target(&[]), &wanted, &elsewhere), None);
}

#[test]
fn dhcp_options_are_set_and_removed_one_by_one() {
    let option =
        |name: &str, value: Option<&str>| json!({"opt_name": name, "opt_value": value, "ip_version": 4});
    let mut wanted = vm().ports.remove(0);
    wanted.extra_dhcp_options = vec![option("mtu", Some("9000")), option("ntp", Some("192.0.2.1"))];
    let there =
        port(&json!({"extra_dhcp_opts": [option("mtu", Some("1500")), option("ntp", Some("192.0.2.1")),
        option("boot", Some("x"))]}));
    let changed = updated_port(&Mappings::default(), &target(&[]), &wanted, &there).unwrap();
    let expected = [option("mtu", Some("9000")), option("boot", None)];
    assert_eq!(changed, json!({"extra_dhcp_opts": expected}));
}

#[test]
fn an_access_address_is_what_has_become_of_the_ports_address() {
    let (target, mappings, source_site) = (target(&[]), Mappings::default(), &"site-a".into());
    let placement = Placement { target: &target, mappings: &mappings, source_site };
    let mut wanted = vm();
    wanted.access_addresses = vec!["192.0.2.10".to_owned(), "2001:db8::7".to_owned()];
    let update = |there: &Server, ports: &[(&PortDefinition, &Port)]| {
        input(update_server(&placement, "web", &wanted, (there, ports), None))
            .map(|mut input| input["update"].take())
    };
    let (own, there) = (&wanted.ports[0], port(&json!({})));
    let changed = update(&server(&json!({})), &[(own, &there)]).unwrap();
    assert_eq!(changed, json!({"accessIPv4": "192.0.2.10", "accessIPv6": "2001:db8::7"}));
    // What clients are told of a port that stands elsewhere is not the source's address.
    let elsewhere = port(&json!({"fixed_ips": [{"subnet_id": "s1", "ip_address": "192.0.2.77"}]}));
    let same = server(&json!({"accessIPv4": "192.0.2.77", "accessIPv6": "2001:db8::7"}));
    assert_eq!(update(&same, &[(own, &elsewhere)]), None);
}

#[test]
fn a_server_that_is_locked_is_locked_again_with_the_same_reason() {
    let (target, mappings, source_site) = (target(&[]), Mappings::default(), &"site-a".into());
    let placement = Placement { target: &target, mappings: &mappings, source_site };
    let mut wanted = vm();
    wanted.metadata.insert("tier".to_owned(), "gold".to_owned());
    wanted.name = "front".to_owned();
    let there = server(&json!({"locked": true, "locked_reason": "runs elsewhere", "tags": ["old"]}));
    let input = input(update_server(&placement, "web", &wanted, (&there, &[]), lock_of(&there))).unwrap();
    let expected = json!({"server_id": "s", "update": {"name": "front"}, "metadata": {"tier": "gold"}, "tags": [],
        "locked_with": "runs elsewhere"});
    assert_eq!(input, expected);
}

#[test]
fn none_and_an_empty_text_are_the_same() {
    let (target, mappings, source_site) = (target(&[]), Mappings::default(), &"site-a".into());
    let placement = Placement { target: &target, mappings: &mappings, source_site };
    let mut wanted = vm();
    wanted.description = Some(String::new());
    assert!(update_server(&placement, "web", &wanted, (&server(&json!({})), &[]), None).is_none());
    let volume = &wanted.volumes[0];
    let mut there: Volume = from(json!({"id": "v", "name": volume.name, "status": "attaching", "size": 1,
        "bootable": "true", "metadata": {"array_name": "b", "attached_mode": "rw", "protector:group": "g"}}));
    assert!(update_twin(&placement, volume, &there).is_none());
    there.metadata.insert("old".to_owned(), "x".to_owned());
    let removed = input(update_twin(&placement, volume, &there)).unwrap();
    assert_eq!(removed, json!({"volume_id": "v", "update": {}, "metadata": {}}));
}
