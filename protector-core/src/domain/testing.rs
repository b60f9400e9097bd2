//! A group and its points, for the tests of what is decided on them.

use super::{
    FixedAddress, FlavorDefinition, GroupPolicy, GroupStatus, Member, PortDefinition, ProtectionGroup,
    RecoveryPoint, ReplicationState, ReplicationType, ServerDefinition, SiteVolume, StorageGroupReference,
    VolumeLineage,
};
use crate::id::{GroupId, LineageId, SiteName};
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + minutes.minutes()
}

pub(crate) fn origin(site: &str) -> StorageGroupReference {
    StorageGroupReference { array: format!("array-{site}").as_str().into(), name: format!("group-{site}") }
}

pub(crate) fn volume(number: u128) -> VolumeLineage {
    let of = |site: &str| SiteVolume {
        volume_id: format!("volume-{site}-{number}").as_str().into(),
        array: format!("array-{site}").as_str().into(),
        array_volume_id: format!("id-{site}-{number}").as_str().into(),
        serial: String::new(),
        array_volume_name: format!("{site}-{number}"),
    };
    VolumeLineage {
        lineage: LineageId::new(Uuid::from_u128(number)),
        name: format!("disk-{number}"),
        sites: [("a".into(), of("a")), ("b".into(), of("b"))].into(),
    }
}

/// A VM as it was captured at a site: of one network, flavor and security group.
pub(crate) fn definition(site: &str) -> ServerDefinition {
    let port = PortDefinition {
        lineage: LineageId::new(Uuid::from_u128(11)),
        port_id: "port".into(),
        name: String::new(),
        description: String::new(),
        network: "app-net".to_owned(),
        mac_address: "fa:16:3e:00:00:01".to_owned(),
        fixed_addresses: vec![FixedAddress {
            subnet: "app-subnet".to_owned(),
            subnet_id: Some("s1".to_owned()),
            cidr: "10.10.0.0/24".to_owned(),
            address: "10.10.0.7".to_owned(),
        }],
        allowed_address_pairs: Vec::new(),
        security_groups: vec!["default".to_owned()],
        port_security_enabled: None,
        tags: Vec::new(),
        admin_state_up: true,
        vnic_type: None,
        extra_dhcp_options: Vec::new(),
        tag: None,
        floating_ips: Vec::new(),
    };
    ServerDefinition {
        lineage: LineageId::new(Uuid::from_u128(9)),
        site: site.into(),
        captured_at: at(0),
        server_id: "server".into(),
        name: "web-1".to_owned(),
        description: None,
        flavor: FlavorDefinition { name: "app.small".to_owned(), vcpus: 1, memory: 512 },
        metadata: BTreeMap::new(),
        tags: Vec::new(),
        keypair: None,
        config_drive: false,
        availability_zone: None,
        hostname: None,
        access_addresses: Vec::new(),
        user_data: None,
        user_data_known: true,
        server_group: None,
        running: true,
        volumes: Vec::new(),
        ports: vec![port],
    }
}

/// A group of two volumes that runs at `site`, in `epoch`, where it was brought at `moved`.
pub(crate) fn group(site: &str, epoch: u64, moved: Option<i64>) -> ProtectionGroup {
    let member = Member {
        lineage: LineageId::new(Uuid::from_u128(9)),
        name: "web".to_owned(),
        order: 0,
        servers: BTreeMap::new(),
        ports: Vec::new(),
        volumes: vec![volume(1), volume(2)],
        absent: None,
    };
    ProtectionGroup {
        id: GroupId::new(Uuid::nil()),
        name: "shop".to_owned(),
        status: GroupStatus::Active,
        replication_type: ReplicationType::Async,
        primary_site: "a".into(),
        secondary_site: "b".into(),
        current_primary_site: site.into(),
        epoch,
        failover_count: 0,
        last_failover_at: moved.map(at),
        created_at: Some(at(0)),
        projects: BTreeMap::new(),
        consistency_groups: BTreeMap::new(),
        storage_groups: ["a", "b"].map(|site| (SiteName::from(site), origin(site))).into(),
        replication_interval: 300,
        retention: 3600,
        rpo_minutes: 15,
        members: [(member.lineage, member)].into(),
        replication: ReplicationState::Running,
        uncommitted: None,
        last_loss: None,
        test: None,
        policy: GroupPolicy::default(),
    }
}

pub(crate) fn point(site: &str, name: &str, created: i64) -> RecoveryPoint {
    RecoveryPoint {
        origin: origin(site),
        name: name.to_owned(),
        created: at(created),
        completed: Some(at(created + 1)),
        progress: 1.0,
        bytes_transferred: Some(1),
        members: [(format!("{site}-1"), 10), (format!("{site}-2"), 20)].into(),
    }
}
