//! Nova: servers and what they need. Written from Nova's own source; each file names the part of it.
//!
//! | module | what it holds |
//! |---|---|
//! | `servers` | what a server is, its lists, its life, all that can be done to it |
//! | `volume_attachments` `interfaces` | what is plugged into servers |
//! | `flavors` `keypairs` `server_groups` | what servers are made of |
//! | `quotas` | limits and what is used of them |
//! | `hosts` `services` `hypervisors` `aggregates` | where servers run |
//! | `instance_actions` `migrations` `usage` | what was done and used |
//! | `neighbours` | what Nova asks of Neutron, Cinder, Glance and Keystone |
//! | `schema` `paging` `timing` | bodies, lists, times, as Nova has them |
//!
//! Settings, as facts of the world: `duration/<event>` in seconds for every event, `compute/builds-per-host`.

mod aggregates;
pub(crate) mod alike;
mod external_events;
mod flavors;
mod hosts;
mod hypervisors;
mod instance_actions;
mod interfaces;
mod keypairs;
mod migrations;
mod neighbours;
mod paging;
mod quotas;
mod schema;
mod server_groups;
mod servers;
mod services;
mod timing;
mod usage;
mod versions;
mod volume_attachments;

#[cfg(test)]
mod fixture;

pub use flavors::{Flavor, put as put_flavor};
pub use hosts::add as add_host;
pub use quotas::set as set_quota;

use crate::cloud::{
    Call, Caller, Fault, Microversion, MicroversionRange, Release, Route, ServiceDescription, ServiceKind,
    Site,
};
use crate::world::{Reaction, Transaction, WorldError};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// All that Nova answers.
pub const ROUTES: &[&[Route]] = &[
    versions::ROUTES,
    servers::ROUTES,
    volume_attachments::ROUTES,
    interfaces::ROUTES,
    instance_actions::ROUTES,
    migrations::ROUTES,
    flavors::ROUTES,
    keypairs::ROUTES,
    server_groups::ROUTES,
    quotas::ROUTES,
    hypervisors::ROUTES,
    services::ROUTES,
    aggregates::ROUTES,
    usage::ROUTES,
    external_events::ROUTES,
];

/// Finds who calls by the headers of a request.
type Authenticate = fn(&Transaction<'_>, &Site, &HeaderMap) -> Result<Option<Caller>, Fault>;

/// Nova, as data.
pub const fn description(authenticate: Authenticate) -> ServiceDescription {
    ServiceDescription {
        kind: ServiceKind::Compute,
        microversions: Some(MicroversionRange {
            service: "compute",
            older_header: Some("x-openstack-nova-api-version"),
            oldest: Microversion(2, 1),
            newest,
        }),
        routes: ROUTES,
        fault_body,
        authenticate,
    }
}

/// What happens in Nova in time.
pub const REACTIONS: &[&[(&str, Reaction)]] =
    &[servers::REACTIONS, volume_attachments::REACTIONS, interfaces::REACTIONS];

/// The newest microversion of a release (nova/api/openstack/rest_api_version_history.rst).
fn newest(release: Release) -> Microversion {
    match release {
        Release::R2024_1 => Microversion(2, 96),
        Release::R2026_2 => Microversion(2, 104),
    }
}

/// `nova.api.openstack.wsgi.Fault`.
fn fault_body(fault: &Fault) -> Value {
    let code = fault.status.as_u16();
    let name = match code {
        400 => "badRequest",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 | 429 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    };
    json!({name: {"code": code, "message": fault.message}})
}

/// Answers as if a route were not there before a microversion.
fn require(call: &Call<'_, '_>, major: u16, minor: u16) -> Result<(), Fault> {
    if call.since(major, minor) { Ok(()) } else { Err(absent()) }
}

/// The same after one.
fn until(call: &Call<'_, '_>, major: u16, minor: u16) -> Result<(), Fault> {
    if call.microversion <= Microversion(major, minor) { Ok(()) } else { Err(absent()) }
}

fn absent() -> Fault {
    Fault::not_found("The resource could not be found.")
}

/// The one key of an action's body (`nova.api.openstack.wsgi.action_peek`).
fn action_name(call: &Call<'_, '_>, known: &[&'static str]) -> Result<&'static str, Fault> {
    let body = call.body.as_object().ok_or_else(|| Fault::bad_request("Malformed request body"))?;
    let mut names = body.keys();
    match (names.next(), names.next()) {
        (Some(name), None) => known
            .iter()
            .find(|action| *action == name)
            .copied()
            .ok_or_else(|| Fault::bad_request(format!("There is no such action: {name}"))),
        _ => Err(Fault::new(StatusCode::BAD_REQUEST, "Malformed request body")),
    }
}

/// Counts something of a site, from 1.
fn next_number(transaction: &mut Transaction<'_>, scope: &str, what: &str) -> Result<u64, WorldError> {
    let fact = format!("compute/last-{what}/{scope}");
    let last: u64 = transaction.fact(&fact)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let next = last.saturating_add(1);
    transaction.set_fact(&fact, &next.to_string())?;
    Ok(next)
}

/// `nova.api.openstack.identity.verify_project_id`.
fn verify_project(call: &Call<'_, '_>, project: &str) -> Result<(), Fault> {
    if neighbours::is_project(call, project)? {
        return Ok(());
    }
    Err(Fault::bad_request(format!("Project ID {project} is not a valid project.")))
}
