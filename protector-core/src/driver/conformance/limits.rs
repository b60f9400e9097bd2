use super::trial::{Pair, Trial};
use super::{Bench, Half, Object, Verdict, Violation};
use crate::driver::{EpochMark, Error, GroupOrigin, ReplicationSettings};
use crate::id::{ArrayVolumeId, GroupId, OperationId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

fn mark() -> EpochMark {
    EpochMark {
        group: GroupId::new(Uuid::from_u128(19)),
        epoch: 1,
        operation: OperationId::new(Uuid::from_u128(1)),
    }
}

fn schedule_off() -> ReplicationSettings {
    ReplicationSettings {
        enabled: false,
        interval: Duration::from_mins(20),
        retention: Some(Duration::from_hours(1)),
    }
}

/// Clause 18.
///
/// # Errors
/// It is broken.
pub async fn clause_18_what_is_not_offered_is_unsupported(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(18, bench)?;
    let arranged = trial.arranged(bench.create_group(Half::A, 1).await)?;
    let volumes = trial.volumes(&*trial.a, &arranged.volumes).await?;
    let [volume] = volumes.as_slice() else { return Err(trial.broken("the bench made no volume")) };
    let before = trial.arranged(bench.everything(Half::A).await)?;
    let offered = trial.a.capabilities();
    let mut answers: Vec<(&str, Result<(), Error>)> = Vec::new();
    let (driver, context, group) = (&trial.a, &trial.context, arranged.group.as_str());
    let origin = GroupOrigin { array: trial.b.array().clone(), group: group.to_owned() };
    if !offered.asynchronous {
        let settings = schedule_off();
        answers.push(("set_replication", driver.set_replication(context, group, &settings).await));
        answers.push(("allow_replication", driver.allow_replication(context, &origin).await));
        answers.push(("replicate_now", driver.replicate_now(context, group, "p1").await));
        answers.push(("source_point", driver.source_point(context, group, "p1").await.map(drop)));
        answers.push(("recovery_points", driver.recovery_points(context, &origin).await.map(drop)));
        answers.push(("discard_replica", driver.discard_replica(context, &origin, "p1").await));
        answers.push(("discard_origin", driver.discard_origin(context, &origin).await));
    }
    if !offered.holds {
        answers.push(("hold_point", driver.hold_point(context, &origin, "p1").await));
        answers.push(("release_point", driver.release_point(context, &origin, "p1").await));
    }
    if !offered.overwrite {
        let member = &volume.name;
        answers.push(("materialize", driver.materialize(context, &origin, "p1", member, &volume.id).await));
        answers.push(("restore", driver.restore(context, group, "safe", &volume.id).await));
    }
    if !offered.marks {
        let volumes = std::slice::from_ref(&volume.id);
        answers.push(("content", driver.content(context, &volume.id).await.map(drop)));
        answers.push(("record_epoch", driver.record_epoch(context, volumes, &mark()).await));
        answers.push(("epoch", driver.epoch(context, &volume.id).await.map(drop)));
        answers.push(("forget_marks", driver.forget_marks(context, volumes).await));
    }
    for (verb, answer) in answers {
        let unsupported = matches!(answer, Err(Error::Unsupported { .. }));
        trial.expect(unsupported, || format!("{verb} is not offered and answers {answer:?}"))?;
    }
    let after = trial.arranged(bench.everything(Half::A).await)?;
    trial.expect(before == after, || "a verb that is not offered changed something".to_owned())
}

type Everything = BTreeMap<(&'static str, Object), String>;

async fn everything(trial: &Trial<'_>) -> Result<Everything, Violation> {
    let mut all = Everything::new();
    for (name, half) in [("A", Half::A), ("B", Half::B)] {
        let objects = trial.arranged(trial.bench.everything(half).await)?;
        all.extend(objects.into_iter().map(|(object, description)| ((name, object), description)));
    }
    Ok(all)
}

/// Clause 19.
///
/// # Errors
/// It is broken.
pub async fn clause_19_strangers_are_left_alone(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(19, bench)?;
    let nobodys: BTreeSet<_> = everything(&trial).await?.into_keys().collect();
    let pair = trial.pair(2).await?;
    let discarded = trial.arranged(bench.create_volume(Half::B).await)?;
    let own: BTreeSet<_> =
        everything(&trial).await?.into_keys().filter(|object| !nobodys.contains(object)).collect();
    let stranger = trial.pair(1).await?;
    trial.replicate(&stranger, "p1").await?;
    trial.arranged(bench.create_lookalikes(Half::A, &pair.source).await)?;
    trial.arranged(bench.create_lookalikes(Half::B, &pair.twin).await)?;
    let mut before = everything(&trial).await?;
    before.retain(|object, _| !own.contains(object));

    every_verb(&trial, &pair).await?;
    let volume = trial.volumes(&*trial.b, std::slice::from_ref(&discarded)).await?;
    for volume in volume {
        trial.ok("discard_volume", trial.b.discard_volume(&trial.context, &volume.id).await)?;
    }

    let after = everything(&trial).await?;
    for (object, description) in &before {
        let found = after.get(object);
        trial.expect(found == Some(description), || {
            format!("{object:?} of others was changed from {description} to {found:?}")
        })?;
    }
    Ok(())
}

async fn every_verb(trial: &Trial<'_>, pair: &Pair) -> Verdict {
    let context = &trial.context;
    trial.ok("describe", trial.a.describe(context).await)?;
    let set = trial.a.set_replication(context, &pair.group, &schedule_off()).await;
    trial.ok("set_replication", set)?;
    let point = trial.replicate(pair, "p1").await?;
    trial.ok("source_point", trial.a.source_point(context, &pair.group, "p1").await)?;
    trial.ok("source_points", trial.a.source_points(context, &pair.group).await)?;
    let named = trial.a.storage_group_by_name(context, &pair.group).await;
    trial.ok("storage_group_by_name", named)?;
    let holds = trial.b.capabilities().holds;
    if holds {
        trial.ok("hold_point", trial.b.hold_point(context, &pair.origin, "p1").await)?;
    }
    let safe = trial.b.take_safety_snapshot(context, &pair.twin_group, "safe").await;
    trial.ok("take_safety_snapshot", safe)?;
    for (source, twin) in pair.sources.iter().zip(&pair.twins) {
        trial.materialize(pair, &point, source, twin).await?;
        trial.ok("content", trial.b.content(context, &twin.id).await)?;
    }
    let twins: Vec<ArrayVolumeId> = pair.twins.iter().map(|twin| twin.id.clone()).collect();
    trial.ok("record_epoch", trial.b.record_epoch(context, &twins, &mark()).await)?;
    for twin in &twins {
        trial.ok("restore", trial.b.restore(context, &pair.twin_group, "safe", twin).await)?;
        trial.ok("epoch", trial.b.epoch(context, twin).await)?;
    }
    if holds {
        trial.ok("release_point", trial.b.release_point(context, &pair.origin, "p1").await)?;
    }
    trial.ok("discard_replica", trial.b.discard_replica(context, &pair.origin, "p1").await)?;
    trial.ok("discard_point", trial.a.discard_point(context, &pair.group, "p1").await)?;
    let safe = trial.b.discard_point(context, &pair.twin_group, "safe").await;
    trial.ok("discard_point of a safety snapshot", safe)?;
    trial.ok("forget_marks", trial.b.forget_marks(context, &twins).await)?;
    trial.arranged(trial.bench.delete_group(Half::A, &pair.source).await)?;
    trial.ok("discard_origin", trial.b.discard_origin(context, &pair.origin).await)
}
