//! Writers, repairs and crashes at once, one store call at a time, in every order that comes up.

use super::*;
use crate::journal::fault::{InterceptedStore, Interceptor, Method};
use futures::future::BoxFuture;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

const WRITERS: usize = 2;
const REPAIRS: usize = 2;
const ACTORS: usize = WRITERS + REPAIRS;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Event {
    /// A call waits for its turn.
    Asked,
    /// A call was answered.
    Answered,
    /// The actor is done.
    Ended,
}

/// Lets an actor's calls through one by one.
#[derive(Debug)]
struct Turns {
    events: UnboundedSender<Event>,
    permits: Semaphore,
}

impl Interceptor for Turns {
    fn before<'a>(&'a self, _: &'a SiteName, _: Method) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            self.events.send(Event::Asked).unwrap();
            self.permits.acquire().await.unwrap().forget();
            Ok(())
        })
    }

    fn after<'a>(&'a self, _: &'a SiteName, _: Method, _: bool) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            self.events.send(Event::Answered).unwrap();
            Ok(())
        })
    }
}

/// What a writer was told of each of its writes.
#[derive(Debug, Default)]
struct Told {
    counts: Vec<String>,
    does_not_count: Vec<String>,
}

/// One process: a writer or a repair.
struct Actor {
    turns: Arc<Turns>,
    events: UnboundedReceiver<Event>,
    task: JoinHandle<()>,
    asked: usize,
    ended: bool,
}

impl Actor {
    fn start<F>(sites: &Sites, run: impl FnOnce(StorePair) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, events) = unbounded_channel();
        let turns = Arc::new(Turns { events: sender, permits: Semaphore::new(0) });
        let stand_before = |store: &Arc<dyn SiteStore>| -> Arc<dyn SiteStore> {
            Arc::new(InterceptedStore::new(store.clone(), turns.clone()))
        };
        let work = run(pair(stand_before(&sites.a), stand_before(&sites.b)));
        let said = turns.clone();
        let task = tokio::spawn(async move {
            work.await;
            said.events.send(Event::Ended).unwrap();
        });
        Self { turns, events, task, asked: 0, ended: false }
    }

    /// Waits until a call waits for its turn, or there are no more.
    async fn settle(&mut self) {
        while self.asked == 0 && !self.ended {
            self.take_event().await;
        }
    }

    async fn take_event(&mut self) -> Event {
        let event = self.events.recv().await.unwrap();
        match event {
            Event::Asked => self.asked += 1,
            Event::Answered => {}
            Event::Ended => self.ended = true,
        }
        event
    }

    /// Lets one call through, and waits for its answer.
    async fn step(&mut self) {
        self.settle().await;
        if self.ended {
            return;
        }
        self.asked -= 1;
        self.turns.permits.add_permits(1);
        while self.take_event().await != Event::Answered {}
        self.settle().await;
    }

    async fn crash(&mut self) {
        self.settle().await;
        self.task.abort();
        self.ended = true;
    }
}

/// Writes twice, each time onto what is there, and notes what it was told.
async fn write_twice(pair: StorePair, id: String, name: usize, told: Arc<Mutex<Told>>) {
    for round in 0..2 {
        let Ok(found) = pair.read(KIND, &id).await else { continue };
        let (expected, mut history) = match found {
            Some(document) => (Some(document.version), document.body.read::<Vec<Value>>().unwrap()),
            None => (None, Vec::new()),
        };
        let mine = format!("{name}.{round}");
        history.push(json!(mine));
        let next = expected.map_or(version(1, 1), Version::next);
        let result = pair.write(KIND, &id, expected, next, json!(history)).await;
        let mut told = told.lock().unwrap();
        match result {
            Ok(()) | Err(StoreError::Unsettled { decided: true, .. }) => told.counts.push(mine),
            Err(StoreError::Unsettled { .. }) => {}
            Err(_) => told.does_not_count.push(mine),
        }
    }
}

async fn run(
    sites: &Sites,
    id: &str,
    schedule: &[u8],
    crashes: &[(usize, usize)],
) -> Result<(), TestCaseError> {
    let told = Arc::new(Mutex::new(Told::default()));
    let mut actors: Vec<_> = (0..ACTORS)
        .map(|name| {
            let (id, told) = (id.to_owned(), told.clone());
            Actor::start(sites, move |pair| async move {
                if name < WRITERS {
                    write_twice(pair, id, name, told).await;
                } else {
                    pair.repair().await.unwrap();
                }
            })
        })
        .collect();
    for (turn, choice) in schedule.iter().enumerate() {
        for (actor, _) in crashes.iter().filter(|(_, at)| *at == turn) {
            actors[*actor].crash().await;
        }
        actors[usize::from(*choice) % ACTORS].step().await;
    }
    while actors.iter().any(|actor| !actor.ended) {
        for actor in &mut actors {
            actor.step().await;
        }
    }

    let repair = sites.pair().repair().await.unwrap();
    prop_assert!(repair.differing.is_empty(), "{:?}", repair);
    let (a, b) = sites.entries(id).await;
    prop_assert_eq!(&a, &b);
    prop_assert_eq!(a.pending, None);
    let history: Vec<String> = a.current.map(|document| document.body.read().unwrap()).unwrap_or_default();
    let distinct: BTreeSet<_> = history.iter().collect();
    prop_assert_eq!(distinct.len(), history.len());
    let told = told.lock().unwrap();
    for counts in &told.counts {
        prop_assert!(distinct.contains(counts), "{} was said to count, but is not in {:?}", counts, history);
    }
    for does_not in &told.does_not_count {
        prop_assert!(
            !distinct.contains(does_not),
            "{} was said not to count, but is in {:?}",
            does_not,
            history
        );
    }
    Ok(())
}

#[test]
fn writers_repairs_and_crashes_in_any_order_end_with_one_history_on_both_sides() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sites = Sites::new();
    let schedule =
        (prop::collection::vec(any::<u8>(), 0..60), prop::collection::vec((0..ACTORS, 0..60_usize), 0..3));
    let case = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    runner
        .run(&schedule, |(schedule, crashes)| {
            case.set(case.get() + 1);
            runtime.block_on(run(&sites, &format!("case-{}", case.get()), &schedule, &crashes))
        })
        .unwrap();
}
