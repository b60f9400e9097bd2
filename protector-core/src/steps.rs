//! The step kinds, by system. A new one imitates a neighbour and is added to [`kinds`].

mod adapter;
pub mod cinder;
pub mod guard;
pub mod guest;
pub mod hook;
mod machine;
pub mod neutron;
pub mod nova;
mod records;
pub mod storage;

pub use adapter::{Seen, Site, SiteStep};
pub use machine::{Command, CommandEnd, Machine, ThisMachine};
pub use records::{RecordError, Records};

use crate::engine::StepKinds;
use crate::id::SiteName;
use crate::inventory::SiteAccess;
use crate::transport::Caller;
use adapter::AtSite;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What steps work on: each site's clients, the records of both, and the machine at which the operation runs.
#[derive(Debug)]
pub struct World {
    /// The sites.
    pub sites: BTreeMap<SiteName, SiteAccess>,
    /// Groups and definitions in both stores.
    pub records: Records,
    /// From where guests are reached, and where commands are run.
    pub machine: Arc<dyn Machine>,
    /// How webhooks are told.
    pub webhooks: Caller,
}

/// All step kinds.
pub fn kinds(world: &Arc<World>) -> StepKinds {
    macro_rules! kinds {
        ($($step:expr),* $(,)?) => {
            StepKinds::default()$(.with(AtSite::new($step, Arc::clone(world))))*
        };
    }
    kinds![
        guard::ValidateTarget,
        guard::RecordGroup,
        guard::RaiseEpoch,
        guard::RecordMove,
        guard::CaptureDefinitions,
        guard::ForgetDefinition,
        guard::RecordTest,
        guard::LookForRemains,
        guard::RecordTestEnd,
        storage::SetReplication,
        storage::AllowReplication,
        storage::ReplicateNow,
        storage::AwaitPoint,
        storage::HoldPoint,
        storage::ReleasePoint,
        storage::SafetySnapshot,
        storage::Materialize,
        storage::DiscardOrigin,
        storage::DiscardPoint,
        storage::ForgetMarks,
        storage::FillTestVolume,
        cinder::CreateGroup,
        cinder::JoinGroup,
        cinder::LeaveGroup,
        cinder::DeleteGroup,
        cinder::CreateTwin,
        cinder::ExtendTwin,
        cinder::UpdateTwin,
        cinder::ReleaseTwin,
        cinder::RemoveTwin,
        cinder::RemoveSurplusTwins,
        cinder::RemoveLeftoverTwin,
        cinder::CreateTestVolume,
        cinder::DeleteTestVolume,
        nova::StopServer,
        nova::StartServer,
        nova::LockServer,
        nova::UnlockServer,
        nova::ResizeServer,
        nova::UpdateServer,
        nova::CreateServer,
        nova::VerifyServer,
        nova::DeleteServer,
        nova::ImportKeypair,
        nova::DeleteKeypair,
        nova::CreateServerGroup,
        nova::DeleteServerGroup,
        nova::CreateTestServer,
        nova::DeleteTestServer,
        neutron::CreatePort,
        neutron::DeletePort,
        neutron::UpdatePort,
        neutron::CreateTestNetwork,
        neutron::CreateTestSubnet,
        neutron::DeleteTestNetwork,
        neutron::CreateTestPort,
        neutron::DeleteTestPort,
        neutron::CreateTestFloatingIp,
        neutron::DeleteTestFloatingIp,
        guest::CheckConsole,
        guest::CheckPort,
        hook::RunHook,
    ]
}
