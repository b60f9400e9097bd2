//! Cinder.

mod group_types;
mod groups;
mod quotas;
mod volume_types;
mod volumes;

pub use crate::openstack::QuotaUsage;
pub use group_types::{GroupType, GroupTypes};
pub use groups::{Group, GroupQuery, Groups, NewGroup, volume_batches};
pub use quotas::Quotas;
pub use volume_types::{VolumeType, VolumeTypes};
pub use volumes::{NewVolume, Volume, VolumeAttachment, VolumeQuery, Volumes};

use super::{ApiRequest, Microversion, Service};
use crate::transport::Semantics;
use http::Method;

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
