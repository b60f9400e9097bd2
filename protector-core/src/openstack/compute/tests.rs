use super::*;
use crate::error::{Code, Coded};
use crate::openstack::testing::MockCloud;
use crate::transport::Context;
use futures::TryStreamExt;
use serde_json::{Value, json};

const VERSION: Option<&str> = Some("compute 2.96");

fn fault(kind: &str, code: u16, message: &str) -> Value {
    json!({kind: {"code": code, "message": message}})
}

#[tokio::test]
async fn flavors_are_listed_with_and_without_swap() {
    let mut cloud = MockCloud::start().await;
    let flavor = |swap: Value| {
        json!({"id": "f1", "name": "app.small", "description": "small", "ram": 256, "vcpus": 2, "disk": 1, "swap": swap,
            "OS-FLV-DISABLED:disabled": false, "OS-FLV-EXT-DATA:ephemeral": 3, "os-flavor-access:is_public": true,
            "rxtx_factor": 1.0, "extra_specs": {"hw:cpu_policy": "shared"}, "links": []})
    };
    let answer = json!({"flavors": [flavor(json!(512)), flavor(json!(""))]});
    let mock = cloud.expect("GET", "/compute/v2.1/flavors/detail", VERSION, None, 200, answer).await;
    let flavors: Vec<Flavor> =
        Flavors::new(&cloud.session).list(&Context::default()).try_collect().await.unwrap();
    mock.assert_async().await;
    let expected = Flavor {
        id: "f1".to_owned(),
        name: "app.small".to_owned(),
        description: Some("small".to_owned()),
        vcpus: 2,
        ram: 256,
        disk: 1,
        ephemeral: 3,
        swap: 512,
        is_public: true,
        extra_specs: [("hw:cpu_policy".to_owned(), "shared".to_owned())].into(),
    };
    assert_eq!(flavors, vec![expected.clone(), Flavor { swap: 0, ..expected.clone() }]);

    let answer = json!({"flavor": flavor(json!(512))});
    cloud.expect("GET", "/compute/v2.1/flavors/f1", VERSION, None, 200, answer).await;
    assert_eq!(Flavors::new(&cloud.session).get(&Context::default(), "f1").await.unwrap(), expected);
}

#[tokio::test]
async fn interfaces_are_listed_as_neutron_orders_them() {
    let mut cloud = MockCloud::start().await;
    let interface = |port: &str| {
        json!({"port_id": port, "net_id": "net", "mac_addr": "fa:16:3e:00:00:01", "port_state": "ACTIVE", "tag": "front",
            "fixed_ips": [{"subnet_id": "sub", "ip_address": "10.0.0.5"}]})
    };
    let answer = json!({"interfaceAttachments": [interface("n2"), interface("n1")]});
    let mock = cloud.expect("GET", "/compute/v2.1/servers/s1/os-interface", VERSION, None, 200, answer).await;
    let all = Interfaces::new(&cloud.session).list(&Context::default(), &"s1".into()).await.unwrap();
    mock.assert_async().await;
    let expected = |port: &str| Interface {
        port_id: port.into(),
        net_id: "net".to_owned(),
        mac_addr: "fa:16:3e:00:00:01".to_owned(),
        port_state: "ACTIVE".to_owned(),
        fixed_ips: vec![InterfaceAddress { subnet_id: "sub".to_owned(), ip_address: "10.0.0.5".to_owned() }],
        tag: Some("front".to_owned()),
    };
    assert_eq!(all, vec![expected("n2"), expected("n1")]);
}

