//! What is done where the group goes, before its servers.

use super::{Ground, Prepared, Writer};
use crate::domain::{OperationType, ReplicationState, SiteVolume, VolumeDefinition, naming};
use crate::engine::{StepBuilder, output};
use crate::id::{LineageId, StepId};
use crate::operations::failover::checks::Shared;
use crate::operations::failover::placing::{Move, MovedPort, MovedVolume};
use crate::operations::placement::twin;
use crate::operations::site_volume;
use crate::operations::twins::{create_twin, extend_twin, volume_label};
use crate::steps::storage::{HoldPointInput, SafetySnapshotInput};
use serde_json::{Value, json};

impl Writer<'_> {
    /// What the servers need besides their volumes: what is cheap to undo on `early`, the ports on `ground`, when their data
    /// has arrived.
    pub(super) fn prepare(
        &mut self,
        prepared: &mut Prepared,
        shared: &Shared<'_>,
        early: &StepId,
        ground: &Ground,
    ) {
        let early = Ground { on: early.clone(), merely_after: None, past_return: ground.past_return };
        for keypair in &shared.keypairs.new {
            let name = &keypair.name;
            let step = StepBuilder::new(
                "import_keypair",
                format!("import_keypair/{name}"),
                format!("import the keypair {name} under the service user"),
            )
            .at(self.target)
            .input(keypair)
            .call("POST compute /os-keypairs")
            .reverted_by("DELETE compute /os-keypairs/{name}");
            let step = self.plan.add(early.under_some(step));
            prepared.keypairs.insert(name.clone(), step.clone());
            prepared.need(step, ground);
        }
        for (name, id) in &shared.server_groups.there {
            prepared.server_groups.insert(name.clone(), id.clone().into());
        }
        for (name, policy) in &shared.server_groups.new {
            let step = StepBuilder::new(
                "create_server_group",
                format!("create_server_group/{name}"),
                format!("make the server group {name}"),
            )
            .at(self.target)
            .input(json!({"name": name, "policy": policy}))
            .call("POST compute /os-server-groups")
            .reverted_by("DELETE compute /os-server-groups/{id}");
            let step = self.plan.add(early.under_some(step));
            prepared.server_groups.insert(name.clone(), output(&step, "server_group_id"));
            prepared.need(step, ground);
        }
        for one in self.moves.iter().filter(|one| one.absent.is_none()) {
            for (number, port) in one.ports.iter().enumerate() {
                self.prepare_port(prepared, one, (number, port), ground);
            }
        }
    }

    fn prepare_port(
        &mut self,
        prepared: &mut Prepared,
        one: &Move<'_>,
        (number, port): (usize, &MovedPort<'_>),
        ground: &Ground,
    ) {
        let lineage = port.definition.lineage;
        let Some(new) = &port.new else {
            prepared.ports.insert(lineage, json!(port.there));
            return;
        };
        let own_tag = naming::port_tag(self.facts.group.id);
        let mut tags = port.definition.tags.clone();
        tags.push(own_tag.clone());
        let name = &one.member.name;
        let step = StepBuilder::new(
            "create_port",
            format!("create_port/{name}/{number}"),
            format!("make port {number} of {name} ({})", port.definition.mac_address),
        )
        .at(self.target)
        .input(json!({"port": new, "tags": tags, "marker": own_tag}))
        .call("POST network /ports")
        .call("PUT network /ports/{id}/tags")
        .reverted_by("DELETE network /ports/{id}");
        let step = self.plan.add(ground.under_some(step));
        prepared.ports.insert(lineage, output(&step, "port_id"));
        prepared.need(step, ground);
    }

    /// From now on the array's own retention cannot take the point away.
    pub(super) fn hold_point(&mut self, marked: &StepId) -> StepId {
        self.plan.add(
            StepBuilder::new(
                "hold_point",
                "hold_point",
                format!("keep the point {} from expiring", self.point),
            )
            .at(self.target)
            .after([marked])
            .input(self.held())
            .call("copy the point's snapshots on the target's array, where it cannot keep them otherwise")
            .reverted_by("discard the copies, recoverably"),
        )
    }

    /// The point is in the volumes.
    pub(super) fn release_point(&mut self, used: &[StepId]) {
        self.plan.add(
            StepBuilder::new("release_point", "release_point", format!("let the point {} go", self.point))
                .at(self.target)
                .after(used)
                .optional()
                .input(self.held())
                .call("discard the copies, recoverably"),
        );
    }

    fn held(&self) -> HoldPointInput {
        HoldPointInput {
            array: self.storage.array.clone(),
            origin: self.origin.clone(),
            point: self.point.clone(),
        }
    }

    /// The volumes that are at the target, which may have to grow, and those that have to be made. Returns the steps that do
    /// it.
    pub(super) fn make_twins(&mut self, prepared: &mut Prepared, marked: &StepId) -> Vec<StepId> {
        let mut made = Vec::new();
        for volume in self.moves.iter().flat_map(|one| &one.volumes) {
            let lineage = volume.definition.lineage;
            let reference = match (volume.twin, &volume.twin_type) {
                (Some(twin), _) => {
                    made.extend(self.extend_twin(volume, twin, marked));
                    json!(twin)
                }
                (None, Some(volume_type)) => {
                    let step = self.make_twin(volume.definition, volume_type, marked);
                    let reference = site_volume(&step);
                    made.push(step);
                    reference
                }
                (None, None) => continue,
            };
            prepared.twins.insert(lineage, reference);
        }
        made
    }

    fn extend_twin(
        &mut self,
        volume: &MovedVolume<'_>,
        twin: &SiteVolume,
        marked: &StepId,
    ) -> Option<StepId> {
        let size = volume.grows?;
        let lineage = volume.definition.lineage;
        let label = volume_label(&volume.definition.name, lineage);
        let cinder = self.facts.target.site.volume(&twin.volume_id);
        let reserved = cinder.is_some_and(|cinder| cinder.status == "attaching");
        let step = extend_twin(self.target, (lineage, &label), twin, size, reserved);
        Some(self.plan.add(step.after([marked])))
    }

    fn make_twin(&mut self, volume: &VolumeDefinition, volume_type: &str, marked: &StepId) -> StepId {
        let twin = json!(twin(self.facts.group.id, volume, volume_type));
        let group = json!(self.consistency_group);
        let image = self.placement().image_metadata(volume);
        let step = create_twin(self.target, &self.storage.array, &group, (volume, &image), &twin);
        self.plan.add(step.after([marked]))
    }

    /// Makes the target's volumes hold the point, after a safety snapshot.
    pub(super) fn materialize(&mut self, prepared: &mut Prepared, made: &[StepId], ground: &Ground) {
        let safe = self.plan.add(
            StepBuilder::new("safety_snapshot", "safety_snapshot", "keep what the target's volumes hold")
                .at(self.target)
                .after([&ground.on])
                .after(made)
                .input(SafetySnapshotInput {
                    array: self.storage.array.clone(),
                    group: self.storage.name.clone(),
                    name: self.safety.clone(),
                })
                .call(format!("snapshot the target's storage group as {}", self.safety))
                .reverted_by("discard the snapshot, recoverably"),
        );
        for one in self.moves {
            for volume in &one.volumes {
                let lineage = volume.definition.lineage;
                let Some(twin) = prepared.twins.get(&lineage).cloned() else { continue };
                let label = volume_label(&volume.definition.name, lineage);
                let array_volume = twin.get("array_volume_id").cloned().unwrap_or_default();
                let promoted = self.promote(&label, lineage, (&volume.source, &array_volume), &safe, ground);
                let volume_id = twin.get("volume_id").cloned().unwrap_or_default();
                let last = if one.shadow.is_none() {
                    self.release(&label, lineage, &volume_id, (&ground.on, &promoted))
                } else {
                    promoted
                };
                prepared.steps.push(last);
            }
        }
    }

    fn promote(
        &mut self,
        label: &str,
        lineage: LineageId,
        (source, volume): (&SiteVolume, &Value),
        safe: &StepId,
        ground: &Ground,
    ) -> StepId {
        self.plan.add(
            StepBuilder::new(
                "storage_promo",
                format!("storage_promo/{lineage}"),
                format!("make the volume {label} hold the point"),
            )
            .at(self.target)
            .after([safe])
            .merely_after(&ground.merely_after)
            .input(json!({"array": self.storage.array, "origin": self.origin, "point": self.point,
                "member": source.array_volume_name, "volume": volume,
                "group": self.storage.name, "safety_snapshot": self.safety}))
            .call("overwrite the volume from the replicated snapshot")
            .reverted_by("overwrite it from the safety snapshot"),
        )
    }

    fn release(
        &mut self,
        label: &str,
        lineage: LineageId,
        volume_id: &Value,
        (ground, overwritten): (&StepId, &StepId),
    ) -> StepId {
        self.plan.add(
            StepBuilder::new(
                "release_twin",
                format!("release_twin/{lineage}"),
                format!("lift the reservation of {label}"),
            )
            .at(self.target)
            .after([ground])
            .merely_after([overwritten])
            .input(json!({"volume_id": volume_id}))
            .call("POST block-storage /volumes/{id}/action os-unreserve")
            .reverted_by("POST block-storage /volumes/{id}/action os-reserve"),
        )
    }

    /// The point of no return, after what is before it and the end of what is `hooked`.
    pub(super) fn raise_epoch(
        &mut self,
        prepared: &Prepared,
        (before, hooked): (&[StepId], &[StepId]),
    ) -> StepId {
        let group = self.facts.group;
        let volumes: Vec<Value> =
            prepared.twins.values().filter_map(|twin| twin.get("array_volume_id").cloned()).collect();
        let count = group.failover_count + u32::from(self.operation == OperationType::Failover);
        self.plan.add(
            StepBuilder::new("raise_epoch", "raise_epoch", format!("make {} the primary", self.target))
                .at(self.target)
                .after(before)
                .after_end_of(hooked)
                .input(json!({"from": group.epoch, "to": group.epoch + 1, "array": self.storage.array,
                    "patch": {"current_primary_site": self.target, "failover_count": count,
                        "replication": ReplicationState::Stopped},
                    "volumes": volumes}))
                .call("write the group's document to both site stores")
                .call("record the epoch with the target's volumes"),
        )
    }
}
