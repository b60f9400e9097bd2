//! What a planned failover undoes first, and what waits for what.

mod mappings;

use super::*;
use crate::config::{Defaults, EngineConfig, Mappings, ProtectorConfig};
use crate::domain::{
    FixedAddress, FlavorDefinition, GroupPolicy, GroupStatus, KeypairDefinition, NotStopped, OrderPolicy,
    PortDefinition, PortLineage, ReplicationState, ReplicationType, ServerGroupDefinition, SiteVolume,
    StopPolicy, StorageGroupReference, VolumeDefinition, VolumeLineage,
};
use crate::driver::{
    ArrayDescription, ArrayVolume, Peer, ReplicationSettings, ReplicationTarget, StorageGroup,
};
use crate::engine::{Command, Event, OperationState, Plan, StepState, Trouble, Waiting, decide};
use crate::error::Code;
use crate::id::{GroupId, LineageId, SiteName};
use crate::inventory::{ArrayFacts, SiteFacts};
use crate::secret::SecretReference;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

pub(in crate::operations) fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn lineage(number: u128) -> LineageId {
    LineageId::new(Uuid::from_u128(number))
}

pub(in crate::operations) fn site(name: &str) -> SiteFacts {
    SiteFacts {
        site: name.into(),
        project: format!("project-{name}").as_str().into(),
        user: "protector".to_owned(),
        roles: vec!["member".to_owned()],
        servers: Vec::new(),
        volumes: Vec::new(),
        groups: Vec::new(),
        ports: Vec::new(),
        floating_ips: Vec::new(),
        networks: vec![from(json!({"id": "n1", "name": "front", "project_id": format!("project-{name}"),
            "shared": false, "status": "ACTIVE", "mtu": 1500, "subnets": ["s1"], "admin_state_up": true,
            "port_security_enabled": true, "tags": []}))],
        subnets: vec![from(json!({"id": "s1", "name": "front", "network_id": "n1", "cidr": "192.0.2.0/24",
            "ip_version": 4, "allocation_pools": [], "gateway_ip": null, "enable_dhcp": true}))],
        security_groups: Vec::new(),
        flavors: vec![from(json!({"id": "f1", "name": "small", "description": null, "vcpus": 1, "ram": 512,
            "disk": 0, "swap": 0}))],
        keypairs: Vec::new(),
        server_groups: Vec::new(),
        missing_images: BTreeSet::new(),
        volume_types: vec![from(json!({"id": "t1", "name": "replicated", "description": null,
            "extra_specs": {"replication_enabled": "<is> True"}}))],
        group_types: Vec::new(),
        compute_limits: from(json!({"maxTotalInstances": -1, "maxTotalCores": -1, "maxTotalRAMSize": -1,
            "maxServerGroups": -1, "totalInstancesUsed": 0, "totalCoresUsed": 0, "totalRAMUsed": 0,
            "totalServerGroupsUsed": 0})),
        volume_quotas: BTreeMap::new(),
    }
}

fn array_volume(id: &str) -> ArrayVolume {
    let name = format!("volume-{id}-cinder");
    ArrayVolume { id: id.into(), name, serial: format!("SERIAL-{id}"), size: 1 << 30 }
}

fn site_volume(array: &str, id: &str) -> SiteVolume {
    let volume = array_volume(id);
    SiteVolume {
        volume_id: id.into(),
        array: array.into(),
        array_volume_id: volume.id,
        serial: volume.serial,
        array_volume_name: volume.name,
    }
}

fn arrays(name: &str, peer: &str, volumes: &[&str]) -> ArrayFacts {
    let description = ArrayDescription {
        name: name.into(),
        id: format!("id of {name}"),
        version: "6.4.0".to_owned(),
        peers: vec![Peer { name: peer.into(), connected: true }],
    };
    let group = StorageGroup {
        name: format!("consisgroup-of-{name}"),
        members: volumes.iter().map(|id| array_volume(id)).collect(),
        targets: vec![ReplicationTarget { array: peer.into(), allowed: true }],
        settings: ReplicationSettings {
            enabled: true,
            interval: Duration::from_mins(5),
            retention: Some(Duration::from_hours(1)),
        },
    };
    ArrayFacts {
        arrays: [(name.into(), description)].into(),
        volumes: volumes.iter().map(|id| ((*id).into(), (name.into(), array_volume(id)))).collect(),
        group: Some((name.into(), group)),
    }
}

