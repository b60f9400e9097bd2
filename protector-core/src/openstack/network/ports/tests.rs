use super::*;
use crate::error::{Code, Coded};
use crate::openstack::ConflictKind;
use crate::openstack::network::testing::{
    FAILED, FORBIDDEN, Failure, OVER_QUOTA, assert_means, conflict, fail,
};
use crate::openstack::testing::MockCloud;
use futures::TryStreamExt;
use serde_json::Value;

const PORTS: &str = "/network/v2.0/ports";
const PORT: &str = "/network/v2.0/ports/n1";
const NOT_FOUND: Failure = (404, "PortNotFound", "Port n1 could not be found.");

/// As Neutron 2026.2 gives it to an administrator, with QoS and DNS integration.
fn answer() -> Value {
    json!({
        "id": "n1", "name": "app-web", "network_id": "net1", "project_id": "p1", "tenant_id": "p1",
        "mac_address": "fa:16:3e:65:ec:54", "admin_state_up": true, "status": "ACTIVE", "device_id": "s1",
        "device_owner": "compute:nova", "fixed_ips": [{"subnet_id": "sub1", "ip_address": "10.20.0.70"}],
        "allowed_address_pairs": [{"mac_address": "fa:16:3e:65:ec:54", "ip_address": "10.20.0.200"}],
        "extra_dhcp_opts": [{"opt_name": "tftp-server", "opt_value": "10.20.0.9", "ip_version": 4}],
        "security_groups": ["g1"], "description": "front", "binding:vnic_type": "normal", "binding:profile": {},
        "binding:host_id": "site-a-compute1", "binding:vif_type": "ovs", "binding:vif_details": {"port_filter": true},
        "port_security_enabled": true, "qos_policy_id": "q1", "qos_network_policy_id": null, "dns_name": "web-1",
        "dns_assignment": [], "dns_domain": "", "tags": ["blue"], "created_at": "2026-11-22T16:00:04Z",
        "updated_at": "2026-11-22T16:00:04Z", "revision_number": 1})
}

fn port() -> Port {
    Port {
        id: "n1".into(),
        name: "app-web".to_owned(),
        description: "front".to_owned(),
        network_id: "net1".to_owned(),
        project_id: "p1".into(),
        mac_address: "fa:16:3e:65:ec:54".to_owned(),
        fixed_ips: vec![fixed_ip(Some("10.20.0.70"))],
        allowed_address_pairs: vec![AddressPair {
            ip_address: "10.20.0.200".to_owned(),
            mac_address: Some("fa:16:3e:65:ec:54".to_owned()),
        }],
        security_groups: vec!["g1".to_owned()],
        port_security_enabled: Some(true),
        tags: vec!["blue".to_owned()],
        admin_state_up: true,
        device_id: "s1".to_owned(),
        device_owner: "compute:nova".to_owned(),
        status: "ACTIVE".to_owned(),
        vnic_type: Some("normal".to_owned()),
        host_id: Some("site-a-compute1".to_owned()),
        extra_dhcp_opts: vec![dhcp_option(Some("10.20.0.9"))],
        qos_policy_id: Some("q1".to_owned()),
        dns_name: Some("web-1".to_owned()),
        created_at: Some("2026-11-22T16:00:04Z".parse().unwrap()),
    }
}

fn fixed_ip(address: Option<&str>) -> FixedIp {
    FixedIp { subnet_id: "sub1".to_owned(), ip_address: address.map(str::to_owned) }
}

fn dhcp_option(value: Option<&str>) -> ExtraDhcpOption {
    ExtraDhcpOption { opt_name: "tftp-server".to_owned(), opt_value: value.map(str::to_owned), ip_version: 4 }
}

/// A port of which nothing is said that can be left out.
fn plain_port() -> NewPort {
    NewPort {
        network_id: "net1".to_owned(),
        name: "app-web".to_owned(),
        description: String::new(),
        mac_address: None,
        fixed_ips: vec![fixed_ip(None)],
        allowed_address_pairs: Vec::new(),
        port_security_enabled: None,
        security_groups: None,
        admin_state_up: true,
        vnic_type: None,
        extra_dhcp_opts: Vec::new(),
        dns_name: None,
    }
}

