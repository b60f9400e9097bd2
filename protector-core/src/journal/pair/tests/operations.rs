use super::*;
use crate::journal::fault::{FaultPlan, InterceptedStore, Method, When};
use crate::journal::fixture::{begin, group, holder, operation_id, record};

/// An operation at home at site B with three records.
async fn three_records(sites: &Sites) {
    let term = begin(&*sites.b, 1).await;
    for number in 1..=3 {
        sites.b.append(term, record(number)).await.unwrap();
    }
    sites.b.release_term(term).await.unwrap();
}

#[tokio::test]
async fn a_copy_has_all_and_later_only_what_is_new() {
    let sites = Sites::new();
    three_records(&sites).await;
    let plan = FaultPlan::new();
    let pair = pair(Arc::new(InterceptedStore::new(sites.a.clone(), plan.clone())), sites.b.clone());
    assert_eq!(pair.mirror(operation_id(1)).await.unwrap(), 3);
    let term = begin(&*sites.b, 1).await;
    sites.b.append(term, record(4)).await.unwrap();
    assert_eq!(pair.mirror(operation_id(1)).await.unwrap(), 1);
    assert_eq!(sites.pair().mirror(operation_id(1)).await.unwrap(), 0, "a new process asks what is there");
    let copy = sites.a.records(operation_id(1), 0).await.unwrap();
    assert_eq!(copy, sites.b.records(operation_id(1), 0).await.unwrap());
}

#[tokio::test]
async fn a_copy_that_is_known_takes_in_new_records_without_the_operation() {
    let sites = Sites::new();
    three_records(&sites).await;
    let (home, copy) = (FaultPlan::new(), FaultPlan::new());
    let pair = pair(
        Arc::new(InterceptedStore::new(sites.a.clone(), copy.clone())),
        Arc::new(InterceptedStore::new(sites.b.clone(), home.clone())),
    );
    pair.mirror(operation_id(1)).await.unwrap();
    let (asked_home, asked_copy) = (home.calls().len(), copy.calls().len());
    let term = begin(&*sites.b, 1).await;
    for number in 4..=6 {
        sites.b.append(term, record(number)).await.unwrap();
        assert_eq!(pair.mirror(operation_id(1)).await.unwrap(), 1);
    }
    assert_eq!(home.calls()[asked_home..], [Method::Records; 3]);
    assert_eq!(copy.calls()[asked_copy..], [Method::CopyRecords; 3]);
    let records = sites.a.records(operation_id(1), 0).await.unwrap();
    assert_eq!(records, sites.b.records(operation_id(1), 0).await.unwrap());
}

