use super::{Port, is_seen_by};
use crate::cloud::{Call, Caller, Fault, Release, Reply, Route};
use crate::network::attributes::body;
use crate::network::attributes::{Attribute, Check, Missing, Policy, Resource};
use crate::network::listing::{self, View};
use crate::network::networks::{self, Network};
use crate::network::routers::Router;
use crate::network::{faults, policy, revisions};
use crate::world::Transaction;
use http::{Method, StatusCode};
use serde_json::{Value, json};

const VNIC_TYPES: &[&str] = &[
    "normal",
    "direct",
    "macvtap",
    "baremetal",
    "direct-physical",
    "virtio-forwarder",
    "smart-nic",
    "vdpa",
    "accelerator-direct",
    "accelerator-direct-physical",
    "remote-managed",
];

pub(in crate::network) static PORT: Resource = Resource {
    name: "port",
    collection: "ports",
    not_found: ("PortNotFound", "Port ", " could not be found."),
    tagged: true,
    attributes: &[
        Attribute::open("name", Check::Text(255), Missing::Text("")).listed(),
        Attribute::fixed("network_id", Check::Uuid, Missing::Required).listed(),
        Attribute::open("admin_state_up", Check::Boolean, Missing::Boolean(true)).listed(),
        Attribute::open("mac_address", Check::Mac, Missing::Unset)
            .listed()
            .ruled(Policy::NetworkOwner)
            .changed_by(Policy::NetworkManager),
        Attribute::open("fixed_ips", Check::FixedIps, Missing::Unset)
            .filtered()
            .ruled(Policy::NetworkOwnerOrShared)
            .changed_by(Policy::NetworkOwner),
        Attribute::open("device_id", Check::Text(255), Missing::Text("")).listed().ruled(Policy::Everybody),
        Attribute::open("device_owner", Check::Text(255), Missing::Text(""))
            .listed()
            .ruled(Policy::DeviceOwner),
        Attribute::shown("status").listed(),
        Attribute::open("security_groups", Check::Uuids, Missing::Unset).filtered(),
        Attribute::open("allowed_address_pairs", Check::AddressPairs, Missing::Unset)
            .ruled(Policy::NetworkOwner),
        Attribute::open("extra_dhcp_opts", Check::DhcpOptions, Missing::Null),
        Attribute::open("port_security_enabled", Check::Boolean, Missing::Unset).ruled(Policy::NetworkOwner),
        Attribute::open("binding:vnic_type", Check::OneOf(VNIC_TYPES), Missing::Text("normal"))
            .ruled(Policy::Everybody),
        Attribute::open("binding:host_id", Check::TextOrNull(255), Missing::Unset)
            .filtered()
            .ruled(Policy::AdminOrService),
        Attribute::open("binding:profile", Check::ObjectOrNull, Missing::Unset).ruled(Policy::Service),
        Attribute::shown("binding:vif_type"),
        Attribute::shown("binding:vif_details"),
        Attribute::fixed("tags", Check::UniqueTexts, Missing::Empty).filtered(),
    ],
};

pub(in crate::network) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/ports", list),
    Route::new(Method::POST, "/v2.0/ports", create),
    Route::new(Method::GET, "/v2.0/ports/{port}", show),
    Route::new(Method::PUT, "/v2.0/ports/{port}", update),
    Route::new(Method::DELETE, "/v2.0/ports/{port}", delete),
];

/// A port that the caller sees.
pub(in crate::network) fn find(
    transaction: &Transaction<'_>,
    scope: &str,
    caller: &Caller,
    id: &str,
) -> Result<Port, Fault> {
    let port: Port = transaction.get(scope, id)?.ok_or_else(|| PORT.missing(id))?;
    let network: Option<Network> = transaction.get(scope, &port.network_id)?;
    if is_seen_by(&port, caller, network.as_ref()) { Ok(port) } else { Err(PORT.missing(id)) }
}

