mod ports;
mod shared;

pub(super) use self::ports::{Claims, PlacedPort, dhcp_options, new_port};
pub(super) use self::shared::{SharedKeypairs, SharedServerGroups};
use crate::config::{MappingKind, Mappings};
use crate::domain::{
    Finding, FindingCode, FlavorDefinition, IMAGE_ID, IMAGE_NAME, PortDefinition, ServerDefinition,
    VolumeDefinition, naming,
};
use crate::id::{ConsistencyGroupId, GroupId, SiteName};
use crate::inventory::SiteFacts;
use crate::openstack::block_storage::NewVolume;
use std::collections::BTreeMap;

/// Finds, at the site that a VM goes to, what stands for what it has where it is.
#[derive(Debug)]
pub(super) struct Placement<'a> {
    pub(super) target: &'a SiteFacts,
    pub(super) mappings: &'a Mappings,
    pub(super) source_site: &'a SiteName,
}

impl<'a> Placement<'a> {
    /// The same for a VM as it was captured: what was captured at the target has the names of there already.
    pub(super) fn of<'d>(&self, definition: &'d ServerDefinition) -> Placement<'d>
    where
        'a: 'd,
    {
        Placement { target: self.target, mappings: self.mappings, source_site: &definition.site }
    }

    fn mapped(&self, kind: MappingKind, name: &str) -> String {
        self.mappings.target(kind, self.source_site, name, &self.target.site).name
    }

    /// What stands where the VM comes from for what is at the target.
    fn mapped_back(&self, kind: MappingKind, name: &str) -> String {
        self.mappings.target(kind, &self.target.site, name, self.source_site).name
    }

    fn finding(&self, code: FindingCode, subject: String, message: String, remedy: &str) -> Finding {
        Finding::new(code, &self.target.site, subject, message, remedy)
    }

    /// The id of the flavor.
    pub(super) fn flavor(&self, server: &str, flavor: &FlavorDefinition) -> Result<String, Finding> {
        let name = self.mapped(MappingKind::Flavor, &flavor.name);
        let Some(found) = self.target.flavor(&name) else {
            return Err(self.finding(
                FindingCode::FlavorMissing,
                format!("flavor {name} of server {server}"),
                format!("there is no flavor {name} (for {} at {})", flavor.name, self.source_site),
                "make it, or map the flavor in protector.yaml (mappings.flavors)",
            ));
        };
        if (found.vcpus, found.ram) == (flavor.vcpus, flavor.memory) {
            return Ok(found.id.clone());
        }
        Err(self.finding(
            FindingCode::FlavorDiffers,
            format!("flavor {name} of server {server}"),
            format!(
                "it has {} processors and {} MiB instead of {} and {}",
                found.vcpus, found.ram, flavor.vcpus, flavor.memory
            ),
            "map the flavor to one of the same size in protector.yaml (mappings.flavors)",
        ))
    }

    /// The name of the volume type.
    pub(super) fn volume_type(&self, name: &str) -> Result<String, Finding> {
        let mapped = self.mapped(MappingKind::VolumeType, name);
        let subject = || format!("volume type {mapped}");
        match self.target.volume_type(&mapped) {
            None => Err(self.finding(
                FindingCode::VolumeTypeMissing,
                subject(),
                format!("there is no volume type {mapped} (for {name} at {})", self.source_site),
                "make it, or map the type in protector.yaml (mappings.volume_types)",
            )),
            Some(found) if !found.is_replicated() => Err(self.finding(
                FindingCode::VolumeNotReplicated,
                subject(),
                "it does not have replication_enabled='<is> True'".to_owned(),
                "map the type to one that replicates in protector.yaml (mappings.volume_types)",
            )),
            Some(found) => Ok(found.name.clone()),
        }
    }

    /// What a volume knows of the image that was written to it: the image's name and id are those of the other site where they
    /// are mapped.
    pub(super) fn image_metadata(&self, volume: &VolumeDefinition) -> BTreeMap<String, String> {
        with_images(&volume.image_metadata, |image| self.mapped(MappingKind::Image, image))
    }

    /// Whether what a volume at the target knows of an image stands for what the other knows: several images may be mapped to
    /// one.
    pub(super) fn knows_same_image(
        &self,
        volume: &VolumeDefinition,
        there: &BTreeMap<String, String>,
    ) -> bool {
        let back = || with_images(there, |image| self.mapped_back(MappingKind::Image, image));
        *there == self.image_metadata(volume) || back() == volume.image_metadata
    }

    /// The mapped images that a volume would tell of, and that are not there.
    pub(super) fn missing_images(&self, server: &str, volume: &VolumeDefinition) -> Vec<Finding> {
        let told = volume.images().map(|image| (image, self.mapped(MappingKind::Image, image)));
        let missing = told.filter(|(_, mapped)| self.target.missing_images.contains(mapped));
        missing
            .map(|(image, mapped)| {
                self.finding(
                    FindingCode::ImageMissing,
                    format!("image {mapped} of server {server}"),
                    format!(
                        "there is no image {mapped} (for {image} at {}), of which a volume would tell that it was made \
                         from it",
                        self.source_site
                    ),
                    "make it, or map the image to another in protector.yaml (mappings.images)",
                )
            })
            .collect()
    }

    /// The availability zone, if one was asked for.
    pub(super) fn availability_zone(&self, server: &ServerDefinition) -> Option<String> {
        server.availability_zone.as_ref().map(|zone| self.mapped(MappingKind::AvailabilityZone, zone))
    }
}

