//! What volumes need of images. Source: `cinder/volume/volume_utils.py` (`check_image_metadata`, 2026.2).

use super::faults::invalid_input;
use crate::cloud::Fault;
use crate::world::Transaction;
use std::collections::BTreeMap;

/// An image, as far as a volume needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    /// In bytes.
    pub(crate) size: u64,
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
        let needed = self.size.div_ceil(GIBIBYTE);
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
    _transaction: &Transaction<'_>,
    _scope: &str,
    _project: &str,
    _id: &str,
) -> Result<Image, Fault> {
    Err(Fault::bad_request("Invalid image identifier or unable to access requested image."))
}

/// An image that is made of a volume.
#[derive(Debug, Clone)]
pub(super) struct NewImage {
    pub(super) name: String,
    pub(super) disk_format: String,
    pub(super) container_format: String,
}

/// Makes an image, and returns its id.
pub(super) fn from_volume(
    _transaction: &mut Transaction<'_>,
    _scope: &str,
    _project: &str,
    _new: &NewImage,
) -> Result<String, Fault> {
    Err(Fault::bad_request("Unable to create an image."))
}
