//! What is left over at the sites: whatever bears protector's marker and is of no use to a group or an operation any more.
//!
//! Whose a thing is, its marker alone says, never its name; of a snapshot, which can carry no other, the suffix is the marker. A
//! volume or server that may hold production data is never left over, whatever has become of its group.

use crate::domain::{
    Leftover, LeftoverKind, ProtectionGroup, SnapshotPlace, kind_of_snapshot, naming, planned_at,
};
use crate::driver::SourcePoint;
use crate::id::{ArrayName, GroupId, OperationId, SiteName};
use crate::inventory::SiteFacts;
use crate::openstack::block_storage::{GIB, Volume};
use crate::openstack::compute::Server;
use crate::steps::neutron::is_of_test;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What has to be known to tell what is left over.
#[derive(Debug)]
pub struct HousekeepingFacts<'a> {
    /// All groups.
    pub groups: &'a [ProtectionGroup],
    /// Each operation's group.
    pub operations: &'a BTreeMap<OperationId, GroupId>,
    /// The groups with an operation that has not ended: all that is theirs may be needed.
    pub unfinished: &'a BTreeSet<GroupId>,
    /// The sites that could be read.
    pub sites: &'a [SiteFacts],
    /// The snapshots of the groups' own storage groups.
    pub snapshots: &'a [GroupSnapshots],
}

/// The snapshots of one storage group.
#[derive(Debug)]
pub struct GroupSnapshots {
    /// Where.
    pub site: SiteName,
    /// The array.
    pub array: ArrayName,
    /// The storage group there.
    pub storage_group: String,
    /// Whose it is.
    pub group: GroupId,
    /// What there is.
    pub points: Vec<SourcePoint>,
}

/// Tells what is left over, site by site.
pub fn leftovers(facts: &HousekeepingFacts<'_>) -> Vec<Leftover> {
    let mut found = Vec::new();
    for site in facts.sites {
        found.extend(site.volumes.iter().filter_map(|volume| facts.twin(site, volume)));
        facts.test(site, &mut found);
    }
    for snapshots in facts.snapshots {
        found.extend(snapshots.points.iter().filter_map(|point| facts.snapshot(snapshots, point)));
    }
    found
}

