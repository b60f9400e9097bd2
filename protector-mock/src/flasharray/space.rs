//! Space figures, worked out from sizes. Each kind of object has figures of its own (`FA_2_36` models Space, VolumeSpaceCommon,
//! SnapshotSpace, PodSpace, ArraySpace).

use serde_json::{Value, json};

/// `space` of an object that has no more than the common figures; bytes.
pub(super) fn space(provisioned: u64, used: u64) -> Value {
    json!({
        "data_reduction": 4.0, "footprint": used, "shared": 0, "snapshots": 0, "system": 0,
        "thin_provisioning": 0.5, "total_physical": used, "total_provisioned": provisioned, "total_reduction": 5.0,
        "total_used": used, "unique": used, "used_provisioned": provisioned, "virtual": used,
    })
}

fn with(mut space: Value, figures: &[(&str, u64)]) -> Value {
    if let Some(fields) = space.as_object_mut() {
        fields.extend(figures.iter().map(|(name, bytes)| ((*name).to_owned(), json!(bytes))));
    }
    space
}

/// That of a volume.
pub(super) fn of_volume(provisioned: u64, used: u64) -> Value {
    let figures = [("snapshots_effective", 0), ("total_effective", used), ("unique_effective", used)];
    with(space(provisioned, used), &figures)
}

/// That of a snapshot of a volume.
pub(super) fn of_snapshot(provisioned: u64, used: u64) -> Value {
    with(space(provisioned, used), &[("snapshots_effective", 0)])
}

/// That of a pod.
pub(super) fn of_pod(provisioned: u64, used: u64) -> Value {
    let figures = [("replication", 0), ("replication_effective", 0), ("shared_effective", 0)];
    with(space(provisioned, used), &figures)
}

/// That of an array.
pub(super) fn of_array(provisioned: u64, used: u64) -> Value {
    with(of_volume(provisioned, used), &[("replication", 0), ("shared_effective", 0)])
}
