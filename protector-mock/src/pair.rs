//! A pair, whole: two sites with their services, two arrays, and all that tells clients where they are.

mod addresses;
pub(crate) mod beginning;
mod census;
mod embedded;
mod error;
mod files;
mod folder;
mod names;
mod relocated;
mod services;
mod serving;

#[cfg(test)]
mod tests;

pub use addresses::{Addresses, Ports};
pub use beginning::Beginning;
pub use embedded::EmbeddedPair;
pub use error::PairError;
pub use folder::Folder;
pub use names::{ARRAYS, Place, SITES};
pub use services::reactions;
pub use serving::{ServedPair, Wanted};

use crate::cloud::{Release, Site};
use crate::estate::Estate;
use crate::flasharray::RequestLog;
use crate::gate::{Gate, Surroundings, Work};
use crate::http::Endpoint;
use crate::transport::SimulatedTransport;
use crate::world::World;
use protector_core::time::Clock;
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
    sites: Vec<(Arc<Site>, bool)>,
    endpoints: Vec<Placed>,
}

/// Something that answers, and where.
type Placed = (Place, Arc<dyn Endpoint>);

impl Pair {
    /// Puts the pair up in a world: all services and arrays that there are, each as clients see it at its address.
    ///
    /// # Errors
    /// The routes of a service contradict each other, or the world cannot be changed.
    pub fn new(world: Arc<World>, release: Release, addresses: &Addresses) -> Result<Self, PairError> {
        let site = |(name, array): (&'static str, &str), quiet| {
            Arc::new(Site {
                world: Arc::clone(&world),
                name: name.to_owned(),
                region: name.to_owned(),
                release,
                array: array.to_owned(),
                urls: addresses.services(name, quiet),
            })
        };
        let mut sites = Vec::new();
        let mut endpoints = Vec::new();
        let log = Arc::new(RequestLog::default());
        for quiet in [false, true] {
            let of_pair: Vec<_> = SITES.into_iter().zip(ARRAYS).map(|names| site(names, quiet)).collect();
            if !quiet {
                beginning::prepare(&world, &of_pair)?;
            }
            for site in of_pair {
                endpoints.extend(services::of_site(&site, quiet, addresses)?);
                sites.push((site, quiet));
            }
            endpoints.extend(services::arrays(&world, quiet, &log));
        }
        Ok(Self { world, sites, endpoints })
    }

    /// A pair in memory, for clients in the same process: they find everything at the testbed's addresses, by a
    /// [`SimulatedTransport`].
    ///
    /// # Errors
    /// A service refuses a part of the estate.
    pub fn in_memory(
        seed: u64,
        release: Release,
        clock: Arc<dyn Clock>,
        estate: Option<&Estate>,
    ) -> Result<(Self, Addresses), PairError> {
        let world = Arc::new(World::in_memory(seed, clock, reactions())?);
        let settings = Settings { seed, release, ports: Ports::default() };
        let addresses = Addresses::new(&settings.ports).ok_or(PairError::Ports { base: 0 })?;
        beginning::begin(&world, &settings, &addresses, estate)?;
        Ok((Self::new(world, release, &addresses)?, addresses))
    }

    /// The way to everything without sockets.
    ///
    /// # Errors
    /// The world cannot be read.
    pub fn transport(
        &self,
        addresses: &Addresses,
        clock: Arc<dyn Clock>,
    ) -> Result<(SimulatedTransport, Arc<Surroundings>), PairError> {
        let surroundings =
            Surroundings::new(Arc::clone(&self.world), Arc::clone(&clock), Work::Inline, None)?;
        let surroundings = Arc::new(surroundings);
        let mut transport = SimulatedTransport::new(clock);
        for (place, endpoint) in self.endpoints() {
            let origin = addresses.origin(place);
            let gate = Self::gate(place, endpoint, &origin, &surroundings);
            transport = transport.with(&origin, gate);
            if let Place::Array { array, quiet: false } = place {
                transport = transport.with_untrusted(&addresses.origin(Place::Expired { array }));
            }
        }
        Ok((transport, surroundings))
    }

    fn gate(
        place: Place,
        endpoint: &Arc<dyn Endpoint>,
        origin: &str,
        surroundings: &Arc<Surroundings>,
    ) -> Gate {
        let (name, endpoint, surroundings) =
            (place.to_string(), Arc::clone(endpoint), Arc::clone(surroundings));
        if place.is_quiet() {
            Gate::quiet(&name, endpoint, surroundings)
        } else {
            Gate::watched(&name, origin, endpoint, surroundings)
        }
    }

    /// The world that it is in.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Its sites, as those see them who come where faults are, or quietly.
    pub fn sites(&self, quiet: bool) -> impl Iterator<Item = &Site> {
        self.sites.iter().filter(move |(_, quietly)| *quietly == quiet).map(|(site, _)| &**site)
    }

    /// Everything that answers, and where.
    pub fn endpoints(&self) -> impl Iterator<Item = (Place, &Arc<dyn Endpoint>)> {
        self.endpoints.iter().map(|(place, endpoint)| (*place, endpoint))
    }
}
