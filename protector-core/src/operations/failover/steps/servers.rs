//! The servers where the group goes.

use super::hooks::HookTurn;
use super::{Prepared, Writer};
use crate::domain::{HookMoment, HookSubject, naming};
use crate::engine::{StepBuilder, done, output};
use crate::id::{LineageId, StepId};
use crate::operations::failover::checks::Shared;
use crate::operations::failover::placing::Move;
use crate::steps::nova::ResizeServerInput;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A server of the target.
pub(super) struct Started {
    /// Its id, or a reference to it.
    pub(super) server: Value,
    /// The step that sees it run.
    pub(super) verified: StepId,
    /// The steps that see its guest come up, and the hooks after it.
    pub(super) checked: Vec<StepId>,
}

/// How far the tiers have come; none has been reached yet at 0.
#[derive(Default)]
struct Tiers {
    number: usize,
    /// What the VMs of this tier wait for besides those before them.
    gate: Vec<StepId>,
    /// What has come to its end when nothing more comes of this tier's VMs.
    ends: Vec<StepId>,
    /// The last VM that had its turn.
    last: Option<LineageId>,
}

/// When a server's turn is.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    /// What has to be done.
    ground: &'a [StepId],
    /// What has to have come to an end.
    earlier: &'a [StepId],
}

impl Started {
    /// What has come to its end when nothing more comes of the server.
    pub(super) fn ends(&self) -> impl Iterator<Item = &StepId> {
        self.checked.iter().chain([&self.verified])
    }
}

impl Order<'_> {
    pub(super) fn of(self, step: StepBuilder) -> StepBuilder {
        step.after(self.ground).after_end_of(self.earlier).optional()
    }
}

