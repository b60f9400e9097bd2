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

/// Clause 20.
///
/// # Errors
/// It is broken.
pub async fn clause_20_forgotten_marks_are_gone(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(20, bench)?;
    let pair = trial.pair(2).await?;
    let point = trial.replicate(&pair, "p1").await?;
    let [forgotten, other] = pair.twins.as_slice() else {
        return Err(trial.broken("the bench made more or less than two volumes"));
    };
    let twins: Vec<ArrayVolumeId> = pair.twins.iter().map(|twin| twin.id.clone()).collect();
    let mark = |epoch| EpochMark {
        group: GroupId::new(Uuid::from_u128(20)),
        epoch,
        operation: OperationId::new(Uuid::from_u128(1)),
    };
    for (source, twin) in pair.sources.iter().zip(&pair.twins) {
        trial.materialize(&pair, &point, source, twin).await?;
    }
    trial.ok("record_epoch", trial.b.record_epoch(&trial.context, &twins, &mark(5)).await)?;
    let bare = trial.arranged(bench.create_volume(Half::B).await)?;
    let bare = trial.volumes(&*trial.b, &[bare]).await?;
    let nobodys = ArrayVolumeId::from("00000000-0000-4000-8000-00000000dead");
    // What has no marks and what is gone stand before and after what has some.
    let volumes: Vec<ArrayVolumeId> = [nobodys.clone()]
        .into_iter()
        .chain(bare.iter().map(|volume| volume.id.clone()))
        .chain([forgotten.id.clone(), nobodys])
        .collect();
    for _ in 0..2 {
        trial.ok("forget_marks", trial.b.forget_marks(&trial.context, &volumes).await)?;
        let reopened = trial.ok("opening the driver anew", bench.open(Half::B))?;
        let content = trial.ok("content", reopened.content(&trial.context, &forgotten.id).await)?;
        trial.same("the content of a volume whose marks are forgotten", &content, &None)?;
        let epoch = trial.ok("epoch", reopened.epoch(&trial.context, &forgotten.id).await)?;
        trial.same("the epoch of a volume whose marks are forgotten", &epoch, &None)?;
        let content = trial.ok("content", reopened.content(&trial.context, &other.id).await)?;
        trial.expect(content.is_some(), || "the content of another volume is forgotten".to_owned())?;
        let epoch = trial.ok("epoch", reopened.epoch(&trial.context, &other.id).await)?;
        trial.same("the epoch of another volume", &epoch, &Some(mark(5)))?;
    }
    // What is forgotten keeps no lower epoch from being recorded.
    let volume = std::slice::from_ref(&forgotten.id);
    trial.ok("record_epoch", trial.b.record_epoch(&trial.context, volume, &mark(1)).await)?;
    trial.ok("discard_volume", trial.b.discard_volume(&trial.context, &forgotten.id).await)?;
    let discarded = trial.b.forget_marks(&trial.context, volume).await;
    trial.ok("forget_marks of a discarded volume", discarded)
}

fn first<'a, T>(items: &'a [T], trial: &Trial<'_>) -> Result<&'a T, super::Violation> {
    items.first().ok_or_else(|| trial.broken("the bench made no volume"))
}
