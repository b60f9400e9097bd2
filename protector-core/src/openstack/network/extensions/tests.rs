use super::*;
use crate::error::Code;
use crate::openstack::network::testing::{FAILED, FORBIDDEN, assert_means, fail};
use crate::openstack::testing::MockCloud;
use serde_json::json;

const EXTENSIONS: &str = "/network/v2.0/extensions";

#[tokio::test]
async fn aliases_are_read() {
    let mut cloud = MockCloud::start().await;
    let extension = |alias: &str| {
        json!({"name": "Some extension", "alias": alias, "description": "", "links": [],
            "updated": "2012-07-23T10:00:00-00:00"})
    };
    let answer = json!({"extensions": [extension("port-security"), extension("binding")]});
    let mock = cloud.expect("GET", EXTENSIONS, None, None, 200, answer).await;
    let aliases = Extensions::new(&cloud.session).aliases(&Context::default()).await.unwrap();
    mock.assert_async().await;
    assert_eq!(aliases, ["binding", "port-security"].map(str::to_owned).into());
}

#[tokio::test]
async fn absence_refusal_and_failure_are_told_apart() {
    for (failure, code) in [
        ((404, "HTTPNotFound", "The resource could not be found."), Code::NotFound),
        (FORBIDDEN, Code::Forbidden),
        (FAILED, Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, "GET", EXTENSIONS, failure).await;
        let error = Extensions::new(&cloud.session).aliases(&Context::default()).await.unwrap_err();
        assert_means(&error, code, "list network extensions", failure);
    }
}
