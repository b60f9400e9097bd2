use super::trial::{Pair, Trial};
use super::{Bench, Half, Verdict, Violation};
use crate::driver::{Content, PointMember, RecoveryPoint};

/// Clause 23: of a point that the group's schedule made, for no other is removed by itself.
///
/// # Errors
/// It is broken.
pub async fn clause_23_held_points_outlast_retention(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(23, bench)?;
    if !trial.b.capabilities().holds {
        return Ok(());
    }
    let pair = trial.pair(2).await?;
    what_is_not_complete_is_not_held(&trial, &pair).await?;
    for (number, source) in pair.sources.iter().enumerate() {
        trial.write(Half::A, source, &format!("of the point {number}")).await?;
    }
    let points = trial.scheduled(&pair, 2).await?;
    let [point, later, ..] = points.as_slice() else {
        return Err(trial.broken("the schedule made less than two points"));
    };
    hold_twice(&trial, &pair, point).await?;
    for source in &pair.sources {
        trial.write(Half::A, source, "written since").await?;
    }
    // Retention begins with the oldest: when the later one is gone, it has been at the one that is held.
    trial
        .scheduling(&pair, Some(1), |points| {
            points.iter().any(|found| found.completed.is_some() && found.created > later.created)
                && !points.iter().any(|found| found.name == later.name)
        })
        .await?;
    let kept = trial.listed(&pair, &point.name).await?;
    let kept = kept.ok_or_else(|| trial.broken("a held point is not listed after retention"))?;
    trial.expect(kept.held, || format!("a held point is not told to be held: {kept:?}"))?;
    trial.same("what is told of a held point", &told(&kept), &told(point))?;
    content_is_kept(&trial, &pair, &kept).await?;
    released(&trial, &pair, &kept).await?;
    a_point_that_is_there_is_held_and_released(&trial, &pair).await
}

/// What stays of a point that is held, its members in the order of their names.
fn told(
    point: &RecoveryPoint,
) -> (std::time::SystemTime, Option<std::time::SystemTime>, f64, Vec<PointMember>) {
    let mut members = point.members.clone();
    members.sort_by(|one, other| one.name.cmp(&other.name));
    (point.created, point.completed, point.progress, members)
}

async fn what_is_not_complete_is_not_held(trial: &Trial<'_>, pair: &Pair) -> Verdict {
    trial.arranged(trial.bench.slow_transfers().await)?;
    trial.ok("replicate_now", trial.a.replicate_now(&trial.context, &pair.group, "p1").await)?;
    trial.arranged(trial.bench.hold_transfers().await)?;
    let tried = async {
        let before = trial.arranged(trial.bench.everything(Half::B).await)?;
        for point in ["p1", "never-made"] {
            let early = trial.b.hold_point(&trial.context, &pair.origin, point).await;
            trial.refused(&format!("hold_point of {point}"), early)?;
            let never = trial.b.release_point(&trial.context, &pair.origin, point).await;
            trial.ok("release_point of what is not held", never)?;
        }
        let after = trial.arranged(trial.bench.everything(Half::B).await)?;
        trial.expect(before == after, || "a refused hold changed something".to_owned())
    };
    let tried = tried.await;
    trial.arranged(trial.bench.release_transfers().await)?;
    tried?;
    let whole = trial.completed(pair, "p1").await?;
    trial.same("whether a point that was never held is", &whole.held, &false)
}

async fn hold_twice(trial: &Trial<'_>, pair: &Pair, point: &RecoveryPoint) -> Verdict {
    trial.ok("hold_point", trial.b.hold_point(&trial.context, &pair.origin, &point.name).await)?;
    let once = trial.arranged(trial.bench.everything(Half::B).await)?;
    // The second time as a process that knows nothing of the first.
    let reopened = trial.ok("opening the driver anew", trial.bench.open(Half::B))?;
    let again = reopened.hold_point(&trial.context, &pair.origin, &point.name).await;
    trial.ok("hold_point of what is held", again)?;
    let twice = trial.arranged(trial.bench.everything(Half::B).await)?;
    trial.expect(once == twice, || "a second hold changed something".to_owned())?;
    let points = trial.ok("recovery_points", trial.b.recovery_points(&trial.context, &pair.origin).await)?;
    let held: Vec<&str> = points.iter().filter(|point| point.held).map(|point| point.name.as_str()).collect();
    trial.same("the points that are held", &held, &vec![point.name.as_str()])
}