/// A VM with one volume that has its twin and one that was added since, a port, a keypair and a server group.
pub(in crate::operations) fn definition(number: u128, name: &str, order: u32) -> (Member, Captured) {
    let volume = |number: u128, id: String| -> VolumeDefinition {
        from(json!({"lineage": lineage(number), "volume_id": id, "name": id, "description": null, "size": 1,
            "volume_type": "replicated", "metadata": {}, "bootable": true, "image_metadata": {},
            "device": null, "tag": null, "delete_on_termination": false}))
    };
    let port = PortDefinition {
        lineage: lineage(number + 3),
        port_id: format!("port-{name}").as_str().into(),
        name: String::new(),
        description: String::new(),
        network: "front".to_owned(),
        mac_address: format!("fa:16:3e:00:00:0{number}"),
        fixed_addresses: vec![FixedAddress {
            subnet: "front".to_owned(),
            subnet_id: None,
            cidr: "192.0.2.0/24".to_owned(),
            address: format!("192.0.2.{number}"),
        }],
        allowed_address_pairs: Vec::new(),
        security_groups: Vec::new(),
        port_security_enabled: None,
        tags: Vec::new(),
        admin_state_up: true,
        vnic_type: None,
        extra_dhcp_options: Vec::new(),
        tag: None,
        floating_ips: Vec::new(),
    };
    let definition = ServerDefinition {
        lineage: lineage(number),
        site: "site-a".into(),
        captured_at: jiff::Timestamp::UNIX_EPOCH,
        server_id: format!("server-{name}").as_str().into(),
        name: name.to_owned(),
        description: None,
        flavor: FlavorDefinition { name: "small".to_owned(), vcpus: 1, memory: 512 },
        metadata: BTreeMap::new(),
        tags: Vec::new(),
        keypair: Some(KeypairDefinition {
            name: format!("key of {name}"),
            public_key: Some("ssh-ed25519 AAAA".to_owned()),
            kind: "ssh".to_owned(),
        }),
        config_drive: false,
        availability_zone: None,
        hostname: None,
        access_addresses: Vec::new(),
        user_data: None,
        user_data_known: true,
        server_group: Some(ServerGroupDefinition {
            name: format!("group of {name}"),
            policy: "anti-affinity".to_owned(),
            rules: BTreeMap::new(),
        }),
        running: true,
        volumes: vec![volume(number + 1, format!("{name}-a1")), volume(number + 2, format!("{name}-a2"))],
        ports: vec![port.clone()],
    };
    let known = VolumeLineage {
        lineage: lineage(number + 1),
        name: format!("{name}-a1"),
        sites: [
            ("site-a".into(), site_volume("array-a", &format!("{name}-a1"))),
            ("site-b".into(), site_volume("array-b", &format!("{name}-b1"))),
        ]
        .into(),
    };
    let member = Member {
        lineage: lineage(number),
        name: name.to_owned(),
        order,
        servers: [("site-a".into(), definition.server_id.clone())].into(),
        ports: vec![PortLineage { lineage: port.lineage, sites: [("site-a".into(), port.port_id)].into() }],
        volumes: vec![known],
        absent: None,
    };
    (member, Captured { definition, user_data: None, warnings: Vec::new() })
}

fn config() -> ProtectorConfig {
    ProtectorConfig {
        sites: BTreeMap::new(),
        encryption_key: SecretReference::Environment("KEY".to_owned()),
        mappings: Mappings::default(),
        defaults: Defaults::default(),
        engine: EngineConfig::default(),
    }
}

fn volume(id: &str, status: &str) -> crate::openstack::block_storage::Volume {
    // A twin is called as its original.
    from(
        json!({"id": id, "name": id.replace("-b", "-a"), "status": status, "size": 1, "volume_type": "replicated",
        "bootable": "true", "metadata": {}, "attachments": []}),
    )
}

fn failover() -> Plan {
    failover_with(GroupPolicy::default())
}

fn failover_with(policy: GroupPolicy) -> Plan {
    let planned = planned(policy, &config(), |_, _| {});
    assert_eq!(planned.findings, []);
    planned.plan.unwrap()
}

