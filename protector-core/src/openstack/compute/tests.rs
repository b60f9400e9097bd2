use super::*;
use crate::openstack::testing::{Exchange, all};
use crate::transport::Context;
use serde_json::{Value, json};

fn exchange(method: &'static str, path: &str, purpose: &'static str) -> Exchange {
    Exchange::new(Service::Compute, method, path, purpose)
}

/// As Nova 2026.2 gives it at 2.96; before 2.75 no swap was an empty text.
fn flavor_json(swap: &Value) -> Value {
    json!({"id": "f1", "name": "app.small", "description": "small", "ram": 256, "vcpus": 2, "disk": 1, "swap": swap,
        "OS-FLV-DISABLED:disabled": false, "OS-FLV-EXT-DATA:ephemeral": 3, "os-flavor-access:is_public": true,
        "rxtx_factor": 1.0, "extra_specs": {"hw:cpu_policy": "shared"}, "links": []})
}

fn flavor(swap: u64) -> Flavor {
    Flavor {
        id: "f1".to_owned(),
        name: "app.small".to_owned(),
        description: Some("small".to_owned()),
        vcpus: 2,
        ram: 256,
        disk: 1,
        ephemeral: 3,
        swap,
        is_public: true,
        extra_specs: [("hw:cpu_policy".to_owned(), "shared".to_owned())].into(),
    }
}

#[tokio::test]
async fn flavors_are_listed_with_and_without_swap() {
    let flavors = exchange("GET", "/flavors/detail", "list flavors")
        .answer(200, json!({"flavors": [flavor_json(&json!(512)), flavor_json(&json!(""))]}))
        .check(async |session| all(Flavors::new(&session).list(&Context::default())).await)
        .await;
    assert_eq!(flavors, [flavor(512), flavor(0)]);
}

#[tokio::test]
async fn a_flavor_is_read() {
    let read = exchange("GET", "/flavors/f1", "read flavor f1")
        .answer(200, json!({"flavor": flavor_json(&json!(512))}))
        .check(async |session| Flavors::new(&session).get(&Context::default(), "f1").await)
        .await;
    assert_eq!(read, flavor(512));
}

#[tokio::test]
async fn interfaces_are_listed_as_neutron_orders_them() {
    let interface_json = |port: &str| {
        json!({"port_id": port, "net_id": "net", "mac_addr": "fa:16:3e:00:00:01", "port_state": "ACTIVE", "tag": "front",
            "fixed_ips": [{"subnet_id": "sub", "ip_address": "10.0.0.5"}]})
    };
    let interfaces = exchange("GET", "/servers/s1/os-interface", "list the interfaces of server s1")
        .answer(200, json!({"interfaceAttachments": [interface_json("n2"), interface_json("n1")]}))
        .check(async |session| Interfaces::new(&session).list(&Context::default(), &"s1".into()).await)
        .await;
    let interface = |port: &str| Interface {
        port_id: port.into(),
        net_id: "net".to_owned(),
        mac_addr: "fa:16:3e:00:00:01".to_owned(),
        port_state: "ACTIVE".to_owned(),
        fixed_ips: vec![InterfaceAddress { subnet_id: "sub".to_owned(), ip_address: "10.0.0.5".to_owned() }],
        tag: Some("front".to_owned()),
    };
    assert_eq!(interfaces, [interface("n2"), interface("n1")]);
}

#[tokio::test]
async fn the_volumes_of_a_server_are_listed() {
    let path = "/servers/s1/os-volume_attachments";
    let attachments = exchange("GET", path, "list the volumes of server s1")
        .answer(
            200,
            json!({"volumeAttachments": [{"volumeId": "v1", "serverId": "s1", "device": "/dev/vda", "tag": "root",
                "delete_on_termination": true, "attachment_id": "a1", "bdm_uuid": "b1"}]}),
        )
        .check(async |session| VolumeAttachments::new(&session).list(&Context::default(), &"s1".into()).await)
        .await;
    let expected = VolumeAttachment {
        volume_id: "v1".into(),
        device: Some("/dev/vda".to_owned()),
        tag: Some("root".to_owned()),
        delete_on_termination: true,
    };
    assert_eq!(attachments, [expected]);
}

#[tokio::test]
async fn whether_a_volume_goes_with_its_server_is_set() {
    let path = "/servers/s1/os-volume_attachments/v1";
    exchange("PUT", path, "set whether volume v1 is deleted with server s1")
        .body(json!({"volumeAttachment": {"volumeId": "v1", "delete_on_termination": false}}))
        .answer(202, Value::Null)
        .check(async |session| {
            let attachments = VolumeAttachments::new(&session);
            let (server, volume) = ("s1".into(), "v1".into());
            attachments.set_delete_on_termination(&Context::default(), &server, &volume, false).await
        })
        .await;
}

fn keypair_json() -> Value {
    json!({"name": "ops", "public_key": "ssh-ed25519 AAAA", "fingerprint": "aa:bb", "type": "ssh", "user_id": "u1"})
}

fn keypair() -> Keypair {
    Keypair {
        name: "ops".to_owned(),
        public_key: "ssh-ed25519 AAAA".to_owned(),
        fingerprint: "aa:bb".to_owned(),
        kind: "ssh".to_owned(),
    }
}