/// A held point whose own array has none of it any more makes volumes hold it.
async fn content_is_kept(trial: &Trial<'_>, pair: &Pair, kept: &RecoveryPoint) -> Verdict {
    trial.ok("hold_point", trial.b.hold_point(&trial.context, &pair.origin, &kept.name).await)?;
    for (number, (source, twin)) in pair.sources.iter().zip(&pair.twins).enumerate() {
        trial.materialize(pair, kept, source, twin).await?;
        trial.holds(Half::B, twin, &format!("of the point {number}")).await?;
        let content = trial.ok("content", trial.b.content(&trial.context, &twin.id).await)?;
        let expected = Content { origin: pair.origin.clone(), point: kept.name.clone() };
        trial.same("the content", &content, &Some(expected))?;
    }
    let twins = trial.volumes(&*trial.b, &pair.twin.volumes).await?;
    trial.same("the volumes afterwards", &twins, &pair.twins)
}

/// A point that only its hold kept goes with it.
async fn released(trial: &Trial<'_>, pair: &Pair, kept: &RecoveryPoint) -> Verdict {
    let before = trial.arranged(trial.bench.everything(Half::B).await)?;
    for _ in 0..2 {
        trial.ok("release_point", trial.b.release_point(&trial.context, &pair.origin, &kept.name).await)?;
    }
    let after = trial.arranged(trial.bench.everything(Half::B).await)?;
    let gone: Vec<_> = before.keys().filter(|object| !after.contains_key(*object)).collect();
    trial.expect(gone.is_empty(), || format!("eradicated: {gone:?}"))?;
    let left = trial.listed(pair, &kept.name).await?;
    trial.expect(left.is_none(), || format!("a released point is listed: {left:?}"))?;
    for (number, (source, twin)) in pair.sources.iter().zip(&pair.twins).enumerate() {
        let member = trial.member(kept, source)?;
        let late = trial.b.materialize(&trial.context, &pair.origin, &kept.name, &member, &twin.id).await;
        trial.refused("materialize from a released point", late)?;
        trial.holds(Half::B, twin, &format!("of the point {number}")).await?;
    }
    let late = trial.b.hold_point(&trial.context, &pair.origin, &kept.name).await;
    trial.refused("hold_point of a point that is gone", late)
}

/// The hold of a point comes and goes as often as it is wanted; what is there is there without it.
async fn a_point_that_is_there_is_held_and_released(trial: &Trial<'_>, pair: &Pair) -> Verdict {
    for _ in 0..2 {
        trial.ok("hold_point", trial.b.hold_point(&trial.context, &pair.origin, "p1").await)?;
        trial.same("whether a held point is held", &there(trial, pair).await?.held, &true)?;
        trial.ok("release_point", trial.b.release_point(&trial.context, &pair.origin, "p1").await)?;
        trial.same("whether a released point is held", &there(trial, pair).await?.held, &false)?;
    }
    let point = there(trial, pair).await?;
    for (source, twin) in pair.sources.iter().zip(&pair.twins) {
        trial.materialize(pair, &point, source, twin).await?;
        trial.holds(Half::B, twin, "").await?;
    }
    Ok(())
}

/// The point that was asked for, which retention leaves alone.
async fn there(trial: &Trial<'_>, pair: &Pair) -> Result<RecoveryPoint, Violation> {
    let point = trial.listed(pair, "p1").await?;
    point.ok_or_else(|| trial.broken("a point that is there is not listed"))
}
