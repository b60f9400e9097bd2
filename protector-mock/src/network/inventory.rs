//! What is asked about the site as a whole: how many addresses are used, and what there is none of, as on the testbed
//! (agents, availability zones, pools of subnets).
// neutron/db/network_ip_availability_db.py, neutron/services/network_ip_availability/plugin.py,
// neutron/extensions/{agent,availability_zone,servicetype}.py, 2026.2

use super::addresses::Range;
use super::attributes::{Attribute, Check, Resource};
use super::listing::{self, View};
use super::networks::{NETWORK, Network};
use super::ports::Port;
use super::subnets::Subnet;
use super::{faults, policy};
use crate::cloud::{Call, Fault, Release, Reply, Route};
use http::Method;
use serde_json::{Value, json};

static AVAILABILITY: Resource = Resource {
    name: "network_ip_availability",
    collection: "network_ip_availabilities",
    not_found: NETWORK.not_found,
    tagged: false,
    attributes: &[
        Attribute::shown("network_id").listed(),
        Attribute::shown("network_name").filtered(),
        Attribute::shown("ip_version").filtered().of(Check::IpVersion),
    ],
};

macro_rules! nothing {
    ($static:ident, $name:literal, $collection:literal, $kind:literal, $before:literal, $after:literal, [$($filter:literal),*]) => {
        static $static: Resource = Resource {
            name: $name,
            collection: $collection,
            not_found: ($kind, $before, $after),
            tagged: false,
            attributes: &[Attribute::shown("name").listed(), $(Attribute::shown($filter).listed()),*],
        };
    };
}

nothing!(
    AGENT,
    "agent",
    "agents",
    "AgentNotFound",
    "Agent ",
    " could not be found.",
    ["agent_type", "binary", "host", "alive", "admin_state_up", "availability_zone", "topic"]
);
nothing!(
    ZONE,
    "availability_zone",
    "availability_zones",
    "AvailabilityZoneNotFound",
    "AvailabilityZone ",
    " could not be found.",
    ["state", "resource"]
);
nothing!(
    POOL,
    "subnetpool",
    "subnetpools",
    "SubnetPoolNotFound",
    "Subnet pool ",
    " could not be found.",
    [
        "ip_version",
        "shared",
        "is_default",
        "address_scope_id",
        "default_prefixlen",
        "min_prefixlen",
        "max_prefixlen"
    ]
);
nothing!(
    SCOPE,
    "address_scope",
    "address_scopes",
    "AddressScopeNotFound",
    "Address scope ",
    " could not be found",
    ["ip_version", "shared"]
);
nothing!(
    RBAC,
    "rbac_policy",
    "rbac_policies",
    "RbacPolicyNotFound",
    "RBAC policy of type  with ID ",
    " not found",
    ["object_type", "object_id", "action", "target_tenant"]
);

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/network-ip-availabilities", list),
    Route::new(Method::GET, "/v2.0/network-ip-availabilities/{network}", show),
    Route::new(Method::GET, "/v2.0/agents", |call| admins_only(call, &AGENT)),
    Route::new(Method::GET, "/v2.0/agents/{agent}", |call| Err(AGENT.missing(call.parameter("agent")))),
    Route::new(Method::GET, "/v2.0/availability_zones", |call| listing::list(call, &ZONE, Vec::new())),
    Route::new(Method::GET, "/v2.0/subnetpools", |call| listing::list(call, &POOL, Vec::new())),
    Route::new(Method::GET, "/v2.0/subnetpools/{pool}", |call| Err(POOL.missing(call.parameter("pool")))),
    Route::new(Method::GET, "/v2.0/address-scopes", |call| listing::list(call, &SCOPE, Vec::new())),
    Route::new(Method::GET, "/v2.0/address-scopes/{scope}", |call| {
        Err(SCOPE.missing(call.parameter("scope")))
    }),
    Route::new(Method::GET, "/v2.0/rbac-policies", |call| listing::list(call, &RBAC, Vec::new())),
    Route::new(Method::GET, "/v2.0/rbac-policies/{policy}", |call| {
        Err(RBAC.missing(call.parameter("policy")))
    }),
    Route::new(Method::GET, "/v2.0/service-providers", providers),
    Route::new(Method::GET, "/v2.0/routers/{router}/l3-agents", |_| Ok(Reply::ok(json!({"agents": []})))),
    Route::new(Method::GET, "/v2.0/networks/{network}/dhcp-agents", |_| Ok(Reply::ok(json!({"agents": []})))),
];

