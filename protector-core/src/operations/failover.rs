mod steps;

use super::placement::{Placement, eligibility, quota, volume_eligibility};
use super::protect::{origin, volume_label};
use super::{Known, Planned, PlanningError};
use crate::config::ProtectorConfig;
use crate::domain::{
    Finding, FindingCode, KeypairDefinition, Member, OperationType, PortDefinition, ProtectionGroup,
    ServerDefinition, ServerGroupDefinition, SiteVolume, StorageGroupReference, VolumeDefinition, naming,
};
use crate::driver::GroupOrigin;
use crate::engine::{PlanBuilder, Recovery};
use crate::id::{PortId, StepId};
use crate::inventory::Captured;
use crate::openstack::compute::Server;
use std::collections::BTreeSet;

/// What planning a failover or failback needs to know.
#[derive(Debug)]
pub struct FailoverFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs.
    pub source: Known<'a>,
    /// Where it goes.
    pub target: Known<'a>,
    /// Its VMs as they were read where it runs.
    pub captured: &'a [Captured],
    /// Which attempt at the group this is.
    pub attempt: u64,
    /// Settings and mappings.
    pub config: &'a ProtectorConfig,
}

/// Plans the move of a group to the other site, and back: the same operation with the sites exchanged. What is at the
/// target already (the originals, or the shadows of an earlier move) is used again with its ids; what is not is made.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_failover(facts: &FailoverFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let (source, target) = (&facts.source.site.site, &facts.target.site.site);
    let operation =
        if *target == group.primary_site { OperationType::Failback } else { OperationType::Failover };
    let mut findings = Vec::new();
    let mut warnings: Vec<Finding> =
        facts.captured.iter().flat_map(|captured| captured.warnings.clone()).collect();
    let placement =
        Placement { target: facts.target.site, mappings: &facts.config.mappings, source_site: source };

    let groups =
        (origin(group, source), group.storage_groups.get(target), group.consistency_groups.get(target));
    let (Some(origin), Some(storage), Some(consistency_group)) = groups else {
        findings.push(Finding::new(
            FindingCode::GroupMissing,
            target,
            format!("group {}", group.name),
            "the storage groups of both sites are not on record: it was never fully protected",
            "resume or repeat `protect`",
        ));
        return Ok(Planned::refused(findings, warnings));
    };
    check_storage(facts, &origin, storage, &mut findings);
    let mut moves = Vec::new();
    for member in group.members.values() {
        match facts.captured.iter().find(|captured| captured.definition.lineage == member.lineage) {
            None => findings.push(Finding::new(
                FindingCode::ServerMissing,
                source,
                format!("server {}", member.name),
                "it is not there any more",
                "take it out of the group, or make it again and protect it",
            )),
            Some(captured) => {
                let placed = place(facts, &placement, member, &captured.definition, &mut findings);
                moves.push(placed);
            }
        }
    }
    check_compute_limits(facts, &moves, &mut findings);
    check_volume_limits(facts, &moves, &mut findings);
    let shared = keypairs_and_groups(facts, &moves, &mut findings, &mut warnings);
    if !findings.is_empty() {
        return Ok(Planned::refused(findings, warnings));
    }
    let writer = steps::Writer {
        facts,
        operation,
        source,
        target,
        origin: &origin,
        storage,
        consistency_group,
        point: naming::point(operation, group.epoch + 1, facts.attempt),
        safety: naming::safety_snapshot(operation, group.epoch + 1, facts.attempt),
        moves: &moves,
        plan: PlanBuilder::new(
            operation,
            group.id,
            &group.name,
            (source.clone(), target.clone()),
            group.epoch,
            Recovery::RollBackBefore(StepId::new("raise_epoch")),
        ),
    };
    Ok(Planned::ready(writer.write(&shared, warnings)?))
}

/// One VM and where everything of it goes.
struct Move<'a> {
    member: &'a Member,
    definition: &'a ServerDefinition,
    /// The server that is at the target already.
    shadow: Option<&'a Server>,
    /// The flavor at the target, if the server has to be made.
    flavor: Option<String>,
    volumes: Vec<MovedVolume<'a>>,
    ports: Vec<MovedPort<'a>>,
}

