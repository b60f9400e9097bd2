//! Nova.

mod availability_zones;
mod flavors;
mod interfaces;
mod keypairs;
mod limits;
mod quotas;
mod server_groups;
mod servers;
mod services;
mod volume_attachments;

pub use availability_zones::{AvailabilityZone, AvailabilityZones};
pub use flavors::{Flavor, Flavors};
pub use interfaces::{Interface, InterfaceAddress, Interfaces};
pub use keypairs::{Keypair, Keypairs};
pub use limits::{ComputeLimits, Limits};
pub use quotas::ComputeQuotas;
pub use server_groups::{ServerGroup, ServerGroupPolicy, ServerGroups};
pub use servers::{
    AttachedVolume, BlockDevice, NetworkInterface, NewServer, Server, ServerAddress, ServerFault,
    ServerFlavor, ServerQuery, ServerUpdate, Servers,
};
pub use services::{ComputeService, ComputeServices};
pub use volume_attachments::{NewVolumeAttachment, VolumeAttachment, VolumeAttachments};

use super::{ApiRequest, Microversion, Service};
use crate::transport::Semantics;
use http::Method;

/// The microversion whose shapes these types have: the newest of OpenStack 2024.1.
pub const MICROVERSION: Microversion = Microversion::new(2, 96);

fn read(path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::get(Service::Compute, path, purpose).at(MICROVERSION)
}

fn change(method: Method, semantics: Semantics, path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::new(Service::Compute, method, semantics, path, purpose).at(MICROVERSION)
}

#[cfg(test)]
mod tests;
