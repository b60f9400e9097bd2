use super::trial::Trial;
use super::{Bench, Half, Verdict};
use crate::driver::CLOSING_TIME;
use std::time::Duration;

/// What a busy machine may add to the time that closing takes.
const LEEWAY: Duration = Duration::from_secs(2);

/// Clause 22.
///
/// # Errors
/// It is broken.
pub async fn clause_22_what_is_open_is_ended(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(22, bench)?;
    let open = async || trial.arranged(bench.sessions(Half::A).await);
    let before = open().await?;
    // A driver that was never used has nothing to end.
    trial.a.close(&trial.context).await;
    trial.same("the sessions of a driver that was never used", &open().await?, &before)?;
    for _ in 0..2 {
        trial.ok("describe", trial.a.describe(&trial.context).await)?;
        let most = before + 1;
        let now = open().await?;
        trial.expect(now <= most, || format!("{now} sessions are open, where {most} would do"))?;
        for _ in 0..2 {
            trial.a.close(&trial.context).await;
            trial.same("the sessions of a closed driver", &open().await?, &before)?;
        }
    }
    trial.ok("describe", trial.a.describe(&trial.context).await)?;
    trial.arranged(bench.kill(Half::A).await)?;
    let begun = trial.context.clock().monotonic();
    let closed =
        trial.context.within(CLOSING_TIME + LEEWAY).before_deadline(trial.a.close(&trial.context)).await;
    let took = trial.context.clock().monotonic().saturating_sub(begun);
    trial.arranged(bench.revive(Half::A).await)?;
    trial.expect(closed.is_ok(), || format!("close has not ended after {took:?} with a dead array"))?;
    trial.ok("describe", trial.a.describe(&trial.context).await)?;
    trial.a.close(&trial.context).await;
    Ok(())
}
