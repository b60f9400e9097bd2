//! What living groups hold at the sites and is in use: the VMs where a group does not run, with their ports and volumes, what its
//! last move can be taken back by, and its test. It is told, and never pruned.

use super::housekeeping::{GroupSnapshots, HousekeepingFacts, server_quota, volume_quota};
use crate::domain::{
    Action, Held, HeldKind, LeftoverKind, Member, ProtectionGroup, SnapshotPlace, kind_of_snapshot, naming,
};
use crate::driver::SourcePoint;
use crate::id::{OperationId, SiteName};
use crate::inventory::SiteFacts;
use crate::openstack::block_storage::{GIB, Volume};
use crate::openstack::compute::Server;
use crate::openstack::network::Port;
use crate::steps::neutron::is_of_test;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Whether protector made something decides what becomes of it when it is let go.
#[derive(Clone, Copy)]
enum Maker {
    Protector,
    Owner,
}

/// Tells what groups hold, group by group. What is on record and was not found is not in it: drift tells of that.
pub fn held(facts: &HousekeepingFacts<'_>) -> Vec<Held> {
    facts.groups.iter().flat_map(|group| of_group(facts, group)).collect()
}

fn of_group(facts: &HousekeepingFacts<'_>, group: &ProtectionGroup) -> Vec<Held> {
    let mut found = Vec::new();
    let other = group.other_site(&group.current_primary_site);
    for site in facts.sites {
        if site.site == *other {
            for member in group.members.values() {
                shadows(group, member, site, &mut found);
            }
        }
        if let Some(test) = group.test.as_ref().filter(|test| test.site == site.site) {
            of_test(group, test.operation, site, &mut found);
        }
    }
    let own = facts.snapshots.iter().filter(|snapshots| snapshots.group == group.id);
    for snapshots in own {
        found.extend(snapshots.points.iter().filter_map(|point| kept_snapshot(group, snapshots, point)));
    }
    found
}

fn shadows(group: &ProtectionGroup, member: &Member, site: &SiteFacts, found: &mut Vec<Held>) {
    if let Some(server) = member.servers.get(&site.site).and_then(|id| site.server(id)) {
        let is_ours = naming::is_of_lineage(&server.metadata, group.id, member.lineage);
        let (reason, released_by) = why_shadow(group, member, &site.site, maker(is_ours));
        found.push(Held { reason, released_by, ..of_server(group, HeldKind::ShadowServer, site, server) });
    }
    let marker = naming::port_tag(group.id);
    for port in member.ports.iter().filter_map(|port| site.port(port.sites.get(&site.site)?)) {
        let (reason, released_by) = why_shadow(group, member, &site.site, maker(port.tags.contains(&marker)));
        found.push(Held { reason, released_by, ..of_port(group, HeldKind::ShadowPort, site, port) });
    }
    for lineage in &member.volumes {
        let own = lineage.sites.get(&site.site);
        let Some(volume) = own.and_then(|own| site.volume(&own.volume_id)) else { continue };
        let is_ours = naming::is_of_lineage(&volume.metadata, group.id, lineage.lineage);
        let (reason, released_by) = why_shadow(group, member, &site.site, maker(is_ours));
        found.push(Held { reason, released_by, ..of_volume(group, HeldKind::Twin, site, volume) });
    }
}

fn maker(is_ours: bool) -> Maker {
    if is_ours { Maker::Protector } else { Maker::Owner }
}

fn why_shadow(
    group: &ProtectionGroup,
    member: &Member,
    site: &SiteName,
    maker: Maker,
) -> (String, Vec<Action>) {
    let becomes = match maker {
        Maker::Protector => "protector made it, and deletes it when it is let go",
        Maker::Owner => "it was there before protector, and stays when it is let go",
    };
    let reason =
        format!("{} runs on it once group {} is moved to {site}; {becomes}", member.name, group.name);
    (reason, vec![Action::RemoveMember, Action::Unprotect])
}

