use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;
use serde_json::json;

async fn pools(pools: Value) -> Vec<Pool> {
    Exchange::new(Service::BlockStorage, "GET", "/scheduler-stats/get_pools?detail=true", "list pools")
        .answer(200, json!({"pools": pools}))
        .check(async |session| Pools::new(&session).list(&Context::default()).await)
        .await
}

#[tokio::test]
async fn pools_are_listed_as_the_pure_driver_reports_them() {
    let found = pools(json!([{"name": "site-a@pure#pure", "capabilities": {
        "volume_backend_name": "pure", "vendor_name": "Pure Storage", "driver_version": "23.0.iscsi",
        "storage_protocol": "iSCSI", "multiattach": true, "consistent_group_replication_enabled": true,
        "consistent_group_snapshot_enabled": true, "total_capacity_gb": 512.0, "free_capacity_gb": 500.5,
        "filter_function": null, "replication_enabled": true, "replication_type": ["async"], "replication_count": 1,
        "replication_targets": ["array-b"], "backend_state": "up", "timestamp": "2026-11-22T16:15:17.854346"}}]))
    .await;
    let expected = Pool {
        name: "site-a@pure#pure".to_owned(),
        capabilities: PoolCapabilities {
            volume_backend_name: Some("pure".to_owned()),
            driver_version: Some("23.0.iscsi".to_owned()),
            total_capacity_gb: Some(512.0),
            free_capacity_gb: Some(500.5),
            replication_enabled: true,
            replication_type: vec!["async".to_owned()],
            replication_targets: vec!["array-b".to_owned()],
            consistent_group_snapshot_enabled: true,
            consistent_group_replication_enabled: true,
            backend_state: Some("up".to_owned()),
        },
    };
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn pools_of_drivers_with_their_own_ways_are_listed() {
    let found = pools(json!([
        {"name": "h@lvm#lvm", "capabilities": {}},
        {"name": "h@odd#odd", "capabilities": {"total_capacity_gb": "infinite", "free_capacity_gb": "unknown",
            "replication_enabled": "<is> True", "replication_type": "async", "replication_targets": null,
            "consistent_group_snapshot_enabled": "False", "consistent_group_replication_enabled": null}}]))
    .await;
    let [lvm, odd] = found.try_into().unwrap();
    assert_eq!(lvm.capabilities, PoolCapabilities::default());
    let expected = PoolCapabilities {
        replication_enabled: true,
        replication_type: vec!["async".to_owned()],
        ..PoolCapabilities::default()
    };
    assert_eq!(odd.capabilities, expected);
}
