//! What Nova and Cinder ask Glance for, without a request between them.

use super::data::{self, ImageData};
use super::images::{self, Image, Visibility};
use crate::cloud::{Caller, Fault};
use crate::world::{Transaction, WorldError};
use std::collections::BTreeMap;

/// Finds an image that a caller sees.
///
/// # Errors
/// 404 in Glance's words: there is none, or the caller does not see it.
pub fn image(transaction: &Transaction<'_>, site: &str, caller: &Caller, id: &str) -> Result<Image, Fault> {
    match transaction.get::<Image>(site, id)? {
        Some(image) if images::is_visible(transaction, site, caller, &image)? => Ok(image),
        _ => Err(images::unknown(id)),
    }
}

/// The bytes of an image; none if it has no data.
///
/// # Errors
/// The world cannot be read.
pub fn bytes(transaction: &Transaction<'_>, site: &str, id: &str) -> Result<Vec<u8>, WorldError> {
    Ok(transaction.get::<ImageData>(site, id)?.map(|data| data.bytes()).unwrap_or_default())
}

/// What a new image is made of.
#[derive(Debug, Clone)]
pub struct NewImage<'a> {
    /// Its name.
    pub name: &'a str,
    /// Id of its project.
    pub owner: &'a str,
    /// Who can see it.
    pub visibility: Visibility,
    /// Format of the disk.
    pub disk_format: &'a str,
    /// How many GiB of disk a server needs.
    pub min_disk: u64,
    /// How many MiB of memory a server needs.
    pub min_ram: u64,
    /// Properties that Glance does not know.
    pub properties: BTreeMap<String, String>,
    /// Its data; without any it is `queued` until [`complete`].
    pub bytes: Option<&'a [u8]>,
}

/// Makes an image.
///
/// # Errors
/// The world cannot be changed.
pub fn create(
    transaction: &mut Transaction<'_>,
    site: &str,
    new: &NewImage<'_>,
) -> Result<Image, WorldError> {
    let id = transaction.new_uuid()?.to_string();
    let mut image = Image {
        name: Some(new.name.to_owned()),
        visibility: new.visibility,
        disk_format: Some(new.disk_format.to_owned()),
        container_format: Some("bare".to_owned()),
        min_disk: new.min_disk,
        min_ram: new.min_ram,
        properties: new.properties.clone(),
        ..Image::queued(id, new.owner, transaction.now())
    };
    match new.bytes {
        Some(bytes) => fill(transaction, site, &mut image, bytes)?,
        None => transaction.put(site, &image)?,
    }
    Ok(image)
}

/// Gives an image its data, and makes it `active`. One that was deleted meanwhile stays so.
///
/// # Errors
/// The world cannot be changed.
pub fn complete(
    transaction: &mut Transaction<'_>,
    site: &str,
    id: &str,
    bytes: &[u8],
) -> Result<(), WorldError> {
    let Some(mut image) = transaction.get::<Image>(site, id)? else { return Ok(()) };
    image.updated_at = transaction.now();
    fill(transaction, site, &mut image, bytes)
}

fn fill(
    transaction: &mut Transaction<'_>,
    site: &str,
    image: &mut Image,
    bytes: &[u8],
) -> Result<(), WorldError> {
    data::describe(image, bytes);
    "active".clone_into(&mut image.status);
    transaction.put(site, &ImageData::of(&image.id, bytes))?;
    transaction.put(site, image)
}
