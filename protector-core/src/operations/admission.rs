//! Whether VMs can be protected, all findings at once, and what their volumes have in common.

use super::placement::{Claims, Placement, eligibility, port_eligibility, quota, volume_eligibility};
use super::{Known, credential};
use crate::config::ProtectorConfig;
use crate::domain::{Finding, FindingCode, ProtectionGroup, naming};
use crate::driver::ArrayVolume;
use crate::id::{ArrayName, ConsistencyGroupId, LineageId, VolumeId};
use crate::inventory::Captured;
use crate::openstack::block_storage::VolumeType;
use std::collections::{BTreeMap, BTreeSet};

/// VMs that are to be in a group.
pub(super) struct Candidates<'a> {
    /// The group's name.
    pub(super) name: &'a str,
    /// Where the VMs run.
    pub(super) source: Known<'a>,
    /// The other site.
    pub(super) target: Known<'a>,
    /// The VMs, as they were read.
    pub(super) captured: &'a [Captured],
    /// The groups there are.
    pub(super) groups: &'a [ProtectionGroup],
    /// The Cinder group at the other site, if there is one yet.
    pub(super) target_group: Option<&'a ConsistencyGroupId>,
    /// Settings and mappings.
    pub(super) config: &'a ProtectorConfig,
}

/// What the volumes of the candidates have in common, as far as they have it.
pub(super) struct Admitted {
    pub(super) source_array: Option<ArrayName>,
    pub(super) source_type: Option<String>,
    pub(super) target_type: Option<String>,
    pub(super) volumes: BTreeMap<VolumeId, ArrayVolume>,
}

