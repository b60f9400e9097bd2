use super::{FailoverFacts, MoveMode};
use crate::domain::{
    Finding, FindingCode, Member, PortDefinition, ServerDefinition, SiteVolume, VolumeDefinition, naming,
};
use crate::driver::ArrayVolume;
use crate::id::PortId;
use crate::openstack::block_storage::{GIB, Volume};
use crate::openstack::compute::Server;
use crate::openstack::network::{NewPort, Port};
use crate::operations::placement::{Claims, Placement, eligibility, volume_eligibility};
use crate::operations::twins::{self, volume_label};
use std::collections::{BTreeMap, BTreeSet};

/// One VM and where everything of it goes.
pub(super) struct Move<'a> {
    pub(super) member: &'a Member,
    pub(super) definition: &'a ServerDefinition,
    /// The server that is at the target already.
    pub(super) shadow: Option<&'a Server>,
    /// The flavor at the target, if the server has to be made, or has another size than the VM has now.
    pub(super) flavor: Option<String>,
    pub(super) volumes: Vec<MovedVolume<'a>>,
    pub(super) ports: Vec<MovedPort<'a>>,
    /// Why the VM cannot be made though its volumes move.
    pub(super) absent: Option<Unmade>,
}

/// Why a VM is not made.
#[derive(Debug, Clone)]
pub(super) struct Unmade {
    pub(super) reason: String,
    /// Whether a person wants it so.
    pub(super) left: bool,
}

pub(super) struct MovedVolume<'a> {
    pub(super) definition: &'a VolumeDefinition,
    /// Its name on the source's array, under which the point has it.
    pub(super) source: SiteVolume,
    /// The twin that is there.
    pub(super) twin: Option<&'a SiteVolume>,
    /// How many GiB the twin has to have, if it has fewer.
    pub(super) grows: Option<u64>,
    /// The type of the twin that has to be made.
    pub(super) twin_type: Option<String>,
    /// Whether it is not in the group yet.
    pub(super) joins: bool,
}

pub(super) struct MovedPort<'a> {
    pub(super) definition: &'a PortDefinition,
    /// The port that is at the target already.
    pub(super) there: Option<PortId>,
    /// The port that has to be made.
    pub(super) new: Option<NewPort>,
    /// The port that goes before: an earlier attempt made it, and it is not what today's mappings ask for.
    pub(super) instead: Option<&'a Port>,
    /// Its addresses at the target.
    pub(super) addresses: Vec<String>,
    /// What its own addresses are there, as far as today's mappings have it so.
    pub(super) became: BTreeMap<String, String>,
}

/// What is found: of the VM alone, and of what moves as one.
pub(super) struct Found<'f> {
    pub(super) refusing: &'f mut Vec<Finding>,
    pub(super) warnings: &'f mut Vec<Finding>,
    pub(super) claims: &'f mut Claims,
}

pub(super) fn place<'a>(
    facts: &'a FailoverFacts<'a>,
    placement: &Placement<'_>,
    member: &'a Member,
    definition: &'a ServerDefinition,
    found: &mut Found<'_>,
) -> Move<'a> {
    let target = facts.target.site;
    if let Some(source) = facts.source_of(definition)
        && let Some(server) = source.site.server(&definition.server_id)
    {
        found.refusing.extend(eligibility(source.site, server));
    }
    let shadow = member.servers.get(&target.site).and_then(|id| target.server(id));
    let left = facts.leaves(member);
    let mut of_vm = Vec::new();
    let undo = matches!(facts.mode, MoveMode::Undo);
    if undo && shadow.is_none() && left.is_none() {
        of_vm.push(Finding::new(
            FindingCode::ServerMissing,
            &target.site,
            format!("server {}", member.name),
            "it was not in the group before the move that is taken back",
            "take it out of the group, or move the group with `failover` or `failback`",
        ));
    }
    let mut flavor = None;
    let fits = shadow.is_some_and(|shadow| {
        // What is taken back has the size that it had.
        undo || (shadow.flavor.vcpus, shadow.flavor.ram)
            == (definition.flavor.vcpus, definition.flavor.memory)
    });
    if !fits && left.is_none() {
        match placement.flavor(&definition.name, &definition.flavor) {
            Ok(id) => flavor = Some(id),
            Err(finding) => of_vm.push(finding),
        }
    }
    let volumes: Vec<_> = definition
        .volumes
        .iter()
        .filter_map(|volume| {
            place_volume(facts, placement, (member, definition), volume, shadow, found, &mut of_vm)
        })
        .collect();
    let mut ports = Vec::new();
    for port in definition.ports.iter().filter(|_| left.is_none()) {
        let known = member.ports.iter().find(|known| known.lineage == port.lineage);
        let there = known.and_then(|known| known.sites.get(&target.site)).and_then(|id| target.port(id));
        match there {
            Some(there) => {
                let idle = shadow.is_none() && is_left_over(facts, member, there);
                let again = idle.then(|| again(placement, &definition.name, port, there, found.claims));
                ports.push(
                    again
                        .flatten()
                        .unwrap_or_else(|| stays(placement, &definition.name, port, there, found.warnings)),
                );
            }
            None => match placement.port(&definition.name, port, None, found.claims) {
                Ok(new) => ports.push(made(port, new, None)),
                Err(more) => of_vm.extend(more),
            },
        }
    }
    let absent = left.or_else(|| unmade(facts, &of_vm));
    // One VM does not keep the others: what it lacks is said, and they go.
    let of_vms = if absent.is_some() { &mut *found.warnings } else { &mut *found.refusing };
    of_vms.extend(of_vm);
    Move { member, definition, shadow, flavor, volumes, ports, absent }
}