fn planned(
    policy: GroupPolicy,
    config: &ProtectorConfig,
    change: impl FnOnce(&mut SiteFacts, &mut [Captured]),
) -> Planned {
    let (mut source, mut target) = (site("site-a"), site("site-b"));
    source.volumes = ["web-a2", "db-a2"].map(|id| volume(id, "in-use")).into();
    target.volumes = ["web-b1", "db-b1"].map(|id| volume(id, "attaching")).into();
    let members = [definition(10, "web", 1), definition(20, "db", 0)];
    let (members, mut captured): (Vec<Member>, Vec<Captured>) = members.into_iter().unzip();
    change(&mut target, &mut captured);
    let reference =
        |array: &str| StorageGroupReference { array: array.into(), name: format!("consisgroup-of-{array}") };
    let group = ProtectionGroup {
        id: GroupId::new(Uuid::from_u128(1)),
        name: "shop".to_owned(),
        status: GroupStatus::Active,
        replication_type: ReplicationType::Async,
        primary_site: "site-a".into(),
        secondary_site: "site-b".into(),
        current_primary_site: "site-a".into(),
        epoch: 1,
        failover_count: 0,
        last_failover_at: None,
        created_at: None,
        projects: BTreeMap::new(),
        consistency_groups: [("site-a".into(), "ca".into()), ("site-b".into(), "cb".into())].into(),
        storage_groups: [("site-a".into(), reference("array-a")), ("site-b".into(), reference("array-b"))]
            .into(),
        replication_interval: 300,
        retention: 3600,
        rpo_minutes: 15,
        members: members.into_iter().map(|member| (member.lineage, member)).collect(),
        replication: ReplicationState::Running,
        uncommitted: None,
        last_loss: None,
        test: None,
        policy,
    };
    let source_arrays = arrays("array-a", "array-b", &["web-a1", "web-a2", "db-a1", "db-a2"]);
    let target_arrays = arrays("array-b", "array-a", &["web-b1", "db-b1"]);
    plan_failover(&FailoverFacts {
        group: &group,
        source: Some(Known { site: &source, arrays: &source_arrays }),
        target: Known { site: &target, arrays: &target_arrays },
        captured: &captured,
        recorded: &[],
        mode: MoveMode::Planned,
        without: &[],
        attempt: 1,
        config,
    })
    .unwrap()
}

fn steps_before_the_epoch(plan: &Plan) -> Vec<&crate::engine::PlannedStep> {
    plan.steps.iter().take_while(|step| step.kind != "raise_epoch").collect()
}

