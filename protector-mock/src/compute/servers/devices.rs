//! The disks of a new server. Source: nova/block_device.py (`from_api`), nova/compute/api.py (`_validate_bdm`).

use crate::cloud::{Call, Fault};
use crate::compute::flavors::Flavor;
use crate::compute::neighbours::{self, Image};
use crate::compute::schema::{integer, text, truth};
use crate::world::{Transaction, WorldError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the content of a disk comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    Volume(String),
    Image(String),
    Snapshot(String),
    Blank,
}

/// A disk of a server (a block device mapping).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) source: Source,
    /// Whether it is a volume, or lies on the host.
    pub(crate) on_volume: bool,
    /// The volume, as soon as there is one.
    pub(crate) volume: Option<String>,
    /// What reserves the volume in Cinder.
    pub(crate) attachment: Option<String>,
    pub(crate) size: Option<i64>,
    pub(crate) volume_type: Option<String>,
    pub(crate) boot_index: Option<i64>,
    /// `/dev/sda`.
    pub(crate) name: Option<String>,
    pub(crate) delete_on_termination: bool,
    pub(crate) tag: Option<String>,
}

impl Device {
    pub(crate) fn is_root(&self) -> bool {
        self.boot_index == Some(0)
    }

    pub(crate) fn is_volume(&self) -> bool {
        self.on_volume
    }
}

fn invalid(details: &str) -> Fault {
    Fault::bad_request(format!("Block Device Mapping is Invalid: {details}"))
}

/// Reads the devices that a request wants.
///
/// # Errors
/// 400 with Nova's sentences.
pub(super) fn read(
    call: &mut Call<'_, '_>,
    given: &Value,
    image: Option<&str>,
) -> Result<Vec<Device>, Fault> {
    let list = |name: &str| given.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (legacy, modern) = (list("block_device_mapping"), list("block_device_mapping_v2"));
    if !legacy.is_empty() && !modern.is_empty() {
        return Err(Fault::bad_request(
            "Using different block_device_mapping syntaxes is not allowed in the same request.",
        ));
    }
    let mut devices = Vec::new();
    for entry in &modern {
        devices.extend(modern_device(call.transaction, entry, image)?);
    }
    for (index, entry) in legacy.iter().enumerate() {
        devices.extend(legacy_device(call.transaction, entry, index == 0 && image.is_none())?);
    }
    if let Some(image) = image
        && !devices.iter().any(Device::is_root)
    {
        let id = call.transaction.new_uuid()?.to_string();
        let root = Device {
            id,
            source: Source::Image(image.to_owned()),
            on_volume: false,
            volume: None,
            attachment: None,
            size: None,
            volume_type: None,
            boot_index: Some(0),
            name: None,
            delete_on_termination: true,
            tag: None,
        };
        devices.insert(0, root);
    }
    Ok(devices)
}

fn modern_device(
    transaction: &mut Transaction<'_>,
    entry: &Value,
    image: Option<&str>,
) -> Result<Option<Device>, Fault> {
    if entry.get("no_device").is_some_and(|value| truth(value) || value.is_string()) {
        return Ok(None);
    }
    let word = |name: &str| entry.get(name).and_then(Value::as_str);
    let (kind, uuid) = (word("source_type").unwrap_or_default(), word("uuid").map(str::to_owned));
    let boot_index = integer(entry.get("boot_index"));
    let on_volume = match word("destination_type") {
        Some(destination) => destination == "volume",
        // nova.block_device gives volumes and snapshots to where they are.
        None => matches!(kind, "volume" | "snapshot"),
    };
    if kind == "blank" && uuid.is_some() {
        return Err(invalid("Invalid device UUID."));
    }
    let uuid = match (kind, uuid) {
        ("blank", _) => String::new(),
        (_, Some(uuid)) => uuid,
        (_, None) => return Err(invalid("Missing device UUID.")),
    };
    if kind == "image" && !on_volume && !(image.is_some() && boot_index == Some(0)) {
        return Err(invalid("Mapping image to local is not supported."));
    }
    let volume_type = text(entry.get("volume_type")).filter(|name| !name.is_empty());
    if volume_type.is_some() && !on_volume {
        return Err(invalid("Specifying a volume_type with destination_type=local is not supported."));
    }
    if volume_type.is_some() && kind == "volume" {
        return Err(invalid("Specifying volume type to existing volume is not supported."));
    }
    let source = match kind {
        "volume" => Source::Volume(uuid.clone()),
        "image" => Source::Image(uuid),
        "snapshot" => Source::Snapshot(uuid),
        _ => Source::Blank,
    };
    let volume = match &source {
        Source::Volume(volume) => Some(volume.clone()),
        _ => None,
    };
    Ok(Some(Device {
        id: transaction.new_uuid()?.to_string(),
        source,
        on_volume,
        volume,
        attachment: None,
        size: integer(entry.get("volume_size")),
        volume_type,
        boot_index: boot_index.filter(|index| *index >= 0),
        name: text(entry.get("device_name")).map(|name| with_folder(&name)),
        // What is local goes with the server.
        delete_on_termination: entry.get("delete_on_termination").map_or(!on_volume, truth),
        tag: text(entry.get("tag")),
    }))
}

