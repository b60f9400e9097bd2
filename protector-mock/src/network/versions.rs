//! What versions there are, and what the only one holds.
// neutron/pecan_wsgi/controllers/root.py, 2026.2

use crate::cloud::{Call, Fault, Reply, Route, ServiceKind};
use http::Method;
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] =
    &[Route::open(Method::GET, "/", versions), Route::new(Method::GET, "/v2.0/", resources)];

#[expect(clippy::unnecessary_wraps, reason = "handlers are functions that may fail")]
fn versions(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let here = call.site.url(ServiceKind::Network);
    Ok(Reply::ok(json!({"versions": [{
        "id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": format!("{here}/v2.0/")}],
    }]})))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers are functions that may fail")]
fn resources(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let here = call.site.url(ServiceKind::Network);
    let resources: Vec<Value> = ["network", "subnet", "subnetpool", "port"]
        .into_iter()
        .map(|name| {
            let links = json!([{"rel": "self", "href": format!("{here}/v2.0/{name}s")}]);
            json!({"name": name, "collection": format!("{name}s"), "links": links})
        })
        .collect();
    Ok(Reply::ok(json!({ "resources": resources })))
}