impl Candidates<'_> {
    pub(super) fn admit(&self, findings: &mut Vec<Finding>, warnings: &mut Vec<Finding>) -> Admitted {
        let (source, target) = (self.source.site, self.target.site);
        let placement = Placement { target, mappings: &self.config.mappings, source_site: &source.site };
        findings.extend([source, target].into_iter().filter_map(credential::role));
        let mut claims = Claims::default();
        for captured in self.captured {
            self.check_member(captured, (findings, warnings), &placement, &mut claims);
        }
        let volumes = || self.captured.iter().flat_map(|captured| &captured.definition.volumes);
        let types: BTreeSet<&str> = volumes().map(|volume| volume.volume_type.as_str()).collect();
        let replicated =
            || types.iter().filter(|name| source.volume_type(name).is_some_and(VolumeType::is_replicated));
        if replicated().count() > 1 {
            findings.push(Finding::new(
                FindingCode::VolumeTypesDiffer,
                &source.site,
                format!("group {}", self.name),
                format!(
                    "its volumes have the types {}",
                    types.iter().copied().collect::<Vec<_>>().join(", ")
                ),
                "retype them to one type: a consistency group has one",
            ));
        }
        let source_type = replicated().next().map(|name| (*name).to_owned());
        let target_type = source_type.as_deref().map(|name| placement.volume_type(name));
        let target_type = keep(target_type, findings);
        let (count, size) = (volumes().count() as u64, volumes().map(|volume| volume.size).sum());
        findings.extend(quota(target, "volumes", count));
        findings.extend(quota(target, "gigabytes", size));
        if let Some(name) = &target_type {
            findings.extend(quota(target, &format!("volumes_{name}"), count));
            findings.extend(quota(target, &format!("gigabytes_{name}"), size));
        }
        let (source_array, volumes) = self.on_one_array(findings);
        Admitted { source_array, source_type, target_type, volumes }
    }

    fn on_one_array(
        &self,
        findings: &mut Vec<Finding>,
    ) -> (Option<ArrayName>, BTreeMap<VolumeId, ArrayVolume>) {
        let source = self.source.site;
        let mut on_arrays = BTreeMap::new();
        let mut arrays = BTreeSet::new();
        for volume in self.captured.iter().flat_map(|captured| &captured.definition.volumes) {
            match self.source.arrays.volumes.get(&volume.volume_id) {
                Some((array, found)) => {
                    arrays.insert(array.clone());
                    on_arrays.insert(volume.volume_id.clone(), found.clone());
                }
                // What is of another type has its own finding.
                None if source.volume_type(&volume.volume_type).is_some_and(VolumeType::is_replicated) => {
                    findings.push(Finding::new(
                        FindingCode::VolumeNotOnArray,
                        &source.site,
                        format!("volume {}", volume.volume_id),
                        "none of the arrays in protector.yaml has it",
                        "add the array that it is on to the site's arrays",
                    ));
                }
                None => {}
            }
        }
        if arrays.len() > 1 {
            findings.push(Finding::new(
                FindingCode::VolumeTypesDiffer,
                &source.site,
                format!("group {}", self.name),
                "its volumes are on more than one array",
                "migrate them to one backend: a consistency group has one",
            ));
        }
        (arrays.into_iter().next(), on_arrays)
    }

    fn check_member(
        &self,
        captured: &Captured,
        (findings, warnings): (&mut Vec<Finding>, &mut Vec<Finding>),
        placement: &Placement<'_>,
        claims: &mut Claims,
    ) {
        let source = self.source.site;
        let definition = &captured.definition;
        let name = &definition.name;
        let Some(server) = source.server(&definition.server_id) else { return };
        findings.extend(eligibility(source, server));
        let holds = |group: &&ProtectionGroup| {
            group.members.values().any(|member| member.servers.get(&source.site) == Some(&server.id))
        };
        if let Some(group) = self.groups.iter().find(holds) {
            findings.push(Finding::new(
                FindingCode::ServerProtected,
                &source.site,
                format!("server {name}"),
                format!("it is in the Protection Group {}", group.name),
                "a VM is in at most one group: leave it out, or take it out of that group",
            ));
        }
        for volume in &definition.volumes {
            findings.extend(volume_eligibility(source, name, volume, None));
        }
        for port in &definition.ports {
            findings.extend(port_eligibility(source, name, port));
            // Needed at failover only: until then it can be mended.
            warnings.extend(placement.port(name, port, None, claims).err().unwrap_or_default());
        }
        warnings.extend(placement.flavor(name, &definition.flavor).err());
        self.check_lineages(captured, findings);
    }

    /// A VM that was released where it had been moved to still bears the identity that its original would get again: it
    /// would be taken for the original's twin, and overwritten.
    fn check_lineages(&self, captured: &Captured, findings: &mut Vec<Finding>) {
        let target = self.target.site;
        let definition = &captured.definition;
        let mut taken = |what: String| {
            findings.push(Finding::new(
                FindingCode::IdentityTaken,
                &target.site,
                format!("server {}", definition.name),
                format!("{what} there was once its counterpart, and was released"),
                format!(
                    "protect that one instead, or remove {} and {} from its metadata, or delete it",
                    naming::GROUP_KEY,
                    naming::LINEAGE_KEY
                ),
            ));
        };
        let bears = |metadata: &BTreeMap<String, String>, lineage: LineageId| {
            metadata.get(naming::LINEAGE_KEY).is_some_and(|found| *found == lineage.to_string())
        };
        for server in target.servers.iter().filter(|one| bears(&one.metadata, definition.lineage)) {
            taken(format!("server {} ({})", server.name, server.id));
        }
        for volume in &definition.volumes {
            for other in target.volumes.iter().filter(|one| bears(&one.metadata, volume.lineage)) {
                // A twin that came late is in the group, and used by nobody: it is taken, or removed.
                let strange = self.target_group.is_some_and(|group| other.group_id.as_ref() != Some(group));
                if strange || !other.attachments.is_empty() {
                    taken(format!("volume {}", other.id));
                }
            }
        }
    }
}

/// What was found, if it was; else the reason is noted.
pub(super) fn keep<T>(found: Option<Result<T, Finding>>, findings: &mut Vec<Finding>) -> Option<T> {
    match found? {
        Ok(value) => Some(value),
        Err(finding) => {
            findings.push(finding);
            None
        }
    }
}
