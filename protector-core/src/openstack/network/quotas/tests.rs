use super::*;
use crate::error::Code;
use crate::openstack::network::testing::{FAILED, Failure, assert_means, fail};
use crate::openstack::testing::MockCloud;
use serde_json::json;

const QUOTAS: &str = "/network/v2.0/quotas/p1";
const REQUEST_REFUSED: Failure = (400, "HTTPBadRequest", "The request is malformed.");
const DETAILS: &str = "/network/v2.0/quotas/p1/details";

#[tokio::test]
async fn usage_reads_limit_and_use_of_every_resource() {
    let mut cloud = MockCloud::start().await;
    let answer = json!({"quota": {
        "network": {"limit": 100, "used": 0, "reserved": 0}, "subnetpool": {"limit": -1, "used": 7, "reserved": 0},
        "port": {"limit": 500, "used": 12, "reserved": 3}, "security_group": {"limit": 10, "used": 11, "reserved": 0}}});
    let mock = cloud.expect("GET", DETAILS, None, None, 200, answer).await;
    let client = NetworkQuotas::new(&cloud.session);
    let usage = client.usage(&Context::default(), &"p1".into()).await.unwrap();
    mock.assert_async().await;
    assert_eq!(usage.len(), 4);
    assert_eq!(usage.get("port"), Some(&NetworkUsage { limit: 500, used: 12, reserved: 3 }));
    for (resource, remaining) in
        [("network", Some(100)), ("subnetpool", None), ("port", Some(485)), ("security_group", Some(0))]
    {
        assert_eq!(usage.get(resource).unwrap().remaining(), remaining, "{resource}");
    }
}

#[tokio::test]
async fn limits_reads_the_bare_numbers() {
    let mut cloud = MockCloud::start().await;
    let answer = json!({"quota": {"network": 100, "subnetpool": -1, "port": 500}});
    let mock = cloud.expect("GET", QUOTAS, None, None, 200, answer).await;
    let client = NetworkQuotas::new(&cloud.session);
    let limits = client.limits(&Context::default(), &"p1".into()).await.unwrap();
    mock.assert_async().await;
    let expected = [("network", 100), ("subnetpool", -1), ("port", 500)];
    assert_eq!(limits, expected.map(|(name, limit)| (name.to_owned(), limit)).into());
}

#[tokio::test]
async fn absence_refusal_and_failure_are_told_apart() {
    for (failure, code) in [
        ((404, "HTTPNotFound", "The resource could not be found."), Code::NotFound),
        (REQUEST_REFUSED, Code::RequestRefused),
        (FAILED, Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        fail(&mut cloud, "GET", DETAILS, failure).await;
        fail(&mut cloud, "GET", QUOTAS, failure).await;
        let client = NetworkQuotas::new(&cloud.session);
        let error = client.usage(&Context::default(), &"p1".into()).await.unwrap_err();
        assert_means(&error, code, "read the network usage of project p1", failure);
        let error = client.limits(&Context::default(), &"p1".into()).await.unwrap_err();
        assert_means(&error, code, "read the network quotas of project p1", failure);
    }
}
