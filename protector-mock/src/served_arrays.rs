//! Arrays on sockets, without sites: for clouds that are real.

#[cfg(test)]
mod tests;

use crate::arrays::{REACTIONS, Refused, change_settings, systems};
use crate::flasharray::{FlashArray, RequestLog};
use crate::gate::{Gate, Surroundings, SurroundingsError, Work};
use crate::server::Server;
use crate::world::{OpenError, Reactions, World, WorldError};
use protector_core::time::Clock;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// One array, as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedArray {
    /// Its name.
    pub name: String,
    /// Its port on the loopback; 0 takes a free one.
    pub port: u16,
    /// The token of its user.
    pub token: String,
}

impl FromStr for WantedArray {
    type Err = String;

    /// Reads `NAME:PORT:TOKEN`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(3, ':').collect();
        let [name, port, token] = parts[..] else {
            return Err("an array is told as NAME:PORT:TOKEN".to_owned());
        };
        let port = port.parse().map_err(|_| format!("{port} is not a port"))?;
        if name.is_empty() || token.is_empty() {
            return Err("an array has a name and a token".to_owned());
        }
        Ok(Self { name: name.to_owned(), port, token: token.to_owned() })
    }
}

/// What is wanted of arrays that are served.
#[derive(Debug, Default)]
pub struct WantedArrays {
    /// The arrays.
    pub arrays: Vec<WantedArray>,
    /// How they prove who they are; without it they speak plain HTTP.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The file of their world, made if there is none; without it the world ends with the process.
    pub state: Option<PathBuf>,
    /// The file that every request is appended to.
    pub requests: Option<PathBuf>,
    /// The settings of a new world that differ from the usual ones. A world that is there keeps its own.
    pub settings: Map<String, Value>,
}

/// Arrays on sockets.
#[derive(Debug)]
pub struct ServedArrays {
    ports: BTreeMap<String, u16>,
    server: Server,
}

/// Arrays could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServedArraysError {
    /// Their world cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Their world cannot be read or changed.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A setting is not known, or has a value that it cannot have.
    #[error("a setting cannot be used")]
    Setting(#[from] Refused),
    /// A port is taken.
    #[error("failed to listen on {address} for {array}: end what listens there, or choose another port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// For which array.
        array: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The record of requests cannot be written.
    #[error("failed to open {} for the record of requests", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What lies around them could not be set up.
    #[error(transparent)]
    Surroundings(#[from] SurroundingsError),
}

impl ServedArrays {
    /// Starts them.
    ///
    /// # Errors
    /// Their world or a setting cannot be used, a port is taken, or the record cannot be written.
    pub async fn start(wanted: &WantedArrays, clock: Arc<dyn Clock>) -> Result<Self, ServedArraysError> {
        let mut listeners = Vec::new();
        for array in &wanted.arrays {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, array.port));
            let failed = |source| ServedArraysError::Listen { address, array: array.name.clone(), source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let port = listener.local_addr().map_err(failed)?.port();
            listeners.push((array, port, listener));
        }
        let log = Arc::new(match &wanted.requests {
            Some(path) => RequestLog::appending(path)
                .map_err(|source| ServedArraysError::Record { path: path.clone(), source })?,
            None => RequestLog::default(),
        });
        let world = Arc::new(world(wanted, &clock)?);
        let surroundings =
            Arc::new(Surroundings::new(Arc::clone(&world), Arc::clone(&clock), Work::OnThreads, None)?);
        let (mut ports, server) = (BTreeMap::new(), Server::new(clock));
        for (array, port, listener) in listeners {
            let endpoint = FlashArray::new(Arc::clone(&world), &array.name, Arc::clone(&log));
            let gate = Gate::quiet(&array.name, Arc::new(endpoint), Arc::clone(&surroundings));
            server.serve(listener, wanted.tls.clone(), gate);
            ports.insert(array.name.clone(), port);
        }
        Ok(Self { ports, server })
    }

    /// Where they listen, by name.
    pub fn ports(&self) -> &BTreeMap<String, u16> {
        &self.ports
    }

    /// Ends them; requests that are under way are let end.
    pub async fn end(self) {
        self.server.end(Duration::from_secs(5)).await;
    }
}

fn world(wanted: &WantedArrays, clock: &Arc<dyn Clock>) -> Result<World, ServedArraysError> {
    let reactions = Reactions::default().with(REACTIONS);
    let seed = uuid::Uuid::new_v4().as_u64_pair().0;
    let world = match &wanted.state {
        Some(path) => World::open(path, seed, Arc::clone(clock), reactions)?,
        None => World::in_memory(seed, Arc::clone(clock), reactions)?,
    };
    world.transact::<_, ServedArraysError>(|transaction| {
        if systems::list(transaction)?.is_empty() {
            change_settings(transaction, &wanted.settings)?;
        }
        for array in &wanted.arrays {
            systems::add(transaction, &array.name, &array.token)?;
        }
        Ok(())
    })?;
    Ok(world)
}
