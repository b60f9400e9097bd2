//! Consistency groups as protection groups of the array.

use super::{Outcome, outcome};
use crate::arrays::groups::GroupChange;
use crate::arrays::points::{self, Sending};
use crate::arrays::{self, Refused, systems, targets};
use crate::block_storage::groups::Group;
use crate::block_storage::setup::Backend;
use crate::block_storage::volumes::Volume;
use crate::world::{Transaction, WorldError};

/// `pure_replica_interval_default`, in seconds.
const INTERVAL: u64 = 3600;

/// The arrays that the backend replicates to: all others.
pub(in crate::block_storage) fn targets_of(
    transaction: &Transaction<'_>,
    backend: &Backend,
) -> Result<Vec<systems::System>, WorldError> {
    let all = systems::list(transaction)?;
    Ok(all.into_iter().filter(|system| system.name != backend.array).collect())
}

fn interval(transaction: &Transaction<'_>, array: &str, group: &str) -> Result<GroupChange, Refused> {
    let mut schedule = arrays::groups::get(transaction, array, group)?.replication;
    schedule.frequency = INTERVAL * 1000;
    Ok(GroupChange { replication: Some(schedule), ..GroupChange::default() })
}

/// Switches the schedule of a protection group.
fn switch(transaction: &mut Transaction<'_>, array: &str, group: &str, enabled: bool) -> Result<(), Refused> {
    let mut schedule = arrays::groups::get(transaction, array, group)?.replication;
    schedule.enabled = enabled;
    let change = GroupChange { replication: Some(schedule), ..GroupChange::default() };
    arrays::groups::change(transaction, array, group, &change).map(drop)
}

fn replicate(transaction: &mut Transaction<'_>, backend: &Backend, name: &str) -> Result<(), Refused> {
    let array = backend.array.as_str();
    for target in targets_of(transaction, backend)? {
        targets::add(transaction, array, name, &target.name)?;
        let there = arrays::groups::name_on_target(array, name);
        targets::allow(transaction, &target.name, &there, true)?;
    }
    Ok(())
}

/// The group of all replicated volumes, as `_setup_replicated_pgroups` makes it.
pub(super) fn set_up_all(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    name: &str,
) -> Result<(), WorldError> {
    let array = backend.array.clone();
    let made = transaction.attempt(|transaction| {
        arrays::groups::create(transaction, &array, name)?;
        replicate(transaction, backend, name)?;
        let change = interval(transaction, &array, name)?;
        arrays::groups::change(transaction, &array, name, &change)?;
        switch(transaction, &array, name, true)
    });
    outcome(made)?.ok();
    Ok(())
}

/// `create_consistencygroup`: with a schedule and targets if it is replicated.
pub(in crate::block_storage) fn create(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    group: &Group,
    replicated: bool,
) -> Outcome<()> {
    let (array, name) = (backend.array.clone(), group.array_name());
    if let Err(sentence) = outcome(arrays::groups::create(transaction, &array, &name))? {
        return Ok(Err(sentence));
    }
    if !replicated {
        return Ok(Ok(()));
    }
    let schedule = interval(transaction, &array, &name)
        .and_then(|change| arrays::groups::change(transaction, &array, &name, &change));
    let scheduled = outcome(schedule)?.map(drop);
    let sent = outcome(replicate(transaction, backend, &name))?;
    let enabled = outcome(switch(transaction, &array, &name, true))?;
    if backend.older {
        // Targets that are refused are heard, schedules are not; what was made stays.
        return Ok(sent);
    }
    let told = scheduled.and(sent).and(enabled);
    if told.is_err() {
        outcome(arrays::groups::destroy(transaction, &array, &name))?.ok();
        outcome(arrays::groups::eradicate(transaction, &array, &name))?.ok();
    }
    Ok(told)
}

/// Puts a volume into the protection group of a group, if the group has one. Whether the array does so nobody asks.
pub(in crate::block_storage) fn add_member(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    scope: &str,
    group: &str,
    name: &str,
) -> Result<(), WorldError> {
    let Some(group) = transaction.get::<Group>(scope, group)? else { return Ok(()) };
    if group.consistent {
        let result = arrays::groups::add_member(transaction, &backend.array, &group.array_name(), name);
        outcome(result)?.ok();
    }
    Ok(())
}

/// The opposite.
pub(in crate::block_storage) fn remove_member(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    group: &Group,
    volume: &Volume,
) -> Result<(), WorldError> {
    if group.consistent {
        let name = volume.array_name();
        let result = arrays::groups::remove_member(transaction, &backend.array, &group.array_name(), &name);
        outcome(result)?.ok();
    }
    Ok(())
}