/// A port that has to be made.
fn made<'a>(port: &'a PortDefinition, new: NewPort, instead: Option<&'a Port>) -> MovedPort<'a> {
    let addresses: Vec<String> = new.fixed_ips.iter().filter_map(|fixed| fixed.ip_address.clone()).collect();
    let became = became(port, &addresses);
    MovedPort { definition: port, there: None, new: Some(new), instead, addresses, became }
}

/// Whether a port was made for a server that was not: it bears our mark, and nobody uses it but, maybe, a server that could
/// not be built.
fn is_left_over(facts: &FailoverFacts<'_>, member: &Member, port: &Port) -> bool {
    let broken = |server: &Server| {
        let lineage = server.metadata.get(naming::LINEAGE_KEY);
        server.status == "ERROR" && lineage.is_some_and(|lineage| *lineage == member.lineage.to_string())
    };
    let user = facts.target.site.servers.iter().find(|server| server.id.as_str() == port.device_id);
    port.tags.contains(&naming::port_tag(facts.group.id))
        && (port.device_id.is_empty() || user.is_some_and(broken))
}

/// What has to be made in the place of a port that is left over, if that is not what today's mappings ask for.
fn again<'a>(
    placement: &Placement<'_>,
    server: &str,
    port: &'a PortDefinition,
    there: &'a Port,
    claims: &mut Claims,
) -> Option<MovedPort<'a>> {
    let wanted = placement.place_port(server, port).ok()?;
    let mut unknown = Vec::new();
    let groups = placement.security_groups(server, port, &mut unknown);
    let sorted = |words: &[String]| words.iter().cloned().collect::<BTreeSet<String>>();
    let addresses: Vec<String> =
        there.fixed_ips.iter().filter_map(|fixed| fixed.ip_address.clone()).collect();
    let guarded = port.port_security_enabled.unwrap_or(true);
    let same = wanted.network.id == there.network_id
        && sorted(&wanted.addresses()) == sorted(&addresses)
        && (!guarded || sorted(&groups) == sorted(&there.security_groups));
    if same {
        return None;
    }
    let new = placement.port(server, port, Some(&there.id), claims).ok()?;
    Some(made(port, new, Some(there)))
}

/// A port that is there: it stays as it is, whatever today's mappings say.
fn stays<'a>(
    placement: &Placement<'_>,
    server: &str,
    port: &'a PortDefinition,
    there: &Port,
    warnings: &mut Vec<Finding>,
) -> MovedPort<'a> {
    let addresses: Vec<String> =
        there.fixed_ips.iter().filter_map(|fixed| fixed.ip_address.clone()).collect();
    let mut stays = MovedPort {
        definition: port,
        there: Some(there.id.clone()),
        new: None,
        instead: None,
        addresses,
        became: BTreeMap::new(),
    };
    if let Some(wanted) = placement.stands(server, port, there) {
        stays.became = became(port, &wanted.addresses());
        return stays;
    }
    // What cannot be placed today keeps no port that is there.
    let Ok(wanted) = placement.place_port(server, port) else { return stays };
    warnings.push(Finding::new(
        FindingCode::Drift,
        &placement.target.site,
        format!("port {} of server {server}", there.id),
        format!(
            "it stays as it is, with {}, though by the mappings it would be in network {} with {}",
            stays.addresses.join(", "),
            wanted.network.name,
            wanted.addresses().join(", ")
        ),
        "nothing, if that is meant; else plug the server into the other network",
    ));
    stays
}

