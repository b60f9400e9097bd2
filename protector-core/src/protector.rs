//! The face: what a user of the crate holds.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use protector_core::config::{Config, LoadOptions};
//! use protector_core::protector::{MoveRequest, Protector, Request};
//!
//! let config = Config::load(&LoadOptions::default())?;
//! let protector = Protector::builder(config).open()?;
//! let planned = protector.plan(&Request::Failover(MoveRequest::planned("prod-web-app"))).await?;
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
mod control;
mod document;
mod drift;
mod drill;
mod error;
mod housekeeping;
mod journals;
mod log;
mod mappings;
mod objects;
mod operation;
mod planning;
mod policy;
mod recovery;
mod report;
mod site_failover;
mod sites;
mod status;
mod tick;
mod volume_types;
mod watch;

pub use builder::{ProtectorBuilder, connect};
pub use drill::{DrillFloatingIp, DrillRecord, DrillStep, RecoveryTime};
pub use error::Error;
pub use housekeeping::{Housekeeping, Kept, Pruned, Unread};
pub use journals::{GroupJournals, KeptJournal, PrunedJournals};
pub use operation::{OperationHandle, OperationReport, Progress};
pub use recovery::RecoveryPointView;
pub use report::{Remark, Report, StepReport};
pub use site_failover::{
    GroupOutcome, GroupPlan, GroupResult, GroupTask, OnFailure, Reason, SiteFailoverHandle, SiteFailoverPlan,
    SiteFailoverReport, SiteFailoverRequest, SiteMove, SiteProgress,
};
pub use sites::{ArrayView, SiteView};
pub use status::{OperationView, Status};
pub use tick::{Due, DueResult};
pub use watch::Watcher;

use crate::config::{Config, ProtectorConfig};
use crate::domain::{Action, OperationType, ProtectionGroup};
use crate::driver::CLOSING_TIME;
use crate::engine::Executor;
use crate::id::SiteName;
use crate::inventory::SiteAccess;
use crate::journal::{Holder, StorePair};
use crate::operations::{PolicyChange, ProtectRequest};
use crate::steps::{Records, World};
use crate::transport::Context;
use std::sync::Arc;
use std::time::Duration;

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
    /// Move a group away from its home.
    Failover(MoveRequest),
    /// Move a group back to its home.
    Failback(MoveRequest),
    /// Run copies of a group's VMs at the site where it does not run.
    TestFailover(TestRequest),
    /// End a group's test: what it made goes.
    TestCleanup {
        /// The group's name.
        group: String,
    },
    /// Replicate a group now, and capture its VMs' definitions again.
    Sync {
        /// The group's name.
        group: String,
    },
    /// Make a group's data reach the other site again, after an unplanned move.
    Reprotect {
        /// The group's name.
        group: String,
    },
    /// Let go of the safety copies of a group's last move.
    Commit {
        /// The group's name.
        group: String,
    },
    /// Take a group's last planned move back; what was written since is kept in a snapshot.
    Undo {
        /// The group's name.
        group: String,
    },
    /// Give a group another replication policy.
    Set(SetRequest),
    /// Take more VMs into a group.
    AddMember(MembersRequest),
    /// Take VMs out of a group; they stay where they run.
    RemoveMember(MembersRequest),
    /// End the protection; the VMs stay where they run.
    Unprotect {
        /// The group's name.
        group: String,
        /// The site where the group does not run, if it does not answer and is to be left behind as it is.
        without_site: Option<SiteName>,
    },
}

impl Request {
    /// The name of the group, or what it was called instead: its id.
    pub fn group(&self) -> &str {
        match self {
            Self::Protect(request) => &request.name,
            Self::Failover(request) | Self::Failback(request) => &request.group,
            Self::TestFailover(request) => &request.group,
            Self::Set(request) => &request.group,
            Self::AddMember(request) | Self::RemoveMember(request) => &request.group,
            Self::TestCleanup { group }
            | Self::Sync { group }
            | Self::Reprotect { group }
            | Self::Commit { group }
            | Self::Undo { group }
            | Self::Unprotect { group, .. } => group,
        }
    }

    /// What is to be done with a group that is there; none if it is to be made.
    pub fn action(&self) -> Option<Action> {
        let moved = |request: &MoveRequest, planned, unplanned| match request.kind {
            MoveKind::Planned => planned,
            MoveKind::Unplanned { .. } => unplanned,
        };
        Some(match self {
            Self::Protect(_) => return None,
            Self::Failover(request) => moved(request, Action::Failover, Action::UnplannedFailover),
            Self::Failback(request) => moved(request, Action::Failback, Action::UnplannedFailback),
            Self::TestFailover(_) => Action::TestFailover,
            Self::TestCleanup { .. } => Action::TestCleanup,
            Self::Sync { .. } => Action::Sync,
            Self::Reprotect { .. } => Action::Reprotect,
            Self::Commit { .. } => Action::Commit,
            Self::Undo { .. } => Action::Undo,
            Self::Set(_) => Action::Set,
            Self::AddMember(_) => Action::AddMember,
            Self::RemoveMember(_) => Action::RemoveMember,
            Self::Unprotect { without_site: None, .. } => Action::Unprotect,
            Self::Unprotect { without_site: Some(_), .. } => Action::UnprotectWithoutSite,
        })
    }