/// To others, a list of agents is empty as well.
fn admins_only(call: &mut Call<'_, '_>, resource: &Resource) -> Result<Reply, Fault> {
    listing::list(call, resource, Vec::new())
}

#[expect(clippy::unnecessary_wraps, reason = "handlers are functions that may fail")]
fn providers(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let providers: Vec<Value> = ["dvrha", "dvr", "ha", "single_node"]
        .into_iter()
        .map(|name| json!({"service_type": "L3_ROUTER_NAT", "name": name, "default": false}))
        .collect();
    Ok(Reply::ok(json!({ "service_providers": providers })))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let networks: Vec<Network> = call.transaction.list(&call.site.name)?;
    let mut views = Vec::new();
    for network in networks.iter().filter(|network| policy::may_see(&call.caller, &network.project_id)) {
        views.push(view(call, network)?);
    }
    // It has no id of its own: its pages go by the network's.
    for view in &mut views {
        let id = view.get("network_id").cloned().unwrap_or_default();
        view.insert("id".to_owned(), id);
    }
    let mut reply = listing::list(call, &AVAILABILITY, views)?;
    if let crate::cloud::Content::Json(body) = &mut reply.content {
        let shown = body.get_mut(AVAILABILITY.collection).and_then(Value::as_array_mut);
        for view in shown.into_iter().flatten().filter_map(Value::as_object_mut) {
            view.remove("id");
        }
    }
    Ok(reply)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let id = call.parameter("network");
    let network: Option<Network> = call.transaction.get(&call.site.name, id)?;
    let network = network.ok_or_else(|| NETWORK.missing(id))?;
    if !policy::may_see(&call.caller, &network.project_id) {
        return Err(faults::no_such_path());
    }
    let view = view(call, &network)?;
    Ok(listing::show(call, &AVAILABILITY, view))
}

#[derive(Default, Clone, Copy)]
struct Count {
    used: u128,
    used_in_pools: u128,
    total: u128,
    in_pools: u128,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.used += other.used;
        self.used_in_pools += other.used_in_pools;
        self.total = self.total.saturating_add(other.total);
        self.in_pools = self.in_pools.saturating_add(other.in_pools);
    }

    fn show(self, view: &mut View, details: bool) {
        let number = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
        view.insert("used_ips".to_owned(), json!(number(self.used)));
        view.insert("total_ips".to_owned(), json!(number(self.in_pools)));
        if details {
            let details = json!({
                "total_ips_in_subnet": number(self.total), "total_ips_in_allocation_pool": number(self.in_pools),
                "used_ips_in_subnet": number(self.used), "used_ips_in_allocation_pool": number(self.used_in_pools),
            });
            view.insert("ip_availability_details".to_owned(), details);
        }
    }
}

fn view(call: &Call<'_, '_>, network: &Network) -> Result<View, Fault> {
    let details = call.site.release > Release::R2024_1;
    let scope = &call.site.name;
    let ports: Vec<Port> = call.transaction.find(scope, "network", &network.id)?;
    let mut all = Count::default();
    let mut subnets = Vec::new();
    for subnet in call.transaction.find::<Subnet>(scope, "network", &network.id)? {
        let ranges = subnet.ranges();
        let used: Vec<_> = ports
            .iter()
            .flat_map(|port| &port.fixed_ips)
            .filter(|ip| ip.subnet_id == subnet.id)
            .map(|ip| ip.ip_address)
            .collect();
        let in_pools = used.iter().filter(|ip| ranges.iter().any(|range| range.contains(**ip))).count();
        let count = Count {
            used: used.len() as u128,
            used_in_pools: in_pools as u128,
            total: subnet.prefix().map_or(0, |prefix| prefix.usable().size()),
            in_pools: ranges.into_iter().map(Range::size).fold(0, u128::saturating_add),
        };
        all.add(count);
        let mut view = listing::view(json!({
            "subnet_id": subnet.id, "ip_version": subnet.version(), "cidr": subnet.cidr, "subnet_name": subnet.name,
        }));
        count.show(&mut view, details);
        subnets.push(Value::Object(view));
    }
    let mut view = listing::view(json!({
        "network_id": network.id, "network_name": network.name, "project_id": network.project_id,
        "tenant_id": network.project_id, "subnet_ip_availability": subnets,
    }));
    all.show(&mut view, details);
    Ok(view)
}
