use super::fixture::{at, begin, group, holder, operation, operation_id, record, site_a, store};
use super::*;

async fn take(store: &SqliteStore, number: u128) -> Result<Term, StoreError> {
    store.take_term(group(), operation_id(number), holder(), at()).await
}

#[tokio::test]
async fn a_term_held_by_a_living_process_is_refused_and_freed_by_its_death() {
    if let Some(file) = store_file_of_other_process() {
        let store = SqliteStore::open(file, site_a()).unwrap();
        let holder = Holder { process: std::process::id(), ..holder() };
        let term = store.take_term(group(), operation_id(7), holder, at()).await.unwrap();
        say(&format!("took term {}", term.number));
        std::future::pending::<()>().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let test = "terms::a_term_held_by_a_living_process_is_refused_and_freed_by_its_death";
    let mut other = OtherProcess::start(test, store.path());
    assert_eq!(other.wait_for("took term "), "1");

    let refused = take(&store, 8).await.unwrap_err();
    let StoreError::Held { holder, operation, since, .. } = &refused else { panic!("{refused}") };
    assert_eq!((holder.process, *operation, *since), (other.child.id(), operation_id(7), at()));
    assert!(refused.to_string().contains("protector of user operator on host host-1"), "{refused}");

    other.kill();
    assert_eq!(take(&store, 8).await.unwrap().number, 2);
}

#[tokio::test]
async fn a_second_taker_in_the_same_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, again) = (store(folder.path()), store(folder.path()));
    let term = take(&store, 1).await.unwrap();
    for taker in [&store, &again] {
        let refused = take(taker, 1).await.unwrap_err();
        assert!(matches!(refused, StoreError::Held { .. }), "{refused}");
    }
    let other_group = GroupId::new(uuid::Uuid::from_u128(0xf));
    again.take_term(other_group, operation_id(2), holder(), at()).await.unwrap();
    assert_eq!(store.term(group()).await.unwrap().unwrap().term, term);
}

#[tokio::test]
async fn a_released_term_can_be_taken_and_the_number_rises() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let first = take(&store, 1).await.unwrap();
    store.release_term(first).await.unwrap();
    store.release_term(first).await.unwrap();
    assert!(store.term(group()).await.unwrap().unwrap().released);
    let second = take(&store, 1).await.unwrap();
    assert_eq!((first.number, second.number), (1, 2));
    assert!(matches!(store.release_term(first).await, Err(StoreError::TermLost { .. })));
    assert!(!store.term(group()).await.unwrap().unwrap().released);
}

#[tokio::test]
async fn a_store_that_is_closed_lets_go_of_its_terms() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(folder.path());
    take(&first, 1).await.unwrap();
    drop(first);
    assert_eq!(take(&store(folder.path()), 1).await.unwrap().number, 2);
}

#[tokio::test]
async fn nothing_is_written_under_a_term_that_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (store(folder.path()), store(folder.path()));
    let lost = begin(&old, 1).await;
    old.append(lost, record(1)).await.unwrap();
    drop(old);
    let current = take(&new, 1).await.unwrap();

    let other_operation = Term { operation: operation_id(2), ..current };
    for term in [lost, other_operation] {
        let refused = new.append(term, record(2)).await.unwrap_err();
        assert!(matches!(refused, StoreError::TermLost { .. }), "{refused}");
        let refused = new.create_operation(term, operation(3, site_a())).await.unwrap_err();
        assert!(matches!(refused, StoreError::TermLost { .. }), "{refused}");
    }
    assert_eq!(new.append(current, record(2)).await.unwrap(), 2);
    new.release_term(current).await.unwrap();
    let refused = new.append(current, record(3)).await.unwrap_err();
    assert!(matches!(refused, StoreError::TermLost { .. }), "{refused}");
}

#[tokio::test]
async fn a_term_that_cannot_be_written_is_not_locked_either() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON term BEGIN SELECT RAISE(ABORT, 'no'); END";
    execute(&store, refuse).await;
    assert!(matches!(take(&store, 1).await, Err(StoreError::Unavailable { .. })));
    execute(&store, "DROP TRIGGER refuse").await;
    assert_eq!(take(&store, 1).await.unwrap().number, 1);
}

async fn execute(store: &SqliteStore, sql: &'static str) {
    let run = |connection: &rusqlite::Connection| Ok(connection.execute_batch(sql)?);
    store.threads.write("prepare the test".to_owned(), run).await.unwrap();
}
