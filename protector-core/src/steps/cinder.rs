//! Steps in Cinder. What Cinder says is compared with the array: on some releases it says `available` to what the
//! array refused.

mod extension;
mod groups;
mod leftover;
mod membership;
mod surplus;
mod test_volumes;
mod twins;
mod update;

pub use extension::{ExtendTwin, ExtendTwinInput};
pub use groups::{CreateGroup, CreateGroupInput, DeleteGroup, DeleteGroupInput, GroupMade};
pub use leftover::{RemoveLeftoverTwin, RemoveLeftoverTwinInput};
pub use membership::{JoinGroup, LeaveGroup, MembershipInput};
pub use surplus::{RemoveSurplusTwins, RemoveSurplusTwinsInput, SurplusRemoved};
pub use test_volumes::{CreateTestVolume, CreateTestVolumeInput, DeleteTestVolume, DeleteTestVolumeInput};
pub use twins::{CreateTwin, CreateTwinInput, ReleaseTwin, ReleaseTwinInput, RemoveTwin, RemoveTwinInput};
pub use update::{UpdateTwin, UpdateTwinInput};

use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::{ConsistencyGroupId, VolumeId};
use crate::inventory::SiteAccess;
use crate::openstack::block_storage::{Group, Volume};
use std::ops::ControlFlow;

/// Waits until a group is `available`.
async fn group_available(
    access: &SiteAccess,
    run: &StepRun,
    id: &ConsistencyGroupId,
) -> Result<Group, StepError> {
    let judge = |groups: &[Group]| match groups.iter().find(|group| group.id == *id) {
        None => ControlFlow::Break(Err(StepError::new(
            Code::NotFound,
            format!("group {id} is not there at {}", access.site),
        ))),
        Some(group) if group.status == "available" => ControlFlow::Break(Ok(group.clone())),
        Some(group) if group.status.starts_with("error") => {
            ControlFlow::Break(Err(StepError::conflict(format!(
                "group {id} is in status {} at {}: look at the log of cinder-volume",
                group.status, access.site
            ))))
        }
        Some(_) => ControlFlow::Continue(()),
    };
    access.groups.until(&run.context, judge).await?
}

/// Waits until a group is not there any more.
async fn group_gone(access: &SiteAccess, run: &StepRun, id: &ConsistencyGroupId) -> Result<(), StepError> {
    let judge = |groups: &[Group]| match groups.iter().find(|group| group.id == *id) {
        None => ControlFlow::Break(Ok(())),
        Some(group) if group.status.starts_with("error") => ControlFlow::Break(Err(StepError::conflict(
            format!("group {id} is in status {} at {} instead of deleted", group.status, access.site),
        ))),
        Some(_) => ControlFlow::Continue(()),
    };
    access.groups.until(&run.context, judge).await?
}

/// Waits until a volume is in one of these statuses.
async fn volume_in(
    access: &SiteAccess,
    run: &StepRun,
    id: &VolumeId,
    statuses: &[&str],
) -> Result<Volume, StepError> {
    let judge = |volumes: &[Volume]| match volumes.iter().find(|volume| volume.id == *id) {
        None => ControlFlow::Break(Err(StepError::new(
            Code::NotFound,
            format!("volume {id} is not there at {}", access.site),
        ))),
        Some(volume) if statuses.contains(&volume.status.as_str()) => ControlFlow::Break(Ok(volume.clone())),
        Some(volume) if volume.status.starts_with("error") => {
            ControlFlow::Break(Err(StepError::conflict(format!(
                "volume {id} is in status {} at {}: look at the log of cinder-volume",
                volume.status, access.site
            ))))
        }
        Some(_) => ControlFlow::Continue(()),
    };
    access.volumes.until(&run.context, judge).await?
}

/// Waits until a volume is not there any more.
async fn volume_gone(access: &SiteAccess, run: &StepRun, id: &VolumeId) -> Result<(), StepError> {
    let judge = |volumes: &[Volume]| match volumes.iter().find(|volume| volume.id == *id) {
        None => ControlFlow::Break(Ok(())),
        Some(volume) if volume.status.starts_with("error") => ControlFlow::Break(Err(StepError::conflict(
            format!("volume {id} is in status {} at {} instead of gone", volume.status, access.site),
        ))),
        Some(_) => ControlFlow::Continue(()),
    };
    access.volumes.until(&run.context, judge).await?
}