#[tokio::test]
async fn a_copy_that_is_lost_is_made_anew() {
    let sites = Sites::new();
    three_records(&sites).await;
    let pair = sites.pair();
    pair.mirror(operation_id(1)).await.unwrap();
    let raw = rusqlite::Connection::open(sites.folder.path().join("site-a.db")).unwrap();
    raw.execute_batch("DELETE FROM record; DELETE FROM chain; DELETE FROM operation").unwrap();
    let refused = pair.mirror(operation_id(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Behind { .. }), "{refused}");
    assert_eq!(pair.mirror(operation_id(1)).await.unwrap(), 3);
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_says_how_far_it_is_behind() {
    let sites = Sites::new();
    three_records(&sites).await;
    let plan = FaultPlan::new();
    let pair = pair(Arc::new(InterceptedStore::new(sites.a.clone(), plan.clone())), sites.b.clone());
    pair.mirror(operation_id(1)).await.unwrap();
    let term = begin(&*sites.b, 1).await;
    sites.b.append(term, record(4)).await.unwrap();
    sites.b.append(term, record(5)).await.unwrap();
    plan.unplug();
    for _ in 0..2 {
        let refused = pair.mirror(operation_id(1)).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Behind { behind: 2, site, .. } if *site == site_a()),
            "{refused}"
        );
    }
    plan.plug();
    assert_eq!(pair.mirror(operation_id(1)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_lost_answer_to_a_copy_is_no_harm() {
    let sites = Sites::new();
    three_records(&sites).await;
    let plan = FaultPlan::new();
    plan.fail(Some(Method::CopyOperation), 1, When::After);
    let pair = pair(Arc::new(InterceptedStore::new(sites.a.clone(), plan)), sites.b.clone());
    assert!(matches!(pair.mirror(operation_id(1)).await, Err(StoreError::Behind { behind: 3, .. })));
    pair.mirror(operation_id(1)).await.unwrap();
    assert_eq!(sites.a.records(operation_id(1), 0).await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_operation_that_nobody_knows_is_said() {
    let refused = Sites::new().pair().mirror(operation_id(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::OperationUnknown { .. }), "{refused}");
}

#[tokio::test]
async fn a_group_held_in_either_store_is_held_in_both() {
    for held_in_a in [true, false] {
        let sites = Sites::new();
        let pair = sites.pair();
        let store = if held_in_a { &sites.a } else { &sites.b };
        let at = crate::journal::fixture::at();
        let term = store.take_term(group(), operation_id(1), holder(), at).await.unwrap();
        let refused = pair.take_terms(group(), operation_id(2), holder()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Held { .. }), "{refused}");
        store.release_term(term).await.unwrap();
        let terms = pair.take_terms(group(), operation_id(2), holder()).await.unwrap();
        assert_eq!(terms.at(&site_b()).unwrap().operation, operation_id(2));
        assert_eq!(terms.at(&"site-c".into()), None);
        pair.release_terms(&terms).await.unwrap();
        pair.take_terms(group(), operation_id(3), holder()).await.unwrap();
    }
}

#[tokio::test]
async fn an_operation_is_removed_with_its_chain_and_the_others_are_still_whole() {
    let sites = Sites::new();
    let pair = sites.pair();
    for number in [1, 2] {
        let term = begin(&*sites.b, number).await;
        for event in 1..=3 {
            sites.b.append(term, record(event)).await.unwrap();
        }
        sites.b.release_term(term).await.unwrap();
        pair.mirror(operation_id(number)).await.unwrap();
    }
    let nobody = pair.take_terms(group(), operation_id(9), holder()).await.unwrap();
    for _ in 0..2 {
        pair.remove_operation(&nobody, operation_id(1)).await.unwrap();
    }
    for (site, store) in [(site_a(), &sites.a), (site_b(), &sites.b)] {
        assert_eq!(store.operation(operation_id(1)).await.unwrap(), None);
        assert_eq!(store.records(operation_id(2), 0).await.unwrap().len(), 3);
        assert_eq!(store.operations(None).await.unwrap().len(), 1);
        let raw = rusqlite::Connection::open(sites.folder.path().join(format!("{site}.db"))).unwrap();
        for table in ["record", "chain"] {
            let sql = format!("SELECT count(DISTINCT operation) FROM {table}");
            let left: i64 = raw.query_row(&sql, (), |row| row.get(0)).unwrap();
            assert_eq!(left, 1, "{table} of {site}");
        }
    }
}

#[tokio::test]
async fn only_the_holder_of_the_groups_term_removes_an_operation_and_not_the_one_it_is_at_work_on() {
    let sites = Sites::new();
    three_records(&sites).await;
    let pair = sites.pair();
    pair.mirror(operation_id(1)).await.unwrap();
    let at_work = pair.take_terms(group(), operation_id(1), holder()).await.unwrap();
    let refused = pair.remove_operation(&at_work, operation_id(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::TermLost { .. }), "{refused}");
    pair.release_terms(&at_work).await.unwrap();
    let refused = pair.remove_operation(&at_work, operation_id(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::TermLost { .. }), "{refused}");
    for store in [&sites.a, &sites.b] {
        assert_eq!(store.records(operation_id(1), 0).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_removal_that_stopped_between_the_two_stores_is_finished_by_the_next() {
    let sites = Sites::new();
    three_records(&sites).await;
    let plan = FaultPlan::new();
    let pair = pair(sites.a.clone(), Arc::new(InterceptedStore::new(sites.b.clone(), plan.clone())));
    pair.mirror(operation_id(1)).await.unwrap();
    let nobody = pair.take_terms(group(), operation_id(9), holder()).await.unwrap();
    plan.fail(Some(Method::RemoveOperation), 1, When::Before);
    pair.remove_operation(&nobody, operation_id(1)).await.unwrap_err();
    assert_eq!(sites.a.operation(operation_id(1)).await.unwrap(), None);
    assert_eq!(sites.b.records(operation_id(1), 0).await.unwrap().len(), 3);
    pair.remove_operation(&nobody, operation_id(1)).await.unwrap();
    assert_eq!(sites.b.operation(operation_id(1)).await.unwrap(), None);
}
