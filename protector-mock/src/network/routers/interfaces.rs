//! A router's interfaces: ports by which it is on the project's subnets.
// neutron/db/l3_db.py, add_router_interface and remove_router_interface, 2026.2

use super::{PORT_CHANGE, Router, find};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::network::attributes::Refusal;
use crate::network::attributes::body::Body;
use crate::network::attributes::uuid_of;
use crate::network::floating_ips::FloatingIp;
use crate::network::networks::{NETWORK, Network};
use crate::network::ports::{self, PORT, Port};
use crate::network::subnets::{self, Subnet};
use crate::network::{faults, policy};
use crate::world::Transaction;
use http::Method;
use serde_json::{Value, json};

pub(in crate::network) const ROUTES: &[Route] = &[
    Route::new(Method::PUT, "/v2.0/routers/{router}/add_router_interface", add),
    Route::new(Method::PUT, "/v2.0/routers/{router}/remove_router_interface", remove),
    Route::new(Method::PUT, "/v2.0/routers/{router}/add_extraroutes", add_routes),
    Route::new(Method::PUT, "/v2.0/routers/{router}/remove_extraroutes", remove_routes),
];

fn refused<T>(message: impl std::fmt::Display) -> Result<T, Fault> {
    Err(faults::bad_request("router", message))
}

fn asked(call: &Call<'_, '_>, removal: bool) -> Result<(Option<String>, Option<String>), Fault> {
    let read = |name: &str| match call.body.get(name) {
        None => Ok(None),
        Some(value) => match uuid_of(value) {
            Ok(id) => Ok(Some(id)),
            Err(Refusal::Reason(why)) => refused(why),
            Err(Refusal::Fault(fault)) => Err(*fault),
        },
    };
    let (port, subnet) = (read("port_id")?, read("subnet_id")?);
    match (&port, &subnet) {
        (None, None) => refused("Either subnet_id or port_id must be specified"),
        (Some(_), Some(_)) if !removal => refused("Cannot specify both subnet-id and port-id"),
        _ => Ok((port, subnet)),
    }
}

/// Refuses subnets that a router is on already, or that overlap with one that it is on.
// neutron/db/l3_db.py, _check_for_dup_router_subnets
pub(super) fn refuse_overlaps(
    transaction: &Transaction<'_>,
    scope: &str,
    router: &str,
    new: &[Subnet],
) -> Result<(), Fault> {
    for port in transaction.find::<Port>(scope, "device", router)? {
        let mut known: Vec<Subnet> = Vec::new();
        for ip in &port.fixed_ips {
            if new.iter().any(|subnet| subnet.id == ip.subnet_id) {
                return refused(format_args!("Router already has a port on subnet {}", ip.subnet_id));
            }
            known.extend(transaction.get::<Subnet>(scope, &ip.subnet_id)?);
        }
        if port.device_owner == "network:router_gateway" {
            known = transaction.find(scope, "network", &port.network_id)?;
        }
        for (old, new) in known.iter().flat_map(|old| new.iter().map(move |new| (old, new))) {
            let overlap = match (old.prefix(), new.prefix()) {
                (Some(one), Some(other)) => one.overlaps(other),
                _ => false,
            };
            if overlap && old.id != new.id {
                return refused(format_args!(
                    "Cidr {} of subnet {} overlaps with cidr {} of subnet {}",
                    new.cidr, new.id, old.cidr, old.id
                ));
            }
        }
    }
    Ok(())
}

fn information(router: &Router, port: &Port, subnets: &[String]) -> Reply {
    Reply::ok(json!({
        "id": router.id, "project_id": port.project_id, "tenant_id": port.project_id, "port_id": port.id,
        "network_id": port.network_id, "subnet_id": subnets.last(), "subnet_ids": subnets,
    }))
}

fn own_router(call: &Call<'_, '_>, action: &str) -> Result<Router, Fault> {
    let router = find(call.transaction, &call.site.name, &call.caller, call.parameter("router"))?;
    policy::require(policy::may_change(&call.caller, &router.project_id), action)?;
    Ok(router)
}

fn touch(call: &mut Call<'_, '_>, scope: &str, mut router: Router) -> Result<Router, Fault> {
    router.standard.touch(call.transaction.now());
    call.transaction.put(scope, &router)?;
    Ok(router)
}

fn add(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    let router = own_router(call, "add_router_interface")?;
    let port = match asked(call, false)? {
        (Some(port), _) => by_port(call, &scope, &router, &port)?,
        (None, subnet) => by_subnet(call, &scope, &router, &subnet.unwrap_or_default())?,
    };
    let subnets: Vec<String> = port.fixed_ips.iter().map(|ip| ip.subnet_id.clone()).collect();
    let router = touch(call, &scope, router)?;
    Ok(information(&router, &port, &subnets))
}

fn by_port(call: &mut Call<'_, '_>, scope: &str, router: &Router, id: &str) -> Result<Port, Fault> {
    let port = ports::find(call.transaction, scope, &call.caller, id)?;
    if !port.device_id.is_empty() {
        let message = format!(
            "Unable to complete operation on port {} for network {}. Port already has an attached device {}.",
            port.id, port.network_id, port.device_id
        );
        return Err(faults::in_use("PortInUse", message));
    }
    if port.fixed_ips.is_empty() {
        return refused("Router port must have at least one fixed IP");
    }
    let mut subnets: Vec<Subnet> = Vec::new();
    for ip in &port.fixed_ips {
        subnets.extend(call.transaction.get::<Subnet>(scope, &ip.subnet_id)?);
    }
    refuse_overlaps(call.transaction, scope, &router.id, &subnets)?;
    if subnets.iter().filter(|subnet| subnet.version() == 4).count() > 1 {
        return refused("Cannot have multiple IPv4 subnets on router port");
    }
    let change = json!({"device_id": router.id, "device_owner": "network:router_interface"});
    let change = Body::made(&PORT_CHANGE, change)?;
    ports::change(call.transaction, scope, &call.caller, port, &change)
}

