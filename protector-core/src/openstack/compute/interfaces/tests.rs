use super::*;
use crate::openstack::Service;
use crate::openstack::testing::{Exchange, MockCloud};
use serde_json::Value;

fn exchange(method: &'static str, path: &str, purpose: &'static str) -> Exchange {
    Exchange::new(Service::Compute, method, &format!("/servers/s1{path}"), purpose)
}

fn server() -> ServerId {
    "s1".into()
}

#[tokio::test]
async fn mac_addresses_are_told_once_each_in_the_order_of_the_text() {
    let mut cloud = MockCloud::start().await;
    // Not from a JSON value: it would sort the networks.
    let answer = r#"{"server": {"id": "s1", "addresses": {
        "web": [{"version": 4, "addr": "10.0.0.5", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:02"},
                {"version": 4, "addr": "192.0.2.7", "OS-EXT-IPS:type": "floating", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:02"},
                {"version": 4, "addr": "10.0.0.6", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:03"}],
        "app": [{"version": 4, "addr": "10.1.0.5", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"}]}}}"#;
    let mock = cloud
        .server
        .mock("GET", "/compute/v2.1/servers/s1")
        .match_header("openstack-api-version", "compute 2.96");
    let mock = mock.with_body(answer).expect(1).create_async().await;
    let found = Interfaces::new(&cloud.session).mac_addresses(&Context::default(), &server()).await.unwrap();
    mock.assert_async().await;
    assert_eq!(found, ["fa:16:3e:00:00:02", "fa:16:3e:00:00:03", "fa:16:3e:00:00:01"]);
}

#[tokio::test]
async fn a_server_without_interfaces_has_no_mac_addresses() {
    let found = exchange("GET", "", "read the order of the interfaces of server s1")
        .answer(200, json!({"server": {"id": "s1", "addresses": {}}}))
        .check(async |session| Interfaces::new(&session).mac_addresses(&Context::default(), &server()).await)
        .await;
    assert!(found.is_empty());
}

#[tokio::test]
async fn attach_names_the_port_and_its_tag() {
    let answer = json!({"interfaceAttachment": {"net_id": "net1", "port_id": "n1", "mac_addr": "fa:16:3e:00:00:01",
        "port_state": "DOWN", "fixed_ips": [{"subnet_id": "sub1", "ip_address": "10.0.0.5"}], "tag": "front"}});
    let made = exchange("POST", "/os-interface", "attach port n1 to server s1")
        .body(json!({"interfaceAttachment": {"port_id": "n1", "tag": "front"}}))
        .answer(200, answer.clone())
        .check(async |session| {
            let (interfaces, port) = (Interfaces::new(&session), "n1".into());
            interfaces.attach(&Context::default(), &server(), &port, Some("front")).await
        })
        .await;
    let expected = Interface {
        port_id: "n1".into(),
        net_id: "net1".to_owned(),
        mac_addr: "fa:16:3e:00:00:01".to_owned(),
        port_state: "DOWN".to_owned(),
        fixed_ips: vec![InterfaceAddress { subnet_id: "sub1".to_owned(), ip_address: "10.0.0.5".to_owned() }],
        tag: Some("front".to_owned()),
    };
    assert_eq!(made, expected);

    exchange("POST", "/os-interface", "attach port n1 to server s1")
        .body(json!({"interfaceAttachment": {"port_id": "n1"}}))
        .answer(200, answer)
        .check(async |session| {
            Interfaces::new(&session).attach(&Context::default(), &server(), &"n1".into(), None).await
        })
        .await;
}

#[tokio::test]
async fn detach_leaves_nothing_to_do_for_a_port_that_is_not_attached() {
    exchange("DELETE", "/os-interface/n1", "detach port n1 from server s1")
        .answer(202, Value::Null)
        .check_deletion(async |session| {
            Interfaces::new(&session).detach(&Context::default(), &server(), &"n1".into()).await
        })
        .await;
}
