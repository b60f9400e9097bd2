//! Everything a run of the executor needs, and what must hold after every run.

use super::journal::{Cut, Disturbance, Journal};
use super::world::{Kind, World};
use crate::domain::{OperationStatus, OperationType};
use crate::engine::{
    Assignment, Event, ExecutionLimits, Executor, OperationState, Outcome, Plan, PlanBuilder, Recovery,
    StepBuilder, StepKinds, Waiting, output,
};
use crate::id::{GroupId, OperationId, StepId};
use crate::transport::Context;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Kinds and the systems they are busy in.
const KINDS: [(&str, &str); 4] =
    [("storage", "array"), ("server", "compute"), ("port", "network"), ("guard", "store")];

/// A failover's shape: two diamonds, and the point of no return where they meet. What is done at the target comes after
/// what is done at the source, but does not build on it.
const FAILOVER: [(&str, &str, &[&str], &[&str]); 15] = [
    ("guard", "check", &[], &[]),
    ("server", "stop/a", &["check"], &[]),
    ("server", "stop/b", &["check"], &[]),
    ("server", "lock/a", &["stop/a"], &[]),
    ("server", "lock/b", &["stop/b"], &[]),
    ("port", "port/a", &["check"], &[]),
    ("port", "port/b", &["check"], &[]),
    ("storage", "replicate", &["check"], &["lock/a", "lock/b"]),
    ("storage", "safe", &["check"], &[]),
    ("storage", "materialize/a", &["safe"], &["replicate"]),
    ("storage", "materialize/b", &["safe"], &["replicate"]),
    ("guard", "raise_epoch", &["materialize/a", "materialize/b", "port/a", "port/b"], &[]),
    ("server", "create/a", &["raise_epoch"], &[]),
    ("server", "create/b", &["raise_epoch"], &[]),
    ("storage", "reverse", &["create/a", "create/b"], &[]),
];

/// The steps of [`FAILOVER`] at the source.
pub(super) const SOURCE: [&str; 5] = ["stop/a", "stop/b", "lock/a", "lock/b", "replicate"];

/// The step whose intent is the point of no return.
pub(super) const POINT: &str = "raise_epoch";

/// A plan of steps of a kind, each with the steps it builds on.
pub(super) fn plan(recovery: Recovery, steps: &[(&str, &str, &[&str])]) -> Arc<Plan> {
    let steps: Vec<_> = steps.iter().map(|(kind, name, after)| (*kind, *name, *after, &[][..])).collect();
    plan_in_order(recovery, &steps)
}

/// A plan of steps of a kind, each with the steps it builds on and those that it merely comes after.
fn plan_in_order(recovery: Recovery, steps: &[(&str, &str, &[&str], &[&str])]) -> Arc<Plan> {
    let mut plan = PlanBuilder::new(
        OperationType::Failover,
        GroupId::new(uuid::Uuid::nil()),
        "web",
        ("site-a".into(), "site-b".into()),
        0,
        recovery,
    );
    for (kind, name, after, merely_after) in steps {
        let references = after
            .iter()
            .chain(*merely_after)
            .map(|earlier| ((*earlier).to_owned(), output(&StepId::from(*earlier), "id")));
        let input = Value::Object(references.collect::<Map<_, _>>());
        let merely_after: Vec<StepId> = merely_after.iter().map(|earlier| StepId::from(*earlier)).collect();
        let site = if SOURCE.contains(name) { "site-a" } else { "site-b" };
        let step = StepBuilder::new(kind, *name, *name).at(&site.into());
        plan.add(step.merely_after(&merely_after).input(input));
    }
    Arc::new(plan.build().unwrap())
}

fn kinds(world: &Arc<World>, version: u32) -> StepKinds {
    KINDS.iter().fold(StepKinds::default(), |kinds, (name, system)| {
        kinds.with(Kind { name, version, system, world: Arc::clone(world) })
    })
}

#[derive(Debug)]
pub(super) struct Scene {
    pub(super) plan: Arc<Plan>,
    pub(super) journal: Arc<Journal>,
    pub(super) world: Arc<World>,
    pub(super) kinds: StepKinds,
    pub(super) limits: ExecutionLimits,
    pub(super) context: Context,
}

impl Scene {
    /// A failover with its point of no return in the middle.
    pub(super) fn failover() -> Self {
        Self::of(plan_in_order(Recovery::RollBackBefore(POINT.into()), &FAILOVER))
    }

    pub(super) fn of(plan: Arc<Plan>) -> Self {
        let journal = Arc::new(Journal::default());
        let world = World::new(&plan, &journal);
        let kinds = kinds(&world, 1);
        let limits = ExecutionLimits {
            steps_at_a_time: 4,
            step_timeout: Duration::from_mins(10),
            retry_for: Duration::from_secs(30),
            first_pause: Duration::from_millis(500),
        };
        Self { plan, journal, world, kinds, limits, context: Context::default() }
    }

    /// The kinds as a release has them that understands this version of their input.
    pub(super) fn kinds_of_version(&self, version: u32) -> StepKinds {
        kinds(&self.world, version)
    }

    /// Makes a step one of this version.
    pub(super) fn require_version(&mut self, step: &StepId, version: u32) {
        let planned = Arc::make_mut(&mut self.plan).steps.iter_mut().find(|planned| planned.id == *step);
        planned.unwrap().kind_version = version;
    }

