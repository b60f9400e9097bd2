//! Reads a site into a snapshot of facts: what planners plan from.

mod capture;
mod facts;
mod images;
mod names;
mod points;
mod site_probe;
mod volume_types;
mod watch;
mod ways_out;

pub use capture::{Captured, Lineages, capture};
pub(crate) use capture::{own_metadata, without_markers};
pub use facts::{ArrayFacts, FactScope, SiteFacts, read, read_array};
pub use images::missing_images;
pub use names::read_names;
pub use points::{read_points, read_schedule};
pub use site_probe::{SiteNeeds, observe, reach};
pub use volume_types::read_volume_types;
pub use watch::{LookError, Wait, Watch};
pub use ways_out::{WaysOut, read_floating_ips, read_ways_out};

use crate::driver::StorageDriver;
use crate::id::{ArrayName, SiteName};
use crate::openstack::block_storage::{Group, GroupQuery, Volume, VolumeQuery};
use crate::openstack::compute::{Server, ServerQuery};
use crate::openstack::{Cloud, Error};
use futures::TryStreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One site's clients and drivers, and nothing of another site's.
#[derive(Debug, Clone)]
pub struct SiteAccess {
    /// The site.
    pub site: SiteName,
    /// Its OpenStack clients, in the group's project.
    pub cloud: Cloud,
    /// Its arrays.
    pub arrays: BTreeMap<ArrayName, Arc<dyn StorageDriver>>,
    /// Shared looks at all servers.
    pub servers: Arc<Watch<Server>>,
    /// Shared looks at all volumes.
    pub volumes: Arc<Watch<Volume>>,
    /// Shared looks at all Cinder groups.
    pub groups: Arc<Watch<Group>>,
    /// Held while a Cinder group is changed: Cinder takes one change at a time.
    pub group_changes: Arc<tokio::sync::Mutex<()>>,
}

impl SiteAccess {
    /// Brings a site's clients and drivers together; `interval` lies between two looks.
    pub fn new(
        site: SiteName,
        cloud: Cloud,
        arrays: BTreeMap<ArrayName, Arc<dyn StorageDriver>>,
        interval: Duration,
    ) -> Self {
        let (servers, volumes, groups) = (cloud.servers(), cloud.volumes(), cloud.groups());
        let servers = Watch::new(interval, move |context| {
            let servers = servers.clone();
            Box::pin(
                async move { servers.list(&context, &ServerQuery::default()).try_collect::<Vec<_>>().await },
            )
        });
        let volumes = Watch::new(interval, move |context| {
            let volumes = volumes.clone();
            Box::pin(
                async move { volumes.list(&context, &VolumeQuery::default()).try_collect::<Vec<_>>().await },
            )
        });
        let groups = Watch::new(interval, move |context| {
            let groups = groups.clone();
            Box::pin(
                async move { groups.list(&context, &GroupQuery::default()).try_collect::<Vec<_>>().await },
            )
        });
        Self {
            site,
            cloud,
            arrays,
            servers: Arc::new(servers),
            volumes: Arc::new(volumes),
            groups: Arc::new(groups),
            group_changes: Arc::default(),
        }
    }

    /// The driver of an array.
    pub fn array(&self, name: &ArrayName) -> Option<&Arc<dyn StorageDriver>> {
        self.arrays.get(name)
    }
}

/// What an OpenStack list returns.
type Listed<T> = Result<Vec<T>, Error>;
