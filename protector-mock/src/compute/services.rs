//! Nova's services, for administrators. Source: nova/api/openstack/compute/services.py, schemas/services.py.

use super::hosts::{self, COMPUTE, Service};
use super::schema::{check_body, text, truth, types};
use super::servers::Server;
use super::{aggregates, timing};
use crate::cloud::{Call, Fault, Reply, Route};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-services", list),
    Route::new(Method::PUT, "/v2.1/os-services/{service}", update),
    Route::new(Method::DELETE, "/v2.1/os-services/{service}", delete),
];

fn view(call: &Call<'_, '_>, service: &Service) -> Result<Value, Fault> {
    let zone = if service.binary == COMPUTE {
        aggregates::zone_of(call.transaction, &call.site.name, &service.host)?
    } else {
        "internal".to_owned()
    };
    let id = if call.since(2, 53) { json!(service.id) } else { json!(service.number) };
    let mut view = json!({
        "binary": service.binary,
        "host": service.host,
        "id": id,
        "zone": zone,
        "status": if service.disabled { "disabled" } else { "enabled" },
        "state": if service.is_up() { "up" } else { "down" },
        "updated_at": timing::plain(call.transaction.now()),
        "disabled_reason": service.disabled_reason,
    });
    if let Some(view) = view.as_object_mut().filter(|_| call.since(2, 11)) {
        view.insert("forced_down".to_owned(), json!(service.forced_down));
    }
    Ok(view)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-services:list")?;
    let scope = call.scope();
    let mut services = hosts::services(call.transaction, &scope)?;
    let (host, binary) = (call.query.get("host"), call.query.get("binary"));
    services.retain(|service| {
        host.is_none_or(|host| host.is_empty() || service.host == host)
            && binary.is_none_or(|binary| binary.is_empty() || service.binary == binary)
    });
    let views = services.iter().map(|service| view(call, service)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(json!({"services": views})))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-services:update")?;
    if call.since(2, 53) { update_by_id(call) } else { update_by_host(call) }
}

fn update_by_id(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let id = call.parameter("service").to_owned();
    let schema = types::object(
        json!({
            "status": {"type": "string", "enum": ["enabled", "disabled"]},
            "disabled_reason": {"type": "string", "minLength": 1, "maxLength": 255},
            "forced_down": types::boolean(),
        }),
        &[],
    );
    if uuid::Uuid::parse_str(&id).is_err() {
        return Err(Fault::bad_request(format!("Invalid uuid {id}")));
    }
    check_body(call, &schema)?;
    let given = call.body.clone();
    let scope = call.scope();
    let mut service: Service = call
        .transaction
        .get(&scope, &id)?
        .ok_or_else(|| Fault::not_found(format!("Service {id} could not be found.")))?;
    only_compute(&service.binary)?;
    let status = given.get("status").and_then(Value::as_str);
    let reason = text(given.get("disabled_reason"));
    if reason.is_some() && status != Some("disabled") {
        return Err(Fault::bad_request("Specifying disabled_reason when status is 'enabled' is invalid."));
    }
    if status.is_none() && given.get("forced_down").is_none() {
        return Err(Fault::bad_request(
            "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
        ));
    }
    if let Some(status) = status {
        service.disabled = status == "disabled";
        service.disabled_reason = reason;
    }
    if let Some(down) = given.get("forced_down") {
        service.forced_down = truth(down);
    }
    call.transaction.put(&scope, &service)?;
    Ok(Reply::ok(json!({"service": view(call, &service)?})))
}

fn only_compute(binary: &str) -> Result<(), Fault> {
    if binary == COMPUTE {
        return Ok(());
    }
    Err(Fault::bad_request(format!(
        "Updating a {binary} service is not supported. Only nova-compute services can be updated."
    )))
}

fn update_by_host(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let schema = types::object(
        json!({
            "host": types::host(),
            "binary": {"type": "string", "minLength": 1, "maxLength": 255},
            "disabled_reason": {"type": "string", "minLength": 1, "maxLength": 255},
            "forced_down": types::boolean(),
        }),
        &["host", "binary"],
    );
    check_body(call, &schema)?;
    let given = call.body.clone();
    let (host, binary) =
        (text(given.get("host")).unwrap_or_default(), text(given.get("binary")).unwrap_or_default());
    only_compute(&binary)?;
    let scope = call.scope();
    hosts::services(call.transaction, &scope)?;
    let mut service = hosts::of_host(call.transaction, &scope, &host)?
        .ok_or_else(|| Fault::not_found(format!("Could not find binary {binary} on host {host}.")))?;
    let mut answer = json!({"host": host, "binary": binary});
    let mut say = |name: &str, value: Value| {
        if let Some(answer) = answer.as_object_mut() {
            answer.insert(name.to_owned(), value);
        }
    };
    match call.parameter("service") {
        "enable" => {
            (service.disabled, service.disabled_reason) = (false, None);
            say("status", json!("enabled"));
        }
        "disable" => {
            (service.disabled, service.disabled_reason) = (true, None);
            say("status", json!("disabled"));
        }
        "disable-log-reason" => {
            let reason = text(given.get("disabled_reason"))
                .ok_or_else(|| Fault::bad_request("Missing disabled reason field"))?;
            say("status", json!("disabled"));
            say("disabled_reason", json!(reason));
            (service.disabled, service.disabled_reason) = (true, Some(reason));
        }
        "force-down" if call.since(2, 11) => {
            let down =
                given.get("forced_down").ok_or_else(|| Fault::bad_request("Missing forced_down field"))?;
            service.forced_down = truth(down);
            say("forced_down", json!(service.forced_down));
        }
        _ => return Err(Fault::not_found("Unknown action")),
    }
    call.transaction.put(&scope, &service)?;
    Ok(Reply::ok(json!({"service": answer})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-services:delete")?;
    let scope = call.scope();
    let id = call.parameter("service").to_owned();
    if call.since(2, 53) && uuid::Uuid::parse_str(&id).is_err() {
        return Err(Fault::bad_request(format!("Invalid uuid {id}")));
    }
    let services = hosts::services(call.transaction, &scope)?;
    let service = services
        .into_iter()
        .find(|service| service.id == id || (!call.since(2, 53) && service.number.to_string() == id))
        .ok_or_else(|| Fault::not_found(format!("Service {id} not found.")))?;
    if service.binary == COMPUTE {
        if call.transaction.count::<Server>(&scope, Some(("host", &service.host)))? > 0 {
            return Err(Fault::conflict(
                "Unable to delete compute service that is hosting instances. Migrate or delete the instances first.",
            ));
        }
        call.transaction.set_fact(&hosts::removed(&scope), "true")?;
    }
    call.transaction.remove::<Service>(&scope, &service.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
