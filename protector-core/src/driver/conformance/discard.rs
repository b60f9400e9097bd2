use super::trial::Trial;
use super::{Bench, Half, Object, Verdict, Violation};
use crate::driver::{Error, GroupOrigin};
use std::collections::BTreeMap;

/// Everything that was there is there, discarded or not.
fn nothing_is_eradicated(
    trial: &Trial<'_>,
    before: &BTreeMap<Object, String>,
    after: &BTreeMap<Object, String>,
) -> Verdict {
    let gone: Vec<&Object> = before.keys().filter(|object| !after.contains_key(*object)).collect();
    trial.expect(gone.is_empty(), || format!("eradicated: {gone:?}"))
}

async fn both(trial: &Trial<'_>) -> Result<[BTreeMap<Object, String>; 2], Violation> {
    let a = trial.arranged(trial.bench.everything(Half::A).await)?;
    Ok([a, trial.arranged(trial.bench.everything(Half::B).await)?])
}

/// Clause 16.
///
/// # Errors
/// It is broken.
pub async fn clause_16_discarded_points_are_unusable_and_kept(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(16, bench)?;
    let pair = trial.pair(1).await?;
    let (source, twin) = pair.only(&trial)?;
    trial.write(Half::A, source, "of the source").await?;
    trial.write(Half::B, twin, "of the twin").await?;
    trial.replicate(&pair, "p1").await?;
    trial.replicate(&pair, "p2").await?;
    let safe = trial.b.take_safety_snapshot(&trial.context, &pair.twin_group, "safe").await;
    trial.ok("take_safety_snapshot", safe)?;
    let before = both(&trial).await?;
    for _ in 0..2 {
        for point in ["p1", "never-made"] {
            let replica = trial.b.discard_replica(&trial.context, &pair.origin, point).await;
            trial.ok("discard_replica", replica)?;
            trial.ok("discard_point", trial.a.discard_point(&trial.context, &pair.group, point).await)?;
        }
        let safe = trial.b.discard_point(&trial.context, &pair.twin_group, "safe").await;
        trial.ok("discard_point of a safety snapshot", safe)?;
    }
    let after = both(&trial).await?;
    for (before, after) in before.iter().zip(&after) {
        nothing_is_eradicated(&trial, before, after)?;
    }
    let usable = |point: &crate::driver::RecoveryPoint| point.completed.is_some();
    let p1 = trial.listed(&pair, "p1").await?;
    trial.expect(!p1.as_ref().is_some_and(usable), || {
        format!("a discarded point is listed as complete: {p1:?}")
    })?;
    let gone = trial.ok("source_point", trial.a.source_point(&trial.context, &pair.group, "p1").await)?;
    trial.same("a discarded point on its own array", &gone, &None)?;
    let late = trial.b.materialize(&trial.context, &pair.origin, "p1", &source.name, &twin.id).await;
    trial.refused("materialize from a discarded point", late)?;
    let safe = trial.b.has_safety_snapshot(&trial.context, &pair.twin_group, "safe").await;
    trial.same("a discarded safety snapshot", &trial.ok("has_safety_snapshot", safe)?, &false)?;
    let late = trial.b.restore(&trial.context, &pair.twin_group, "safe", &twin.id).await;
    trial.refused("restore from a discarded safety snapshot", late)?;
    trial.holds(Half::B, twin, "of the twin").await?;
    trial.holds(Half::A, source, "of the source").await?;
    // The point that was not discarded is of use.
    let p2 = trial.completed(&pair, "p2").await?;
    trial.materialize(&pair, &p2, source, twin).await?;
    trial.holds(Half::B, twin, "of the source").await
}

