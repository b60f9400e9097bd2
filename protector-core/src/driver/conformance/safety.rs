use super::trial::Trial;
use super::{Bench, Half, Verdict};

/// Clause 13.
///
/// # Errors
/// It is broken.
pub async fn clause_13_safety_snapshots_keep_content(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(13, bench)?;
    let arranged = trial.arranged(bench.create_group(Half::A, 2).await)?;
    let group = trial.group_name(&*trial.a, &arranged).await?;
    let volumes = trial.volumes(&*trial.a, &arranged.volumes).await?;
    let has = async || {
        let found = trial.a.has_safety_snapshot(&trial.context, &group, "safe").await;
        trial.ok("has_safety_snapshot", found)
    };
    trial.same("a safety snapshot before it is taken", &has().await?, &false)?;
    for content in ["kept", "lost"] {
        for volume in &volumes {
            trial.write(Half::A, volume, content).await?;
        }
        // The second time it is there, and what was written since is not what it keeps.
        let taken = trial.a.take_safety_snapshot(&trial.context, &group, "safe").await;
        trial.ok("take_safety_snapshot", taken)?;
        trial.same("a safety snapshot that was taken", &has().await?, &true)?;
    }
    for volume in &volumes {
        trial.holds(Half::A, volume, "lost").await?;
        trial.ok("restore", trial.a.restore(&trial.context, &group, "safe", &volume.id).await)?;
        trial.holds(Half::A, volume, "kept").await?;
    }
    Ok(())
}

/// Clause 14.
///
/// # Errors
/// It is broken.
pub async fn clause_14_restore_brings_content_back(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(14, bench)?;
    let arranged = trial.arranged(bench.create_group(Half::A, 2).await)?;
    let group = trial.group_name(&*trial.a, &arranged).await?;
    let volumes = trial.volumes(&*trial.a, &arranged.volumes).await?;
    let [volume, other] = volumes.as_slice() else {
        return Err(trial.broken("the bench made more or less than two volumes"));
    };
    trial.write(Half::A, volume, "kept").await?;
    let taken = trial.a.take_safety_snapshot(&trial.context, &group, "safe").await;
    trial.ok("take_safety_snapshot", taken)?;
    trial.write(Half::A, other, "of the other").await?;
    for _ in 0..2 {
        trial.write(Half::A, volume, "written since").await?;
        trial.ok("restore", trial.a.restore(&trial.context, &group, "safe", &volume.id).await)?;
        trial.holds(Half::A, volume, "kept").await?;
    }
    let absent = trial.a.restore(&trial.context, &group, "never-taken", &volume.id).await;
    trial.refused("restore from a safety snapshot that is not there", absent)?;
    trial.holds(Half::A, volume, "kept").await?;
    trial.holds(Half::A, other, "of the other").await?;
    let afterwards = trial.volumes(&*trial.a, &arranged.volumes).await?;
    trial.same("the volumes afterwards", &afterwards, &volumes)
}
