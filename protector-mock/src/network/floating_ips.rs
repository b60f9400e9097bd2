//! Floating IPs: addresses outside that point at a port inside.
// neutron_lib/api/definitions/{l3,fip_port_details}.py, neutron/db/l3_db.py, 2026.2

#[cfg(test)]
mod tests;

use super::attributes::body::{self, Body};
use super::attributes::{Attribute, Check, Missing, Policy, Resource};
use super::listing::{self, View};
use super::networks::{NETWORK, Network};
use super::ports::{self, PORT, Port};
use super::routers::{self, Router};
use super::standard::Standard;
use super::subnets::Subnet;
use super::{faults, policy, revisions};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;

/// A floating IP.
#[expect(clippy::struct_field_names, reason = "they are Neutron's names")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FloatingIp {
    /// Its id.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) project_id: String,
    floating_network_id: String,
    /// It.
    pub(crate) floating_ip_address: IpAddr,
    /// Its port outside.
    outside_port: String,
    /// The port that it points at.
    pub(crate) port_id: Option<String>,
    /// Which address of that.
    pub(crate) fixed_ip_address: Option<IpAddr>,
    router_id: Option<String>,
    status: String,
    #[serde(flatten)]
    pub(super) standard: Standard,
}

impl Record for FloatingIp {
    const KIND: &'static str = "network.floating-ip";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let port = self.port_id.clone().map(|port| ("port", port));
        let router = self.router_id.clone().map(|router| ("router", router));
        [("project", self.project_id.clone())].into_iter().chain(port).chain(router).collect()
    }
}

pub(super) static FLOATING_IP: Resource = Resource {
    name: "floatingip",
    collection: "floatingips",
    not_found: ("FloatingIPNotFound", "Floating IP ", " could not be found"),
    tagged: true,
    attributes: &[
        Attribute::fixed("floating_ip_address", Check::AddressOrNull, Missing::Null)
            .listed()
            .ruled(Policy::Manager),
        Attribute::fixed("subnet_id", Check::UuidOrNull, Missing::Null),
        Attribute::fixed("floating_network_id", Check::Uuid, Missing::Required).listed(),
        Attribute::shown("router_id").listed(),
        Attribute::open("port_id", Check::UuidOrNull, Missing::Null).filtered(),
        Attribute::open("fixed_ip_address", Check::AddressOrNull, Missing::Null).listed(),
        Attribute::shown("status").listed(),
        Attribute::shown("port_details"),
    ],
};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/floatingips", list),
    Route::new(Method::POST, "/v2.0/floatingips", create),
    Route::new(Method::GET, "/v2.0/floatingips/{floatingip}", show),
    Route::new(Method::PUT, "/v2.0/floatingips/{floatingip}", update),
    Route::new(Method::DELETE, "/v2.0/floatingips/{floatingip}", delete),
];

fn find(call: &Call<'_, '_>, id: &str) -> Result<FloatingIp, Fault> {
    let floating = call.transaction.get::<FloatingIp>(&call.site.name, id)?;
    floating
        .filter(|one| policy::may_see(&call.caller, &one.project_id))
        .ok_or_else(|| FLOATING_IP.missing(id))
}

fn view(call: &Call<'_, '_>, floating: &FloatingIp) -> Result<View, Fault> {
    let port: Option<Port> = match &floating.port_id {
        Some(port) => call.transaction.get(&call.site.name, port)?,
        None => None,
    };
    let details = port.map(|port| {
        json!({
            "name": port.name, "network_id": port.network_id, "mac_address": port.mac_address,
            "admin_state_up": port.admin_state_up, "status": port.status, "device_id": port.device_id,
            "device_owner": port.device_owner,
        })
    });
    let mut view = listing::view(json!({
        "id": floating.id, "tenant_id": floating.project_id, "project_id": floating.project_id,
        "floating_ip_address": floating.floating_ip_address, "floating_network_id": floating.floating_network_id,
        "router_id": floating.router_id, "port_id": floating.port_id, "fixed_ip_address": floating.fixed_ip_address,
        "status": floating.status, "port_details": details,
    }));
    floating.standard.show(&mut view);
    Ok(view)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let all: Vec<FloatingIp> = call.transaction.list(&call.site.name)?;
    let seen = all.iter().filter(|floating| policy::may_see(&call.caller, &floating.project_id));
    let views = seen.map(|floating| view(call, floating)).collect::<Result<_, Fault>>()?;
    listing::list(call, &FLOATING_IP, views)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let floating = find(call, call.parameter("floatingip"))?;
    let view = view(call, &floating)?;
    Ok(listing::show(call, &FLOATING_IP, view))
}

fn refused<T>(message: impl std::fmt::Display) -> Result<T, Fault> {
    Err(faults::bad_request("floatingip", message))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    body::create(call, &FLOATING_IP, |call, body| {
        let floating = make(call, body)?;
        view(call, &floating)
    })
}

