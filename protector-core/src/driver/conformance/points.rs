use super::trial::Trial;
use super::{Bench, Half, Verdict};
use crate::driver::{Error, PointMember};

/// Clause 7.
///
/// # Errors
/// It is broken.
pub async fn clause_07_a_point_is_made_once(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(7, bench)?;
    let pair = trial.pair(1).await?;
    let (source, twin) = pair.only(&trial)?;
    let none = trial.ok("source_point", trial.a.source_point(&trial.context, &pair.group, "p1").await)?;
    trial.same("a point that is not there", &none, &None)?;
    trial.write(Half::A, source, "when it was made").await?;
    trial.replicate(&pair, "p1").await?;
    trial.write(Half::A, source, "when it was asked for again").await?;
    // The second time as a process that knows nothing of the first.
    let reopened = trial.ok("opening the driver anew", bench.open(Half::A))?;
    trial.ok("replicate_now", reopened.replicate_now(&trial.context, &pair.group, "p1").await)?;
    bench.wait().await;
    let point = trial.completed(&pair, "p1").await?;
    trial.materialize(&pair, &point, source, twin).await?;
    trial.holds(Half::B, twin, "when it was made").await?;
    let made = trial.ok("source_point", reopened.source_point(&trial.context, &pair.group, "p1").await)?;
    let made = made.ok_or_else(|| trial.broken("source_point does not find the point"))?;
    trial.same("the moment on both arrays", &made.created, &point.created)?;
    trial.same("the members on both arrays", &made.members, &point.members)
}

/// Clause 8.
///
/// # Errors
/// It is broken.
pub async fn clause_08_points_are_listed_complete_or_not(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(8, bench)?;
    let pair = trial.pair(2).await?;
    let nothing = trial.ok("recovery_points", trial.b.recovery_points(&trial.context, &pair.origin).await)?;
    trial.expect(nothing.is_empty(), || format!("a group without points has some: {nothing:?}"))?;
    trial.replicate(&pair, "p1").await?;
    trial.arranged(bench.slow_transfers().await)?;
    trial.ok("replicate_now", trial.a.replicate_now(&trial.context, &pair.group, "p2").await)?;
    trial.arranged(bench.hold_transfers().await)?;
    let held = trial.listed(&pair, "p2").await;
    trial.arranged(bench.release_transfers().await)?;
    let held = held?.ok_or_else(|| trial.broken("a point is not listed while it is under way"))?;
    trial.same("the end of a transfer under way", &held.completed, &None)?;
    trial.expect(held.progress < 1.0, || format!("a transfer under way has progress {}", held.progress))?;
    let whole = trial.completed(&pair, "p2").await?;
    trial.same("the progress of a complete point", &whole.progress, &1.0)?;
    trial.same("the moment", &whole.created, &held.created)?;
    let mut members = whole.members;
    members.sort_by(|one, other| one.name.cmp(&other.name));
    let mut expected: Vec<PointMember> = pair
        .sources
        .iter()
        .map(|volume| PointMember { name: volume.name.clone(), size: volume.size })
        .collect();
    expected.sort_by(|one, other| one.name.cmp(&other.name));
    trial.same("the members", &members, &expected)?;
    let points = trial.ok("recovery_points", trial.b.recovery_points(&trial.context, &pair.origin).await)?;
    let names: Vec<&str> = points.iter().map(|point| point.name.as_str()).collect();
    trial.same("the points, oldest first", &names, &vec!["p1", "p2"])
}

/// Clause 9.
///
/// # Errors
/// It is broken.
pub async fn clause_09_members_are_of_one_moment(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(9, bench)?;
    let pair = trial.pair(3).await?;
    for (number, source) in pair.sources.iter().enumerate() {
        trial.write(Half::A, source, &format!("before {number}")).await?;
    }
    trial.ok("replicate_now", trial.a.replicate_now(&trial.context, &pair.group, "p1").await)?;
    for source in &pair.sources {
        trial.write(Half::A, source, "after").await?;
    }
    let point = trial.completed(&pair, "p1").await?;
    for (number, (source, twin)) in pair.sources.iter().zip(&pair.twins).enumerate() {
        trial.materialize(&pair, &point, source, twin).await?;
        trial.holds(Half::B, twin, &format!("before {number}")).await?;
        trial.holds(Half::A, source, "after").await?;
    }
    Ok(())
}

/// Clause 24.
///
/// # Errors
/// It is broken.
pub async fn clause_24_all_snapshots_of_a_group_are_listed(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(24, bench)?;
    let pair = trial.pair(1).await?;
    trial.arranged(bench.create_lookalikes(Half::A, &pair.source).await)?;
    let listed =
        async |group: &str| trial.ok("source_points", trial.a.source_points(&trial.context, group).await);
    let nothing = listed(&pair.group).await?;
    trial.expect(nothing.is_empty(), || format!("a group without snapshots has some: {nothing:?}"))?;
    trial.replicate(&pair, "p1").await?;
    let safe = trial.a.take_safety_snapshot(&trial.context, &pair.group, "safe").await;
    trial.ok("take_safety_snapshot", safe)?;
    bench.wait().await;
    let scheduled = trial.scheduled(&pair, 1).await?;
    let expected = |discarded: &str| -> Vec<(String, bool)> {
        let made = ["p1", "safe"].into_iter().chain(scheduled.iter().map(|point| point.name.as_str()));
        made.map(|name| (name.to_owned(), name == discarded)).collect()
    };
    let all = listed(&pair.group).await?;
    let found: Vec<_> = all.iter().map(|point| (point.name.clone(), point.destroyed)).collect();
    trial.same("the snapshots, oldest first", &found, &expected(""))?;
    for snapshot in &all {
        let point = trial.a.source_point(&trial.context, &pair.group, &snapshot.name).await;
        let point = trial.ok("source_point", point)?;
        trial.same("the moment", &Some(snapshot.created), &point.map(|point| point.created))?;
    }
    trial.ok("discard_point", trial.a.discard_point(&trial.context, &pair.group, "p1").await)?;
    let found = listed(&pair.group).await?;
    let found: Vec<_> = found.into_iter().map(|point| (point.name, point.destroyed)).collect();
    trial.same("the snapshots after one was discarded", &found, &expected("p1"))?;
    match trial.a.source_points(&trial.context, "protector-no-such-group").await {
        Err(Error::NotFound { .. }) => {}
        other => return Err(trial.broken(format!("the snapshots of a group that is not there: {other:?}"))),
    }
    // What came here from there is no snapshot of a group of this array.
    let elsewhere = trial.b.source_points(&trial.context, &pair.twin_group).await;
    trial.same("the snapshots of the twins' group", &trial.ok("source_points", elsewhere)?, &Vec::new())
}
