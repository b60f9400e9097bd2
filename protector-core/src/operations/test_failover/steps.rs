use super::TestFailoverFacts;
use super::copies::{CopiedPort, CopiedVolume, Copy};
use super::networks::{Ground, Grounds};
use crate::domain::{GroupStatus, StartOrder, naming};
use crate::driver::GroupOrigin;
use crate::engine::{Plan, PlanBuilder, StepBuilder, output};
use crate::id::{ArrayName, LineageId, SiteName, StepId};
use crate::openstack::block_storage::NewVolume;
use crate::operations::placement::{Placement, SharedKeypairs};
use crate::operations::twins::volume_label;
use crate::operations::{PlanningError, record_group};
use crate::steps::guard::{RecordTestInput, ValidateTargetInput};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Writes the steps down. What is stored and the networks are there wholly or the test is undone; each VM's server goes its
/// own way.
pub(super) struct Writer<'a> {
    pub(super) facts: &'a TestFailoverFacts<'a>,
    pub(super) origin: &'a GroupOrigin,
    pub(super) array: &'a ArrayName,
    /// The types of its volumes, by the type that each stands for.
    pub(super) volume_types: &'a BTreeMap<&'a str, String>,
    pub(super) copies: &'a [Copy<'a>],
    pub(super) order: StartOrder,
    pub(super) grounds: &'a Grounds<'a>,
    pub(super) plan: PlanBuilder,
}

/// What the servers need.
#[derive(Default)]
struct Prepared {
    /// The volumes' ids, to be.
    volumes: BTreeMap<LineageId, Value>,
    /// The steps that make the ports.
    ports: BTreeMap<LineageId, StepId>,
    /// The steps that import keypairs, by name.
    keypairs: BTreeMap<String, StepId>,
    /// The steps that have to be done before a VM's server is made.
    of_vm: BTreeMap<LineageId, Vec<StepId>>,
    /// The steps that make a VM's floating IPs.
    floating_ips: BTreeMap<LineageId, Vec<StepId>>,
    all: Vec<StepId>,
}

/// A network that is made: the steps that make it and its subnets, by range.
type Made = BTreeMap<String, (StepId, BTreeMap<String, StepId>)>;

