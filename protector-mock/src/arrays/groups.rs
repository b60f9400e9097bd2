//! Protection groups: members, schedules, retention. A group G of array A is seen on its target as `A:G`, a group `POD::G` of
//! a pod as `POD:G`; what it holds there is its snapshots, not volumes.

mod members;
mod records;

pub use members::{
    add_host, add_host_group, add_member, members_of, remove_host, remove_host_group, remove_member,
};
pub(crate) use members::{add_members, ids_of_volume};
pub(super) use members::{check_no_member, drop_host, drop_host_group, drop_volume};
pub use records::{Group, Retention, Schedule, Sent, Target, Window};

use super::objects::{self, Reference, check_container, check_free, save};
use super::points::{self, Point};
use super::settings::settings;
use super::systems::{self, System};
use super::volumes::{self, Volume};
use super::{Refused, naming, schedules, snapshots, targets, transfers};
use crate::world::{Transaction, WorldError};

/// Milliseconds.
pub const SHORTEST_REPLICATION: u64 = 300_000;
/// Milliseconds.
pub const SHORTEST_SNAPSHOT: u64 = 300_000;
const DAY: u64 = 86_400_000;

/// The name of a group of an array on its targets.
pub fn name_on_target(array: &str, name: &str) -> String {
    if name.contains("::") { name.replace("::", ":") } else { format!("{array}:{name}") }
}

