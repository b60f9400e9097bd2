//! Routers.
// neutron_lib/api/definitions/{l3,l3_ext_gw_mode,extraroute,l3_ext_ha_mode,dvr}.py, neutron/db/{l3_db,extraroute_db}.py,
// 2026.2

mod interfaces;
#[cfg(test)]
mod tests;

use super::addresses::Prefix;
use super::attributes::body::{self, Body};
use super::attributes::{Attribute, Check, Missing, Policy, Resource};
use super::floating_ips::FloatingIp;
use super::listing::{self, View};
use super::networks::{NETWORK, Network};
use super::ports::{self, PORT, Port};
use super::standard::Standard;
use super::subnets::Subnet;
use super::{faults, policy, quotas, revisions};
use crate::cloud::{Call, Caller, Fault, Reply, Route, python};
use crate::world::{Record, Transaction};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use interfaces::ROUTES as INTERFACES;

/// A router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Router {
    /// Its id.
    pub(crate) id: String,
    name: String,
    /// Whose it is.
    pub(crate) project_id: String,
    admin_state_up: bool,
    enable_snat: bool,
    /// Its port outside.
    gateway_port: Option<String>,
    routes: Vec<Value>,
    availability_zone_hints: Vec<String>,
    distributed: bool,
    ha: bool,
    #[serde(flatten)]
    pub(super) standard: Standard,
}

impl Record for Router {
    const KIND: &'static str = "network.router";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("project", self.project_id.clone())]
    }
}

pub(super) static ROUTER: Resource = Resource {
    name: "router",
    collection: "routers",
    not_found: ("RouterNotFound", "Router ", " could not be found"),
    tagged: true,
    attributes: &[
        Attribute::open("name", Check::Text(255), Missing::Text("")).listed(),
        Attribute::open("admin_state_up", Check::Boolean, Missing::Boolean(true)).listed(),
        Attribute { sort: true, ..Attribute::shown("status") },
        Attribute::open("external_gateway_info", Check::Gateway, Missing::Null).ruled(Policy::Everybody),
        Attribute::later("routes", Check::Routes),
        Attribute::open("distributed", Check::BooleanOrNull, Missing::Unset).ruled(Policy::Admin),
        Attribute::open("ha", Check::BooleanOrNull, Missing::Unset).ruled(Policy::Admin),
        Attribute::fixed("flavor_id", Check::UuidOrNull, Missing::Unset),
        Attribute::fixed("availability_zone_hints", Check::UniqueTexts, Missing::Empty),
        Attribute::shown("availability_zones"),
        Attribute::shown("gw_port_id"),
    ],
};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/routers", list),
    Route::new(Method::POST, "/v2.0/routers", create),
    Route::new(Method::GET, "/v2.0/routers/{router}", show),
    Route::new(Method::PUT, "/v2.0/routers/{router}", update),
    Route::new(Method::DELETE, "/v2.0/routers/{router}", delete),
];

/// A router that the caller sees.
pub(super) fn find(
    transaction: &Transaction<'_>,
    scope: &str,
    caller: &Caller,
    id: &str,
) -> Result<Router, Fault> {
    let router = transaction.get::<Router>(scope, id)?;
    router.filter(|router| policy::may_see(caller, &router.project_id)).ok_or_else(|| ROUTER.missing(id))
}

/// The ports by which a router is on its project's networks.
pub(super) fn interfaces_of(
    transaction: &Transaction<'_>,
    scope: &str,
    router: &str,
) -> Result<Vec<Port>, Fault> {
    let ports: Vec<Port> = transaction.find(scope, "device", router)?;
    Ok(ports.into_iter().filter(|port| port.device_owner == "network:router_interface").collect())
}

/// The network on which a router has its gateway.
pub(super) fn gateway_of(
    transaction: &Transaction<'_>,
    scope: &str,
    router: &Router,
) -> Result<Option<Port>, Fault> {
    let Some(port) = &router.gateway_port else { return Ok(None) };
    Ok(transaction.get(scope, port)?)
}