#[test]
fn a_failover_has_steps_of_every_kind_that_can_be_undone() {
    let plan = failover();
    let kinds: BTreeSet<&str> = steps_before_the_epoch(&plan).iter().map(|step| step.kind.as_str()).collect();
    let expected = [
        "await_point",
        "capture_definitions",
        "create_port",
        "create_server_group",
        "create_twin",
        "import_keypair",
        "join_consistency_group",
        "lock_server",
        "record_group",
        "release_twin",
        "replicate_now",
        "safety_snapshot",
        "set_replication",
        "stop_server",
        "storage_promo",
        "validate_target",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
}

#[test]
fn a_credential_that_may_only_look_at_the_target_refuses_before_anything_is_stopped() {
    let with = |roles: &[&str]| {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        planned(GroupPolicy::default(), &config(), |target, _| target.roles = roles)
    };
    let refused = with(&["reader"]);
    assert!(refused.plan.is_none());
    let [finding] = refused.findings.as_slice() else { panic!("{:?}", refused.findings) };
    assert_eq!((finding.code, finding.site.as_ref()), (FindingCode::RoleMissing, Some(&"site-b".into())));
    assert!(finding.remedy.contains("member"), "{finding:?}");
    for roles in [&["member", "reader"][..], &["reader", "site-operator"]] {
        assert_eq!(with(roles).findings, []);
    }
}

#[test]
fn whatever_fails_at_the_target_everything_at_the_source_is_undone() {
    let plan = Arc::new(failover());
    let (source, target) = (SiteName::new("site-a"), SiteName::new("site-b"));
    let at = |step: &StepId, site: &SiteName| plan.step(step).unwrap().site.as_ref() == Some(site);
    let mut state = OperationState::new(Arc::clone(&plan));
    let mut commands = Vec::new();
    let mut take = |event: Event| decide(&mut state, &event).unwrap();
    take(Event::Started { term: 1, holder: "test".to_owned() });
    let steps: Vec<StepId> = steps_before_the_epoch(&plan).into_iter().map(|step| step.id.clone()).collect();
    for step in &steps {
        take(Event::StepIntended { step: step.clone() });
        commands = take(Event::StepDone { step: step.clone(), output: Value::Null });
    }
    assert_eq!(commands.len(), 1, "{commands:?}");
    take(Event::RollbackBegun { reason: "the target is dead".to_owned() });
    let dead = || Trouble::new(Code::Unreachable, Code::Unreachable.class(), "it is dead");
    let mut undone = Vec::new();
    let mut commands = take(Event::Started { term: 2, holder: "test".to_owned() });
    while let Some(Command::Revert { step }) = commands.first().cloned() {
        take(Event::RevertIntended { step: step.clone() });
        commands = if at(&step, &target) {
            take(Event::RevertFailed { step, trouble: dead() })
        } else {
            undone.push(step.clone());
            take(Event::RevertDone { step })
        };
    }
    assert_eq!(commands, [Command::Leave]);
    for step in steps.iter().filter(|step| at(step, &source)) {
        assert_eq!(state.step(step), Some(&StepState::Reverted), "{step} waits for the target");
    }
    let left = state.not_undone();
    assert!(left.iter().all(|step| at(step, &target)), "{left:?}");
    assert_eq!(left.len(), steps.iter().filter(|step| at(step, &target)).count(), "{left:?}");
    // The servers come up in their order, each unlocked first.
    let order = |step: &str| undone.iter().position(|other| other.as_str() == step).unwrap();
    let servers = ["lock_server/db", "stop_server/db", "lock_server/web", "stop_server/web"].map(order);
    assert!(servers[0] < servers[1] && servers[2] < servers[3] && servers[1] < servers[3], "{undone:?}");
}

#[test]
fn the_group_is_being_moved_as_long_as_anything_is_left_of_the_move() {
    let plan = failover();
    let marked = StepId::from("record_group/failing_over");
    let rests_on_mark = |step: &crate::engine::PlannedStep| {
        let mut ground: BTreeSet<&StepId> = BTreeSet::from([&step.id]);
        for earlier in plan.steps.iter().rev() {
            if plan.steps.iter().any(|later| ground.contains(&later.id) && later.builds_on(&earlier.id)) {
                ground.insert(&earlier.id);
            }
        }
        ground.contains(&marked)
    };
    for step in steps_before_the_epoch(&plan).iter().filter(|step| step.kind != "validate_target") {
        assert!(rests_on_mark(step), "{} may be left when the group is active again", step.id);
    }
}

#[test]
fn what_a_volume_held_is_brought_back_before_what_kept_it_is_discarded_or_the_volume_goes() {
    let plan = failover();
    let promotions: Vec<_> = plan.steps.iter().filter(|step| step.kind == "storage_promo").collect();
    assert_eq!(promotions.len(), 4);
    assert!(promotions.iter().all(|step| step.builds_on(&"safety_snapshot".into())));
    let twins: Vec<_> = plan.steps.iter().filter(|step| step.kind == "create_twin").collect();
    assert_eq!(twins.len(), 2);
    for twin in twins {
        let on_it = |kind: &str| {
            plan.steps.iter().filter(|step| step.kind == kind && step.builds_on(&twin.id)).count()
        };
        assert_eq!((on_it("storage_promo"), on_it("release_twin")), (1, 1), "{}", twin.id);
    }
}

#[test]
fn vms_wait_for_those_that_the_policy_puts_before_them_and_guests_have_the_time_that_it_gives() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let order = OrderPolicy { tiers: Vec::new(), after: [("db".to_owned(), names(&["web"]))].into() };
    let stop = Some(StopPolicy { within: 90, otherwise: NotStopped::Wait });
    let plan = failover_with(GroupPolicy { order, stop, ..GroupPolicy::default() });
    let planned = |id: &str| plan.step(&id.into()).unwrap();
    assert!(planned("stop_server/web").after.contains(&"stop_server/db".into()));
    assert!(planned("create_server/db").after_end_of.contains(&"verify_server/web".into()));
    assert_eq!(planned("create_server/web").after_end_of, []);
    let waits = Some(Waiting { within: 90, without_end: true });
    assert_eq!([planned("stop_server/web").waits, planned("stop_server/db").waits], [waits; 2]);
    assert!(failover().step(&"stop_server/web".into()).unwrap().waits.is_none());
}