impl Writer<'_> {
    /// Starts the servers in their order; makes those that are not there. Each waits for the end of those that start before
    /// it, whatever became of them, and none comes before the end of what is `hooked`. Returns, for each VM, what is known of
    /// its server and the step that saw it run.
    pub(super) fn start(
        &mut self,
        shared: &Shared<'_>,
        prepared: &Prepared,
        (ground, hooked): (&[StepId], &[StepId]),
    ) -> BTreeMap<LineageId, Started> {
        let mut servers: BTreeMap<LineageId, Started> = BTreeMap::new();
        let coming = self.moves.iter().filter(|one| one.absent.is_none());
        let coming = coming.map(|one| one.member.lineage).collect();
        let mut tiers = Tiers::default();
        for turn in self.order.among(&coming) {
            let Some(one) = self.move_of(turn.member) else { continue };
            let before = turn.after.iter().filter_map(|earlier| servers.get(earlier)).flat_map(Started::ends);
            let mut earlier: Vec<StepId> = before.chain(hooked).cloned().collect();
            let tier = self.tier_of(one);
            if let Some(number) = tier {
                self.reach(&mut tiers, number, ground);
                earlier.extend(tiers.gate.iter().cloned());
            }
            earlier.extend(self.hooks_of_vm(HookMoment::Before, one, (ground, &earlier), None));
            earlier.extend(self.bring_over(one, Order { ground, earlier: &earlier }));
            let order = Order { ground, earlier: &earlier };
            let (server, last) = match one.shadow {
                Some(shadow) => (json!(shadow.id), self.start_shadow(one, order)),
                None => self.create(shared, prepared, one, order),
            };
            let verified = self.verify(prepared, one, &server, &last);
            let mut checked = self.check_guest(one, &server, &verified);
            let seen = [&checked[..], std::slice::from_ref(&verified)].concat();
            let after = self.hooks_of_vm(HookMoment::After, one, (&[], &seen), Some(done(&verified)));
            checked.extend(after);
            let started = Started { server, verified, checked };
            if tier.is_some() {
                tiers.ends.extend(started.ends().cloned());
                tiers.last = Some(turn.member);
            }
            servers.insert(turn.member, started);
        }
        // What comes after the last tier is waited for as what comes after its last VM.
        let after = self.hooks_of_tier(HookMoment::After, tiers.number, (ground, &tiers.ends));
        if let Some(last) = tiers.last.and_then(|last| servers.get_mut(&last)) {
            last.checked.extend(after);
        }
        servers
    }

    /// The tier of the policy's order that a VM is in; the first is 1.
    fn tier_of(&self, one: &Move<'_>) -> Option<usize> {
        let tiers = &self.facts.group.policy.order.tiers;
        tiers.iter().position(|tier| tier.contains(&one.member.name)).map(|position| position + 1)
    }

    /// Ends the tier before, when the first VM of another one has its turn: all of that one have had theirs.
    fn reach(&mut self, tiers: &mut Tiers, number: usize, ground: &[StepId]) {
        if tiers.number == number {
            return;
        }
        let closed = self.hooks_of_tier(HookMoment::After, tiers.number, (ground, &tiers.ends));
        tiers.ends.extend(closed.iter().cloned());
        let opened = self.hooks_of_tier(HookMoment::Before, number, (ground, &tiers.ends));
        *tiers = Tiers { number, gate: [closed, opened].concat(), ..Tiers::default() };
    }

    fn hooks_of_tier(
        &mut self,
        when: HookMoment,
        number: usize,
        (ground, earlier): (&[StepId], &[StepId]),
    ) -> Vec<StepId> {
        let of = HookSubject::Tier(number);
        self.run_hooks(&HookTurn { when, of, ground, earlier, past_return: true, wanted: None })
    }

    fn hooks_of_vm(
        &mut self,
        when: HookMoment,
        one: &Move<'_>,
        (ground, earlier): (&[StepId], &[StepId]),
        wanted: Option<Value>,
    ) -> Vec<StepId> {
        let of = HookSubject::Vm(one.member.name.clone());
        self.run_hooks(&HookTurn { when, of, ground, earlier, past_return: true, wanted })
    }

    fn start_shadow(&mut self, one: &Move<'_>, order: Order<'_>) -> StepId {
        let name = &one.member.name;
        let server_id = one.shadow.map(|shadow| &shadow.id);
        let unlocked = self.plan.add(
            order
                .of(StepBuilder::new(
                    "unlock_server",
                    format!("unlock_server/{name}"),
                    format!("unlock {name}"),
                ))
                .at(self.target)
                .input(json!({"server_id": server_id}))
                .call("POST compute /servers/{id}/action unlock"),
        );
        let updated = self.bring_server_over(one, &unlocked);
        let ready = self.resize(one, &unlocked).unwrap_or(unlocked);
        if !one.definition.running {
            return ready;
        }
        self.plan.add(
            StepBuilder::new("start_server", format!("start_server/{name}"), format!("start {name}"))
                .at(self.target)
                .after([&ready])
                .after_end_of(&updated)
                .optional()
                .input(json!({"server_id": server_id}))
                .call("POST compute /servers/{id}/action os-start"),
        )
    }

    /// Gives the server the size that the VM has now.
    fn resize(&mut self, one: &Move<'_>, unlocked: &StepId) -> Option<StepId> {
        let (shadow, flavor) = one.shadow.zip(one.flavor.clone())?;
        let (name, size) = (&one.member.name, &one.definition.flavor);
        Some(
            self.plan.add(
                StepBuilder::new(
                    "resize_server",
                    format!("resize_server/{name}"),
                    format!("resize {name} to {} processors and {} MiB", size.vcpus, size.memory),
                )
                .at(self.target)
                .after([unlocked])
                .optional()
                .input(ResizeServerInput {
                    server_id: shadow.id.clone(),
                    flavor,
                    vcpus: size.vcpus,
                    memory: size.memory,
                })
                .call(format!("POST compute /servers/{}/action resize", shadow.id))
                .call(format!("POST compute /servers/{}/action confirmResize", shadow.id)),
            ),
        )
    }

    fn create(
        &mut self,
        shared: &Shared<'_>,
        prepared: &Prepared,
        one: &Move<'_>,
        order: Order<'_>,
    ) -> (Value, StepId) {
        let (name, definition) = (&one.member.name, one.definition);
        let input = json!({"member": one.member.lineage, "server": self.new_server(shared, prepared, one)});
        let keypair = self.key_name(shared, one).and_then(|name| prepared.keypairs.get(&name));
        let step = StepBuilder::new("create_server", format!("create_server/{name}"), format!("make {name}"));
        let created = self
            .plan
            .add(order.of(step).at(self.target).after(keypair).input(input).call("POST compute /servers"));
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
            .optional()
            .input(json!({"server_id": server, "ran": false}))
            .call("POST compute /servers/{id}/action os-stop"),
        );
        (server, stopped)
    }

    /// What the VM's keypair is called there.
    fn key_name(&self, shared: &Shared<'_>, one: &Move<'_>) -> Option<String> {
        self.placement_of(one).key_name(&shared.keypairs, one.definition.keypair.as_ref()?)
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
        let placement = self.placement_of(one);
        let group = definition.server_group.as_ref().map(|group| placement.server_group_name(group));
        let group = group.and_then(|name| prepared.server_groups.get(&name));
        insert_some(&mut server, "description", definition.description.as_ref().map(|text| json!(text)));
        insert_some(&mut server, "key_name", self.key_name(shared, one).map(Value::from));
        insert_some(&mut server, "hostname", definition.hostname.as_ref().map(|name| json!(name)));
        insert_some(
            &mut server,
            "availability_zone",
            placement.availability_zone(definition).map(Value::from),
        );
        insert_some(&mut server, "server_group", group.cloned());
        for address in &definition.access_addresses {
            let key = if address.contains(':') { "accessIPv6" } else { "accessIPv4" };
            let there = one.ports.iter().find_map(|port| port.became.get(address)).unwrap_or(address);
            insert_some(&mut server, key, Some(json!(there)));
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
                json!({"port_id": prepared.ports.get(&port.definition.lineage),
                    "mac_address": port.definition.mac_address, "addresses": port.addresses})
            })
            .collect();
        let status = if one.definition.running { "ACTIVE" } else { "SHUTOFF" };
        self.plan.add(
            StepBuilder::new("verify_server", format!("verify_server/{name}"), format!("verify {name}"))
                .at(self.target)
                .after([last])
                .optional()
                .input(json!({"server_id": server, "status": status, "volumes": volumes, "ports": ports}))
                .call("GET compute /servers/detail")
                .call("GET network /ports/{id}"),
        )
    }
}

fn insert_some(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (object.as_object_mut(), value) {
        fields.insert(key.to_owned(), value);
    }
}
