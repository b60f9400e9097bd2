use super::*;
use crate::error::Code;
use crate::openstack::network::testing::{FAILED, FORBIDDEN, Failure, OVER_QUOTA, assert_means, fail};
use crate::openstack::testing::MockCloud;
use futures::TryStreamExt;
use serde_json::Value;

const FLOATING_IPS: &str = "/network/v2.0/floatingips";
const FLOATING_IP: &str = "/network/v2.0/floatingips/f1";

/// As Neutron 2026.2 gives it.
fn answer() -> Value {
    json!({
        "id": "f1", "tenant_id": "p1", "project_id": "p1", "floating_ip_address": "203.0.113.7",
        "floating_network_id": "ext1", "router_id": "rt1", "port_id": "n1", "fixed_ip_address": "10.20.0.70",
        "status": "ACTIVE", "description": "front door",
        "port_details": {"name": "app-web", "network_id": "net1", "mac_address": "fa:16:3e:65:ec:54",
            "admin_state_up": true, "status": "ACTIVE", "device_id": "s1", "device_owner": "compute:nova"},
        "tags": ["blue"], "created_at": "2026-11-22T15:59:46Z", "updated_at": "2026-11-22T15:59:46Z",
        "revision_number": 1})
}

fn floating_ip() -> FloatingIp {
    FloatingIp {
        id: "f1".to_owned(),
        description: "front door".to_owned(),
        project_id: "p1".into(),
        floating_ip_address: "203.0.113.7".to_owned(),
        floating_network_id: "ext1".to_owned(),
        router_id: Some("rt1".to_owned()),
        port_id: Some("n1".into()),
        fixed_ip_address: Some("10.20.0.70".to_owned()),
        status: "ACTIVE".to_owned(),
        tags: vec!["blue".to_owned()],
    }
}

fn plain() -> NewFloatingIp {
    NewFloatingIp {
        floating_network_id: "ext1".to_owned(),
        description: "front door".to_owned(),
        floating_ip_address: None,
        port_id: None,
        fixed_ip_address: None,
    }
}

#[tokio::test]
async fn list_filters_by_all_that_is_given_and_reads_every_attribute() {
    let all = FloatingIpQuery {
        port_id: Some("n1".into()),
        floating_ip_address: Some("203.0.113.7".to_owned()),
        floating_network_id: Some("ext1".to_owned()),
        project_id: Some("p1".into()),
    };
    let filters = "port_id=n1&floating_ip_address=203.0.113.7&floating_network_id=ext1&project_id=p1";
    for (query, path) in
        [(all, format!("{FLOATING_IPS}?{filters}")), (FloatingIpQuery::default(), FLOATING_IPS.to_owned())]
    {
        let mut cloud = MockCloud::start().await;
        let page = json!({"floatingips": [answer()]});
        let mock = cloud.expect("GET", &path, None, None, 200, page).await;
        let client = FloatingIps::new(&cloud.session);
        let listed: Vec<FloatingIp> = client.list(&Context::default(), &query).try_collect().await.unwrap();
        mock.assert_async().await;
        assert_eq!(listed, [floating_ip()]);
    }
}