fn make(call: &mut Call<'_, '_>, body: &Body) -> Result<FloatingIp, Fault> {
    let scope = call.scope();
    let network_id = body.text("floating_network_id");
    let network: Option<Network> = call.transaction.get(&scope, network_id)?;
    let network = network
        .filter(|network| network.is_seen_by(&call.caller))
        .ok_or_else(|| NETWORK.missing(network_id))?;
    if !network.external {
        return refused(format_args!("Network {network_id} is not a valid external network"));
    }
    let subnets: Vec<Subnet> = call.transaction.find(&scope, "network", network_id)?;
    if !subnets.iter().any(|subnet| subnet.version() == 4) {
        return refused(format_args!("Network {network_id} does not contain any IPv4 subnet"));
    }
    let id = call.transaction.new_uuid()?.to_string();
    let mut outside = json!({
        "project_id": "", "network_id": network_id, "device_id": id, "device_owner": "network:floatingip",
    });
    let named = [("subnet_id", "subnet_id"), ("floating_ip_address", "ip_address")].into_iter();
    let named: serde_json::Map<String, Value> = named
        .filter_map(|(given, name)| {
            Some((name.to_owned(), body.get(given).filter(|value| !value.is_null())?.clone()))
        })
        .collect();
    if let Some(outside) = outside.as_object_mut().filter(|_| !named.is_empty()) {
        outside.insert("fixed_ips".to_owned(), json!([named]));
    }
    let outside = Body::made(&PORT, outside)?;
    let mut outside = ports::make(call.transaction, &scope, &call.caller, &network, &outside)?;
    "N/A".clone_into(&mut outside.status);
    call.transaction.put(&scope, &outside)?;
    let Some(floating_ip_address) = outside.fixed_ips.iter().map(|ip| ip.ip_address).find(IpAddr::is_ipv4)
    else {
        let message = format!("Unable to find any IP address on external network {network_id}.");
        return Err(Fault::bad_request(message).of_kind("ExternalIpAddressExhausted"));
    };
    let mut floating = FloatingIp {
        id,
        project_id: body.project().to_owned(),
        floating_network_id: network_id.to_owned(),
        floating_ip_address,
        outside_port: outside.id,
        port_id: None,
        fixed_ip_address: None,
        router_id: None,
        status: "DOWN".to_owned(),
        standard: Standard::new(call.transaction.now(), body.text("description"), 0),
    };
    associate(call, &scope, &mut floating, body)?;
    call.transaction.put(&scope, &floating)?;
    Ok(floating)
}

/// Points a floating IP where the request says.
// neutron/db/l3_db.py, _check_and_get_fip_assoc and _internal_fip_assoc_data
fn associate(call: &Call<'_, '_>, scope: &str, floating: &mut FloatingIp, body: &Body) -> Result<(), Fault> {
    let port_id = body.text("port_id");
    let asked: Option<IpAddr> = body.text("fixed_ip_address").parse().ok();
    if asked.is_some() && port_id.is_empty() {
        return refused("fixed_ip_address cannot be specified without a port_id");
    }
    if port_id.is_empty() {
        point(floating, None);
        return Ok(());
    }
    let port = ports::find(call.transaction, scope, &call.caller, port_id)?;
    if port.project_id != floating.project_id && !call.caller.is_admin() {
        return refused(format_args!(
            "Cannot process floating IP association with Port {port_id}, since that port is owned by a different project"
        ));
    }
    let inside: Vec<_> = port.fixed_ips.iter().filter(|ip| ip.ip_address.is_ipv4()).collect();
    let ip = match asked {
        Some(asked) if !asked.is_ipv4() => {
            return refused(format_args!(
                "Cannot process floating IP association with {asked}, since that is not an IPv4 address"
            ));
        }
        Some(asked) => match inside.iter().find(|ip| ip.ip_address == asked) {
            Some(ip) => *ip,
            None => return refused(format_args!("Port {port_id} does not have fixed ip {asked}")),
        },
        None => match inside.as_slice() {
            [] => {
                return refused(format_args!(
                    "Cannot add floating IP to port {port_id} that has no fixed IPv4 addresses"
                ));
            }
            [ip] => *ip,
            _ => {
                return refused(format_args!(
                    "Port {port_id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when \
                     assigning a floating IP"
                ));
            }
        },
    };
    let router = router_between(call.transaction, scope, floating, &port, &ip.subnet_id)?;
    if floating.port_id.as_deref() != Some(port_id) {
        let others: Vec<FloatingIp> = call.transaction.find(scope, "port", port_id)?;
        let same = |other: &FloatingIp| {
            other.floating_network_id == floating.floating_network_id
                && other.fixed_ip_address == Some(ip.ip_address)
        };
        if others.iter().any(same) {
            let message = format!(
                "Cannot associate floating IP {} ({}) with port {port_id} using fixed IP {}, as that fixed IP already \
                 has a floating IP on external network {}.",
                floating.floating_ip_address, floating.id, ip.ip_address, floating.floating_network_id
            );
            return Err(faults::in_use("FloatingIPPortAlreadyAssociated", message));
        }
    }
    point(floating, Some((port_id, ip.ip_address, router)));
    Ok(())
}

