//! What the product talks about. No IO, no async.

pub mod attribute;
mod definition;
mod finding;
mod group;
mod leftover;
mod legality;
pub mod mapping_report;
pub mod naming;
mod operation;
mod recovery_point;
mod remnant;
mod rpo;
pub mod site_report;
#[cfg(test)]
pub(crate) mod testing;
pub mod volume_type;

pub use definition::{
    AllowedAddressPair, FixedAddress, FlavorDefinition, KeypairDefinition, PortDefinition, ServerDefinition,
    ServerGroupDefinition, VolumeDefinition,
};
pub use finding::{Finding, FindingCode};
pub use group::{
    Absence, GroupStatus, Loss, Member, PortLineage, ProtectionGroup, ReplicationState, ReplicationType,
    RunningTest, SafetySnapshotReference, SiteVolume, StorageGroupReference, UncommittedMove, VolumeLineage,
};
pub use leftover::{Leftover, LeftoverKind, SnapshotPlace};
pub(crate) use leftover::{kind_of_snapshot, planned_at};
pub use legality::{Action, possible};
pub use operation::{OperationStatus, OperationType};
pub use recovery_point::{Eligibility, RecoveryPoint, judge, newest_eligible};
pub use remnant::Remnant;
pub use rpo::{ReplicationSchedule, RpoFacts, RpoReport, RpoStatus, ScheduleState, Transfer, rpo};
