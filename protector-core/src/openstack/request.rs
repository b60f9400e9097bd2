use super::Microversion;
use crate::transport::Semantics;
use http::Method;
use serde_json::Value;
use std::fmt;

/// The services that are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Keystone.
    Identity,
    /// Nova.
    Compute,
    /// Cinder.
    BlockStorage,
    /// Neutron.
    Network,
    /// Glance.
    Image,
}

impl Service {
    /// The name in the service types authority.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Compute => "compute",
            Self::BlockStorage => "block-storage",
            Self::Network => "network",
            Self::Image => "image",
        }
    }

    /// The name of its key in [`crate::config::CloudConfig::endpoint_overrides`].
    pub(super) fn override_name(self) -> &'static str {
        match self {
            Self::BlockStorage => "block_storage",
            other => other.as_str(),
        }
    }

    /// The names a catalog may have it under, best first.
    pub(super) fn catalog_types(self) -> &'static [&'static str] {
        match self {
            Self::BlockStorage => &["block-storage", "volumev3", "block-store", "volume"],
            Self::Identity => &["identity"],
            Self::Compute => &["compute"],
            Self::Network => &["network"],
            Self::Image => &["image"],
        }
    }

    /// The version segment that an endpoint must lead to, where the catalog may leave it out.
    pub(super) fn version_segment(self) -> &'static str {
        match self {
            Self::Identity | Self::BlockStorage => "v3",
            Self::Compute => "v2.1",
            Self::Network => "v2.0",
            Self::Image => "v2",
        }
    }

    /// The service's name in the `OpenStack-API-Version` header, if it has microversions.
    pub(super) fn microversion_name(self) -> Option<&'static str> {
        match self {
            Self::Compute => Some("compute"),
            Self::BlockStorage => Some("volume"),
            _ => None,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A request to a service, built without IO.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest {
    /// Which service.
    pub service: Service,
    /// What it is for, as in "failed to {purpose}".
    pub purpose: String,
    /// What repeating it means.
    pub semantics: Semantics,
    /// The method.
    pub method: Method,
    /// Path segments below the endpoint's version.
    pub path: Vec<String>,
    /// Query parameters in order.
    pub query: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<Value>,
    /// The microversion whose shapes are meant.
    pub microversion: Option<Microversion>,
}

impl ApiRequest {
    /// A request without query and body. `path` is split at `/`; give segments that may hold one to [`Self::segment`].
    pub fn new(
        service: Service,
        method: Method,
        semantics: Semantics,
        path: &str,
        purpose: impl Into<String>,
    ) -> Self {
        Self {
            service,
            purpose: purpose.into(),
            semantics,
            method,
            path: path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect(),
            query: Vec::new(),
            body: None,
            microversion: None,
        }
    }

    /// A reading request.
    pub fn get(service: Service, path: &str, purpose: impl Into<String>) -> Self {
        Self::new(service, Method::GET, Semantics::Safe, path, purpose)
    }

    /// The same with one more path segment.
    #[must_use]
    pub fn segment(mut self, segment: impl Into<String>) -> Self {
        self.path.push(segment.into());
        self
    }

    /// The same with a query parameter.
    #[must_use]
    pub fn query(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((key.into(), value.into()));
        self
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same at a microversion.
    #[must_use]
    pub fn at(mut self, microversion: Microversion) -> Self {
        self.microversion = Some(microversion);
        self
    }
}
