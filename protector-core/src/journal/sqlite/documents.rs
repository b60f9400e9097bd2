//! Documents and proposals as rows. Each function runs within the caller's transaction.

use super::columns::{digest, integer, optional_version, parts, timestamp, version};
use super::fault::Fault;
use crate::id::SiteName;
use crate::journal::canonical::CanonicalJson;
use crate::journal::error::StoreError;
use crate::journal::{Digest, Document, DocumentKind, Entry, Intent, Pending, Proposal, Version, WriteId};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use std::collections::BTreeMap;

const DOCUMENTS: &str =
    "SELECT kind, id, epoch, n, write_id, body, hash, written_at, base_epoch, base_n, alone
                         FROM document";
const PROPOSALS: &str =
    "SELECT kind, id, epoch, n, write_id, body, hash, proposed_at, expected_epoch, expected_n
                         FROM proposal";

/// What the store has of one document.
pub(super) fn entry(
    connection: &Connection,
    site: &SiteName,
    kind: DocumentKind,
    id: &str,
) -> Result<Entry, Fault> {
    let found = collect(connection, site, " WHERE kind = ?1 AND id = ?2", (kind.as_str(), id))?;
    Ok(found.into_iter().next().unwrap_or_else(|| Entry::empty(kind, id)))
}

/// What the store has of all documents of a kind, or of all.
pub(super) fn entries(
    connection: &Connection,
    site: &SiteName,
    kind: Option<DocumentKind>,
) -> Result<Vec<Entry>, Fault> {
    match kind {
        Some(kind) => collect(connection, site, " WHERE kind = ?1", (kind.as_str(),)),
        None => collect(connection, site, "", ()),
    }
}

fn collect(
    connection: &Connection,
    site: &SiteName,
    condition: &str,
    parameters: impl Params + Clone,
) -> Result<Vec<Entry>, Fault> {
    let mut entries = BTreeMap::new();
    let mut statement = connection.prepare_cached(&format!("{DOCUMENTS}{condition}"))?;
    let mut rows = statement.query(parameters.clone())?;
    while let Some(row) = rows.next()? {
        let written = Written::read(row, site)?;
        let entry = entry_in(&mut entries, &written.intent);
        entry.current = Some(written.document(row)?);
    }
    let mut statement = connection.prepare_cached(&format!("{PROPOSALS}{condition}"))?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        let written = Written::read(row, site)?;
        let entry = entry_in(&mut entries, &written.intent);
        entry.pending = Some(written.pending());
    }
    Ok(entries.into_values().collect())
}

fn entry_in<'a>(
    entries: &'a mut BTreeMap<(DocumentKind, String), Entry>,
    Intent { kind, id, .. }: &Intent,
) -> &'a mut Entry {
    entries.entry((*kind, id.clone())).or_insert_with(|| Entry::empty(*kind, id))
}

/// The columns that both tables have, in the same places.
struct Written {
    intent: Intent,
    before: Option<Version>,
    body: CanonicalJson,
    at: jiff::Timestamp,
}

impl Written {
    fn read(row: &Row<'_>, site: &SiteName) -> Result<Self, Fault> {
        let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let kind = DocumentKind::from_name(name).ok_or_else(|| StoreError::NeedsNewerRelease {
            site: site.clone(),
            what: format!("documents of kind {name}"),
        })?;
        let write = WriteId::from_bytes(row.get(4)?);
        let intent = Intent { kind, id: row.get(1)?, version: version(row, 2)?, write };
        let text = row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?;
        let (before, at) = (optional_version(row, 8)?, timestamp(row, 7)?);
        if hash(&intent, before, at, text) != digest(row, 6)? {
            let what = format!("{intent} does not have the hash it was written with");
            return Err(StoreError::Corrupt { site: site.clone(), what }.into());
        }
        Ok(Self { intent, before, body: CanonicalJson::of_stored(text), at })
    }

    fn document(self, row: &Row<'_>) -> Result<Document, Fault> {
        let Self { intent: Intent { kind, id, version, write }, before, body, at } = self;
        let alone = row.get(10)?;
        Ok(Document { kind, id, version, write, base: before, alone, body, written_at: at })
    }

    fn pending(self) -> Pending {
        let Self { intent: Intent { version, write, .. }, before, body, at } = self;
        Pending { version, write, expected: before, body, at }
    }
}

/// The hash that stands with a document, so that damage shows. A commit moves it with the rest of the row.
fn hash(intent: &Intent, before: Option<Version>, at: jiff::Timestamp, body: &str) -> Digest {
    let Intent { kind, id, version, write } = intent;
    let before = before.map(|version| version.to_string()).unwrap_or_default();
    Digest::of(&[
        format!("protector document\n{kind}\n{id}\n{version}\n{before}\n{at}\n").as_bytes(),
        write.as_bytes(),
        body.as_bytes(),
    ])
}

fn conflict(site: &SiteName, found: &Entry, expected: Option<Version>) -> Fault {
    StoreError::Conflict {
        site: site.clone(),
        kind: found.kind,
        id: found.id.clone(),
        expected,
        found: found.version(),
        pending: found.pending.as_ref().map(|pending| pending.version),
    }
    .into()
}

