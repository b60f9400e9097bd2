use super::{HttpTransport, TlsSettings, Transport, TransportBuildError};
use crate::id::{ArrayName, SiteName};
use std::fmt;
use std::sync::Arc;

/// What a transport leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// The services of a site.
    Site(SiteName),
    /// The management interface of an array.
    Array(ArrayName),
    /// Whatever address a person's hooks name.
    Webhooks,
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(name) => write!(formatter, "site {name}"),
            Self::Array(name) => write!(formatter, "array {name}"),
            Self::Webhooks => formatter.write_str("webhooks"),
        }
    }
}

/// Makes the transports to sites and arrays; handed to the builder of `Protector`.
pub trait TransportFactory: Send + Sync + fmt::Debug {
    /// Makes the transport to a destination. Sends nothing yet.
    ///
    /// # Errors
    /// The TLS settings cannot be used.
    fn open(
        &self,
        destination: &Destination,
        tls: &TlsSettings,
    ) -> Result<Arc<dyn Transport>, TransportBuildError>;
}

/// Over the network: an [`HttpTransport`] for each destination.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpTransports;

impl TransportFactory for HttpTransports {
    fn open(&self, _: &Destination, tls: &TlsSettings) -> Result<Arc<dyn Transport>, TransportBuildError> {
        Ok(Arc::new(HttpTransport::new(tls)?))
    }
}
