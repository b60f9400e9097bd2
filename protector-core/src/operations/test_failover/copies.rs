use super::TestFailoverFacts;
use super::floating_ips::{self, NewAddress};
use super::networks::{Ground, Grounds, place_in};
use crate::config::MappingKind;
use crate::domain::{Finding, FindingCode, Member, PortDefinition, ServerDefinition, VolumeDefinition};
use crate::openstack::block_storage::GIB;
use crate::openstack::block_storage::VolumeType;
use crate::openstack::network::NewPort;
use crate::operations::placement::{Claims, Placement, SharedKeypairs, new_port};
use crate::operations::twins::volume_label;
use std::collections::{BTreeMap, BTreeSet};

/// A VM, and what its copy is made of.
pub(super) struct Copy<'a> {
    pub(super) member: &'a Member,
    pub(super) definition: &'a ServerDefinition,
    /// The flavor's id where the test runs.
    pub(super) flavor: String,
    pub(super) volumes: Vec<CopiedVolume<'a>>,
    pub(super) ports: Vec<CopiedPort<'a>>,
}

pub(super) struct CopiedVolume<'a> {
    pub(super) definition: &'a VolumeDefinition,
    /// Its name on the array where the group runs, under which the point has it.
    pub(super) member: String,
    /// GiB: what it had when the point was made.
    pub(super) size: u64,
}

pub(super) struct CopiedPort<'a> {
    pub(super) definition: &'a PortDefinition,
    /// The port; in a network that is made network and addresses are still to come.
    pub(super) port: NewPort,
    /// Its floating IP, if it is to have one.
    pub(super) floating_ip: Option<NewAddress>,
}

/// What is found: what refuses the test, what is to be known, and which addresses its ports have.
type Found<'f> = (&'f mut Vec<Finding>, &'f mut Vec<Finding>, &'f mut Claims);

pub(super) fn place<'a>(
    facts: &TestFailoverFacts<'a>,
    placement: &Placement<'_>,
    (member, definition): (&'a Member, &'a ServerDefinition),
    grounds: &Grounds<'_>,
    (findings, warnings, claims): Found<'_>,
) -> Copy<'a> {
    let flavor = placement.flavor(&definition.name, &definition.flavor);
    let flavor = flavor.unwrap_or_else(|finding| {
        findings.push(finding);
        String::new()
    });
    let mut volumes = Vec::new();
    for volume in &definition.volumes {
        let known = member.volumes.iter().find(|known| known.lineage == volume.lineage);
        let at_source = known.and_then(|known| known.sites.get(&facts.group.current_primary_site));
        let in_point = at_source.and_then(|there| {
            let size = facts.point.members.get(&there.array_volume_name)?;
            Some((there.array_volume_name.clone(), size.div_ceil(GIB)))
        });
        match in_point {
            Some((in_point, size)) => {
                warnings.extend(placement.missing_images(&member.name, volume));
                volumes.push(CopiedVolume { definition: volume, member: in_point, size });
            }
            None => warnings.push(Finding::new(
                FindingCode::Drift,
                &facts.group.current_primary_site,
                format!("volume {} of server {}", volume_label(&volume.name, volume.lineage), member.name),
                "it was added since the group was replicated last: the test is without it",
                "run `sync`, then test again",
            )),
        }
    }
    if definition.server_group.is_some() {
        warnings.push(Finding::new(
            FindingCode::AttributeDropped,
            &facts.site.site,
            format!("server group of server {}", member.name),
            "a test's servers are in no server group",
            "nothing: a real failover puts them into theirs",
        ));
    }
    let mut ports = Vec::new();
    for port in &definition.ports {
        let Some(ground) = grounds.of(port) else { continue };
        let new = match ground {
            Ground::Mapped { network, subnets } => place_in(facts, (network, subnets), (&member.name, port))
                .and_then(|placed| placement.port_at(&member.name, port, (placed, None), claims)),
            Ground::Isolated(_) => {
                let security_groups = placement.security_groups(&definition.name, port, findings);
                Ok(new_port(port, String::new(), Vec::new(), security_groups))
            }
        };
        match new {
            Ok(new) => {
                let wanted = (member.name.as_str(), port, &new);
                let choose = |ways_out| floating_ips::choose(facts, ways_out, ground, wanted, warnings);
                let floating_ip = facts.ways_out.and_then(choose);
                ports.push(CopiedPort { definition: port, port: new, floating_ip });
            }
            Err(more) => findings.extend(more),
        }
    }
    Copy { member, definition, flavor, volumes, ports }
}

