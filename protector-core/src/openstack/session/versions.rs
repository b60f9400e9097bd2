use super::catalog::version_document;
use crate::openstack::Service;
use crate::openstack::microversion::{Microversion, Range};
use crate::transport::{Answer, Call, CallError, Semantics};
use http::Method;
use serde::Deserialize;
use url::Url;

// nova/api/openstack/compute/versions.py (`version`), cinder/api/versions.py (`versions`), 2026.2
#[derive(Deserialize)]
struct Document {
    version: Option<Version>,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    version: String,
    #[serde(default)]
    min_version: String,
}

pub(super) fn call(endpoint: &Url, service: Service) -> Call {
    let purpose = format!("read the versions of {service}");
    Call::new(purpose, Semantics::Safe, Method::GET, version_document(endpoint))
}

pub(super) fn read(answer: &Answer, _service: Service) -> Result<Range, CallError> {
    let document: Document = answer.json()?;
    let ranges = document.version.into_iter().chain(document.versions).filter_map(|version| {
        // A service without microversions leaves both empty: then nothing beyond 0.0 is offered.
        let newest: Microversion = version.version.parse().ok()?;
        let oldest: Microversion = version.min_version.parse().ok()?;
        Some(Range { oldest, newest })
    });
    let none = Microversion::new(0, 0);
    Ok(ranges.max_by_key(|range| range.newest).unwrap_or(Range { oldest: none, newest: none }))
}
