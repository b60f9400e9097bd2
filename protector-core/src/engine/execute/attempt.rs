//! One step, tried until it is done, hopeless, or no longer wanted.

use super::ExecutionLimits;
use crate::engine::event::Trouble;
use crate::engine::plan::Waiting;
use crate::engine::step::{Observation, StepError, StepKind, StepRun};
use crate::error::{Class, Code};
use crate::transport::Stopped;
use futures::FutureExt;
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

async fn attempt(
    kind: &dyn StepKind,
    run: &StepRun,
    input: &Value,
    observe_first: bool,
) -> Result<Value, StepError> {
    if observe_first {
        // Looking changes nothing; whether an earlier attempt did is remembered by the caller.
        match kind.observe(run, input).await.map_err(StepError::before_any_change)? {
            Observation::Done(output) => {
                kind.verify(run, input, &output).await?;
                return Ok(output);
            }
            Observation::Conflict(evidence) => return Err(StepError::conflict(evidence)),
            Observation::NotDone => {}
        }
    }
    let output = kind.apply(run, input).await?;
    kind.verify(run, input, &output).await?;
    Ok(output)
}

/// Ends what does not heed its deadline. What does gets a moment longer: it knows what it was waiting for. A defect of
/// one step kind is that step's failure; the others are still waited for.
async fn in_time<T>(
    run: &StepRun,
    time: Duration,
    attempt: impl Future<Output = Result<T, StepError>>,
) -> Result<T, StepError> {
    let end = run.context.within(time + Duration::from_secs(1));
    let error = match end.before_deadline(AssertUnwindSafe(attempt).catch_unwind()).await {
        Ok(Ok(result)) => return result,
        Ok(Err(_)) => StepError::new(Code::Internal, format!("step {} panicked", run.step)),
        Err(_) => {
            StepError::new(Code::DeadlineExceeded, format!("step {} has not answered in time", run.step))
        }
    };
    Err(error)
}

/// How long a failing step is tried once the point of no return has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    /// For ever: nothing goes on without it.
    ForEver,
    /// As long as the service fails: what is wrong with this step alone, the operation goes on without.
    WhileServiceFails,
    /// No longer than before.
    Bounded,
}

/// How a step is stuck to that fails, or does not come to its end.
#[derive(Clone, Copy)]
pub(super) struct Patience<'a> {
    /// Past the point of no return.
    pub(super) persistence: Persistence,
    /// Whether that has passed.
    pub(super) only_forward: &'a AtomicBool,
    /// If it only takes long.
    pub(super) waits: Option<Waiting>,
}

impl Patience<'_> {
    /// How long the next attempt may take, `elapsed` after the first one began.
    fn time(&self, step_timeout: Duration, elapsed: Duration) -> Duration {
        let left = self.waits.map(|waits| {
            let within = Duration::from_secs(waits.within);
            if waits.without_end {
                within
            } else {
                within.saturating_sub(elapsed).max(Duration::from_secs(1))
            }
        });
        left.map_or(step_timeout, |left| step_timeout.min(left))
    }

    /// Whether a step that has not come to its end is waited for on.
    fn waits_on(&self, error: &StepError, elapsed: Duration) -> bool {
        let longer = |waits: Waiting| waits.without_end || elapsed < Duration::from_secs(waits.within);
        error.code == Code::DeadlineExceeded && self.waits.is_some_and(longer)
    }
}