/// The types of the test's volumes, by the type that each stands for: the one that a mapping names, else the one that is named
/// for all, else the only one on the backend of the replicated type that does not replicate.
pub(super) fn volume_types<'a>(
    facts: &TestFailoverFacts<'_>,
    placement: &Placement<'_>,
    definitions: &[&'a ServerDefinition],
    findings: &mut Vec<Finding>,
) -> BTreeMap<&'a str, String> {
    let volumes = definitions.iter().flat_map(|definition| &definition.volumes);
    let used: BTreeSet<&str> = volumes.map(|volume| volume.volume_type.as_str()).collect();
    let mut types = BTreeMap::new();
    for name in used {
        match test_type(facts, placement, name) {
            Ok(found) => {
                types.insert(name, found);
            }
            // What is wrong with the type that is named for all is told once.
            Err(finding) if findings.contains(&finding) => {}
            Err(finding) => findings.push(*finding),
        }
    }
    types
}

fn test_type(
    facts: &TestFailoverFacts<'_>,
    placement: &Placement<'_>,
    name: &str,
) -> Result<String, Box<Finding>> {
    let site = facts.site;
    let refused = |subject: String, message: String| {
        let name_one = "name one in protector.yaml (mappings.test_volume_types, or defaults.test_volume_type) that \
                        does not replicate and is on the backend of the replicated type";
        let code = FindingCode::VolumeTypeMissing;
        Err(Box::new(Finding::new(code, &site.site, subject, message, name_one)))
    };
    let mappings = &facts.config.mappings;
    let mapped =
        mappings.target(MappingKind::TestVolumeType, &facts.group.current_primary_site, name, &site.site);
    let chosen = mapped.explicit.then_some(&mapped.name).or(facts.config.defaults.test_volume_type.as_ref());
    if let Some(wanted) = chosen {
        let subject = format!("volume type {wanted}");
        return match site.volume_type(wanted) {
            None => refused(subject, "there is no such volume type for tests".to_owned()),
            Some(found) if found.is_replicated() => {
                refused(subject, "volumes of this type are replicated: a test's would be, too".to_owned())
            }
            Some(found) => Ok(found.name.clone()),
        };
    }
    let replicated = placement.volume_type(name).ok();
    let replicated = replicated.and_then(|name| backend(site.volume_type(&name)?));
    let fits =
        |kind: &&VolumeType| !kind.is_replicated() && replicated.is_some() && backend(kind) == replicated;
    let fitting: Vec<&VolumeType> = site.volume_types.iter().filter(fits).collect();
    let subject = format!("volume type for tests of {name}");
    match fitting.as_slice() {
        [one] => Ok(one.name.clone()),
        [] => refused(
            subject,
            "no type is seen that does not replicate and is on the backend of the replicated one".to_owned(),
        ),
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.name.as_str()).collect();
            refused(subject, format!("more than one fits: {}", names.join(", ")))
        }
    }
}

fn backend(kind: &VolumeType) -> Option<&str> {
    kind.extra_specs.get("volume_backend_name").map(String::as_str)
}

pub(super) fn keypairs<'a>(
    placement: &Placement<'_>,
    copies: &[Copy<'a>],
    findings: &mut Vec<Finding>,
    warnings: &mut Vec<Finding>,
) -> SharedKeypairs<'a> {
    let mut keypairs = SharedKeypairs::default();
    for copy in copies {
        if let Some(keypair) = &copy.definition.keypair {
            placement.keypair(&copy.member.name, keypair, &mut keypairs, (findings, warnings));
        }
    }
    keypairs
}
