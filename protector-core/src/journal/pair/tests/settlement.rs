use super::*;
use crate::journal::fixture::proposal;
use serde_json::json;

#[tokio::test]
async fn what_is_written_is_current_in_both_stores_until_it_is_removed() {
    let sites = Sites::new();
    let pair = sites.pair();
    assert_eq!(pair.read(KIND, "shop").await.unwrap(), None);
    pair.write(KIND, "shop", None, version(1, 1), json!({"n": 1})).await.unwrap();
    pair.write(KIND, "shop", Some(version(1, 1)), version(1, 2), json!({"n": 2})).await.unwrap();
    let (a, b) = sites.entries("shop").await;
    assert_eq!(a, b);
    assert_eq!(pair.documents(KIND).await.unwrap(), [a.current.unwrap()]);

    pair.write(KIND, "shop", Some(version(1, 2)), version(1, 3), Value::Null).await.unwrap();
    assert!(pair.documents(KIND).await.unwrap().is_empty());
    let removed = pair.read(KIND, "shop").await.unwrap().unwrap();
    assert!(removed.is_removed() && removed.version == version(1, 3));
    let again = pair.write(KIND, "shop", None, version(1, 1), json!(3)).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "a removed version is not forgotten");
}

#[tokio::test]
async fn a_write_that_one_store_refuses_is_taken_back_at_the_other() {
    for in_a in [true, false] {
        let sites = Sites::new();
        let other = proposal("shop", None, version(1, 1), json!("theirs"));
        let store = if in_a { &sites.a } else { &sites.b };
        store.propose(other.clone()).await.unwrap();
        let refused = sites.pair().write(KIND, "shop", None, version(1, 1), json!("mine")).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        store.withdraw(&other.intent).await.unwrap();
        let empty = Entry::empty(KIND, "shop");
        assert_eq!(sites.entries("shop").await, (empty.clone(), empty));
    }
}

#[tokio::test]
async fn two_proposals_that_never_met_are_both_taken_back() {
    let sites = Sites::new();
    for store in [&sites.a, &sites.b] {
        store.propose(proposal("shop", None, version(1, 1), json!("same"))).await.unwrap();
    }
    let repair = sites.pair().repair().await.unwrap();
    assert_eq!(repair.mended.iter().map(|mended| mended.how).collect::<Vec<_>>(), [Mending::Withdrawn; 2]);
    let empty = Entry::empty(KIND, "shop");
    assert_eq!(sites.entries("shop").await, (empty.clone(), empty));
}

#[tokio::test]
async fn a_half_done_write_is_read_as_it_counts() {
    let sites = Sites::new();
    let pair = sites.pair();
    pair.write(KIND, "shop", None, version(1, 1), json!("old")).await.unwrap();
    let next = proposal("shop", Some(version(1, 1)), version(1, 2), json!("new"));
    let body = async || pair.read(KIND, "shop").await.unwrap().unwrap().body;
    sites.a.propose(next.clone()).await.unwrap();
    assert_eq!(body().await, json!("old"));
    sites.b.propose(next.clone()).await.unwrap();
    assert_eq!(body().await, json!("old"));
    sites.a.commit(&next.intent).await.unwrap();
    assert_eq!(body().await, json!("new"));
    assert_eq!(pair.documents(KIND).await.unwrap()[0].body, json!("new"));
}

#[tokio::test]
async fn two_contents_of_one_version_are_left_to_a_person() {
    let sites = Sites::new();
    let pair = sites.pair();
    for (store, body) in [(&sites.a, "here"), (&sites.b, "there")] {
        let alone = proposal("shop", None, version(2, 0), json!(body));
        store.write_alone(alone).await.unwrap();
    }
    pair.write(KIND, "cart", None, version(1, 1), json!(1)).await.unwrap();
    let half = proposal("bill", None, version(1, 1), json!(1));
    sites.a.propose(half).await.unwrap();

    let refused = pair.read(KIND, "shop").await.unwrap_err();
    assert!(matches!(refused, StoreError::StoresDiffer(_)), "{refused}");
    assert!(refused.to_string().ends_with("with another content"), "{refused}");
    assert!(matches!(pair.documents(KIND).await, Err(StoreError::StoresDiffer(_))));
    let before = sites.entries("shop").await;
    let repair = pair.repair().await.unwrap();
    assert_eq!(repair.differing.len(), 1);
    assert_eq!(repair.mended.len(), 1, "what can be mended beside it, is");
    assert_eq!(sites.entries("shop").await, before);
}

