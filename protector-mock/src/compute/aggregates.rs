//! Aggregates of hosts and the availability zones that they make. Source: nova/api/openstack/compute/aggregates.py,
//! availability_zone.py, nova/availability_zones.py.

#[cfg(test)]
mod tests;

use super::hosts::{self, COMPUTE};
use super::schema::{check_body, text, types};
use super::servers::Server;
use super::timing;
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The zone of hosts that no aggregate gives one.
const DEFAULT_ZONE: &str = "nova";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Aggregate {
    /// A number, as text.
    id: String,
    uuid: String,
    name: String,
    hosts: Vec<String>,
    metadata: BTreeMap<String, String>,
    created: Timestamp,
    updated: Option<Timestamp>,
}

impl Aggregate {
    fn zone(&self) -> Option<&String> {
        self.metadata.get("availability_zone")
    }
}

impl Record for Aggregate {
    const KIND: &'static str = "compute.aggregate";

    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-aggregates", list),
    Route::new(Method::POST, "/v2.1/os-aggregates", create),
    Route::new(Method::GET, "/v2.1/os-aggregates/{aggregate}", show),
    Route::new(Method::PUT, "/v2.1/os-aggregates/{aggregate}", update),
    Route::new(Method::DELETE, "/v2.1/os-aggregates/{aggregate}", delete),
    Route::new(Method::POST, "/v2.1/os-aggregates/{aggregate}/action", act),
    Route::new(Method::POST, "/v2.1/os-aggregates/{aggregate}/images", cache),
    Route::new(Method::GET, "/v2.1/os-availability-zone", zones),
    Route::new(Method::GET, "/v2.1/os-availability-zone/detail", zones_detail),
];

/// The zone of a host.
pub(super) fn zone_of(transaction: &Transaction<'_>, scope: &str, host: &str) -> Result<String, WorldError> {
    let aggregates: Vec<Aggregate> = transaction.list(scope)?;
    let zone = aggregates
        .iter()
        .filter(|aggregate| aggregate.hosts.iter().any(|member| member == host))
        .find_map(Aggregate::zone);
    Ok(zone.cloned().unwrap_or_else(|| DEFAULT_ZONE.to_owned()))
}