impl Writer<'_> {
    pub(super) fn write(
        mut self,
        keypairs: &SharedKeypairs<'_>,
        placement: &Placement<'_>,
    ) -> Result<Plan, PlanningError> {
        let marked = self.begin();
        let mut prepared = Prepared::default();
        for keypair in &keypairs.new {
            let name = &keypair.name;
            let step = self.step(
                "import_keypair",
                name,
                format!("import the keypair {name} under the service user"),
            );
            let step = step
                .after([&marked])
                .input(keypair)
                .call("POST compute /os-keypairs")
                .reverted_by("DELETE compute /os-keypairs/{name}");
            let step = self.plan.add(step);
            prepared.all.push(step.clone());
            prepared.keypairs.insert(name.clone(), step);
        }
        let networks = self.make_networks(&marked);
        for copy in self.copies {
            let mut needed = Vec::new();
            for volume in &copy.volumes {
                needed.push(self.copy_volume(&mut prepared, placement, volume, &marked));
            }
            for (number, port) in copy.ports.iter().enumerate() {
                let made = self.copy_port(&mut prepared, (copy, number, port), &networks, &marked);
                let floating_ip = self.make_floating_ip((copy, number, port), &made);
                prepared.floating_ips.entry(copy.member.lineage).or_default().extend(floating_ip);
                needed.push(made);
            }
            prepared.all.extend(needed.iter().cloned());
            prepared.of_vm.insert(copy.member.lineage, needed);
        }
        let verified = self.start(&prepared, keypairs, placement);
        self.record(&marked, &prepared, &verified);
        Ok(self.plan.build()?)
    }

    fn site(&self) -> &SiteName {
        &self.facts.site.site
    }

    fn step(&self, kind: &str, of: &str, title: impl Into<String>) -> StepBuilder {
        StepBuilder::new(kind, format!("{kind}/{of}"), title).at(self.site())
    }

    fn begin(&mut self) -> StepId {
        let validate = StepBuilder::new("validate_target", "validate_target", "see that the site answers")
            .at(self.site())
            .input(ValidateTargetInput { array: self.array.clone(), peer: None })
            .call("GET compute /servers/detail")
            .call("GET block-storage /volumes/detail")
            .call("describe the array");
        let validate = self.plan.add(validate);
        let mark = record_group(
            "record_group/testing",
            "record that a test is being made",
            &json!({"status": GroupStatus::Testing}),
            &json!({"status": self.facts.group.status, "test": self.facts.group.test}),
        );
        let mark = mark.at(self.site()).after([&validate]).reverted_by("the former status");
        self.plan.add(mark)
    }

    fn make_networks(&mut self, marked: &StepId) -> Made {
        let mut made = Made::new();
        let grounds = self.grounds;
        for (network, ranges) in grounds.isolated() {
            let name = naming::test_copy(network);
            let step = self.step("create_test_network", network, format!("make the isolated network {name}"));
            let step = step
                .after([marked])
                .input(json!({"name": name}))
                .call("POST network /networks")
                .call("PUT network /networks/{id}/tags")
                .reverted_by("DELETE network /networks/{id}");
            let made_network = self.plan.add(step);
            let mut subnets = BTreeMap::new();
            for (cidr, range) in ranges {
                let of = format!("{network}/{cidr}");
                let mut subnet = json!({"name": range.name, "network_id": output(&made_network, "network_id"),
                    "cidr": cidr, "ip_version": range.ip_version, "gateway_ip": Value::Null,
                    "enable_dhcp": range.pool.is_some()});
                if let (Some(fields), Some(pool)) = (subnet.as_object_mut(), &range.pool) {
                    fields.insert("allocation_pools".to_owned(), json!([pool]));
                }
                let step =
                    self.step("create_test_subnet", &of, format!("make its subnet {cidr}, without gateway"));
                let step = step
                    .input(json!({"subnet": subnet}))
                    .call("POST network /subnets")
                    .reverted_by("DELETE network /subnets/{id}");
                subnets.insert((*cidr).to_owned(), self.plan.add(step));
            }
            made.insert(network.to_owned(), (made_network, subnets));
        }
        made
    }

    /// Makes a volume and fills it. Returns the last step.
    fn copy_volume(
        &mut self,
        prepared: &mut Prepared,
        placement: &Placement<'_>,
        copied: &CopiedVolume<'_>,
        marked: &StepId,
    ) -> StepId {
        let definition = copied.definition;
        let lineage = definition.lineage;
        let label = volume_label(&definition.name, lineage);
        let volume_type = self.volume_types.get(definition.volume_type.as_str()).cloned();
        let of_type = volume_type.as_deref().unwrap_or_default();
        let title = format!("make a volume of type {of_type} for a copy of {label}");
        let volume = NewVolume {
            name: naming::test_copy(&label),
            description: definition.description.clone(),
            size: copied.size,
            volume_type,
            group_id: None,
            availability_zone: None,
            metadata: definition.metadata.clone(),
        };
        let step = self.step("create_test_volume", &lineage.to_string(), title);
        let step = step
            .after([marked])
            .input(json!({"lineage": lineage, "volume": volume, "bootable": definition.bootable,
                "image_metadata": placement.image_metadata(definition), "array": self.array}))
            .call("POST block-storage /volumes")
            .call("POST block-storage /volumes/{id}/action os-set_bootable, os-set_image_metadata")
            .reverted_by("DELETE block-storage /volumes/{id}");
        let made = self.plan.add(step);
        prepared.volumes.insert(lineage, output(&made, "volume_id"));
        let step = self.step(
            "fill_test_volume",
            &lineage.to_string(),
            format!("make it hold {label} as of the point"),
        );
        let step = step
            .input(json!({"array": self.array, "origin": self.origin, "point": self.facts.point.name,
                "member": copied.member, "volume": output(&made, "array_volume_id")}))
            .call("overwrite the volume from the replicated snapshot");
        self.plan.add(step)
    }

    fn copy_port(
        &mut self,
        prepared: &mut Prepared,
        (copy, number, copied): (&Copy<'_>, usize, &CopiedPort<'_>),
        networks: &Made,
        marked: &StepId,
    ) -> StepId {
        let (definition, name) = (copied.definition, &copy.member.name);
        let mut port = json!(copied.port);
        let isolated = matches!(self.grounds.of(definition), Some(Ground::Isolated(_)));
        let made = networks.get(&definition.network).filter(|_| isolated);
        if let (Some((network, subnets)), Some(fields)) = (made, port.as_object_mut()) {
            let fixed_ips = definition.fixed_addresses.iter().filter_map(|fixed| {
                let subnet = subnets.get(&fixed.cidr)?;
                Some(json!({"subnet_id": output(subnet, "subnet_id"), "ip_address": fixed.address}))
            });
            fields.insert("fixed_ips".to_owned(), fixed_ips.collect());
            fields.insert("network_id".to_owned(), output(network, "network_id"));
        }
        let mut tags = definition.tags.clone();
        tags.push(naming::port_tag(self.facts.group.id));
        let step = self.step(
            "create_test_port",
            &format!("{name}/{number}"),
            format!("make port {number} of the copy of {name} ({})", definition.mac_address),
        );
        let step = step
            .after([marked])
            .input(json!({"port": port, "tags": tags}))
            .call("POST network /ports")
            .call("PUT network /ports/{id}/tags")
            .reverted_by("DELETE network /ports/{id}");
        let step = self.plan.add(step);
        prepared.ports.insert(definition.lineage, step.clone());
        step
    }

    /// The VM comes up without it, too, but not before it: its guest is told of it when it boots.
    fn make_floating_ip(
        &mut self,
        (copy, number, copied): (&Copy<'_>, usize, &CopiedPort<'_>),
        port: &StepId,
    ) -> Option<StepId> {
        let (name, wanted) = (&copy.member.name, copied.floating_ip.as_ref()?);
        let step = self.step(
            "create_test_floating_ip",
            &format!("{name}/{number}"),
            format!("lead a new floating IP out of {} to the copy of {name}", wanted.network),
        );
        let step = step
            .after([port])
            .optional()
            .input(json!({"floating_network_id": wanted.network_id, "port_id": output(port, "port_id"),
                "subnet_id": wanted.subnet_id}))
            .call("GET network /ports/{id}")
            .call("POST network /floatingips")
            .call("PUT network /floatingips/{id}/tags")
            .reverted_by("DELETE network /floatingips/{id}");
        Some(self.plan.add(step))
    }

    /// Starts the servers in their order. Returns the steps that saw them run.
    fn start(
        &mut self,
        prepared: &Prepared,
        keypairs: &SharedKeypairs<'_>,
        placement: &Placement<'_>,
    ) -> Vec<StepId> {
        let mut verified: BTreeMap<LineageId, StepId> = BTreeMap::new();
        let copied = self.copies.iter().map(|copy| copy.member.lineage).collect();
        for turn in self.order.among(&copied) {
            let Some(copy) = self.copies.iter().find(|copy| copy.member.lineage == turn.member) else {
                continue;
            };
            let name = &copy.member.name;
            let needed = prepared.of_vm.get(&turn.member).map(Vec::as_slice).unwrap_or_default();
            let reached = prepared.floating_ips.get(&turn.member).map(Vec::as_slice).unwrap_or_default();
            let keypair = copy.definition.keypair.as_ref();
            let keypair = keypair.and_then(|keypair| placement.key_name(keypairs, keypair));
            let keypair = keypair.and_then(|name| prepared.keypairs.get(&name));
            let server = Self::server(prepared, keypairs, placement, copy);
            let copied = naming::test_copy(&copy.definition.name);
            let step = self.step("create_test_server", name, format!("make {copied}"));
            let step = step
                .after(needed)
                .after(keypair)
                .after_end_of(turn.after.iter().filter_map(|earlier| verified.get(earlier)))
                .after_end_of(reached)
                .optional()
                .input(json!({"member": turn.member, "server": server}))
                .call("POST compute /servers")
                .reverted_by("DELETE compute /servers/{id}");
            let created = self.plan.add(step);
            verified.insert(turn.member, self.verify(prepared, copy, &created));
        }
        verified.into_values().collect()
    }

    fn server(
        prepared: &Prepared,
        keypairs: &SharedKeypairs<'_>,
        placement: &Placement<'_>,
        copy: &Copy<'_>,
    ) -> Value {
        let definition = copy.definition;
        let block_devices: Vec<Value> = copy
            .volumes
            .iter()
            .enumerate()
            .map(|(index, volume)| {
                let mut device = json!({"uuid": prepared.volumes.get(&volume.definition.lineage),
                    "boot_index": if index == 0 { 0 } else { -1 }, "delete_on_termination": false});
                insert_some(&mut device, "tag", volume.definition.tag.as_ref().map(|tag| json!(tag)));
                device
            })
            .collect();
        let networks: Vec<Value> = copy
            .ports
            .iter()
            .map(|port| {
                let made = prepared.ports.get(&port.definition.lineage);
                let mut network = json!({"port": made.map(|step| output(step, "port_id"))});
                insert_some(&mut network, "tag", port.definition.tag.as_ref().map(|tag| json!(tag)));
                network
            })
            .collect();
        let mut server = json!({"name": naming::test_copy(&definition.name), "flavorRef": copy.flavor,
            "metadata": definition.metadata, "tags": definition.tags,
            "block_device_mapping_v2": block_devices, "networks": networks,
            "config_drive": definition.config_drive});
        let keypair = definition.keypair.as_ref();
        let keypair = keypair.and_then(|keypair| placement.key_name(keypairs, keypair));
        insert_some(&mut server, "description", definition.description.as_ref().map(|text| json!(text)));
        insert_some(&mut server, "key_name", keypair.map(Value::from));
        insert_some(&mut server, "hostname", definition.hostname.as_ref().map(|name| json!(name)));
        let zone = placement.availability_zone(definition);
        insert_some(&mut server, "availability_zone", zone.map(Value::from));
        server
    }

    fn verify(&mut self, prepared: &Prepared, copy: &Copy<'_>, created: &StepId) -> StepId {
        let (name, server) = (&copy.member.name, output(created, "server_id"));
        let mut last = created.clone();
        if !copy.definition.running {
            let id = format!("settle_server/{name}");
            let step =
                StepBuilder::new("stop_server", id, format!("stop the copy of {name}, which was shut off"))
                    .at(self.site())
                    .optional()
                    .input(json!({"server_id": server, "ran": false}))
                    .call("POST compute /servers/{id}/action os-stop");
            last = self.plan.add(step);
        }
        let volumes: Vec<&Value> = copy
            .volumes
            .iter()
            .filter_map(|volume| prepared.volumes.get(&volume.definition.lineage))
            .collect();
        let ports = copy.ports.iter().filter_map(|port| {
            let made = prepared.ports.get(&port.definition.lineage)?;
            Some(json!({"port_id": output(made, "port_id"), "mac_address": port.definition.mac_address,
                "addresses": output(made, "addresses")}))
        });
        let ports: Vec<Value> = ports.collect();
        let status = if copy.definition.running { "ACTIVE" } else { "SHUTOFF" };
        let step = self.step("verify_server", name, format!("verify the copy of {name}"));
        let step = step
            .after([&last])
            .optional()
            .input(json!({"server_id": server, "status": status, "volumes": volumes, "ports": ports}))
            .call("GET compute /servers/detail")
            .call("GET network /ports/{id}");
        self.plan.add(step)
    }

    fn record(&mut self, marked: &StepId, prepared: &Prepared, verified: &[StepId]) {
        let point = self.facts.point;
        let step = StepBuilder::new("record_test", "record_test", "record that the test runs")
            .at(self.site())
            .after([marked])
            .after(&prepared.all)
            .after_end_of(prepared.floating_ips.values().flatten())
            .after_end_of(verified)
            .input(RecordTestInput {
                point: point.name.clone(),
                point_created: point.created,
                time_to_live: self.facts.time_to_live.as_secs(),
                floating_ips: self.facts.ways_out.is_some(),
            })
            .call("write the group's document to both site stores");
        self.plan.add(step);
    }
}

fn insert_some(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (object.as_object_mut(), value) {
        fields.insert(key.to_owned(), value);
    }
}