/// What each address of a port has become, in their order.
fn became(port: &PortDefinition, addresses: &[String]) -> BTreeMap<String, String> {
    let before = port.fixed_addresses.iter().map(|fixed| fixed.address.clone());
    before.zip(addresses.iter().cloned()).collect()
}

fn unmade(facts: &FailoverFacts<'_>, of_vm: &[Finding]) -> Option<Unmade> {
    if !matches!(facts.mode, MoveMode::Unplanned { .. }) || of_vm.is_empty() {
        return None;
    }
    let reasons: Vec<String> =
        of_vm.iter().map(|finding| format!("{}: {}", finding.subject, finding.message)).collect();
    Some(Unmade { reason: reasons.join("; "), left: false })
}

/// A volume where the group runs, its size on the array in bytes, and whether it is still to join the group.
fn at_source(
    facts: &FailoverFacts<'_>,
    (member, definition): (&Member, &ServerDefinition),
    volume: &VolumeDefinition,
    subject: &str,
    found: &mut Found<'_>,
) -> Option<(SiteVolume, u64, bool)> {
    let site = facts.source_site();
    let Some(source) = facts.source_of(definition) else {
        let known = member.volumes.iter().find(|known| known.lineage == volume.lineage);
        let Some(on_record) = known.and_then(|known| known.sites.get(site)) else {
            found.warnings.push(Finding::new(
                FindingCode::Drift,
                site,
                subject,
                "it was added since the group was replicated last: no recovery point has it",
                "attach what there is of it by hand",
            ));
            return None;
        };
        // What it holds then is as large as it was when the point was made.
        let in_point = match facts.mode {
            MoveMode::Unplanned { point, .. } => point.members.get(&on_record.array_volume_name).copied(),
            _ => None,
        };
        return Some((on_record.clone(), in_point.unwrap_or(volume.size.saturating_mul(GIB)), false));
    };
    let own_group = facts.group.consistency_groups.get(site);
    found.refusing.extend(volume_eligibility(source.site, &member.name, volume, own_group));
    let Some((array, on_array)) = source.arrays.volumes.get(&volume.volume_id) else {
        found.refusing.push(Finding::new(
            FindingCode::VolumeNotOnArray,
            site,
            subject,
            "none of the arrays in protector.yaml has it",
            "add the array that it is on to the site's arrays",
        ));
        return None;
    };
    let volume_at_source = SiteVolume {
        volume_id: volume.volume_id.clone(),
        array: array.clone(),
        array_volume_id: on_array.id.clone(),
        serial: on_array.serial.clone(),
        array_volume_name: on_array.name.clone(),
    };
    let joins = source.site.volume(&volume.volume_id).is_some_and(|cinder| cinder.group_id.is_none());
    Some((volume_at_source, on_array.size, joins))
}

fn place_volume<'a>(
    facts: &'a FailoverFacts<'a>,
    placement: &Placement<'_>,
    (member, server): (&'a Member, &ServerDefinition),
    volume: &'a VolumeDefinition,
    shadow: Option<&Server>,
    found: &mut Found<'_>,
    of_vm: &mut Vec<Finding>,
) -> Option<MovedVolume<'a>> {
    let (source, target) = (facts.source_site(), facts.target.site);
    let known = member.volumes.iter().find(|known| known.lineage == volume.lineage);
    let label = volume_label(&volume.name, volume.lineage);
    let subject = format!("volume {label} of server {}", member.name);
    let (on_source, size, joins) = at_source(facts, (member, server), volume, &subject, found)?;
    let unplanned = matches!(facts.mode, MoveMode::Unplanned { .. });
    let gone = |twin: &SiteVolume| {
        target.volume(&twin.volume_id).is_none() || !facts.target.arrays.volumes.contains_key(&twin.volume_id)
    };
    // In a disaster a twin that is lost is made again.
    let twin =
        known.and_then(|known| known.sites.get(&target.site)).filter(|twin| !(unplanned && gone(twin)));
    let Some(twin) = twin else {
        if shadow.is_some() {
            of_vm.push(Finding::new(
                FindingCode::Drift,
                source,
                subject,
                "the server at the other site was made without it",
                "delete the stopped server at the other site, so that it is made again with this volume",
            ));
        }
        found.warnings.extend(placement.missing_images(&member.name, volume));
        let twin_type = match placement.volume_type(&volume.volume_type) {
            Ok(name) => Some(name),
            Err(finding) => {
                found.refusing.push(finding);
                None
            }
        };
        return Some(MovedVolume {
            definition: volume,
            source: on_source,
            twin: None,
            grows: None,
            twin_type,
            joins,
        });
    };
    let mut grows = None;
    // What is taken back holds what it held, whatever has grown since.
    if !matches!(facts.mode, MoveMode::Undo) {
        let on_twin = TwinCheck { facts, subject: &subject, twin };
        on_twin.status(shadow.is_some(), found.refusing);
        // What only lacks VMs has its content already.
        if !matches!(facts.mode, MoveMode::Completion) {
            grows = on_twin.size(volume, size, found);
        }
    }
    let twin = Some(twin);
    Some(MovedVolume { definition: volume, source: on_source, twin, grows, twin_type: None, joins })
}

