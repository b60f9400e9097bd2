//! Copies that are reached from outside, as their originals are.

use super::*;
use crate::inventory::WaysOut;

/// The site with a router that joins the test network with an external one, and another external one.
fn outside() -> SiteFacts {
    let mut site = site();
    for (id, name) in [("x1", "public"), ("x2", "drill-public")] {
        let mut network = network(id, name);
        network.external = true;
        network.project_id = "operators".into();
        site.networks.push(network);
    }
    site.ports = vec![from(json!({"id": "rp", "name": "", "network_id": "n2", "project_id": "p",
        "mac_address": "fa:16:3e:ff:00:01", "fixed_ips": [{"subnet_id": "s2", "ip_address": "192.0.2.1"}],
        "admin_state_up": true, "device_id": "r1", "device_owner": "network:router_interface",
        "status": "ACTIVE"}))];
    site
}

fn ways_out(network: &str, limit: i64) -> WaysOut {
    let router = json!({"id": "r1", "name": "out", "external_gateway_info": {"network_id": network}});
    let quota = json!({"limit": limit, "used": 1, "reserved": 0});
    WaysOut { routers: vec![from(router)], quota: Some(from(quota)) }
}

/// The group's VM, to which floating IPs lead at home.
fn reached(addresses: &[&str], network: Option<&str>) -> (ProtectionGroup, Vec<Captured>) {
    let group = group("a", 1, None);
    let mut captured = captured(&group);
    let known = |address: &&str| from(json!({"address": address, "network": network}));
    captured[0].definition.ports[0].floating_ips = addresses.iter().map(known).collect();
    (group, captured)
}

fn plan_with(
    (group, captured): &(ProtectionGroup, Vec<Captured>),
    site: &SiteFacts,
    ways_out: Option<&WaysOut>,
    config: &ProtectorConfig,
) -> Planned {
    plan_test_failover(&TestFailoverFacts {
        group,
        site,
        captured,
        point: &point("a", "p1", 5),
        time_to_live: Duration::from_hours(2),
        ways_out,
        config,
    })
    .unwrap()
}

/// The networks out of which floating IPs are made, and what is said of those that are not.
fn made(planned: &Planned) -> (Vec<String>, Vec<String>) {
    let plan = planned.plan.as_ref().unwrap_or_else(|| panic!("{:?}", planned.findings));
    let steps = of_kind(plan, "create_test_floating_ip");
    let networks = steps
        .iter()
        .map(|step| step.input.value()["floating_network_id"].as_str().unwrap().to_owned())
        .collect();
    let said = plan.warnings.iter().filter(|finding| finding.subject.starts_with("floating IP"));
    (networks, said.map(|finding| finding.message.clone()).collect())
}

#[test]
fn a_copy_has_a_new_floating_ip_of_the_network_that_its_router_leads_to() {
    let vm = reached(&["203.0.113.9"], None);
    let planned = plan_with(&vm, &outside(), Some(&ways_out("x1", 5)), &mapped("sandbox"));
    assert_eq!(made(&planned), (vec!["x1".to_owned()], vec![]));
    let plan = planned.plan.unwrap();
    let step = of_kind(&plan, "create_test_floating_ip")[0];
    assert!(step.optional && step.title.contains("public"), "{step:?}");
    assert_eq!(step.input.value()["subnet_id"], "s2");
    assert!(!plan.steps.iter().any(|step| step.input.value().to_string().contains("203.0.113.9")));
    let port = &of_kind(&plan, "create_test_port")[0].id;
    assert!(step.after.contains(port), "{step:?}");
    for kind in ["create_test_server", "record_test"] {
        let waits = &of_kind(&plan, kind)[0].after_end_of;
        assert!(waits.contains(&step.id), "{kind}: {waits:?}");
    }
    assert_eq!(of_kind(&plan, "record_test")[0].input.value()["floating_ips"], true);
}

#[test]
fn without_being_asked_for_there_are_none_and_nothing_is_said() {
    let vm = reached(&["203.0.113.9"], None);
    let planned = plan_with(&vm, &outside(), None, &mapped("sandbox"));
    assert_eq!(made(&planned), (vec![], vec![]));
    let plan = planned.plan.unwrap();
    assert_eq!(of_kind(&plan, "record_test")[0].input.value().get("floating_ips"), None);
    // Nor are there any for what has none at home.
    let planned = plan_with(&reached(&[], None), &outside(), Some(&ways_out("x1", 5)), &mapped("sandbox"));
    assert_eq!(made(&planned), (vec![], vec![]));
}