fn of_test(group: &ProtectionGroup, test: OperationId, site: &SiteFacts, found: &mut Vec<Held>) {
    let why = |held: Held| Held {
        reason: format!("test {test} of group {} runs on it", group.name),
        released_by: vec![Action::TestCleanup],
        ..held
    };
    let servers = site.servers.iter().filter(|server| naming::is_of_test(&server.metadata, test));
    found.extend(servers.map(|server| why(of_server(group, HeldKind::TestServer, site, server))));
    let tag = naming::test_tag(test);
    let ports = site.ports.iter().filter(|port| port.tags.contains(&tag));
    found.extend(ports.map(|port| why(of_port(group, HeldKind::TestPort, site, port))));
    let volumes = site.volumes.iter().filter(|volume| naming::is_of_test(&volume.metadata, test));
    found.extend(volumes.map(|volume| why(of_volume(group, HeldKind::TestVolume, site, volume))));
    let own = site.networks.iter().filter(|network| network.project_id == site.project);
    found.extend(own.filter(|network| is_of_test(network, test)).map(|network| {
        let what = (HeldKind::TestNetwork, network.id.as_str(), network.name.as_str());
        why(Held { quota: [("network".to_owned(), 1)].into(), ..anything(group, &site.site, what) })
    }));
}

/// A snapshot that the group's last move, its test, or a move from where it runs needs.
fn kept_snapshot(group: &ProtectionGroup, at: &GroupSnapshots, point: &SourcePoint) -> Option<Held> {
    if point.destroyed {
        return None;
    }
    let runs_there = at.site == group.current_primary_site;
    let tested = group.test.as_ref().filter(|test| runs_there && test.point == point.name);
    let moved = group.uncommitted.as_ref().filter(|moved| {
        moved.safety_snapshots.iter().any(|kept| {
            (&kept.site, &kept.array, &kept.group, &kept.name)
                == (&at.site, &at.array, &at.storage_group, &point.name)
        })
    });
    let of_this_epoch = match kind_of_snapshot(&point.name) {
        Some((LeftoverKind::RecoveryPoint, epoch)) => epoch >= group.epoch && runs_there,
        _ => false,
    };
    let (kind, reason, released_by) = if let Some(moved) = moved {
        let reason = format!("it holds what {} of group {} overwrote", moved.operation_type, group.name);
        (HeldKind::SafetySnapshot, reason, vec![Action::Commit, Action::Undo])
    } else if let Some(test) = tested {
        let reason = format!("test {} of group {} runs on what it holds", test.operation, group.name);
        (HeldKind::RecoveryPoint, reason, vec![Action::TestCleanup])
    } else if of_this_epoch {
        let (planned, unplanned) = if group.current_primary_site == group.primary_site {
            (Action::Failover, Action::UnplannedFailover)
        } else {
            (Action::Failback, Action::UnplannedFailback)
        };
        let reason = format!("it is of epoch {}, in which group {} is", group.epoch, group.name);
        (HeldKind::RecoveryPoint, reason, vec![planned, unplanned])
    } else {
        return None;
    };
    let name = format!("{}.{}", at.storage_group, point.name);
    Some(Held {
        place: Some(SnapshotPlace { array: at.array.clone(), group: at.storage_group.clone() }),
        bytes: point.bytes,
        since: Timestamp::try_from(point.created).ok(),
        reason,
        released_by,
        ..anything(group, &at.site, (kind, &point.name, &name))
    })
}

fn of_server(group: &ProtectionGroup, kind: HeldKind, site: &SiteFacts, server: &Server) -> Held {
    let what = (kind, server.id.as_str(), server.name.as_str());
    Held { since: server.created, quota: server_quota(server), ..anything(group, &site.site, what) }
}

fn of_port(group: &ProtectionGroup, kind: HeldKind, site: &SiteFacts, port: &Port) -> Held {
    let what = (kind, port.id.as_str(), port.name.as_str());
    let quota = [("port".to_owned(), 1)].into();
    Held { since: port.created_at, quota, ..anything(group, &site.site, what) }
}

fn of_volume(group: &ProtectionGroup, kind: HeldKind, site: &SiteFacts, volume: &Volume) -> Held {
    let name = volume.name.clone().unwrap_or_default();
    Held {
        bytes: Some(volume.size.saturating_mul(GIB)),
        since: volume.created_at,
        quota: volume_quota(volume),
        ..anything(group, &site.site, (kind, volume.id.as_str(), &name))
    }
}

fn anything(group: &ProtectionGroup, site: &SiteName, (kind, id, name): (HeldKind, &str, &str)) -> Held {
    Held {
        group: group.id,
        group_name: group.name.clone(),
        site: site.clone(),
        kind,
        id: id.to_owned(),
        name: name.to_owned(),
        place: None,
        bytes: None,
        since: None,
        quota: BTreeMap::new(),
        reason: String::new(),
        released_by: Vec::new(),
    }
}
