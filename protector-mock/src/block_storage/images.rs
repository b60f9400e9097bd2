//! What volumes need of images. Source: `cinder/volume/volume_utils.py` (`check_image_metadata`, 2026.2).

use super::driver::outcome;
use super::faults::invalid_input;
use crate::arrays;
use crate::cloud::{Caller, Fault};
use crate::image::{Visibility, for_others};
use crate::world::{Transaction, WorldError};
use std::collections::BTreeMap;

/// An image, as far as a volume needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    /// In bytes.
    pub(crate) size: u64,
    /// What the disk in it has, in bytes; 0 if nobody knows.
    pub(crate) virtual_size: u64,
    /// In gibibytes.
    pub(crate) min_disk: u64,
    /// In mebibytes.
    pub(crate) min_ram: u64,
    pub(crate) container_format: String,
    pub(crate) disk_format: String,
    pub(crate) checksum: String,
    pub(crate) properties: BTreeMap<String, String>,
}

const GIBIBYTE: u64 = 1 << 30;

impl Image {
    /// Refuses a volume that the image does not fit into.
    pub(super) fn check(&self, size: u64) -> Result<(), Fault> {
        if self.status != "active" {
            return Err(invalid_input(format!("Image {} is not active.", self.id)));
        }
        let needed = self.size.max(self.virtual_size).div_ceil(GIBIBYTE);
        if size < needed {
            return Err(invalid_input(format!(
                "Size of specified image {needed}GB is larger than volume size {size}GB."
            )));
        }
        if size < self.min_disk {
            return Err(invalid_input(format!(
                "Volume size {size}GB cannot be smaller than the image minDisk size {}GB.",
                self.min_disk
            )));
        }
        Ok(())
    }

    /// What a volume remembers of it (`volume_glance_metadata`).
    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        let mut told = self.properties.clone();
        for (name, value) in [
            ("image_id", self.id.clone()),
            ("image_name", self.name.clone()),
            ("container_format", self.container_format.clone()),
            ("disk_format", self.disk_format.clone()),
            ("checksum", self.checksum.clone()),
            ("min_disk", self.min_disk.to_string()),
            ("min_ram", self.min_ram.to_string()),
            ("size", self.size.to_string()),
        ] {
            told.insert(name.to_owned(), value);
        }
        told
    }
}

/// The image of an id, as a project sees it.
pub(crate) fn image(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
    id: &str,
) -> Result<Image, Fault> {
    let caller =
        Caller { project: project.to_owned(), roles: vec!["member".to_owned()], ..Caller::default() };
    let found = for_others::image(transaction, scope, &caller, id).map_err(|fault| {
        if fault.source.is_some() {
            return fault;
        }
        Fault::bad_request("Invalid image identifier or unable to access requested image.")
    })?;
    Ok(Image {
        id: found.id,
        name: found.name.unwrap_or_default(),
        status: found.status,
        size: found.size.unwrap_or(0),
        virtual_size: found.virtual_size.unwrap_or(0),
        min_disk: found.min_disk,
        min_ram: found.min_ram,
        container_format: found.container_format.unwrap_or_default(),
        disk_format: found.disk_format.unwrap_or_default(),
        checksum: found.checksum.unwrap_or_default(),
        properties: found.properties,
    })
}

/// What a volume is to begin with: the bytes of its image.
pub(super) fn bytes(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<Vec<u8>, WorldError> {
    for_others::bytes(transaction, scope, id)
}

/// So much of a volume becomes an image. Images are kept whole in the world's file.
const LARGEST: u64 = 16 << 20;

/// An image that is made of a volume.
#[derive(Debug, Clone)]
pub(super) struct NewImage {
    pub(super) name: String,
    pub(super) disk_format: String,
    pub(super) container_format: String,
    /// In gibibytes.
    pub(super) size: u64,
}

/// Makes an image that has no data yet, and returns its id.
pub(super) fn from_volume(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: &str,
    new: &NewImage,
) -> Result<String, Fault> {
    let wanted = for_others::NewImage {
        name: &new.name,
        owner: project,
        visibility: Visibility::Private,
        disk_format: &new.disk_format,
        min_disk: new.size,
        min_ram: 0,
        properties: BTreeMap::new(),
        bytes: None,
    };
    Ok(for_others::create(transaction, scope, &wanted)?.id)
}

/// Gives an image the volume's first mebibytes, up to the last byte that is not zero.
pub(super) fn fill(
    transaction: &mut Transaction<'_>,
    scope: &str,
    image: &str,
    array: &str,
    volume: &str,
    size: u64,
) -> Result<(), WorldError> {
    let length = (size << 30).min(LARGEST);
    let read = outcome(arrays::volumes::read(transaction, array, volume, 0, length))?;
    let bytes = read.unwrap_or_default();
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    for_others::complete(transaction, scope, image, bytes.get(..end).unwrap_or_default())
}
