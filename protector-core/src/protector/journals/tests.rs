use super::*;
use crate::domain::{OperationStatus, OperationType};
use crate::engine::{Event, Log, PlanBuilder, Recovery, StepBuilder};
use crate::error::{Code, Coded};
use crate::journal::OperationRecord;
use crate::protector::log::JournalLog;
use crate::protector::tests::open;
use jiff::ToSpan;
use std::sync::Arc;

const SITES: [&str; 2] = ["site-a", "site-b"];

fn group() -> GroupId {
    GroupId::new(Uuid::from_u128(0xa))
}

fn id(number: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(number))
}

/// An operation of the group, planned so many seconds after the first, that made a point; it has ended if it is said so.
async fn operate(protector: &Protector, number: u128, ended: bool) {
    let mut plan = PlanBuilder::new(
        OperationType::Sync,
        group(),
        "shop",
        (SITES[0].into(), SITES[1].into()),
        1,
        Recovery::RollBack,
    );
    let input = json!({"array": "array-1", "group": "g", "point": format!("p{number}")});
    let step = StepBuilder::new("replicate_now", "replicate_now", "make a point");
    let step = plan.add(step.at(&SITES[0].into()).input(input));
    let plan = plan.build().unwrap();
    let home = plan.target_site.clone();
    let record = OperationRecord {
        id: id(number),
        group: group(),
        operation_type: plan.operation_type.to_string(),
        home: home.clone(),
        plan: plan.text().unwrap(),
        plan_hash: plan.hash(),
        started_by: protector.holder.clone(),
        created_at: Timestamp::UNIX_EPOCH + i64::try_from(number).unwrap().seconds(),
    };
    let term = protector.stores.take_terms(group(), id(number), protector.holder.clone()).await.unwrap();
    let own = term.at(&home).unwrap();
    protector.stores.store(&home).unwrap().create_operation(own, record).await.unwrap();
    let clock = Arc::clone(protector.context.clock());
    let log = JournalLog { stores: Arc::clone(&protector.stores), home, term: own, clock };
    let mut events = vec![
        Event::Started { term: 1, holder: "test".to_owned() },
        Event::StepIntended { step: step.clone() },
        Event::StepDone { step, output: json!({}) },
    ];
    events
        .extend(ended.then_some(Event::Finished { status: OperationStatus::Completed, error_message: None }));
    for event in &events {
        Log::append(&log, event).await.unwrap();
    }
    protector.stores.release_terms(&term).await.unwrap();
}

/// Which of the operations each store has.
async fn stored(protector: &Protector) -> [Vec<OperationId>; 2] {
    let mut stored = [Vec::new(), Vec::new()];
    for (found, site) in stored.iter_mut().zip(SITES) {
        let operations = protector.stores.store(&site.into()).unwrap().operations(None).await.unwrap();
        *found = operations.iter().map(|operation| operation.record.id).collect();
    }
    stored
}

