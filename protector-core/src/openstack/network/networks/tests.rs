use super::*;
use crate::error::Code;
use crate::openstack::Service;
use crate::openstack::network::testing::{FAILED, FORBIDDEN, assert_means, fail};
use crate::openstack::testing::{Exchange, MockCloud};
use futures::TryStreamExt;
use serde_json::{Value, json};

const NETWORKS: &str = "/network/v2.0/networks";

/// As Neutron 2026.2 gives it to an administrator.
fn answer() -> Value {
    json!({
        "id": "net1", "name": "app-net", "tenant_id": "p1", "project_id": "p1", "admin_state_up": true, "mtu": 1450,
        "status": "ACTIVE", "subnets": ["sub1", "sub2"], "shared": true, "availability_zone_hints": [],
        "availability_zones": [], "ipv4_address_scope": null, "ipv6_address_scope": null, "router:external": true,
        "qinq": false, "vlan_transparent": false, "description": "", "port_security_enabled": true, "tags": [],
        "created_at": "2026-11-22T15:59:46Z", "updated_at": "2026-11-22T15:59:46Z", "revision_number": 2,
        "provider:network_type": "vxlan", "provider:physical_network": null, "provider:segmentation_id": 1891})
}

fn network() -> Network {
    Network {
        id: "net1".to_owned(),
        name: "app-net".to_owned(),
        project_id: "p1".into(),
        shared: true,
        external: true,
        status: "ACTIVE".to_owned(),
        mtu: Some(1450),
        subnets: vec!["sub1".to_owned(), "sub2".to_owned()],
        port_security_enabled: Some(true),
        admin_state_up: true,
        description: String::new(),
        tags: Vec::new(),
    }
}

#[tokio::test]
async fn list_filters_by_name_and_project_and_reads_every_attribute() {
    for (query, path) in [
        (
            NetworkQuery {
                name: Some("app net".to_owned()),
                project_id: Some("p1".into()),
                tags: vec!["one".to_owned(), "two".to_owned()],
            },
            format!("{NETWORKS}?name=app+net&project_id=p1&tags=one%2Ctwo"),
        ),
        (NetworkQuery::default(), NETWORKS.to_owned()),
    ] {
        let mut cloud = MockCloud::start().await;
        let page = json!({"networks": [answer()]});
        let mock = cloud.expect("GET", &path, None, None, 200, page).await;
        let client = Networks::new(&cloud.session);
        let networks: Vec<Network> = client.list(&Context::default(), &query).try_collect().await.unwrap();
        mock.assert_async().await;
        assert_eq!(networks, [network()]);
    }
}

#[tokio::test]
async fn get_reads_a_network_of_a_cloud_without_extensions() {
    let mut cloud = MockCloud::start().await;
    let mut bare = answer();
    for key in ["mtu", "router:external", "port_security_enabled"] {
        bare.as_object_mut().unwrap().remove(key).unwrap();
    }
    let path = format!("{NETWORKS}/net1");
    let mock = cloud.expect("GET", &path, None, None, 200, json!({"network": bare})).await;
    let read = Networks::new(&cloud.session).get(&Context::default(), "net1").await.unwrap();
    mock.assert_async().await;
    assert_eq!(read, Network { mtu: None, external: false, port_security_enabled: None, ..network() });
}

#[tokio::test]
async fn absence_refusal_and_failure_are_told_apart() {
    for (failure, code) in [
        ((404, "NetworkNotFound", "Network net1 could not be found."), Code::NotFound),
        (FORBIDDEN, Code::Forbidden),
        (FAILED, Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, "GET", &format!("{NETWORKS}/net1"), failure).await;
        fail(&mut cloud, "GET", NETWORKS, failure).await;
        let client = Networks::new(&cloud.session);
        let error = client.get(&Context::default(), "net1").await.unwrap_err();
        assert_means(&error, code, "read network net1", failure);
        let (context, query) = (Context::default(), NetworkQuery::default());
        let error = client.list(&context, &query).try_collect::<Vec<Network>>().await.unwrap_err();
        assert_means(&error, code, "list networks", failure);
    }
}

#[tokio::test]
async fn create_makes_a_network_that_leads_nowhere() {
    let new = NewNetwork { name: "app-net-test".to_owned(), description: "marked".to_owned() };
    let mut made = answer();
    for (key, value) in [("name", "app-net-test"), ("description", "marked")] {
        made.as_object_mut().unwrap().insert(key.to_owned(), json!(value)).unwrap();
    }
    let made = Exchange::new(Service::Network, "POST", "/networks", "create network app-net-test")
        .body(json!({"network": {"name": "app-net-test", "description": "marked"}}))
        .answer(201, json!({"network": made}))
        .check(async |session| Networks::new(&session).create(&Context::default(), &new).await)
        .await;
    assert_eq!((made.name, made.description), (new.name, new.description));
}

#[tokio::test]
async fn tags_are_set_and_deletion_is_asked_for_by_id() {
    Exchange::new(Service::Network, "PUT", "/networks/net1/tags", "tag network net1")
        .body(json!({"tags": ["one"]}))
        .answer(200, json!({"tags": ["one"]}))
        .check(async |session| {
            Networks::new(&session).set_tags(&Context::default(), "net1", &["one".to_owned()]).await
        })
        .await;
    Exchange::new(Service::Network, "DELETE", "/networks/net1", "delete network net1")
        .answer(204, Value::Null)
        .check_deletion(async |session| Networks::new(&session).delete(&Context::default(), "net1").await)
        .await;
}