/// Clause 17.
///
/// # Errors
/// It is broken.
pub async fn clause_17_discarded_volumes_go_and_are_kept(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(17, bench)?;
    let id = trial.arranged(bench.create_volume(Half::A).await)?;
    let found = trial.volumes(&*trial.a, std::slice::from_ref(&id)).await?;
    let [volume] = found.as_slice() else { return Err(trial.broken("the bench made no volume")) };
    trial.write(Half::A, volume, "of the volume").await?;
    trial.arranged(bench.connect(Half::A, &volume.id).await)?;
    let before = trial.arranged(bench.everything(Half::A).await)?;
    let used = trial.a.discard_volume(&trial.context, &volume.id).await;
    trial.refused("discard of a volume that a host uses", used)?;
    let after = trial.arranged(bench.everything(Half::A).await)?;
    trial.expect(before == after, || "a refused discard changed something".to_owned())?;
    trial.arranged(bench.disconnect(Half::A, &volume.id).await)?;
    for _ in 0..2 {
        trial.ok("discard_volume", trial.a.discard_volume(&trial.context, &volume.id).await)?;
        let found = trial.ok("resolve", trial.a.resolve(&trial.context, std::slice::from_ref(&id)).await)?;
        trial.same("a discarded volume", &found, &vec![None])?;
    }
    let after = trial.arranged(bench.everything(Half::A).await)?;
    nothing_is_eradicated(&trial, &before, &after)?;
    let nobodys =
        trial.a.discard_volume(&trial.context, &"00000000-0000-4000-8000-00000000dead".into()).await;
    trial.ok("discard_volume of a volume that is not there", nobodys)
}

/// Clause 21.
///
/// # Errors
/// It is broken.
pub async fn clause_21_what_is_left_of_a_peers_group_goes_and_is_kept(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(21, bench)?;
    let (pair, other) = (trial.pair(1).await?, trial.pair(1).await?);
    let (source, twin) = pair.only(&trial)?;
    let (other_source, other_twin) = other.only(&trial)?;
    trial.write(Half::A, source, "of the source").await?;
    trial.write(Half::A, other_source, "of the other source").await?;
    trial.write(Half::B, twin, "of the twin").await?;
    trial.replicate(&pair, "p1").await?;
    trial.replicate(&pair, "p2").await?;
    if trial.b.capabilities().holds {
        trial.ok("hold_point", trial.b.hold_point(&trial.context, &pair.origin, "p1").await)?;
    }
    let kept = trial.replicate(&other, "p1").await?;
    trial.arranged(bench.delete_group(Half::A, &pair.source).await)?;
    let [a, b] = both(&trial).await?;
    for _ in 0..2 {
        let discarded = trial.b.discard_origin(&trial.context, &pair.origin).await;
        trial.ok("discard_origin", discarded)?;
        gone(&trial, &pair.origin).await?;
        for point in ["p1", "p2"] {
            let late = trial.b.materialize(&trial.context, &pair.origin, point, &source.name, &twin.id).await;
            trial.refused("materialize from a point of a discarded group", late)?;
        }
    }
    let nobodys = GroupOrigin { group: "protector-no-such-group".to_owned(), ..pair.origin.clone() };
    let never = trial.b.discard_origin(&trial.context, &nobodys).await;
    trial.ok("discard_origin of a group that is not there", never)?;
    let [a_after, b_after] = both(&trial).await?;
    nothing_is_eradicated(&trial, &b, &b_after)?;
    trial.expect(a == a_after, || "discard_origin changed something on the peer".to_owned())?;
    trial.holds(Half::B, twin, "of the twin").await?;
    // The group beside it is of use.
    trial.materialize(&other, &kept, other_source, other_twin).await?;
    trial.holds(Half::B, other_twin, "of the other source").await
}

/// Requires that no point of a peer's group is to be used.
async fn gone(trial: &Trial<'_>, origin: &GroupOrigin) -> Verdict {
    let points = match trial.b.recovery_points(&trial.context, origin).await {
        Err(Error::NotFound { .. }) => Vec::new(),
        points => trial.ok("recovery_points of a discarded group", points)?,
    };
    let usable: Vec<_> = points.iter().filter(|point| point.completed.is_some()).collect();
    trial.expect(usable.is_empty(), || {
        format!("points of a discarded group are listed as complete: {usable:?}")
    })
}
