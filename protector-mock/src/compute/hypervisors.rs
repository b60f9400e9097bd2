//! Hypervisors, for administrators. Source: nova/api/openstack/compute/hypervisors.py.

use super::hosts::{self, Service};
use super::paging;
use super::schema::is_true;
use super::servers::Server;
use crate::cloud::{Call, Fault, Reply, Route};
use http::Method;
use serde_json::{Map, Value, json};

/// What every host has: that of Nova's fake driver.
const CORES: i64 = 1000;
const MEMORY: i64 = 800_000;
const DISK: i64 = 600_000;

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-hypervisors", list),
    Route::new(Method::GET, "/v2.1/os-hypervisors/detail", detail),
    Route::new(Method::GET, "/v2.1/os-hypervisors/statistics", statistics),
    Route::new(Method::GET, "/v2.1/os-hypervisors/{hypervisor}", show),
    Route::new(Method::GET, "/v2.1/os-hypervisors/{hypervisor}/uptime", uptime),
    Route::new(Method::GET, "/v2.1/os-hypervisors/{hypervisor}/search", search),
    Route::new(Method::GET, "/v2.1/os-hypervisors/{hypervisor}/servers", servers),
];

/// What the servers of a host take of it.
fn capacity(servers: &[Server]) -> Map<String, Value> {
    let sum = |of: fn(&Server) -> i64| servers.iter().map(of).sum::<i64>();
    let (cores, memory) = (sum(|server| server.flavor.vcpus), sum(|server| server.flavor.ram));
    let disk = sum(|server| if server.image.is_some() { server.flavor.disk } else { 0 });
    let running = servers.iter().filter(|server| server.power_state == 1).count();
    let busy = servers.iter().filter(|server| server.task_state.is_some()).count();
    [
        ("vcpus", json!(CORES)),
        ("memory_mb", json!(MEMORY)),
        ("local_gb", json!(DISK)),
        ("vcpus_used", json!(cores)),
        ("memory_mb_used", json!(memory)),
        ("local_gb_used", json!(disk)),
        ("free_ram_mb", json!(MEMORY - memory)),
        ("free_disk_gb", json!(DISK - disk)),
        ("current_workload", json!(busy)),
        ("running_vms", json!(running)),
        ("disk_available_least", json!(0)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn view(call: &Call<'_, '_>, service: &Service, detail: bool, with_servers: bool) -> Result<Value, Fault> {
    let by_uuid = call.since(2, 53);
    let id = |uuid: &str| if by_uuid { json!(uuid) } else { json!(service.number) };
    let mut view = Map::new();
    let mut say = |name: &str, value: Value| view.insert(name.to_owned(), value);
    say("id", id(&service.node));
    say("hypervisor_hostname", json!(service.host));
    say("state", json!(if service.is_up() { "up" } else { "down" }));
    say("status", json!(if service.disabled { "disabled" } else { "enabled" }));
    let servers: Vec<Server> = call.transaction.find(&call.site.name, "host", &service.host)?;
    if detail {
        say("hypervisor_type", json!("fake"));
        say("hypervisor_version", json!(1000));
        say("host_ip", json!("127.0.0.1"));
        let service = json!({"id": id(&service.id), "host": service.host,
            "disabled_reason": service.disabled_reason});
        say("service", service);
        if call.since(2, 88) {
            say("uptime", Value::Null);
        } else {
            let info = json!({"arch": "x86_64", "model": "Nehalem", "vendor": "Intel",
                "features": ["pge", "clflush"], "topology": {"cores": 1, "threads": 1, "sockets": 4}});
            say("cpu_info", if call.since(2, 28) { info } else { json!(info.to_string()) });
            view.extend(capacity(&servers));
        }
    }
    if with_servers && (call.since(2, 75) || !servers.is_empty()) {
        let servers: Vec<Value> =
            servers.iter().map(|server| json!({"name": server.name, "uuid": server.id})).collect();
        view.insert("servers".to_owned(), json!(servers));
    }
    Ok(Value::Object(view))
}

fn answer(call: &mut Call<'_, '_>, detail: bool) -> Result<Reply, Fault> {
    let scope = call.scope();
    let mut computes = hosts::computes(call.transaction, &scope)?;
    let pattern = call.query.get("hypervisor_hostname_pattern").filter(|_| call.since(2, 53));
    let with_servers = call.since(2, 53) && call.query.get("with_servers").is_some_and(is_true);
    let mut next = None;
    if let Some(pattern) = pattern {
        if call.query.get("limit").is_some() || call.query.get("marker").is_some() {
            return Err(Fault::bad_request(
                "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.",
            ));
        }
        computes = matching(computes, pattern)?;
    } else if call.since(2, 33) {
        let collection = if detail { "os-hypervisors/detail" } else { "os-hypervisors" };
        let page = paging::by_marker(call, computes, collection, |service| &service.node, paging::bracketed)?;
        (computes, next) = (page.items, page.next);
    }
    let views = computes
        .iter()
        .map(|service| view(call, service, detail, with_servers))
        .collect::<Result<Vec<_>, _>>()?;
    let mut body = json!({"hypervisors": views});
    if let (Some(body), Some(next)) = (body.as_object_mut(), next) {
        body.insert("hypervisors_links".to_owned(), next);
    }
    Ok(Reply::ok(body))
}

fn matching(mut computes: Vec<Service>, pattern: &str) -> Result<Vec<Service>, Fault> {
    computes.retain(|service| service.host.contains(pattern));
    if computes.is_empty() {
        return Err(Fault::not_found(format!("No hypervisor matching '{pattern}' could be found.")));
    }
    Ok(computes)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-hypervisors:list")?;
    answer(call, false)
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-hypervisors:list-detail")?;
    answer(call, true)
}

fn found(call: &mut Call<'_, '_>) -> Result<Service, Fault> {
    let id = call.parameter("hypervisor").to_owned();
    if call.since(2, 53) && uuid::Uuid::parse_str(&id).is_err() {
        return Err(Fault::bad_request(format!("Invalid uuid {id}")));
    }
    let scope = call.scope();
    let by_uuid = call.since(2, 53);
    hosts::computes(call.transaction, &scope)?
        .into_iter()
        .find(|service| if by_uuid { service.node == id } else { service.number.to_string() == id })
        .ok_or_else(|| Fault::not_found(format!("Hypervisor with ID '{id}' could not be found.")))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-hypervisors:show")?;
    let with_servers = call.since(2, 53) && call.query.get("with_servers").is_some_and(is_true);
    let service = found(call)?;
    Ok(Reply::ok(json!({"hypervisor": view(call, &service, true, with_servers)?})))
}

/// Nova's fake driver has no uptime to tell.
fn uptime(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    super::until(call, 2, 87)?;
    call.require_admin("os_compute_api:os-hypervisors:uptime")?;
    found(call)?;
    Err(Fault::new(http::StatusCode::NOT_IMPLEMENTED, "The requested functionality is not supported."))
}

fn search(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    super::until(call, 2, 52)?;
    call.require_admin("os_compute_api:os-hypervisors:search")?;
    by_pattern(call, false)
}

fn servers(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    super::until(call, 2, 52)?;
    call.require_admin("os_compute_api:os-hypervisors:servers")?;
    by_pattern(call, true)
}

fn by_pattern(call: &mut Call<'_, '_>, with_servers: bool) -> Result<Reply, Fault> {
    let scope = call.scope();
    let computes = hosts::computes(call.transaction, &scope)?;
    let computes = matching(computes, call.parameter("hypervisor"))?;
    let views = computes
        .iter()
        .map(|service| view(call, service, false, with_servers))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(json!({"hypervisors": views})))
}

fn statistics(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    super::until(call, 2, 87)?;
    call.require_admin("os_compute_api:os-hypervisors:statistics")?;
    let scope = call.scope();
    let computes = hosts::computes(call.transaction, &scope)?;
    let mut sum = Map::from_iter([("count".to_owned(), json!(computes.len()))]);
    for service in &computes {
        let servers: Vec<Server> = call.transaction.find(&scope, "host", &service.host)?;
        for (name, value) in capacity(&servers) {
            let before = sum.get(&name).and_then(Value::as_i64).unwrap_or(0);
            sum.insert(name, json!(before + value.as_i64().unwrap_or(0)));
        }
    }
    Ok(Reply::ok(json!({"hypervisor_statistics": sum})))
}