struct MovedVolume<'a> {
    definition: &'a VolumeDefinition,
    /// Its name on the source's array, under which the point has it.
    source: SiteVolume,
    /// The twin that is there.
    twin: Option<&'a SiteVolume>,
    /// The type of the twin that has to be made.
    twin_type: Option<String>,
    /// Whether it is not in the group yet.
    joins: bool,
}

struct MovedPort<'a> {
    definition: &'a PortDefinition,
    /// The port that is at the target already.
    there: Option<PortId>,
    /// The port that has to be made.
    new: Option<crate::openstack::network::NewPort>,
}

fn place<'a>(
    facts: &'a FailoverFacts<'a>,
    placement: &Placement<'_>,
    member: &'a Member,
    definition: &'a ServerDefinition,
    findings: &mut Vec<Finding>,
) -> Move<'a> {
    let (source, target) = (facts.source.site, facts.target.site);
    if let Some(server) = source.server(&definition.server_id) {
        findings.extend(eligibility(source, server));
    }
    let shadow = member.servers.get(&target.site).and_then(|id| target.server(id));
    let mut flavor = None;
    if shadow.is_none() {
        match placement.flavor(&definition.name, &definition.flavor) {
            Ok(id) => flavor = Some(id),
            Err(finding) => findings.push(finding),
        }
    }
    let volumes: Vec<_> = definition
        .volumes
        .iter()
        .filter_map(|volume| place_volume(facts, placement, member, volume, shadow, findings))
        .collect();
    let mut ports = Vec::new();
    for port in &definition.ports {
        let known = member.ports.iter().find(|known| known.lineage == port.lineage);
        let there =
            known.and_then(|known| known.sites.get(&target.site)).filter(|id| target.port(id).is_some());
        match there {
            Some(id) => ports.push(MovedPort { definition: port, there: Some(id.clone()), new: None }),
            None => match placement.port(&definition.name, port) {
                Ok(new) => ports.push(MovedPort { definition: port, there: None, new: Some(new) }),
                Err(more) => findings.extend(more),
            },
        }
    }
    Move { member, definition, shadow, flavor, volumes, ports }
}

fn place_volume<'a>(
    facts: &'a FailoverFacts<'a>,
    placement: &Placement<'_>,
    member: &'a Member,
    volume: &'a VolumeDefinition,
    shadow: Option<&Server>,
    findings: &mut Vec<Finding>,
) -> Option<MovedVolume<'a>> {
    let (source, target) = (facts.source.site, facts.target.site);
    let known = member.volumes.iter().find(|known| known.lineage == volume.lineage);
    let label = volume_label(&volume.name, volume.lineage);
    let subject = format!("volume {label} of server {}", member.name);
    let own_group = facts.group.consistency_groups.get(&source.site);
    findings.extend(volume_eligibility(source, &member.name, volume, own_group));
    let Some((array, found)) = facts.source.arrays.volumes.get(&volume.volume_id) else {
        findings.push(Finding::new(
            FindingCode::VolumeNotOnArray,
            &source.site,
            subject,
            "none of the arrays in protector.yaml has it",
            "add the array that it is on to the site's arrays",
        ));
        return None;
    };
    let on_source = SiteVolume {
        volume_id: volume.volume_id.clone(),
        array: array.clone(),
        array_volume_id: found.id.clone(),
        serial: found.serial.clone(),
        array_volume_name: found.name.clone(),
    };
    let joins = source.volume(&volume.volume_id).is_some_and(|cinder| cinder.group_id.is_none());
    let Some(twin) = known.and_then(|known| known.sites.get(&target.site)) else {
        if shadow.is_some() {
            findings.push(Finding::new(
                FindingCode::Drift,
                &source.site,
                subject,
                "it was added since the server was made at the other site",
                "delete the stopped server at the other site, so that it is made again with this volume",
            ));
        }
        let twin_type = match placement.volume_type(&volume.volume_type) {
            Ok(name) => Some(name),
            Err(finding) => {
                findings.push(finding);
                None
            }
        };
        return Some(MovedVolume { definition: volume, source: on_source, twin: None, twin_type, joins });
    };
    let at_target = |code, message: String, remedy: &str| {
        Finding::new(code, &target.site, format!("twin {} of {subject}", twin.volume_id), message, remedy)
    };
    match (target.volume(&twin.volume_id), facts.target.arrays.volumes.get(&twin.volume_id)) {
        (None, _) | (_, None) => findings.push(at_target(
            FindingCode::TwinMissing,
            "it is not there any more".to_owned(),
            "unprotect the group and protect it again, so that the twin is made anew",
        )),
        (Some(cinder), Some((_, on_array))) => {
            let smaller = cinder.size < volume.size || on_array.size < found.size;
            let larger = cinder.size > volume.size || on_array.size > found.size;
            let sizes = format!(
                "it has {} GiB ({} bytes on the array), the original {} GiB ({} bytes)",
                cinder.size, on_array.size, volume.size, found.size
            );
            if smaller {
                findings.push(at_target(
                    FindingCode::TwinTooSmall,
                    sizes,
                    "extend it to the original's size",
                ));
            } else if larger {
                findings.push(at_target(
                    FindingCode::TwinTooLarge,
                    sizes,
                    "extend the original to the twin's size, or unprotect and protect again",
                ));
            }
            let expected = if shadow.is_some() { "in-use" } else { "attaching" };
            if !matches!(cinder.status.as_str(), "in-use" | "attaching" | "available") {
                findings.push(at_target(
                    FindingCode::TwinState,
                    format!("it is in status {} instead of {expected}", cinder.status),
                    "bring it to that status",
                ));
            }
        }
    }
    Some(MovedVolume { definition: volume, source: on_source, twin: Some(twin), twin_type: None, joins })
}

