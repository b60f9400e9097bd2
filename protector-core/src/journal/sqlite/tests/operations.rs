use super::fixture::{begin, group, operation, operation_id, record, site_b, store};
use super::*;
use futures::future::join_all;
use std::sync::mpsc;

#[tokio::test]
async fn records_are_numbered_and_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(folder.path());
    let term = begin(&first, 1).await;
    for number in 1..=3 {
        assert_eq!(first.append(term, record(number)).await.unwrap(), number);
    }
    drop(first);

    let store = store(folder.path());
    let stored = store.operation(operation_id(1)).await.unwrap().unwrap();
    assert_eq!((stored.record, stored.last_sequence), (operation(1, store.site().clone()), 3));
    let records = store.records(operation_id(1), 1).await.unwrap();
    let read: Vec<_> =
        records.into_iter().map(|stored| (stored.sequence, stored.term, stored.record)).collect();
    assert_eq!(read, [(2, 1, record(2)), (3, 1, record(3))]);
    for after in [3, 4, u64::MAX] {
        assert!(store.records(operation_id(1), after).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_operation_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let term = begin(&store, 1).await;
    let same = operation(1, store.site().clone());
    store.create_operation(term, same.clone()).await.unwrap();
    let other = OperationRecord { plan_hash: "other".to_owned(), ..same };
    let refused = store.create_operation(term, other).await.unwrap_err();
    assert!(matches!(refused, StoreError::Diverged { sequence: 0, .. }), "{refused}");
    assert_eq!(store.operations(Some(group())).await.unwrap().len(), 1);
    assert!(store.operations(Some(GroupId::new(uuid::Uuid::nil()))).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_operation_that_was_never_written_takes_no_records() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let term = store.take_term(group(), operation_id(1), fixture::holder(), fixture::at()).await.unwrap();
    let refused = store.append(term, record(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::OperationUnknown { .. }), "{refused}");
    assert!(matches!(store.records(operation_id(1), 0).await, Err(StoreError::OperationUnknown { .. })));
    assert_eq!(store.operation(operation_id(1)).await.unwrap(), None);
}

#[tokio::test]
async fn every_acknowledged_record_survives_a_kill() {
    if let Some(file) = store_file_of_other_process() {
        let store = SqliteStore::open(file, fixture::site_a()).unwrap();
        let term = begin(&store, 1).await;
        // Several at once, so that some are within a transaction whenever the end comes.
        loop {
            let appended = join_all((0..5).map(|number| store.append(term, record(number)))).await;
            for sequence in appended {
                say(&format!("acknowledged {}", sequence.unwrap()));
            }
        }
    }
    for enough in [1, 23, 60] {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let mut other =
            OtherProcess::start("operations::every_acknowledged_record_survives_a_kill", store.path());
        let mut said = 0;
        while said < enough {
            said = other.wait_for("acknowledged ").parse().unwrap();
        }
        let rest = other.kill();
        let acknowledged = rest
            .lines()
            .filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok())
            .fold(said, u64::max);

        let records = store.records(operation_id(1), 0).await.unwrap();
        assert!(records.len() as u64 >= acknowledged, "{} of {acknowledged}", records.len());
        let term = begin(&store, 1).await;
        assert_eq!(store.append(term, record(0)).await.unwrap(), records.len() as u64 + 1);
    }
}

/// Keeps the writing thread busy until the sender is dropped.
async fn hold(store: &SqliteStore) -> (mpsc::Sender<()>, impl Future<Output = ()>) {
    let (release, released) = mpsc::channel::<()>();
    let (started, begun) = tokio::sync::oneshot::channel();
    let held = store.threads.exclusive("hold".to_owned(), move |_, _| {
        started.send(()).unwrap();
        let _ = released.recv();
        Ok(())
    });
    let mut held = Box::pin(held);
    tokio::select! {
        biased;
        _ = &mut held => panic!("it was let go of too early"),
        _ = begun => {}
    }
    (release, async move { held.await.unwrap() })
}

#[tokio::test]
async fn a_write_that_is_refused_takes_no_other_of_its_batch_down() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let term = begin(&store, 1).await;
    let lost = Term { number: 99, ..term };
    let elsewhere = Term { operation: operation_id(2), ..term };
    let origin = StoredOperation::read(operation(2, site_b()).to_text().unwrap(), 2).unwrap();
    let first = StoredRecord::link(record(1), elsewhere, 1, origin.origin()).unwrap();
    let (release, held) = hold(&store).await;
    // Refused at its second record, when the operation and the first are written already.
    let gap = StoredRecord { sequence: 3, ..first.clone() };
    let copy = store.copy_operation(origin, vec![first, gap]);
    let appends = join_all((0..40).map(|number| {
        let term = if number % 4 == 3 { lost } else { term };
        store.append(term, record(number))
    }));
    let (copied, results, (), ()) = futures::join!(copy, appends, held, async { drop(release) });
    assert!(matches!(copied, Err(StoreError::Diverged { .. })));
    assert_eq!(store.operation(operation_id(2)).await.unwrap(), None);
    let (kept, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let sequences: Vec<_> = kept.into_iter().map(Result::unwrap).collect();
    assert_eq!(sequences, (1..=30).collect::<Vec<_>>());
    assert_eq!(refused.len(), 10);
    assert!(refused.iter().all(|result| matches!(result, Err(StoreError::TermLost { .. }))));
    assert_eq!(store.records(operation_id(1), 0).await.unwrap().len(), 30);
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_acknowledged_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let term = begin(&store, 1).await;
    let limit = |pages: &'static str| {
        store.threads.write("limit the file".to_owned(), move |connection: &rusqlite::Connection| {
            let pages = format!("PRAGMA max_page_count = {pages}");
            Ok(connection.query_row(&pages, (), |row| row.get::<_, i64>(0))?)
        })
    };
    let now = limit("1").await.unwrap();
    assert!(now > 1, "SQLite does not go below what is there");
    let large = Record { body: serde_json::json!("x".repeat(100_000)).into(), ..record(0) };
    let mut acknowledged = 0;
    let refused = loop {
        // Alone, and in company: a full disk rolls back the whole transaction.
        let company = join_all([store.append(term, record(0)), store.append(term, large.clone())]).await;
        for result in &company {
            acknowledged += u64::from(result.is_ok());
        }
        if let Some(error) = company.into_iter().find_map(Result::err) {
            break error;
        }
    };
    let StoreError::Unavailable { effect: Effect::None, .. } = &refused else { panic!("{refused:?}") };
    assert!(crate::error::chain(&refused).contains("full"), "{}", crate::error::chain(&refused));
    assert_eq!(store.records(operation_id(1), 0).await.unwrap().len() as u64, acknowledged);

    limit("1000000").await.unwrap();
    assert_eq!(store.append(term, large).await.unwrap(), acknowledged + 1);
}

