use super::read;
use crate::openstack::{Error, Session, list};
use crate::transport::Context;
use futures::TryStreamExt;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The API extensions that a cloud's Neutron has.
#[derive(Debug, Clone)]
pub struct Extensions {
    session: Session,
}

impl Extensions {
    /// The extensions of `session`'s cloud.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Reads the extensions' aliases: `port-security`, `allowed-address-pairs`, `router`, `quota_details`, …
    ///
    /// # Errors
    /// The call failed.
    // neutron/pecan_wsgi/controllers/extensions.py, 2026.2
    pub async fn aliases(&self, context: &Context) -> Result<BTreeSet<String>, Error> {
        #[derive(Deserialize)]
        struct Extension {
            alias: String,
        }
        let request = read("extensions", "list network extensions");
        list::<Extension>(&self.session, context, request, "extensions")
            .map_ok(|extension| extension.alias)
            .try_collect()
            .await
    }
}

#[cfg(test)]
mod tests;
