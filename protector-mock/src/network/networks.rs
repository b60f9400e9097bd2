//! Networks.
// neutron_lib/api/definitions/{network,provider_net,external_net,network_mtu,port_security,…}.py,
// neutron/db/db_base_plugin_v2.py, neutron/plugins/ml2/{plugin,managers}.py, 2026.2; the answer as the testbed's ML2
// makes it.

use super::attributes::body::{self, Body};
use super::attributes::{Attribute, Check, Missing, Policy, Resource};
use super::listing::{self, View};
use super::ports::Port;
use super::revisions;
use super::standard::Standard;
use super::subnets::{self, Subnet};
use super::{faults, policy, security_groups};
use crate::cloud::{Call, Caller, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A network.
#[expect(clippy::struct_field_names, reason = "they are Neutron's names")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub project_id: String,
    /// Whether it is up.
    pub admin_state_up: bool,
    /// The largest packet, in bytes.
    pub mtu: i64,
    /// Whether every project may use it.
    pub shared: bool,
    /// Whether routers have their gateways on it.
    pub external: bool,
    /// Whether it is the external network that is used if none is named.
    pub is_default: bool,
    /// Whether ports on it are guarded unless they say otherwise.
    pub port_security_enabled: bool,
    availability_zone_hints: Vec<String>,
    network_type: String,
    physical_network: Option<String>,
    segmentation_id: Option<i64>,
    #[serde(flatten)]
    pub(super) standard: Standard,
}

impl Record for Network {
    const KIND: &'static str = "network.network";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let segment =
            self.segmentation_id.map(|segment| ("segment", format!("{}/{segment}", self.network_type)));
        segment.into_iter().chain([("project", self.project_id.clone())]).collect()
    }
}

impl Network {
    /// Whether somebody sees it.
    pub fn is_seen_by(&self, caller: &Caller) -> bool {
        self.shared || self.external || policy::may_see(caller, &self.project_id)
    }
}

pub(super) static NETWORK: Resource = Resource {
    name: "network",
    collection: "networks",
    not_found: ("NetworkNotFound", "Network ", " could not be found."),
    tagged: true,
    attributes: &[
        Attribute::open("name", Check::Text(255), Missing::Text("")).listed(),
        Attribute::shown("subnets"),
        Attribute::open("admin_state_up", Check::Boolean, Missing::Boolean(true)).listed(),
        Attribute::shown("status").listed(),
        Attribute::open("shared", Check::Boolean, Missing::Boolean(false)).filtered().ruled(Policy::Admin),
        Attribute::open("router:external", Check::Boolean, Missing::Boolean(false))
            .filtered()
            .ruled(Policy::Admin),
        Attribute::open("is_default", Check::Boolean, Missing::Boolean(false))
            .filtered()
            .ruled(Policy::Admin),
        Attribute::open("mtu", Check::NonNegative, Missing::Number(0)).listed(),
        Attribute::open("port_security_enabled", Check::Boolean, Missing::Boolean(true))
            .ruled(Policy::Everybody),
        Attribute::open("provider:network_type", Check::Text(32), Missing::Unset)
            .filtered()
            .ruled(Policy::Admin),
        Attribute::open("provider:physical_network", Check::TextOrNull(64), Missing::Unset)
            .filtered()
            .ruled(Policy::Admin),
        Attribute::open("provider:segmentation_id", Check::Integer, Missing::Unset)
            .filtered()
            .ruled(Policy::Admin),
        Attribute::fixed("availability_zone_hints", Check::UniqueTexts, Missing::Empty),
        Attribute::shown("availability_zones"),
        Attribute::fixed("vlan_transparent", Check::Boolean, Missing::Unset).filtered(),
        Attribute::fixed("qinq", Check::Boolean, Missing::Unset).filtered(),
        Attribute::shown("ipv4_address_scope"),
        Attribute::shown("ipv6_address_scope"),
    ],
};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/networks", list),
    Route::new(Method::POST, "/v2.0/networks", create),
    Route::new(Method::GET, "/v2.0/networks/{network}", show),
    Route::new(Method::PUT, "/v2.0/networks/{network}", update),
    Route::new(Method::DELETE, "/v2.0/networks/{network}", delete),
];

