use super::*;
use crate::error::Code;
use crate::openstack::ConflictKind;
use crate::openstack::network::testing::{
    FAILED, FORBIDDEN, Failure, OVER_QUOTA, assert_means, conflict, fail,
};
use crate::openstack::testing::MockCloud;
use futures::TryStreamExt;
use serde_json::Value;

const GROUPS: &str = "/network/v2.0/security-groups";
const GROUP: &str = "/network/v2.0/security-groups/g1";
const RULES: &str = "/network/v2.0/security-group-rules";
const RULE: &str = "/network/v2.0/security-group-rules/r1";

/// As Neutron 2026.2 gives it.
fn rule_answer() -> Value {
    json!({
        "id": "r1", "project_id": "p1", "security_group_id": "g1", "ethertype": "IPv4", "direction": "ingress",
        "protocol": "tcp", "port_range_min": 80, "port_range_max": 443, "remote_ip_prefix": "10.0.0.0/8",
        "remote_address_group_id": null, "normalized_cidr": "10.0.0.0/8", "remote_group_id": null,
        "standard_attr_id": 106, "belongs_to_default_sg": false, "description": "", "tags": [],
        "created_at": "2026-11-22T15:59:46Z", "updated_at": "2026-11-22T15:59:46Z", "revision_number": 0,
        "tenant_id": "p1"})
}

/// As Neutron 2026.2 gives it.
fn answer() -> Value {
    let mut egress = rule_answer();
    for (key, value) in [
        ("id", json!("r2")),
        ("direction", json!("egress")),
        ("ethertype", json!("IPv6")),
        ("protocol", Value::Null),
        ("port_range_min", Value::Null),
        ("port_range_max", Value::Null),
        ("remote_ip_prefix", Value::Null),
        ("remote_group_id", json!("g2")),
        ("remote_address_group_id", json!("a1")),
    ] {
        egress.as_object_mut().unwrap().insert(key.to_owned(), value).unwrap();
    }
    json!({
        "id": "g1", "name": "app-web", "stateful": true, "tenant_id": "p1", "project_id": "p1",
        "description": "web tier", "shared": false, "security_group_rules": [rule_answer(), egress], "tags": [],
        "created_at": "2026-11-22T15:59:46Z", "updated_at": "2026-11-22T15:59:46Z", "revision_number": 3})
}

fn web() -> RuleDefinition {
    RuleDefinition {
        direction: "ingress".to_owned(),
        ethertype: "IPv4".to_owned(),
        protocol: Some("tcp".to_owned()),
        port_range_min: Some(80),
        port_range_max: Some(443),
        remote_ip_prefix: Some("10.0.0.0/8".to_owned()),
        remote_group_id: None,
        remote_address_group_id: None,
    }
}

fn group() -> SecurityGroup {
    let egress = RuleDefinition {
        direction: "egress".to_owned(),
        ethertype: "IPv6".to_owned(),
        protocol: None,
        port_range_min: None,
        port_range_max: None,
        remote_ip_prefix: None,
        remote_group_id: Some("g2".to_owned()),
        remote_address_group_id: Some("a1".to_owned()),
    };
    SecurityGroup {
        id: "g1".to_owned(),
        name: "app-web".to_owned(),
        description: "web tier".to_owned(),
        project_id: "p1".into(),
        stateful: Some(true),
        security_group_rules: vec![
            SecurityGroupRule { id: "r1".to_owned(), allows: web() },
            SecurityGroupRule { id: "r2".to_owned(), allows: egress },
        ],
    }
}

fn new_group() -> NewSecurityGroup {
    NewSecurityGroup { name: "app-web".to_owned(), description: "web tier".to_owned(), stateful: None }
}

#[tokio::test]
async fn list_filters_by_name_and_project_and_reads_the_rules() {
    let by_both =
        SecurityGroupQuery { name: Some("app-web".to_owned()), project_id: Some(ProjectId::from("p1")) };
    for (query, path) in [
        (by_both, format!("{GROUPS}?name=app-web&project_id=p1")),
        (SecurityGroupQuery::default(), GROUPS.to_owned()),
    ] {
        let mut cloud = MockCloud::start().await;
        let page = json!({"security_groups": [answer()]});
        let mock = cloud.expect("GET", &path, None, None, 200, page).await;
        let client = SecurityGroups::new(&cloud.session);
        let groups: Vec<SecurityGroup> =
            client.list(&Context::default(), &query).try_collect().await.unwrap();
        mock.assert_async().await;
        assert_eq!(groups, [group()]);
    }
}

#[tokio::test]
async fn get_reads_a_group_of_a_cloud_where_all_are_stateful() {
    let mut cloud = MockCloud::start().await;
    let mut old = answer();
    old.as_object_mut().unwrap().remove("stateful").unwrap();
    let mock = cloud.expect("GET", GROUP, None, None, 200, json!({"security_group": old})).await;
    let read = SecurityGroups::new(&cloud.session).get(&Context::default(), "g1").await.unwrap();
    mock.assert_async().await;
    assert_eq!(read, SecurityGroup { stateful: None, ..group() });
}