impl HousekeepingFacts<'_> {
    fn group(&self, id: GroupId) -> Option<&ProtectionGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// A twin that its group does not know, and that no server was ever given: it is still reserved.
    fn twin(&self, site: &SiteFacts, volume: &Volume) -> Option<Leftover> {
        volume.metadata.get(naming::LINEAGE_KEY)?;
        let group: GroupId = volume.metadata.get(naming::GROUP_KEY)?.parse().ok()?;
        let is_untouched = volume.status == "attaching" && volume.attachments.is_empty();
        if !is_untouched || self.unfinished.contains(&group) {
            return None;
        }
        let reason = match self.group(group) {
            None => format!("its group {group} is not on record"),
            Some(known) => {
                let mut own = known.volumes().flat_map(|(_, lineage)| lineage.sites.values());
                if own.any(|own| own.volume_id == volume.id) {
                    return None;
                }
                format!("group {} does not know it: the twin of its lineage is another", known.name)
            }
        };
        let name = volume.name.clone().unwrap_or_default();
        let what = (LeftoverKind::Twin, volume.id.as_str(), name.as_str());
        let since = volume.created_at;
        Some(with_size(Leftover { group: Some(group), since, ..leftover(site, what, reason) }, volume))
    }

    /// What bears the marker of a test that no group has.
    fn test(&self, site: &SiteFacts, found: &mut Vec<Leftover>) {
        for server in &site.servers {
            let Some(test) = self.past(server.metadata.get(naming::TEST_KEY)) else { continue };
            let what = (LeftoverKind::TestServer, server.id.as_str(), server.name.as_str());
            let mut server_left = self.of_test(site, what, test);
            server_left.since = server.created.or(server_left.since);
            server_left.quota = server_quota(server);
            found.push(server_left);
        }
        for volume in &site.volumes {
            let Some(test) = self.past(volume.metadata.get(naming::TEST_KEY)) else { continue };
            let name = volume.name.clone().unwrap_or_default();
            let what = (LeftoverKind::TestVolume, volume.id.as_str(), name.as_str());
            let of_test = self.of_test(site, what, test);
            let since = volume.created_at.or(of_test.since);
            found.push(with_size(Leftover { since, ..of_test }, volume));
        }
        for port in &site.ports {
            let marked = port.tags.iter().find_map(|tag| naming::test_of_tag(tag));
            let Some(test) = marked.filter(|test| self.is_past(*test)) else { continue };
            let what = (LeftoverKind::TestPort, port.id.as_str(), port.name.as_str());
            let quota = [("port".to_owned(), 1)].into();
            found.push(Leftover { quota, ..self.of_test(site, what, test) });
        }
        for found_ip in &site.floating_ips {
            let mut texts = found_ip.tags.iter().chain([&found_ip.description]);
            let marked = texts.find_map(|text| naming::test_of_tag(text));
            let Some(test) = marked.filter(|test| self.is_past(*test)) else { continue };
            let (id, address) = (found_ip.id.as_str(), found_ip.floating_ip_address.as_str());
            let quota = [("floatingip".to_owned(), 1)].into();
            let what = (LeftoverKind::TestFloatingIp, id, address);
            found.push(Leftover { quota, ..self.of_test(site, what, test) });
        }
        for network in site.networks.iter().filter(|network| network.project_id == site.project) {
            let mut texts = network.tags.iter().chain([&network.description]);
            let marked = texts.find_map(|text| naming::test_of_tag(text));
            let Some(test) = marked.filter(|test| self.is_past(*test) && is_of_test(network, *test)) else {
                continue;
            };
            let what = (LeftoverKind::TestNetwork, network.id.as_str(), network.name.as_str());
            let quota = [("network".to_owned(), 1)].into();
            found.push(Leftover { quota, ..self.of_test(site, what, test) });
        }
    }

    fn past(&self, marker: Option<&String>) -> Option<OperationId> {
        let test: OperationId = marker?.parse().ok()?;
        self.is_past(test).then_some(test)
    }

    /// Whether no group has a test, and none may still be making or ending it.
    fn is_past(&self, test: OperationId) -> bool {
        let runs =
            |group: &ProtectionGroup| group.test.as_ref().is_some_and(|running| running.operation == test);
        let owner = self.operations.get(&test);
        !self.groups.iter().any(runs) && owner.is_none_or(|group| !self.unfinished.contains(group))
    }

    fn of_test(&self, site: &SiteFacts, what: (LeftoverKind, &str, &str), test: OperationId) -> Leftover {
        let reason = format!("test {test} does not run");
        let group = self.operations.get(&test).copied();
        Leftover { group, test: Some(test), since: planned_at(test), ..leftover(site, what, reason) }
    }

    /// A safety snapshot that no move is kept by, or a point of an earlier epoch.
    fn snapshot(&self, at: &GroupSnapshots, point: &SourcePoint) -> Option<Leftover> {
        let (kind, epoch) = kind_of_snapshot(&point.name)?;
        let group = self.group(at.group).filter(|group| !self.unfinished.contains(&group.id))?;
        if point.destroyed {
            return None;
        }
        let mut kept = group.uncommitted.iter().flat_map(|uncommitted| &uncommitted.safety_snapshots);
        let is_kept = kept.any(|kept| {
            (&kept.site, &kept.array, &kept.group, &kept.name)
                == (&at.site, &at.array, &at.storage_group, &point.name)
        });
        let reason = match kind {
            LeftoverKind::SafetySnapshot if !is_kept => {
                format!("no move of group {} can be taken back by it", group.name)
            }
            LeftoverKind::RecoveryPoint if epoch < group.epoch => {
                format!("it is of epoch {epoch}, and group {} is in epoch {}", group.name, group.epoch)
            }
            _ => return None,
        };
        Some(Leftover {
            site: at.site.clone(),
            kind,
            id: point.name.clone(),
            name: format!("{}.{}", at.storage_group, point.name),
            group: Some(group.id),
            test: None,
            place: Some(SnapshotPlace { array: at.array.clone(), group: at.storage_group.clone() }),
            bytes: point.bytes,
            since: Timestamp::try_from(point.created).ok(),
            quota: BTreeMap::new(),
            reason,
        })
    }
}

fn leftover(site: &SiteFacts, (kind, id, name): (LeftoverKind, &str, &str), reason: String) -> Leftover {
    Leftover {
        site: site.site.clone(),
        kind,
        id: id.to_owned(),
        name: name.to_owned(),
        group: None,
        test: None,
        place: None,
        bytes: None,
        since: None,
        quota: BTreeMap::new(),
        reason,
    }
}

/// What a volume takes up, and holds of the quotas.
fn with_size(left: Leftover, volume: &Volume) -> Leftover {
    Leftover { bytes: Some(volume.size.saturating_mul(GIB)), quota: volume_quota(volume), ..left }
}

/// What a server holds of the quotas.
pub(super) fn server_quota(server: &Server) -> BTreeMap<String, u64> {
    let Server { flavor, .. } = server;
    [("instances".to_owned(), 1), ("cores".to_owned(), flavor.vcpus), ("ram".to_owned(), flavor.ram)].into()
}

/// What a volume holds of the quotas.
pub(super) fn volume_quota(volume: &Volume) -> BTreeMap<String, u64> {
    [("volumes".to_owned(), 1), ("gigabytes".to_owned(), volume.size)].into()
}
