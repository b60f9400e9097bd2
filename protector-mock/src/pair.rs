//! A pair, whole: two sites with their services, two arrays, and all that tells clients where they are.

mod addresses;
mod error;
mod files;
mod folder;
mod names;
mod services;
mod serving;

pub use addresses::{Addresses, Ports};
pub use error::PairError;
pub use folder::Folder;
pub use names::{ARRAYS, Place, SITES};
pub use services::reactions;
pub use serving::{ServedPair, Wanted};

use crate::cloud::{Release, Site};
use crate::http::Endpoint;
use crate::world::World;
use std::sync::Arc;

/// What a pair may differ in. It is kept in the pair's folder: a later start has the same.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Settings {
    /// Where everything that looks random begins.
    pub seed: u64,
    /// The release that both sites behave like.
    pub release: Release,
    /// Where everything listens.
    pub ports: Ports,
}

/// A pair on a world, without sockets.
#[derive(Debug)]
pub struct Pair {
    world: Arc<World>,
    endpoints: Vec<services::Placed>,
}

impl Pair {
    /// Puts the pair up in a world: all services and arrays that there are, each as clients see it at its address.
    ///
    /// # Errors
    /// The routes of a service contradict each other.
    pub fn new(world: Arc<World>, release: Release, addresses: &Addresses) -> Result<Self, PairError> {
        let mut endpoints = Vec::new();
        for quiet in [false, true] {
            for (site, array) in SITES.into_iter().zip(ARRAYS) {
                let site = Arc::new(Site {
                    world: Arc::clone(&world),
                    name: site.to_owned(),
                    region: site.to_owned(),
                    release,
                    array: array.to_owned(),
                    urls: addresses.services(site, quiet),
                });
                endpoints.extend(services::of_site(&site, quiet)?);
            }
        }
        Ok(Self { world, endpoints })
    }

    /// The world that it is in.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Everything that answers, and where.
    pub fn endpoints(&self) -> impl Iterator<Item = (Place, &Arc<dyn Endpoint>)> {
        self.endpoints.iter().map(|(place, endpoint)| (*place, endpoint))
    }
}