#[tokio::test]
async fn list_filters_by_all_that_is_given_and_reads_every_attribute() {
    let mut cloud = MockCloud::start().await;
    let path = format!(
        "{PORTS}?network_id=net1&mac_address=fa%3A16%3A3e%3A65%3Aec%3A54&device_id=s1&name=app-web&project_id=p1&fixed_ips=ip_address%3D10.20.0.70&tags=blue%2Cgreen"
    );
    let page = json!({"ports": [answer()]});
    let mock = cloud.expect("GET", &path, None, None, 200, page).await;
    let query = PortQuery {
        network_id: Some("net1".to_owned()),
        mac_address: Some("fa:16:3e:65:ec:54".to_owned()),
        device_id: Some("s1".to_owned()),
        name: Some("app-web".to_owned()),
        tags: vec!["blue".to_owned(), "green".to_owned()],
        ip_address: Some("10.20.0.70".to_owned()),
        project_id: Some("p1".into()),
    };
    let ports: Vec<Port> =
        Ports::new(&cloud.session).list(&Context::default(), &query).try_collect().await.unwrap();
    mock.assert_async().await;
    assert_eq!(ports, [port()]);
}

#[tokio::test]
async fn list_without_filters_follows_the_pages() {
    let mut cloud = MockCloud::start().await;
    let links = json!([{"rel": "next", "href": "http://elsewhere/v2.0/ports?limit=1&marker=n1"}]);
    let first = json!({"ports": [answer()], "ports_links": links});
    let first = cloud.expect("GET", PORTS, None, None, 200, first).await;
    let second = json!({"ports": [], "ports_links": [{"rel": "previous", "href": "http://x/?marker=n1"}]});
    let second = cloud.expect("GET", &format!("{PORTS}?marker=n1"), None, None, 200, second).await;
    let client = Ports::new(&cloud.session);
    let ports: Vec<Port> =
        client.list(&Context::default(), &PortQuery::default()).try_collect().await.unwrap();
    first.assert_async().await;
    second.assert_async().await;
    assert_eq!(ports.len(), 1);
}

