use super::{FailoverFacts, Move, MovedPort, Shared};
use crate::domain::{Finding, GroupStatus, OperationType, StorageGroupReference, naming};
use crate::driver::{GroupOrigin, ReplicationSettings};
use crate::engine::{PlanBuilder, StepBuilder, output};
use crate::id::{ConsistencyGroupId, LineageId, SiteName, StepId, VolumeId};
use crate::operations::placement::{Placement, twin};
use crate::operations::protect::{create_twin, volume_label};
use crate::operations::{PlanningError, record_group, site_volume};
use crate::steps::cinder::MembershipInput;
use crate::steps::guard::{CaptureDefinitionsInput, ValidateTargetInput};
use crate::steps::nova::ImportKeypairInput;
use crate::steps::storage::{AwaitPointInput, ReplicateNowInput, SafetySnapshotInput, SetReplicationInput};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Writes the steps down.
///
/// A step comes after others in time, but builds on few of them. What is done at the target builds on nothing that is done
/// at the source: else a target that is dead would keep the VMs stopped when all is undone. All build on the group's mark,
/// so that the group is being moved as long as anything is left of it.
pub(super) struct Writer<'a> {
    pub(super) facts: &'a FailoverFacts<'a>,
    pub(super) operation: OperationType,
    pub(super) source: &'a SiteName,
    pub(super) target: &'a SiteName,
    pub(super) origin: &'a GroupOrigin,
    pub(super) storage: &'a StorageGroupReference,
    pub(super) consistency_group: &'a ConsistencyGroupId,
    pub(super) point: String,
    pub(super) safety: String,
    pub(super) moves: &'a [Move<'a>],
    pub(super) plan: PlanBuilder,
}

/// The steps that others come after.
struct Prepared {
    twins: BTreeMap<LineageId, Value>,
    ports: BTreeMap<LineageId, Value>,
    server_groups: BTreeMap<String, Value>,
    before_epoch: Vec<StepId>,
}

