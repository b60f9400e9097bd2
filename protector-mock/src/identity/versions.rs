//! `keystone/api/discovery.py`.

use super::wire;
use crate::cloud::{Call, Fault, Reply, Route};
use http::header::LOCATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] =
    &[Route::open(Method::GET, "/", list), Route::open(Method::GET, "/v3", show)];

fn version(call: &Call<'_, '_>) -> Value {
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": wire::url(call.site, "")}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    })
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = json!({"versions": {"values": [version(call)]}});
    Ok(Reply::with(StatusCode::MULTIPLE_CHOICES, body).and(LOCATION, &wire::url(call.site, "")))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"version": version(call)})))
}
