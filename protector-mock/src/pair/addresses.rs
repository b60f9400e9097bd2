use super::Place;
use crate::cloud::ServiceKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// Where a pair's ports are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ports {
    /// Each at its distance from this one.
    From(u16),
    /// Each by its name, as they were free once.
    Each(BTreeMap<String, u16>),
}

/// Where everything is found: an origin for each place, `http://127.0.0.1:23074`.
#[derive(Debug, Clone)]
pub struct Addresses {
    ports: BTreeMap<Place, u16>,
}

impl Default for Ports {
    fn default() -> Self {
        Self::From(20_000)
    }
}

impl Addresses {
    /// Those of the ports; `None` if a place has none, or one that does not exist.
    pub fn new(ports: &Ports) -> Option<Self> {
        let port = |place: Place| match ports {
            Ports::From(base) => base.checked_add(place.offset()),
            Ports::Each(each) => each.get(&place.to_string()).copied(),
        };
        let ports =
            Place::all().into_iter().map(|place| Some((place, port(place)?))).collect::<Option<_>>()?;
        Some(Self { ports })
    }

    /// The socket of a place.
    pub fn socket(&self, place: Place) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.get(&place).copied().unwrap_or_default()).into()
    }

    /// The origin of a place.
    pub fn origin(&self, place: Place) -> String {
        let scheme = if place.encrypted() { "https" } else { "http" };
        format!("{scheme}://{}", self.socket(place))
    }

    /// The origins of a site's services.
    pub fn services(&self, site: &'static str, quiet: bool) -> BTreeMap<ServiceKind, String> {
        ServiceKind::ALL
            .into_iter()
            .map(|kind| (kind, self.origin(Place::Service { site, kind, quiet })))
            .collect()
    }
}
