//! What other services tell Nova. Source: nova/api/openstack/compute/server_external_events.py.

use super::schema::{check_body, text, types};
use super::servers::Server;
use crate::cloud::{Call, Fault, Reply, Route};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = &[Route::new(Method::POST, "/v2.1/os-server-external-events", create)];

/// Nothing waits for such an event here: ports are bound at once. They are judged all the same.
fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    if !call.caller.roles.iter().any(|role| role == "service") {
        call.require_admin("os_compute_api:os-server-external-events:create")?;
    }
    let names = json!([
        "network-changed",
        "network-vif-plugged",
        "network-vif-unplugged",
        "network-vif-deleted",
        "volume-extended",
        "power-update",
        "accelerator-request-bound",
        "volume-reimaged"
    ]);
    let event = types::object(
        json!({
            "server_uuid": types::uuid(),
            "name": {"type": "string", "enum": names},
            "status": {"type": "string", "enum": ["failed", "completed", "in-progress"]},
            "tag": {"type": "string", "maxLength": 255},
        }),
        &["server_uuid", "name"],
    );
    check_body(call, &types::body("events", json!({"type": "array", "minItems": 1, "items": event})))?;
    let given = call.body.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut events = Vec::new();
    let (mut missing, mut taken) = (0, 0);
    for mut event in given {
        let id = text(event.get("server_uuid")).unwrap_or_default();
        let server: Option<Server> = call.transaction.get(&call.site.name, &id)?;
        let server = server.filter(|server| !server.deleted);
        let code = match &server {
            None => 404,
            Some(server) if server.host.is_none() => 422,
            Some(_) => 200,
        };
        if code == 200 {
            taken += 1;
        } else {
            missing += 1;
        }
        if let Some(event) = event.as_object_mut() {
            event.entry("status").or_insert(json!("completed"));
            event.insert("code".to_owned(), json!(code));
            if code != 200 {
                event.insert("status".to_owned(), json!("failed"));
            }
        }
        events.push(event);
    }
    if taken == 0 {
        return Err(Fault::not_found("No instances found for any event"));
    }
    let status = if missing > 0 { StatusCode::MULTI_STATUS } else { StatusCode::OK };
    Ok(Reply::with(status, json!({"events": events})))
}