/// A network that the caller sees.
pub(super) fn find(call: &Call<'_, '_>, id: &str) -> Result<Network, Fault> {
    policy::network_of(call, id)?.ok_or_else(|| NETWORK.missing(id))
}

fn view(
    transaction: &Transaction<'_>,
    scope: &str,
    caller: &Caller,
    network: &Network,
) -> Result<View, Fault> {
    let subnets: Vec<Subnet> = transaction.find(scope, "network", &network.id)?;
    let subnets: Vec<&str> = subnets.iter().map(|subnet| subnet.id.as_str()).collect();
    let mut view = listing::view(json!({
        "id": network.id, "name": network.name, "tenant_id": network.project_id, "project_id": network.project_id,
        "admin_state_up": network.admin_state_up, "mtu": network.mtu, "status": "ACTIVE", "subnets": subnets,
        "shared": network.shared, "availability_zone_hints": network.availability_zone_hints,
        "availability_zones": [], "ipv4_address_scope": null, "ipv6_address_scope": null,
        "router:external": network.external, "qinq": false, "vlan_transparent": false,
        "port_security_enabled": network.port_security_enabled,
    }));
    if network.external {
        view.insert("is_default".to_owned(), json!(network.is_default));
    }
    network.standard.show(&mut view);
    if caller.is_admin() {
        view.insert("provider:network_type".to_owned(), json!(network.network_type));
        view.insert("provider:physical_network".to_owned(), json!(network.physical_network));
        view.insert("provider:segmentation_id".to_owned(), json!(network.segmentation_id));
    }
    Ok(view)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let networks: Vec<Network> = call.transaction.list(&call.site.name)?;
    let seen = networks.iter().filter(|network| network.is_seen_by(&call.caller));
    let views = seen
        .map(|network| view(call.transaction, &call.site.name, &call.caller, network))
        .collect::<Result<_, Fault>>()?;
    listing::list(call, &NETWORK, views)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let network = find(call, call.parameter("network"))?;
    let view = view(call.transaction, &call.site.name, &call.caller, &network)?;
    Ok(listing::show(call, &NETWORK, view))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    body::create(call, &NETWORK, |call, body| {
        let network = make(call.transaction, &call.site.name, body)?;
        let mut view = view(call.transaction, &call.site.name, &call.caller, &network)?;
        // neutron/services/auto_allocate/db.py, _ensure_external_network_default_value_callback: a body always has
        // `router:external`, so that this answer, unlike later ones, has `is_default` for internal networks, too.
        view.insert("is_default".to_owned(), json!(network.is_default));
        Ok(view)
    })
}

/// Makes a network from a body that was found to be right.
pub(super) fn make(transaction: &mut Transaction<'_>, scope: &str, body: &Body) -> Result<Network, Fault> {
    security_groups::default_of(transaction, scope, body.project())?;
    let external = body.boolean("router:external").unwrap_or(false);
    let is_default = body.boolean("is_default").unwrap_or(false);
    if is_default {
        if !external {
            // neutron/services/auto_allocate/db.py: only an external network can be the default one.
            return Err(faults::invalid_input("Only external networks can be default"));
        }
        refuse_second_default(transaction, scope, "")?;
    }
    let (network_type, physical_network, segmentation_id) = segment(transaction, scope, body)?;
    let largest = if network_type == "vxlan" { 1450 } else { 1500 };
    let mtu = body.get("mtu").and_then(Value::as_i64).filter(|mtu| *mtu > 0).unwrap_or(largest);
    refuse_large(mtu, largest)?;
    let network = Network {
        id: transaction.new_uuid()?.to_string(),
        name: body.text("name").to_owned(),
        project_id: body.project().to_owned(),
        admin_state_up: body.boolean("admin_state_up").unwrap_or(true),
        mtu,
        shared: body.boolean("shared").unwrap_or(false),
        external,
        is_default,
        port_security_enabled: body.boolean("port_security_enabled").unwrap_or(true),
        availability_zone_hints: body.texts("availability_zone_hints").unwrap_or_default(),
        network_type,
        physical_network,
        segmentation_id,
        standard: Standard::new(transaction.now(), body.text("description"), 1),
    };
    transaction.put(scope, &network)?;
    Ok(network)
}