fn by_subnet(call: &mut Call<'_, '_>, scope: &str, router: &Router, id: &str) -> Result<Port, Fault> {
    let (subnet, _) = subnets::find(call, id)?;
    let Some(gateway) = subnet.gateway_ip else {
        return refused("Subnet for router interface must have a gateway IP");
    };
    if subnet.project_id != call.caller.project && !call.caller.is_admin() {
        return refused(format_args!(
            "Cannot add interface to router because subnet {id} is not owned by project making the request"
        ));
    }
    refuse_overlaps(call.transaction, scope, &router.id, std::slice::from_ref(&subnet))?;
    let Some(network) = call.transaction.get::<Network>(scope, &subnet.network_id)? else {
        return Err(NETWORK.missing(&subnet.network_id));
    };
    let body = json!({
        "project_id": router.project_id, "network_id": network.id, "device_id": router.id,
        "device_owner": "network:router_interface",
        "fixed_ips": [{"subnet_id": subnet.id, "ip_address": gateway}],
    });
    let body = Body::made(&PORT, body)?;
    ports::make(call.transaction, scope, &call.caller, &network, &body)
}

fn remove(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    let router = own_router(call, "remove_router_interface")?;
    let (port, subnet) = asked(call, true)?;
    let interfaces = super::interfaces_of(call.transaction, &scope, &router.id)?;
    let on = |port: &Port, subnet: &str| port.fixed_ips.iter().any(|ip| ip.subnet_id == subnet);
    let found = match (&port, &subnet) {
        (Some(id), subnet) => {
            let Some(port) = interfaces.into_iter().find(|port| port.id == *id) else {
                let message = format!("Router {} does not have an interface with id {id}", router.id);
                return Err(faults::not_found("RouterInterfaceNotFound", message));
            };
            if let Some(subnet) = subnet.as_ref().filter(|subnet| !on(&port, subnet)) {
                let message = format!("Subnet on port {id} does not match the requested subnet {subnet}.");
                return Err(Fault::bad_request(message).of_kind("SubnetMismatchForPort"));
            }
            port
        }
        (None, subnet) => {
            let id = subnet.as_deref().unwrap_or_default();
            subnets::find(call, id)?;
            let Some(port) = interfaces.into_iter().find(|port| on(port, id)) else {
                let message = format!("Router {} has no interface on subnet {id}", router.id);
                return Err(faults::not_found("RouterInterfaceNotFoundForSubnet", message));
            };
            port
        }
    };
    let subnets: Vec<String> = found.fixed_ips.iter().map(|ip| ip.subnet_id.clone()).collect();
    for subnet in &subnets {
        refuse_needed(call.transaction, &scope, &router, subnet)?;
    }
    ports::remove(call.transaction, &scope, &found)?;
    let router = touch(call, &scope, router)?;
    Ok(information(&router, &found, &subnets))
}

/// An interface stays as long as a floating IP or a route goes by it.
fn refuse_needed(
    transaction: &Transaction<'_>,
    scope: &str,
    router: &Router,
    subnet: &str,
) -> Result<(), Fault> {
    let Some(subnet) = transaction.get::<Subnet>(scope, subnet)? else { return Ok(()) };
    let within = |address: &str| {
        address.parse().is_ok_and(|address| subnet.prefix().is_some_and(|prefix| prefix.contains(address)))
    };
    let floating: Vec<FloatingIp> = transaction.find(scope, "router", &router.id)?;
    let text = |what: &str| {
        format!(
            "Router interface for subnet {} on router {} cannot be deleted, as it is required by one or more {what}.",
            subnet.id, router.id
        )
    };
    if floating
        .iter()
        .any(|floating| floating.fixed_ip_address.is_some_and(|address| within(&address.to_string())))
    {
        return Err(faults::in_use("RouterInterfaceInUseByFloatingIP", text("floating IPs")));
    }
    let next = |route: &Value| route.get("nexthop").and_then(Value::as_str).is_some_and(within);
    if router.routes.iter().any(next) {
        return Err(faults::in_use("RouterInterfaceInUseByRoute", text("routes")));
    }
    Ok(())
}

fn given_routes(call: &Call<'_, '_>) -> Result<Vec<Value>, Fault> {
    let routes = call.body.get("router").and_then(|router| router.get("routes")).unwrap_or(&Value::Null);
    let routes =
        crate::network::attributes::Check::Routes.apply(routes).map_err(|refusal| refusal.fault("routes"))?;
    Ok(routes.as_array().cloned().unwrap_or_default())
}

// neutron/db/extraroute_db.py, ExtraRoute_dbonly_mixin
fn add_routes(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let more = given_routes(call)?;
    change_routes(call, "add_extraroutes", |routes| {
        for route in &more {
            if !routes.contains(route) {
                routes.push(route.clone());
            }
        }
    })
}

fn remove_routes(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let less = given_routes(call)?;
    change_routes(call, "remove_extraroutes", |routes| routes.retain(|route| !less.contains(route)))
}

fn change_routes(
    call: &mut Call<'_, '_>,
    action: &str,
    change: impl FnOnce(&mut Vec<Value>),
) -> Result<Reply, Fault> {
    let scope = call.scope();
    let mut router = own_router(call, action)?;
    let mut changed = router.routes.clone();
    change(&mut changed);
    super::set_routes(call.transaction, &scope, &mut router, changed)?;
    let router = touch(call, &scope, router)?;
    Ok(Reply::ok(json!({ "router": super::view(call, &router)? })))
}