fn out_of_order(site: &SiteName, found: &Entry, proposed: Version) -> Fault {
    let (kind, id, current) = (found.kind, found.id.clone(), found.version());
    StoreError::OutOfOrder { site: site.clone(), kind, id, current, proposed }.into()
}

/// See [`propose`](crate::journal::SiteStore::propose).
pub(super) fn propose(connection: &Connection, site: &SiteName, proposal: &Proposal) -> Result<(), Fault> {
    let Intent { kind, id, version, .. } = &proposal.intent;
    let found = entry(connection, site, *kind, id)?;
    if found.pending.is_some() || found.version() != proposal.expected {
        return Err(conflict(site, &found, proposal.expected));
    }
    if Some(*version) <= found.version() {
        return Err(out_of_order(site, &found, *version));
    }
    let sql = "INSERT INTO proposal
                 (kind, id, epoch, n, write_id, body, hash, proposed_at, expected_epoch, expected_n)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    insert(connection, sql, proposal, proposal.expected)
}

fn insert(
    connection: &Connection,
    sql: &str,
    proposal: &Proposal,
    before: Option<Version>,
) -> Result<(), Fault> {
    let Proposal { intent, body, at, .. } = proposal;
    let (before_epoch, before_n) = parts(before)?;
    connection.prepare_cached(sql)?.execute(params![
        intent.kind.as_str(),
        intent.id,
        integer(intent.version.epoch)?,
        integer(intent.version.n)?,
        intent.write.as_bytes(),
        body.as_str(),
        hash(intent, before, *at, body.as_str()).as_bytes(),
        at.to_string(),
        before_epoch,
        before_n,
    ])?;
    Ok(())
}

/// See [`commit`](crate::journal::SiteStore::commit).
pub(super) fn commit(connection: &Connection, site: &SiteName, intent: &Intent) -> Result<(), Fault> {
    let Intent { kind, id, version, write } = intent;
    let found = entry(connection, site, *kind, id)?;
    if found.pending.as_ref().is_some_and(|pending| pending.write == *write) {
        // The row itself: its body is not written down a second time in another way.
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO document
                   (kind, id, epoch, n, write_id, body, hash, written_at, base_epoch, base_n, alone)
                 SELECT kind, id, epoch, n, write_id, body, hash, proposed_at, expected_epoch, expected_n, 0
                 FROM proposal WHERE kind = ?1 AND id = ?2",
            )?
            .execute((kind.as_str(), id))?;
        remove_proposal(connection, *kind, id)
    } else if found.current.as_ref().is_some_and(|document| document.write == *write) {
        connection
            .prepare_cached("UPDATE document SET alone = 0 WHERE kind = ?1 AND id = ?2")?
            .execute((kind.as_str(), id))?;
        Ok(())
    } else {
        Err(conflict(site, &found, Some(*version)))
    }
}

/// See [`withdraw`](crate::journal::SiteStore::withdraw).
pub(super) fn withdraw(connection: &Connection, site: &SiteName, intent: &Intent) -> Result<(), Fault> {
    let Intent { kind, id, version, write } = intent;
    let found = entry(connection, site, *kind, id)?;
    if found.pending.as_ref().is_some_and(|pending| pending.write == *write) {
        return remove_proposal(connection, *kind, id);
    }
    if found.version() >= Some(*version) {
        return Err(conflict(site, &found, Some(*version)));
    }
    Ok(())
}

/// See [`write_alone`](crate::journal::SiteStore::write_alone).
pub(super) fn write_alone(
    connection: &Connection,
    site: &SiteName,
    proposal: &Proposal,
) -> Result<(), Fault> {
    let Intent { kind, id, version, .. } = &proposal.intent;
    let found = entry(connection, site, *kind, id)?;
    let pending = found.pending.as_ref().map(|pending| pending.version);
    if found.version() != proposal.expected || pending >= Some(*version) {
        return Err(conflict(site, &found, proposal.expected));
    }
    let shared = found.current.as_ref().and_then(Document::shared);
    if Some(*version) <= found.version() || shared.is_some_and(|shared| version.epoch <= shared.epoch) {
        return Err(out_of_order(site, &found, *version));
    }
    remove_proposal(connection, *kind, id)?;
    let sql = "INSERT OR REPLACE INTO document
                 (kind, id, epoch, n, write_id, body, hash, written_at, base_epoch, base_n, alone)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1)";
    insert(connection, sql, proposal, shared)
}

fn remove_proposal(connection: &Connection, kind: DocumentKind, id: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM proposal WHERE kind = ?1 AND id = ?2")?
        .execute((kind.as_str(), id))?;
    Ok(())
}

/// The site whose store this is.
pub(super) fn site(connection: &Connection) -> Result<Option<SiteName>, Fault> {
    let name: Option<String> =
        connection.query_row("SELECT site FROM store", (), |row| row.get(0)).optional()?;
    Ok(name.map(SiteName::from))
}
