//! What holds for every call to Neutron: each kind of refusal is told apart, and only what may be repeated is. What the
//! calls say and read is tested beside each resource.

use super::*;
use crate::openstack::testing::Exchange;
use serde_json::{Value, json};

fn exchange(method: &'static str, path: &str, purpose: &'static str) -> Exchange {
    Exchange::new(Service::Network, method, path, purpose)
}

fn port() -> Value {
    json!({"port": {"id": "n1", "network_id": "net1", "project_id": "p1", "mac_address": "fa:16:3e:65:ec:54",
        "fixed_ips": [], "admin_state_up": true, "device_id": "", "device_owner": "", "status": "DOWN"}})
}

#[tokio::test]
async fn ports() {
    let context = &Context::default();
    exchange("GET", "/ports/n1", "read port n1")
        .answer(200, port())
        .check(async |session| Ports::new(&session).get(context, &"n1".into()).await)
        .await;
    let new = json!({"network_id": "net1", "name": "web", "description": "", "fixed_ips": [], "admin_state_up": true});
    let port_to_be: NewPort = serde_json::from_value(new.clone()).unwrap();
    exchange("POST", "/ports", "create port web on network net1")
        .body(json!({ "port": new }))
        .answer(201, port())
        .check(async |session| Ports::new(&session).create(context, &port_to_be).await)
        .await;
    exchange("PUT", "/ports/n1", "update port n1")
        .body(json!({"port": {}}))
        .answer(200, port())
        .check(async |session| {
            Ports::new(&session).update(context, &"n1".into(), &PortUpdate::default()).await
        })
        .await;
    exchange("PUT", "/ports/n1/tags", "tag port n1")
        .body(json!({"tags": []}))
        .answer(200, json!({"tags": []}))
        .check(async |session| Ports::new(&session).set_tags(context, &"n1".into(), &[]).await)
        .await;
    exchange("DELETE", "/ports/n1", "delete port n1")
        .answer(204, Value::Null)
        .check_deletion(async |session| Ports::new(&session).delete(context, &"n1".into()).await)
        .await;
}

#[tokio::test]
async fn security_groups() {
    let context = &Context::default();
    let group = json!({"security_group": {"id": "g1", "name": "web", "project_id": "p1", "security_group_rules": []}});
    let new = NewSecurityGroup { name: "web".to_owned(), description: String::new(), stateful: None };
    exchange("POST", "/security-groups", "create security group web")
        .body(json!({"security_group": {"name": "web", "description": ""}}))
        .answer(201, group)
        .check(async |session| SecurityGroups::new(&session).create(context, &new).await)
        .await;
    let rule = json!({"direction": "ingress", "ethertype": "IPv4", "protocol": null, "port_range_min": null,
        "port_range_max": null, "remote_ip_prefix": null, "remote_group_id": null});
    let definition: RuleDefinition = serde_json::from_value(rule.clone()).unwrap();
    let (mut body, mut answer) = (rule.clone(), rule);
    body["security_group_id"] = "g1".into();
    answer["id"] = "r1".into();
    exchange("POST", "/security-group-rules", "add a rule to security group g1")
        .body(json!({ "security_group_rule": body }))
        .answer(201, json!({ "security_group_rule": answer }))
        .check(async |session| SecurityGroups::new(&session).create_rule(context, "g1", &definition).await)
        .await;
    exchange("DELETE", "/security-group-rules/r1", "delete security group rule r1")
        .answer(204, Value::Null)
        .check_deletion(async |session| SecurityGroups::new(&session).delete_rule(context, "r1").await)
        .await;
    exchange("DELETE", "/security-groups/g1", "delete security group g1")
        .answer(204, Value::Null)
        .check_deletion(async |session| SecurityGroups::new(&session).delete(context, "g1").await)
        .await;
}

#[tokio::test]
async fn floating_ips() {
    let context = &Context::default();
    let answer = json!({"floatingip": {"id": "f1", "project_id": "p1", "floating_ip_address": "192.0.2.7",
        "floating_network_id": "out", "router_id": null, "port_id": null, "fixed_ip_address": null, "status": "DOWN"}});
    let new = json!({"floating_network_id": "out", "description": ""});
    let floating_ip: NewFloatingIp = serde_json::from_value(new.clone()).unwrap();
    exchange("POST", "/floatingips", "create a floating IP on network out")
        .body(json!({ "floatingip": new }))
        .answer(201, answer.clone())
        .check(async |session| FloatingIps::new(&session).create(context, &floating_ip).await)
        .await;
    exchange("GET", "/floatingips/f1", "read floating IP f1")
        .answer(200, answer.clone())
        .check(async |session| FloatingIps::new(&session).get(context, "f1").await)
        .await;
    exchange("PUT", "/floatingips/f1/tags", "tag floating IP f1")
        .body(json!({"tags": ["one"]}))
        .answer(200, json!({"tags": ["one"]}))
        .check(async |session| FloatingIps::new(&session).set_tags(context, "f1", &["one".to_owned()]).await)
        .await;
    exchange("PUT", "/floatingips/f1", "lead floating IP f1 nowhere")
        .body(json!({"floatingip": {"port_id": null}}))
        .answer(200, answer)
        .check(async |session| FloatingIps::new(&session).update_port(context, "f1", None).await)
        .await;
    exchange("DELETE", "/floatingips/f1", "delete floating IP f1")
        .answer(204, Value::Null)
        .check_deletion(async |session| FloatingIps::new(&session).delete(context, "f1").await)
        .await;
}
