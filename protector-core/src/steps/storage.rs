//! Steps on arrays, in the storage driver's language.

mod discard;
mod fill;
mod materialize;
mod points;
mod replication;

pub use discard::{
    DiscardOrigin, DiscardOriginInput, DiscardPoint, DiscardPointInput, ForgetMarks, ForgetMarksInput,
};
pub use fill::{FillTestVolume, FillTestVolumeInput};
pub use materialize::{Materialize, MaterializeInput, SafetySnapshot, SafetySnapshotInput};
pub use points::{
    AwaitPoint, AwaitPointInput, HoldPoint, HoldPointInput, PointArrived, ReleasePoint, ReplicateNow,
    ReplicateNowInput,
};
pub use replication::{AllowReplication, AllowReplicationInput, SetReplication, SetReplicationInput};

use crate::engine::{StepError, StepRun};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A step that returns nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Nothing {}

/// What arrays do by themselves takes seconds to hours; they are asked this often.
const PAUSE: Duration = Duration::from_millis(250);

/// Lets a moment pass before the next look: arrays tell nobody when something has changed.
async fn look_again(run: &StepRun, waited: impl FnOnce() -> String) -> Result<(), StepError> {
    run.context.sleep(PAUSE).await.map_err(|stopped| StepError::stopped(&waited(), stopped))
}