/// The groups on the arrays have our volumes and no others, and the replication is connected.
fn check_storage(
    facts: &FailoverFacts<'_>,
    origin: &GroupOrigin,
    storage: &StorageGroupReference,
    findings: &mut Vec<Finding>,
) {
    for (known, reference) in [(facts.source, &origin.group), (facts.target, &storage.name)] {
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

fn check_compute_limits(facts: &FailoverFacts<'_>, moves: &[Move<'_>], findings: &mut Vec<Finding>) {
    let limits = &facts.target.site.compute_limits;
    let new = || moves.iter().filter(|one| one.shadow.is_none());
    let needs = [
        ("instances", new().count() as u64, limits.max_instances, limits.instances_used),
        ("cores", new().map(|one| one.definition.flavor.vcpus).sum(), limits.max_cores, limits.cores_used),
        ("ram (MiB)", new().map(|one| one.definition.flavor.memory).sum(), limits.max_ram, limits.ram_used),
    ];
    for (kind, needed, limit, used) in needs {
        let free = u64::try_from(limit - used).unwrap_or(0);
        if limit >= 0 && needed > free {
            findings.push(Finding::new(
                FindingCode::QuotaExceeded,
                &facts.target.site.site,
                format!("quota {kind}"),
                format!("{needed} more are needed, {free} are free of {limit}"),
                "raise the quota of the project, or free what is not needed",
            ));
        }
    }
}

fn check_volume_limits(facts: &FailoverFacts<'_>, moves: &[Move<'_>], findings: &mut Vec<Finding>) {
    let new = || moves.iter().flat_map(|one| &one.volumes).filter(|volume| volume.twin.is_none());
    let size = new().map(|volume| volume.definition.size).sum();
    findings.extend(quota(facts.target.site, "volumes", new().count() as u64));
    findings.extend(quota(facts.target.site, "gigabytes", size));
}

/// What several VMs share at the target and is not there yet.
struct Shared<'a> {
    keypairs: Vec<&'a KeypairDefinition>,
    server_groups: Vec<&'a ServerGroupDefinition>,
    /// Keypairs that cannot be had: their VMs are made without.
    lost_keypairs: BTreeSet<&'a str>,
}

fn keypairs_and_groups<'a>(
    facts: &FailoverFacts<'_>,
    moves: &[Move<'a>],
    findings: &mut Vec<Finding>,
    warnings: &mut Vec<Finding>,
) -> Shared<'a> {
    let target = facts.target.site;
    let mut shared =
        Shared { keypairs: Vec::new(), server_groups: Vec::new(), lost_keypairs: BTreeSet::new() };
    for one in moves.iter().filter(|one| one.shadow.is_none()) {
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

fn first_two(key: &str) -> Vec<&str> {
    key.split_whitespace().take(2).collect()
}

#[cfg(test)]
mod tests;
