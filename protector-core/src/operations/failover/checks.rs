use super::placing::{Move, MovedVolume};
use super::{FailoverFacts, MoveMode};
use crate::domain::{Finding, FindingCode, ServerDefinition, StorageGroupReference};
use crate::driver::GroupOrigin;
use crate::operations::credential;
use crate::operations::placement::{Placement, SharedKeypairs, SharedServerGroups, compute_quota, quota};
use std::collections::BTreeSet;

/// The groups on the arrays have our volumes and no others, and the replication is connected.
pub(super) fn check_storage(
    facts: &FailoverFacts<'_>,
    origin: &GroupOrigin,
    storage: &StorageGroupReference,
    findings: &mut Vec<Finding>,
) {
    let source = facts.source.map(|known| (known, &origin.group));
    for (known, reference) in source.into_iter().chain([(facts.target, &storage.name)]) {
        let site = &known.site.site;
        let Some((array, group)) = &known.arrays.group else {
            findings.push(Finding::new(
                FindingCode::GroupMissing,
                site,
                format!("storage group {reference}"),
                "it is not on the array any more",
                "unprotect the group and protect it again",
            ));
            continue;
        };
        let ours: BTreeSet<_> = facts
            .group
            .volumes()
            .filter_map(|(_, volume)| volume.sites.get(site))
            .map(|volume| volume.array_volume_id.clone())
            .chain(known.arrays.volumes.values().map(|(_, volume)| volume.id.clone()))
            .collect();
        for member in group.members.iter().filter(|member| !ours.contains(&member.id)) {
            findings.push(Finding::new(
                FindingCode::ForeignVolume,
                site,
                format!("volume {} on array {array}", member.name),
                format!("it is in the group's own storage group {}, but no volume of the group", group.name),
                "take it out of the storage group",
            ));
        }
    }
    // A move without the source goes on from what has come here before.
    if !matches!(facts.mode, MoveMode::Planned) {
        return;
    }
    let peer = facts.target.arrays.arrays.get(&storage.array);
    let connected =
        peer.is_some_and(|array| array.peers.iter().any(|peer| peer.name == origin.array && peer.connected));
    if !connected {
        findings.push(Finding::new(
            FindingCode::ReplicationBroken,
            &facts.target.site.site,
            format!("array {}", storage.array),
            format!("it is not connected to array {}", origin.array),
            "connect the two arrays for replication",
        ));
    }
}

/// At the target everything is made; where the group comes from, something is changed only if nothing is to be lost.
pub(super) fn check_roles(facts: &FailoverFacts<'_>, findings: &mut Vec<Finding>) {
    let is_changed = matches!(facts.mode, MoveMode::Planned | MoveMode::Undo);
    let source = facts.source.filter(|_| is_changed);
    let sites = source.into_iter().chain([facts.target]);
    findings.extend(sites.filter_map(|known| credential::role(known.site)));
}

pub(super) fn check_compute_limits(
    facts: &FailoverFacts<'_>,
    moves: &[Move<'_>],
    findings: &mut Vec<Finding>,
) {
    let new = moves.iter().filter(|one| one.shadow.is_none() && one.absent.is_none());
    let new: Vec<&ServerDefinition> = new.map(|one| one.definition).collect();
    let resized = moves.iter().filter(|one| one.flavor.is_some() && one.absent.is_none());
    let more = |now: u64, before: u64| now.saturating_sub(before);
    let growth = resized.filter_map(|one| Some((&one.definition.flavor, &one.shadow?.flavor))).fold(
        (0, 0),
        |(cores, memory), (now, before)| {
            (cores + more(now.vcpus, before.vcpus), memory + more(now.memory, before.ram))
        },
    );
    findings.extend(compute_quota(facts.target.site, &new, growth));
}

pub(super) fn check_volume_limits(
    facts: &FailoverFacts<'_>,
    moves: &[Move<'_>],
    findings: &mut Vec<Finding>,
) {
    let new = || moves.iter().flat_map(|one| &one.volumes).filter(|volume| volume.twin.is_none());
    let made: u64 = new().map(|volume| volume.definition.size).sum();
    let has = |volume: &MovedVolume<'_>| {
        let twin = facts.target.site.volume(&volume.twin?.volume_id)?;
        Some(volume.grows?.saturating_sub(twin.size))
    };
    let growth: u64 = moves.iter().flat_map(|one| &one.volumes).filter_map(has).sum();
    findings.extend(quota(facts.target.site, "volumes", new().count() as u64));
    findings.extend(quota(facts.target.site, "gigabytes", made + growth));
}

/// What several VMs share at the target.
#[derive(Default)]
pub(super) struct Shared<'a> {
    pub(super) keypairs: SharedKeypairs<'a>,
    pub(super) server_groups: SharedServerGroups,
}

pub(super) fn keypairs_and_groups<'a>(
    placement: &Placement<'_>,
    moves: &[Move<'a>],
    findings: &mut Vec<Finding>,
    warnings: &mut Vec<Finding>,
) -> Shared<'a> {
    let mut shared = Shared::default();
    for one in moves.iter().filter(|one| one.shadow.is_none() && one.absent.is_none()) {
        let (name, placement) = (&one.member.name, placement.of(one.definition));
        if let Some(keypair) = &one.definition.keypair {
            placement.keypair(name, keypair, &mut shared.keypairs, (findings, warnings));
        }
        if let Some(group) = &one.definition.server_group {
            placement.server_group(name, group, &mut shared.server_groups, warnings);
        }
    }
    shared
}
