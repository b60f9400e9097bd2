//! Records as the file holds them: for who makes many that are alike, and has seen what one of them is made of.

use super::{Transaction, WorldError};
use std::collections::BTreeMap;

/// A record with its keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    /// Its kind.
    pub(crate) kind: String,
    /// Whose it is.
    pub(crate) scope: String,
    /// Its id.
    pub(crate) id: String,
    /// Its JSON.
    pub(crate) document: String,
    /// By what else it is found.
    pub(crate) keys: Vec<(String, String)>,
}

/// The newest record of each kind and scope, at some moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest(BTreeMap<(String, String), i64>);

impl Transaction<'_> {
    /// What is newest now.
    pub(crate) fn newest(&self) -> Result<Newest, WorldError> {
        let sql = "SELECT kind, scope, max(sequence) FROM record GROUP BY kind, scope";
        let mut statement = self.sql().prepare_cached(sql)?;
        let rows = statement.query_map((), |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        Ok(Newest(rows.collect::<Result<_, _>>()?))
    }

    /// What was made since then, oldest first within each kind.
    pub(crate) fn rows_since(&self, then: &Newest) -> Result<Vec<Row>, WorldError> {
        let mut found = Vec::new();
        for (kind, scope) in self.newest()?.0.into_keys() {
            let before = then.0.get(&(kind.clone(), scope.clone())).copied().unwrap_or(0);
            let mut statement = self.sql().prepare_cached(
                "SELECT id, document FROM record WHERE kind = ?1 AND scope = ?2 AND sequence > ?3 ORDER BY sequence",
            )?;
            let mut rows = statement.query((&kind, &scope, before))?;
            while let Some(row) = rows.next()? {
                let id: String = row.get(0)?;
                let keys = super::records::keys_of(self.sql(), &kind, &scope, &id)?;
                found.push(Row { kind: kind.clone(), scope: scope.clone(), id, document: row.get(1)?, keys });
            }
        }
        Ok(found)
    }

    /// Makes records of which there are none yet, in this order. They are written in the order of their ids: what is next to
    /// each other in the file is written together.
    pub(crate) fn add_rows(&mut self, rows: Vec<Row>) -> Result<(), WorldError> {
        let mut newest = self.newest()?;
        let mut numbered: Vec<(Row, i64)> = Vec::with_capacity(rows.len());
        for row in rows {
            let last = newest.0.entry((row.kind.clone(), row.scope.clone())).or_insert(0);
            *last += 1;
            numbered.push((row, *last));
        }
        numbered.sort_unstable();
        let mut insert = self.sql().prepare_cached(
            "INSERT INTO record (kind, scope, id, sequence, document) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (row, sequence) in &numbered {
            insert.execute((&row.kind, &row.scope, &row.id, sequence, &row.document))?;
        }
        let mut keys: Vec<(&str, &str, &str, &str, &str)> = Vec::new();
        for (row, _) in &numbered {
            let of_row = row.keys.iter().map(|(name, value)| {
                (row.kind.as_str(), row.scope.as_str(), name.as_str(), value.as_str(), row.id.as_str())
            });
            keys.extend(of_row);
        }
        keys.sort_unstable();
        let mut insert = self.sql().prepare_cached(
            "INSERT OR IGNORE INTO record_key (kind, scope, name, value, id) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for key in keys {
            insert.execute(key)?;
        }
        Ok(())
    }

    /// How much was drawn from the seeded source so far.
    pub(crate) fn drawn(&self) -> Result<u64, WorldError> {
        Ok(self.source()?.drawn())
    }

    /// What was drawn from there on.
    pub(crate) fn drawn_since(&self, then: u64) -> Result<Vec<[u8; 32]>, WorldError> {
        Ok(self.source()?.since(then))
    }
}
