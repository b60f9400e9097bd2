//! Operations that one executor runs at the same time share its limits, and none keeps another waiting.

use crate::domain::OperationType;
use crate::engine::{
    Assignment, Event, ExecutionLimits, Executor, Log, LogError, Observation, PlanBuilder, Recovery,
    StepBuilder, StepError, StepKind, StepKinds, StepRun,
};
use crate::id::{GroupId, OperationId};
use crate::transport::Context;
use futures::future::{BoxFuture, join_all};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Takes as many seconds as its input says.
#[derive(Debug, Default)]
struct Busy {
    now: AtomicUsize,
    peak: AtomicUsize,
}

#[derive(Debug)]
struct Kind(Arc<Busy>);

impl StepKind for Kind {
    fn name(&self) -> &'static str {
        "busy"
    }

    fn system(&self) -> &'static str {
        "compute"
    }

    fn observe<'a>(&'a self, _: &'a StepRun, _: &'a Value) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async { Ok(Observation::NotDone) })
    }

    fn apply<'a>(&'a self, run: &'a StepRun, input: &'a Value) -> BoxFuture<'a, Result<Value, StepError>> {
        Box::pin(async move {
            let now = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.0.peak.fetch_max(now, Ordering::SeqCst);
            let seconds = input.as_u64().unwrap();
            let slept = run.context.sleep(Duration::from_secs(seconds)).await;
            self.0.now.fetch_sub(1, Ordering::SeqCst);
            slept.map(|()| json!({})).map_err(|stopped| StepError::stopped("sleep", stopped))
        })
    }

    fn verify<'a>(
        &'a self,
        _: &'a StepRun,
        _: &'a Value,
        _: &'a Value,
    ) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async { Ok(()) })
    }

    fn revert<'a>(
        &'a self,
        _: &'a StepRun,
        _: &'a Value,
        _: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async { Ok(()) })
    }
}

#[derive(Debug)]
struct Nowhere;

impl Log for Nowhere {
    fn append<'a>(&'a self, _: &'a Event) -> BoxFuture<'a, Result<(), LogError>> {
        Box::pin(async { Ok(()) })
    }
}

/// An operation of steps that take so long, and build on nothing.
fn operation(number: u128, seconds: &[u64]) -> Assignment {
    let sites = ("site-a".into(), "site-b".into());
    let group = GroupId::new(Uuid::from_u128(number));
    let mut plan = PlanBuilder::new(OperationType::Sync, group, "web", sites, 0, Recovery::RollBack);
    for (step, seconds) in seconds.iter().enumerate() {
        plan.add(
            StepBuilder::new("busy", format!("busy/{step}"), "be busy").at(&"site-b".into()).input(seconds),
        );
    }
    Assignment {
        operation: OperationId::new(Uuid::from_u128(number)),
        plan: Arc::new(plan.build().unwrap()),
        history: Vec::new(),
        holder: "test".to_owned(),
    }
}

/// Runs operations at the same time, with four shared lanes. Returns when each ended, seconds, and the most steps there were
/// under way.
async fn run(operations: Vec<Assignment>) -> (Vec<u64>, usize) {
    let busy = Arc::new(Busy::default());
    let limits = ExecutionLimits {
        steps_at_a_time: 4,
        step_timeout: Duration::from_hours(2),
        retry_for: Duration::ZERO,
        first_pause: Duration::from_secs(1),
    };
    let executor = Executor::new(StepKinds::default().with(Kind(Arc::clone(&busy))), limits);
    let begun = tokio::time::Instant::now();
    let ends = operations.into_iter().map(async |operation| {
        let (watcher, _events) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let outcome = executor.clone().run(Context::default(), operation, &Nowhere, watcher, stop).await;
        assert!(outcome.left.is_none(), "{outcome:?}");
        begun.elapsed().as_secs()
    });
    let ends = join_all(ends).await;
    (ends, busy.peak.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn fifty_operations_share_the_limit_and_have_a_lane_of_their_own() {
    let (ends, peak) = run((0..50).map(|number| operation(number, &[1; 20])).collect()).await;
    assert!(peak <= 50 + 4, "{peak}");
    // 1000 seconds of work in 54 lanes: none is done much later than it would be with its own lane only.
    assert!(ends.iter().all(|end| *end <= 21), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_whose_steps_take_long_keeps_no_other_waiting() {
    let (ends, _) = run(vec![operation(1, &[3600; 20]), operation(2, &[1; 6])]).await;
    assert!(ends[1] <= 6, "{ends:?}");
    assert!(ends[0] >= 3600 * 5, "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_alone_has_the_whole_limit_and_no_more() {
    let (ends, peak) = run(vec![operation(1, &[10; 8])]).await;
    assert_eq!((ends, peak), (vec![20], 4));
}
