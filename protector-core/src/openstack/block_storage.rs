//! Cinder.

mod group_snapshots;
mod group_types;
mod groups;
mod limits;
mod manageable_volumes;
mod pools;
mod quotas;
mod services;
mod snapshots;
mod volume_types;
mod volumes;

pub use crate::openstack::QuotaUsage;
pub use group_snapshots::{GroupSnapshot, GroupSnapshotQuery, GroupSnapshots, NewGroupSnapshot};
pub use group_types::{GroupType, GroupTypes};
pub use groups::{Group, GroupQuery, Groups, NewGroup, ReplicationTarget, volume_batches};
pub use limits::{Limits, VolumeLimits};
pub use manageable_volumes::{ManageableVolume, ManageableVolumes, VolumeToManage};
pub use pools::{Pool, PoolCapabilities, Pools};
pub use quotas::Quotas;
pub use services::{VolumeService, VolumeServices};
pub use snapshots::{Snapshot, SnapshotQuery, Snapshots};
pub use volume_types::{VolumeType, VolumeTypeEncryption, VolumeTypes};
pub use volumes::{NewVolume, Volume, VolumeAttachment, VolumeQuery, VolumeUpdate, Volumes};

use super::{ApiRequest, Microversion, Service};
use crate::transport::Semantics;
use http::Method;

/// Bytes in a GiB, which Cinder counts in.
pub const GIB: u64 = 1 << 30;

/// The microversion whose shapes these types have; OpenStack 2024.1 offers up to 3.71.
// cinder/api/openstack/rest_api_version_history.rst, 2026.2
pub const MICROVERSION: Microversion = Microversion::new(3, 70);

fn read(path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::get(Service::BlockStorage, path, purpose).at(MICROVERSION)
}

fn change(method: Method, semantics: Semantics, path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::new(Service::BlockStorage, method, semantics, path, purpose).at(MICROVERSION)
}

#[cfg(test)]
mod tests;
