//! What two stores promise together.

mod crash;
mod interleavings;
mod operations;
mod races;
mod settlement;

use super::*;
use crate::journal::SqliteStore;
use crate::journal::fixture::{site_a, site_b};
use crate::time::SystemClock;
use serde_json::Value;
use tempfile::TempDir;

pub(super) const KIND: DocumentKind = DocumentKind::Group;

/// Both stores of a pair in a folder, which goes with them.
pub(super) struct Sites {
    pub(super) a: Arc<dyn SiteStore>,
    pub(super) b: Arc<dyn SiteStore>,
    pub(super) folder: TempDir,
}

impl Sites {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = |site: SiteName| -> Arc<dyn SiteStore> {
            Arc::new(SqliteStore::open(folder.path().join(format!("{site}.db")), site).unwrap())
        };
        Self { a: open(site_a()), b: open(site_b()), folder }
    }

    pub(super) fn pair(&self) -> StorePair {
        pair(Arc::clone(&self.a), Arc::clone(&self.b))
    }

    /// Both entries of a document, without what need not be the same.
    pub(super) async fn entries(&self, id: &str) -> (Entry, Entry) {
        (self.a.entry(KIND, id).await.unwrap(), self.b.entry(KIND, id).await.unwrap())
    }
}

pub(super) fn pair(one: Arc<dyn SiteStore>, other: Arc<dyn SiteStore>) -> StorePair {
    StorePair::new(one, other, Arc::new(SystemClock::new())).unwrap()
}

pub(super) fn version(epoch: u64, n: u64) -> Version {
    Version::new(epoch, n)
}

#[tokio::test]
async fn a_store_is_not_paired_with_itself() {
    let sites = Sites::new();
    let refused = StorePair::new(sites.a.clone(), sites.a.clone(), Arc::new(SystemClock::new())).unwrap_err();
    assert!(matches!(refused, StoreError::OneSite { .. }), "{refused}");
    assert!(matches!(sites.pair().store(&"site-c".into()), Err(StoreError::SiteUnknown { .. })));
}

#[tokio::test]
async fn whichever_store_is_named_first_the_same_one_decides() {
    let sites = Sites::new();
    for pair in [pair(sites.a.clone(), sites.b.clone()), pair(sites.b.clone(), sites.a.clone())] {
        assert_eq!((pair.first.site(), pair.second.site()), (&site_a(), &site_b()));
        assert_eq!(pair.store(&site_b()).unwrap().site(), &site_b());
        assert_eq!(pair.other(&site_b()).unwrap().site(), &site_a());
    }
}