#[tokio::test]
async fn volume_attachments_are_listed_and_their_deletion_is_set() {
    let mut cloud = MockCloud::start().await;
    let path = "/compute/v2.1/servers/s1/os-volume_attachments";
    let answer = json!({"volumeAttachments": [{"volumeId": "v1", "serverId": "s1", "device": "/dev/vda", "tag": "root",
        "delete_on_termination": true, "attachment_id": "a1", "bdm_uuid": "b1"}]});
    let mock = cloud.expect("GET", path, VERSION, None, 200, answer).await;
    let attachments = VolumeAttachments::new(&cloud.session);
    let (context, server) = (Context::default(), "s1".into());
    let expected = VolumeAttachment {
        volume_id: "v1".into(),
        device: Some("/dev/vda".to_owned()),
        tag: Some("root".to_owned()),
        delete_on_termination: true,
    };
    assert_eq!(attachments.list(&context, &server).await.unwrap(), vec![expected]);
    mock.assert_async().await;

    let body = json!({"volumeAttachment": {"volumeId": "v1", "delete_on_termination": false}});
    let mock = cloud.expect("PUT", &format!("{path}/v1"), VERSION, Some(body), 202, Value::Null).await;
    attachments.set_delete_on_termination(&context, &server, &"v1".into(), false).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn a_keypairs_whole_life() {
    let mut cloud = MockCloud::start().await;
    let keypairs = Keypairs::new(&cloud.session);
    let context = Context::default();
    let keypair = json!({"name": "ops", "public_key": "ssh-ed25519 AAAA", "fingerprint": "aa:bb", "type": "ssh",
        "user_id": "u1", "deleted": false});
    let expected = Keypair {
        name: "ops".to_owned(),
        public_key: "ssh-ed25519 AAAA".to_owned(),
        fingerprint: "aa:bb".to_owned(),
        kind: "ssh".to_owned(),
    };
    let body = json!({"keypair": {"name": "ops", "public_key": "ssh-ed25519 AAAA", "type": "ssh"}});
    let path = "/compute/v2.1/os-keypairs";
    let mock = cloud.expect("POST", path, VERSION, Some(body), 201, json!({"keypair": keypair})).await;
    assert_eq!(keypairs.create(&context, "ops", "ssh-ed25519 AAAA", "ssh").await.unwrap(), expected);
    mock.assert_async().await;

    let answer = json!({"keypairs": [{"keypair": keypair}]});
    let mock = cloud.expect("GET", path, VERSION, None, 200, answer).await;
    assert_eq!(keypairs.list(&context).try_collect::<Vec<_>>().await.unwrap(), vec![expected.clone()]);
    mock.assert_async().await;

    for (user, target) in [(None, format!("{path}/ops")), (Some("u2"), format!("{path}/ops?user_id=u2"))] {
        let mock = cloud.expect("GET", &target, VERSION, None, 200, json!({"keypair": keypair})).await;
        assert_eq!(keypairs.get(&context, "ops", user).await.unwrap(), expected);
        mock.assert_async().await;
    }
    for status in [202, 404] {
        let mock = cloud.expect("DELETE", &format!("{path}/ops"), VERSION, None, status, Value::Null).await;
        keypairs.delete(&context, "ops").await.unwrap();
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn a_server_groups_whole_life() {
    let mut cloud = MockCloud::start().await;
    let groups = ServerGroups::new(&cloud.session);
    let context = Context::default();
    let path = "/compute/v2.1/os-server-groups";
    let group = json!({"id": "g1", "name": "web", "policy": "anti-affinity", "rules": {"max_server_per_host": 2},
        "members": ["s1"], "project_id": "p1", "user_id": "u1"});
    let policy = ServerGroupPolicy {
        policy: "anti-affinity".to_owned(),
        rules: [("max_server_per_host".to_owned(), json!(2))].into(),
    };
    let expected = ServerGroup {
        id: "g1".to_owned(),
        name: "web".to_owned(),
        policy: policy.clone(),
        members: vec!["s1".into()],
    };
    let body = json!({"server_group": {"name": "web", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}}});
    let mock = cloud.expect("POST", path, VERSION, Some(body), 200, json!({"server_group": group})).await;
    assert_eq!(groups.create(&context, "web", &policy).await.unwrap(), expected);
    mock.assert_async().await;
    let mock = cloud.expect("GET", path, VERSION, None, 200, json!({"server_groups": [group]})).await;
    assert_eq!(groups.list(&context).try_collect::<Vec<_>>().await.unwrap(), vec![expected]);
    mock.assert_async().await;
    for status in [204, 404] {
        let mock = cloud.expect("DELETE", &format!("{path}/g1"), VERSION, None, status, Value::Null).await;
        groups.delete(&context, "g1").await.unwrap();
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn limits_are_read_as_every_user_may() {
    let mut cloud = MockCloud::start().await;
    let answer = json!({"limits": {"rate": [], "absolute": {
        "maxTotalInstances": 10, "maxTotalCores": 20, "maxTotalRAMSize": 51200, "maxServerGroups": 11,
        "totalInstancesUsed": 1, "totalCoresUsed": 2, "totalRAMUsed": 256, "totalServerGroupsUsed": 3,
        "maxServerMeta": 128, "maxServerGroupMembers": 10, "maxTotalKeypairs": 100}}});
    let mock = cloud.expect("GET", "/compute/v2.1/limits", VERSION, None, 200, answer).await;
    let limits = ComputeLimits::new(&cloud.session).get(&Context::default()).await.unwrap();
    mock.assert_async().await;
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

/// Every method, with the error that each class of answer becomes.
#[tokio::test]
async fn errors_are_told_apart_by_every_method() {
    let answers = [
        (404, fault("itemNotFound", 404, "could not be found"), Code::NotFound),
        (409, fault("conflictingRequest", 409, "already exists"), Code::Conflict),
        (403, fault("forbidden", 403, "Quota exceeded, too many key pairs."), Code::QuotaExceeded),
        (403, fault("forbidden", 403, "Policy doesn't allow it"), Code::Forbidden),
        (500, fault("computeFault", 500, "Unexpected API Error."), Code::ServiceFailed),
    ];
    for (status, body, code) in answers {
        let mut cloud = MockCloud::start().await;
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let any = mockito::Matcher::Regex("^/compute/v2.1/.+".into());
            let mock = cloud.server.mock(method, any).with_status(status).with_body(body.to_string());
            mock.create_async().await;
        }
        // The version document comes first in line, for mocks that came later are asked first.
        let version = json!({"versions": [{"version": "2.104", "min_version": "2.1"}]}).to_string();
        cloud.server.mock("GET", "/compute/v2.1/").with_body(version).create_async().await;
        let (session, context) = (cloud.session.clone(), Context::default());
        let (server, policy) =
            ("s1".into(), ServerGroupPolicy { policy: "affinity".into(), rules: [].into() });
        let gone_is_fine = code == Code::NotFound;
        let results = [
            Flavors::new(&session).get(&context, "f1").await.map(drop),
            Flavors::new(&session).list(&context).try_collect::<Vec<_>>().await.map(drop),
            Interfaces::new(&session).list(&context, &server).await.map(drop),
            VolumeAttachments::new(&session).list(&context, &server).await.map(drop),
            VolumeAttachments::new(&session)
                .set_delete_on_termination(&context, &server, &"v1".into(), true)
                .await,
            Keypairs::new(&session).get(&context, "ops", None).await.map(drop),
            Keypairs::new(&session).list(&context).try_collect::<Vec<_>>().await.map(drop),
            Keypairs::new(&session).create(&context, "ops", "key", "ssh").await.map(drop),
            ServerGroups::new(&session).create(&context, "web", &policy).await.map(drop),
            ServerGroups::new(&session).list(&context).try_collect::<Vec<_>>().await.map(drop),
            ComputeLimits::new(&session).get(&context).await.map(drop),
        ];
        for (method, result) in results.into_iter().enumerate() {
            assert_eq!(result.unwrap_err().code(), code, "method {method} on {status}");
        }
        let deletes = [
            Keypairs::new(&session).delete(&context, "ops").await,
            ServerGroups::new(&session).delete(&context, "g1").await,
        ];
        for result in deletes {
            match result {
                Ok(()) => assert!(gone_is_fine),
                Err(error) => assert_eq!(error.code(), code),
            }
        }
    }
}
