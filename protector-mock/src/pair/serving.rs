use super::{Addresses, Beginning, Folder, Pair, PairError, Place, Ports, Settings, beginning, files};
use crate::admin::Admin;
use crate::cloud::Release;
use crate::faults::Profile;
use crate::gate::{AccessLog, Gate, Surroundings, Work};
use crate::http::Endpoint;
use crate::server::Server;
use crate::world::Pace;
use protector_core::time::Clock;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// What is wanted of a pair that is served. What is not said is as it was at the last start in this folder, or else as
/// usual.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The seed of a new world.
    pub seed: Option<u64>,
    /// The release.
    pub release: Option<Release>,
    /// From where the ports are counted; 0 takes free ones.
    pub base_port: Option<u16>,
    /// What there is in a new world.
    pub beginning: Beginning,
    /// How the world's time passes.
    pub pace: Option<Pace>,
    /// Files with rules and settings.
    pub profiles: Vec<PathBuf>,
}

/// A pair on sockets.
#[derive(Debug)]
pub struct ServedPair {
    pair: Pair,
    folder: Folder,
    addresses: Addresses,
    server: Server,
}

impl ServedPair {
    /// Starts the pair of a folder, or a new one, and writes the files that lead clients to it.
    ///
    /// # Errors
    /// The folder holds something else, a port is taken, or a file cannot be written.
    pub async fn start(folder: Folder, wanted: &Wanted, clock: Arc<dyn Clock>) -> Result<Self, PairError> {
        let kept = folder.settings()?;
        let ports = match (wanted.base_port, &kept) {
            (Some(0), _) | (None, None) => None,
            (Some(base), _) => Some(Ports::From(base)),
            (None, Some(kept)) => Some(kept.ports.clone()),
        };
        let (ports, addresses, mut listeners) = listen(ports).await?;
        let settings = Settings {
            seed: kept.as_ref().map(|kept| kept.seed).or(wanted.seed).unwrap_or(1),
            release: wanted.release.or(kept.map(|kept| kept.release)).unwrap_or_default(),
            ports,
        };
        let world = beginning::world(&folder, &settings, &addresses, &wanted.beginning, &clock)?;
        let pair = Pair::new(Arc::clone(&world), settings.release, &addresses)?;
        let certificates = folder.certificates()?;
        folder.keep(&settings)?;
        files::write(&folder, &addresses)?;
        let record = folder.path("log/requests.jsonl");
        let surroundings = Surroundings::new(world, Arc::clone(&clock), Work::OnThreads, Some(&record))?;
        let surroundings = Arc::new(surroundings);
        if let Some(pace) = wanted.pace {
            surroundings.set_pace(pace)?;
        }
        for path in &wanted.profiles {
            surroundings.apply(&Profile::read(path)?, path)?;
        }
        let (valid, outdated) = (certificates.valid()?, certificates.outdated()?);
        let server = Server::new(clock);
        for (place, gate) in gates(&pair, &folder, &addresses, &surroundings)? {
            if let Some(listener) = listeners.remove(&place) {
                let tls = match place {
                    Place::Expired { .. } => Some(Arc::clone(&outdated)),
                    place => place.encrypted().then(|| Arc::clone(&valid)),
                };
                server.serve(listener, tls, gate);
            }
        }
        Ok(Self { pair, folder, addresses, server })
    }

    /// What is served.
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// Where everything is found.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// A file of the pair: `clouds.yaml`, `protector.yaml`, `bed.json`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// Ends it; requests that are under way are let end.
    pub async fn end(self) {
        self.server.end(Duration::from_secs(5)).await;
    }
}

/// The way to everything that answers.
fn gates(
    pair: &Pair,
    folder: &Folder,
    addresses: &Addresses,
    surroundings: &Arc<Surroundings>,
) -> Result<Vec<(Place, Gate)>, PairError> {
    let gate = |place: Place, endpoint: &Arc<dyn Endpoint>| {
        Pair::gate(place, endpoint, &addresses.origin(place), surroundings)
    };
    let mut logs = BTreeMap::new();
    let mut log = |site: &'static str, kind| -> Result<Arc<AccessLog>, PairError> {
        match logs.entry((site, kind)) {
            Entry::Occupied(entry) => Ok(Arc::clone(entry.get())),
            Entry::Vacant(entry) => {
                let path = folder.path(&files::access_log(site, kind));
                let log = AccessLog::open(&path).map_err(|source| PairError::File { path, source })?;
                Ok(Arc::clone(entry.insert(Arc::new(log))))
            }
        }
    };
    let mut gates = Vec::new();
    for (place, endpoint) in pair.endpoints() {
        let made = gate(place, endpoint);
        let made = match place {
            Place::Service { site, kind, .. } => made.logged(log(site, kind)?),
            _ => made,
        };
        gates.push((place, made));
        if let Place::Array { array, quiet: false } = place {
            let expired = Place::Expired { array };
            gates.push((expired, gate(expired, endpoint)));
        }
    }
    let admin: Arc<dyn Endpoint> = Arc::new(Admin::new(Arc::clone(surroundings)));
    gates.push((Place::Admin, gate(Place::Admin, &admin)));
    Ok(gates)
}

/// Takes all ports.
async fn listen(ports: Option<Ports>) -> Result<(Ports, Addresses, BTreeMap<Place, TcpListener>), PairError> {
    let taken = async |place: Place, address: SocketAddr| {
        TcpListener::bind(address).await.map_err(|source| PairError::Listen {
            address,
            place: place.to_string(),
            source,
        })
    };
    let mut listeners = BTreeMap::new();
    let ports = if let Some(ports) = ports {
        ports
    } else {
        let mut each = BTreeMap::new();
        for place in Place::all() {
            let listener = taken(place, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
            let port = listener.local_addr().map_or(0, |address| address.port());
            each.insert(place.to_string(), port);
            listeners.insert(place, listener);
        }
        Ports::Each(each)
    };
    let addresses = Addresses::new(&ports).ok_or(PairError::Ports {
        base: match ports {
            Ports::From(base) => base,
            Ports::Each(_) => 0,
        },
    })?;
    for place in Place::all() {
        if let Entry::Vacant(entry) = listeners.entry(place) {
            entry.insert(taken(place, addresses.socket(place)).await?);
        }
    }
    Ok((ports, addresses, listeners))
}