/// A twin that is about to hold a point.
struct TwinCheck<'a> {
    facts: &'a FailoverFacts<'a>,
    subject: &'a str,
    twin: &'a SiteVolume,
}

impl<'a> TwinCheck<'a> {
    fn finding(&self, code: FindingCode, message: String, remedy: &str) -> Finding {
        let subject = format!("twin {} of {}", self.twin.volume_id, self.subject);
        Finding::new(code, &self.facts.target.site.site, subject, message, remedy)
    }

    fn found(&self) -> Option<(&'a Volume, &'a ArrayVolume)> {
        let target = self.facts.target;
        let on_array = target.arrays.volumes.get(&self.twin.volume_id);
        target.site.volume(&self.twin.volume_id).zip(on_array.map(|(_, volume)| volume))
    }

    /// It is there, and in a status in which it can be used.
    fn status(&self, shadow: bool, findings: &mut Vec<Finding>) {
        let Some((cinder, _)) = self.found() else {
            findings.push(self.finding(
                FindingCode::TwinMissing,
                "it is not there any more".to_owned(),
                "unprotect the group and protect it again, so that the twin is made anew",
            ));
            return;
        };
        let expected = if shadow { "in-use" } else { "attaching" };
        if !matches!(cinder.status.as_str(), "in-use" | "attaching" | "available") {
            findings.push(self.finding(
                FindingCode::TwinState,
                format!("it is in status {} instead of {expected}", cinder.status),
                "bring it to that status",
            ));
        }
    }

    /// It has the size of what it is to hold, or can be given it; then how many GiB it needs.
    fn size(&self, volume: &VolumeDefinition, content: u64, found: &mut Found<'_>) -> Option<u64> {
        let (cinder, on_array) = self.found()?;
        let unplanned = matches!(self.facts.mode, MoveMode::Unplanned { .. });
        // In an unplanned move what is written to it counts, whatever the original has become.
        let needed = twins::size(if unplanned { 0 } else { volume.size }, content);
        let sizes = || {
            format!(
                "it has {} GiB ({} bytes on the array), what it is to hold {needed} GiB ({content} bytes)",
                cinder.size, on_array.size
            )
        };
        if cinder.size < needed {
            // Home comes with the size that it has got away. A twin is made larger while nobody waits for it, so that what the
            // quota or the array has against it is known before VMs are stopped; in a disaster there is no such time.
            let group = self.facts.group;
            if matches!(self.facts.mode, MoveMode::Planned)
                && self.facts.target.site.site == group.secondary_site
            {
                let remedy = "`sync` extends it; then move the group";
                found.refusing.push(self.finding(FindingCode::TwinTooSmall, sizes(), remedy));
                return None;
            }
            return Some(needed);
        }
        if on_array.size < content {
            found.refusing.push(self.finding(
                FindingCode::TwinTooSmall,
                sizes(),
                "extend it on the array to what Cinder says, or unprotect the group and protect it again",
            ));
        } else if cinder.size > needed || on_array.size > content {
            // In a disaster it is the guest's to make use of the rest.
            let to = if unplanned { &mut *found.warnings } else { &mut *found.refusing };
            to.push(self.finding(
                FindingCode::TwinTooLarge,
                sizes(),
                "extend the original to the twin's size, or unprotect and protect again",
            ));
        }
        None
    }
}
