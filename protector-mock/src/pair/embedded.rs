use super::{Addresses, Folder, Pair, PairError, Ports, Settings, Wanted, beginning, files};
use crate::faults::Profile;
use crate::gate::Surroundings;
use crate::transport::{SimulatedTransport, SimulatedTransports};
use protector_core::time::Clock;
use protector_core::transport::TransportFactory;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A pair of a folder, without sockets: for protector in the same process.
#[derive(Debug)]
pub struct EmbeddedPair {
    pair: Pair,
    folder: Folder,
    addresses: Addresses,
    transport: Arc<SimulatedTransport>,
    surroundings: Arc<Surroundings>,
}

impl EmbeddedPair {
    /// Begins the pair of a folder, or a new one, and writes the files that lead protector to it. It is the pair that
    /// [`ServedPair`](super::ServedPair) would serve.
    ///
    /// # Errors
    /// The folder holds something else, or a file cannot be written.
    pub fn start(folder: Folder, wanted: &Wanted, clock: &Arc<dyn Clock>) -> Result<Self, PairError> {
        let kept = folder.settings()?;
        let settings = Settings {
            seed: kept.as_ref().map(|kept| kept.seed).or(wanted.seed).unwrap_or(1),
            release: wanted.release.or(kept.as_ref().map(|kept| kept.release)).unwrap_or_default(),
            ports: match (wanted.base_port.filter(|base| *base > 0), kept) {
                (Some(base), _) => Ports::From(base),
                (None, Some(kept)) => kept.ports,
                (None, None) => Ports::default(),
            },
        };
        let addresses = Addresses::new(&settings.ports)
            .ok_or(PairError::Ports { base: wanted.base_port.unwrap_or_default() })?;
        let world = beginning::world(&folder, &settings, &addresses, &wanted.beginning, clock)?;
        let pair = Pair::new(world, settings.release, &addresses)?;
        folder.certificates()?;
        folder.keep(&settings)?;
        files::write(&folder, &addresses)?;
        let (transport, surroundings) = pair.transport(&addresses, Arc::clone(clock))?;
        if let Some(pace) = wanted.pace {
            surroundings.set_pace(pace)?;
        }
        let embedded = Self { pair, folder, addresses, transport: Arc::new(transport), surroundings };
        for path in &wanted.profiles {
            embedded.apply(&Profile::read(path)?, path)?;
        }
        Ok(embedded)
    }

    /// What is simulated.
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// Where everything is found by the transport.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The way to everything.
    pub fn transport(&self) -> &Arc<SimulatedTransport> {
        &self.transport
    }

    /// The same, for the builder of `Protector`.
    pub fn transports(&self) -> Arc<dyn TransportFactory> {
        Arc::new(SimulatedTransports(Arc::clone(&self.transport)))
    }

    /// A file of the pair: `clouds.yaml`, `protector.yaml`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.root()
    }

    /// Adds the rules and sets the settings of a profile; `path` is what it is called.
    ///
    /// # Errors
    /// A rule cannot be understood, or the world not be changed.
    pub fn apply(&self, profile: &Profile, path: &Path) -> Result<(), PairError> {
        Ok(self.surroundings.apply(profile, path)?)
    }

    /// Rules, the record of requests, and what else lies around the endpoints.
    pub fn surroundings(&self) -> &Arc<Surroundings> {
        &self.surroundings
    }
}
