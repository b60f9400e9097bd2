use super::*;
use crate::error::{Code, Coded};
use crate::openstack::testing::MockCloud;
use serde_json::json;

const PROJECT: &str = "/v3/projects/p1";

#[tokio::test]
async fn own_reads_the_project_of_the_token() {
    let mut cloud = MockCloud::start().await;
    // As Keystone 2026.2 gives it.
    let answer = json!({"project": {
        "id": "p1", "name": "tenant", "domain_id": "default", "description": "the tenant's", "enabled": true,
        "parent_id": "above", "is_domain": false, "tags": ["blue"], "options": {},
        "links": {"self": "http://keystone/v3/projects/p1"}}});
    let mock = cloud.expect("GET", PROJECT, None, None, 200, answer).await;
    let project = Projects::new(&cloud.session).own(&Context::default()).await.unwrap();
    mock.assert_async().await;
    let expected = Project {
        id: "p1".into(),
        name: "tenant".to_owned(),
        description: Some("the tenant's".to_owned()),
        domain_id: Some("default".to_owned()),
        parent_id: Some("above".to_owned()),
        enabled: true,
        tags: vec!["blue".to_owned()],
    };
    assert_eq!(project, expected);
}

#[tokio::test]
async fn absence_refusal_and_failure_are_told_apart() {
    for (status, title, message, code) in [
        (404, "Not Found", "Could not find project: p1.", Code::NotFound),
        (403, "Forbidden", "You are not authorized to perform the requested action.", Code::Forbidden),
        (500, "Internal Server Error", "An unexpected error prevented the server.", Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        let body = json!({"error": {"code": status, "title": title, "message": message}});
        cloud.expect("GET", PROJECT, None, None, status, body).await;
        let error = Projects::new(&cloud.session).own(&Context::default()).await.unwrap_err();
        assert_eq!(error.code(), code);
        let text = error.to_string();
        assert!(text.contains("read project p1") && text.contains(message), "{text}");
    }
}