fn view(call: &Call<'_, '_>, router: &Router) -> Result<View, Fault> {
    let gateway = gateway_of(call.transaction, &call.site.name, router)?;
    let information = gateway.as_ref().map(|port| {
        json!({"network_id": port.network_id, "external_fixed_ips": port.fixed_ips, "enable_snat": router.enable_snat})
    });
    let mut view = listing::view(json!({
        "id": router.id, "name": router.name, "tenant_id": router.project_id, "project_id": router.project_id,
        "admin_state_up": router.admin_state_up, "status": "ACTIVE", "external_gateway_info": information,
        "routes": router.routes, "availability_zone_hints": router.availability_zone_hints, "availability_zones": [],
        "flavor_id": null,
    }));
    router.standard.show(&mut view);
    if call.caller.is_admin() {
        view.insert("distributed".to_owned(), json!(router.distributed));
        view.insert("ha".to_owned(), json!(router.ha));
    }
    Ok(view)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let routers: Vec<Router> = call.transaction.list(&call.site.name)?;
    let seen = routers.iter().filter(|router| policy::may_see(&call.caller, &router.project_id));
    let views = seen.map(|router| view(call, router)).collect::<Result<_, Fault>>()?;
    listing::list(call, &ROUTER, views)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let router = find(call.transaction, &call.site.name, &call.caller, call.parameter("router"))?;
    let view = view(call, &router)?;
    Ok(listing::show(call, &ROUTER, view))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    body::create(call, &ROUTER, |call, body| {
        let scope = call.scope();
        if let Some(flavor) = body.get("flavor_id").and_then(Value::as_str) {
            let message = format!("Flavor {flavor} could not be found.");
            return Err(faults::not_found("FlavorNotFound", message));
        }
        refuse_administrators_gateway(call, "create_router", body)?;
        let mut router = Router {
            id: call.transaction.new_uuid()?.to_string(),
            name: body.text("name").to_owned(),
            project_id: body.project().to_owned(),
            admin_state_up: body.boolean("admin_state_up").unwrap_or(true),
            enable_snat: true,
            gateway_port: None,
            routes: Vec::new(),
            availability_zone_hints: body.texts("availability_zone_hints").unwrap_or_default(),
            distributed: body.boolean("distributed").unwrap_or(false),
            ha: body.boolean("ha").unwrap_or(false),
            standard: Standard::new(call.transaction.now(), body.text("description"), 1),
        };
        if let Some(gateway) = body.get("external_gateway_info").filter(|gateway| !gateway.is_null()) {
            set_gateway(call, &scope, &mut router, gateway)?;
        }
        call.transaction.put(&scope, &router)?;
        view(call, &router)
    })
}

/// Two parts of a gateway are for administrators only.
// neutron/conf/policies/router.py: …_router:external_gateway_info:{enable_snat,external_fixed_ips}
fn refuse_administrators_gateway(call: &Call<'_, '_>, action: &str, body: &Body) -> Result<(), Fault> {
    let given = body.get("external_gateway_info").and_then(Value::as_object);
    let Some(given) = given.filter(|_| !call.caller.is_admin()) else { return Ok(()) };
    if !given.contains_key("enable_snat") && !given.contains_key("external_fixed_ips") {
        return Ok(());
    }
    let rule = format!("rule:{action}:external_gateway_info");
    let parts = ["network_id", "external_fixed_ips", "enable_snat"].into_iter();
    let parts: Vec<String> =
        parts.filter(|part| given.contains_key(*part)).map(|part| format!("{rule}:{part}")).collect();
    Err(policy::disallowed(format_args!("(rule:{action} and ({rule} and ({})))", parts.join(" and "))))
}

/// Gives a router a gateway, moves it, or takes it away.
// neutron/db/l3_db.py, _update_router_gw_info
fn set_gateway(
    call: &mut Call<'_, '_>,
    scope: &str,
    router: &mut Router,
    wanted: &Value,
) -> Result<(), Fault> {
    let network_id = wanted.get("network_id").and_then(Value::as_str);
    let old = gateway_of(call.transaction, scope, router)?;
    let network = match network_id {
        None => None,
        Some(id) => {
            let network: Option<Network> = call.transaction.get(scope, id)?;
            Some(
                network
                    .filter(|network| network.is_seen_by(&call.caller))
                    .ok_or_else(|| NETWORK.missing(id))?,
            )
        }
    };
    if let Some(network) = network.as_ref().filter(|network| !network.external) {
        let message = format!("Network {} is not an external network", network.id);
        return Err(faults::bad_request("router", message));
    }
    let addresses =
        wanted.get("external_fixed_ips").and_then(Value::as_array).filter(|list| !list.is_empty());
    if let Some(old) = old {
        let same = network.as_ref().is_some_and(|network| network.id == old.network_id);
        if same {
            if let Some(addresses) = addresses {
                let change = Body::made(&PORT_CHANGE, json!({ "fixed_ips": addresses }))?;
                ports::change(call.transaction, scope, &call.caller, old, &change)?;
            }
        } else {
            if call.transaction.count::<FloatingIp>(scope, Some(("router", &router.id)))? > 0 {
                let message = format!(
                    "Gateway cannot be updated for router {}, since a gateway to external network {} is required by one \
                     or more floating IPs.",
                    router.id, old.network_id
                );
                return Err(faults::in_use("RouterExternalGatewayInUseByFloatingIp", message));
            }
            ports::remove(call.transaction, scope, &old)?;
            router.gateway_port = None;
        }
    }
    if let Some(network) = network.filter(|_| router.gateway_port.is_none()) {
        for subnet in call.transaction.find::<Subnet>(scope, "network", &network.id)? {
            interfaces::refuse_overlaps(call.transaction, scope, &router.id, &[subnet])?;
        }
        let mut body = json!({
            "project_id": "", "network_id": network.id, "device_id": router.id,
            "device_owner": "network:router_gateway",
        });
        if let (Some(addresses), Some(body)) = (addresses, body.as_object_mut()) {
            body.insert("fixed_ips".to_owned(), json!(addresses));
        }
        let body = Body::made(&PORT, body)?;
        let port = ports::make(call.transaction, scope, &call.caller, &network, &body)?;
        router.gateway_port = Some(port.id);
    }
    router.enable_snat = wanted.get("enable_snat").and_then(Value::as_bool).unwrap_or(true);
    Ok(())
}

