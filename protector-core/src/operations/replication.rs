//! Steps by which a group's data reaches the other site, and those that keep a site from writing: several operations have them.

use crate::domain::{Finding, FindingCode, ProtectionGroup, ServerDefinition, StorageGroupReference};
use crate::driver::{GroupOrigin, ReplicationSettings};
use crate::engine::StepBuilder;
use crate::id::{ArrayName, ServerId, SiteName, VolumeId};
use crate::steps::guard::{CaptureDefinitionsInput, ValidateTargetInput};
use crate::steps::nova::{LockServerInput, StopServerInput};
use crate::steps::storage::{AwaitPointInput, ReplicateNowInput, SetReplicationInput};
use serde_json::{Value, json};
use std::time::Duration;

/// The storage groups of a group whose data goes from one site to the other, or why they are not known.
pub(super) fn storage_groups<'a>(
    group: &'a ProtectionGroup,
    source: &SiteName,
    target: &SiteName,
) -> Result<(GroupOrigin, &'a StorageGroupReference), Finding> {
    origin(group, source).zip(group.storage_groups.get(target)).ok_or_else(|| {
        Finding::new(
            FindingCode::GroupMissing,
            target,
            format!("group {}", group.name),
            "the storage groups of both sites are not on record: it was never fully protected",
            "resume or repeat `protect`",
        )
    })
}

/// The target answers, and its array is connected to the source's, if that is named.
pub(super) fn validate(target: &SiteName, array: &ArrayName, peer: Option<&ArrayName>) -> StepBuilder {
    StepBuilder::new("validate_target", "validate_target", "see that the target answers")
        .at(target)
        .input(ValidateTargetInput { array: array.clone(), peer: peer.cloned() })
        .call("GET compute /servers/detail")
        .call("GET block-storage /volumes/detail")
        .call("describe the array")
}

/// The definitions of VMs are captured; of those that are `known`, again.
pub(super) fn capture<'a>(
    source: &SiteName,
    definitions: impl Iterator<Item = &'a ServerDefinition>,
    known: bool,
) -> StepBuilder {
    let definitions: Vec<&ServerDefinition> = definitions.collect();
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
        known,
    };
    StepBuilder::new("capture_definitions", "capture_definitions", "capture the VMs' definitions")
        .at(source)
        .input(input)
        .call("GET compute /servers/detail, /servers/{id}/os-volume_attachments, /servers/{id}/os-interface")
        .call("write the definitions to both site stores")
}

/// Volumes join a Cinder group, given by its id or the output that will be it.
pub(super) fn join(
    site: &SiteName,
    group: &Value,
    volumes: &[VolumeId],
    array: &ArrayName,
    title: &str,
) -> StepBuilder {
    StepBuilder::new("join_consistency_group", format!("join_consistency_group/{site}"), title)
        .at(site)
        .input(json!({"group_id": group, "volumes": volumes, "array": array}))
        .call("PUT block-storage /groups/{id} add_volumes, six at a time")
        .reverted_by("PUT block-storage /groups/{id} remove_volumes")
}

/// A point is made and its transfer begun.
pub(super) fn replicate(source: &SiteName, origin: &GroupOrigin, point: &str, title: &str) -> StepBuilder {
    StepBuilder::new("replicate_now", "replicate_now", title)
        .at(source)
        .input(ReplicateNowInput {
            array: origin.array.clone(),
            group: origin.group.clone(),
            point: point.to_owned(),
        })
        .call(format!("make and replicate the point {point}"))
        .reverted_by("discard the point, recoverably")
}

/// The point has wholly arrived, with all volumes of the group: `members` are their names on the source's array.
pub(super) fn await_point(
    target: &SiteName,
    array: &ArrayName,
    (origin, point): (&GroupOrigin, &str),
    members: Vec<String>,
    title: &str,
) -> StepBuilder {
    StepBuilder::new("await_point", "await_point", title)
        .at(target)
        .input(AwaitPointInput {
            array: array.clone(),
            origin: origin.clone(),
            point: point.to_owned(),
            members,
        })
        .call("read the transfer's progress on the target's array")
        .reverted_by("discard the point, recoverably")
}

/// The names of a group's volumes on the array of a site.
pub(super) fn names_on_array(group: &ProtectionGroup, site: &SiteName) -> Vec<String> {
    let there = group.volumes().filter_map(|(_, volume)| volume.sites.get(site));
    there.map(|volume| volume.array_volume_name.clone()).collect()
}

/// A group's schedule, interval and retention.
pub(super) fn settings(group: &ProtectionGroup, enabled: bool) -> ReplicationSettings {
    ReplicationSettings {
        enabled,
        interval: Duration::from_secs(group.replication_interval),
        retention: Some(Duration::from_secs(group.retention)),
    }
}

/// The schedule of a storage group is switched on or off; `before` is what undoing brings back.
pub(super) fn schedule(
    site: &SiteName,
    group: &GroupOrigin,
    settings: ReplicationSettings,
    before: Option<ReplicationSettings>,
    title: &str,
) -> StepBuilder {
    StepBuilder::new("set_replication", format!("set_replication/{site}"), title)
        .at(site)
        .input(SetReplicationInput {
            array: group.array.clone(),
            group: group.group.clone(),
            settings,
            before,
        })
        .call("set schedule, interval and retention of the storage group")
}

/// A VM is stopped; undoing starts it if it ran.
pub(super) fn stop(site: &SiteName, name: &str, server_id: &ServerId, ran: bool) -> StepBuilder {
    StepBuilder::new("stop_server", format!("stop_server/{name}"), format!("stop {name}"))
        .at(site)
        .input(StopServerInput { server_id: server_id.clone(), ran })
        .call(format!("POST compute /servers/{server_id}/action os-stop"))
}

/// A VM is locked, with the reason that Nova shows.
pub(super) fn lock(site: &SiteName, name: &str, server_id: &ServerId, reason: &str) -> StepBuilder {
    StepBuilder::new("lock_server", format!("lock_server/{name}"), format!("lock {name}"))
        .at(site)
        .input(LockServerInput { server_id: server_id.clone(), reason: reason.to_owned() })
        .call(format!("POST compute /servers/{server_id}/action lock"))
}

/// Where a group's points come from.
pub(super) fn origin(group: &ProtectionGroup, site: &SiteName) -> Option<GroupOrigin> {
    let reference = group.storage_groups.get(site)?;
    Some(GroupOrigin { array: reference.array.clone(), group: reference.name.clone() })
}