/// Makes a group.
///
/// # Errors
/// The name is taken or none, its pod is not there, or the array has as many as it can.
pub fn create(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Group, Refused> {
    naming::check_group(name)?;
    check_container(transaction, array, name)?;
    check_free::<Group>(transaction, array, name)?;
    objects::check_limit::<Group>(transaction, array, settings(transaction)?.group_limit, name)?;
    let system = systems::get(transaction, array)?;
    let source = Reference { id: Some(system.identity), name: Some(system.name.clone()) };
    let home = objects::home_of(transaction, array, name)?;
    let id = transaction.new_uuid()?.to_string();
    let group = Group::new(id, name, &home, array, source, transaction.now());
    save(transaction, &group)?;
    Ok(group)
}

/// The group of a name, destroyed or not.
///
/// # Errors
/// It is not there.
pub fn get(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<Group, Refused> {
    objects::named(transaction, array, name)
}

/// Only the source changes a group.
pub(super) fn check_own(group: &Group) -> Result<(), Refused> {
    if group.is_local {
        return Ok(());
    }
    Err(Refused::new("Protection group belongs to a remote array.", &group.name))
}

/// What a ratcheted group does not let be done any more.
pub(super) fn check_unlocked(group: &Group) -> Result<(), Refused> {
    if group.is_ratcheted() {
        return Err(Refused::new(
            "Protection group is locked: its retention lock is ratcheted.",
            &group.name,
        ));
    }
    Ok(())
}

/// The group that is replicated to here as this one; `None` if it is no such image, or its original is eradicated.
pub(super) fn original(transaction: &Transaction<'_>, group: &Group) -> Result<Option<Group>, WorldError> {
    let (Some(id), Some(array)) = (&group.source_group, &group.source.name) else { return Ok(None) };
    objects::with_id(transaction, array, id)
}

/// What stands for a group on other arrays, with their names.
pub(super) fn images(
    transaction: &Transaction<'_>,
    group: &Group,
) -> Result<Vec<(String, Group)>, WorldError> {
    let mut found = Vec::new();
    for system in systems::list(transaction)? {
        let here: Vec<Group> = transaction.find(&system.name, records::SOURCE_GROUP, &group.id)?;
        found.extend(here.into_iter().map(|image| (system.name.clone(), image)));
    }
    Ok(found)
}

/// What stands for a group on one other array.
pub(super) fn image_on(
    transaction: &Transaction<'_>,
    group: &Group,
    array: &str,
) -> Result<Option<Group>, WorldError> {
    Ok(transaction.find(array, records::SOURCE_GROUP, &group.id)?.into_iter().next())
}

/// What is to become of a group's settings; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    /// The replication schedule, whole.
    pub replication: Option<Schedule>,
    /// The snapshot schedule, whole.
    pub snapshot: Option<Schedule>,
    /// What is kept here.
    pub source_retention: Option<Retention>,
    /// What is kept on targets.
    pub target_retention: Option<Retention>,
    /// "ratcheted" or "unlocked".
    pub retention_lock: Option<String>,
}

/// Changes a group's schedules, retention and lock.
///
/// # Errors
/// It is not there, destroyed, another array's, or the wanted cannot be.
pub fn change(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    wanted: &GroupChange,
) -> Result<Group, Refused> {
    let mut group: Group = objects::usable(transaction, array, name)?;
    check_own(&group)?;
    let locked = group.is_ratcheted();
    if let Some(lock) = &wanted.retention_lock {
        if !["ratcheted", "unlocked"].contains(&lock.as_str()) {
            return Err(Refused::new("Invalid retention lock.", lock));
        }
        if locked && lock == "unlocked" {
            return Err(Refused::new("Retention lock is ratcheted.", name));
        }
        group.retention_lock.clone_from(lock);
    }
    let schedules = [
        (&wanted.replication, &mut group.replication, SHORTEST_REPLICATION, "replication"),
        (&wanted.snapshot, &mut group.snapshot, SHORTEST_SNAPSHOT, "snapshot"),
    ];
    for (wanted, place, shortest, word) in schedules {
        let Some(wanted) = wanted else { continue };
        check_schedule(wanted, shortest, word, name)?;
        if locked && (place.enabled && !wanted.enabled || wanted.frequency > place.frequency) {
            return Err(Refused::new("Schedule cannot be relaxed: retention lock is ratcheted.", name));
        }
        place.clone_from(wanted);
    }
    let retentions = [
        (&wanted.source_retention, &mut group.source_retention),
        (&wanted.target_retention, &mut group.target_retention),
    ];
    for (wanted, place) in retentions {
        let Some(wanted) = wanted else { continue };
        let shorter = wanted.all_for_sec < place.all_for_sec
            || wanted.days < place.days
            || wanted.per_day < place.per_day;
        if locked && shorter {
            return Err(Refused::new("Retention cannot be reduced: retention lock is ratcheted.", name));
        }
        place.clone_from(wanted);
    }
    save(transaction, &group)?;
    schedules::rearm(transaction, &group, true)?;
    get(transaction, array, name)
}

fn check_schedule(wanted: &Schedule, shortest: u64, word: &str, name: &str) -> Result<(), Refused> {
    if wanted.enabled && wanted.frequency < shortest {
        let seconds = shortest / 1000;
        return Err(Refused::new(format!("Invalid {word} frequency: at least {seconds} seconds."), name));
    }
    match wanted.at {
        Some(at) if at > 86_399 => Err(Refused::new("'at' is not a time of the day.", name)),
        Some(_) if !wanted.frequency.is_multiple_of(DAY) => {
            Err(Refused::new("'at' needs a frequency of whole days.", name))
        }
        _ => Ok(()),
    }
}

/// Gives a group another name, here and on its targets.
///
/// # Errors
/// The name is taken or none, or the group is not there, destroyed or another array's.
pub fn rename(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<Group, Refused> {
    let group: Group = objects::usable(transaction, array, name)?;
    check_own(&group)?;
    naming::check_group(new)?;
    check_free::<Group>(transaction, array, new)?;
    if naming::pod(new) != naming::pod(name) {
        return Err(Refused::new("A rename does not move a protection group.", new));
    }
    for (_, image) in images(transaction, &group)? {
        let there = name_on_target(array, new);
        rename_here(transaction, image, &there)?;
    }
    Ok(rename_here(transaction, group, new)?)
}

fn rename_here(transaction: &mut Transaction<'_>, mut group: Group, new: &str) -> Result<Group, WorldError> {
    let tail = |old: &str| old.get(group.name.len()..).unwrap_or_default().to_owned();
    for mut point in points::of_group(transaction, &group)? {
        for mut member in snapshots::of_point(transaction, &point.home, &point.id)? {
            member.name = format!("{new}{}", tail(&member.name));
            save(transaction, &member)?;
        }
        point.name = format!("{new}{}", tail(&point.name));
        save(transaction, &point)?;
    }
    new.clone_into(&mut group.name);
    save(transaction, &group)?;
    Ok(group)
}

/// Destroys a group with its snapshots, recoverably.
///
/// # Errors
/// It is not there, destroyed already, or locked.
pub fn destroy(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Group, Refused> {
    let mut group = get(transaction, array, name)?;
    check_unlocked(&group)?;
    objects::mark_destroyed(transaction, array, &mut group, true)?;
    carry_points(transaction, &group)?;
    schedules::rearm(transaction, &group, false)?;
    get(transaction, array, name)
}

/// Recovers a destroyed group with the snapshots that went with it.
///
/// # Errors
/// It is not there, or not destroyed.
pub fn recover(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Group, Refused> {
    let mut group = get(transaction, array, name)?;
    objects::mark_destroyed(transaction, array, &mut group, false)?;
    carry_points(transaction, &group)?;
    schedules::rearm(transaction, &group, false)?;
    get(transaction, array, name)
}

fn carry_points(transaction: &mut Transaction<'_>, group: &Group) -> Result<(), WorldError> {
    for mut point in points::of_group(transaction, group)? {
        let destroyed = group.destroyed.is_some();
        if destroyed && point.destroyed.is_none() {
            point.with_group = true;
        } else if !destroyed && point.with_group {
            point.with_group = false;
        } else {
            continue;
        }
        points::set_moment(transaction, point, group.destroyed)?;
    }
    Ok(())
}

/// Eradicates a destroyed group with its snapshots. On its targets what stands for it stays while it holds recovery points:
/// they are what a disaster needs.
///
/// # Errors
/// It is not there, not destroyed, or eradication is not allowed.
pub fn eradicate(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    let group = get(transaction, array, name)?;
    objects::check_destroyed(&group)?;
    if group.is_ratcheted() {
        return Err(Refused::new("Manual eradication is disabled.", name));
    }
    systems::check_manual_eradication(transaction, array, name)?;
    Ok(purge(transaction, &group)?)
}

pub(super) fn purge(transaction: &mut Transaction<'_>, group: &Group) -> Result<(), WorldError> {
    transfers::cancel(transaction, &transfers::Which::Group(&group.id))?;
    schedules::disarm(transaction, group)?;
    for point in points::of_group(transaction, group)? {
        points::purge(transaction, &point)?;
    }
    objects::forget(transaction, group)?;
    if group.is_local {
        for (_, image) in images(transaction, group)? {
            targets::forget_if_empty(transaction, &image)?;
        }
    }
    Ok(())
}

/// Makes a group from a snapshot of one, or makes a group's volumes hold what its snapshot has of them.
///
/// # Errors
/// The snapshot is not there or incomplete, or a name is taken and `overwrite` is not said.
pub fn restore(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    point: &str,
    overwrite: bool,
) -> Result<Group, Refused> {
    let point: Point = objects::usable(transaction, array, point)?;
    if !point.is_complete() {
        return Err(Refused::new("Protection group snapshot is not complete.", &point.name));
    }
    let found: Option<Group> = objects::find(transaction, array, name)?;
    let group = match found {
        Some(group) if overwrite => {
            objects::check_lives(&group)?;
            check_own(&group)?;
            group
        }
        _ => create(transaction, array, name)?,
    };
    for member in snapshots::of_point(transaction, &point.home, &point.id)? {
        let own =
            naming::base(member.source.name.as_deref().unwrap_or_default().rsplit(':').next().unwrap_or(""));
        let own = naming::pod(name).map_or_else(|| own.to_owned(), |pod| format!("{pod}::{own}"));
        let source = volumes::Source::Snapshot(member);
        let there: Option<Volume> = objects::find(transaction, array, &own)?;
        let volume = if there.is_some() && overwrite {
            volumes::overwrite(transaction, array, &source, &own)?
        } else {
            volumes::copy_source(transaction, array, &source, &own)?
        };
        if !get(transaction, array, name)?.volumes.contains(&volume.id) {
            add_member(transaction, array, &group.name, &own)?;
        }
    }
    get(transaction, array, name)
}

/// Where a group may be replicated to, by name.
pub(super) fn other_array(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<System, Refused> {
    let found = systems::find(transaction, name)?.filter(|system| system.name != array);
    found.ok_or_else(|| Refused::new("Target array does not exist.", name))
}
