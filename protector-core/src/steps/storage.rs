//! Steps on arrays, in the storage driver's language.

mod discard;
mod materialize;
mod points;
mod replication;

pub use discard::{DiscardOrigin, DiscardOriginInput, ForgetMarks, ForgetMarksInput};
pub use materialize::{Materialize, MaterializeInput, SafetySnapshot, SafetySnapshotInput};
pub use points::{AwaitPoint, AwaitPointInput, PointArrived, ReplicateNow, ReplicateNowInput};
pub use replication::{AllowReplication, AllowReplicationInput, SetReplication, SetReplicationInput};

use serde::{Deserialize, Serialize};

/// A step that returns nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Nothing {}