/// Image properties in which an image is named otherwise.
fn with_images(
    properties: &BTreeMap<String, String>,
    named: impl Fn(&str) -> String,
) -> BTreeMap<String, String> {
    let names_image = |key: &str| key == IMAGE_ID || key == IMAGE_NAME;
    let property = |(key, value): (&String, &String)| {
        (key.clone(), if names_image(key) { named(value) } else { value.clone() })
    };
    properties.iter().map(property).collect()
}

/// What Nova would refuse of servers that are to be made, and of others that get more processors and memory.
pub(super) fn compute_quota(
    facts: &SiteFacts,
    servers: &[&ServerDefinition],
    (cores, memory): (u64, u64),
) -> Vec<Finding> {
    let limits = &facts.compute_limits;
    let sum =
        |of: fn(&FlavorDefinition) -> u64| -> u64 { servers.iter().map(|server| of(&server.flavor)).sum() };
    let needs: [(&str, u64, i64, i64); 3] = [
        ("instances", servers.len() as u64, limits.max_instances, limits.instances_used),
        ("cores", sum(|flavor| flavor.vcpus) + cores, limits.max_cores, limits.cores_used),
        ("ram (MiB)", sum(|flavor| flavor.memory) + memory, limits.max_ram, limits.ram_used),
    ];
    let mut findings = Vec::new();
    for (kind, needed, limit, used) in needs {
        let free = u64::try_from(limit - used).unwrap_or(0);
        if limit >= 0 && needed > free {
            findings.push(Finding::new(
                FindingCode::QuotaExceeded,
                &facts.site,
                format!("quota {kind}"),
                format!("{needed} more are needed, {free} are free of {limit}"),
                "raise the quota of the project, or free what is not needed",
            ));
        }
    }
    findings
}

/// The twin of a volume: the same but empty, with our markers.
pub(super) fn twin(group: GroupId, volume: &VolumeDefinition, volume_type: &str) -> NewVolume {
    let mut metadata = volume.metadata.clone();
    metadata.extend(naming::markers(group, volume.lineage));
    NewVolume {
        name: volume.name.clone(),
        description: volume.description.clone(),
        size: volume.size,
        volume_type: Some(volume_type.to_owned()),
        // The planner puts the Cinder group in, which may not be there yet.
        group_id: None,
        availability_zone: None,
        metadata,
    }
}

