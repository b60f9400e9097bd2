//! `glance/api/versions.py`, `glance/api/v2/discovery.py`.

use crate::cloud::{Call, Fault, Release, Reply, Route, ServiceKind};
use http::header::LOCATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = &[
    Route::open(Method::GET, "/", choices),
    Route::open(Method::GET, "/versions", list),
    Route::new(Method::GET, "/v2", redirect),
    Route::new(Method::GET, "/v2/info/import", import_methods),
    Route::new(Method::GET, "/v2/info/stores", stores),
];

fn body(call: &Call<'_, '_>) -> Value {
    let mut minors: Vec<u32> = vec![15, 13, 12, 11, 10, 9, 8];
    // 2.16 has the locations API, 2.17 what came with 2026; neither is in the older list.
    let current = match call.site.release {
        Release::R2024_1 => 16,
        Release::R2026_2 => 17,
    };
    minors.push(current);
    minors.extend((0..=7).rev());
    let href = format!("{}/v2/", call.site.url(ServiceKind::Image));
    let versions: Vec<Value> = minors
        .into_iter()
        .map(|minor| {
            let status = if minor == current { "CURRENT" } else { "SUPPORTED" };
            json!({"id": format!("v2.{minor}"), "status": status, "links": [{"rel": "self", "href": href}]})
        })
        .collect();
    json!({"versions": versions})
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn choices(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::with(StatusCode::MULTIPLE_CHOICES, body(call)))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(body(call)))
}

/// The router sends `/v2` to `/v2/`, where there is nothing.
fn redirect(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    if call.path.ends_with('/') {
        return Err(Fault::not_found("The resource could not be found."));
    }
    Ok(Reply::empty(StatusCode::FOUND).and(LOCATION, &format!("{}/v2/", call.site.url(ServiceKind::Image))))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn import_methods(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let described =
        json!({"description": "Import methods available.", "type": "array", "value": ["glance-direct"]});
    Ok(Reply::ok(json!({"import-methods": described})))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn stores(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"stores": [{"id": "local", "default": "true"}]})))
}
