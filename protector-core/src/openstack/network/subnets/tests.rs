use super::*;
use crate::error::Code;
use crate::openstack::Service;
use crate::openstack::network::testing::{FAILED, FORBIDDEN, assert_means, fail};
use crate::openstack::testing::{Exchange, MockCloud};
use futures::TryStreamExt;
use serde_json::{Value, json};

const SUBNETS: &str = "/network/v2.0/subnets";

/// As Neutron 2026.2 gives it.
fn answer() -> Value {
    json!({
        "id": "sub1", "name": "app-subnet", "project_id": "p1", "network_id": "net1", "ip_version": 4,
        "subnetpool_id": null, "enable_dhcp": true, "ipv6_ra_mode": null, "ipv6_address_mode": null,
        "gateway_ip": "10.20.0.1", "cidr": "10.20.0.0/24",
        "allocation_pools": [{"start": "10.20.0.2", "end": "10.20.0.254"}], "host_routes": [], "dns_nameservers": [],
        "description": "", "router:external": false, "service_types": [], "tags": [],
        "created_at": "2026-11-22T15:59:46Z", "updated_at": "2026-11-22T15:59:46Z", "revision_number": 0,
        "tenant_id": "p1"})
}

fn subnet() -> Subnet {
    Subnet {
        id: "sub1".to_owned(),
        name: "app-subnet".to_owned(),
        network_id: "net1".to_owned(),
        cidr: "10.20.0.0/24".to_owned(),
        ip_version: 4,
        allocation_pools: vec![AllocationPool {
            start: "10.20.0.2".parse().unwrap(),
            end: "10.20.0.254".parse().unwrap(),
        }],
        gateway_ip: Some("10.20.0.1".parse().unwrap()),
        enable_dhcp: true,
    }
}

#[tokio::test]
async fn list_filters_by_network_and_reads_every_attribute() {
    for (query, path) in [
        (SubnetQuery { network_id: Some("net1".to_owned()) }, format!("{SUBNETS}?network_id=net1")),
        (SubnetQuery::default(), SUBNETS.to_owned()),
    ] {
        let mut cloud = MockCloud::start().await;
        let page = json!({"subnets": [answer()]});
        let mock = cloud.expect("GET", &path, None, None, 200, page).await;
        let client = Subnets::new(&cloud.session);
        let subnets: Vec<Subnet> = client.list(&Context::default(), &query).try_collect().await.unwrap();
        mock.assert_async().await;
        assert_eq!(subnets, [subnet()]);
    }
}

#[tokio::test]
async fn get_reads_a_subnet_of_the_other_version_without_gateway() {
    let mut cloud = MockCloud::start().await;
    let mut six = answer();
    for (key, value) in [
        ("ip_version", json!(6)),
        ("gateway_ip", Value::Null),
        ("cidr", json!("fd00::/64")),
        ("allocation_pools", json!([{"start": "fd00::2", "end": "fd00::ffff:ffff:ffff:ffff"}])),
    ] {
        six.as_object_mut().unwrap().insert(key.to_owned(), value).unwrap();
    }
    let path = format!("{SUBNETS}/sub1");
    let mock = cloud.expect("GET", &path, None, None, 200, json!({"subnet": six})).await;
    let read = Subnets::new(&cloud.session).get(&Context::default(), "sub1").await.unwrap();
    mock.assert_async().await;
    let expected = Subnet {
        ip_version: 6,
        gateway_ip: None,
        cidr: "fd00::/64".to_owned(),
        allocation_pools: vec![AllocationPool {
            start: "fd00::2".parse().unwrap(),
            end: "fd00::ffff:ffff:ffff:ffff".parse().unwrap(),
        }],
        ..subnet()
    };
    assert_eq!(read, expected);
}

#[tokio::test]
async fn absence_refusal_and_failure_are_told_apart() {
    for (failure, code) in [
        ((404, "SubnetNotFound", "Subnet sub1 could not be found."), Code::NotFound),
        (FORBIDDEN, Code::Forbidden),
        (FAILED, Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, "GET", &format!("{SUBNETS}/sub1"), failure).await;
        fail(&mut cloud, "GET", SUBNETS, failure).await;
        let client = Subnets::new(&cloud.session);
        let error = client.get(&Context::default(), "sub1").await.unwrap_err();
        assert_means(&error, code, "read subnet sub1", failure);
        let (context, query) = (Context::default(), SubnetQuery::default());
        let error = client.list(&context, &query).try_collect::<Vec<Subnet>>().await.unwrap_err();
        assert_means(&error, code, "list subnets", failure);
    }
}

#[tokio::test]
async fn create_makes_a_subnet_without_gateway_and_delete_removes_it() {
    let pool = AllocationPool { start: "10.20.0.32".parse().unwrap(), end: "10.20.0.254".parse().unwrap() };
    let new = NewSubnet {
        name: "app-subnet".to_owned(),
        network_id: "net1".to_owned(),
        cidr: "10.20.0.0/24".to_owned(),
        ip_version: 4,
        gateway_ip: None,
        enable_dhcp: true,
        allocation_pools: Some(vec![pool]),
    };
    let body = json!({"subnet": {"name": "app-subnet", "network_id": "net1", "cidr": "10.20.0.0/24", "ip_version": 4,
        "gateway_ip": null, "enable_dhcp": true,
        "allocation_pools": [{"start": "10.20.0.32", "end": "10.20.0.254"}]}});
    let purpose = "create subnet 10.20.0.0/24 on network net1";
    let made = Exchange::new(Service::Network, "POST", "/subnets", purpose)
        .body(body)
        .answer(201, json!({"subnet": answer()}))
        .check(async |session| Subnets::new(&session).create(&Context::default(), &new).await)
        .await;
    assert_eq!(made, subnet());
    Exchange::new(Service::Network, "DELETE", "/subnets/sub1", "delete subnet sub1")
        .answer(204, Value::Null)
        .check_deletion(async |session| Subnets::new(&session).delete(&Context::default(), "sub1").await)
        .await;
}