#[tokio::test]
async fn get_reads_what_a_member_sees_in_a_cloud_without_extensions() {
    let mut cloud = MockCloud::start().await;
    let mut bare = answer();
    for key in [
        "binding:host_id",
        "qos_policy_id",
        "dns_name",
        "port_security_enabled",
        "extra_dhcp_opts",
        "created_at",
    ] {
        bare.as_object_mut().unwrap().remove(key).unwrap();
    }
    let mock = cloud.expect("GET", PORT, None, None, 200, json!({"port": bare})).await;
    let read = Ports::new(&cloud.session).get(&Context::default(), &"n1".into()).await.unwrap();
    mock.assert_async().await;
    let expected = Port {
        host_id: None,
        qos_policy_id: None,
        dns_name: None,
        port_security_enabled: None,
        extra_dhcp_opts: Vec::new(),
        created_at: None,
        ..port()
    };
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_port_that_neutron_made_for_itself_is_read() {
    let mut cloud = MockCloud::start().await;
    let mut own = answer();
    for key in ["name", "description"] {
        own.as_object_mut().unwrap().insert(key.to_owned(), Value::Null).unwrap();
    }
    cloud.expect("GET", PORT, None, None, 200, json!({"port": own})).await;
    let read = Ports::new(&cloud.session).get(&Context::default(), &"n1".into()).await.unwrap();
    assert_eq!(read, Port { name: String::new(), description: String::new(), ..port() });
}

#[tokio::test]
async fn create_sends_every_attribute_and_reads_the_port() {
    let mut cloud = MockCloud::start().await;
    let body = json!({"port": {
        "network_id": "net1", "name": "app-web", "description": "front", "mac_address": "fa:16:3e:65:ec:54",
        "fixed_ips": [{"subnet_id": "sub1", "ip_address": "10.20.0.70"}],
        "allowed_address_pairs": [{"ip_address": "10.20.0.200"}], "port_security_enabled": true,
        "security_groups": ["g1"], "admin_state_up": false, "binding:vnic_type": "direct", "dns_name": "web-1",
        "extra_dhcp_opts": [{"opt_name": "tftp-server", "opt_value": "10.20.0.9", "ip_version": 4}]}});
    let mock = cloud.expect("POST", PORTS, None, Some(body), 201, json!({"port": answer()})).await;
    let new = NewPort {
        description: "front".to_owned(),
        mac_address: Some("fa:16:3e:65:ec:54".to_owned()),
        fixed_ips: vec![fixed_ip(Some("10.20.0.70"))],
        allowed_address_pairs: vec![AddressPair { ip_address: "10.20.0.200".to_owned(), mac_address: None }],
        port_security_enabled: Some(true),
        security_groups: Some(vec!["g1".to_owned()]),
        admin_state_up: false,
        vnic_type: Some("direct".to_owned()),
        extra_dhcp_opts: vec![dhcp_option(Some("10.20.0.9"))],
        dns_name: Some("web-1".to_owned()),
        ..plain_port()
    };
    let made = Ports::new(&cloud.session).create(&Context::default(), &new).await.unwrap();
    mock.assert_async().await;
    assert_eq!(made, port());
}

#[tokio::test]
async fn create_leaves_out_what_only_the_networks_owner_may_say() {
    let mut cloud = MockCloud::start().await;
    let body = json!({"port": {"network_id": "net1", "name": "app-web", "description": "",
        "fixed_ips": [{"subnet_id": "sub1"}], "admin_state_up": true}});
    let mock = cloud.expect("POST", PORTS, None, Some(body), 201, json!({"port": answer()})).await;
    Ports::new(&cloud.session).create(&Context::default(), &plain_port()).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn create_tells_taken_addresses_quota_refusal_and_failure_apart() {
    for (failure, code, kind) in [
        (
            (409, "MacAddressInUse", "The mac address fa:16:3e:65:ec:54 is in use."),
            Code::Conflict,
            Some(ConflictKind::MacAddress),
        ),
        (
            (409, "IpAddressAlreadyAllocated", "IP address 10.20.0.70 already allocated in subnet sub1"),
            Code::Conflict,
            Some(ConflictKind::IpAddress),
        ),
        (
            (409, "IpAddressInUse", "The IP address 10.20.0.70 is in use."),
            Code::Conflict,
            Some(ConflictKind::IpAddress),
        ),
        (OVER_QUOTA, Code::QuotaExceeded, None),
        ((404, "NetworkNotFound", "Network net1 could not be found."), Code::NotFound, None),
        (
            (400, "InvalidIpForSubnet", "IP address 10.99.0.70 is not a valid IP for the specified subnet."),
            Code::RequestRefused,
            None,
        ),
        (FORBIDDEN, Code::Forbidden, None),
        (FAILED, Code::ServiceFailed, None),
    ] {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, "POST", PORTS, failure).await;
        let error = Ports::new(&cloud.session).create(&Context::default(), &plain_port()).await.unwrap_err();
        assert_means(&error, code, "create port app-web on network net1", failure);
        assert_eq!(conflict(&error), kind, "{error}");
    }
}

#[tokio::test]
async fn update_sends_only_what_changes() {
    let all = PortUpdate {
        name: Some("web".to_owned()),
        description: Some("back".to_owned()),
        admin_state_up: Some(false),
        fixed_ips: Some(Vec::new()),
        allowed_address_pairs: Some(Vec::new()),
        security_groups: Some(Vec::new()),
        port_security_enabled: Some(false),
        vnic_type: Some("normal".to_owned()),
        extra_dhcp_opts: Some(vec![dhcp_option(None)]),
        dns_name: Some("web".to_owned()),
    };
    let one = PortUpdate { admin_state_up: Some(true), ..PortUpdate::default() };
    for (update, fields) in [
        (
            all,
            json!({"name": "web", "description": "back", "admin_state_up": false, "fixed_ips": [],
                "allowed_address_pairs": [], "security_groups": [], "port_security_enabled": false,
                "binding:vnic_type": "normal", "dns_name": "web",
                "extra_dhcp_opts": [{"opt_name": "tftp-server", "opt_value": null, "ip_version": 4}]}),
        ),
        (one, json!({"admin_state_up": true})),
    ] {
        let mut cloud = MockCloud::start().await;
        let body = json!({ "port": fields });
        let mock = cloud.expect("PUT", PORT, None, Some(body), 200, json!({"port": answer()})).await;
        let client = Ports::new(&cloud.session);
        let updated = client.update(&Context::default(), &"n1".into(), &update).await.unwrap();
        mock.assert_async().await;
        assert_eq!(updated, port());
    }
}

#[tokio::test]
async fn set_tags_replaces_all_tags() {
    let mut cloud = MockCloud::start().await;
    let body = json!({"tags": ["blue", "green"]});
    let path = format!("{PORT}/tags");
    let mock = cloud.expect("PUT", &path, None, Some(body.clone()), 200, body).await;
    let client = Ports::new(&cloud.session);
    let tags = ["blue".to_owned(), "green".to_owned()];
    client.set_tags(&Context::default(), &"n1".into(), &tags).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn deleting_what_is_gone_is_no_error() {
    let mut cloud = MockCloud::start().await;
    let client = Ports::new(&cloud.session);
    for status in [204, 404] {
        let mock = cloud.expect("DELETE", PORT, None, None, status, Value::Null).await;
        client.delete(&Context::default(), &"n1".into()).await.unwrap();
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn every_call_on_one_port_tells_absence_conflict_and_failure_apart() {
    let in_use = (409, "PortInUse", "Unable to complete operation on port n1.");
    let owned = (409, "ServicePortInUse", "Port n1 cannot be deleted directly via the port API.");
    for (call, method, failure, code) in [
        ("read port n1", "GET", NOT_FOUND, Code::NotFound),
        ("read port n1", "GET", FORBIDDEN, Code::Forbidden),
        ("read port n1", "GET", FAILED, Code::ServiceFailed),
        ("update port n1", "PUT", NOT_FOUND, Code::NotFound),
        ("update port n1", "PUT", in_use, Code::Conflict),
        ("update port n1", "PUT", FAILED, Code::ServiceFailed),
        ("tag port n1", "PUT", NOT_FOUND, Code::NotFound),
        ("tag port n1", "PUT", (400, "HTTPBadRequest", "Invalid input for tags."), Code::RequestRefused),
        ("tag port n1", "PUT", FAILED, Code::ServiceFailed),
        ("delete port n1", "DELETE", owned, Code::Conflict),
        ("delete port n1", "DELETE", FORBIDDEN, Code::Forbidden),
        ("delete port n1", "DELETE", FAILED, Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        let path = if call.starts_with("tag") { format!("{PORT}/tags") } else { PORT.to_owned() };
        fail(&mut cloud, method, &path, failure).await;
        let (client, context, id) = (Ports::new(&cloud.session), Context::default(), PortId::from("n1"));
        let error = match call {
            "read port n1" => client.get(&context, &id).await.map(drop),
            "update port n1" => client.update(&context, &id, &PortUpdate::default()).await.map(drop),
            "tag port n1" => client.set_tags(&context, &id, &[]).await,
            _ => client.delete(&context, &id).await,
        }
        .unwrap_err();
        assert_means(&error, code, call, failure);
    }
}

#[tokio::test]
async fn a_failing_list_says_so() {
    let mut cloud = MockCloud::start().await;
    let refused = (400, "HTTPBadRequest", "['tags'] is invalid attribute for filtering");
    fail(&mut cloud, "GET", PORTS, refused).await;
    let client = Ports::new(&cloud.session);
    let listed: Result<Vec<Port>, Error> =
        client.list(&Context::default(), &PortQuery::default()).try_collect().await;
    let error = listed.unwrap_err();
    assert_eq!(error.code(), Code::RequestRefused);
    assert!(error.to_string().contains("list ports") && error.to_string().contains(refused.2), "{error}");
}