/// `delete_consistencygroup`, without its volumes. What is not there is deleted.
pub(in crate::block_storage) fn delete(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    group: &Group,
) -> Outcome<()> {
    if !group.consistent {
        return Ok(Ok(()));
    }
    let (array, name) = (backend.array.as_str(), group.array_name());
    let told = outcome(arrays::groups::destroy(transaction, array, &name))?;
    if told.is_ok() && super::eradicates(transaction)? {
        outcome(arrays::groups::eradicate(transaction, array, &name))?.ok();
    }
    Ok(match told {
        Err(sentence) if !sentence.contains("does not exist") && !sentence.contains("has been destroyed") => {
            Err(sentence)
        }
        _ => Ok(()),
    })
}

/// `enable_replication`, `disable_replication`: the schedule alone.
pub(in crate::block_storage) fn switch_replication(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    group: &Group,
    enabled: bool,
) -> Outcome<()> {
    outcome(switch(transaction, &backend.array, &group.array_name(), enabled))
}

/// `create_cgsnapshot`.
pub(in crate::block_storage) fn snapshot(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    group: &Group,
    suffix: &str,
) -> Outcome<()> {
    let name = group.array_name();
    let made = points::create(transaction, &backend.array, &name, Some(suffix), Sending::No);
    super::heard(backend, made)
}

/// `_delete_pgsnapshot`. What is not there is deleted.
pub(in crate::block_storage) fn delete_snapshot(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    group: &Group,
    suffix: &str,
) -> Outcome<()> {
    let (array, name) = (backend.array.as_str(), format!("{}.{suffix}", group.array_name()));
    let told = outcome(points::set_destroyed(transaction, array, &name, true))?;
    if told.is_ok() && super::eradicates(transaction)? {
        outcome(points::eradicate(transaction, array, &name))?.ok();
    }
    Ok(match told {
        Err(sentence) if !sentence.contains("does not exist") && !sentence.contains("has been destroyed") => {
            Err(sentence)
        }
        _ => Ok(()),
    })
}

/// Makes a volume of a new group from the member of a snapshot of another.
pub(in crate::block_storage) fn clone_member(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    from: &Group,
    suffix: &str,
    origin: &Volume,
    volume: &Volume,
) -> Outcome<()> {
    let (array, name) = (backend.array.as_str(), volume.array_name());
    let source = format!("{}.{suffix}.{}", from.array_name(), origin.array_name());
    let told = super::heard(backend, arrays::volumes::copy(transaction, array, &source, &name))?;
    if told.is_ok()
        && let Some(group) = &volume.group_id
    {
        add_member(transaction, backend, &volume.scope, group, &name)?;
        super::connection::tag(transaction, backend, volume, &name, None)?;
    }
    Ok(told)
}

/// The newest snapshot of a group that has arrived at a target, by the group's name there.
fn newest_arrived(
    transaction: &Transaction<'_>,
    target: &str,
    there: &str,
) -> Result<Option<points::Point>, WorldError> {
    let Ok(image) = outcome(arrays::groups::get(transaction, target, there))? else { return Ok(None) };
    let mut all = points::of_group(transaction, &image)?;
    all.retain(|point| point.is_complete() && point.destroyed.is_none());
    Ok(all.pop())
}

/// Makes a volume on the target hold what the newest snapshot there of a group has of it. Returns whether it does.
pub(super) fn materialize(
    transaction: &mut Transaction<'_>,
    target: &str,
    there: &str,
    volume: &Volume,
) -> Result<bool, WorldError> {
    let Some(point) = newest_arrived(transaction, target, there)? else { return Ok(false) };
    let name = volume.array_name();
    let source = arrays::objects::Reference { id: None, name: Some(format!("{}.{name}", point.name)) };
    let Ok(source) = outcome(arrays::volumes::source(transaction, target, &source))? else {
        return Ok(false);
    };
    let known = outcome(arrays::volumes::get(transaction, target, &name))?.is_ok();
    let result = if known {
        arrays::volumes::overwrite(transaction, target, &source, &name)
    } else {
        arrays::volumes::copy_source(transaction, target, &source, &name)
    };
    Ok(outcome(result)?.is_ok())
}

/// `failover_replication` of an asynchronous group: its volumes are made on the target from the newest snapshot there. Returns
/// the ids of those that are there now.
pub(in crate::block_storage) fn fail_over(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    group: &Group,
    volumes: &[Volume],
) -> Result<Option<Vec<String>>, WorldError> {
    let there = arrays::groups::name_on_target(&backend.array, &group.array_name());
    for target in targets_of(transaction, backend)? {
        if newest_arrived(transaction, &target.name, &there)?.is_none() {
            continue;
        }
        let mut arrived = Vec::new();
        for volume in volumes {
            if materialize(transaction, &target.name, &there, volume)? {
                arrived.push(volume.id.clone());
            }
        }
        return Ok(Some(arrived));
    }
    Ok(None)
}