#[tokio::test]
async fn a_site_that_stayed_where_both_were_is_brought_up_to_the_one_that_went_on() {
    let sites = Sites::new();
    let pair = sites.pair();
    pair.write(KIND, "shop", None, version(1, 1), json!(1)).await.unwrap();
    let refused = pair.write_one(&site_b(), KIND, "shop", Some(version(1, 1)), version(1, 2), json!(2)).await;
    assert!(matches!(refused, Err(StoreError::OutOfOrder { .. })), "the epoch has to rise: {refused:?}");
    for (from, to) in [(version(1, 1), version(2, 0)), (version(2, 0), version(2, 1))] {
        pair.write_one(&site_b(), KIND, "shop", Some(from), to, json!(2)).await.unwrap();
    }
    pair.write_one(&site_b(), KIND, "new", None, version(2, 0), json!(3)).await.unwrap();
    // The lost site comes back with a write that it had begun.
    let begun = proposal("shop", Some(version(1, 1)), version(1, 2), json!("begun"));
    sites.a.propose(begun).await.unwrap();
    assert!(matches!(pair.read(KIND, "shop").await, Err(StoreError::StoresDiffer(_))));

    let repair = pair.repair().await.unwrap();
    assert!(repair.differing.is_empty());
    let (a, b) = sites.entries("shop").await;
    assert_eq!((a.version(), a.current.unwrap().body), (Some(version(2, 1)), json!(2).into()));
    assert!(!b.current.as_ref().unwrap().alone && a.pending.is_none());
    assert_eq!(pair.read(KIND, "new").await.unwrap().unwrap().body, json!(3));
    assert_eq!(pair.repair().await.unwrap(), Repair::default());

    // And once more the other way round: what was shared is known on both sides.
    pair.write_one(&site_a(), KIND, "shop", Some(version(2, 1)), version(3, 0), json!(4)).await.unwrap();
    assert!(pair.repair().await.unwrap().differing.is_empty());
    assert_eq!(pair.read(KIND, "shop").await.unwrap().unwrap().version, version(3, 0));
}

#[tokio::test]
async fn a_fraction_that_json_does_not_read_back_exactly_is_no_difference() {
    let sites = Sites::new();
    let pair = sites.pair();
    let body = json!(-3.721_120_077_821_030_5e-9);
    pair.write_one(&site_b(), KIND, "shop", None, version(1, 0), body).await.unwrap();
    assert!(pair.repair().await.unwrap().differing.is_empty());
    let document = pair.read(KIND, "shop").await.unwrap().unwrap();
    pair.write(KIND, "shop", Some(document.version), version(1, 1), document.body).await.unwrap();
    pair.read(KIND, "shop").await.unwrap();
}

#[tokio::test]
async fn two_sites_that_both_went_on_are_left_to_a_person() {
    let sites = Sites::new();
    let pair = sites.pair();
    pair.write(KIND, "shop", None, version(1, 1), json!(1)).await.unwrap();
    pair.write_one(&site_a(), KIND, "shop", Some(version(1, 1)), version(2, 0), json!(2)).await.unwrap();
    pair.write_one(&site_b(), KIND, "shop", Some(version(1, 1)), version(3, 0), json!(3)).await.unwrap();
    let repair = pair.repair().await.unwrap();
    assert_eq!(repair.differing[0].first, (site_a(), Some(version(2, 0))));
    assert_eq!(repair.differing[0].second, (site_b(), Some(version(3, 0))));
}
