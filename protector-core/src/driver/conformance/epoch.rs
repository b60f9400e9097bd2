use super::trial::Trial;
use super::{Bench, Half, Verdict};
use crate::driver::EpochMark;
use crate::id::{ArrayVolumeId, GroupId, OperationId};
use uuid::Uuid;

/// Clause 15.
///
/// # Errors
/// It is broken.
pub async fn clause_15_epochs_stay_and_never_fall(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(15, bench)?;
    let pair = trial.pair(2).await?;
    let point = trial.replicate(&pair, "p1").await?;
    let twins: Vec<ArrayVolumeId> = pair.twins.iter().map(|twin| twin.id.clone()).collect();
    let mark = |epoch, operation| EpochMark {
        group: GroupId::new(Uuid::from_u128(15)),
        epoch,
        operation: OperationId::new(Uuid::from_u128(operation)),
    };
    // Each time as a process that knows nothing of what went before.
    let all_carry = async |expected: Option<EpochMark>| {
        let reopened = trial.ok("opening the driver anew", bench.open(Half::B))?;
        for twin in &twins {
            let found = trial.ok("epoch", reopened.epoch(&trial.context, twin).await)?;
            trial.same("the epoch", &found, &expected)?;
        }
        Ok(())
    };
    let record = async |mark: &EpochMark| trial.b.record_epoch(&trial.context, &twins, mark).await;

    all_carry(None).await?;
    trial.ok("record_epoch", record(&mark(2, 1)).await)?;
    all_carry(Some(mark(2, 1))).await?;
    let taken = trial.b.take_safety_snapshot(&trial.context, &pair.twin_group, "safe").await;
    trial.ok("take_safety_snapshot", taken)?;
    for (source, twin) in pair.sources.iter().zip(&pair.twins) {
        trial.materialize(&pair, &point, source, twin).await?;
    }
    all_carry(Some(mark(2, 1))).await?;
    for twin in &twins {
        trial.ok("restore", trial.b.restore(&trial.context, &pair.twin_group, "safe", twin).await)?;
    }
    all_carry(Some(mark(2, 1))).await?;
    trial.ok("record_epoch", record(&mark(2, 1)).await)?;
    trial.ok("record_epoch", record(&mark(3, 2)).await)?;
    all_carry(Some(mark(3, 2))).await?;
    trial.refused("recording a lower epoch", record(&mark(2, 3)).await)?;
    all_carry(Some(mark(3, 2))).await?;
    let elsewhere = trial.a.epoch(&trial.context, &first(&pair.sources, &trial)?.id).await;
    trial.same("the epoch of the source", &trial.ok("epoch", elsewhere)?, &None)
}

fn first<'a, T>(items: &'a [T], trial: &Trial<'_>) -> Result<&'a T, super::Violation> {
    items.first().ok_or_else(|| trial.broken("the bench made no volume"))
}