#[test]
fn a_mapping_of_the_external_network_says_out_of_which_one() {
    let vm = reached(&["203.0.113.9"], Some("internet"));
    let with = |kind: MappingKind, to: &str, leads_to: &str| {
        let mut config = mapped("sandbox");
        let pair = [("a".into(), "internet".to_owned()), ("b".into(), to.to_owned())].into();
        config.mappings.insert(kind, pair).unwrap();
        made(&plan_with(&vm, &outside(), Some(&ways_out(leads_to, 5)), &config))
    };
    let drill = vec!["x2".to_owned()];
    assert_eq!(with(MappingKind::TestNetwork, "drill-public", "x2"), (drill.clone(), vec![]));
    assert_eq!(with(MappingKind::Network, "drill-public", "x2"), (drill, vec![]));
    // What the router leads to is not what was meant.
    let said = "its copy has none for 203.0.113.9: no router that is seen joins test network sandbox with drill-public";
    assert_eq!(with(MappingKind::TestNetwork, "drill-public", "x1"), (vec![], vec![said.to_owned()]));
    let said =
        "its copy has none for 203.0.113.9: no router that is seen joins test network sandbox with nowhere";
    assert_eq!(with(MappingKind::Network, "nowhere", "x1"), (vec![], vec![said.to_owned()]));
    // The test network's own mapping is not one of an external network.
    let planned = plan_with(&vm, &outside(), Some(&ways_out("x1", 5)), &mapped("sandbox"));
    assert_eq!(made(&planned), (vec!["x1".to_owned()], vec![]));
}

#[test]
fn what_cannot_be_reached_is_said_of_each_vm_and_its_copy_is_made() {
    let vm = reached(&["203.0.113.9"], None);
    let isolated = plan_with(&vm, &outside(), Some(&ways_out("x1", 5)), &config());
    let said = "its copy has none for 203.0.113.9: the network that is made for tests of front leads nowhere";
    assert_eq!(made(&isolated), (vec![], vec![said.to_owned()]));
    let plan = isolated.plan.unwrap();
    let warning = plan.warnings.iter().find(|finding| finding.message == said).unwrap();
    assert_eq!(
        (warning.code, &*warning.subject),
        (FindingCode::AttributeDropped, "floating IP of server web")
    );
    assert_eq!(of_kind(&plan, "create_test_server").len(), 1);

    let said = "its copy has none for 203.0.113.9: no router that is seen joins test network sandbox with an external network";
    let mut nobodys = ways_out("x1", 5);
    nobodys.routers[0].id = "r2".to_owned();
    let mut inside = ways_out("x1", 5);
    inside.routers[0].external_gateway_info = None;
    for ways_out in [nobodys, inside] {
        let planned = plan_with(&vm, &outside(), Some(&ways_out), &mapped("sandbox"));
        assert_eq!(made(&planned), (vec![], vec![said.to_owned()]), "{ways_out:?}");
    }
    let mut servers = outside();
    "compute:nova".clone_into(&mut servers.ports[0].device_owner);
    let planned = plan_with(&vm, &servers, Some(&ways_out("x1", 5)), &mapped("sandbox"));
    assert_eq!(made(&planned), (vec![], vec![said.to_owned()]));

    let two = reached(&["203.0.113.9", "203.0.113.10"], None);
    let planned = plan_with(&two, &outside(), Some(&ways_out("x1", 5)), &mapped("sandbox"));
    let said = "its copy has none for 203.0.113.10: a port of a test has one floating IP";
    assert_eq!(made(&planned), (vec!["x1".to_owned()], vec![said.to_owned()]));
}

#[test]
fn a_quota_without_room_for_them_refuses_the_test() {
    let vm = reached(&["203.0.113.9"], None);
    let with = |limit| plan_with(&vm, &outside(), Some(&ways_out("x1", limit)), &mapped("sandbox"));
    assert_eq!(codes(&with(1)), [FindingCode::QuotaExceeded]);
    for enough in [2, -1] {
        assert_eq!(made(&with(enough)).0, ["x1"], "{enough}");
    }
}
