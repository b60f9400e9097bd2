//! What volumes and snapshots hold: an immutable tree of extents. Whoever has its root has all of it, so that a snapshot or a
//! copy costs nothing, two contents are the same exactly if their roots are, and what differs is found without reading the rest.

mod collection;
mod extents;
mod tree;

#[cfg(test)]
mod tests;

pub(super) use collection::collect_if_worthwhile;

use super::Refused;
use crate::world::{Transaction, WorldError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of an extent.
pub const EXTENT: u64 = 1 << 20;

/// All that a volume or snapshot holds. What was never written is zeros.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Content {
    root: Option<tree::Id>,
}

impl Content {
    /// Whether anything but zeros was written.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }
}

/// Reads bytes.
///
/// # Errors
/// The world cannot be read.
pub fn read(
    transaction: &Transaction<'_>,
    content: &Content,
    offset: u64,
    length: u64,
) -> Result<Vec<u8>, WorldError> {
    let mut bytes = Vec::new();
    let end = offset.saturating_add(length);
    let mut at = offset;
    while at < end {
        let within = at % EXTENT;
        let part = (EXTENT - within).min(end - at);
        let found = match tree::get(transaction, content.root, number(at / EXTENT))? {
            Some(id) => extents::read(transaction, id)?,
            None => Vec::new(),
        };
        let from = (within as usize).min(found.len());
        let to = ((within + part) as usize).min(found.len());
        let wanted = bytes.len() + part as usize;
        bytes.extend_from_slice(found.get(from..to).unwrap_or_default());
        bytes.resize(wanted, 0);
        at += part;
    }
    Ok(bytes)
}

/// The content after writing bytes.
///
/// # Errors
/// The world cannot be read or written.
pub fn written(
    transaction: &mut Transaction<'_>,
    content: &Content,
    offset: u64,
    bytes: &[u8],
) -> Result<Content, WorldError> {
    let mut changes = BTreeMap::new();
    let (mut at, mut rest) = (offset, bytes);
    while !rest.is_empty() {
        let within = (at % EXTENT) as usize;
        let (part, later) = rest.split_at((EXTENT as usize - within).min(rest.len()));
        let mut whole = match tree::get(transaction, content.root, number(at / EXTENT))? {
            Some(id) if part.len() < EXTENT as usize => extents::read(transaction, id)?,
            _ => Vec::new(),
        };
        whole.resize(whole.len().max(within + part.len()), 0);
        if let Some(place) = whole.get_mut(within..within + part.len()) {
            place.copy_from_slice(part);
        }
        changes.insert(number(at / EXTENT), extents::keep(transaction, &whole)?);
        at += part.len() as u64;
        rest = later;
    }
    Ok(Content { root: tree::changed(transaction, content.root, &changes)? })
}

/// The content after whole extents became what labels stand for: the text and zeros after it; `None` is zeros alone.
pub(super) fn labelled(
    transaction: &mut Transaction<'_>,
    content: &Content,
    labels: &BTreeMap<u32, Option<String>>,
) -> Result<Content, WorldError> {
    let mut changes = BTreeMap::new();
    for (number, label) in labels {
        let id = match label {
            Some(label) => extents::keep_labelled(transaction, label)?,
            None => None,
        };
        changes.insert(*number, id);
    }
    Ok(Content { root: tree::changed(transaction, content.root, &changes)? })
}

/// The label of each extent that was written (see [`labelled`]); the id of its bytes, if they are no label's.
pub(super) fn labels(
    transaction: &Transaction<'_>,
    content: &Content,
) -> Result<BTreeMap<u32, String>, WorldError> {
    let mut found = BTreeMap::new();
    for (number, id) in tree::all(transaction, content.root)? {
        found.insert(number, extents::label(transaction, id)?);
    }
    Ok(found)
}

/// How many extents differ.
pub(super) fn differing(
    transaction: &Transaction<'_>,
    before: &Content,
    after: &Content,
) -> Result<u64, WorldError> {
    tree::differing(transaction, before.root, after.root)
}

/// What is left in so many bytes.
pub(super) fn cut_to(
    transaction: &mut Transaction<'_>,
    content: &Content,
    size: u64,
) -> Result<Content, WorldError> {
    let (whole, part) = (number(size / EXTENT), size % EXTENT);
    let mut changes = BTreeMap::new();
    for (number, id) in tree::all(transaction, content.root)? {
        if number == whole && part > 0 {
            let mut bytes = extents::read(transaction, id)?;
            bytes.truncate(part as usize);
            changes.insert(number, extents::keep(transaction, &bytes)?);
        } else if number >= whole {
            changes.insert(number, None);
        }
    }
    Ok(Content { root: tree::changed(transaction, content.root, &changes)? })
}

/// Refuses what lies beyond a size.
///
/// # Errors
/// It does.
pub fn check_within(name: &str, size: u64, offset: u64, length: u64) -> Result<(), Refused> {
    match offset.checked_add(length) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Refused::new(format!("Bytes are beyond the volume ({size} bytes)."), name)),
    }
}

/// The largest volume has 2^32 extents.
fn number(extent: u64) -> u32 {
    u32::try_from(extent).unwrap_or(u32::MAX)
}
