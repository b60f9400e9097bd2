use super::{Microversion, Service};
use crate::error::{Class, Code, Coded};
use crate::id::SiteName;
use crate::transport::CallError;
use std::fmt;

/// A request to a service failed.
#[derive(Debug)]
pub struct Error {
    /// The service.
    pub service: Service,
    /// The site.
    pub site: SiteName,
    /// What the service meant.
    pub meaning: Box<Meaning>,
}

/// What the service meant by its failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Meaning {
    /// The object is not there, or not visible to this project.
    #[error("not found")]
    NotFound(#[source] CallError),
    /// The object is in use, or changing.
    #[error("conflict ({kind:?})")]
    Conflict {
        /// What kind of conflict.
        kind: ConflictKind,
        /// The call.
        #[source]
        source: CallError,
    },
    /// A quota does not allow it.
    #[error("quota exceeded")]
    Quota(#[source] CallError),
    /// The role does not allow it.
    #[error("forbidden")]
    Forbidden(#[source] CallError),
    /// The service refused the request as it stands.
    #[error("refused")]
    Refused(#[source] CallError),
    /// The call failed otherwise.
    #[error("call failed")]
    Call(#[source] CallError),
    /// The service does not offer what is needed.
    #[error("{purpose} needs version {needed} of {service}, {offered} is the newest offered")]
    Version {
        /// What was to be done.
        purpose: String,
        /// The service.
        service: Service,
        /// The version needed.
        needed: Microversion,
        /// The newest offered.
        offered: Microversion,
    },
    /// The catalog has no endpoint of the service.
    #[error("the catalog has no {interface} endpoint of {service} in region {region}")]
    NoEndpoint {
        /// The service.
        service: Service,
        /// The interface asked for.
        interface: &'static str,
        /// The region, or `any`.
        region: String,
    },
    /// An address in the catalog or the configuration leads nowhere.
    #[error("{address} is no usable address of {service}")]
    BadAddress {
        /// The service.
        service: Service,
        /// The address.
        address: String,
    },
    /// A list repeats itself.
    #[error("the list of {collection} repeats the marker {marker}")]
    EndlessList {
        /// The collection.
        collection: &'static str,
        /// The marker that came twice.
        marker: String,
    },
    /// More than one object has the name.
    #[error("more than one {kind} is named {name}")]
    Ambiguous {
        /// The kind of object.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// An object came to an end state that was not waited for.
    #[error("{kind} {id} is {status}{}", reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    EndState {
        /// The kind of object.
        kind: &'static str,
        /// Its id.
        id: String,
        /// Its status.
        status: String,
        /// What the service says of it.
        reason: Option<String>,
    },
}

/// What kind of conflict a 409 is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictKind {
    /// The object is in a state that forbids it, or locked.
    State,
    /// A MAC address is taken on the network.
    MacAddress,
    /// A fixed IP address is taken on the subnet.
    IpAddress,
    /// The object exists already.
    Exists,
}

impl Error {
    /// Gives a failed call its meaning.
    pub(super) fn of(service: Service, site: &SiteName, error: CallError) -> Self {
        let text = error.body().map(ToString::to_string).unwrap_or_default();
        let meaning = match error.status().map(|status| status.as_u16()) {
            Some(404) => Meaning::NotFound(error),
            Some(409) => quota_or_conflict(&text, error),
            Some(413) => Meaning::Quota(error),
            Some(403) if text.to_ascii_lowercase().contains("quota exceeded") => Meaning::Quota(error),
            Some(403) => Meaning::Forbidden(error),
            Some(400 | 405 | 406 | 415 | 422) => Meaning::Refused(error),
            _ => Meaning::Call(error),
        };
        Self { service, site: site.clone(), meaning: Box::new(meaning) }
    }

    /// An error that no call caused.
    pub fn new(service: Service, site: &SiteName, meaning: Meaning) -> Self {
        Self { service, site: site.clone(), meaning: Box::new(meaning) }
    }

    /// The call that failed, if one did.
    pub fn call(&self) -> Option<&CallError> {
        match &*self.meaning {
            Meaning::NotFound(error)
            | Meaning::Conflict { source: error, .. }
            | Meaning::Quota(error)
            | Meaning::Forbidden(error)
            | Meaning::Refused(error)
            | Meaning::Call(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the object is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(*self.meaning, Meaning::NotFound(_))
    }

    /// Whether a MAC or fixed IP address is taken.
    pub fn is_address_taken(&self) -> bool {
        let taken = [ConflictKind::MacAddress, ConflictKind::IpAddress];
        matches!(&*self.meaning, Meaning::Conflict { kind, .. } if taken.contains(kind))
    }

    /// Whether the role does not allow it.
    pub fn is_forbidden(&self) -> bool {
        matches!(*self.meaning, Meaning::Forbidden(_))
    }
}

// Neutron answers a quota with 409 OverQuota; Nova 403 with "Quota exceeded"; Cinder 413.
// neutron_lib/exceptions/__init__.py (OverQuota, MacAddressInUse, IpAddressInUse, IpAddressAlreadyAllocated)
fn quota_or_conflict(text: &str, source: CallError) -> Meaning {
    let kind = if text.contains("OverQuota") {
        return Meaning::Quota(source);
    } else if text.contains("MacAddressInUse") {
        ConflictKind::MacAddress
    } else if text.contains("IpAddressInUse") || text.contains("IpAddressAlreadyAllocated") {
        ConflictKind::IpAddress
    } else if text.contains("already exists") {
        ConflictKind::Exists
    } else {
        ConflictKind::State
    };
    Meaning::Conflict { kind, source }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}: ", self.service, self.site)?;
        match self.call() {
            // The call says what was attempted; its own cause comes with source().
            Some(call) => fmt::Display::fmt(call, formatter),
            None => fmt::Display::fmt(&*self.meaning, formatter),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.call().and_then(std::error::Error::source)
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match &*self.meaning {
            Meaning::NotFound(_) => Code::NotFound,
            Meaning::Conflict { .. } | Meaning::EndState { .. } => Code::Conflict,
            Meaning::Quota(_) => Code::QuotaExceeded,
            Meaning::Forbidden(_) => Code::Forbidden,
            Meaning::Refused(_) => Code::RequestRefused,
            Meaning::Call(error) => error.code(),
            Meaning::Version { .. } => Code::CapabilityMissing,
            Meaning::NoEndpoint { .. } | Meaning::BadAddress { .. } => Code::ConfigurationInvalid,
            Meaning::EndlessList { .. } => Code::AnswerMalformed,
            Meaning::Ambiguous { .. } => Code::Ambiguous,
        }
    }

    fn class(&self) -> Class {
        match &*self.meaning {
            Meaning::Call(error) => error.class(),
            _ => self.code().class(),
        }
    }
}