pub(super) async fn try_step(
    kind: &dyn StepKind,
    run: &StepRun,
    input: &Value,
    mut observe_first: bool,
    limits: &ExecutionLimits,
    patience: Patience<'_>,
    troubled: impl Fn(Trouble),
) -> Result<Value, StepError> {
    let begun = run.context.clock().monotonic();
    let since = |moment: Duration| run.context.clock().monotonic().saturating_sub(moment);
    // What it was waited for does not count as failing.
    let mut failing_since = begun;
    let mut pause = limits.first_pause;
    // What was begun before may have done something already.
    let mut touched = observe_first;
    loop {
        let time = patience.time(limits.step_timeout, since(begun));
        let within = StepRun { context: run.context.within(time), ..run.clone() };
        let attempt = attempt(kind, &within, input, observe_first);
        let mut error = match in_time(run, time, attempt).await {
            Ok(output) => return Ok(output),
            Err(error) => error,
        };
        touched |= !error.untouched;
        error.untouched = !touched;
        // The point of no return may be passed elsewhere while this step is being tried.
        let only_forward = patience.only_forward.load(Ordering::Relaxed);
        let persistence = if only_forward { patience.persistence } else { Persistence::Bounded };
        if patience.waits_on(&error, since(begun)) {
            failing_since = run.context.clock().monotonic();
        } else if !try_again(&error, persistence, since(failing_since), limits.retry_for) {
            return Err(error);
        }
        troubled(Trouble::of(error.clone()));
        pause_after(error, run, pause).await?;
        pause = (pause * 2).min(limits.first_pause * 30);
        observe_first = true;
    }
}

/// Whether a failing step is tried again. Past the point of no return there is no way back: whatever is wrong is waited out, but
/// for what only a person can judge, and for what the operation can go on without.
fn try_again(error: &StepError, persistence: Persistence, elapsed: Duration, retry_for: Duration) -> bool {
    match (error.code, persistence) {
        (Code::Cancelled | Code::StepConflict | Code::NeedsNewerRelease | Code::Internal, _) => false,
        (_, Persistence::ForEver)
        | (Code::ServiceFailed | Code::Unreachable | Code::AnswerLost, Persistence::WhileServiceFails) => {
            true
        }
        _ => matches!(error.class, Class::Transient | Class::Unknown) && elapsed < retry_for,
    }
}

pub(super) async fn try_revert(
    kind: &dyn StepKind,
    run: &StepRun,
    input: &Value,
    output: Option<&Value>,
    limits: &ExecutionLimits,
) -> Result<(), StepError> {
    let begun = run.context.clock().monotonic();
    let mut pause = limits.first_pause;
    loop {
        let within = StepRun { context: run.context.within(limits.step_timeout), ..run.clone() };
        let Err(error) = in_time(run, limits.step_timeout, kind.revert(&within, input, output)).await else {
            return Ok(());
        };
        let elapsed = run.context.clock().monotonic().saturating_sub(begun);
        if !try_again(&error, Persistence::Bounded, elapsed, limits.retry_for) {
            return Err(error);
        }
        pause_after(error, run, pause).await?;
        pause = (pause * 2).min(limits.first_pause * 30);
    }
}

/// Waits before the next attempt. If the operation may take no longer, what was wrong is the end of it.
async fn pause_after(error: StepError, run: &StepRun, pause: Duration) -> Result<(), StepError> {
    run.context.sleep(pause).await.map_err(|stopped| match stopped {
        Stopped::Deadline => error,
        Stopped::Cancelled => StepError::new(
            Code::Cancelled,
            format!("step {} is not tried again: {}", run.step, error.message),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY_FOR: Duration = Duration::from_secs(30);

    fn tried(code: Code, persistence: Persistence) -> [bool; 2] {
        let late = RETRY_FOR + Duration::from_secs(1);
        [Duration::ZERO, late]
            .map(|elapsed| try_again(&StepError::new(code, "it is broken"), persistence, elapsed, RETRY_FOR))
    }

    #[test]
    fn an_optional_step_waits_for_a_service_and_not_for_what_is_wrong_with_it_alone() {
        use Persistence::{Bounded, ForEver, WhileServiceFails};
        for code in [Code::ServiceFailed, Code::Unreachable, Code::AnswerLost] {
            assert_eq!(tried(code, WhileServiceFails), [true, true], "{code}");
            assert_eq!(tried(code, Bounded), [true, false], "{code}");
        }
        for code in [Code::QuotaExceeded, Code::RequestRefused, Code::NotFound] {
            assert_eq!(tried(code, WhileServiceFails), [false, false], "{code}");
            assert_eq!(tried(code, ForEver), [true, true], "{code}");
        }
        for persistence in [Bounded, WhileServiceFails, ForEver] {
            assert_eq!(tried(Code::StepConflict, persistence), [false, false], "{persistence:?}");
        }
    }
}