/// What of a port a router changes.
static PORT_CHANGE: Resource = Resource {
    name: "port",
    collection: "ports",
    not_found: ("PortNotFound", "Port ", " could not be found."),
    tagged: false,
    attributes: &[
        Attribute::open("fixed_ips", Check::FixedIps, Missing::Unset),
        Attribute::open("description", Check::Text(255), Missing::Unset),
        Attribute::open("device_id", Check::Text(255), Missing::Unset),
        Attribute::open("device_owner", Check::Text(255), Missing::Unset),
    ],
};

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = body::update(call, &ROUTER)?;
    let scope = call.scope();
    let mut router = find(call.transaction, &scope, &call.caller, call.parameter("router"))?;
    body::allow_update(call, &ROUTER, &router.project_id, None, &body)?;
    refuse_administrators_gateway(call, "update_router", &body)?;
    revisions::expect(call, router.standard.revision_number)?;
    if body.boolean("distributed").is_some_and(|distributed| distributed != router.distributed)
        && router.admin_state_up
        && body.boolean("admin_state_up") != Some(false)
    {
        let message = "Cannot change the 'distributed' attribute of active routers. Please set router admin_state_up \
                       to False prior to upgrade";
        return Err(faults::bad_request("router", message));
    }
    body.change_text("name", &mut router.name);
    body.change_text("description", &mut router.standard.description);
    body.change_boolean("admin_state_up", &mut router.admin_state_up);
    body.change_boolean("distributed", &mut router.distributed);
    body.change_boolean("ha", &mut router.ha);
    if let Some(gateway) = body.get("external_gateway_info") {
        set_gateway(call, &scope, &mut router, gateway)?;
    }
    if let Some(routes) = body.get("routes").and_then(Value::as_array) {
        set_routes(call.transaction, &scope, &mut router, routes.clone())?;
    }
    router.standard.touch(call.transaction.now());
    call.transaction.put(&scope, &router)?;
    let view = view(call, &router)?;
    Ok(listing::show(call, &ROUTER, view))
}

// neutron/db/extraroute_db.py, _validate_routes
fn set_routes(
    transaction: &Transaction<'_>,
    scope: &str,
    router: &mut Router,
    wanted: Vec<Value>,
) -> Result<(), Fault> {
    let mut prefixes: Vec<Prefix> = Vec::new();
    let mut addresses: Vec<String> = Vec::new();
    for port in transaction.find::<Port>(scope, "device", &router.id)? {
        for ip in port.fixed_ips {
            let subnet: Option<Subnet> = transaction.get(scope, &ip.subnet_id)?;
            prefixes.extend(subnet.and_then(|subnet| subnet.prefix()));
            addresses.push(ip.ip_address.to_string());
        }
    }
    let refused = |why: &str| {
        let message = format!("Invalid format for routes: {}, {why}", python::str(&json!(wanted)));
        Err(Fault::bad_request(message).of_kind("InvalidRoutes"))
    };
    for route in &wanted {
        let next = route.get("nexthop").and_then(Value::as_str).unwrap_or_default();
        if !next.parse().is_ok_and(|next| prefixes.iter().any(|prefix| prefix.contains(next))) {
            return refused("the nexthop is not connected with router");
        }
        if addresses.iter().any(|address| address == next) {
            return refused("the nexthop is used by router");
        }
    }
    let limit = quotas::limit(transaction, scope, &router.project_id, "router_route")?;
    if usize::try_from(limit).is_ok_and(|limit| wanted.len() > limit) {
        let message = format!(
            "Unable to complete operation for {}. The number of routes exceeds the maximum {limit}.",
            router.id
        );
        return Err(Fault::bad_request(message).of_kind("RoutesExhausted"));
    }
    router.routes = wanted;
    Ok(())
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    let router = find(call.transaction, &scope, &call.caller, call.parameter("router"))?;
    policy::require(policy::may_change(&call.caller, &router.project_id), "delete_router")?;
    revisions::expect(call, router.standard.revision_number)?;
    let attached = interfaces_of(call.transaction, &scope, &router.id)?;
    if !attached.is_empty() {
        let attached: Vec<&str> = attached.iter().map(|port| port.id.as_str()).collect();
        let message = format!("Router {} has ports still attached: {}", router.id, attached.join(", "));
        return Err(faults::in_use("RouterInUse", message));
    }
    if let Some(port) = gateway_of(call.transaction, &scope, &router)? {
        ports::remove(call.transaction, &scope, &port)?;
    }
    call.transaction.remove::<Router>(&scope, &router.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
