//! What all operations of a process share: so many steps at a time in one system of one site.

use super::services::Service;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The shared lanes of each service: first come, first served.
#[derive(Debug)]
pub(super) struct Lanes {
    shared: usize,
    services: Mutex<BTreeMap<Service, Arc<Semaphore>>>,
}

/// The lanes of one operation. It has one of its own in each service, so that none is kept waiting by others whose steps take
/// long, a guest that does not shut down for one.
#[derive(Debug)]
pub(super) struct OwnLanes {
    lanes: Arc<Lanes>,
    own: BTreeMap<Service, Arc<Semaphore>>,
}

/// A lane that is waited for: the operation's own or a shared one, whichever is free first.
#[derive(Debug)]
pub(super) struct Lane {
    own: Arc<Semaphore>,
    shared: Arc<Semaphore>,
}

impl Lanes {
    pub(super) fn new(shared: usize) -> Self {
        Self { shared: shared.max(1), services: Mutex::default() }
    }

    fn shared(&self, service: &Service) -> Arc<Semaphore> {
        // A map of semaphores is whole, whoever panicked with it.
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let lanes = services.entry(service.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.shared)));
        Arc::clone(lanes)
    }
}

impl OwnLanes {
    pub(super) fn new(lanes: &Arc<Lanes>) -> Self {
        Self { lanes: Arc::clone(lanes), own: BTreeMap::new() }
    }

    pub(super) fn lane(&mut self, service: &Service) -> Lane {
        let own = self.own.entry(service.clone()).or_insert_with(|| Arc::new(Semaphore::new(1)));
        Lane { own: Arc::clone(own), shared: self.lanes.shared(service) }
    }
}

impl Lane {
    /// Waits until it is free; it is free again when what is returned is dropped. `None` if a stop comes first.
    pub(super) async fn enter(self, halt: &CancellationToken) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            biased;
            () = halt.cancelled() => None,
            permit = self.own.acquire_owned() => permit.ok(),
            permit = self.shared.acquire_owned() => permit.ok(),
        }
    }
}
