use super::trial::{Pair, Trial};
use super::{Bench, Half, Verdict, Violation};
use crate::driver::{ArrayVolume, Content, RecoveryPoint};
use std::time::Duration;

/// Clause 3.
///
/// # Errors
/// It is broken.
pub async fn clause_03_identity_survives_overwrites(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(3, bench)?;
    let pair = trial.pair(2).await?;
    let point = trial.replicate(&pair, "p1").await?;
    let kept = trial.b.take_safety_snapshot(&trial.context, &pair.twin_group, "safe").await;
    trial.ok("take_safety_snapshot", kept)?;
    for (source, twin) in pair.sources.iter().zip(&pair.twins) {
        trial.materialize(&pair, &point, source, twin).await?;
    }
    let overwritten = trial.volumes(&*trial.b, &pair.twin.volumes).await?;
    trial.same("the volumes after materialize", &overwritten, &pair.twins)?;
    for twin in &pair.twins {
        let restored = trial.b.restore(&trial.context, &pair.twin_group, "safe", &twin.id).await;
        trial.ok("restore", restored)?;
    }
    let restored = trial.volumes(&*trial.b, &pair.twin.volumes).await?;
    trial.same("the volumes after restore", &restored, &pair.twins)
}

/// Clause 10.
///
/// # Errors
/// It is broken.
pub async fn clause_10_incomplete_points_are_refused(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(10, bench)?;
    let pair = trial.pair(1).await?;
    let (source, twin) = pair.only(&trial)?;
    trial.write(Half::A, source, "of the point").await?;
    trial.write(Half::B, twin, "of the twin").await?;
    trial.arranged(bench.slow_transfers().await)?;
    trial.ok("replicate_now", trial.a.replicate_now(&trial.context, &pair.group, "p1").await)?;
    trial.arranged(bench.hold_transfers().await)?;
    let tried = async {
        let before = trial.arranged(bench.everything(Half::B).await)?;
        let early = trial.b.materialize(&trial.context, &pair.origin, "p1", &source.name, &twin.id).await;
        trial.refused("materialize from an incomplete point", early)?;
        let after = trial.arranged(bench.everything(Half::B).await)?;
        trial.expect(before == after, || "a refused materialize changed something".to_owned())?;
        trial.holds(Half::B, twin, "of the twin").await
    };
    let tried = tried.await;
    trial.arranged(bench.release_transfers().await)?;
    tried?;
    let point = trial.completed(&pair, "p1").await?;
    let absent =
        trial.b.materialize(&trial.context, &pair.origin, "never-made", &source.name, &twin.id).await;
    trial.refused("materialize from a point that is not there", absent)?;
    let stranger = trial.b.materialize(&trial.context, &pair.origin, "p1", "no-such-member", &twin.id).await;
    trial.refused("materialize of a member that is not there", stranger)?;
    trial.holds(Half::B, twin, "of the twin").await?;
    trial.materialize(&pair, &point, source, twin).await?;
    trial.holds(Half::B, twin, "of the point").await
}

/// Clause 11.
///
/// # Errors
/// It is broken.
pub async fn clause_11_materialize_makes_the_content_the_points(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(11, bench)?;
    let pair = trial.pair(2).await?;
    let ([source, other_source], [twin, other_twin]) = (pair.sources.as_slice(), pair.twins.as_slice())
    else {
        return Err(trial.broken("the bench made more or less than two volumes"));
    };
    trial.write(Half::A, source, "of the point").await?;
    trial.write(Half::A, other_source, "of the other").await?;
    let point = trial.replicate(&pair, "p1").await?;
    trial.write(Half::B, other_twin, "of the other twin").await?;
    for _ in 0..2 {
        trial.write(Half::B, twin, "written here").await?;
        trial.materialize(&pair, &point, source, twin).await?;
        trial.holds(Half::B, twin, "of the point").await?;
    }
    trial.holds(Half::B, other_twin, "of the other twin").await?;
    trial.holds(Half::A, source, "of the point").await?;
    let twins = trial.volumes(&*trial.b, &pair.twin.volumes).await?;
    trial.same("the volumes afterwards", &twins, &pair.twins)
}

/// Clause 12: also of an overwrite that is cut short, wherever.
///
/// # Errors
/// It is broken.
pub async fn clause_12_content_is_told_truly(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(12, bench)?;
    let pair = trial.pair(1).await?;
    let (source, twin) = pair.only(&trial)?;
    let nothing = trial.ok("content", trial.b.content(&trial.context, &twin.id).await)?;
    trial.same("the content of a volume that was never overwritten", &nothing, &None)?;
    let mut points = Vec::new();
    for name in ["p1", "p2"] {
        trial.write(Half::A, source, name).await?;
        points.push(trial.replicate(&pair, name).await?);
    }
    for point in points.iter().rev() {
        trial.materialize(&pair, point, source, twin).await?;
        trial.same("the content", &told(&trial, twin).await?, &Some(content(&pair, point)))?;
    }
    // Each overwrite gets a little more time than the one before, until one ends.
    let mut time = Duration::from_millis(1);
    for point in points.iter().cycle().skip(1).take(40) {
        let context = trial.context.within(time);
        let member = trial.member(point, source)?;
        let cut = trial.b.materialize(&context, &pair.origin, &point.name, &member, &twin.id).await;
        // What was sent when the time was up may still have to arrive.
        bench.wait().await;
        let told = told(&trial, twin).await?;
        if cut.is_ok() {
            return trial.same("the content", &told, &Some(content(&pair, point)));
        }
        if let Some(told) = told {
            trial.holds(Half::B, twin, &told.point).await?;
        }
        time = time.mul_f64(1.25);
    }
    Err(trial.broken(format!("no overwrite ends within {time:?}")))
}

fn content(pair: &Pair, point: &RecoveryPoint) -> Content {
    Content { origin: pair.origin.clone(), point: point.name.clone() }
}

/// What a process that knows nothing of what went before is told.
async fn told(trial: &Trial<'_>, twin: &ArrayVolume) -> Result<Option<Content>, Violation> {
    let reopened = trial.ok("opening the driver anew", trial.bench.open(Half::B))?;
    trial.ok("content", reopened.content(&trial.context, &twin.id).await)
}
