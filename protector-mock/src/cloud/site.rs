use crate::world::World;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The services of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceKind {
    /// Keystone.
    Identity,
    /// Nova.
    Compute,
    /// Cinder.
    BlockStorage,
    /// Neutron.
    Network,
    /// Glance.
    Image,
}

impl ServiceKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Identity, Self::Compute, Self::BlockStorage, Self::Network, Self::Image];

    /// Its name in logs and fault rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Compute => "compute",
            Self::BlockStorage => "block-storage",
            Self::Network => "network",
            Self::Image => "image",
        }
    }
}

/// The release that a site behaves like, where it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Release {
    /// 2024.1, "Caracal".
    #[serde(rename = "2024.1")]
    R2024_1,
    /// 2026.2.
    #[default]
    #[serde(rename = "2026.2")]
    R2026_2,
}

/// One simulated OpenStack site. Its name is the scope of everything that is there.
#[derive(Debug)]
pub struct Site {
    /// The world that it is part of.
    pub world: Arc<World>,
    /// Its name.
    pub name: String,
    /// The name of its region.
    pub region: String,
    /// The release that it behaves like.
    pub release: Release,
    /// The array behind its Cinder.
    pub array: String,
    /// Where each service is found, without version or slash at the end: `http://127.0.0.1:16074`.
    pub urls: BTreeMap<ServiceKind, String>,
}

impl Site {
    /// Where a service is found.
    pub fn url(&self, kind: ServiceKind) -> &str {
        self.urls.get(&kind).map_or("", String::as_str)
    }
}