#[tokio::test]
async fn a_write_is_finished_although_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let term = begin(&store, 1).await;
    let (release, held) = hold(&store).await;
    let mut append = store.append(term, record(1));
    assert!(futures::poll!(&mut append).is_pending());
    drop(append);
    drop(release);
    held.await;
    drop(store);
    let store = fixture::store(folder.path());
    assert_eq!(store.records(operation_id(1), 0).await.unwrap().len(), 1);
}

async fn three_records(folder: &Path) {
    let store = store(folder);
    let term = begin(&store, 1).await;
    for number in 1..=3 {
        store.append(term, record(number)).await.unwrap();
    }
}

#[tokio::test]
async fn the_period_of_an_operation_is_from_its_first_record_to_its_last() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let term = begin(&store, 1).await;
    assert_eq!(store.period(operation_id(1)).await.unwrap(), None);
    let at = |second: i64| jiff::Timestamp::from_second(second).unwrap();
    for second in [10, 12, 19] {
        store.append(term, Record { at: at(second), ..record(1) }).await.unwrap();
    }
    assert_eq!(store.period(operation_id(1)).await.unwrap(), Some((at(10), at(19))));
    let unknown = store.period(operation_id(2)).await.unwrap_err();
    assert!(matches!(unknown, StoreError::OperationUnknown { .. }), "{unknown}");
    let raw = rusqlite::Connection::open(folder.path().join("site-a.db")).unwrap();
    raw.execute_batch("DELETE FROM record WHERE sequence = 3").unwrap();
    let damaged = store.period(operation_id(1)).await.unwrap_err();
    assert!(matches!(damaged, StoreError::Corrupt { .. }), "{damaged}");
}

