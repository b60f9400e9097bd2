//! What there is in a new world: projects, users, networks, types, and servers with volumes and ports.
//!
//! What everything stands on is made as an administrator would, by requests to the services. Servers are many, so they are
//! put into the world as the services would have left them.

mod foundation;
mod requests;
mod told;

#[cfg(test)]
mod tests;

pub use told::{
    Estate, EstateError, Flavor, GroupType, Network, Project, SecurityGroup, SecurityGroupRule, Servers,
    User, Volume, VolumeType,
};

use crate::cloud::{ServiceKind, Site};
use crate::http::Endpoint;
use requests::Administrator;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A site that is to be filled: its services, as an administrator reaches them.
#[derive(Debug)]
pub struct Ground<'g> {
    /// The site.
    pub site: &'g Site,
    /// Its services.
    pub services: BTreeMap<ServiceKind, Arc<dyn Endpoint>>,
    /// The administrator's password, and that of every user without one of their own.
    pub password: &'g str,
}

impl Estate {
    /// Builds it at the two sites of a new world.
    ///
    /// # Errors
    /// A service refuses something, or the world cannot be changed.
    pub fn build(&self, grounds: &[Ground<'_>]) -> Result<(), EstateError> {
        for ground in grounds {
            let administrator = Administrator::sign_in(ground)?;
            foundation::lay(self, ground, &administrator)?;
        }
        Ok(())
    }
}