fn point(floating: &mut FloatingIp, at: Option<(&str, IpAddr, String)>) {
    let status = if at.is_some() { "ACTIVE" } else { "DOWN" };
    status.clone_into(&mut floating.status);
    floating.port_id = at.as_ref().map(|(port, _, _)| (*port).to_owned());
    floating.fixed_ip_address = at.as_ref().map(|(_, address, _)| *address);
    floating.router_id = at.map(|(_, _, router)| router);
}

/// The router that joins a port's subnet to the floating IP's network: the one at the subnet's gateway, if there are
/// several.
fn router_between(
    transaction: &Transaction<'_>,
    scope: &str,
    floating: &FloatingIp,
    port: &Port,
    subnet_id: &str,
) -> Result<String, Fault> {
    let subnet: Option<Subnet> = transaction.get(scope, subnet_id)?;
    let gateway = subnet.and_then(|subnet| subnet.gateway_ip);
    let mut first = None;
    for interface in transaction.find::<Port>(scope, "subnet", subnet_id)? {
        if interface.device_owner != "network:router_interface" {
            continue;
        }
        let Some(router) = transaction.get::<Router>(scope, &interface.device_id)? else { continue };
        let outside = routers::gateway_of(transaction, scope, &router)?;
        if outside.is_none_or(|outside| outside.network_id != floating.floating_network_id) {
            continue;
        }
        if interface.fixed_ips.iter().any(|ip| Some(ip.ip_address) == gateway) {
            return Ok(router.id);
        }
        first = first.or(Some(router.id));
    }
    first.ok_or_else(|| {
        let message = format!(
            "External network {} is not reachable from subnet {subnet_id}.  Therefore, cannot associate Port {} with a \
             Floating IP.",
            floating.floating_network_id, port.id
        );
        faults::not_found("ExternalGatewayForFloatingIPNotFound", message)
    })
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = body::update(call, &FLOATING_IP)?;
    let scope = call.scope();
    let mut floating = find(call, call.parameter("floatingip"))?;
    body::allow_update(call, &FLOATING_IP, &floating.project_id, None, &body)?;
    revisions::expect(call, floating.standard.revision_number)?;
    if body.get("port_id").is_some() {
        associate(call, &scope, &mut floating, &body)?;
    } else if body.get("fixed_ip_address").is_some_and(|address| !address.is_null()) {
        return refused("fixed_ip_address cannot be specified without a port_id");
    }
    body.change_text("description", &mut floating.standard.description);
    floating.standard.touch(call.transaction.now());
    call.transaction.put(&scope, &floating)?;
    let view = view(call, &floating)?;
    Ok(listing::show(call, &FLOATING_IP, view))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    let floating = find(call, call.parameter("floatingip"))?;
    policy::require(policy::may_change(&call.caller, &floating.project_id), "delete_floatingip")?;
    revisions::expect(call, floating.standard.revision_number)?;
    call.transaction.remove::<FloatingIp>(&scope, &floating.id)?;
    if let Some(port) = call.transaction.get::<Port>(&scope, &floating.outside_port)? {
        ports::remove(call.transaction, &scope, &port)?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Those that point at a port.
pub(super) fn of_port(
    transaction: &Transaction<'_>,
    scope: &str,
    port: &str,
) -> Result<Vec<FloatingIp>, WorldError> {
    transaction.find(scope, "port", port)
}

/// Lets no floating IP point at a port any more.
pub(super) fn disassociate(
    transaction: &mut Transaction<'_>,
    scope: &str,
    port: &str,
) -> Result<(), WorldError> {
    for mut floating in of_port(transaction, scope, port)? {
        point(&mut floating, None);
        floating.standard.touch(transaction.now());
        transaction.put(scope, &floating)?;
    }
    Ok(())
}

/// Refuses to take the address from a port that a floating IP points at.
// neutron/db/l3_db.py, prevent_internal_ip_change_for_fip
pub(super) fn refuse_change_of(
    transaction: &Transaction<'_>,
    scope: &str,
    port: &Port,
    wanted: &[Value],
) -> Result<(), Fault> {
    let Some(inside) = of_port(transaction, scope, &port.id)?.first().and_then(|one| one.fixed_ip_address)
    else {
        return Ok(());
    };
    let kept = |entry: &Value| entry.get("ip_address").and_then(Value::as_str) == Some(&inside.to_string());
    if wanted.iter().any(kept) {
        return Ok(());
    }
    let message = format!(
        "Cannot update the fixed_ips of the port {}, because its original fixed_ip has been associated to a floating ip",
        port.id
    );
    Err(faults::bad_request("port", message))
}
