//! What is done where the group runs, when it answers.

use super::Writer;
use crate::domain::naming;
use crate::driver::ReplicationSettings;
use crate::engine::StepBuilder;
use crate::id::{StepId, VolumeId};
use crate::steps::cinder::MembershipInput;
use crate::steps::guard::CaptureDefinitionsInput;
use crate::steps::storage::{AwaitPointInput, ReplicateNowInput, SafetySnapshotInput, SetReplicationInput};
use serde_json::json;

impl Writer<'_> {
    /// Volumes that were attached since: they are replicated with the others from now on.
    pub(super) fn join_new_volumes(&mut self, marked: &StepId) -> Option<StepId> {
        let group_id = self.facts.group.consistency_groups.get(self.source)?.clone();
        let volumes: Vec<VolumeId> = self
            .moves
            .iter()
            .flat_map(|one| &one.volumes)
            .filter(|volume| volume.joins)
            .map(|volume| volume.definition.volume_id.clone())
            .collect();
        if volumes.is_empty() {
            return None;
        }
        Some(
            self.plan.add(
                StepBuilder::new(
                    "join_consistency_group",
                    format!("join_consistency_group/{}", self.source),
                    "put the volumes that were added since into the consistency group",
                )
                .at(self.source)
                .after([marked])
                .input(MembershipInput { group_id, volumes, array: self.origin.array.clone() })
                .call("PUT block-storage /groups/{id} add_volumes, six at a time")
                .reverted_by("PUT block-storage /groups/{id} remove_volumes"),
            ),
        )
    }

    pub(super) fn capture(&mut self, marked: &StepId) -> StepId {
        let definitions = || self.running_moves().map(|one| one.definition);
        let input = CaptureDefinitionsInput {
            members: definitions().map(|one| (one.lineage, one.server_id.clone())).collect(),
            volumes: definitions()
                .flat_map(|one| &one.volumes)
                .map(|volume| (volume.volume_id.clone(), volume.lineage))
                .collect(),
            ports: definitions()
                .flat_map(|one| &one.ports)
                .map(|port| (port.port_id.clone(), port.lineage))
                .collect(),
            known: true,
        };
        self.plan.add(
            StepBuilder::new("capture_definitions", "capture_definitions", "capture the VMs' definitions")
                .at(self.source)
                .after([marked])
                .input(input)
                .call("GET compute /servers/detail, /servers/{id}/os-volume_attachments, /servers/{id}/os-interface")
                .call("write the definitions to both site stores"),
        )
    }

    /// Stops the VMs, last tier first, and locks them.
    pub(super) fn stop_and_lock(&mut self, marked: &StepId) -> Vec<StepId> {
        let mut fenced = Vec::new();
        let mut later: Vec<StepId> = vec![marked.clone()];
        let reason = naming::lock_reason(&self.facts.group.name, self.target.as_str());
        for tier in self.tiers().into_iter().rev() {
            let mut stopped = Vec::new();
            for one in self.running_moves().filter(|one| one.member.order == tier) {
                let (name, server_id) = (&one.member.name, &one.definition.server_id);
                let stop = self.plan.add(
                    StepBuilder::new("stop_server", format!("stop_server/{name}"), format!("stop {name}"))
                        .at(self.source)
                        .after(&later)
                        .input(json!({"server_id": server_id, "ran": one.definition.running}))
                        .call(format!("POST compute /servers/{server_id}/action os-stop"))
                        .reverted_by("POST compute /servers/{id}/action os-start, if it ran"),
                );
                fenced.push(
                    self.plan.add(
                        StepBuilder::new(
                            "lock_server",
                            format!("lock_server/{name}"),
                            format!("lock {name}"),
                        )
                        .at(self.source)
                        .after([&stop])
                        .input(json!({"server_id": server_id, "reason": reason}))
                        .call(format!("POST compute /servers/{server_id}/action lock"))
                        .reverted_by("POST compute /servers/{id}/action unlock"),
                    ),
                );
                stopped.push(stop);
            }
            later = stopped;
        }
        fenced
    }

    /// The last replication, and the end of the source's schedule. Returns the steps that ended the schedule and saw
    /// the point arrive.
    pub(super) fn replicate(
        &mut self,
        marked: &StepId,
        fenced: &[StepId],
        joined: Option<&StepId>,
    ) -> (StepId, StepId) {
        let replicated = self.plan.add(
            StepBuilder::new("replicate_now", "replicate_now", "make the last recovery point")
                .at(self.source)
                .after([marked])
                .merely_after(fenced)
                .merely_after(joined)
                .input(ReplicateNowInput {
                    array: self.origin.array.clone(),
                    group: self.origin.group.clone(),
                    point: self.point.clone(),
                })
                .call(format!("make and replicate the point {}", self.point))
                .reverted_by("discard the point, recoverably"),
        );
        let paused = self.pause_schedule(marked, std::slice::from_ref(&replicated));
        let members = self
            .moves
            .iter()
            .flat_map(|one| &one.volumes)
            .map(|volume| volume.source.array_volume_name.clone())
            .collect();
        let arrived = self.plan.add(
            StepBuilder::new("await_point", "await_point", "wait until the last recovery point is complete")
                .at(self.target)
                .after([marked])
                .merely_after([&replicated])
                .input(AwaitPointInput {
                    array: self.storage.array.clone(),
                    origin: self.origin.clone(),
                    point: self.point.clone(),
                    members,
                })
                .call("read the transfer's progress on the target's array")
                .reverted_by("discard the point, recoverably"),
        );
        (paused, arrived)
    }

    /// The end of the source's schedule.
    pub(super) fn pause_schedule(&mut self, marked: &StepId, earlier: &[StepId]) -> StepId {
        let before = self.facts.source.and_then(|known| known.arrays.group.as_ref());
        let before = before.map(|(_, group)| group.settings.clone());
        let settings = ReplicationSettings { enabled: false, ..self.settings(false) };
        self.plan.add(
            StepBuilder::new(
                "set_replication",
                format!("set_replication/{}", self.source),
                "switch the source's schedule off",
            )
            .at(self.source)
            .after([marked])
            .merely_after(earlier)
            .input(SetReplicationInput {
                array: self.origin.array.clone(),
                group: self.origin.group.clone(),
                settings,
                before,
            })
            .call("set the schedule of the source's storage group")
            .reverted_by("the schedule as it was"),
        )
    }

    /// Keeps what the source's volumes hold now that its VMs are stopped.
    pub(super) fn keep_source(&mut self, marked: &StepId, fenced: &[StepId]) -> StepId {
        self.plan.add(
            StepBuilder::new("safety_snapshot", "safety_snapshot", "keep what was written since the move")
                .at(self.source)
                .after([marked])
                .merely_after(fenced)
                .input(SafetySnapshotInput {
                    array: self.origin.array.clone(),
                    group: self.origin.group.clone(),
                    name: self.safety.clone(),
                })
                .call(format!("snapshot the source's storage group as {}", self.safety))
                .reverted_by("discard the snapshot, recoverably"),
        )
    }
}
