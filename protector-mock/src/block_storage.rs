//! Cinder v3, with one backend: its Pure driver on the site's array.
//!
//! | module | what it holds |
//! |---|---|
//! | [`for_compute`] | what Nova asks, without HTTP |
//! | [`quotas`] | what projects may have and have |
//! | [`setup`] | the backend, and what there is from the start |
//! | `volumes` `snapshots` `attachments` `groups` `types` | the resources, one folder each |
//! | `manage` `transfers` `services` `qos` `messages` | the smaller ones |
//! | `driver` | what each change does to the array |
//! | `access` `input` `listing` `faults` `timing` | who may, what is read, how lists and errors are told, how long things take |

/// Routes with and without the project's id in the path; each makes sure that the site has what it starts with.
macro_rules! routes {
    ($($method:ident $path:literal => $handler:path),* $(,)?) => {
        &[$(
            $crate::cloud::Route::new(http::Method::$method, concat!("/v3", $path), |call| {
                $crate::block_storage::entered(call)?;
                $handler(call)
            }),
            $crate::cloud::Route::new(http::Method::$method, concat!("/v3/{project_id}", $path), |call| {
                $crate::block_storage::entered(call)?;
                $handler(call)
            }),
        )*]
    };
}

mod access;
mod attachments;
mod driver;
mod faults;
pub mod for_compute;
mod groups;
mod images;
mod input;
mod listing;
mod manage;
mod messages;
mod qos;
pub mod quotas;
mod services;
pub mod setup;
mod snapshots;
mod timing;
mod transfers;
mod types;
mod versions;
mod volumes;

#[cfg(test)]
mod tests;

pub use setup::prepare;

use crate::cloud::{
    Call, Caller, Fault, Microversion, MicroversionRange, Release, Route, ServiceDescription, ServiceKind,
    Site,
};
use crate::world::{Reaction, Transaction, WorldError};
use http::HeaderMap;

/// All that is answered.
pub const ROUTES: &[&[Route]] = &[
    versions::ROUTES,
    volumes::requests::ROUTES,
    snapshots::requests::ROUTES,
    attachments::requests::ROUTES,
    types::requests::ROUTES,
    groups::types::ROUTES,
    groups::requests::ROUTES,
    quotas::sets::ROUTES,
    manage::ROUTES,
    transfers::ROUTES,
    services::ROUTES,
    qos::ROUTES,
    messages::ROUTES,
];

/// All that happens in time, by resource.
pub const REACTIONS: &[&[(&str, Reaction)]] = &[
    volumes::events::REACTIONS,
    snapshots::REACTIONS,
    groups::events::REACTIONS,
    groups::replication::REACTIONS,
    groups::snapshots::REACTIONS,
    services::REACTIONS,
];

/// 3.0 to 3.71, which both releases have (`cinder/api/openstack/api_version_request.py`).
pub const MICROVERSIONS: MicroversionRange =
    MicroversionRange { service: "volume", older_header: None, oldest: Microversion(3, 0), newest };

fn newest(_: Release) -> Microversion {
    Microversion(3, 71)
}

/// Finds who calls, as a [`ServiceDescription`] has it.
pub type Authenticate = fn(&Transaction<'_>, &Site, &HeaderMap) -> Result<Option<Caller>, Fault>;

/// The service, with what tells who calls.
pub const fn description(authenticate: Authenticate) -> ServiceDescription {
    ServiceDescription {
        kind: ServiceKind::BlockStorage,
        microversions: Some(MICROVERSIONS),
        routes: ROUTES,
        fault_body: faults::body,
        authenticate,
    }
}

/// What comes before every handler.
fn entered(call: &mut Call<'_, '_>) -> Result<(), Fault> {
    prepare(call.transaction, call.site)?;
    let project = call.parameter("project_id");
    if project.is_empty() || project == call.caller.project {
        return Ok(());
    }
    // Even to an administrator: the path is the project of the token, or none.
    Err(Fault::bad_request("Malformed request url"))
}

/// The sentence about an action that there is not.
fn no_action(call: &Call<'_, '_>) -> Fault {
    let name = call.body.as_object().and_then(|body| body.keys().next()).cloned().unwrap_or_default();
    Fault::bad_request(format!(
        "There is no such action: {name}. Verify the request body and Content-Type header and try again."
    ))
}

/// What is only refused is nothing; what is broken is told.
fn unless_broken<T>(result: Result<T, Fault>) -> Result<Option<T>, WorldError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Fault { source: Some(error), .. }) => Err(error),
        Err(_) => Ok(None),
    }
}
