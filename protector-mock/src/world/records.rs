//! What exists: JSON documents by kind, scope and id.

use super::WorldError;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A kind of thing that exists in the world. Its JSON is stored: a field that is added needs `#[serde(default)]`.
pub trait Record: Serialize + DeserializeOwned {
    /// Names the kind in the file; never changes.
    const KIND: &'static str;

    /// Names this one within its kind and scope.
    fn id(&self) -> &str;

    /// By what else it is found: name and value of each key. Keep them few, each is a row.
    fn keys(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

pub(super) fn fact(sql: &Connection, name: &str) -> Result<Option<String>, WorldError> {
    let mut statement = sql.prepare_cached("SELECT value FROM fact WHERE name = ?1")?;
    Ok(statement.query_row((name,), |row| row.get(0)).optional()?)
}

pub(super) fn set_fact(sql: &Connection, name: &str, value: &str) -> Result<(), WorldError> {
    sql.prepare_cached(
        "INSERT INTO fact (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
    )?
    .execute((name, value))?;
    Ok(())
}

pub(super) fn facts(sql: &Connection) -> Result<Vec<(String, String)>, WorldError> {
    let mut statement = sql.prepare_cached("SELECT name, value FROM fact ORDER BY name")?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn remove_fact(sql: &Connection, name: &str) -> Result<(), WorldError> {
    sql.prepare_cached("DELETE FROM fact WHERE name = ?1")?.execute((name,))?;
    Ok(())
}

fn decode<R: Record>(scope: &str, id: &str, document: &str) -> Result<R, WorldError> {
    serde_json::from_str(document).map_err(|source| WorldError::Record {
        kind: R::KIND,
        scope: scope.to_owned(),
        id: id.to_owned(),
        source,
    })
}

pub(super) fn get<R: Record>(sql: &Connection, scope: &str, id: &str) -> Result<Option<R>, WorldError> {
    let mut statement =
        sql.prepare_cached("SELECT document FROM record WHERE kind = ?1 AND scope = ?2 AND id = ?3")?;
    let found: Option<String> = statement.query_row((R::KIND, scope, id), |row| row.get(0)).optional()?;
    found.map(|document| decode(scope, id, &document)).transpose()
}

fn encode<R: Record>(scope: &str, record: &R) -> Result<String, WorldError> {
    serde_json::to_string(record).map_err(|source| WorldError::Record {
        kind: R::KIND,
        scope: scope.to_owned(),
        id: record.id().to_owned(),
        source,
    })
}

pub(super) fn add<R: Record>(sql: &Connection, scope: &str, record: &R) -> Result<(), WorldError> {
    let document = encode(scope, record)?;
    sql.prepare_cached(
        "INSERT INTO record (kind, scope, id, sequence, document)
         VALUES (?1, ?2, ?3, (SELECT coalesce(max(sequence), 0) + 1 FROM record WHERE kind = ?1 AND scope = ?2), ?4)",
    )?
    .execute((R::KIND, scope, record.id(), document))?;
    let mut insert = sql.prepare_cached(
        "INSERT OR IGNORE INTO record_key (kind, scope, name, value, id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (name, value) in record.keys() {
        insert.execute((R::KIND, scope, name, value, record.id()))?;
    }
    Ok(())
}

pub(super) fn put<R: Record>(sql: &Connection, scope: &str, record: &R) -> Result<(), WorldError> {
    let id = record.id();
    let document = encode(scope, record)?;
    sql.prepare_cached(
        "INSERT INTO record (kind, scope, id, sequence, document)
         VALUES (?1, ?2, ?3, (SELECT coalesce(max(sequence), 0) + 1 FROM record WHERE kind = ?1 AND scope = ?2), ?4)
         ON CONFLICT (kind, scope, id) DO UPDATE SET document = ?4",
    )?
    .execute((R::KIND, scope, id, document))?;
    let stored = keys_of(sql, R::KIND, scope, id)?;
    let mut wanted: Vec<(String, String)> =
        record.keys().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    wanted.sort();
    wanted.dedup();
    if stored != wanted {
        remove_keys(sql, R::KIND, scope, id)?;
        let mut insert = sql.prepare_cached(
            "INSERT INTO record_key (kind, scope, name, value, id) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (name, value) in &wanted {
            insert.execute((R::KIND, scope, name, value, id))?;
        }
    }
    Ok(())
}

pub(super) fn keys_of(
    sql: &Connection,
    kind: &str,
    scope: &str,
    id: &str,
) -> Result<Vec<(String, String)>, WorldError> {
    let mut statement = sql.prepare_cached(
        "SELECT name, value FROM record_key WHERE kind = ?1 AND scope = ?2 AND id = ?3 ORDER BY name, value",
    )?;
    let rows = statement.query_map((kind, scope, id), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn remove_keys(sql: &Connection, kind: &str, scope: &str, id: &str) -> Result<(), WorldError> {
    sql.prepare_cached("DELETE FROM record_key WHERE kind = ?1 AND scope = ?2 AND id = ?3")?
        .execute((kind, scope, id))?;
    Ok(())
}

pub(super) fn remove<R: Record>(sql: &Connection, scope: &str, id: &str) -> Result<bool, WorldError> {
    remove_keys(sql, R::KIND, scope, id)?;
    let removed = sql
        .prepare_cached("DELETE FROM record WHERE kind = ?1 AND scope = ?2 AND id = ?3")?
        .execute((R::KIND, scope, id))?;
    Ok(removed > 0)
}

pub(super) fn list<R: Record>(sql: &Connection, scope: &str) -> Result<Vec<R>, WorldError> {
    let mut statement = sql
        .prepare_cached("SELECT id, document FROM record WHERE kind = ?1 AND scope = ?2 ORDER BY sequence")?;
    let mut rows = statement.query((R::KIND, scope))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(scope, row.get_ref(0)?.as_str().unwrap_or_default(), text(row, 1)?)?);
    }
    Ok(found)
}

pub(super) fn list_part<R: Record>(
    sql: &Connection,
    scope: &str,
    skip: u64,
    take: u64,
) -> Result<Vec<R>, WorldError> {
    let mut statement = sql.prepare_cached(
        "SELECT id, document FROM record WHERE kind = ?1 AND scope = ?2 ORDER BY sequence LIMIT ?3 OFFSET ?4",
    )?;
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut rows = statement.query((R::KIND, scope, whole(take), whole(skip)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(scope, row.get_ref(0)?.as_str().unwrap_or_default(), text(row, 1)?)?);
    }
    Ok(found)
}

pub(super) fn find<R: Record>(
    sql: &Connection,
    scope: &str,
    key: &str,
    value: &str,
) -> Result<Vec<R>, WorldError> {
    // CROSS has SQLite begin with the key: in the records' own order it would look at all of them.
    let mut statement = sql.prepare_cached(
        "SELECT record.id, record.document FROM record_key CROSS JOIN record USING (kind, scope, id)
         WHERE kind = ?1 AND scope = ?2 AND name = ?3 AND value = ?4 ORDER BY record.sequence",
    )?;
    let mut rows = statement.query((R::KIND, scope, key, value))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(scope, row.get_ref(0)?.as_str().unwrap_or_default(), text(row, 1)?)?);
    }
    Ok(found)
}

pub(super) fn count<R: Record>(
    sql: &Connection,
    scope: &str,
    key: Option<(&str, &str)>,
) -> Result<u64, WorldError> {
    let counted: i64 = match key {
        None => sql
            .prepare_cached("SELECT count(*) FROM record WHERE kind = ?1 AND scope = ?2")?
            .query_row((R::KIND, scope), |row| row.get(0))?,
        Some((name, value)) => sql
            .prepare_cached(
                "SELECT count(*) FROM record_key WHERE kind = ?1 AND scope = ?2 AND name = ?3 AND value = ?4",
            )?
            .query_row((R::KIND, scope, name, value), |row| row.get(0))?,
    };
    Ok(counted.unsigned_abs())
}

fn text<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<&'a str, WorldError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error)).into()
    })
}
