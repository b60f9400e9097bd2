//! Tags of volumes: what is kept under a namespace and a key.

use super::Refused;
use super::volumes::Volume;
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};

const LONGEST_KEY: usize = 64;
const LONGEST_VALUE: usize = 256;
const RESOURCE: &str = "resource";

/// A tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    id: String,
    pub(super) home: String,
    /// Id of the volume.
    pub resource: String,
    /// Its namespace.
    pub namespace: String,
    /// Its key, of which there is one in a namespace.
    pub key: String,
    /// Its value.
    pub value: Option<String>,
    /// Whether copies of the volume get it, too.
    pub copyable: bool,
}

impl Record for Tag {
    const KIND: &'static str = "array.tag";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![(RESOURCE, self.resource.clone())]
    }
}

/// What a tag says.
#[derive(Debug, Clone)]
pub struct NewTag {
    /// Its namespace.
    pub namespace: String,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Option<String>,
    /// Whether copies of the volume get it, too.
    pub copyable: bool,
}

/// The tags of a volume.
///
/// # Errors
/// The world cannot be read.
pub fn of(transaction: &Transaction<'_>, volume: &Volume) -> Result<Vec<Tag>, WorldError> {
    transaction.find(&volume.home, RESOURCE, &volume.id)
}

/// Sets a tag, instead of the one of this namespace and key if there is one.
///
/// # Errors
/// The key is empty or too long, or the value is too long.
pub fn set(transaction: &mut Transaction<'_>, volume: &Volume, wanted: &NewTag) -> Result<Tag, Refused> {
    let length = |text: &str| text.chars().count();
    if wanted.key.is_empty()
        || length(&wanted.key) > LONGEST_KEY
        || length(wanted.value.as_deref().unwrap_or_default()) > LONGEST_VALUE
    {
        return Err(Refused::new("Invalid tag.", &wanted.key));
    }
    let tag = tag(volume, wanted);
    transaction.remove::<Tag>(&tag.home, &tag.id)?;
    save(transaction, &tag)?;
    Ok(tag)
}

fn tag(volume: &Volume, wanted: &NewTag) -> Tag {
    Tag {
        id: format!("{}/{}/{}", volume.id, wanted.namespace, wanted.key),
        home: volume.home.clone(),
        resource: volume.id.clone(),
        namespace: wanted.namespace.clone(),
        key: wanted.key.clone(),
        value: wanted.value.clone(),
        copyable: wanted.copyable,
    }
}

pub(super) fn save(transaction: &mut Transaction<'_>, tag: &Tag) -> Result<(), WorldError> {
    transaction.put(&tag.home, tag)
}

/// Removes the tags of a namespace from a volume, or those of some keys of it.
///
/// # Errors
/// The world cannot be changed.
pub fn remove(
    transaction: &mut Transaction<'_>,
    volume: &Volume,
    namespace: &str,
    keys: Option<&[String]>,
) -> Result<(), WorldError> {
    for tag in of(transaction, volume)? {
        if tag.namespace == namespace && keys.is_none_or(|keys| keys.contains(&tag.key)) {
            transaction.remove::<Tag>(&tag.home, &tag.id)?;
        }
    }
    Ok(())
}

pub(super) fn remove_all(transaction: &mut Transaction<'_>, volume: &Volume) -> Result<(), WorldError> {
    for tag in of(transaction, volume)? {
        transaction.remove::<Tag>(&tag.home, &tag.id)?;
    }
    Ok(())
}

/// A copy of a volume gets the tags that are to be copied.
pub(super) fn copy(transaction: &mut Transaction<'_>, from: &Volume, to: &Volume) -> Result<(), WorldError> {
    for one in of(transaction, from)?.into_iter().filter(|tag| tag.copyable) {
        let wanted =
            NewTag { namespace: one.namespace, key: one.key, value: one.value, copyable: one.copyable };
        save(transaction, &tag(to, &wanted))?;
    }
    Ok(())
}
