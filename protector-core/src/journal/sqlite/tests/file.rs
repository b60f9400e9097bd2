use super::fixture::{begin, proposal, record, site_a, site_b, store};
use super::*;
use crate::secret::sealed::{Place, Sealer};
use crate::secret::{ExposeSecret, SecretString};
use serde_json::json;
use std::fs;

/// What refuses to open leaves every file of the folder as it was.
fn refused(folder: &Path) -> StoreError {
    let before = contents(folder);
    let error = SqliteStore::open(folder.join("site-a.db"), site_a()).unwrap_err();
    assert_eq!(contents(folder), before, "{error}");
    error
}

/// Names and bytes of a folder's files, but for SQLite's shared memory, which holds nothing.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with("-shm"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        // A log that was made by looking is empty.
        .filter(|(name, bytes)| !(name.ends_with("-wal") && bytes.is_empty()))
        .collect();
    files.sort();
    files
}

/// Changes a closed store with SQL.
fn change(folder: &Path, sql: &str) {
    let raw = rusqlite::Connection::open(folder.join("site-a.db")).unwrap();
    raw.execute_batch(sql).unwrap();
}

/// A store whose log was not yet moved into the file: as a killed process leaves it.
async fn left_by_a_killed_process(folder: &Path) {
    let alive = tempfile::tempdir().unwrap();
    let store = store(alive.path());
    let term = begin(&store, 1).await;
    store.append(term, record(1)).await.unwrap();
    for name in ["site-a.db", "site-a.db-wal"] {
        fs::copy(alive.path().join(name), folder.join(name)).unwrap();
    }
}

#[tokio::test]
async fn a_store_left_by_a_killed_process_opens_with_all_it_had() {
    let folder = tempfile::tempdir().unwrap();
    left_by_a_killed_process(folder.path()).await;
    let records = store(folder.path()).records(fixture::operation_id(1), 0).await.unwrap();
    assert_eq!(records.len(), 1);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(folder.path()));
    change(folder.path(), "PRAGMA user_version = 99");
    let error = refused(folder.path());
    assert!(matches!(error, StoreError::NeedsNewerRelease { .. }), "{error}");
    assert!(error.to_string().contains("schema version 99"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    for content in ["", "x", "this is a shopping list\n", &"this is a shopping list\n".repeat(1000)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("site-a.db"), content).unwrap();
        let error = refused(folder.path());
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    change(folder.path(), "CREATE TABLE recipe (title TEXT)");
    let error = refused(folder.path());
    assert!(matches!(error, StoreError::AnotherStore { .. }), "{error}");
}

#[tokio::test]
async fn the_store_of_another_site_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path().join("site-a.db"), site_b()).unwrap());
    let error = refused(folder.path());
    assert!(matches!(error, StoreError::AnotherStore { .. }), "{error}");
    assert!(error.to_string().contains("it is that of site site-b"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_as_it_is_with_its_log() {
    let whole = tempfile::tempdir().unwrap();
    left_by_a_killed_process(whole.path()).await;
    let sound = fs::read(whole.path().join("site-a.db")).unwrap();
    let cut = sound[..sound.len() / 2].to_vec();
    // The header page stays, the pages after it are noise.
    let noise = [&sound[..4096], &vec![0xa5; sound.len() - 4096]].concat();
    for damaged in [cut, noise] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("site-a.db"), damaged).unwrap();
        let error = refused(folder.path());
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
    let log = fs::read(whole.path().join("site-a.db-wal")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site-a.db"), &sound).unwrap();
    fs::write(folder.path().join("site-a.db-wal"), &log).unwrap();
    let error = SqliteStore::open(folder.path().join("site-a.db"), site_b()).unwrap_err();
    assert!(matches!(error, StoreError::AnotherStore { .. }), "{error}");
    assert_eq!(fs::read(folder.path().join("site-a.db")).unwrap(), sound);
    assert_eq!(fs::read(folder.path().join("site-a.db-wal")).unwrap(), log);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteStore::open(folder.path().join("missing/site-a.db"), site_a()).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("missing/site-a.db"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn every_file_of_a_store_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    begin(&store, 1).await;
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let lock = format!("site-a.db.{}.lock", fixture::group().uuid());
    assert_eq!(names, ["site-a.db", "site-a.db-shm", "site-a.db-wal", &lock]);
}

#[tokio::test]
async fn all_who_create_a_store_at_one_moment_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let stores: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| store(path))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let written = proposal("shop", None, Version::new(1, 1), json!(1));
    stores[0].propose(written.clone()).await.unwrap();
    for store in &stores {
        let entry = store.entry(DocumentKind::Group, "shop").await.unwrap();
        assert_eq!(entry.pending.unwrap().write, written.intent.write);
    }
    drop(stores);
    let names: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["site-a.db"], "nothing else is left, not even SQLite's own");
}

#[tokio::test]
async fn commits_are_flushed_and_the_log_is_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let read = |connection: &rusqlite::Connection| {
        let pragma = |name| connection.query_row(&format!("PRAGMA {name}"), (), |row| row.get::<_, i64>(0));
        let journal: String = connection.query_row("PRAGMA journal_mode", (), |row| row.get(0))?;
        Ok((journal, pragma("synchronous")?, pragma("foreign_keys")?, pragma("application_id")?))
    };
    let found = store.threads.write("look".to_owned(), read).await.unwrap();
    assert_eq!(found, ("wal".to_owned(), 2, 1, i64::from(super::super::file::APPLICATION_ID)));
    let strict = store.threads.read("look".to_owned(), |connection: &rusqlite::Connection| {
        let loose = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'
                     AND strict = 0";
        Ok(connection.query_row(loose, (), |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(strict.await.unwrap(), 0);
}

#[tokio::test]
async fn a_sealed_secret_is_nowhere_in_the_files_and_opens_from_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let sealer = Sealer::from_key(&SecretString::from(key)).unwrap();
    let place = Place { kind: "group", id: "shop", field: "user_data" };
    let secret = "canary-5e6f7a8b-canary";
    let hidden = sealer.seal(place, &SecretString::from(secret)).unwrap();
    let body = json!({"user_data": hidden});
    let written = proposal("shop", None, Version::new(1, 1), body);
    store.propose(written.clone()).await.unwrap();
    store.commit(&written.intent).await.unwrap();

    let holds = |needle: &str| {
        contents(folder.path())
            .iter()
            .any(|(_, bytes)| bytes.windows(needle.len()).any(|window| window == needle.as_bytes()))
    };
    assert!(holds("sealed:v1:") && holds(sealer.key_id()), "the log is looked at, too");
    assert!(!holds(secret) && !holds(key));
    drop(store);
    assert!(!holds(secret) && !holds(key));

    let store = fixture::store(folder.path());
    let document = store.entry(DocumentKind::Group, "shop").await.unwrap().current.unwrap();
    let body: serde_json::Value = document.body.read().unwrap();
    let read = serde_json::from_value(body["user_data"].clone()).unwrap();
    assert_eq!(sealer.open(place, &read).unwrap().expose_secret(), secret);
}
