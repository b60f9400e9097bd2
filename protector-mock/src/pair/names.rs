use crate::cloud::ServiceKind;
use std::fmt;

/// The two sites.
pub const SITES: [&str; 2] = ["site-a", "site-b"];

/// Their arrays, in the same order.
pub const ARRAYS: [&str; 2] = ["array-a", "array-b"];

/// What listens somewhere. Its text is its name in fault rules and in the record of requests.
///
/// Every service and array listens twice: where faults, latency and the record are, for those whose behaviour is of
/// interest; and quietly, for those who set a scene and watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A service of a site.
    Service {
        /// The site.
        site: &'static str,
        /// The service.
        kind: ServiceKind,
        /// Without faults.
        quiet: bool,
    },
    /// An array.
    Array {
        /// The array.
        array: &'static str,
        /// Without faults.
        quiet: bool,
    },
    /// An array behind a certificate that has expired.
    Expired {
        /// The array.
        array: &'static str,
    },
    /// The window for tests.
    Admin,
}

impl Place {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let quietly = [false, true];
        let services = quietly.into_iter().flat_map(|quiet| {
            SITES.into_iter().flat_map(move |site| {
                ServiceKind::ALL.into_iter().map(move |kind| Self::Service { site, kind, quiet })
            })
        });
        let arrays = quietly
            .into_iter()
            .flat_map(|quiet| ARRAYS.into_iter().map(move |array| Self::Array { array, quiet }));
        let expired = ARRAYS.into_iter().map(|array| Self::Expired { array });
        services.chain(arrays).chain(expired).chain([Self::Admin]).collect()
    }

    /// Whether it is spoken to over TLS.
    pub fn encrypted(self) -> bool {
        matches!(self, Self::Array { .. } | Self::Expired { .. })
    }

    /// Whether faults and the record leave it out.
    pub fn is_quiet(self) -> bool {
        matches!(self, Self::Service { quiet: true, .. } | Self::Array { quiet: true, .. } | Self::Admin)
    }

    /// How far its port is from the base port: as on the testbed, where the way through the proxy is the one with faults.
    pub(super) fn offset(self) -> u16 {
        let index = |names: [&str; 2], name: &str| u16::from(names[1] == name);
        match self {
            Self::Service { site, kind, quiet } => {
                let thousands = 1 + index(SITES, site) + if quiet { 0 } else { 2 };
                let port = match kind {
                    ServiceKind::Identity => 0,
                    ServiceKind::Compute => 74,
                    ServiceKind::BlockStorage => 76,
                    ServiceKind::Image => 92,
                    ServiceKind::Network => 96,
                };
                1000 * thousands + port
            }
            Self::Array { array, quiet: true } => 443 + index(ARRAYS, array),
            Self::Array { array, quiet: false } => 543 + index(ARRAYS, array),
            Self::Expired { array } => 643 + index(ARRAYS, array),
            Self::Admin => 500,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quietly = |quiet: &bool| if *quiet { "/quiet" } else { "" };
        match self {
            Self::Service { site, kind, quiet } => {
                write!(formatter, "{site}/{}{}", kind.name(), quietly(quiet))
            }
            Self::Array { array, quiet } => write!(formatter, "{array}{}", quietly(quiet)),
            Self::Expired { array } => write!(formatter, "{array}/expired"),
            Self::Admin => formatter.write_str("admin"),
        }
    }
}