#[tokio::test]
async fn create_sends_statefulness_only_if_given() {
    for (stateful, body) in [
        (None, json!({"security_group": {"name": "app-web", "description": "web tier"}})),
        (
            Some(false),
            json!({"security_group": {"name": "app-web", "description": "web tier", "stateful": false}}),
        ),
    ] {
        let mut cloud = MockCloud::start().await;
        let made = json!({"security_group": answer()});
        let mock = cloud.expect("POST", GROUPS, None, Some(body), 201, made).await;
        let client = SecurityGroups::new(&cloud.session);
        let new = NewSecurityGroup { stateful, ..new_group() };
        assert_eq!(client.create(&Context::default(), &new).await.unwrap(), group());
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn create_rule_sends_the_definition_and_the_group() {
    let mut cloud = MockCloud::start().await;
    let body = json!({"security_group_rule": {"security_group_id": "g1", "direction": "ingress", "ethertype": "IPv4",
        "protocol": "tcp", "port_range_min": 80, "port_range_max": 443, "remote_ip_prefix": "10.0.0.0/8",
        "remote_group_id": null}});
    let made = json!({"security_group_rule": rule_answer()});
    let mock = cloud.expect("POST", RULES, None, Some(body), 201, made).await;
    let client = SecurityGroups::new(&cloud.session);
    let rule = client.create_rule(&Context::default(), "g1", &web()).await.unwrap();
    mock.assert_async().await;
    assert_eq!(rule, SecurityGroupRule { id: "r1".to_owned(), allows: web() });
}

#[tokio::test]
async fn deleting_what_is_gone_is_no_error() {
    let mut cloud = MockCloud::start().await;
    let client = SecurityGroups::new(&cloud.session);
    for status in [204, 404] {
        let group = cloud.expect("DELETE", GROUP, None, None, status, Value::Null).await;
        client.delete(&Context::default(), "g1").await.unwrap();
        group.assert_async().await;
        let rule = cloud.expect("DELETE", RULE, None, None, status, Value::Null).await;
        client.delete_rule(&Context::default(), "r1").await.unwrap();
        rule.assert_async().await;
    }
}

#[tokio::test]
async fn every_call_tells_its_failures_apart() {
    const LIST: &str = "list security groups";
    const GET: &str = "read security group g1";
    const CREATE: &str = "create security group app-web";
    const ADD: &str = "add a rule to security group g1";
    const DELETE: &str = "delete security group g1";
    const DELETE_RULE: &str = "delete security group rule r1";
    let missing: Failure = (404, "SecurityGroupNotFound", "Security group g1 does not exist");
    let in_use = (409, "SecurityGroupInUse", "Security Group g1 in use.");
    let default = (409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.");
    let twice = (409, "SecurityGroupRuleExists", "Security group rule already exists. Rule id is r1.");
    let protocol =
        (400, "SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
    for (call, method, path, failure, code, kind) in [
        (LIST, "GET", GROUPS, FORBIDDEN, Code::Forbidden, None),
        (LIST, "GET", GROUPS, FAILED, Code::ServiceFailed, None),
        (GET, "GET", GROUP, missing, Code::NotFound, None),
        (GET, "GET", GROUP, FORBIDDEN, Code::Forbidden, None),
        (GET, "GET", GROUP, FAILED, Code::ServiceFailed, None),
        (CREATE, "POST", GROUPS, default, Code::Conflict, Some(ConflictKind::Exists)),
        (CREATE, "POST", GROUPS, OVER_QUOTA, Code::QuotaExceeded, None),
        (CREATE, "POST", GROUPS, FAILED, Code::ServiceFailed, None),
        (ADD, "POST", RULES, missing, Code::NotFound, None),
        (ADD, "POST", RULES, twice, Code::Conflict, Some(ConflictKind::Exists)),
        (ADD, "POST", RULES, protocol, Code::RequestRefused, None),
        (ADD, "POST", RULES, OVER_QUOTA, Code::QuotaExceeded, None),
        (DELETE, "DELETE", GROUP, in_use, Code::Conflict, Some(ConflictKind::State)),
        (DELETE, "DELETE", GROUP, FORBIDDEN, Code::Forbidden, None),
        (DELETE, "DELETE", GROUP, FAILED, Code::ServiceFailed, None),
        (DELETE_RULE, "DELETE", RULE, FORBIDDEN, Code::Forbidden, None),
        (DELETE_RULE, "DELETE", RULE, FAILED, Code::ServiceFailed, None),
    ] {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, method, path, failure).await;
        let (client, context) = (SecurityGroups::new(&cloud.session), Context::default());
        let query = SecurityGroupQuery::default();
        let error = match call {
            LIST => client.list(&context, &query).try_collect::<Vec<_>>().await.map(drop),
            GET => client.get(&context, "g1").await.map(drop),
            CREATE => client.create(&context, &new_group()).await.map(drop),
            ADD => client.create_rule(&context, "g1", &web()).await.map(drop),
            DELETE => client.delete(&context, "g1").await,
            _ => client.delete_rule(&context, "r1").await,
        }
        .unwrap_err();
        assert_means(&error, code, call, failure);
        assert_eq!(conflict(&error), kind, "{error}");
    }
}
