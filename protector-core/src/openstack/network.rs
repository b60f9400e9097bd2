//! Neutron.

mod extensions;
mod floating_ips;
mod networks;
mod ports;
mod quotas;
mod routers;
mod security_groups;
mod subnets;

pub use extensions::Extensions;
pub use floating_ips::{FloatingIp, FloatingIpQuery, FloatingIps, NewFloatingIp};
pub use networks::{Network, NetworkQuery, Networks, NewNetwork};
pub use ports::{AddressPair, ExtraDhcpOption, FixedIp, NewPort, Port, PortQuery, PortUpdate, Ports};
pub use quotas::{NetworkQuotas, NetworkUsage};
pub use routers::{Router, RouterGateway, Routers};
pub use security_groups::{
    NewSecurityGroup, RuleDefinition, SecurityGroup, SecurityGroupQuery, SecurityGroupRule, SecurityGroups,
};
pub use subnets::{AllocationPool, NewSubnet, Subnet, SubnetQuery, Subnets};

use super::{ApiRequest, Error, Service, Session};
use crate::transport::{Context, Semantics};
use http::Method;
use serde::{Deserialize, Deserializer};
use serde_json::json;

fn read(path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::get(Service::Network, path, purpose)
}

fn change(method: Method, semantics: Semantics, path: &str, purpose: impl Into<String>) -> ApiRequest {
    ApiRequest::new(Service::Network, method, semantics, path, purpose)
}

/// Gives an object of a collection exactly these tags.
// neutron/extensions/tagging.py (update_all), 2026.2
async fn set_tags(
    session: &Session,
    context: &Context,
    collection: &str,
    id: &str,
    tags: &[String],
    purpose: String,
) -> Result<(), Error> {
    let request = change(Method::PUT, Semantics::Idempotent, collection, purpose)
        .segment(id)
        .segment("tags")
        .body(json!({ "tags": tags }));
    session.send(context, &request).await.map(drop)
}

/// Deletes an object of a collection; that it is gone already is no error.
async fn delete(
    session: &Session,
    context: &Context,
    collection: &str,
    id: &str,
    purpose: String,
) -> Result<(), Error> {
    let request = change(Method::DELETE, Semantics::Idempotent, collection, purpose).segment(id);
    super::delete::delete(session, context, &request).await
}

// neutron/db/models_v2.py, neutron_lib/db/standard_attr.py: names and descriptions of what Neutron makes for itself may be null
fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