#[tokio::test]
async fn the_chain_shows_a_row_that_was_changed_removed_added_or_moved() {
    let damages = [
        "UPDATE record SET text = replace(text, 'web-1', 'web-2') WHERE sequence = 2",
        "UPDATE record SET hash = zeroblob(32) WHERE sequence = 2",
        "DELETE FROM record WHERE sequence = 1",
        "DELETE FROM record WHERE sequence = 2",
        "DELETE FROM record WHERE sequence = 3",
        "DELETE FROM record",
        "UPDATE record SET sequence = sequence + 1 WHERE sequence = 3",
        "UPDATE record SET sequence = CASE sequence WHEN 2 THEN 103 ELSE 102 END WHERE sequence > 1;
         UPDATE record SET sequence = sequence - 100 WHERE sequence > 100",
        "INSERT INTO record SELECT operation, 4, text, hash FROM record WHERE sequence = 3",
        "UPDATE chain SET last_sequence = 2",
        "DELETE FROM record WHERE sequence = 3; UPDATE chain SET last_sequence = 2",
        "UPDATE chain SET head = zeroblob(32)",
        "DELETE FROM chain",
        "UPDATE operation SET text = replace(text, 'web-1', 'web-2')",
        "UPDATE operation SET home = 'site-c'",
    ];
    for damage in damages {
        let folder = tempfile::tempdir().unwrap();
        three_records(folder.path()).await;
        let raw = rusqlite::Connection::open(folder.path().join("site-a.db")).unwrap();
        raw.execute_batch(damage).unwrap();
        drop(raw);
        let store = store(folder.path());
        let refused = store.records(operation_id(1), 0).await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{damage}: {refused}");
    }
}

#[tokio::test]
async fn no_changed_byte_in_the_file_changes_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    three_records(folder.path()).await;
    let file = folder.path().join("site-a.db");
    let sound = std::fs::read(&file).unwrap();
    let expected = store(folder.path()).records(operation_id(1), 0).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), sound, "reading changes nothing");
    for position in (0..sound.len()).step_by(101) {
        let mut damaged = sound.clone();
        damaged[position] ^= 0x11;
        std::fs::write(&file, &damaged).unwrap();
        if let Ok(store) = SqliteStore::open(&file, fixture::site_a())
            && let Ok(records) = store.records(operation_id(1), 0).await
        {
            assert_eq!(records, expected, "byte {position}");
        }
    }
}

#[tokio::test]
async fn a_copy_grows_with_its_original_and_is_idempotent() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    three_records(home.path()).await;
    let home = store(home.path());
    let other = SqliteStore::open(other.path().join("site-b.db"), site_b()).unwrap();
    let stored = home.operation(operation_id(1)).await.unwrap().unwrap();
    let records = home.records(operation_id(1), 0).await.unwrap();

    assert_eq!(other.copy_operation(stored.clone(), records[..1].to_vec()).await.unwrap(), 1);
    assert_eq!(other.copy_operation(stored.clone(), records.clone()).await.unwrap(), 3);
    assert_eq!(other.copy_operation(stored.clone(), records[1..2].to_vec()).await.unwrap(), 3);
    assert_eq!(other.copy_operation(stored.clone(), Vec::new()).await.unwrap(), 3);
    assert_eq!(other.operation(operation_id(1)).await.unwrap().unwrap(), stored);
    assert_eq!(other.records(operation_id(1), 0).await.unwrap(), records);
}