fn refuse_large(mtu: i64, largest: i64) -> Result<(), Fault> {
    if mtu > largest {
        return Err(faults::invalid_input(format!("Requested MTU is too big, maximum is {largest}")));
    }
    Ok(())
}

fn refuse_second_default(transaction: &Transaction<'_>, scope: &str, but: &str) -> Result<(), Fault> {
    let networks: Vec<Network> = transaction.list(scope)?;
    let Some(first) = networks.iter().find(|network| network.is_default && network.id != but) else {
        return Ok(());
    };
    Err(faults::in_use(
        "DefaultExternalNetworkExists",
        format!("A default external network already exists: {}.", first.id),
    ))
}

// neutron/plugins/ml2/managers.py, _process_provider_segment
fn segment(
    transaction: &mut Transaction<'_>,
    scope: &str,
    body: &Body,
) -> Result<(String, Option<String>, Option<i64>), Fault> {
    let physical = body.get("provider:physical_network").and_then(Value::as_str).map(str::to_owned);
    let asked = body.get("provider:segmentation_id").and_then(Value::as_i64);
    let kind = match body.get("provider:network_type").and_then(Value::as_str) {
        None if physical.is_some() || asked.is_some() => {
            return Err(faults::invalid_input("network_type required"));
        }
        kind => kind.unwrap_or("vxlan").to_owned(),
    };
    if !matches!(kind.as_str(), "vxlan" | "vlan" | "flat" | "local") {
        return Err(faults::invalid_input(format!("network_type value '{kind}' not supported")));
    }
    let highest = match kind.as_str() {
        "vxlan" => 4096,
        "vlan" => 4094,
        _ => {
            if kind == "flat" && physical.is_none() {
                return Err(faults::invalid_input("physical_network required for flat provider network"));
            }
            return Ok((kind, physical, None));
        }
    };
    if let Some(segment) = asked {
        if transaction.count::<Network>(scope, Some(("segment", &format!("{kind}/{segment}"))))? > 0 {
            let physical = physical.unwrap_or_default();
            return Err(if kind == "vlan" {
                let message = format!(
                    "Unable to create the network. The VLAN {segment} on physical network {physical} is in use."
                );
                faults::in_use("VlanIdInUse", message)
            } else {
                let message = format!("Unable to create the network. The tunnel ID {segment} is in use.");
                faults::in_use("TunnelIdInUse", message)
            });
        }
        return Ok((kind, physical, Some(segment)));
    }
    let begin = (transaction.random()? * f64::from(highest)) as i64;
    for step in 0..i64::from(highest) {
        let segment = (begin + step) % i64::from(highest) + 1;
        if transaction.count::<Network>(scope, Some(("segment", &format!("{kind}/{segment}"))))? == 0 {
            return Ok((kind, physical, Some(segment)));
        }
    }
    Err(Fault::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Unable to create the network. No project network is available for allocation.",
    )
    .of_kind("NoNetworkAvailable"))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = body::update(call, &NETWORK)?;
    let mut network = find(call, call.parameter("network"))?;
    body::allow_update(call, &NETWORK, &network.project_id, Some(&network), &body)?;
    revisions::expect(call, network.standard.revision_number)?;
    let scope = call.scope();
    refuse_other_segment(&network, &body)?;
    let ports: Vec<Port> = call.transaction.find(&scope, "network", &network.id)?;
    if body.boolean("shared") == Some(false) && network.shared {
        let foreign =
            |port: &Port| !port.device_owner.starts_with("network:") && port.project_id != network.project_id;
        if ports.iter().any(foreign) {
            let message = format!(
                "Unable to reconfigure sharing settings for network {}. Multiple projects are using it.",
                network.name
            );
            return Err(faults::in_use("InvalidSharedSetting", message));
        }
    }
    if body.boolean("router:external") == Some(false)
        && ports.iter().any(|port| port.device_owner == "network:router_gateway")
    {
        let message = format!(
            "External network {} cannot be updated to be made non-external, since it has existing gateway ports.",
            network.id
        );
        return Err(faults::in_use("ExternalNetworkInUse", message));
    }
    if let Some(mtu) = body.get("mtu").and_then(Value::as_i64) {
        let largest = if network.network_type == "vxlan" { 1450 } else { 1500 };
        refuse_large(mtu, largest)?;
        network.mtu = if mtu > 0 { mtu } else { largest };
    }
    if body.boolean("is_default") == Some(true) {
        refuse_second_default(call.transaction, &scope, &network.id)?;
    }
    body.change_text("name", &mut network.name);
    body.change_text("description", &mut network.standard.description);
    body.change_boolean("admin_state_up", &mut network.admin_state_up);
    body.change_boolean("shared", &mut network.shared);
    body.change_boolean("router:external", &mut network.external);
    body.change_boolean("is_default", &mut network.is_default);
    body.change_boolean("port_security_enabled", &mut network.port_security_enabled);
    network.standard.touch(call.transaction.now());
    call.transaction.put(&scope, &network)?;
    let view = view(call.transaction, &scope, &call.caller, &network)?;
    Ok(listing::show(call, &NETWORK, view))
}

