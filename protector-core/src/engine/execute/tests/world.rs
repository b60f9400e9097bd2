//! The systems that steps change. Nothing here is idempotent: what is made twice is there twice.

use super::journal::{Cut, Direction, Journal, Moment, WRITING};
use crate::engine::{Event, Observation, Plan, StepError, StepKind, StepRun};
use crate::error::Code;
use crate::id::StepId;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What goes wrong with the calls of a step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// It fails before anything took effect.
    Refused(Code),
    /// The same, but a moment sooner than others answer.
    RefusedSoon(Code),
    /// It takes effect, and then fails.
    Broken(Code),
    /// It takes effect and says so, but the system that matters does not show it.
    Unverified(Code),
    /// Something else is found where its effect should be.
    Conflict,
    /// It takes this long, and heeds its deadline.
    Slow(Duration),
    /// It never answers and heeds nothing.
    Silent,
    /// It is a defect.
    Panic,
}

#[derive(Debug, Default)]
struct Facts {
    /// How often the effect of each step is there.
    there: BTreeMap<StepId, u32>,
    /// How often it was ever made.
    made: BTreeMap<StepId, u32>,
    /// The order in which calls came.
    calls: Vec<(Direction, StepId)>,
    faults: BTreeMap<StepId, (Fault, u32)>,
    faults_back: BTreeMap<StepId, (Fault, u32)>,
    /// Calls under way in each system, and the most there ever were.
    busy: BTreeMap<&'static str, (usize, usize)>,
    violations: Vec<String>,
}

#[derive(Debug)]
pub(super) struct World {
    plan: Arc<Plan>,
    journal: Arc<Journal>,
    facts: Mutex<Facts>,
}

/// How long a call takes.
const CALL: Duration = Duration::from_secs(1);

pub(super) const FOR_GOOD: u32 = u32::MAX;

impl World {
    pub(super) fn new(plan: &Arc<Plan>, journal: &Arc<Journal>) -> Arc<Self> {
        Arc::new(Self { plan: Arc::clone(plan), journal: Arc::clone(journal), facts: Mutex::default() })
    }

    /// From now on running a step goes wrong, `times` times.
    pub(super) fn spoil(&self, step: &StepId, fault: Fault, times: u32) {
        self.facts.lock().unwrap().faults.insert(step.clone(), (fault, times));
    }

    /// From now on undoing a step goes wrong, `times` times.
    pub(super) fn spoil_revert(&self, step: &StepId, fault: Fault, times: u32) {
        self.facts.lock().unwrap().faults_back.insert(step.clone(), (fault, times));
    }

    pub(super) fn mend(&self) {
        let mut facts = self.facts.lock().unwrap();
        facts.faults.clear();
        facts.faults_back.clear();
    }

