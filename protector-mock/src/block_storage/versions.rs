//! The versions. Source: `cinder/api/versions.py`, `views/versions.py` (2026.2).

use super::{Microversion, newest};
use crate::cloud::{Call, Fault, Reply, Route, ServiceKind};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] =
    &[Route::open(Method::GET, "/", all), Route::open(Method::GET, "/v3", current)];

fn versions(call: &Call<'_, '_>) -> Value {
    let Microversion(major, minor) = newest(call.site.release);
    let here = call.site.url(ServiceKind::BlockStorage);
    json!({"versions": [{
        "id": "v3.0",
        "status": "CURRENT",
        "version": format!("{major}.{minor}"),
        "min_version": "3.0",
        "updated": "2023-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": format!("{here}/v3/")},
        ],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"},
        ],
    }]})
}

#[expect(clippy::unnecessary_wraps, reason = "a handler is one that may refuse")]
fn all(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::with(StatusCode::MULTIPLE_CHOICES, versions(call)))
}

#[expect(clippy::unnecessary_wraps, reason = "a handler is one that may refuse")]
fn current(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(versions(call)))
}