#[tokio::test]
async fn create_sends_only_what_is_given() {
    let exact = NewFloatingIp {
        floating_ip_address: Some("203.0.113.7".to_owned()),
        port_id: Some("n1".into()),
        fixed_ip_address: Some("10.20.0.70".to_owned()),
        ..plain()
    };
    for (new, fields) in [
        (plain(), json!({"floating_network_id": "ext1", "description": "front door"})),
        (
            exact,
            json!({"floating_network_id": "ext1", "description": "front door", "port_id": "n1",
                "floating_ip_address": "203.0.113.7", "fixed_ip_address": "10.20.0.70"}),
        ),
    ] {
        let mut cloud = MockCloud::start().await;
        let (body, made) = (json!({ "floatingip": fields }), json!({"floatingip": answer()}));
        let mock = cloud.expect("POST", FLOATING_IPS, None, Some(body), 201, made).await;
        let client = FloatingIps::new(&cloud.session);
        assert_eq!(client.create(&Context::default(), &new).await.unwrap(), floating_ip());
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn update_port_leads_it_to_a_port_or_nowhere() {
    let port = PortId::from("n1");
    let mut idle = answer();
    for key in ["port_id", "fixed_ip_address", "router_id", "port_details"] {
        idle.as_object_mut().unwrap().insert(key.to_owned(), Value::Null).unwrap();
    }
    let nowhere = FloatingIp { port_id: None, fixed_ip_address: None, router_id: None, ..floating_ip() };
    for (port, body, answer, expected) in [
        (Some(&port), json!({"floatingip": {"port_id": "n1"}}), answer(), floating_ip()),
        (None, json!({"floatingip": {"port_id": null}}), idle, nowhere),
    ] {
        let mut cloud = MockCloud::start().await;
        let answer = json!({ "floatingip": answer });
        let mock = cloud.expect("PUT", FLOATING_IP, None, Some(body), 200, answer).await;
        let client = FloatingIps::new(&cloud.session);
        assert_eq!(client.update_port(&Context::default(), "f1", port).await.unwrap(), expected);
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn deleting_what_is_gone_is_no_error() {
    let mut cloud = MockCloud::start().await;
    let client = FloatingIps::new(&cloud.session);
    for status in [204, 404] {
        let mock = cloud.expect("DELETE", FLOATING_IP, None, None, status, Value::Null).await;
        client.delete(&Context::default(), "f1").await.unwrap();
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn every_call_tells_its_failures_apart() {
    const LIST: &str = "list floating IPs";
    const CREATE: &str = "create a floating IP on network ext1";
    const LEAD: &str = "lead floating IP f1 to port n1";
    const FREE: &str = "lead floating IP f1 nowhere";
    const DELETE: &str = "delete floating IP f1";
    let missing: Failure = (404, "FloatingIPNotFound", "Floating IP f1 could not be found");
    let unreachable = (
        404,
        "ExternalGatewayForFloatingIPNotFound",
        "External network ext1 is not reachable from subnet sub1.",
    );
    let taken = (
        409,
        "FloatingIPPortAlreadyAssociated",
        "Cannot associate floating IP 203.0.113.7 (f1) with port n1",
    );
    let no_network = (400, "BadRequest", "Network ext1 is not a valid external network.");
    for (call, method, path, failure, code) in [
        (
            LIST,
            "GET",
            FLOATING_IPS,
            (404, "HTTPNotFound", "The resource could not be found."),
            Code::NotFound,
        ),
        (LIST, "GET", FLOATING_IPS, FORBIDDEN, Code::Forbidden),
        (LIST, "GET", FLOATING_IPS, FAILED, Code::ServiceFailed),
        (CREATE, "POST", FLOATING_IPS, unreachable, Code::NotFound),
        (CREATE, "POST", FLOATING_IPS, no_network, Code::RequestRefused),
        (CREATE, "POST", FLOATING_IPS, taken, Code::Conflict),
        (CREATE, "POST", FLOATING_IPS, OVER_QUOTA, Code::QuotaExceeded),
        (CREATE, "POST", FLOATING_IPS, FAILED, Code::ServiceFailed),
        (LEAD, "PUT", FLOATING_IP, missing, Code::NotFound),
        (LEAD, "PUT", FLOATING_IP, taken, Code::Conflict),
        (FREE, "PUT", FLOATING_IP, FAILED, Code::ServiceFailed),
        (DELETE, "DELETE", FLOATING_IP, FORBIDDEN, Code::Forbidden),
        (DELETE, "DELETE", FLOATING_IP, FAILED, Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, method, path, failure).await;
        let (client, context, port) =
            (FloatingIps::new(&cloud.session), Context::default(), PortId::from("n1"));
        let query = FloatingIpQuery::default();
        let error = match call {
            LIST => client.list(&context, &query).try_collect::<Vec<_>>().await.map(drop),
            CREATE => client.create(&context, &plain()).await.map(drop),
            LEAD => client.update_port(&context, "f1", Some(&port)).await.map(drop),
            FREE => client.update_port(&context, "f1", None).await.map(drop),
            _ => client.delete(&context, "f1").await,
        }
        .unwrap_err();
        assert_means(&error, code, call, failure);
    }
}
