//! A write that stops anywhere, in any way, leaves the old or the new on both sides once it was repaired.

use super::*;
use crate::journal::fault::{FaultPlan, InterceptedStore, Method, When};
use serde_json::json;

/// What is written over what.
struct Change {
    before: Option<Value>,
    after: Value,
}

fn changes() -> [Change; 3] {
    [
        Change { before: None, after: json!("new") },
        Change { before: Some(json!("old")), after: json!("new") },
        Change { before: Some(json!("old")), after: Value::Null },
    ]
}

impl Change {
    /// Prepares the stores, and says which version is there.
    async fn prepare(&self, sites: &Sites) -> Option<Version> {
        let before = self.before.clone()?;
        sites.pair().write(KIND, "shop", None, version(1, 1), before).await.unwrap();
        Some(version(1, 1))
    }

    async fn write(&self, pair: &StorePair, expected: Option<Version>) -> Result<(), StoreError> {
        pair.write(KIND, "shop", expected, version(1, 2), self.after.clone()).await
    }

    /// Repairs as the next process would, and compares with what the writer was told.
    async fn check(&self, sites: &Sites, told: &Result<(), StoreError>, case: &str) {
        let pair = sites.pair();
        assert!(pair.repair().await.unwrap().differing.is_empty(), "{case}");
        let (a, b) = sites.entries("shop").await;
        assert_eq!(a, b, "{case}");
        assert_eq!(a.pending, None, "{case}");
        let body = a.current.map(|document| document.body.read::<Value>().unwrap());
        let new = body.as_ref() == Some(&self.after);
        assert!(new || body == self.before, "{case}: {body:?}");
        match told {
            Ok(()) | Err(StoreError::Unsettled { decided: true, .. }) => {
                assert!(new, "{case}: it was said to count");
            }
            Err(StoreError::Unsettled { .. }) => {}
            Err(error) => assert!(!new, "{case}: it was said not to count: {error}"),
        }
        assert_eq!(pair.repair().await.unwrap(), Repair::default(), "{case}: one repair is enough");
    }
}

fn intercepted(sites: &Sites, a: &Arc<FaultPlan>, b: &Arc<FaultPlan>) -> StorePair {
    pair(
        Arc::new(InterceptedStore::new(sites.a.clone(), a.clone())),
        Arc::new(InterceptedStore::new(sites.b.clone(), b.clone())),
    )
}

/// How many calls a write makes if nothing fails.
async fn calls(change: &Change) -> usize {
    let sites = Sites::new();
    let expected = change.prepare(&sites).await;
    let plan = FaultPlan::new();
    change.write(&intercepted(&sites, &plan, &plan), expected).await.unwrap();
    plan.calls().len()
}

#[tokio::test]
async fn a_write_killed_at_every_call_is_repaired_to_old_or_new() {
    for change in changes() {
        let calls = calls(&change).await;
        assert_eq!(calls, 4);
        for nth in 1..=calls {
            for when in [When::Before, When::After] {
                let sites = Sites::new();
                let expected = change.prepare(&sites).await;
                let plan = FaultPlan::new();
                plan.unplug_at(None, nth, when);
                let told = change.write(&intercepted(&sites, &plan, &plan), expected).await;
                // A dead process is told nothing; but one that lost both stores must not be told a lie.
                change.check(&sites, &told, &format!("killed {when:?} call {nth}")).await;
            }
        }
    }
}

#[tokio::test]
async fn a_store_that_goes_away_at_every_call_leaves_old_or_new() {
    for change in changes() {
        for in_a in [true, false] {
            for method in [Method::Propose, Method::Commit] {
                for when in [When::Before, When::After] {
                    let sites = Sites::new();
                    let expected = change.prepare(&sites).await;
                    let (lost, sound) = (FaultPlan::new(), FaultPlan::new());
                    lost.unplug_at(Some(method), 1, when);
                    let plans = if in_a { (&lost, &sound) } else { (&sound, &lost) };
                    let told = change.write(&intercepted(&sites, plans.0, plans.1), expected).await;
                    let case = format!("{method:?} lost {when:?}, in a: {in_a}");
                    assert!(told.is_err(), "{case}");
                    change.check(&sites, &told, &case).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn an_unreachable_store_leaves_nothing_behind_at_the_other() {
    for in_a in [true, false] {
        let sites = Sites::new();
        let (lost, sound) = (FaultPlan::new(), FaultPlan::new());
        lost.unplug();
        let plans = if in_a { (&lost, &sound) } else { (&sound, &lost) };
        let pair = intercepted(&sites, plans.0, plans.1);
        let refused = pair.write(KIND, "shop", None, version(1, 1), json!("new")).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
        let empty = Entry::empty(KIND, "shop");
        assert_eq!(sites.entries("shop").await, (empty.clone(), empty));
        assert!(matches!(pair.read(KIND, "shop").await, Err(StoreError::Unavailable { .. })));
        assert!(matches!(pair.repair().await, Err(StoreError::Unavailable { .. })));
        lost.plug();
        pair.write(KIND, "shop", None, version(1, 1), json!("new")).await.unwrap();
    }
}

#[tokio::test]
async fn one_lost_answer_leaves_old_or_new_and_no_proposal() {
    for change in changes() {
        for nth in 1..=calls(&change).await {
            let sites = Sites::new();
            let expected = change.prepare(&sites).await;
            let plan = FaultPlan::new();
            plan.fail(None, nth, When::After);
            let told = change.write(&intercepted(&sites, &plan, &plan), expected).await;
            if !matches!(told, Err(StoreError::Unsettled { .. })) {
                let (a, b) = sites.entries("shop").await;
                assert_eq!((a.pending, b.pending), (None, None), "call {nth}");
            }
            change.check(&sites, &told, &format!("lost the answer to call {nth}")).await;
        }
    }
}

#[tokio::test]
async fn a_repair_killed_at_every_call_is_finished_by_the_next() {
    // Proposed on both; committed on one; proposed on one; gone on alone.
    for state in 0..5 {
        for nth in 1.. {
            let sites = Sites::new();
            let pair = sites.pair();
            pair.write(KIND, "shop", None, version(1, 1), json!("old")).await.unwrap();
            let next =
                crate::journal::fixture::proposal("shop", Some(version(1, 1)), version(2, 0), json!("new"));
            match state {
                0 | 1 => {
                    sites.a.propose(next.clone()).await.unwrap();
                    sites.b.propose(next.clone()).await.unwrap();
                    if state == 1 {
                        sites.a.commit(&next.intent).await.unwrap();
                    }
                }
                2 => sites.a.propose(next.clone()).await.unwrap(),
                3 => sites.b.propose(next.clone()).await.unwrap(),
                _ => sites.b.write_alone(next.clone()).await.unwrap(),
            }
            let plan = FaultPlan::new();
            plan.unplug_at(None, nth, if nth % 2 == 0 { When::Before } else { When::After });
            let repaired = intercepted(&sites, &plan, &plan).repair().await;
            pair.repair().await.unwrap();
            let (a, b) = sites.entries("shop").await;
            let expected = if matches!(state, 2 | 3) { json!("old") } else { json!("new") };
            for entry in [a, b] {
                assert_eq!(entry.pending, None, "state {state}, call {nth}");
                let document = entry.current.unwrap();
                assert_eq!(
                    (document.body, document.alone),
                    (expected.clone().into(), false),
                    "state {state}, call {nth}"
                );
            }
            if repaired.is_ok() {
                break;
            }
        }
    }
}
