use super::*;
use crate::error::{Code, Coded};
use crate::openstack::testing::MockCloud;
use futures::TryStreamExt;

const VERSION: Option<&str> = Some("compute 2.96");

/// As Nova 2026.2 gives it at 2.96 to an administrator of the project.
fn server() -> Value {
    serde_json::from_str(include_str!("../../../../golden/server-nova-2.96.json")).unwrap()
}

fn new_server() -> NewServer {
    NewServer {
        name: "web-1".to_owned(),
        description: Some("front".to_owned()),
        flavor: "f1".to_owned(),
        block_devices: vec![
            BlockDevice { uuid: "v1".into(), boot_index: 0, delete_on_termination: false, tag: None },
            BlockDevice {
                uuid: "v2".into(),
                boot_index: -1,
                delete_on_termination: true,
                tag: Some("data".to_owned()),
            },
        ],
        networks: vec![NetworkInterface { port: "n1".into(), tag: None }],
        metadata: [("tier".to_owned(), "web".to_owned())].into(),
        tags: vec!["blue".to_owned()],
        key_name: Some("ops".to_owned()),
        user_data: Some("IyEvYmluL3No".to_owned()),
        config_drive: Some(false),
        availability_zone: None,
        hostname: Some("web-1".to_owned()),
        access_ipv4: Some("203.0.113.7".to_owned()),
        access_ipv6: None,
        server_group: Some("g1".to_owned()),
    }
}

#[tokio::test]
async fn list_reads_every_attribute_that_is_captured() {
    let mut cloud = MockCloud::start().await;
    let mock = cloud
        .expect(
            "GET",
            "/compute/v2.1/servers/detail?name=web",
            VERSION,
            None,
            200,
            json!({"servers": [server()]}),
        )
        .await;
    let query = ServerQuery { name: Some("web".to_owned()) };
    let servers: Vec<Server> =
        Servers::new(&cloud.session).list(&Context::default(), &query).try_collect().await.unwrap();
    mock.assert_async().await;
    let server = servers.first().unwrap();
    assert_eq!((server.id.as_str(), server.name.as_str(), server.status.as_str()), ("s1", "web-1", "ACTIVE"));
    assert_eq!((server.task_state.as_deref(), server.power_state), (None, Some(1)));
    assert_eq!((server.description.as_deref(), server.key_name.as_deref()), (Some("front"), Some("ops")));
    assert_eq!((server.flavor.original_name.as_str(), server.flavor.ram), ("app.small", 256));
    assert_eq!(server.metadata.get("tier").map(String::as_str), Some("web"));
    assert_eq!(
        (server.tags.as_slice(), server.hostname.as_deref()),
        (["blue".to_owned()].as_slice(), Some("web-1"))
    );
    assert_eq!(server.user_data.as_deref(), Some("IyEvYmluL3No"));
    assert_eq!(server.server_groups.as_deref(), Some(["g1".to_owned()].as_slice()));
    assert_eq!(server.volumes_attached.first().unwrap().id.as_str(), "v1");
    assert_eq!(
        (server.locked, server.locked_reason.as_deref(), server.image.as_str()),
        (false, None, Some(""))
    );
    assert_eq!(server.created.unwrap().to_string(), "2026-11-22T10:00:00Z");
}

#[tokio::test]
async fn get_reads_one_and_tells_a_missing_one_by_name() {
    let mut cloud = MockCloud::start().await;
    let mock = cloud
        .expect("GET", "/compute/v2.1/servers/s1", VERSION, None, 200, json!({"server": server()}))
        .await;
    let servers = Servers::new(&cloud.session);
    assert_eq!(servers.get(&Context::default(), &"s1".into()).await.unwrap().name, "web-1");
    mock.assert_async().await;

    let body = json!({"itemNotFound": {"code": 404, "message": "Instance s2 could not be found."}});
    cloud.expect("GET", "/compute/v2.1/servers/s2", VERSION, None, 404, body).await;
    let error = servers.get(&Context::default(), &"s2".into()).await.unwrap_err();
    assert!(error.is_not_found());
    assert!(error.to_string().contains("s2"), "{error}");
}

