//! Neutron v2.0: networks, subnets, ports, security groups, routers, floating IPs, quotas.
//!
//! As on the testbed there are no agents: every port is active as soon as it is bound to a host.
//!
//! | module | what it holds |
//! |---|---|
//! | `attributes` | resources as data: checks, defaults, policies of each attribute; what a body goes through |
//! | `listing` | filters, order, pages, fields |
//! | `policy` | who sees and does what |
//! | `networks` `subnets` `ports` `security_groups` `security_group_rules` `routers` `floating_ips` | the resources |
//! | `quotas` `tags` `extensions` `versions` `inventory` | what is asked about all of them |
//! | [`for_compute`] | what Nova does with ports |

mod addresses;
mod attributes;
mod extensions;
mod faults;
mod floating_ips;
pub mod for_compute;
mod inventory;
mod listing;
mod networks;
mod policy;
pub(crate) mod ports;
mod quotas;
mod revisions;
mod routers;
mod security_group_rules;
mod security_groups;
mod standard;
mod subnets;
mod tags;
mod versions;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use crate::cloud::{Caller, Fault, Route, ServiceDescription, ServiceKind, Site};
use crate::world::{Transaction, WorldError};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

const ROUTES: &[&[Route]] = &[
    versions::ROUTES,
    extensions::ROUTES,
    networks::ROUTES,
    subnets::ROUTES,
    ports::ROUTES,
    security_groups::ROUTES,
    security_group_rules::ROUTES,
    routers::ROUTES,
    routers::INTERFACES,
    floating_ips::ROUTES,
    quotas::ROUTES,
    tags::ROUTES,
    inventory::ROUTES,
];

/// The service, for callers that `authenticate` finds.
pub const fn description(
    authenticate: fn(&Transaction<'_>, &Site, &HeaderMap) -> Result<Option<Caller>, Fault>,
) -> ServiceDescription {
    ServiceDescription {
        kind: ServiceKind::Network,
        microversions: None,
        routes: ROUTES,
        fault_body,
        authenticate,
    }
}

// neutron/api/api_common.py, convert_exception_to_http_exc and get_exception_data
fn fault_body(fault: &Fault) -> Value {
    let (kind, message) = match (fault.kind, fault.status) {
        (_, StatusCode::INTERNAL_SERVER_ERROR) => (
            "HTTPInternalServerError",
            "Request Failed: internal server error while processing your request.",
        ),
        ("", StatusCode::BAD_REQUEST) => ("HTTPBadRequest", fault.message.as_str()),
        ("", StatusCode::FORBIDDEN) => ("PolicyNotAuthorized", fault.message.as_str()),
        ("", StatusCode::NOT_FOUND) => ("HTTPNotFound", fault.message.as_str()),
        ("", StatusCode::CONFLICT) => ("Conflict", fault.message.as_str()),
        ("", StatusCode::SERVICE_UNAVAILABLE) => ("ServiceUnavailable", fault.message.as_str()),
        ("", _) => ("HTTPError", fault.message.as_str()),
        (kind, _) => (kind, fault.message.as_str()),
    };
    json!({"NeutronError": {"type": kind, "message": message, "detail": ""}})
}

/// Neutron counts what has standard attributes; of few resources it tells the number.
fn next_number(transaction: &mut Transaction<'_>, scope: &str) -> Result<u64, WorldError> {
    let name = format!("network/{scope}/standard-attributes");
    let number = transaction.fact(&name)?.and_then(|number| number.parse().ok()).unwrap_or(0_u64) + 1;
    transaction.set_fact(&name, &number.to_string())?;
    Ok(number)
}
