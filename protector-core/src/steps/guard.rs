//! Steps on protector's own records, and what stands between a plan and its effects.

mod definitions;
mod epoch;
mod group;
mod moved;
mod target;
mod test;

pub use definitions::{CaptureDefinitions, CaptureDefinitionsInput, ForgetDefinition, ForgetDefinitionInput};
pub use epoch::{RaiseEpoch, RaiseEpochInput};
pub use group::{RecordGroup, RecordGroupInput};
pub use moved::{KnownLoss, MovedMember, MovedPort, MovedVolume, RecordMove, RecordMoveInput};
pub use target::{ValidateTarget, ValidateTargetInput};
pub use test::{
    LookForRemains, LookForRemainsInput, RecordTest, RecordTestEnd, RecordTestEndInput, RecordTestInput,
    Remains,
};
