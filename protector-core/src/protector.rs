//! The face: what a user of the crate holds.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use protector_core::config::{Config, LoadOptions};
//! use protector_core::protector::{Protector, Request};
//!
//! let config = Config::load(&LoadOptions::default())?;
//! let protector = Protector::builder(config).open()?;
//! let planned = protector.plan(&Request::Failover { group: "prod-web-app".into() }).await?;
//! if let Some(plan) = planned.plan {
//!     println!("{plan}");
//!     let mut operation = protector.apply(plan).await?;
//!     while let Some(progress) = operation.next().await {
//!         println!("{} %", progress.progress);
//!     }
//!     println!("{}", operation.finish().await?.operation.status);
//! }
//! protector.close().await;
//! # Ok(())
//! # }
//! ```

mod builder;
mod error;
mod log;
mod objects;
mod operation;
mod planning;
mod recovery;
mod sites;
mod status;
mod volume_types;

pub use builder::ProtectorBuilder;
pub use error::Error;
pub use operation::{OperationHandle, OperationReport, Progress};
pub use recovery::RecoveryPointView;
pub use sites::{ArrayView, SiteView};
pub use status::{OperationView, Status};

use crate::config::{Config, ProtectorConfig};
use crate::domain::ProtectionGroup;
use crate::driver::CLOSING_TIME;
use crate::engine::Executor;
use crate::id::SiteName;
use crate::inventory::SiteAccess;
use crate::journal::{Holder, StorePair};
use crate::operations::ProtectRequest;
use crate::steps::{Records, World};
use crate::transport::Context;
use std::sync::Arc;

/// Both sites, their arrays and their stores. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Protector {
    config: Arc<ProtectorConfig>,
    world: Arc<World>,
    stores: Arc<StorePair>,
    executor: Executor,
    context: Context,
    holder: Holder,
}

/// An operation that is wanted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Request {
    /// Make VMs a Protection Group.
    Protect(ProtectRequest),
    /// Move a group away from its home, planned.
    Failover {
        /// The group's name.
        group: String,
    },
    /// Move a group back to its home.
    Failback {
        /// The group's name.
        group: String,
    },
    /// End the protection; the VMs stay where they run.
    Unprotect {
        /// The group's name.
        group: String,
    },
}

impl Protector {
    /// Begins to open what a configuration describes.
    pub fn builder(config: Config) -> ProtectorBuilder {
        ProtectorBuilder::new(config)
    }

    /// The groups.
    ///
    /// # Errors
    /// The stores cannot be read, or differ.
    pub async fn groups(&self) -> Result<Vec<ProtectionGroup>, Error> {
        Ok(self.records().groups().await?)
    }

    /// A group by its name.
    ///
    /// # Errors
    /// [`Error::GroupUnknown`] names those that there are.
    pub async fn group(&self, name: &str) -> Result<ProtectionGroup, Error> {
        let mut groups = self.groups().await?;
        match groups.iter().position(|group| group.name == name || group.id.to_string() == name) {
            Some(position) => Ok(groups.swap_remove(position)),
            None => Err(Error::GroupUnknown {
                name: name.to_owned(),
                known: groups.into_iter().map(|group| group.name).collect(),
            }),
        }
    }

    /// Ends the sessions with all arrays: an array may keep one that is not ended for half an hour. Best called last, when no
    /// operation runs. It never fails and takes seconds at the most, though an array be dead.
    ///
    /// # Effects
    /// What is called afterwards begins sessions anew.
    pub async fn close(&self) {
        let drivers =
            self.world.sites.values().flat_map(|site| site.arrays.values().map(move |array| (site, array)));
        let closing = drivers.map(|(site, array)| async move {
            let context = self.context.at_site(&site.site);
            // Whoever wrote the driver: a program has to come to its end.
            if context.within(CLOSING_TIME).before_deadline(array.close(&context)).await.is_err() {
                tracing::warn!(array = %array.array(), "what is open with the array stays open");
            }
        });
        futures::future::join_all(closing).await;
    }

    fn records(&self) -> &Records {
        &self.world.records
    }

    fn access(&self, site: &SiteName) -> Result<&SiteAccess, Error> {
        self.world.sites.get(site).ok_or_else(|| Error::SiteUnknown {
            name: site.clone(),
            known: self.world.sites.keys().cloned().collect(),
        })
    }
}

#[cfg(test)]
mod tests;