fn refuse_other_segment(network: &Network, body: &Body) -> Result<(), Fault> {
    let other = |name: &str, is: Value| body.get(name).is_some_and(|value| !value.is_null() && *value != is);
    if other("provider:network_type", json!(network.network_type))
        || other("provider:physical_network", json!(network.physical_network))
    {
        return Err(faults::invalid_input(
            "Plugin does not support updating the following provider network attributes: provider:network_type, \
             provider:physical_network",
        ));
    }
    if other("provider:segmentation_id", json!(network.segmentation_id)) {
        return Err(faults::invalid_input("Only VLAN type networks can be updated."));
    }
    Ok(())
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let network = find(call, call.parameter("network"))?;
    policy::require(policy::may_change(&call.caller, &network.project_id), "delete_network")?;
    revisions::expect(call, network.standard.revision_number)?;
    let scope = call.scope();
    let ports: Vec<Port> = call.transaction.find(&scope, "network", &network.id)?;
    if !ports.is_empty() {
        let ports: Vec<&str> = ports.iter().map(|port| port.id.as_str()).collect();
        let message = format!(
            "Unable to complete operation on network {}. There are one or more ports still in use on the network, id \
             for these ports is: {}.",
            network.id,
            ports.join(",")
        );
        return Err(faults::in_use("NetworkInUse", message));
    }
    for subnet in call.transaction.find::<Subnet>(&scope, "network", &network.id)? {
        subnets::forget(call.transaction, &scope, &subnet)?;
    }
    call.transaction.remove::<Network>(&scope, &network.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Notes that something on a network was changed.
pub(super) fn touch(transaction: &mut Transaction<'_>, scope: &str, id: &str) -> Result<(), WorldError> {
    if let Some(mut network) = transaction.get::<Network>(scope, id)? {
        network.standard.touch(transaction.now());
        transaction.put(scope, &network)?;
    }
    Ok(())
}
