use super::fixture::{proposal, store};
use super::*;
use serde_json::{Value, json};

fn version(epoch: u64, n: u64) -> Version {
    Version::new(epoch, n)
}

async fn current(store: &SqliteStore) -> Option<(Version, Value)> {
    let entry = store.entry(DocumentKind::Group, "shop").await.unwrap();
    entry.current.map(|document| (document.version, document.body.read().unwrap()))
}

/// Puts a version there as both sites would.
async fn put(store: &SqliteStore, expected: Option<Version>, version: Version, body: Value) {
    let proposal = proposal("shop", expected, version, body);
    store.propose(proposal.clone()).await.unwrap();
    store.commit(&proposal.intent).await.unwrap();
}

fn is_conflict(result: &Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict { .. }))
}

#[tokio::test]
async fn a_proposal_changes_nothing_until_it_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    put(&store, None, version(1, 1), json!({"name": "old"})).await;
    let next = proposal("shop", Some(version(1, 1)), version(1, 2), json!({"name": "new"}));
    store.propose(next.clone()).await.unwrap();
    assert_eq!(current(&store).await, Some((version(1, 1), json!({"name": "old"}))));
    let pending = store.entry(DocumentKind::Group, "shop").await.unwrap().pending.unwrap();
    assert_eq!(
        (pending.version, pending.write, &pending.body),
        (version(1, 2), next.intent.write, &next.body)
    );

    store.commit(&next.intent).await.unwrap();
    store.commit(&next.intent).await.unwrap();
    let entry = store.entry(DocumentKind::Group, "shop").await.unwrap();
    let document = entry.current.unwrap();
    assert_eq!((document.version, &document.body), (version(1, 2), &next.body));
    assert_eq!((document.base, document.alone, entry.pending), (Some(version(1, 1)), false, None));
}

#[tokio::test]
async fn a_proposal_from_another_version_or_beside_another_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let early = store.propose(proposal("shop", Some(version(1, 1)), version(1, 2), json!(1))).await;
    assert!(is_conflict(&early));
    put(&store, None, version(1, 1), json!(1)).await;
    assert!(is_conflict(&store.propose(proposal("shop", None, version(1, 2), json!(2))).await));

    let same = proposal("shop", Some(version(1, 1)), version(1, 2), json!(2));
    store.propose(same.clone()).await.unwrap();
    assert!(is_conflict(&store.propose(same).await));
}

#[tokio::test]
async fn a_version_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    put(&store, None, version(2, 5), json!(1)).await;
    for lower in [version(2, 5), version(2, 4), version(1, 9)] {
        let refused = store.propose(proposal("shop", Some(version(2, 5)), lower, json!(2))).await;
        assert!(matches!(refused, Err(StoreError::OutOfOrder { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_withdrawn_proposal_is_gone_and_a_committed_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let first = proposal("shop", None, version(1, 1), json!(1));
    store.propose(first.clone()).await.unwrap();
    store.withdraw(&first.intent).await.unwrap();
    store.withdraw(&first.intent).await.unwrap();
    assert!(is_conflict(&store.commit(&first.intent).await));
    assert_eq!(current(&store).await, None);

    put(&store, None, version(1, 1), json!(2)).await;
    assert!(is_conflict(&store.withdraw(&first.intent).await));
    assert_eq!(current(&store).await, Some((version(1, 1), json!(2))));
}

#[tokio::test]
async fn another_write_of_the_same_version_and_body_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mine = proposal("shop", None, version(1, 1), json!(1));
    let theirs = proposal("shop", None, version(1, 1), json!(1));
    store.propose(theirs.clone()).await.unwrap();
    assert!(is_conflict(&store.commit(&mine.intent).await));
    store.withdraw(&mine.intent).await.unwrap();
    store.commit(&theirs.intent).await.unwrap();
    assert!(is_conflict(&store.commit(&mine.intent).await));
}

#[tokio::test]
async fn going_on_alone_needs_a_raised_epoch_and_remembers_what_both_had() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    put(&store, None, version(1, 1), json!(1)).await;
    let unfinished = proposal("shop", Some(version(1, 1)), version(1, 2), json!("unfinished"));
    store.propose(unfinished).await.unwrap();

    let refused = store.write_alone(proposal("shop", Some(version(1, 1)), version(1, 3), json!(2))).await;
    assert!(matches!(refused, Err(StoreError::OutOfOrder { .. })), "{refused:?}");
    store.write_alone(proposal("shop", Some(version(1, 1)), version(2, 0), json!(2))).await.unwrap();
    store.write_alone(proposal("shop", Some(version(2, 0)), version(2, 1), json!(3))).await.unwrap();
    let entry = store.entry(DocumentKind::Group, "shop").await.unwrap();
    let document = entry.current.unwrap();
    assert_eq!((document.base, document.alone, entry.pending), (Some(version(1, 1)), true, None));

    store.commit(&document.intent()).await.unwrap();
    let document = store.entry(DocumentKind::Group, "shop").await.unwrap().current.unwrap();
    assert_eq!((document.alone, document.shared()), (false, Some(version(2, 1))));
}

#[tokio::test]
async fn going_on_alone_does_not_drop_a_proposal_of_the_same_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    store.propose(proposal("shop", None, version(2, 0), json!(1))).await.unwrap();
    assert!(is_conflict(&store.write_alone(proposal("shop", None, version(2, 0), json!(2))).await));
}

#[tokio::test]
async fn documents_are_listed_by_kind_with_what_is_only_proposed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    put(&store, None, version(1, 1), json!(1)).await;
    store.propose(proposal("cart", None, version(1, 1), json!(2))).await.unwrap();
    let names = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>();
    assert_eq!(names(store.entries(Some(DocumentKind::Group)).await.unwrap()), ["cart", "shop"]);
    assert_eq!(names(store.entries(None).await.unwrap()), ["cart", "shop"]);
    assert!(store.entries(Some(DocumentKind::Policy)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_kind_of_a_newer_release_is_said_and_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    put(&store, None, version(1, 1), json!(1)).await;
    let run = |connection: &rusqlite::Connection| {
        Ok(connection.execute(
            "INSERT INTO document SELECT 'hologram', id, epoch, n, write_id, base_epoch, base_n,
            alone, body, written_at, hash FROM document",
            (),
        )?)
    };
    store.threads.write("prepare the test".to_owned(), run).await.unwrap();
    let refused = store.entries(None).await.unwrap_err();
    assert!(matches!(refused, StoreError::NeedsNewerRelease { .. }), "{refused}");
    assert!(refused.to_string().contains("hologram"));
    assert_eq!(store.entries(Some(DocumentKind::Group)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_document_that_was_changed_in_the_file_is_not_believed() {
    for change in ["body = '2'", "n = 7", "written_at = '2026-01-02T03:04:06Z'", "base_epoch = 1, base_n = 0"]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        put(&store, None, version(1, 1), json!(1)).await;
        let run = move |connection: &rusqlite::Connection| {
            Ok(connection.execute(&format!("UPDATE document SET {change}"), ())?)
        };
        store.threads.write("prepare the test".to_owned(), run).await.unwrap();
        let refused = store.entry(DocumentKind::Group, "shop").await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{change}: {refused}");
    }
}
