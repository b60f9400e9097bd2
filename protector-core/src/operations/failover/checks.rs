use super::placing::{Move, MovedVolume};
use super::{FailoverFacts, MoveMode};
use crate::domain::{
    Finding, FindingCode, KeypairDefinition, ServerDefinition, ServerGroupDefinition, StorageGroupReference,
};
use crate::driver::GroupOrigin;
use crate::operations::placement::{compute_quota, quota};
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

/// What several VMs share at the target and is not there yet.
pub(super) struct Shared<'a> {
    pub(super) keypairs: Vec<&'a KeypairDefinition>,
    pub(super) server_groups: Vec<&'a ServerGroupDefinition>,
    /// Keypairs that cannot be had: their VMs are made without.
    pub(super) lost_keypairs: BTreeSet<&'a str>,
}

pub(super) fn keypairs_and_groups<'a>(
    facts: &FailoverFacts<'_>,
    moves: &[Move<'a>],
    findings: &mut Vec<Finding>,
    warnings: &mut Vec<Finding>,
) -> Shared<'a> {
    let target = facts.target.site;
    let mut shared =
        Shared { keypairs: Vec::new(), server_groups: Vec::new(), lost_keypairs: BTreeSet::new() };
    for one in moves.iter().filter(|one| one.shadow.is_none() && one.absent.is_none()) {
        if let Some(keypair) = &one.definition.keypair {
            let there = target.keypairs.iter().find(|there| there.name == keypair.name);
            let known = shared.keypairs.iter().any(|known| known.name == keypair.name);
            match (&keypair.public_key, there) {
                (Some(key), Some(there)) if first_two(key) != first_two(&there.public_key) => {
                    findings.push(Finding::new(
                        FindingCode::KeypairDiffers,
                        &target.site,
                        format!("keypair {} of server {}", keypair.name, one.member.name),
                        "protector's user has another keypair of this name",
                        "delete or rename that one",
                    ));
                }
                (_, Some(_)) => {}
                (Some(_), None) if known => {}
                (Some(_), None) => shared.keypairs.push(keypair),
                (None, None) => {
                    shared.lost_keypairs.insert(keypair.name.as_str());
                    warnings.push(Finding::new(
                        FindingCode::AttributeDropped,
                        &target.site,
                        format!("keypair {} of server {}", keypair.name, one.member.name),
                        "its public key is unknown, and protector's user has no keypair of this name",
                        "import the keypair under the service user before the move",
                    ));
                }
            }
        }
        if let Some(group) = &one.definition.server_group {
            let there = target.server_groups.iter().any(|there| there.name == group.name);
            let known = shared.server_groups.iter().any(|known| known.name == group.name);
            if !there && !known {
                shared.server_groups.push(group);
            }
        }
    }
    shared
}

pub(in crate::operations) fn first_two(key: &str) -> Vec<&str> {
    key.split_whitespace().take(2).collect()
}
