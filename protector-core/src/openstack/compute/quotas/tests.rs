use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;
use serde_json::json;

#[tokio::test]
async fn usage_is_read_by_kind() {
    let path = "/os-quota-sets/p1/detail";
    let usage = Exchange::new(Service::Compute, "GET", path, "read the compute quotas of project p1")
        .answer(
            200,
            json!({"quota_set": {"id": "p1", "cores": {"limit": 20, "in_use": 6, "reserved": 1},
                "ram": {"limit": -1, "in_use": 1024, "reserved": 0}}}),
        )
        .check(async |session| ComputeQuotas::new(&session).usage(&Context::default(), &"p1".into()).await)
        .await;
    assert_eq!(usage.len(), 2);
    assert_eq!(usage.get("cores"), Some(&QuotaUsage { limit: 20, in_use: 6, reserved: 1 }));
    let free: Vec<_> = usage.values().map(|usage| usage.free()).collect();
    assert_eq!(free, [Some(13), None]);
}
