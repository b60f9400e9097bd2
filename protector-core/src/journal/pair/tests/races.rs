//! What another process may do to a write between two of its calls, one case each.

use super::*;
use crate::journal::error::Effect;
use crate::journal::fault::{InterceptedStore, Interceptor, Method, injected};
use futures::future::BoxFuture;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

/// Does something else once, just before a method of one store is called.
struct Meddler {
    before: (SiteName, Method),
    action: Mutex<Option<BoxFuture<'static, ()>>>,
    /// The first proposal in this site's store succeeds, and its answer is lost.
    loses_answer: Option<SiteName>,
    lost: AtomicBool,
}

impl std::fmt::Debug for Meddler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Meddler({:?})", self.before)
    }
}

impl Interceptor for Meddler {
    fn before<'a>(&'a self, site: &'a SiteName, method: Method) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if self.before == (site.clone(), method) {
                let action = self.action.lock().unwrap().take();
                if let Some(action) = action {
                    action.await;
                }
            }
            Ok(())
        })
    }

    fn after<'a>(
        &'a self,
        site: &'a SiteName,
        method: Method,
        _: bool,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let loses = self.loses_answer.as_ref() == Some(site) && method == Method::Propose;
            if loses && !self.lost.swap(true, Ordering::Relaxed) {
                return Err(injected(site, method, Effect::Unknown));
            }
            Ok(())
        })
    }
}

/// A pair before one of whose calls another process does something, and which may lose an answer.
fn meddled(
    sites: &Sites,
    before: (SiteName, Method),
    loses_answer: Option<SiteName>,
    action: impl Future<Output = ()> + Send + 'static,
) -> (StorePair, Arc<Meddler>) {
    let action: BoxFuture<'static, ()> = Box::pin(action);
    let action = Mutex::new(Some(action));
    let meddler = Arc::new(Meddler { before, action, loses_answer, lost: AtomicBool::new(false) });
    let stand_before = |store: &Arc<dyn SiteStore>| -> Arc<dyn SiteStore> {
        Arc::new(InterceptedStore::new(store.clone(), meddler.clone()))
    };
    (pair(stand_before(&sites.a), stand_before(&sites.b)), meddler)
}

/// Writes version 1.1 while another process does something before a call.
async fn write(
    sites: &Sites,
    before: (SiteName, Method),
    loses_answer: Option<SiteName>,
    action: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StoreError> {
    let (pair, meddler) = meddled(sites, before, loses_answer, action);
    let told = pair.write(KIND, "shop", None, version(1, 1), json!("mine")).await;
    assert!(meddler.action.lock().unwrap().is_none(), "the other process had its turn");
    told
}

async fn body(sites: &Sites) -> CanonicalJson {
    assert!(sites.pair().repair().await.unwrap().differing.is_empty());
    sites.pair().read(KIND, "shop").await.unwrap().unwrap().body
}

#[tokio::test]
async fn a_write_whose_proposal_a_repair_took_back_is_tried_again() {
    for call in [(site_b(), Method::Propose), (site_a(), Method::Commit)] {
        let sites = Sites::new();
        let a = sites.a.clone();
        // What a repair does that read B before the proposal was there.
        write(&sites, call, None, async move {
            let entry = a.entry(KIND, "shop").await.unwrap();
            let pending = entry.pending.unwrap();
            let intent = Intent { kind: KIND, id: entry.id, version: pending.version, write: pending.write };
            a.withdraw(&intent).await.unwrap();
        })
        .await
        .unwrap();
        let (a, b) = sites.entries("shop").await;
        assert_eq!(a, b);
        assert_eq!((a.pending, body(&sites).await), (None, json!("mine").into()));
    }
}

#[tokio::test]
async fn a_write_that_a_repair_finished_first_counts() {
    for call in [(site_a(), Method::Commit), (site_b(), Method::Commit)] {
        let sites = Sites::new();
        let other = sites.pair();
        write(&sites, call, None, async move { drop(other.repair().await.unwrap()) }).await.unwrap();
        assert_eq!(body(&sites).await, json!("mine"));
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_but_that_a_repair_finished_counts() {
    let sites = Sites::new();
    let other = sites.pair();
    let repair = async move { drop(other.repair().await.unwrap()) };
    write(&sites, (site_a(), Method::Withdraw), Some(site_b()), repair).await.unwrap();
    assert_eq!(body(&sites).await, json!("mine"));
}

#[tokio::test]
async fn a_write_that_others_went_past_after_it_was_decided_counts() {
    let sites = Sites::new();
    let other = sites.pair();
    write(&sites, (site_b(), Method::Commit), None, async move {
        other.repair().await.unwrap();
        other.write(KIND, "shop", Some(version(1, 1)), version(1, 2), json!("next")).await.unwrap();
    })
    .await
    .unwrap();
    assert_eq!(body(&sites).await, json!("next"));
}

#[tokio::test]
async fn a_proposal_that_its_writer_takes_back_before_a_repair_decides_does_not_count() {
    let sites = Sites::new();
    let both = crate::journal::fixture::proposal("shop", None, version(1, 1), json!("mine"));
    sites.a.propose(both.clone()).await.unwrap();
    sites.b.propose(both.clone()).await.unwrap();
    let a = sites.a.clone();
    let (pair, _) = meddled(&sites, (site_a(), Method::Commit), None, async move {
        a.withdraw(&both.intent).await.unwrap();
    });
    pair.repair().await.unwrap();
    let empty = Entry::empty(KIND, "shop");
    assert_eq!(sites.entries("shop").await, (empty.clone(), empty));
}

#[tokio::test]
async fn a_write_that_others_finished_and_went_past_is_never_said_not_to_count() {
    for (call, loses_answer) in
        [((site_a(), Method::Commit), None), ((site_a(), Method::Withdraw), Some(site_b()))]
    {
        let sites = Sites::new();
        let other = sites.pair();
        let told = write(&sites, call, loses_answer, async move {
            other.repair().await.unwrap();
            other.write(KIND, "shop", Some(version(1, 1)), version(1, 2), json!("next")).await.unwrap();
        })
        .await;
        assert!(matches!(told, Err(StoreError::Unsettled { decided: false, .. })), "{told:?}");
        assert_eq!(body(&sites).await, json!("next"));
    }
}

#[tokio::test]
async fn a_write_that_others_overtook_with_the_same_version_is_said_not_to_count() {
    let sites = Sites::new();
    let (other, a, b) = (sites.pair(), sites.a.clone(), sites.b.clone());
    let told = write(&sites, (site_a(), Method::Commit), None, async move {
        for store in [a, b] {
            let entry = store.entry(KIND, "shop").await.unwrap();
            let pending = entry.pending.unwrap();
            let intent = Intent { kind: KIND, id: entry.id, version: pending.version, write: pending.write };
            store.withdraw(&intent).await.unwrap();
        }
        other.write(KIND, "shop", None, version(1, 1), json!("theirs")).await.unwrap();
    })
    .await;
    assert!(matches!(told, Err(StoreError::Conflict { .. })), "{told:?}");
    assert_eq!(body(&sites).await, json!("theirs"));
}