fn view(port: &Port, caller: &Caller) -> View {
    let mut view = listing::view(json!({
        "id": port.id, "name": port.name, "network_id": port.network_id, "tenant_id": port.project_id,
        "project_id": port.project_id, "mac_address": port.mac_address, "admin_state_up": port.admin_state_up,
        "status": port.status, "device_id": port.device_id, "device_owner": port.device_owner,
        "fixed_ips": port.fixed_ips, "allowed_address_pairs": port.allowed_address_pairs,
        "extra_dhcp_opts": port.extra_dhcp_opts, "security_groups": port.security_groups,
        "binding:vnic_type": port.vnic_type, "port_security_enabled": port.port_security_enabled,
    }));
    port.standard.show(&mut view);
    if policy::is_privileged(caller) {
        let details = if port.host_id.is_empty() {
            json!({})
        } else {
            json!({"port_filter": true, "bound_drivers": {"0": "testbed"}})
        };
        view.insert("binding:profile".to_owned(), port.profile.clone());
        view.insert("binding:host_id".to_owned(), json!(port.host_id));
        view.insert("binding:vif_type".to_owned(), json!(port.vif_type()));
        view.insert("binding:vif_details".to_owned(), details);
    }
    view
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    // What clients ask most is found by its key, however large the site is.
    let devices: Vec<&str> = call.query.all("device_id").filter(|device| !device.is_empty()).collect();
    let ports: Vec<Port> = match devices.as_slice() {
        [] => match call.query.get("network_id") {
            Some(network) if call.query.all("network_id").count() == 1 => {
                call.transaction.find(&scope, "network", network)?
            }
            _ => call.transaction.list(&scope)?,
        },
        devices => {
            let mut ports = Vec::new();
            for device in devices {
                ports.extend(call.transaction.find::<Port>(&scope, "device", device)?);
            }
            ports
        }
    };
    let networks: Vec<Network> = call.transaction.list(&scope)?;
    let network = |id: &str| networks.iter().find(|network| network.id == id);
    let views = ports
        .iter()
        .filter(|port| is_seen_by(port, &call.caller, network(&port.network_id)))
        .map(|port| view(port, &call.caller))
        .collect();
    listing::list(call, &PORT, views)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let port = find(call.transaction, &call.site.name, &call.caller, call.parameter("port"))?;
    Ok(listing::show(call, &PORT, view(&port, &call.caller)))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    body::create(call, &PORT, |call, body| {
        let network = networks::find(call, body.text("network_id"))?;
        refuse_foreign_router(call, body.text("device_owner"), body.text("device_id"), body.project())?;
        let port = super::make(call.transaction, &call.site.name, &call.caller, &network, body)?;
        Ok(view(&port, &call.caller))
    })
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = body::update(call, &PORT)?;
    let port = find(call.transaction, &call.site.name, &call.caller, call.parameter("port"))?;
    let network: Option<Network> = call.transaction.get(&call.site.name, &port.network_id)?;
    body::allow_update(call, &PORT, &port.project_id, network.as_ref(), &body)?;
    revisions::expect(call, port.standard.revision_number)?;
    let or = |name: &str, current: &str| match body.text(name) {
        "" => current.to_owned(),
        given => given.to_owned(),
    };
    if body.get("device_owner").is_some() || body.get("device_id").is_some() {
        let (owner, device) = (or("device_owner", &port.device_owner), or("device_id", &port.device_id));
        refuse_foreign_router(call, &owner, &device, &port.project_id)?;
    }
    let port = super::change(call.transaction, &call.site.name, &call.caller, port, &body)?;
    let mut view = view(&port, &call.caller);
    // neutron/plugins/ml2/plugin.py (_update_port_dict_binding): what an update answers does not tell the drivers.
    if let Some(details) = view.get_mut("binding:vif_details").and_then(Value::as_object_mut) {
        details.remove("bound_drivers");
    }
    Ok(listing::show(call, &PORT, view))
}

// neutron/db/db_base_plugin_v2.py, _enforce_device_owner_not_router_intf_or_device_id
fn refuse_foreign_router(call: &Call<'_, '_>, owner: &str, device: &str, project: &str) -> Result<(), Fault> {
    if owner != "network:router_interface" || call.caller.is_admin() {
        return Ok(());
    }
    let router: Option<Router> = call.transaction.get(&call.site.name, device)?;
    if router.is_some_and(|router| router.project_id != project) {
        let message = format!(
            "The following device_id {device} is not owned by your project or matches another project router."
        );
        return Err(faults::in_use("DeviceIDNotOwnedByTenant", message));
    }
    Ok(())
}

// neutron/conf/policies/port.py: in 2026.2 the port of a server is deleted by services only; in 2024.1 its owner could.
fn is_kept_for_services(call: &Call<'_, '_>, port: &Port) -> bool {
    let kept = ["compute:", "baremetal:", "manila:"];
    call.site.release > Release::R2024_1
        && kept.iter().any(|prefix| port.device_owner.starts_with(prefix))
        && !policy::is_privileged(&call.caller)
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    let port = find(call.transaction, &scope, &call.caller, call.parameter("port"))?;
    let network: Option<Network> = call.transaction.get(&scope, &port.network_id)?;
    let owns_network = network.is_some_and(|network| policy::may_change(&call.caller, &network.project_id));
    let owns = owns_network || policy::may_change(&call.caller, &port.project_id);
    policy::require(owns && !is_kept_for_services(call, &port), "delete_port")?;
    revisions::expect(call, port.standard.revision_number)?;
    if matches!(
        port.device_owner.as_str(),
        "network:router_interface" | "network:router_gateway" | "network:floatingip"
    ) {
        let message = format!(
            "Port {} cannot be deleted directly via the port API: has device owner {}.",
            port.id, port.device_owner
        );
        return Err(faults::in_use("ServicePortInUse", message));
    }
    super::remove(call.transaction, &scope, &port)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
