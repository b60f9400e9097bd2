use super::TestFailoverFacts;
use super::networks::{Ground, Grounds, addresses};
use crate::domain::{
    Finding, FindingCode, KeypairDefinition, Member, PortDefinition, ServerDefinition, VolumeDefinition,
};
use crate::openstack::block_storage::GIB;
use crate::openstack::block_storage::VolumeType;
use crate::openstack::network::NewPort;
use crate::operations::failover::first_two;
use crate::operations::placement::{Placement, new_port};
use crate::operations::twins::volume_label;
use std::collections::BTreeSet;

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
}

/// What is found: what refuses the test, and what is to be known.
type Found<'f> = (&'f mut Vec<Finding>, &'f mut Vec<Finding>);

pub(super) fn place<'a>(
    facts: &TestFailoverFacts<'a>,
    placement: &Placement<'_>,
    (member, definition): (&'a Member, &'a ServerDefinition),
    grounds: &Grounds<'_>,
    (findings, warnings): Found<'_>,
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
            Some((member, size)) => volumes.push(CopiedVolume { definition: volume, member, size }),
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
        let security_groups = placement.security_groups(&definition.name, port, findings);
        let (network_id, fixed_ips) = match ground {
            Ground::Mapped { network, subnets } => {
                let fixed = addresses(facts, (network, subnets), (&member.name, port), findings);
                (network.id.clone(), fixed)
            }
            Ground::Isolated(_) => (String::new(), Vec::new()),
        };
        let port =
            CopiedPort { definition: port, port: new_port(port, network_id, fixed_ips, security_groups) };
        ports.push(port);
    }
    Copy { member, definition, flavor, volumes, ports }
}

/// The type of the test's volumes: the one that is named, else the only one on the backend of the replicated type that does
/// not replicate.
pub(super) fn volume_type(
    facts: &TestFailoverFacts<'_>,
    placement: &Placement<'_>,
    definitions: &[&ServerDefinition],
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let site = facts.site;
    let mut refuse = |code, subject: String, message: String, remedy: &str| {
        findings.push(Finding::new(code, &site.site, subject, message, remedy));
        None
    };
    let name_one = "name one in protector.yaml (defaults.test_volume_type) that does not replicate and is on the \
                    backend of the replicated type";
    if let Some(name) = &facts.config.defaults.test_volume_type {
        return match site.volume_type(name) {
            None => refuse(
                FindingCode::VolumeTypeMissing,
                format!("volume type {name}"),
                "there is no such volume type for tests".to_owned(),
                name_one,
            ),
            Some(found) if found.is_replicated() => refuse(
                FindingCode::VolumeTypeMissing,
                format!("volume type {name}"),
                "volumes of this type are replicated: a test's would be, too".to_owned(),
                name_one,
            ),
            Some(found) => Some(found.name.clone()),
        };
    }
    let used: BTreeSet<&str> = definitions
        .iter()
        .flat_map(|definition| &definition.volumes)
        .map(|volume| volume.volume_type.as_str())
        .collect();
    let replicated = used.iter().filter_map(|name| {
        let name = placement.volume_type(name).ok()?;
        site.volume_type(&name)
    });
    let backends: BTreeSet<&str> = replicated.filter_map(backend).collect();
    let fits = |kind: &&VolumeType| {
        !kind.is_replicated() && backend(kind).is_some_and(|backend| backends.contains(backend))
    };
    let fitting: Vec<&VolumeType> = site.volume_types.iter().filter(fits).collect();
    match fitting.as_slice() {
        [one] => Some(one.name.clone()),
        [] => refuse(
            FindingCode::VolumeTypeMissing,
            "volume type for tests".to_owned(),
            "no type is seen that does not replicate and is on the backend of the replicated one".to_owned(),
            name_one,
        ),
        several => refuse(
            FindingCode::VolumeTypeMissing,
            "volume type for tests".to_owned(),
            format!(
                "more than one fits: {}",
                several.iter().map(|kind| kind.name.as_str()).collect::<Vec<_>>().join(", ")
            ),
            name_one,
        ),
    }
}

fn backend(kind: &VolumeType) -> Option<&str> {
    kind.extra_specs.get("volume_backend_name").map(String::as_str)
}

/// What becomes of the VMs' keypairs.
#[derive(Default)]
pub(super) struct Keypairs<'a> {
    /// Those that are imported.
    pub(super) new: Vec<(&'a KeypairDefinition, &'a str)>,
    /// Those that cannot be had: their VMs are made without.
    pub(super) lost: BTreeSet<&'a str>,
}

pub(super) fn keypairs<'a>(
    facts: &TestFailoverFacts<'_>,
    copies: &[Copy<'a>],
    findings: &mut Vec<Finding>,
    warnings: &mut Vec<Finding>,
) -> Keypairs<'a> {
    let mut keypairs = Keypairs::default();
    for copy in copies {
        let Some(keypair) = &copy.definition.keypair else { continue };
        let there = facts.site.keypairs.iter().find(|there| there.name == keypair.name);
        let subject = || format!("keypair {} of server {}", keypair.name, copy.member.name);
        match (&keypair.public_key, there) {
            (Some(key), Some(there)) if first_two(key) != first_two(&there.public_key) => {
                findings.push(Finding::new(
                    FindingCode::KeypairDiffers,
                    &facts.site.site,
                    subject(),
                    "protector's user has another keypair of this name",
                    "delete or rename that one",
                ));
            }
            (_, Some(_)) => {}
            (Some(key), None) => {
                if !keypairs.new.iter().any(|(known, _)| known.name == keypair.name) {
                    keypairs.new.push((keypair, key));
                }
            }
            (None, None) => {
                keypairs.lost.insert(keypair.name.as_str());
                warnings.push(Finding::new(
                    FindingCode::AttributeDropped,
                    &facts.site.site,
                    subject(),
                    "its public key is unknown, and protector's user has no keypair of this name",
                    "import the keypair under the service user before the test",
                ));
            }
        }
    }
    keypairs
}