fn legacy_device(
    transaction: &mut Transaction<'_>,
    entry: &Value,
    boots: bool,
) -> Result<Option<Device>, WorldError> {
    let source = match (text(entry.get("volume_id")), text(entry.get("snapshot_id"))) {
        (Some(volume), _) => Source::Volume(volume),
        (None, Some(snapshot)) => Source::Snapshot(snapshot),
        (None, None) => return Ok(None),
    };
    let volume = match &source {
        Source::Volume(volume) => Some(volume.clone()),
        _ => None,
    };
    Ok(Some(Device {
        id: transaction.new_uuid()?.to_string(),
        source,
        on_volume: true,
        volume,
        attachment: None,
        size: integer(entry.get("volume_size")),
        volume_type: None,
        boot_index: boots.then_some(0),
        name: text(entry.get("device_name")).map(|name| with_folder(&name)),
        delete_on_termination: entry.get("delete_on_termination").is_some_and(truth),
        tag: None,
    }))
}

fn with_folder(name: &str) -> String {
    if name.starts_with("/dev/") { name.to_owned() } else { format!("/dev/{name}") }
}

/// Gives the devices without a name the next letters, the root the first.
pub(crate) fn name_devices(devices: &mut [Device]) {
    let mut order: Vec<usize> = (0..devices.len()).collect();
    order.sort_by_key(|index| devices.get(*index).and_then(|device| device.boot_index).unwrap_or(i64::MAX));
    for index in order {
        let free = free_name(devices);
        if let Some(device) = devices.get_mut(index)
            && device.name.is_none()
        {
            device.name = Some(free);
        }
    }
}

/// The next name that no device has.
pub(crate) fn free_name(devices: &[Device]) -> String {
    let used = |name: &str| devices.iter().any(|device| device.name.as_deref() == Some(name));
    ('a'..='z')
        .map(|letter| format!("/dev/sd{letter}"))
        .chain(('a'..='z').map(|letter| format!("/dev/sda{letter}")))
        .find(|name| !used(name))
        .unwrap_or_else(|| "/dev/sdzz".to_owned())
}

/// Refuses what does not fit together, or is not there, before anything is reserved.
///
/// # Errors
/// 400 or 403 with Nova's sentences.
pub(super) fn check(
    call: &Call<'_, '_>,
    devices: &mut [Device],
    flavor: &Flavor,
    image: Option<&Image>,
) -> Result<(), Fault> {
    let root_on_volume = devices.iter().any(|device| device.is_root() && device.is_volume());
    if let Some(image) = image.filter(|_| !root_on_volume) {
        check_image(flavor, image)?;
    }
    let mut indexes: Vec<i64> = devices.iter().filter_map(|device| device.boot_index).collect();
    indexes.sort_unstable();
    let in_order = indexes.iter().zip(0..).all(|(found, wanted)| *found == wanted);
    if indexes.is_empty() || !in_order {
        return Err(invalid(
            "Boot sequence for the instance and image/block device mapping combination is not valid.",
        ));
    }
    for device in devices.iter_mut().filter(|device| device.on_volume) {
        match &device.source {
            Source::Volume(id) => {
                let volume = neighbours::volume(call, id)?
                    .ok_or_else(|| invalid(&format!("failed to get volume {id}.")))?;
                if volume.multiattach && !call.since(2, 60) {
                    return Err(Fault::bad_request(
                        "Multiattach volumes are only supported starting with compute API version 2.60.",
                    ));
                }
                if device.is_root() && !volume.bootable {
                    return Err(Fault::bad_request(format!("Block Device {id} is not bootable.")));
                }
                device.size = Some(volume.size);
            }
            Source::Snapshot(id) => {
                let size = neighbours::snapshot_size(call, id)?
                    .ok_or_else(|| invalid(&format!("failed to get snapshot {id}.")))?;
                device.size = device.size.or(Some(size));
            }
            Source::Image(id) => {
                if neighbours::image(call, id)?.is_none() {
                    return Err(invalid(&format!("failed to get image {id}.")));
                }
                if device.size.is_none() {
                    return Err(Fault::bad_request(
                        "Images with destination_type 'volume' need to have a non-zero size specified",
                    ));
                }
            }
            Source::Blank => {
                if device.size.is_none() {
                    return Err(Fault::bad_request(
                        "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
                    ));
                }
            }
        }
    }
    Ok(())
}

fn check_image(flavor: &Flavor, image: &Image) -> Result<(), Fault> {
    const GIB: i64 = 1 << 30;
    if image.status != "active" {
        return Err(Fault::bad_request(format!("Image {} is not active.", image.id)));
    }
    if flavor.ram < image.least_ram {
        return Err(Fault::bad_request("Flavor's memory is too small for requested image."));
    }
    if flavor.disk == 0 {
        return Err(Fault::forbidden("Only volume-backed servers are allowed for flavors with zero disk."));
    }
    let disk = flavor.disk.saturating_mul(GIB);
    if disk < image.size {
        return Err(Fault::bad_request(format!(
            "Flavor's disk is too small for requested image. Flavor disk is {disk} bytes, image is {} bytes.",
            image.size
        )));
    }
    let least = image.least_disk.saturating_mul(GIB);
    if disk < least {
        return Err(Fault::bad_request(format!(
            "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is {disk} bytes, \
             minimum size is {least} bytes."
        )));
    }
    Ok(())
}