    /// Has a step waited for.
    pub(super) fn wait_for(&mut self, step: &StepId, waits: Waiting) {
        let planned = Arc::make_mut(&mut self.plan).steps.iter_mut().find(|planned| planned.id == *step);
        planned.unwrap().waits = Some(waits);
    }

    pub(super) fn steps(&self) -> Vec<StepId> {
        self.plan.steps.iter().map(|step| step.id.clone()).collect()
    }

    /// These steps in the order of the plan.
    pub(super) fn in_order<'a>(&'a self, steps: impl IntoIterator<Item = &'a StepId>) -> Vec<&'a StepId> {
        let steps: Vec<&StepId> = steps.into_iter().collect();
        self.plan.steps.iter().map(|step| &step.id).filter(|id| steps.contains(id)).collect()
    }

    /// The steps before the point of no return.
    pub(super) fn steps_before_the_point(&self) -> Vec<StepId> {
        self.steps().into_iter().take_while(|step| step.as_str() != POINT).collect()
    }

    /// The step of the point of no return, and those after it.
    pub(super) fn steps_from_the_point(&self) -> Vec<StepId> {
        self.steps().into_iter().skip_while(|step| step.as_str() != POINT).collect()
    }

    /// Runs from where the journal leaves it.
    pub(super) async fn run(&self) -> Outcome {
        self.run_disturbed(Disturbance::None).await
    }

    pub(super) async fn run_disturbed(&self, disturbance: Disturbance) -> Outcome {
        self.watch(disturbance, |_, _| {}).await
    }

    /// Runs, showing every event and the state after it to `watch`.
    pub(super) async fn watch(
        &self,
        disturbance: Disturbance,
        watch: impl FnMut(&Event, &OperationState),
    ) -> Outcome {
        self.journal.prepare(None, disturbance);
        self.until_killed(watch).await.expect("nobody kills this run")
    }

    /// Runs until the process dies there. Returns whether it came to that.
    pub(super) async fn kill(&self, cut: Cut) -> bool {
        self.journal.prepare(Some(cut), Disturbance::None);
        self.until_killed(|_, _| {}).await.is_none()
    }

    async fn until_killed(&self, mut watch: impl FnMut(&Event, &OperationState)) -> Option<Outcome> {
        let stop = match self.journal.stop() {
            Some(stop) => stop,
            None => CancellationToken::new(),
        };
        let history = self.journal.events();
        let mut state = self.replay(&history);
        let (watcher, mut events) = mpsc::unbounded_channel();
        let executor = Executor::new(self.kinds.clone(), self.limits.clone());
        let assignment = Assignment {
            operation: OperationId::new(uuid::Uuid::nil()),
            plan: Arc::clone(&self.plan),
            history: history.clone(),
            holder: "test".to_owned(),
        };
        let killed = self.journal.killer.killed();
        let mut seen = history;
        let mut see = |event: Event| {
            state.apply(&event).unwrap();
            watch(&event, &state);
            seen.push(event);
        };
        let outcome = {
            let run = executor.run(self.context.clone(), assignment, &*self.journal, watcher, stop);
            let run = tokio::time::timeout(Duration::from_hours(24), run);
            tokio::pin!(run);
            loop {
                tokio::select! {
                    biased;
                    () = killed.cancelled() => break None,
                    Some(event) = events.recv() => see(event),
                    outcome = &mut run => break Some(outcome.expect("the run comes to an end")),
                }
            }
        };
        while let Ok(event) = events.try_recv() {
            see(event);
        }
        if outcome.is_none() {
            // What was aborted goes when it is next its turn.
            while self.world.busy() > 0 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(self.world.busy(), 0, "calls are under way after the run");
        assert_eq!(self.world.violations(), Vec::<String>::new());
        if let Some(outcome) = &outcome {
            assert_eq!(seen, self.journal.events(), "the watcher saw what is durable");
            assert_eq!(format!("{:?}", outcome.state), format!("{:?}", self.replay(&seen)));
        }
        outcome
    }

    pub(super) fn replay(&self, events: &[Event]) -> OperationState {
        let mut state = OperationState::new(Arc::clone(&self.plan));
        for event in events {
            state.apply(event).unwrap();
        }
        state
    }

    /// The operation has completed, and every effect is there once and was made once.
    #[track_caller]
    pub(super) fn assert_completed(&self, outcome: &Outcome) {
        assert!(outcome.left.is_none(), "{:?}", outcome.left);
        assert_eq!(outcome.status(), OperationStatus::Completed);
        assert_eq!(outcome.steps_completed(), self.steps());
        let once: BTreeMap<StepId, u32> = self.steps().into_iter().map(|step| (step, 1)).collect();
        assert_eq!(self.world.there(), once);
        assert_eq!(self.world.made(), once);
    }

    /// The operation was rolled back, and nothing of it is there.
    #[track_caller]
    pub(super) fn assert_rolled_back(&self, outcome: &Outcome) {
        assert!(outcome.left.is_none(), "{:?}", outcome.left);
        assert_eq!(outcome.status(), OperationStatus::RolledBack);
        assert!(outcome.state.error_message().is_some());
        assert_eq!(self.world.there(), BTreeMap::new());
        assert!(self.world.made().values().all(|times| *times == 1), "{:?}", self.world.made());
    }
}
