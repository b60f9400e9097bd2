use crate::cloud::Fault;
use crate::estate::EstateError;
use crate::faults::ProfileError;
use crate::gate::SurroundingsError;
use crate::server::CertificatesError;
use crate::world::{OpenError, WorldError};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A pair could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// Its world cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its world cannot be read or changed.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Two routes of a service contradict each other.
    #[error("failed to put a service up")]
    Routes(#[from] matchit::InsertError),
    /// The base port leaves no room above it.
    #[error("the ports of a pair do not fit above {base}: choose one below 61000")]
    Ports {
        /// The base port.
        base: u16,
    },
    /// A port is taken.
    #[error("failed to listen on {address} for {place}: end what listens there, or choose other ports")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// For what.
        place: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What was named as the pair's folder is none.
    #[error("{} is no folder: name one for the pair, new or empty or of a pair", path.display())]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("failed to read or write {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the pair holds something else.
    #[error("{} is not what a pair wrote: {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A profile of faults or latencies cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// What lies around its endpoints could not be set up.
    #[error(transparent)]
    Surroundings(#[from] SurroundingsError),
    /// Its estate cannot be built.
    #[error(transparent)]
    Estate(#[from] EstateError),
    /// A service refuses what a pair always has.
    #[error("failed to prepare a site")]
    Prepared(#[from] Fault),
    /// No certificates.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
}
