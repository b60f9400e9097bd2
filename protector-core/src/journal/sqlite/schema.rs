//! The schema's versions: numbered files that are applied in order and never changed once released.

use super::fault::Fault;
use crate::id::SiteName;
use crate::journal::Digest;
use crate::journal::error::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// Version n of the schema is what the first n of these make.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_site_store.sql"),
    include_str!("../../../migrations/0002_chain.sql"),
];

fn version(connection: &Connection) -> Result<usize, Fault> {
    let version: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    usize::try_from(version).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, version).into())
}

/// Fails if a newer release made the schema.
pub(super) fn refuse_newer(connection: &Connection, site: &SiteName) -> Result<(), Fault> {
    let version = version(connection)?;
    if version > MIGRATIONS.len() {
        return Err(StoreError::NeedsNewerRelease {
            site: site.clone(),
            what: format!("schema version {version}, this release knows {}", MIGRATIONS.len()),
        }
        .into());
    }
    Ok(())
}

/// Brings the schema to this release's version, in one transaction.
pub(super) fn migrate(connection: &mut Connection, site: &SiteName) -> Result<(), Fault> {
    apply(connection, site, MIGRATIONS)
}

fn apply(connection: &mut Connection, site: &SiteName, migrations: &[&str]) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied = version(&transaction)?;
    for (position, sql) in migrations.iter().enumerate() {
        let number = i64::try_from(position.saturating_add(1)).unwrap_or(i64::MAX);
        let checksum = Digest::of(&[sql.as_bytes()]);
        if position < applied {
            let found: [u8; 32] = transaction.query_row(
                "SELECT checksum FROM migration WHERE number = ?1",
                (number,),
                |row| row.get(0),
            )?;
            if &found != checksum.as_bytes() {
                return Err(StoreError::Corrupt {
                    site: site.clone(),
                    what: format!("its schema version {number} is not the one of this release"),
                }
                .into());
            }
            continue;
        }
        transaction.execute_batch(sql)?;
        transaction.execute(
            "INSERT INTO migration (number, checksum) VALUES (?1, ?2)",
            (number, checksum.as_bytes()),
        )?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> SiteName {
        SiteName::new("site-a")
    }

    #[test]
    fn a_later_release_adds_to_what_is_there() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &site()).unwrap();
        let later = [MIGRATIONS, &["CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;"]].concat();
        apply(&mut connection, &site(), &later).unwrap();
        apply(&mut connection, &site(), &later).unwrap();
        assert_eq!(version(&connection).unwrap(), later.len());
        assert!(matches!(
            refuse_newer(&connection, &site()),
            Err(Fault::Store(error)) if matches!(*error, StoreError::NeedsNewerRelease { .. })
        ));
    }

    #[test]
    fn operations_of_the_first_schema_keep_their_place_in_the_chain() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &site(), &MIGRATIONS[..1]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO operation (id, group_id, home, text, hash, last_sequence, head)
                 VALUES (zeroblob(16), zeroblob(16), 'site-a', '{}', zeroblob(32), 7, randomblob(32))",
            )
            .unwrap();
        let head = |connection: &Connection, table: &str| -> (i64, [u8; 32]) {
            let sql = format!("SELECT last_sequence, head FROM {table}");
            connection.query_row(&sql, (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
        };
        let before = head(&connection, "operation");
        migrate(&mut connection, &site()).unwrap();
        assert_eq!(head(&connection, "chain"), before);
    }

    #[test]
    fn a_migration_that_was_changed_after_it_was_applied_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &site()).unwrap();
        let changed = format!("{}-- changed\n", MIGRATIONS[0]);
        let error = apply(&mut connection, &site(), &[&changed]).unwrap_err();
        assert!(matches!(error, Fault::Store(error) if matches!(*error, StoreError::Corrupt { .. })));
    }

    #[test]
    fn a_migration_that_fails_leaves_the_old_schema() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &site()).unwrap();
        let broken =
            [MIGRATIONS, &["CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT; CREATE nonsense;"]].concat();
        apply(&mut connection, &site(), &broken).unwrap_err();
        assert_eq!(version(&connection).unwrap(), MIGRATIONS.len());
        assert!(connection.prepare("SELECT * FROM half").is_err());
    }

    #[test]
    fn released_migrations_do_not_change() {
        let checksums = MIGRATIONS.iter().map(|sql| Digest::of(&[sql.as_bytes()]).to_string());
        let released = [
            "1a3fd35e2de0344959e397814d54a4b807baff510c3787294678f2afb49ca8af",
            "b95e48932b6f74ee5835be0ce948385b86d64fd43d2077f11e1f210ef1d5071f",
        ];
        assert_eq!(checksums.collect::<Vec<_>>(), released);
    }
}
