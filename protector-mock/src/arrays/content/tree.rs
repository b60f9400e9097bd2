//! Four levels of nodes, by the bytes of an extent's number. A node is stored once, under the hash of what it says.

use crate::world::{Transaction, WorldError};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// The SHA-256 of what it names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Id([u8; 32]);

impl Id {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let pairs = text.as_bytes().chunks(2).map(|pair| {
            let digits = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        let bytes: Option<Vec<u8>> = pairs.collect();
        bytes.and_then(|bytes| Self::from_bytes(&bytes)).ok_or_else(|| format!("{text:?} is no content's id"))
    }
}

/// What a node says: by the next byte of the number, a node or, on the last level, an extent.
pub(super) type Entries = BTreeMap<u8, Id>;

const LEVELS: u32 = 4;
const ENTRY: usize = 33;

/// The byte of a number that decides on a level; level 1 is the last.
fn digit(number: u32, level: u32) -> u8 {
    (number >> (8 * (level - 1))) as u8
}

pub(super) fn node(transaction: &Transaction<'_>, id: Option<Id>) -> Result<Entries, WorldError> {
    let Some(id) = id else { return Ok(Entries::new()) };
    let stored: Option<Vec<u8>> = transaction
        .sql()
        .prepare_cached("SELECT entries FROM extent_map WHERE id = ?1")?
        .query_row((id.bytes(),), |row| row.get(0))
        .optional()?;
    let stored = stored.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(stored
        .chunks_exact(ENTRY)
        .filter_map(|entry| {
            let (digit, id) = entry.split_first()?;
            Some((*digit, Id::from_bytes(id)?))
        })
        .collect())
}

fn store(transaction: &Transaction<'_>, entries: &Entries) -> Result<Option<Id>, WorldError> {
    if entries.is_empty() {
        return Ok(None);
    }
    let mut encoded = Vec::with_capacity(entries.len() * ENTRY);
    for (digit, id) in entries {
        encoded.push(*digit);
        encoded.extend_from_slice(id.bytes());
    }
    let id = Id::of(&encoded);
    transaction
        .sql()
        .prepare_cached("INSERT INTO extent_map (id, entries) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((id.bytes(), encoded))?;
    Ok(Some(id))
}

/// The extent of a number.
pub(super) fn get(
    transaction: &Transaction<'_>,
    root: Option<Id>,
    number: u32,
) -> Result<Option<Id>, WorldError> {
    let mut at = root;
    for level in (1..=LEVELS).rev() {
        if at.is_none() {
            break;
        }
        at = node(transaction, at)?.get(&digit(number, level)).copied();
    }
    Ok(at)
}

/// The tree after some numbers have become other extents, or none.
pub(super) fn changed(
    transaction: &mut Transaction<'_>,
    root: Option<Id>,
    changes: &BTreeMap<u32, Option<Id>>,
) -> Result<Option<Id>, WorldError> {
    let changes: Vec<(u32, Option<Id>)> = changes.iter().map(|(number, id)| (*number, *id)).collect();
    changed_on(transaction, root, LEVELS, &changes)
}

fn changed_on(
    transaction: &Transaction<'_>,
    at: Option<Id>,
    level: u32,
    changes: &[(u32, Option<Id>)],
) -> Result<Option<Id>, WorldError> {
    if changes.is_empty() {
        return Ok(at);
    }
    let mut entries = node(transaction, at)?;
    for group in changes.chunk_by(|one, other| digit(one.0, level) == digit(other.0, level)) {
        let Some((number, last)) = group.last() else { continue };
        let digit = digit(*number, level);
        let below = if level == 1 {
            *last
        } else {
            changed_on(transaction, entries.get(&digit).copied(), level - 1, group)?
        };
        match below {
            Some(below) => drop(entries.insert(digit, below)),
            None => drop(entries.remove(&digit)),
        }
    }
    store(transaction, &entries)
}

/// All extents by their numbers.
pub(super) fn all(transaction: &Transaction<'_>, root: Option<Id>) -> Result<BTreeMap<u32, Id>, WorldError> {
    let mut found = BTreeMap::new();
    all_on(transaction, root, LEVELS, 0, &mut found)?;
    Ok(found)
}

fn all_on(
    transaction: &Transaction<'_>,
    at: Option<Id>,
    level: u32,
    before: u32,
    found: &mut BTreeMap<u32, Id>,
) -> Result<(), WorldError> {
    for (digit, below) in node(transaction, at)? {
        let number = (before << 8) | u32::from(digit);
        if level == 1 {
            found.insert(number, below);
        } else {
            all_on(transaction, Some(below), level - 1, number, found)?;
        }
    }
    Ok(())
}

/// How many extents differ between two trees.
pub(super) fn differing(
    transaction: &Transaction<'_>,
    one: Option<Id>,
    other: Option<Id>,
) -> Result<u64, WorldError> {
    differing_on(transaction, one, other, LEVELS)
}

fn differing_on(
    transaction: &Transaction<'_>,
    one: Option<Id>,
    other: Option<Id>,
    level: u32,
) -> Result<u64, WorldError> {
    if one == other {
        return Ok(0);
    }
    let (one, other) = (node(transaction, one)?, node(transaction, other)?);
    let digits: std::collections::BTreeSet<u8> = one.keys().chain(other.keys()).copied().collect();
    let mut count = 0;
    for digit in digits {
        let (one, other) = (one.get(&digit).copied(), other.get(&digit).copied());
        count += if level == 1 {
            u64::from(one != other)
        } else {
            differing_on(transaction, one, other, level - 1)?
        };
    }
    Ok(count)
}