impl Writer<'_> {
    pub(super) fn write(
        mut self,
        shared: &Shared<'_>,
        warnings: Vec<Finding>,
    ) -> Result<crate::engine::Plan, PlanningError> {
        for warning in warnings {
            self.plan.warn(warning);
        }
        let validate = self.plan.add(
            StepBuilder::new("validate_target", "validate_target", "see that the target answers")
                .at(self.target)
                .input(ValidateTargetInput {
                    array: self.storage.array.clone(),
                    peer: self.origin.array.clone(),
                })
                .call("GET compute /servers/detail")
                .call("GET block-storage /volumes/detail")
                .call("describe the array"),
        );
        let (moving, settled) = match self.operation {
            OperationType::Failback => (GroupStatus::FailingBack, GroupStatus::Active),
            _ => (GroupStatus::FailingOver, GroupStatus::FailedOver),
        };
        let marked = self.plan.add(
            record_group(
                &format!("record_group/{moving}"),
                "record that the group is being moved",
                &json!({"status": moving}),
                &json!({"status": self.facts.group.status}),
            )
            .at(self.target)
            .after([&validate])
            .reverted_by("the former status"),
        );
        let joined = self.join_new_volumes(&marked);
        let captured = self.capture(&marked);
        let fenced = self.stop_and_lock(&marked);
        let arrived = self.replicate(&marked, &fenced, joined.as_ref());
        let mut prepared = self.prepare(shared, &marked, &arrived.1);
        prepared.before_epoch.extend([captured, arrived.0, arrived.1.clone()]);
        self.materialize(&mut prepared, &marked, &arrived.1);
        let raised = self.raise_epoch(&prepared);
        let (servers, verified) = self.start(shared, &prepared, &raised);
        let reversed = self.reverse(&raised);
        self.finish(settled, &prepared, &servers, &verified, &reversed);
        Ok(self.plan.build()?)
    }

    fn tiers(&self) -> BTreeSet<u32> {
        self.moves.iter().map(|one| one.member.order).collect()
    }

    /// Volumes that were attached since: they are replicated with the others from now on.
    fn join_new_volumes(&mut self, marked: &StepId) -> Option<StepId> {
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

    fn capture(&mut self, marked: &StepId) -> StepId {
        let definitions = || self.moves.iter().map(|one| one.definition);
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
    fn stop_and_lock(&mut self, marked: &StepId) -> Vec<StepId> {
        let mut fenced = Vec::new();
        let mut later: Vec<StepId> = vec![marked.clone()];
        let reason = naming::lock_reason(&self.facts.group.name, self.target.as_str());
        for tier in self.tiers().into_iter().rev() {
            let mut stopped = Vec::new();
            for one in self.moves.iter().filter(|one| one.member.order == tier) {
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
    fn replicate(&mut self, marked: &StepId, fenced: &[StepId], joined: Option<&StepId>) -> (StepId, StepId) {
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
        let before = self.facts.source.arrays.group.as_ref().map(|(_, group)| group.settings.clone());
        let settings = ReplicationSettings { enabled: false, ..self.settings(false) };
        let paused = self.plan.add(
            StepBuilder::new(
                "set_replication",
                format!("set_replication/{}", self.source),
                "switch the source's schedule off",
            )
            .at(self.source)
            .after([marked])
            .merely_after([&replicated])
            .input(SetReplicationInput {
                array: self.origin.array.clone(),
                group: self.origin.group.clone(),
                settings,
                before,
            })
            .call("set the schedule of the source's storage group")
            .reverted_by("the schedule as it was"),
        );
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

    fn settings(&self, enabled: bool) -> ReplicationSettings {
        ReplicationSettings {
            enabled,
            interval: Duration::from_secs(self.facts.group.replication_interval),
            retention: Some(Duration::from_secs(self.facts.group.retention)),
        }
    }

    /// What the servers need: what is cheap to undo while the VMs still run, the ports when their data has arrived.
    fn prepare(&mut self, shared: &Shared<'_>, marked: &StepId, arrived: &StepId) -> Prepared {
        let mut prepared = Prepared {
            twins: BTreeMap::new(),
            ports: BTreeMap::new(),
            server_groups: BTreeMap::new(),
            before_epoch: Vec::new(),
        };
        for keypair in &shared.keypairs {
            let Some(public_key) = keypair.public_key.clone() else { continue };
            let (name, kind) = (keypair.name.clone(), keypair.kind.clone());
            prepared.before_epoch.push(
                self.plan.add(
                    StepBuilder::new(
                        "import_keypair",
                        format!("import_keypair/{name}"),
                        format!("import the keypair {name} under the service user"),
                    )
                    .at(self.target)
                    .after([marked])
                    .input(ImportKeypairInput { name, public_key, kind })
                    .call("POST compute /os-keypairs")
                    .reverted_by("DELETE compute /os-keypairs/{name}"),
                ),
            );
        }
        for there in &self.facts.target.site.server_groups {
            prepared.server_groups.insert(there.name.clone(), there.id.clone().into());
        }
        for group in &shared.server_groups {
            let name = &group.name;
            let step = self.plan.add(
                StepBuilder::new(
                    "create_server_group",
                    format!("create_server_group/{name}"),
                    format!("make the server group {name}"),
                )
                .at(self.target)
                .after([marked])
                .input(json!({"name": name, "policy": {"policy": group.policy, "rules": group.rules}}))
                .call("POST compute /os-server-groups")
                .reverted_by("DELETE compute /os-server-groups/{id}"),
            );
            prepared.server_groups.insert(name.clone(), output(&step, "server_group_id"));
            prepared.before_epoch.push(step);
        }
        for one in self.moves {
            for (number, port) in one.ports.iter().enumerate() {
                self.prepare_port(&mut prepared, one, (number, port), (marked, arrived));
            }
        }
        prepared
    }

    fn prepare_port(
        &mut self,
        prepared: &mut Prepared,
        one: &Move<'_>,
        (number, port): (usize, &MovedPort<'_>),
        (marked, arrived): (&StepId, &StepId),
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
        let step = self.plan.add(
            StepBuilder::new(
                "create_port",
                format!("create_port/{name}/{number}"),
                format!("make port {number} of {name} ({})", port.definition.mac_address),
            )
            .at(self.target)
            .after([marked])
            .merely_after([arrived])
            .input(json!({"port": new, "tags": tags, "marker": own_tag}))
            .call("POST network /ports")
            .call("PUT network /ports/{id}/tags")
            .reverted_by("DELETE network /ports/{id}"),
        );
        prepared.ports.insert(lineage, output(&step, "port_id"));
        prepared.before_epoch.push(step);
    }

    /// Makes the target's volumes hold the point, after a safety snapshot.
    fn materialize(&mut self, prepared: &mut Prepared, marked: &StepId, arrived: &StepId) {
        let mut made = Vec::new();
        let mut references: BTreeMap<LineageId, (Value, Value)> = BTreeMap::new();
        for volume in self.moves.iter().flat_map(|one| &one.volumes) {
            let lineage = volume.definition.lineage;
            match (volume.twin, &volume.twin_type) {
                (None, Some(volume_type)) => {
                    let twin = twin(self.facts.group.id, volume.definition, volume_type);
                    let group = json!(self.consistency_group);
                    let step = create_twin(
                        self.target,
                        &self.storage.array,
                        &group,
                        volume.definition,
                        &json!(twin),
                    );
                    let step = self.plan.add(step.after([marked]));
                    references.insert(lineage, (output(&step, "array_volume_id"), site_volume(&step)));
                    made.push(step);
                }
                (Some(twin), _) => {
                    references.insert(lineage, (json!(twin.array_volume_id), json!(twin)));
                }
                (None, None) => {}
            }
        }
        let safe = self.plan.add(
            StepBuilder::new("safety_snapshot", "safety_snapshot", "keep what the target's volumes hold")
                .at(self.target)
                .after([marked])
                .after(&made)
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
                let Some((array_volume, twin)) = references.get(&lineage) else { continue };
                let label = volume_label(&volume.definition.name, lineage);
                let step = self.plan.add(
                    StepBuilder::new(
                        "storage_promo",
                        format!("storage_promo/{lineage}"),
                        format!("make the volume {label} hold the point"),
                    )
                    .at(self.target)
                    .after([&safe])
                    .merely_after([arrived])
                    .input(json!({"array": self.storage.array, "origin": self.origin, "point": self.point,
                        "member": volume.source.array_volume_name, "volume": array_volume,
                        "group": self.storage.name, "safety_snapshot": self.safety}))
                    .call("overwrite the volume from the replicated snapshot")
                    .reverted_by("overwrite it from the safety snapshot"),
                );
                let volume_id = twin.get("volume_id").cloned().unwrap_or_default();
                let last = if one.shadow.is_none() {
                    self.release(&label, lineage, &volume_id, (marked, &step))
                } else {
                    step
                };
                prepared.twins.insert(lineage, twin.clone());
                prepared.before_epoch.push(last);
            }
        }
    }

    fn release(
        &mut self,
        label: &str,
        lineage: LineageId,
        volume_id: &Value,
        (marked, overwritten): (&StepId, &StepId),
    ) -> StepId {
        self.plan.add(
            StepBuilder::new(
                "release_twin",
                format!("release_twin/{lineage}"),
                format!("lift the reservation of {label}"),
            )
            .at(self.target)
            .after([marked])
            .merely_after([overwritten])
            .input(json!({"volume_id": volume_id}))
            .call("POST block-storage /volumes/{id}/action os-unreserve")
            .reverted_by("POST block-storage /volumes/{id}/action os-reserve"),
        )
    }

    fn raise_epoch(&mut self, prepared: &Prepared) -> StepId {
        let group = self.facts.group;
        let volumes: Vec<Value> =
            prepared.twins.values().filter_map(|twin| twin.get("array_volume_id").cloned()).collect();
        let count = group.failover_count + u32::from(self.operation == OperationType::Failover);
        self.plan.add(
            StepBuilder::new("raise_epoch", "raise_epoch", format!("make {} the primary", self.target))
                .at(self.target)
                .after(&prepared.before_epoch)
                .input(json!({"from": group.epoch, "to": group.epoch + 1, "array": self.storage.array,
                    "patch": {"current_primary_site": self.target, "failover_count": count},
                    "volumes": volumes}))
                .call("write the group's document to both site stores")
                .call("record the epoch with the target's volumes"),
        )
    }

    /// Starts the servers by tier; makes those that are not there.
    fn start(
        &mut self,
        shared: &Shared<'_>,
        prepared: &Prepared,
        raised: &StepId,
    ) -> (BTreeMap<LineageId, Value>, Vec<StepId>) {
        let mut servers = BTreeMap::new();
        let mut verified = Vec::new();
        let mut earlier = vec![raised.clone()];
        for tier in self.tiers() {
            let mut of_tier = Vec::new();
            for one in self.moves.iter().filter(|one| one.member.order == tier) {
                let (server, last) = match one.shadow {
                    Some(shadow) => (json!(shadow.id), self.start_shadow(one, &earlier)),
                    None => self.create(shared, prepared, one, &earlier),
                };
                of_tier.push(self.verify(prepared, one, &server, &last));
                servers.insert(one.member.lineage, server);
            }
            verified.extend(of_tier.iter().cloned());
            earlier = of_tier;
        }
        (servers, verified)
    }

    fn start_shadow(&mut self, one: &Move<'_>, earlier: &[StepId]) -> StepId {
        let name = &one.member.name;
        let server_id = one.shadow.map(|shadow| &shadow.id);
        let unlocked = self.plan.add(
            StepBuilder::new("unlock_server", format!("unlock_server/{name}"), format!("unlock {name}"))
                .at(self.target)
                .after(earlier)
                .input(json!({"server_id": server_id}))
                .call("POST compute /servers/{id}/action unlock"),
        );
        if !one.definition.running {
            return unlocked;
        }
        self.plan.add(
            StepBuilder::new("start_server", format!("start_server/{name}"), format!("start {name}"))
                .at(self.target)
                .after([&unlocked])
                .input(json!({"server_id": server_id}))
                .call("POST compute /servers/{id}/action os-start"),
        )
    }

    fn create(
        &mut self,
        shared: &Shared<'_>,
        prepared: &Prepared,
        one: &Move<'_>,
        earlier: &[StepId],
    ) -> (Value, StepId) {
        let (name, definition) = (&one.member.name, one.definition);
        let input = json!({"member": one.member.lineage, "server": self.new_server(shared, prepared, one)});
        let created = self.plan.add(
            StepBuilder::new("create_server", format!("create_server/{name}"), format!("make {name}"))
                .at(self.target)
                .after(earlier)
                .input(input)
                .call("POST compute /servers"),
        );
        let server = output(&created, "server_id");
        if definition.running {
            return (server, created);
        }
        let stopped = self.plan.add(
            StepBuilder::new(
                "stop_server",
                format!("settle_server/{name}"),
                format!("stop {name}, which was shut off"),
            )
            .at(self.target)
            .input(json!({"server_id": server, "ran": false}))
            .call("POST compute /servers/{id}/action os-stop"),
        );
        (server, stopped)
    }

    fn new_server(&self, shared: &Shared<'_>, prepared: &Prepared, one: &Move<'_>) -> Value {
        let definition = one.definition;
        let block_devices: Vec<Value> = definition
            .volumes
            .iter()
            .enumerate()
            .map(|(index, volume)| {
                let twin = prepared.twins.get(&volume.lineage).and_then(|twin| twin.get("volume_id"));
                let mut device = json!({"uuid": twin, "boot_index": if index == 0 { 0 } else { -1 },
                    "delete_on_termination": volume.delete_on_termination});
                insert_some(&mut device, "tag", volume.tag.as_ref().map(|tag| json!(tag)));
                device
            })
            .collect();
        let networks: Vec<Value> = definition
            .ports
            .iter()
            .map(|port| {
                let mut network = json!({"port": prepared.ports.get(&port.lineage)});
                insert_some(&mut network, "tag", port.tag.as_ref().map(|tag| json!(tag)));
                network
            })
            .collect();
        let mut metadata = definition.metadata.clone();
        metadata.extend(naming::markers(self.facts.group.id, definition.lineage));
        let mut server = json!({"name": definition.name, "flavorRef": one.flavor, "metadata": metadata,
            "tags": definition.tags, "block_device_mapping_v2": block_devices, "networks": networks,
            "config_drive": definition.config_drive});
        let placement = Placement {
            target: self.facts.target.site,
            mappings: &self.facts.config.mappings,
            source_site: self.source,
        };
        let keypair = definition
            .keypair
            .as_ref()
            .filter(|keypair| !shared.lost_keypairs.contains(keypair.name.as_str()));
        let group =
            definition.server_group.as_ref().and_then(|group| prepared.server_groups.get(&group.name));
        insert_some(&mut server, "description", definition.description.as_ref().map(|text| json!(text)));
        insert_some(&mut server, "key_name", keypair.map(|keypair| json!(keypair.name)));
        insert_some(&mut server, "hostname", definition.hostname.as_ref().map(|name| json!(name)));
        insert_some(
            &mut server,
            "availability_zone",
            placement.availability_zone(definition).map(Value::from),
        );
        insert_some(&mut server, "server_group", group.cloned());
        for address in &definition.access_addresses {
            let key = if address.contains(':') { "accessIPv6" } else { "accessIPv4" };
            insert_some(&mut server, key, Some(json!(address)));
        }
        server
    }

    fn verify(&mut self, prepared: &Prepared, one: &Move<'_>, server: &Value, last: &StepId) -> StepId {
        let name = &one.member.name;
        let volumes: Vec<Value> = one
            .volumes
            .iter()
            .filter_map(|volume| prepared.twins.get(&volume.definition.lineage)?.get("volume_id").cloned())
            .collect();
        let ports: Vec<Value> = one
            .ports
            .iter()
            .map(|port| {
                let addresses: Vec<&String> =
                    port.definition.fixed_addresses.iter().map(|fixed| &fixed.address).collect();
                json!({"port_id": prepared.ports.get(&port.definition.lineage),
                    "mac_address": port.definition.mac_address, "addresses": addresses})
            })
            .collect();
        let status = if one.definition.running { "ACTIVE" } else { "SHUTOFF" };
        self.plan.add(
            StepBuilder::new("verify_server", format!("verify_server/{name}"), format!("verify {name}"))
                .at(self.target)
                .after([last])
                .input(json!({"server_id": server, "status": status, "volumes": volumes, "ports": ports}))
                .call("GET compute /servers/detail")
                .call("GET network /ports/{id}"),
        )
    }

    /// From now on the data goes the other way.
    fn reverse(&mut self, raised: &StepId) -> StepId {
        let back = GroupOrigin { array: self.storage.array.clone(), group: self.storage.name.clone() };
        let allowed = self.plan.add(
            StepBuilder::new(
                "allow_replication",
                format!("allow_replication/{}", self.source),
                "allow the replication in the other direction",
            )
            .at(self.source)
            .after([raised])
            .input(json!({"array": self.origin.array, "origin": back}))
            .call("allow the target's group on the source's array"),
        );
        let settings = self.settings(true);
        self.plan.add(
            StepBuilder::new(
                "set_replication",
                format!("set_replication/{}", self.target),
                "switch the new primary's schedule on",
            )
            .at(self.target)
            .after([&allowed])
            .input(SetReplicationInput {
                array: self.storage.array.clone(),
                group: self.storage.name.clone(),
                settings,
                before: None,
            })
            .call("set schedule, interval and retention of the target's storage group"),
        )
    }

    fn finish(
        &mut self,
        settled: GroupStatus,
        prepared: &Prepared,
        servers: &BTreeMap<LineageId, Value>,
        verified: &[StepId],
        reversed: &StepId,
    ) {
        let (source, target) = (self.source.as_str(), self.target.as_str());
        let members: BTreeMap<String, Value> = self
            .moves
            .iter()
            .map(|one| {
                let ports: Vec<Value> = one
                    .ports
                    .iter()
                    .map(|port| {
                        json!({"lineage": port.definition.lineage, "sites": {
                            source: port.definition.port_id,
                            target: prepared.ports.get(&port.definition.lineage)}})
                    })
                    .collect();
                let volumes: Vec<Value> = one
                    .volumes
                    .iter()
                    .map(|volume| {
                        let lineage = volume.definition.lineage;
                        json!({"lineage": lineage, "name": volume_label(&volume.definition.name, lineage),
                            "sites": {source: volume.source, target: prepared.twins.get(&lineage)}})
                    })
                    .collect();
                let member = json!({"ports": ports, "volumes": volumes, "servers": {
                    source: one.definition.server_id, target: servers.get(&one.member.lineage)}});
                (one.member.lineage.to_string(), member)
            })
            .collect();
        self.plan.add(
            record_group(
                &format!("record_group/{settled}"),
                "record where everything is",
                &json!({"status": settled, "members": members}),
                &json!({}),
            )
            .at(self.target)
            .after(verified)
            .after([reversed]),
        );
    }
}

fn insert_some(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (object.as_object_mut(), value) {
        fields.insert(key.to_owned(), value);
    }
}