#[tokio::test]
async fn create_sends_volumes_and_ports_in_order_and_the_group_as_a_hint() {
    let mut cloud = MockCloud::start().await;
    let body = json!({
        "server": {"name": "web-1", "description": "front", "flavorRef": "f1",
            "block_device_mapping_v2": [
                {"uuid": "v1", "boot_index": 0, "delete_on_termination": false,
                 "source_type": "volume", "destination_type": "volume"},
                {"uuid": "v2", "boot_index": -1, "delete_on_termination": true, "tag": "data",
                 "source_type": "volume", "destination_type": "volume"}],
            "networks": [{"port": "n1"}], "metadata": {"tier": "web"}, "tags": ["blue"], "key_name": "ops",
            "user_data": "IyEvYmluL3No", "config_drive": false, "hostname": "web-1", "accessIPv4": "203.0.113.7"},
        "os:scheduler_hints": {"group": "g1"}});
    let answer =
        json!({"server": {"id": "s9", "links": [], "OS-DCF:diskConfig": "MANUAL", "adminPass": "x"}});
    let mock = cloud.expect("POST", "/compute/v2.1/servers", VERSION, Some(body), 202, answer).await;
    let id = Servers::new(&cloud.session).create(&Context::default(), &new_server()).await.unwrap();
    mock.assert_async().await;
    assert_eq!(id.as_str(), "s9");
}

#[tokio::test]
async fn create_tells_quota_refusal_and_failure_apart() {
    for (status, message, code) in [
        (
            403,
            "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances",
            Code::QuotaExceeded,
        ),
        (400, "Block Device Mapping is Invalid: volume v1 is in use", Code::RequestRefused),
        (500, "Unexpected API Error.", Code::ServiceFailed),
        (403, "Policy doesn't allow os_compute_api:servers:create to be performed.", Code::Forbidden),
    ] {
        let mut cloud = MockCloud::start().await;
        let answer = json!({"forbidden": {"code": status, "message": message}});
        cloud
            .server
            .mock("POST", "/compute/v2.1/servers")
            .with_status(status)
            .with_body(answer.to_string())
            .create_async()
            .await;
        let error =
            Servers::new(&cloud.session).create(&Context::default(), &new_server()).await.unwrap_err();
        assert_eq!(error.code(), code);
        assert!(
            error.to_string().contains("create server web-1") && error.to_string().contains(message),
            "{error}"
        );
    }
}

#[tokio::test]
async fn each_action_sends_its_own_body() {
    let mut cloud = MockCloud::start().await;
    let servers = Servers::new(&cloud.session);
    let (context, id) = (Context::default(), ServerId::from("s1"));
    let path = "/compute/v2.1/servers/s1/action";
    for body in [
        json!({"os-stop": null}),
        json!({"os-start": null}),
        json!({"lock": {"locked_reason": "moved"}}),
        json!({"unlock": null}),
        json!({"resize": {"flavorRef": "f2"}}),
        json!({"confirmResize": null}),
    ] {
        let mock = cloud.expect("POST", path, VERSION, Some(body.clone()), 202, Value::Null).await;
        match body.as_object().unwrap().keys().next().unwrap().as_str() {
            "os-stop" => servers.stop(&context, &id).await,
            "os-start" => servers.start(&context, &id).await,
            "lock" => servers.lock(&context, &id, "moved").await,
            "resize" => servers.resize(&context, &id, "f2").await,
            "confirmResize" => servers.confirm_resize(&context, &id).await,
            _ => servers.unlock(&context, &id).await,
        }
        .unwrap();
        mock.assert_async().await;
    }
    let answer = json!({"conflictingRequest": {"code": 409, "message": "Instance s1 is locked"}});
    cloud.expect("POST", path, VERSION, Some(json!({"os-stop": null})), 409, answer).await;
    assert_eq!(servers.stop(&context, &id).await.unwrap_err().code(), Code::Conflict);
}

