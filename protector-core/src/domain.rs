//! What the product talks about. No IO, no async.

mod address_range;
pub mod attribute;
mod definition;
mod drift;
mod finding;
mod forecast;
mod group;
mod group_order;
mod held;
mod leftover;
mod legality;
pub mod mapping_report;
pub mod naming;
mod operation;
mod order;
mod policy;
mod recovery_point;
mod remnant;
mod rpo;
pub mod site_report;
pub mod subnet_mapping;
#[cfg(test)]
pub(crate) mod testing;
pub mod volume_type;

pub use address_range::AddressRange;
pub(crate) use address_range::number;
pub use definition::{
    AllowedAddressPair, FixedAddress, FlavorDefinition, FloatingAddress, KeypairDefinition, PortDefinition,
    ServerDefinition, ServerGroupDefinition, VolumeDefinition,
};
pub(crate) use definition::{IMAGE_ID, IMAGE_NAME};
pub use drift::{KnownBefore, drift};
pub use finding::{Finding, FindingCode};
pub use forecast::{ReplicationBasis, ReplicationForecast, forecast_replication};
pub use group::{
    Absence, GroupStatus, Loss, Member, PortLineage, ProtectionGroup, ReplicationState, ReplicationType,
    RunningTest, SafetySnapshotReference, SiteVolume, StorageGroupReference, UncommittedMove, VolumeLineage,
};
pub use group_order::{GroupCycle, GroupTurn, group_turns};
pub use held::{Held, HeldKind};
pub use leftover::{Leftover, LeftoverKind, SnapshotPlace};
pub(crate) use leftover::{kind_of_snapshot, planned_at};
pub use legality::{Action, possible, possible_without};
pub use operation::{OperationStatus, OperationType};
pub use order::{OrderError, StartOrder, Turn};
pub use policy::{
    BootCheck, BootSign, FailurePolicy, GroupPolicy, Hook, HookCall, HookMoment, HookSubject, NotStopped,
    OrderPolicy, StopPolicy,
};
pub use recovery_point::{Eligibility, RecoveryPoint, judge, newest_eligible};
pub use remnant::Remnant;
pub use rpo::{ReplicationSchedule, RpoFacts, RpoReport, RpoStatus, ScheduleState, Transfer, rpo};