#[tokio::test]
async fn a_copy_with_a_gap_or_another_history_is_refused_whole() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    three_records(home.path()).await;
    let home = store(home.path());
    let other = SqliteStore::open(other.path().join("site-b.db"), site_b()).unwrap();
    let stored = home.operation(operation_id(1)).await.unwrap().unwrap();
    let records = home.records(operation_id(1), 0).await.unwrap();

    let gap = other.copy_operation(stored.clone(), records[1..].to_vec()).await.unwrap_err();
    assert!(matches!(gap, StoreError::Diverged { sequence: 1, .. }), "{gap}");
    assert_eq!(other.operation(operation_id(1)).await.unwrap(), None);

    other.copy_operation(stored.clone(), records[..2].to_vec()).await.unwrap();
    let term = Term { group: group(), operation: operation_id(1), number: 9 };
    let changed = StoredRecord::link(record(77), term, 2, records[0].hash).unwrap();
    let refused = other.copy_operation(stored.clone(), vec![changed.clone()]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Diverged { sequence: 2, .. }), "{refused}");
    let after_changed = StoredRecord::link(record(78), term, 3, changed.hash).unwrap();
    let refused = other.copy_operation(stored.clone(), vec![after_changed]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Diverged { sequence: 3, .. }), "{refused}");

    let other_plan = OperationRecord { plan_hash: "other".to_owned(), ..stored.record.clone() };
    let other_plan = StoredOperation::read(other_plan.to_text().unwrap(), 0).unwrap();
    let refused = other.copy_operation(other_plan, Vec::new()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Diverged { sequence: 0, .. }), "{refused}");
    assert_eq!(other.records(operation_id(1), 0).await.unwrap(), records[..2]);
}

#[tokio::test]
async fn records_alone_continue_a_copy_and_make_none() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    three_records(home.path()).await;
    let home = store(home.path());
    let other = SqliteStore::open(other.path().join("site-b.db"), site_b()).unwrap();
    let stored = home.operation(operation_id(1)).await.unwrap().unwrap();
    let records = home.records(operation_id(1), 0).await.unwrap();
    let refused = other.copy_records(operation_id(1), records.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::OperationUnknown { .. }), "{refused}");

    other.copy_operation(stored, records[..1].to_vec()).await.unwrap();
    let gap = other.copy_records(operation_id(1), records[2..].to_vec()).await.unwrap_err();
    assert!(matches!(gap, StoreError::Diverged { sequence: 2, .. }), "{gap}");
    let term = Term { group: group(), operation: operation_id(1), number: 9 };
    let changed = StoredRecord::link(record(77), term, 1, records[1].hash).unwrap();
    let refused = other.copy_records(operation_id(1), vec![changed]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Diverged { sequence: 1, .. }), "{refused}");
    assert_eq!(other.copy_records(operation_id(1), records[..2].to_vec()).await.unwrap(), 2);
    assert_eq!(other.copy_records(operation_id(1), records[2..].to_vec()).await.unwrap(), 3);
    assert_eq!(other.records(operation_id(1), 0).await.unwrap(), records);
}

#[tokio::test]
async fn an_operation_is_appended_to_at_home_only() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    three_records(home.path()).await;
    let home = store(home.path());
    let other = SqliteStore::open(other.path().join("site-b.db"), site_b()).unwrap();
    let stored = home.operation(operation_id(1)).await.unwrap().unwrap();
    other.copy_operation(stored.clone(), Vec::new()).await.unwrap();
    let term = other.take_term(group(), operation_id(1), fixture::holder(), fixture::at()).await.unwrap();
    assert!(matches!(other.append(term, record(1)).await, Err(StoreError::NotHome { .. })));
    assert!(matches!(other.create_operation(term, stored.record).await, Err(StoreError::NotHome { .. })));
}
