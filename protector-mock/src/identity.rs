//! Keystone: sign-in, and who and what there is to sign in to.
//!
//! Written from `keystone/api`, `keystone/exception.py` and `keystone/common/policies` of 2026.2. Policies are the defaults,
//! with the roles `admin`, `manager`, `member`, `reader` and `service` of a bootstrapped Keystone.
//!
//! | fact | what it sets |
//! |---|---|
//! | `duration/identity.token` | how long a token lasts, in seconds; one hour without it |

pub mod application_credentials;
pub mod assignments;
mod bootstrap;
pub mod catalog;
pub mod domains;
mod passwords;
pub mod projects;
pub mod roles;
mod sign_in;
pub mod tokens;
pub mod users;
mod versions;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use bootstrap::{Administrator, bootstrap};

use crate::cloud::{ServiceDescription, ServiceKind};

/// Keystone.
pub static SERVICE: ServiceDescription = ServiceDescription {
    kind: ServiceKind::Identity,
    microversions: None,
    routes: &[
        versions::ROUTES,
        sign_in::ROUTES,
        tokens::ROUTES,
        domains::ROUTES,
        projects::ROUTES,
        users::ROUTES,
        roles::ROUTES,
        assignments::ROUTES,
        application_credentials::ROUTES,
        catalog::ROUTES,
    ],
    fault_body: wire::fault_body,
    authenticate: tokens::authenticate,
};
