//! Steps that replicate a group once: several operations have them.

use crate::domain::{ProtectionGroup, ServerDefinition, StorageGroupReference};
use crate::driver::GroupOrigin;
use crate::engine::StepBuilder;
use crate::id::{ArrayName, SiteName};
use crate::steps::guard::{CaptureDefinitionsInput, ValidateTargetInput};
use crate::steps::storage::{AwaitPointInput, ReplicateNowInput};

/// The target answers, and its array is connected to the source's.
pub(super) fn validate(target: &SiteName, array: &ArrayName, peer: &ArrayName) -> StepBuilder {
    StepBuilder::new("validate_target", "validate_target", "see that the target answers")
        .at(target)
        .input(ValidateTargetInput { array: array.clone(), peer: Some(peer.clone()) })
        .call("GET compute /servers/detail")
        .call("GET block-storage /volumes/detail")
        .call("describe the array")
}

/// The definitions of VMs are captured again.
pub(super) fn capture(source: &SiteName, definitions: &[&ServerDefinition]) -> StepBuilder {
    let input = CaptureDefinitionsInput {
        members: definitions.iter().map(|one| (one.lineage, one.server_id.clone())).collect(),
        volumes: definitions
            .iter()
            .flat_map(|one| &one.volumes)
            .map(|volume| (volume.volume_id.clone(), volume.lineage))
            .collect(),
        ports: definitions
            .iter()
            .flat_map(|one| &one.ports)
            .map(|port| (port.port_id.clone(), port.lineage))
            .collect(),
        known: true,
    };
    StepBuilder::new("capture_definitions", "capture_definitions", "capture the VMs' definitions")
        .at(source)
        .input(input)
        .call("GET compute /servers/detail, /servers/{id}/os-volume_attachments, /servers/{id}/os-interface")
        .call("write the definitions to both site stores")
}

/// A point is made and its transfer begun.
pub(super) fn replicate(source: &SiteName, origin: &GroupOrigin, point: &str) -> StepBuilder {
    StepBuilder::new("replicate_now", "replicate_now", "make a recovery point")
        .at(source)
        .input(ReplicateNowInput {
            array: origin.array.clone(),
            group: origin.group.clone(),
            point: point.to_owned(),
        })
        .call(format!("make and replicate the point {point}"))
        .reverted_by("discard the point, recoverably")
}

/// The point has wholly arrived, with all volumes of the group.
pub(super) fn await_point(
    target: &SiteName,
    (origin, point): (&GroupOrigin, &str),
    storage: &StorageGroupReference,
    group: &ProtectionGroup,
    source: &SiteName,
) -> StepBuilder {
    let members = group.volumes().filter_map(|(_, volume)| volume.sites.get(source));
    StepBuilder::new("await_point", "await_point", "wait until the recovery point is complete")
        .at(target)
        .input(AwaitPointInput {
            array: storage.array.clone(),
            origin: origin.clone(),
            point: point.to_owned(),
            members: members.map(|volume| volume.array_volume_name.clone()).collect(),
        })
        .call("read the transfer's progress on the target's array")
        .reverted_by("discard the point, recoverably")
}
