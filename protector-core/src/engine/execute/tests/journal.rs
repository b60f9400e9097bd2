//! A journal in memory, which dies, fails or has the run stopped where it is told to.

use crate::engine::{Event, Log, LogError};
use crate::error::Code;
use crate::id::StepId;
use crate::time::{Clock, SystemClock};
use futures::future::BoxFuture;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Whether a step is run or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Back,
}

/// A moment in the life of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    BeforeIntent,
    AfterIntent,
    RequestLost,
    AnswerLost,
    BeforeResult,
    AfterResult,
}

impl Moment {
    pub(super) const ALL: [Self; 6] = [
        Self::BeforeIntent,
        Self::AfterIntent,
        Self::RequestLost,
        Self::AnswerLost,
        Self::BeforeResult,
        Self::AfterResult,
    ];
}

/// Where the process dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cut {
    At(Direction, Moment, StepId),
    /// At this append, counted from zero in each run: before or after the event is durable.
    Append {
        number: usize,
        durable: bool,
    },
}

/// Kills the process: who comes to the place of the cut never returns, nor does anybody after that.
#[derive(Debug, Default)]
pub(super) struct Killer {
    cut: Mutex<Option<Cut>>,
    killed: Mutex<CancellationToken>,
}

impl Killer {
    /// Arms for the next run.
    pub(super) fn arm(&self, cut: Option<Cut>) {
        *self.cut.lock().unwrap() = cut;
        *self.killed.lock().unwrap() = CancellationToken::new();
    }

    pub(super) fn killed(&self) -> CancellationToken {
        self.killed.lock().unwrap().clone()
    }

    /// Passes a place where the process may die.
    pub(super) async fn pass(&self, place: &Cut) {
        let killed = self.killed();
        if self.cut.lock().unwrap().as_ref() == Some(place) {
            killed.cancel();
        }
        if killed.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }
}

/// What is done at an append, counted from zero in each run.
#[derive(Debug, Clone, Default)]
pub(super) enum Disturbance {
    #[default]
    None,
    FailsOnce(usize),
    FailsFrom(usize),
    /// The run is asked to stop while the event is being written.
    StopsAt(usize, CancellationToken),
}

/// How long it takes to write an event.
pub(super) const WRITING: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
pub(super) struct Journal {
    events: Mutex<Vec<Event>>,
    appends: Mutex<usize>,
    disturbance: Mutex<Disturbance>,
    /// How many events were durable when the disturbance came.
    disturbed: Mutex<Option<usize>>,
    pub(super) killer: Killer,
}

#[derive(Debug, thiserror::Error)]
#[error("no space left on device")]
struct DiskFull;

impl Journal {
    pub(super) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Makes ready for a run.
    pub(super) fn prepare(&self, cut: Option<Cut>, disturbance: Disturbance) {
        self.killer.arm(cut);
        *self.appends.lock().unwrap() = 0;
        *self.disturbance.lock().unwrap() = disturbance;
        *self.disturbed.lock().unwrap() = None;
    }

    /// The token that the disturbance cancels, if it does.
    pub(super) fn stop(&self) -> Option<CancellationToken> {
        match &*self.disturbance.lock().unwrap() {
            Disturbance::StopsAt(_, stop) => Some(stop.clone()),
            _ => None,
        }
    }

    /// What was appended after the disturbance; `None` if it never came.
    pub(super) fn since_disturbance(&self) -> Option<Vec<Event>> {
        let disturbed = *self.disturbed.lock().unwrap();
        disturbed.map(|length| self.events()[length..].to_vec())
    }

    async fn take(&self, event: &Event) -> Result<(), LogError> {
        let number = {
            let mut appends = self.appends.lock().unwrap();
            *appends += 1;
            *appends - 1
        };
        assert!(number < 5000, "the run goes round in circles");
        let [before, after] = places(event);
        self.killer.pass(&Cut::Append { number, durable: false }).await;
        self.killer.pass(&before).await;
        // Writing takes its time, in which others go on.
        SystemClock::new().sleep(WRITING).await;
        let disturbance = self.disturbance.lock().unwrap().clone();
        let fails = match &disturbance {
            Disturbance::FailsOnce(at) => number == *at,
            Disturbance::FailsFrom(at) => number >= *at,
            _ => false,
        };
        if fails {
            let durable = self.events.lock().unwrap().len();
            self.disturbed.lock().unwrap().get_or_insert(durable);
            return Err(LogError { code: Code::StoreUnavailable, source: Box::new(DiskFull) });
        }
        self.events.lock().unwrap().push(event.clone());
        if let Disturbance::StopsAt(at, stop) = disturbance
            && number == at
        {
            let durable = self.events.lock().unwrap().len();
            self.disturbed.lock().unwrap().get_or_insert(durable);
            stop.cancel();
        }
        self.killer.pass(&after).await;
        self.killer.pass(&Cut::Append { number, durable: true }).await;
        Ok(())
    }
}

/// The places just before and just after an event is durable.
fn places(event: &Event) -> [Cut; 2] {
    use Direction::{Back, Forward};
    use Moment::{AfterIntent, AfterResult, BeforeIntent, BeforeResult};
    let of = |step: &StepId, direction, moments: [Moment; 2]| {
        moments.map(|moment| Cut::At(direction, moment, step.clone()))
    };
    match event {
        Event::StepIntended { step } => of(step, Forward, [BeforeIntent, AfterIntent]),
        Event::StepDone { step, .. } => of(step, Forward, [BeforeResult, AfterResult]),
        Event::RevertIntended { step } => of(step, Back, [BeforeIntent, AfterIntent]),
        Event::RevertDone { step } => of(step, Back, [BeforeResult, AfterResult]),
        _ => of(&StepId::from("none"), Forward, [BeforeResult, AfterResult]),
    }
}

impl Log for Journal {
    fn append<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), LogError>> {
        Box::pin(self.take(event))
    }
}
