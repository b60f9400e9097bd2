use super::trial::Trial;
use super::{Arranged, Bench, Half, Verdict, Violation};
use crate::driver::{Error, GroupOrigin, ReplicationSettings, StorageGroup};
use std::time::Duration;

async fn group(trial: &Trial<'_>, arranged: &Arranged) -> Result<StorageGroup, Violation> {
    let found = trial.ok("storage_group", trial.a.storage_group(&trial.context, &arranged.group).await)?;
    found.ok_or_else(|| trial.broken("storage_group does not find the group"))
}

/// Clause 5.
///
/// # Errors
/// It is broken.
pub async fn clause_05_settings_are_made_so(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(5, bench)?;
    let arranged = trial.arranged(bench.create_group(Half::A, 1).await)?;
    let name = trial.group_name(&*trial.a, &arranged).await?;
    let retention = Some(Duration::from_hours(2));
    let on = ReplicationSettings { enabled: true, interval: Duration::from_mins(10), retention };
    let off = ReplicationSettings { enabled: false, interval: Duration::from_mins(15), retention: None };
    for (wanted, kept) in [(&on, on.clone()), (&off, ReplicationSettings { retention, ..off.clone() })] {
        for _ in 0..2 {
            let set = trial.a.set_replication(&trial.context, &name, wanted).await;
            trial.ok("set_replication", set)?;
            trial.same("the settings read back", &group(&trial, &arranged).await?.settings, &kept)?;
        }
    }
    Ok(())
}

/// Clause 6.
///
/// # Errors
/// It is broken.
pub async fn clause_06_replication_is_allowed_once_and_for_all(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(6, bench)?;
    let arranged = trial.arranged(bench.create_group(Half::A, 1).await)?;
    let name = trial.group_name(&*trial.a, &arranged).await?;
    let origin = GroupOrigin { array: trial.a.array().clone(), group: name };
    for expected in [false, true, true] {
        let targets = group(&trial, &arranged).await?.targets;
        let allowed: Vec<bool> = targets.iter().map(|target| target.allowed).collect();
        trial.same("whether the target allows it", &allowed, &vec![expected])?;
        trial.allow(&origin).await?;
    }
    let nobodys = GroupOrigin { group: "protector-no-such-group".to_owned(), ..origin };
    match trial.b.allow_replication(&trial.context, &nobodys).await {
        Err(Error::NotFound { .. }) => Ok(()),
        other => Err(trial.broken(format!("allowing a group that is not there: {other:?}"))),
    }
}