#[tokio::test]
async fn what_is_changed_is_named_and_nothing_else() {
    let mut cloud = MockCloud::start().await;
    let servers = Servers::new(&cloud.session);
    let (context, id) = (Context::default(), ServerId::from("s1"));
    let sent = json!({"server": {"name": "web-2", "description": "", "accessIPv6": "2001:db8::1"}});
    let path = "/compute/v2.1/servers/s1";
    let mock = cloud.expect("PUT", path, VERSION, Some(sent), 200, json!({"server": server()})).await;
    let update = ServerUpdate {
        name: Some("web-2".to_owned()),
        description: Some(String::new()),
        access_ipv6: Some("2001:db8::1".to_owned()),
        ..ServerUpdate::default()
    };
    servers.update(&context, &id, &update).await.unwrap();
    mock.assert_async().await;

    let metadata = json!({"metadata": {"tier": "gold"}});
    let path = "/compute/v2.1/servers/s1/metadata";
    let mock = cloud.expect("PUT", path, VERSION, Some(metadata.clone()), 200, metadata).await;
    let wanted = [("tier".to_owned(), "gold".to_owned())].into();
    servers.replace_metadata(&context, &id, &wanted).await.unwrap();
    mock.assert_async().await;

    let tags = json!({"tags": ["blue"]});
    let path = "/compute/v2.1/servers/s1/tags";
    let mock = cloud.expect("PUT", path, VERSION, Some(tags.clone()), 200, tags).await;
    servers.set_tags(&context, &id, &["blue".to_owned()]).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn deleting_what_is_gone_is_no_error() {
    let mut cloud = MockCloud::start().await;
    let servers = Servers::new(&cloud.session);
    for status in [204, 404] {
        let mock =
            cloud.expect("DELETE", "/compute/v2.1/servers/s1", VERSION, None, status, Value::Null).await;
        servers.delete(&Context::default(), &"s1".into()).await.unwrap();
        mock.assert_async().await;
    }
    cloud.expect("DELETE", "/compute/v2.1/servers/s1", VERSION, None, 409, Value::Null).await;
    assert!(servers.delete(&Context::default(), &"s1".into()).await.is_err());
}

#[tokio::test]
async fn the_console_is_read_by_lines() {
    let mut cloud = MockCloud::start().await;
    let body = json!({"os-getConsoleOutput": {"length": 50}});
    let answer = json!({"output": "booting\nweb-1 login: "});
    let path = "/compute/v2.1/servers/s1/action";
    let mock = cloud.expect("POST", path, VERSION, Some(body), 200, answer).await;
    let servers = Servers::new(&cloud.session);
    let output = servers.console_output(&Context::default(), &"s1".into(), 50).await.unwrap();
    mock.assert_async().await;
    assert_eq!(output, "booting\nweb-1 login: ");
}

#[tokio::test]
async fn a_console_that_is_missing_not_ready_or_not_supported_is_told_apart() {
    for (status, kind, message, code) in [
        (404, "itemNotFound", "Guest does not have a console available.", Code::NotFound),
        (409, "conflictingRequest", "Instance s1 is not ready", Code::Conflict),
        (
            501,
            "notImplemented",
            "Unable to get console log, functionality not implemented",
            Code::ServiceFailed,
        ),
    ] {
        let mut cloud = MockCloud::start().await;
        let answer = json!({kind: {"code": status, "message": message}});
        let body = json!({"os-getConsoleOutput": {"length": 50}});
        cloud.expect("POST", "/compute/v2.1/servers/s1/action", VERSION, Some(body), status, answer).await;
        let servers = Servers::new(&cloud.session);
        let error = servers.console_output(&Context::default(), &"s1".into(), 50).await.unwrap_err();
        assert_eq!(error.code(), code);
        let told = crate::error::chain(&error);
        assert!(told.contains("read the console of server s1") && told.contains(message), "{told}");
    }
}