/// What refuses a VM: what cannot be moved with it, wherever it goes.
pub(super) fn eligibility(facts: &SiteFacts, server: &crate::openstack::compute::Server) -> Vec<Finding> {
    let mut findings = Vec::new();
    let subject = || format!("server {}", server.name);
    let mut refuse = |code, message: String, remedy: &str| {
        findings.push(Finding::new(code, &facts.site, subject(), message, remedy));
    };
    if server.image.as_object().is_some_and(|image| !image.is_empty()) {
        refuse(
            FindingCode::ImageBooted,
            "it boots from an image: its root disk is on the compute host and is not replicated".to_owned(),
            "rebuild it with a boot volume of a replicated type",
        );
    }
    if server.flavor.ephemeral > 0 || server.flavor.swap > 0 {
        refuse(
            FindingCode::EphemeralDisk,
            format!(
                "flavor {} gives it an ephemeral or swap disk, which is not replicated",
                server.flavor.original_name
            ),
            "resize it to a flavor without ephemeral and swap disks",
        );
    }
    if !matches!(server.status.as_str(), "ACTIVE" | "SHUTOFF") || server.task_state.is_some() {
        refuse(
            FindingCode::ServerState,
            format!("it is {} ({})", server.status, server.task_state.as_deref().unwrap_or("no task")),
            "bring it to ACTIVE or SHUTOFF",
        );
    }
    findings
}

/// What refuses a volume.
pub(super) fn volume_eligibility(
    facts: &SiteFacts,
    server: &str,
    volume: &VolumeDefinition,
    own_group: Option<&ConsistencyGroupId>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let label = if volume.name.is_empty() { volume.volume_id.as_str() } else { volume.name.as_str() };
    let subject = || format!("volume {label} of server {server}");
    let mut refuse = |code, message: String, remedy: &str| {
        findings.push(Finding::new(code, &facts.site, subject(), message, remedy));
    };
    let Some(cinder) = facts.volume(&volume.volume_id) else { return findings };
    if cinder.encrypted {
        refuse(
            FindingCode::VolumeEncrypted,
            format!("its type {} is encrypted: the key would have to move, too", volume.volume_type),
            "copy it to a volume of a type that is not encrypted",
        );
    } else if !facts
        .volume_type(&volume.volume_type)
        .is_some_and(crate::openstack::block_storage::VolumeType::is_replicated)
    {
        refuse(
            FindingCode::VolumeNotReplicated,
            format!("its type {} does not have replication_enabled='<is> True'", volume.volume_type),
            "retype it to a type that replicates",
        );
    }
    if facts
        .volume_type(&volume.volume_type)
        .and_then(|kind| kind.replication_type())
        .is_some_and(|kind| kind != "async")
    {
        refuse(
            FindingCode::VolumeNotReplicated,
            format!("its type {} does not replicate asynchronously", volume.volume_type),
            "retype it to a type with replication_type='<in> async'",
        );
    }
    if cinder.attachments.len() > 1 {
        refuse(
            FindingCode::VolumeShared,
            "more than one server uses it".to_owned(),
            "detach it from the others",
        );
    }
    if let Some(group) = cinder.group_id.as_ref().filter(|group| Some(*group) != own_group) {
        refuse(
            FindingCode::VolumeInOtherGroup,
            format!("it is in the Cinder group {group} already"),
            "remove it from that group",
        );
    }
    findings
}

/// What refuses a port.
pub(super) fn port_eligibility(facts: &SiteFacts, server: &str, port: &PortDefinition) -> Option<Finding> {
    let kind = port.vnic_type.as_deref().filter(|kind| *kind != "normal")?;
    Some(Finding::new(
        FindingCode::PortKind,
        &facts.site,
        format!("port {} of server {server}", port.port_id),
        format!("it is plugged as {kind}, which is bound to its host"),
        "use a port of the kind normal",
    ))
}

/// Whether so many more may be made of a kind.
pub(super) fn quota(facts: &SiteFacts, kind: &str, needed: u64) -> Option<Finding> {
    let usage = facts.volume_quotas.get(kind)?;
    let free = u64::try_from(usage.free()?).unwrap_or(0);
    (needed > free).then(|| {
        Finding::new(
            FindingCode::QuotaExceeded,
            &facts.site,
            format!("quota {kind}"),
            format!("{needed} more are needed, {free} are free of {}", usage.limit),
            "raise the quota of the project, or free what is not needed",
        )
    })
}
