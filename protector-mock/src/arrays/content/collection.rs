//! Removes what nobody holds any more.

use super::tree::{self, Id};
use crate::world::{Transaction, WorldError};
use serde_json::Value;
use std::collections::BTreeSet;

const COLLECTED: &str = "arrays/content-collected";

/// So many new rows are not worth a look at all the others.
const FEW: i64 = 4096;

/// Removes it if so much was stored since the last time that looking at all the rest is little in comparison.
pub(in crate::arrays) fn collect_if_worthwhile(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    let newest = newest(transaction)?;
    let threshold: i64 = transaction.fact(COLLECTED)?.and_then(|text| text.parse().ok()).unwrap_or(FEW);
    if newest < threshold {
        return Ok(());
    }
    collect(transaction)?;
    let left = count(transaction)?;
    let next = self::newest(transaction)?.saturating_add(left).saturating_add(FEW);
    transaction.set_fact(COLLECTED, &next.to_string())
}

/// Grows with all that is stored.
fn newest(transaction: &Transaction<'_>) -> Result<i64, WorldError> {
    Ok(transaction
        .sql()
        .prepare_cached(
            "SELECT coalesce((SELECT max(rowid) FROM extent), 0) + coalesce((SELECT max(rowid) FROM extent_map), 0)",
        )?
        .query_row((), |row| row.get(0))?)
}

fn count(transaction: &Transaction<'_>) -> Result<i64, WorldError> {
    let sql = "SELECT (SELECT count(*) FROM extent) + (SELECT count(*) FROM extent_map)";
    Ok(transaction.sql().prepare_cached(sql)?.query_row((), |row| row.get(0))?)
}

pub(super) fn collect(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    let (mut nodes, mut extents) = (BTreeSet::new(), BTreeSet::new());
    for root in roots(transaction)? {
        mark(transaction, root, 4, &mut nodes, &mut extents)?;
    }
    sweep(transaction, "extent_map", &nodes)?;
    sweep(transaction, "extent", &extents)
}

/// Every record of an array names contents in fields that are called so.
fn roots(transaction: &Transaction<'_>) -> Result<BTreeSet<Id>, WorldError> {
    let mut found = BTreeSet::new();
    let mut statement =
        transaction.sql().prepare_cached("SELECT document FROM record WHERE kind GLOB 'array.*'")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let document: String = row.get(0)?;
        gather(&serde_json::from_str(&document).unwrap_or_default(), &mut found);
    }
    Ok(found)
}

fn gather(value: &Value, found: &mut BTreeSet<Id>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "content" => {
                        found.extend(Id::try_from(text.clone()));
                    }
                    value => gather(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        _ => {}
    }
}

fn mark(
    transaction: &Transaction<'_>,
    at: Id,
    level: u32,
    nodes: &mut BTreeSet<Id>,
    extents: &mut BTreeSet<Id>,
) -> Result<(), WorldError> {
    if !nodes.insert(at) {
        return Ok(());
    }
    for below in tree::node(transaction, Some(at))?.into_values() {
        if level == 1 {
            extents.insert(below);
        } else {
            mark(transaction, below, level - 1, nodes, extents)?;
        }
    }
    Ok(())
}

fn sweep(transaction: &Transaction<'_>, table: &str, kept: &BTreeSet<Id>) -> Result<(), WorldError> {
    let mut gone = Vec::new();
    {
        let mut statement = transaction.sql().prepare(&format!("SELECT rowid, id FROM {table}"))?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let id: Vec<u8> = row.get(1)?;
            if Id::from_bytes(&id).is_none_or(|id| !kept.contains(&id)) {
                gone.push(row.get::<_, i64>(0)?);
            }
        }
    }
    let mut remove = transaction.sql().prepare(&format!("DELETE FROM {table} WHERE rowid = ?1"))?;
    for row in gone {
        remove.execute((row,))?;
    }
    Ok(())
}
