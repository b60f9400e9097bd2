use super::*;
use crate::domain::testing::group;
use serde_json::{Value, json};

fn captured() -> Value {
    let lineage = "00000000-0000-0000-0000-00000000000";
    json!({
        "lineage": format!("{lineage}9"), "site": "a", "captured_at": "2026-03-01T00:00:00Z", "server_id": "s",
        "name": "web", "description": null, "flavor": {"name": "small", "vcpus": 1, "memory": 512},
        "metadata": {}, "tags": [], "keypair": null, "config_drive": false, "availability_zone": null,
        "hostname": null, "access_addresses": [], "user_data": null, "user_data_known": true,
        "server_group": null, "running": true,
        "volumes": [{"lineage": format!("{lineage}1"), "volume_id": "v1", "name": "root", "description": null,
            "size": 10, "volume_type": "gold", "metadata": {}, "bootable": true, "image_metadata": {},
            "device": null, "tag": null, "delete_on_termination": false}],
        "ports": [{"lineage": format!("{lineage}5"), "port_id": "p1", "name": "", "description": "",
            "network": "front", "mac_address": "fa:16:3e:00:00:01", "fixed_addresses": [],
            "allowed_address_pairs": [], "security_groups": ["web"], "port_security_enabled": true, "tags": [],
            "admin_state_up": true, "vnic_type": null, "extra_dhcp_options": [], "tag": null}],
    })
}

/// The findings after a change, of a VM that has a counterpart at the other site or has none.
fn after(there: bool, change: impl Fn(&mut Value)) -> Vec<Finding> {
    with_twins(there, &BTreeMap::new(), change)
}

fn with_twins(there: bool, twins: &BTreeMap<LineageId, u64>, change: impl Fn(&mut Value)) -> Vec<Finding> {
    let mut member = group("a", 1, None).members.into_values().next().unwrap();
    member.volumes.truncate(1);
    member.servers.insert("a".into(), "s".into());
    if there {
        member.servers.insert("b".into(), "t".into());
    }
    let mut present = captured();
    change(&mut present);
    let read = |value| serde_json::from_value(value).unwrap();
    drift(KnownBefore { member: &member, captured: Some(&read(captured())), twins }, &read(present))
}

fn only(findings: &[Finding]) -> &Finding {
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].code, FindingCode::Drift);
    &findings[0]
}

#[test]
fn what_tells_nothing_of_a_vm_is_no_drift() {
    let same = after(true, |vm| {
        vm["captured_at"] = json!("2026-03-02T00:00:00Z");
        vm["running"] = json!(false);
        vm["volumes"][0]["device"] = json!("/dev/vdz");
    });
    assert_eq!(same, []);
    assert_eq!(after(true, |vm| (vm["site"], vm["flavor"]["name"]) = (json!("b"), json!("other"))), []);
}

#[test]
fn a_subnet_whose_id_was_not_kept_is_no_drift() {
    let fixed = json!({"subnet": "app", "cidr": "10.1.0.0/24", "address": "10.1.0.7"});
    let read = |fixed: &Value| {
        let mut port = captured()["ports"][0].clone();
        port["fixed_addresses"] = json!([fixed]);
        serde_json::from_value::<PortDefinition>(port).unwrap()
    };
    let (before, mut with_id) = (read(&fixed), fixed.clone());
    with_id["subnet_id"] = json!("s1");
    assert_eq!(places(&before), places(&read(&with_id)));
    with_id["address"] = json!("10.1.0.8");
    assert_ne!(places(&before), places(&read(&with_id)));
}

#[test]
fn a_resize_and_an_extension_are_taken_along() {
    let found = after(true, |vm| vm["flavor"] = json!({"name": "large", "vcpus": 4, "memory": 8192}));
    let found = only(&found);
    assert_eq!((found.subject.as_str(), found.remedy.as_str()), ("server web", NEXT_MOVE));
    assert!(found.message.contains("from small (1 processors, 512 MiB) to large (4"), "{found}");
    let found = after(true, |vm| vm["volumes"][0]["size"] = json!(12));
    let found = only(&found);
    assert_eq!((found.subject.as_str(), found.remedy.as_str()), ("volume root of server web", GROWS));
    assert!(found.message.contains("from 10 to 12 GiB"), "{found}");
}

#[test]
fn a_twin_without_room_is_told_though_the_extension_was_captured() {
    let twins = |size| BTreeMap::from([(LineageId::new(uuid::Uuid::from_u128(1)), size)]);
    let found = with_twins(true, &twins(8), |_| {});
    let found = only(&found);
    assert!(found.message.contains("10 GiB and its twin 8") && found.remedy == GROWS, "{found}");
    assert_eq!(with_twins(true, &twins(10), |_| {}), []);
    assert_eq!(with_twins(true, &twins(12), |vm| vm["volumes"][0]["size"] = json!(12)), []);
}

#[test]
fn disks_that_come_go_or_change_their_type_are_told_each_with_its_own_remedy() {
    let added = after(true, |vm| {
        let mut volume = vm["volumes"][0].clone();
        volume["lineage"] = json!("00000000-0000-0000-0000-000000000003");
        volume["name"] = json!("");
        volume["volume_id"] = json!("v3");
        vm["volumes"].as_array_mut().unwrap().push(volume);
    });
    let added = only(&added);
    assert_eq!((added.subject.as_str(), added.remedy.as_str()), ("volume v3 of server web", NEW_DISK));
    let lost = after(true, |vm| vm["volumes"] = json!([]));
    assert_eq!(only(&lost).remedy, LOST_DISK);
    let retyped = after(true, |vm| vm["volumes"][0]["volume_type"] = json!("silver"));
    assert_eq!(only(&retyped).remedy, RETYPE);
}

#[test]
fn what_has_changed_of_a_vm_is_brought_over_or_captured() {
    for (what, pointer, value) in [
        ("name", "/name", json!("front")),
        ("metadata", "/metadata", json!({"tier": "gold"})),
        ("access addresses", "/access_addresses", json!(["203.0.113.7"])),
        ("host name", "/hostname", json!("front")),
        ("security groups", "/ports/0/security_groups", json!(["web", "db"])),
        ("tags", "/ports/0/tags", json!(["blue"])),
    ] {
        let change = |vm: &mut Value| *vm.pointer_mut(pointer).unwrap() = value.clone();
        let there = after(true, change);
        assert!(only(&there).message.contains(what) && only(&there).remedy == BRING, "{there:?}");
        assert_eq!(only(&after(false, change)).remedy, CAPTURE);
    }
}

#[test]
fn what_has_changed_of_a_volume_is_brought_over_to_its_twin_whether_there_is_a_server_or_not() {
    let changes: [&dyn Fn(&mut Value); 3] = [
        &|vm| vm["volumes"][0]["metadata"] = json!({"tier": "gold"}),
        &|vm| vm["volumes"][0]["name"] = json!("system"),
        &|vm| vm["volumes"][0]["image_metadata"] = json!({"os_distro": "debian"}),
    ];
    for (change, there) in changes.iter().flat_map(|change| [(change, true), (change, false)]) {
        assert_eq!(only(&after(there, change)).remedy, BRING);
    }
}

#[test]
fn where_a_port_is_has_to_be_changed_where_the_vm_has_a_counterpart() {
    let changes: [&dyn Fn(&mut Value); 2] =
        [&|vm| vm["ports"][0]["network"] = json!("back"), &|vm| vm["ports"] = json!([])];
    for change in changes {
        assert_eq!(only(&after(true, change)).remedy, CHANGE_THERE);
        assert_eq!(only(&after(false, change)).remedy, CAPTURE);
    }
}
