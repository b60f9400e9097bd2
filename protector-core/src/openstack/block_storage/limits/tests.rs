use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;
use serde_json::json;

fn exchange(absolute: &Value) -> Exchange {
    Exchange::new(Service::BlockStorage, "GET", "/limits", "read the volume limits")
        .answer(200, json!({"limits": {"rate": [], "absolute": absolute}}))
}

#[tokio::test]
async fn limits_are_read_with_what_is_used() {
    let limits = exchange(&json!({"maxTotalVolumes": 10, "maxTotalSnapshots": 11, "maxTotalVolumeGigabytes": -1,
        "maxTotalBackups": 10, "maxTotalBackupGigabytes": 1000, "totalVolumesUsed": 1, "totalGigabytesUsed": 2,
        "totalSnapshotsUsed": 3, "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0}))
    .check(async |session| Limits::new(&session).get(&Context::default()).await)
    .await;
    let expected = VolumeLimits {
        max_volumes: 10,
        max_gigabytes: -1,
        max_snapshots: 11,
        volumes_used: Some(1),
        gigabytes_used: Some(2),
        snapshots_used: Some(3),
    };
    assert_eq!(limits, expected);
}

#[tokio::test]
async fn limits_are_read_where_policy_hides_what_is_used() {
    let limits =
        exchange(&json!({"maxTotalVolumes": 10, "maxTotalSnapshots": 11, "maxTotalVolumeGigabytes": 100}))
            .check(async |session| Limits::new(&session).get(&Context::default()).await)
            .await;
    assert_eq!((limits.volumes_used, limits.gigabytes_used, limits.snapshots_used), (None, None, None));
}