    /// What the operation would be.
    pub fn operation_type(&self) -> OperationType {
        match self {
            Self::Protect(_) => OperationType::Protect,
            Self::Failover(_) => OperationType::Failover,
            Self::Failback(_) => OperationType::Failback,
            Self::TestFailover(_) => OperationType::TestFailover,
            Self::TestCleanup { .. } => OperationType::TestCleanup,
            Self::Sync { .. } => OperationType::Sync,
            Self::Reprotect { .. } => OperationType::Reprotect,
            Self::Commit { .. } => OperationType::Commit,
            Self::Undo { .. } => OperationType::Undo,
            Self::Set(_) => OperationType::Set,
            Self::AddMember(_) => OperationType::AddMember,
            Self::RemoveMember(_) => OperationType::RemoveMember,
            Self::Unprotect { .. } => OperationType::Unprotect,
        }
    }
}

/// Another replication policy that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetRequest {
    /// The group's name.
    pub group: String,
    /// What is to be another.
    pub change: PolicyChange,
}

impl SetRequest {
    /// This change of a group's policy.
    pub fn new(group: impl Into<String>, change: PolicyChange) -> Self {
        Self { group: group.into(), change }
    }
}

/// VMs that are to join a group, or to leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MembersRequest {
    /// The group's name.
    pub group: String,
    /// The VMs, by name or id.
    pub servers: Vec<String>,
}

impl MembersRequest {
    /// These VMs of a group.
    pub fn new(group: impl Into<String>, servers: impl IntoIterator<Item = String>) -> Self {
        Self { group: group.into(), servers: servers.into_iter().collect() }
    }
}

/// A move that is wanted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MoveRequest {
    /// The group's name.
    pub group: String,
    /// Whether the site is to be asked where the group runs.
    pub kind: MoveKind,
    /// Members whose VMs are left out, by name; their volumes move with the others.
    pub without: Vec<String>,
}

/// Whether a group is moved with the help of the site where it runs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum MoveKind {
    /// Its VMs are stopped first, and nothing is lost.
    Planned,
    /// From a recovery point; what was written since is lost.
    Unplanned {
        /// The point's name; the newest that may be used if none is given.
        point: Option<String>,
        /// Whether the loss that the plan states is accepted: without, there is no plan.
        accept_loss: bool,
    },
}

/// A test that is wanted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TestRequest {
    /// The group's name.
    pub group: String,
    /// The recovery point's name; the newest that may be used if none is given. None is made for a test.
    pub point: Option<String>,
    /// How long the test runs if nobody ends it; as `defaults.test_time_to_live` has it if not given.
    pub time_to_live: Option<Duration>,
    /// Whether copies of what has a floating IP are to have a new one, where the test's network leads outside.
    pub floating_ips: bool,
}

impl TestRequest {
    /// A test from the newest recovery point that may be used.
    pub fn new(group: impl Into<String>) -> Self {
        Self { group: group.into(), point: None, time_to_live: None, floating_ips: false }
    }

    /// The same from another recovery point.
    #[must_use]
    pub fn from_point(mut self, name: impl Into<String>) -> Self {
        self.point = Some(name.into());
        self
    }

    /// The same, ended after this time if nobody ends it before.
    #[must_use]
    pub fn ending_after(mut self, time_to_live: Duration) -> Self {
        self.time_to_live = Some(time_to_live);
        self
    }

    /// The same, with a new floating IP for each copy of what has one, where the test's network leads outside.
    #[must_use]
    pub fn with_floating_ips(mut self) -> Self {
        self.floating_ips = true;
        self
    }
}

impl MoveRequest {
    /// A planned move of a group.
    pub fn planned(group: impl Into<String>) -> Self {
        Self { group: group.into(), kind: MoveKind::Planned, without: Vec::new() }
    }

    /// A move of a group whose site does not answer, from the newest point that may be used; what was written since is lost.
    pub fn unplanned(group: impl Into<String>, accept_loss: bool) -> Self {
        let kind = MoveKind::Unplanned { point: None, accept_loss };
        Self { group: group.into(), kind, without: Vec::new() }
    }

    /// The same from another recovery point. A planned move makes its own.
    #[must_use]
    pub fn from_point(mut self, name: impl Into<String>) -> Self {
        if let MoveKind::Unplanned { point, .. } = &mut self.kind {
            *point = Some(name.into());
        }
        self
    }

    /// The same without some VMs.
    #[must_use]
    pub fn without(mut self, members: impl IntoIterator<Item = String>) -> Self {
        self.without.extend(members);
        self
    }
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
