//! Space figures, worked out from sizes.

use serde_json::{Value, json};

/// An object's `space`; bytes.
pub(super) fn space(provisioned: u64, used: u64) -> Value {
    json!({
        "data_reduction": 4.0, "footprint": used, "shared": 0, "snapshots": 0, "system": 0, "replication": 0,
        "thin_provisioning": 0.5, "total_physical": used, "total_provisioned": provisioned, "total_reduction": 5.0,
        "total_used": used, "unique": used, "used_provisioned": provisioned, "virtual": used,
        "snapshots_effective": 0, "total_effective": used, "unique_effective": used, "shared_effective": 0,
        "replication_effective": 0, "system_effective": 0, "written": used, "encryption": null,
    })
}