    /// How often the effect of each step is there, but for those that are not.
    pub(super) fn there(&self) -> BTreeMap<StepId, u32> {
        let facts = self.facts.lock().unwrap();
        facts
            .there
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(step, count)| (step.clone(), *count))
            .collect()
    }

    /// How often the effect of each step was ever made.
    pub(super) fn made(&self) -> BTreeMap<StepId, u32> {
        self.facts.lock().unwrap().made.clone()
    }

    pub(super) fn calls(&self) -> Vec<(Direction, StepId)> {
        self.facts.lock().unwrap().calls.clone()
    }

    /// The calls under way in all systems.
    pub(super) fn busy(&self) -> usize {
        self.facts.lock().unwrap().busy.values().map(|(now, _)| now).sum()
    }

    /// The most calls that were ever under way in a system.
    pub(super) fn peak(&self, system: &str) -> usize {
        self.facts.lock().unwrap().busy.get(system).map_or(0, |(_, peak)| *peak)
    }

    pub(super) fn violations(&self) -> Vec<String> {
        self.facts.lock().unwrap().violations.clone()
    }

    fn demand(&self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.facts.lock().unwrap().violations.push(violation());
        }
    }

    fn take_fault(&self, direction: Direction, step: &StepId) -> Option<Fault> {
        let mut facts = self.facts.lock().unwrap();
        let faults = match direction {
            Direction::Forward => &mut facts.faults,
            Direction::Back => &mut facts.faults_back,
        };
        let (fault, times) = faults.get_mut(step)?;
        if matches!(fault, Fault::Unverified(_)) {
            return None;
        }
        *times = times.checked_sub(1)?;
        Some(*fault)
    }

    fn take_doubt(&self, step: &StepId) -> Option<Code> {
        let mut facts = self.facts.lock().unwrap();
        let Some((Fault::Unverified(code), times)) = facts.faults.get_mut(step) else { return None };
        *times = times.checked_sub(1)?;
        Some(*code)
    }

    /// One call: checks what the journal says at this moment, takes its time, and changes the world or fails.
    async fn call(&self, direction: Direction, system: &'static str, run: &StepRun) -> Result<(), StepError> {
        let step = &run.step;
        self.check(direction, step);
        let site = &self.plan.step(step).unwrap().site;
        let given = (run.site.as_ref(), run.context.site());
        self.demand(given == (site.as_ref(), site.as_ref()), || format!("{step} was sent to {given:?}"));
        let _busy = Busy::new(self, system);
        self.facts.lock().unwrap().calls.push((direction, step.clone()));
        let killer = &self.journal.killer;
        let fault = self.take_fault(direction, step);
        match fault {
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::Panic) => panic!("the step kind is wrong"),
            Some(Fault::Slow(duration)) => run.context.sleep(duration).await.map_err(|_| timed_out())?,
            Some(Fault::RefusedSoon(_)) => run.context.clock().sleep(CALL.saturating_sub(WRITING / 2)).await,
            _ => run.context.clock().sleep(CALL).await,
        }
        killer.pass(&Cut::At(direction, Moment::RequestLost, step.clone())).await;
        match fault {
            Some(Fault::Refused(code) | Fault::RefusedSoon(code)) => return Err(broken(code)),
            Some(Fault::Conflict) => return Err(StepError::conflict("a stranger's port is in its place")),
            _ => {}
        }
        self.change(direction, step);
        killer.pass(&Cut::At(direction, Moment::AnswerLost, step.clone())).await;
        match fault {
            Some(Fault::Broken(code)) => Err(broken(code)),
            _ => Ok(()),
        }
    }

    fn change(&self, direction: Direction, step: &StepId) {
        let mut facts = self.facts.lock().unwrap();
        match direction {
            Direction::Forward => {
                *facts.there.entry(step.clone()).or_default() += 1;
                *facts.made.entry(step.clone()).or_default() += 1;
            }
            Direction::Back => {
                facts.there.remove(step);
            }
        }
    }

    /// Write-ahead: whatever is called was intended, and what it builds on is durable.
    fn check(&self, direction: Direction, step: &StepId) {
        let events = self.journal.events();
        let last = events.iter().rev().find(|event| concerns(event, step));
        let rolling_back = events.iter().any(|event| matches!(event, Event::RollbackBegun { .. }));
        let there = self.there();
        match direction {
            Direction::Forward => {
                let intended = matches!(last, Some(Event::StepIntended { .. }));
                self.demand(intended, || format!("{step} was called without its intent: {last:?}"));
                self.demand(!rolling_back, || format!("{step} ran forward in a rollback"));
                self.demand(!there.contains_key(step), || format!("{step} was made twice"));
                for needed in &self.plan.step(step).unwrap().after {
                    let done = events
                        .iter()
                        .any(|event| matches!(event, Event::StepDone { step, .. } if step == needed));
                    self.demand(done, || format!("{step} began before the result of {needed} was durable"));
                    self.demand(there.contains_key(needed), || format!("{step} began without {needed}"));
                }
            }
            Direction::Back => {
                let intended = matches!(last, Some(Event::RevertIntended { .. }));
                self.demand(intended, || format!("{step} was undone without its intent: {last:?}"));
                self.demand(rolling_back, || format!("{step} was undone without a rollback"));
                for later in self.plan.steps.iter().filter(|later| later.builds_on(step)) {
                    let gone = !there.contains_key(&later.id);
                    self.demand(gone, || format!("{step} was undone before {}, which needs it", later.id));
                }
            }
        }
    }
}