#[tokio::test]
async fn the_journals_of_old_operations_go_from_both_stores_and_a_summary_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (protector, _) = open(&folder);
    for number in 1..=3 {
        operate(&protector, number, true).await;
    }
    let before = protector.status(None).await.unwrap();
    let head = protector.recall_one(id(1)).await.unwrap().head.to_string();
    let young = protector.prune_journals(Duration::from_hours(1)).await.unwrap();
    assert_eq!((young.removed.len(), young.kept), (0, Vec::new()));

    let pruned = protector.prune_journals(Duration::ZERO).await.unwrap();
    let removed: Vec<OperationId> = pruned.removed.iter().map(|view| view.id).collect();
    assert_eq!(removed, [id(1), id(2)]);
    assert!(pruned.bytes > 0);
    let [kept] = &pruned.kept[..] else { panic!("{pruned:#?}") };
    assert!(kept.operation == id(3) && kept.needed && kept.reason.contains("the last operation"), "{kept:?}");
    assert_eq!(stored(&protector).await, [[id(3)], [id(3)]]);

    // What there was to be seen of them is there, and what they made is accounted for.
    let after = protector.status(None).await.unwrap();
    assert_eq!(after.objects, before.objects);
    assert_eq!(after.operations.len(), 3);
    for (now, was) in after.operations.iter().zip(&before.operations) {
        let told = |view: &OperationView| (view.id, view.operation_type, view.status, view.completed_at);
        assert_eq!(told(now), told(was));
        assert_eq!(now.journal_removed_at.is_some(), removed.contains(&now.id));
    }
    let summary = &protector.summaries().await.unwrap()[0];
    assert_eq!((summary.records, &summary.head), (4, &head));
    let refused = protector.events(id(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::JournalRemoved);
    assert!(refused.to_string().contains("shop"), "{refused}");
    assert_eq!(protector.events(id(3)).await.unwrap().len(), 4);

    // A new operation's names are not those of one before.
    assert_eq!(protector.known(Some(group())).await.unwrap().len(), 3);
    let told = journals(&protector.known(None).await.unwrap());
    let [told] = &told[..] else { panic!("{told:#?}") };
    assert_eq!((told.operations, told.unfinished, told.summaries), (1, 0, 2));
}

#[tokio::test]
async fn the_journal_of_an_operation_that_has_not_ended_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (protector, _) = open(&folder);
    operate(&protector, 1, false).await;
    operate(&protector, 2, true).await;
    let pruned = protector.prune_journals(Duration::ZERO).await.unwrap();
    assert_eq!(pruned.removed.len(), 0);
    assert_eq!(stored(&protector).await, [[id(1), id(2)], [id(1), id(2)]]);
}

#[tokio::test]
async fn while_a_process_holds_the_group_its_journals_stay_and_it_is_said_why() {
    let folder = tempfile::tempdir().unwrap();
    let (protector, _) = open(&folder);
    operate(&protector, 1, true).await;
    operate(&protector, 2, true).await;
    let held = protector.stores.take_terms(group(), id(7), protector.holder.clone()).await.unwrap();
    let pruned = protector.prune_journals(Duration::ZERO).await.unwrap();
    assert_eq!((pruned.removed.len(), pruned.kept.len()), (0, 2));
    assert!(pruned.kept.iter().all(|kept| !kept.needed && kept.reason.contains("is held since")));
    assert_eq!(stored(&protector).await, [[id(1), id(2)], [id(1), id(2)]]);
    protector.stores.release_terms(&held).await.unwrap();
}

#[tokio::test]
async fn what_a_crash_left_of_a_journal_does_not_count_and_goes_with_the_next_removal() {
    // It stopped before the one store, or between the two.
    for reached in [None, Some(SITES[0]), Some(SITES[1])] {
        let folder = tempfile::tempdir().unwrap();
        let (protector, _) = open(&folder);
        operate(&protector, 1, true).await;
        operate(&protector, 2, true).await;
        let term = protector.stores.take_terms(group(), id(9), protector.holder.clone()).await.unwrap();
        protector.summarize(&protector.recall_one(id(1)).await.unwrap()).await.unwrap();
        if let Some(site) = reached {
            let store = protector.stores.store(&site.into()).unwrap();
            store.remove_operation(term.at(&site.into()).unwrap(), id(1)).await.unwrap();
        }
        protector.stores.release_terms(&term).await.unwrap();

        assert_eq!(protector.operations(None).await.unwrap().len(), 2, "{reached:?}");
        assert_eq!(protector.events(id(1)).await.unwrap_err().code(), Code::JournalRemoved);
        let pruned = protector.prune_journals(Duration::from_hours(1)).await.unwrap();
        assert_eq!((pruned.removed.len(), pruned.kept.len()), (0, 0), "{reached:?}");
        assert_eq!(stored(&protector).await, [[id(2)], [id(2)]], "{reached:?}");
    }
}