#[tokio::test]
async fn keypairs_are_listed_out_of_their_wrapping() {
    let keypairs = exchange("GET", "/os-keypairs", "list keypairs")
        .answer(200, json!({"keypairs": [{"keypair": keypair_json()}]}))
        .check(async |session| all(Keypairs::new(&session).list(&Context::default())).await)
        .await;
    assert_eq!(keypairs, [keypair()]);
}

#[tokio::test]
async fn a_keypair_is_read_of_the_own_user_and_of_another() {
    for (user, path) in [(None, "/os-keypairs/ops"), (Some("u2"), "/os-keypairs/ops?user_id=u2")] {
        let read = exchange("GET", path, "read keypair ops")
            .answer(200, json!({"keypair": keypair_json()}))
            .check(async |session| Keypairs::new(&session).get(&Context::default(), "ops", user).await)
            .await;
        assert_eq!(read, keypair());
    }
}

#[tokio::test]
async fn a_public_key_is_imported() {
    let made = exchange("POST", "/os-keypairs", "import keypair ops")
        .body(json!({"keypair": {"name": "ops", "public_key": "ssh-ed25519 AAAA", "type": "ssh"}}))
        .answer(201, json!({"keypair": keypair_json()}))
        .check(async |session| {
            let keypairs = Keypairs::new(&session);
            keypairs.create(&Context::default(), "ops", "ssh-ed25519 AAAA", "ssh").await
        })
        .await;
    assert_eq!(made, keypair());
}

#[tokio::test]
async fn deleting_a_keypair_leaves_nothing_to_do_if_it_is_gone() {
    exchange("DELETE", "/os-keypairs/ops", "delete keypair ops")
        .answer(204, Value::Null)
        .check_deletion(async |session| Keypairs::new(&session).delete(&Context::default(), "ops").await)
        .await;
}

fn server_group_json() -> Value {
    json!({"id": "g1", "name": "web", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}, "members": ["s1"],
        "project_id": "p1", "user_id": "u1"})
}

fn server_group() -> ServerGroup {
    let rules = [("max_server_per_host".to_owned(), json!(2))].into();
    ServerGroup {
        id: "g1".to_owned(),
        name: "web".to_owned(),
        policy: ServerGroupPolicy { policy: "anti-affinity".to_owned(), rules },
        members: vec!["s1".into()],
    }
}

#[tokio::test]
async fn server_groups_are_listed() {
    let groups = exchange("GET", "/os-server-groups", "list server groups")
        .answer(200, json!({"server_groups": [server_group_json()]}))
        .check(async |session| all(ServerGroups::new(&session).list(&Context::default())).await)
        .await;
    assert_eq!(groups, [server_group()]);
}

#[tokio::test]
async fn a_server_group_is_made_with_policy_and_rules() {
    let policy = server_group().policy;
    let body = json!({"name": "web", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}});
    let made = exchange("POST", "/os-server-groups", "create server group web")
        .body(json!({"server_group": body}))
        .answer(200, json!({"server_group": server_group_json()}))
        .check(async |session| ServerGroups::new(&session).create(&Context::default(), "web", &policy).await)
        .await;
    assert_eq!(made, server_group());
}

#[tokio::test]
async fn a_server_group_without_rules_is_made_without_them() {
    let policy = ServerGroupPolicy { policy: "affinity".to_owned(), rules: [].into() };
    exchange("POST", "/os-server-groups", "create server group web")
        .body(json!({"server_group": {"name": "web", "policy": "affinity"}}))
        .answer(200, json!({"server_group": server_group_json()}))
        .check(async |session| ServerGroups::new(&session).create(&Context::default(), "web", &policy).await)
        .await;
}

#[tokio::test]
async fn deleting_a_server_group_leaves_nothing_to_do_if_it_is_gone() {
    exchange("DELETE", "/os-server-groups/g1", "delete server group g1")
        .answer(204, Value::Null)
        .check_deletion(async |session| ServerGroups::new(&session).delete(&Context::default(), "g1").await)
        .await;
}

#[tokio::test]
async fn limits_are_read_as_every_user_may() {
    let limits = exchange("GET", "/limits", "read the compute limits")
        .answer(
            200,
            json!({"limits": {"rate": [], "absolute": {
                "maxTotalInstances": 10, "maxTotalCores": 20, "maxTotalRAMSize": 51200, "maxServerGroups": 11,
                "totalInstancesUsed": 1, "totalCoresUsed": 2, "totalRAMUsed": 256, "totalServerGroupsUsed": 3,
                "maxServerMeta": 128, "maxServerGroupMembers": 10, "maxTotalKeypairs": 100}}}),
        )
        .check(async |session| ComputeLimits::new(&session).get(&Context::default()).await)
        .await;
    let expected = Limits {
        max_instances: 10,
        max_cores: 20,
        max_ram: 51200,
        max_server_groups: 11,
        instances_used: 1,
        cores_used: 2,
        ram_used: 256,
        server_groups_used: 3,
    };
    assert_eq!(limits, expected);
}