/// Whether an event is an intent or a result of `step`.
fn concerns(event: &Event, of: &StepId) -> bool {
    match event {
        Event::StepIntended { step }
        | Event::StepDone { step, .. }
        | Event::StepFailed { step, .. }
        | Event::RevertIntended { step }
        | Event::RevertDone { step }
        | Event::RevertFailed { step, .. } => step == of,
        _ => false,
    }
}

fn broken(code: Code) -> StepError {
    StepError::new(code, "it is broken")
}

fn timed_out() -> StepError {
    StepError::new(Code::DeadlineExceeded, "it takes too long")
}

struct Busy<'a> {
    world: &'a World,
    system: &'static str,
}

impl<'a> Busy<'a> {
    fn new(world: &'a World, system: &'static str) -> Self {
        let mut facts = world.facts.lock().unwrap();
        let (now, peak) = facts.busy.entry(system).or_default();
        *now += 1;
        *peak = (*peak).max(*now);
        Self { world, system }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Some((now, _)) = self.world.facts.lock().unwrap().busy.get_mut(self.system) {
            *now -= 1;
        }
    }
}

/// What a step returns, and what its successors must be given.
pub(super) fn identity(step: &StepId) -> String {
    format!("id of {step}")
}

/// A kind of step whose every call goes to the [`World`].
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) version: u32,
    pub(super) system: &'static str,
    pub(super) world: Arc<World>,
}

impl Kind {
    /// Every reference to an earlier step must have been replaced by what that step returned.
    fn check_input(&self, run: &StepRun, input: &Value) {
        for needed in &self.world.plan.step(&run.step).unwrap().after {
            let given = input.get(needed.as_str());
            let right = given == Some(&json!(identity(needed)));
            self.world.demand(right, || format!("{} was given {given:?} of {needed}", run.step));
        }
    }
}

impl StepKind for Kind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn system(&self) -> &'static str {
        self.system
    }

    fn observe<'a>(
        &'a self,
        run: &'a StepRun,
        _input: &'a Value,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async move {
            let facts = self.world.facts.lock().unwrap();
            let conflict = matches!(facts.faults.get(&run.step), Some((Fault::Conflict, 1..)));
            Ok(match facts.there.get(&run.step) {
                _ if conflict => Observation::Conflict("a stranger's port is in its place".to_owned()),
                Some(1..) => Observation::Done(json!({"id": identity(&run.step)})),
                _ => Observation::NotDone,
            })
        })
    }

    fn apply<'a>(&'a self, run: &'a StepRun, input: &'a Value) -> BoxFuture<'a, Result<Value, StepError>> {
        Box::pin(async move {
            self.check_input(run, input);
            self.world.call(Direction::Forward, self.system, run).await?;
            Ok(json!({"id": identity(&run.step)}))
        })
    }

    fn verify<'a>(
        &'a self,
        run: &'a StepRun,
        _input: &'a Value,
        output: &'a Value,
    ) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async move {
            let right = output == &json!({"id": identity(&run.step)});
            self.world.demand(right, || format!("{} was verified with {output}", run.step));
            self.world.take_doubt(&run.step).map_or(Ok(()), |code| Err(broken(code)))
        })
    }

    fn revert<'a>(
        &'a self,
        run: &'a StepRun,
        input: &'a Value,
        output: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async move {
            self.check_input(run, input);
            let done = |event: &Event| matches!(event, Event::StepDone { step, .. } if *step == run.step);
            let known = self.world.journal.events().iter().any(done);
            self.world
                .demand(output.is_some() == known, || format!("{} was undone with {output:?}", run.step));
            self.world.call(Direction::Back, self.system, run).await
        })
    }
}
