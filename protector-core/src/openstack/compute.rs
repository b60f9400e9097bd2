//! Nova.

mod servers;

pub use servers::{
    AttachedVolume, BlockDevice, NetworkInterface, NewServer, Server, ServerFault, ServerFlavor, ServerQuery,
    Servers,
};

use super::Microversion;

/// The microversion whose shapes these types have: the newest of OpenStack 2024.1.
pub const MICROVERSION: Microversion = Microversion::new(2, 96);