fn view(call: &Call<'_, '_>, aggregate: &Aggregate) -> Map<String, Value> {
    let mut view = Map::from_iter(
        [
            ("id", json!(aggregate.id.parse::<u64>().unwrap_or(0))),
            ("name", json!(aggregate.name)),
            ("hosts", json!(aggregate.hosts)),
            ("metadata", json!(aggregate.metadata)),
            ("availability_zone", json!(aggregate.zone())),
            ("created_at", json!(timing::plain(aggregate.created))),
            ("updated_at", json!(aggregate.updated.map(timing::plain))),
            ("deleted", json!(false)),
            ("deleted_at", Value::Null),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if call.since(2, 41) {
        view.insert("uuid".to_owned(), json!(aggregate.uuid));
    }
    view
}

fn found(call: &Call<'_, '_>) -> Result<Aggregate, Fault> {
    let id = call.parameter("aggregate");
    if id.parse::<u64>().is_err() {
        return Err(Fault::bad_request(format!("id must be an integer, not {id}")));
    }
    call.transaction
        .get(&call.site.name, id)?
        .ok_or_else(|| Fault::not_found(format!("Aggregate {id} could not be found.")))
}

fn save(call: &mut Call<'_, '_>, aggregate: &Aggregate) -> Result<Reply, Fault> {
    let scope = call.scope();
    call.transaction.put(&scope, aggregate)?;
    Ok(Reply::ok(json!({"aggregate": view(call, aggregate)})))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-aggregates:index")?;
    let aggregates: Vec<Aggregate> = call.transaction.list(&call.site.name)?;
    let views: Vec<_> = aggregates.iter().map(|aggregate| view(call, aggregate)).collect();
    Ok(Reply::ok(json!({"aggregates": views})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-aggregates:show")?;
    let aggregate = found(call)?;
    Ok(Reply::ok(json!({"aggregate": view(call, &aggregate)})))
}

fn zone_type() -> Value {
    json!({"type": ["string", "null"], "minLength": 1, "maxLength": 255})
}

fn free(call: &Call<'_, '_>, name: &str, but: &str) -> Result<(), Fault> {
    let aggregates: Vec<Aggregate> = call.transaction.list(&call.site.name)?;
    if aggregates.iter().any(|aggregate| aggregate.name == name && aggregate.id != but) {
        return Err(Fault::conflict(format!("Aggregate {name} already exists.")));
    }
    Ok(())
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-aggregates:create")?;
    let schema = types::object(json!({"name": types::name(), "availability_zone": zone_type()}), &["name"]);
    check_body(call, &types::body("aggregate", schema))?;
    let given = call.body.get("aggregate").cloned().unwrap_or_default();
    let name = text(given.get("name")).unwrap_or_default();
    free(call, &name, "")?;
    let scope = call.scope();
    let zone = text(given.get("availability_zone"));
    let aggregate = Aggregate {
        id: super::next_number(call.transaction, &scope, "aggregate")?.to_string(),
        uuid: call.transaction.new_uuid()?.to_string(),
        name,
        hosts: Vec::new(),
        metadata: zone.into_iter().map(|zone| ("availability_zone".to_owned(), zone)).collect(),
        created: call.transaction.now(),
        updated: None,
    };
    call.transaction.put(&scope, &aggregate)?;
    let mut view = view(call, &aggregate);
    view.remove("hosts");
    view.remove("metadata");
    Ok(Reply::ok(json!({"aggregate": view})))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-aggregates:update")?;
    let schema = types::object(json!({"name": types::name(), "availability_zone": zone_type()}), &[]);
    check_body(call, &types::body("aggregate", schema))?;
    let given = call.body.get("aggregate").cloned().unwrap_or_default();
    let mut aggregate = found(call)?;
    if let Some(name) = text(given.get("name")) {
        free(call, &name, &aggregate.id)?;
        aggregate.name = name;
        // Hosts and metadata are rows of their own: they do not count.
        aggregate.updated = Some(call.transaction.now());
    }
    match given.get("availability_zone") {
        None => {}
        Some(Value::String(zone)) => {
            aggregate.metadata.insert("availability_zone".to_owned(), zone.clone());
        }
        Some(_) => {
            aggregate.metadata.remove("availability_zone");
        }
    }
    save(call, &aggregate)
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-aggregates:delete")?;
    let aggregate = found(call)?;
    if !aggregate.hosts.is_empty() {
        return Err(Fault::bad_request(format!(
            "Cannot remove aggregate {}: it still has hosts. Unacceptable parameters.",
            aggregate.id
        )));
    }
    let scope = call.scope();
    call.transaction.remove::<Aggregate>(&scope, &aggregate.id)?;
    Ok(Reply::empty(StatusCode::OK))
}

fn act(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let host = types::object(json!({"host": types::host()}), &["host"]);
    let action = super::action_name(call, &["add_host", "remove_host", "set_metadata"])?;
    call.require_admin(&format!("os_compute_api:os-aggregates:{action}"))?;
    let host_of = |call: &Call<'_, '_>| {
        text(call.body.get(action).and_then(|body| body.get("host"))).unwrap_or_default()
    };
    match action {
        "add_host" => {
            check_body(call, &types::body(action, host))?;
            let host = host_of(call);
            let mut aggregate = found(call)?;
            let scope = call.scope();
            let known = hosts::computes(call.transaction, &scope)?.iter().any(|service| service.host == host);
            if !known {
                return Err(Fault::not_found(format!("Compute host {host} could not be found.")));
            }
            if aggregate.hosts.contains(&host) {
                let id = &aggregate.id;
                return Err(Fault::conflict(format!("Aggregate {id} already has host {host}.")));
            }
            aggregate.hosts.push(host);
            save(call, &aggregate)
        }
        "remove_host" => {
            check_body(call, &types::body(action, host))?;
            let host = host_of(call);
            let mut aggregate = found(call)?;
            let before = aggregate.hosts.len();
            aggregate.hosts.retain(|member| *member != host);
            if aggregate.hosts.len() == before {
                let id = &aggregate.id;
                return Err(Fault::not_found(format!("Cannot remove host {host} in aggregate {id}")));
            }
            save(call, &aggregate)
        }
        _ => {
            let values = json!({"type": ["string", "null"], "maxLength": 255});
            let metadata = json!({"type": "object",
                "names": super::schema::patterns::METADATA_KEY, "values": values});
            check_body(
                call,
                &types::body(action, types::object(json!({"metadata": metadata}), &["metadata"])),
            )?;
            let given = call.body.pointer("/set_metadata/metadata").cloned().unwrap_or_default();
            let mut aggregate = found(call)?;
            for (key, value) in given.as_object().into_iter().flatten() {
                match value.as_str() {
                    Some(value) => aggregate.metadata.insert(key.clone(), value.to_owned()),
                    None => aggregate.metadata.remove(key),
                };
            }
            save(call, &aggregate)
        }
    }
}

/// Hosts have no image cache here: it is always warm.
fn cache(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    super::require(call, 2, 81)?;
    call.require_admin("compute:aggregates:images")?;
    let image = types::object(json!({"id": types::uuid()}), &["id"]);
    check_body(call, &types::body("cache", json!({"type": "array", "minItems": 1, "items": image})))?;
    found(call)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

/// Zones by name, and whether one of their hosts is up and enabled.
pub(super) fn all_zones(call: &mut Call<'_, '_>) -> Result<BTreeMap<String, bool>, Fault> {
    let scope = call.scope();
    let mut zones = BTreeMap::new();
    for service in hosts::computes(call.transaction, &scope)? {
        let zone = zone_of(call.transaction, &scope, &service.host)?;
        let up = service.is_up() && !service.disabled;
        zones.entry(zone).and_modify(|available| *available |= up).or_insert(up);
    }
    Ok(zones)
}

fn zones(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let zones = all_zones(call)?;
    let view = |(zone, up): (&String, &bool)| json!({"zoneName": zone, "zoneState": {"available": up}, "hosts": null});
    let (up, down): (Vec<_>, Vec<_>) = zones.iter().partition(|(_, up)| **up);
    let views: Vec<Value> = up.into_iter().chain(down).map(view).collect();
    Ok(Reply::ok(json!({"availabilityZoneInfo": views})))
}

fn zones_detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-availability-zone:detail")?;
    let scope = call.scope();
    let now = timing::plain(call.transaction.now());
    let mut zones: BTreeMap<String, (bool, Map<String, Value>)> = BTreeMap::new();
    for service in hosts::services(call.transaction, &scope)? {
        let zone = if service.binary == COMPUTE {
            zone_of(call.transaction, &scope, &service.host)?
        } else {
            "internal".to_owned()
        };
        let entry = zones.entry(zone).or_default();
        if service.disabled {
            continue;
        }
        entry.0 |= service.is_up();
        let host = entry.1.entry(service.host.clone()).or_insert_with(|| json!({}));
        if let Some(host) = host.as_object_mut() {
            let state = json!({"available": service.is_up(), "active": true, "updated_at": now});
            host.insert(service.binary, state);
        }
    }
    let views: Vec<Value> = zones
        .into_iter()
        .map(|(zone, (up, hosts))| {
            let hosts = if up { json!(hosts) } else { Value::Null };
            json!({"zoneName": zone, "zoneState": {"available": up}, "hosts": hosts})
        })
        .collect();
    Ok(Reply::ok(json!({"availabilityZoneInfo": views})))
}

/// How many servers of a group, or of none, a host has.
pub(super) fn load(
    transaction: &Transaction<'_>,
    scope: &str,
    host: &str,
    group: Option<&str>,
) -> Result<usize, WorldError> {
    match group {
        None => {
            Ok(usize::try_from(transaction.count::<Server>(scope, Some(("host", host)))?)
                .unwrap_or(usize::MAX))
        }
        Some(group) => {
            let servers: Vec<Server> = transaction.find(scope, "group", group)?;
            Ok(servers.iter().filter(|server| server.host.as_deref() == Some(host)).count())
        }
    }
}
