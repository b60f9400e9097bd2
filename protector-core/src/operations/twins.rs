//! The other site's volumes: what makes them, and how a group's document has them.

use super::placement::quota;
use super::{Known, site_volume};
use crate::domain::{
    Finding, Member, PortLineage, ProtectionGroup, ServerDefinition, SiteVolume, VolumeDefinition,
    VolumeLineage,
};
use crate::driver::ArrayVolume;
use crate::engine::{StepBuilder, output};
use crate::id::{ArrayName, LineageId, SiteName, StepId, VolumeId};
use crate::inventory::{Captured, SiteFacts};
use crate::openstack::block_storage::GIB;
use crate::steps::cinder::ExtendTwinInput;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a volume is called where a person reads it.
pub(super) fn volume_label(name: &str, lineage: LineageId) -> String {
    if name.is_empty() { format!("volume-{}", lineage.uuid()) } else { name.to_owned() }
}

/// A VM that has just been read, as a member: nothing of it is at the other site yet.
pub(super) fn new_member(
    definition: &ServerDefinition,
    source: &SiteName,
    (array, volumes): (&ArrayName, &BTreeMap<VolumeId, ArrayVolume>),
) -> Member {
    let at_source = |volume: &VolumeId| {
        let found = volumes.get(volume)?;
        Some(SiteVolume {
            volume_id: volume.clone(),
            array: array.clone(),
            array_volume_id: found.id.clone(),
            serial: found.serial.clone(),
            array_volume_name: found.name.clone(),
        })
    };
    let port_lineage = |port: &crate::domain::PortDefinition| PortLineage {
        lineage: port.lineage,
        sites: [(source.clone(), port.port_id.clone())].into(),
    };
    let volume_lineage = |volume: &VolumeDefinition| VolumeLineage {
        lineage: volume.lineage,
        name: volume_label(volume.name.as_str(), volume.lineage),
        sites: at_source(&volume.volume_id).map(|found| (source.clone(), found)).into_iter().collect(),
    };
    Member {
        lineage: definition.lineage,
        name: definition.name.clone(),
        // A VM that is shut off starts nothing that others wait for.
        order: u32::from(!definition.running),
        servers: [(source.clone(), definition.server_id.clone())].into(),
        ports: definition.ports.iter().map(port_lineage).collect(),
        volumes: definition.volumes.iter().map(volume_lineage).collect(),
        absent: None,
    }
}

/// A member's volumes once the steps that make their twins have been done.
pub(super) fn with_twins(member: &Member, target: &SiteName, twins: &BTreeMap<LineageId, StepId>) -> Value {
    let volumes = member.volumes.iter().map(|volume| {
        let mut value = json!(volume);
        let twin = twins.get(&volume.lineage).map(site_volume);
        if let (Some(sites), Some(twin)) = (value.get_mut("sites").and_then(Value::as_object_mut), twin) {
            sites.insert(target.to_string(), twin);
        }
        value
    });
    Value::Array(volumes.collect())
}

/// The step that makes a twin; `group` is the Cinder group's id, or the output that will be it.
pub(super) fn create_twin(
    site: &SiteName,
    array: &ArrayName,
    group: &Value,
    (volume, image_metadata): (&VolumeDefinition, &BTreeMap<String, String>),
    twin: &Value,
) -> StepBuilder {
    let mut twin = twin.clone();
    if let Some(fields) = twin.as_object_mut() {
        fields.insert("group_id".to_owned(), group.clone());
    }
    StepBuilder::new(
        "create_twin",
        format!("create_twin/{}", volume.lineage),
        format!("make the twin of {}", volume_label(&volume.name, volume.lineage)),
    )
    .at(site)
    .input(json!({"lineage": volume.lineage, "volume": twin, "bootable": volume.bootable,
        "image_metadata": image_metadata, "array": array}))
    .call("POST block-storage /volumes")
    .call("POST block-storage /volumes/{id}/action os-set_bootable, os-set_image_metadata, os-reserve")
    .reverted_by("DELETE block-storage /volumes/{id}")
}

/// The step that removes what was made beside the twins; late, so that what comes late is there.
pub(super) fn remove_surplus_twins(site: &SiteName, twins: &BTreeMap<LineageId, StepId>) -> StepBuilder {
    let twins: BTreeMap<String, Value> =
        twins.iter().map(|(lineage, step)| (lineage.to_string(), output(step, "volume_id"))).collect();
    StepBuilder::new("remove_surplus_twins", "remove_surplus_twins", "see that each volume has one twin")
        .at(site)
        .input(json!({"twins": twins}))
        .call("GET block-storage /volumes/detail?metadata=…")
        .call("DELETE block-storage /volumes/{id}, if a twin was made twice")
}

/// How many GiB a twin needs: what the original has, and never less than the bytes that are to be written to it.
pub(super) fn size(original: u64, content: u64) -> u64 {
    content.div_ceil(GIB).max(original)
}

/// The GiB of a member's volumes at the other site.
pub(super) fn sizes(member: &Member, target: &SiteFacts) -> BTreeMap<LineageId, u64> {
    let size = |volume: &VolumeLineage| {
        let twin = volume.sites.get(&target.site)?;
        Some((volume.lineage, target.volume(&twin.volume_id)?.size))
    };
    member.volumes.iter().filter_map(size).collect()
}

/// The step that makes a twin larger.
pub(super) fn extend_twin(
    site: &SiteName,
    (lineage, label): (LineageId, &str),
    twin: &SiteVolume,
    gigabytes: u64,
    reserved: bool,
) -> StepBuilder {
    let id = &twin.volume_id;
    StepBuilder::new(
        "extend_twin",
        format!("extend_twin/{lineage}"),
        format!("extend the twin of {label} to {gigabytes} GiB; it stays so"),
    )
    .at(site)
    .input(ExtendTwinInput { volume_id: id.clone(), array: twin.array.clone(), size: gigabytes, reserved })
    .call(format!("POST block-storage /volumes/{id}/action os-unreserve, if it is reserved"))
    .call(format!("POST block-storage /volumes/{id}/action os-extend"))
    .call(format!("POST block-storage /volumes/{id}/action os-reserve, if it was reserved"))
}

/// The steps that make twins as large as their originals have become; what the quota forbids is said instead.
pub(super) fn extend_grown(
    group: &ProtectionGroup,
    (source, target): (Known<'_>, Known<'_>),
    captured: &[Captured],
) -> Result<Vec<StepBuilder>, Finding> {
    let mut steps = Vec::new();
    let mut growth = 0;
    for volume in captured.iter().flat_map(|captured| &captured.definition.volumes) {
        let known = group.volumes().find(|(_, known)| known.lineage == volume.lineage);
        let twin = known.and_then(|(_, known)| known.sites.get(&target.site.site));
        let there = twin.and_then(|twin| Some((twin, target.site.volume(&twin.volume_id)?)));
        let Some((twin, cinder)) = there else { continue };
        let content = source.arrays.volumes.get(&volume.volume_id).map_or(0, |(_, on_array)| on_array.size);
        let needed = size(volume.size, content);
        if cinder.size >= needed {
            continue;
        }
        growth += needed - cinder.size;
        let label = volume_label(&volume.name, volume.lineage);
        let reserved = cinder.status == "attaching";
        steps.push(extend_twin(&target.site.site, (volume.lineage, &label), twin, needed, reserved));
    }
    match quota(target.site, "gigabytes", growth) {
        Some(finding) => Err(finding),
        None => Ok(steps),
    }
}
