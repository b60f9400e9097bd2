//! What there is in a new world: projects, users, networks, types, and servers with volumes and ports.
//!
//! It is made as people would make it, by requests to the services; the world's time passes on command meanwhile. Of very
//! many servers that are alike, only the first are: the others are records like theirs.

mod alike;
mod foundation;
mod requests;
mod servers;
mod told;

#[cfg(test)]
mod tests;

pub use told::{
    Estate, EstateError, Flavor, GroupType, Network, Project, SecurityGroup, SecurityGroupRule, Servers,
    User, Volume, VolumeType,
};

use crate::cloud::{ServiceKind, Site};
use crate::http::Endpoint;
use requests::Client;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many servers that are alike are all made by requests.
const MOST: u32 = 50;

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
        self.build_with(grounds, MOST).map(drop)
    }

    /// Tells how many servers were made by no request.
    fn build_with(&self, grounds: &[Ground<'_>], most: u32) -> Result<usize, EstateError> {
        let mut after_others = 0;
        for ground in grounds {
            let administrator = Client::sign_in(ground, "admin", ground.password, "admin")?;
            foundation::lay(self, ground, &administrator)?;
        }
        for (index, ground) in grounds.iter().enumerate() {
            after_others += servers::build(self, ground, index == 0, most)?;
        }
        Ok(after_others)
    }
}
