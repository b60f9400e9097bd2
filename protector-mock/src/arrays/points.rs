//! Snapshots of groups. On the source they are complete at once; on a target one is listed while it arrives, and its member
//! snapshots are there when all of it is.

use super::groups::{self, Group, name_on_target};
use super::objects::{self, Reference, check_free, object, save};
use super::settings::settings;
use super::snapshots::{self, Snapshot};
use super::transfers::{self, Which};
use super::{Refused, content, naming, retention, systems};
use crate::world::{Due, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(super) const EXPIRED: &str = "arrays.replication-snapshot-expired";
const GROUP: &str = "group";

/// A snapshot of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its identity.
    pub id: String,
    /// Its name: the group's with the suffix.
    pub name: String,
    /// The scope that holds it.
    pub home: String,
    /// The part of its name that is its own.
    pub suffix: String,
    /// Id of the group, on the same array.
    pub group: String,
    /// The moment, at the source.
    pub created: Timestamp,
    /// Since when it is destroyed.
    pub destroyed: Option<Timestamp>,
    /// Whether it was destroyed because its group was.
    pub(super) with_group: bool,
    /// Whether a schedule made it: retention is about those.
    pub scheduled: bool,
    /// How it came here; `None` where it was made.
    pub arrival: Option<Arrival>,
}

/// How a snapshot came to a target. While it is under way, see [`transfers::arrival`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// When its transfer began.
    pub started: Timestamp,
    /// When all of it was here.
    pub completed: Option<Timestamp>,
    /// 0 to 1.
    pub progress: f64,
    /// Bytes.
    pub data_transferred: u64,
}

object!(Point, "array.point", "Protection group snapshot", more_keys);

impl Point {
    fn more_keys(&self) -> Vec<(&'static str, String)> {
        vec![(GROUP, self.group.clone())]
    }

    /// Whether all of it is here.
    pub fn is_complete(&self) -> bool {
        self.arrival.as_ref().is_none_or(|arrival| arrival.completed.is_some())
    }
}

/// Whether a new snapshot is sent to the targets that allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sending {
    /// It stays.
    #[default]
    No,
    /// At once, before those that wait.
    Now,
    /// After those that wait.
    Queued,
}

/// A group's snapshots on its array, oldest first.
///
/// # Errors
/// The world cannot be read.
pub fn of_group(transaction: &Transaction<'_>, group: &Group) -> Result<Vec<Point>, WorldError> {
    let mut found: Vec<Point> = transaction.find(&group.home, GROUP, &group.id)?;
    found.sort_by_key(|point| point.created);
    Ok(found)
}

/// The members of a snapshot: none before it is complete.
///
/// # Errors
/// The world cannot be read.
pub fn members(transaction: &Transaction<'_>, point: &Point) -> Result<Vec<Snapshot>, WorldError> {
    snapshots::of_point(transaction, &point.home, &point.id)
}

/// Makes a snapshot of a group; without a suffix it gets the group's next number.
///
/// # Errors
/// The group is not there, destroyed or another array's, the suffix is taken or none, or it is to be sent and may not.
pub fn create(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    suffix: Option<&str>,
    sending: Sending,
) -> Result<Point, Refused> {
    let mut group = groups::get(transaction, array, group)?;
    groups::check_own(&group)?;
    objects::check_lives(&group)?;
    if let Some(suffix) = suffix {
        naming::check_suffix(suffix)?;
        check_free::<Point>(transaction, array, &format!("{}.{suffix}", group.name))?;
    }
    if sending != Sending::No {
        check_sending(transaction, array, &group, suffix)?;
    }
    let point = take(transaction, &mut group, suffix, false)?;
    if sending != Sending::No {
        transfers::send(transaction, &group, &point, sending)?;
    }
    Ok(point)
}

fn check_sending(
    transaction: &Transaction<'_>,
    array: &str,
    group: &Group,
    suffix: Option<&str>,
) -> Result<(), Refused> {
    if let Some(suffix) = suffix {
        let there = format!("{}.{suffix}", name_on_target(array, &group.name));
        for target in group.targets.keys() {
            if objects::find::<Point>(transaction, target, &there)?.is_some() {
                let message = format!("Protection group snapshot already exists on {target}.");
                return Err(Refused::new(message, there));
            }
        }
    }
    if group.is_allowed_anywhere() {
        return Ok(());
    }
    Err(Refused::new("Protection group has no target that allows replication.", &group.name))
}

/// One moment of all members.
pub(super) fn take(
    transaction: &mut Transaction<'_>,
    group: &mut Group,
    suffix: Option<&str>,
    scheduled: bool,
) -> Result<Point, Refused> {
    let suffix = if let Some(suffix) = suffix {
        suffix.to_owned()
    } else {
        group.number += 1;
        save(transaction, group)?;
        group.number.to_string()
    };
    let point = Point {
        id: transaction.new_uuid()?.to_string(),
        name: format!("{}.{suffix}", group.name),
        home: group.home.clone(),
        suffix: suffix.clone(),
        group: group.id.clone(),
        created: transaction.now(),
        destroyed: None,
        with_group: false,
        scheduled,
        arrival: None,
    };
    save(transaction, &point)?;
    for volume in groups::members_of(transaction, group)? {
        let own = naming::base(&volume.name).to_owned();
        let name = format!("{}.{own}", point.name);
        let array = group.array.clone();
        snapshots::take(transaction, &array, &volume, name, format!("{suffix}.{own}"), Some(&point.id))?;
    }
    Ok(point)
}

/// Has a snapshot, which was made for replication only, eradicated after a while.
///
/// # Errors
/// The world cannot be changed.
pub fn expire_later(transaction: &mut Transaction<'_>, array: &str, point: &Point) -> Result<(), WorldError> {
    let life = Duration::try_from_secs_f64(settings(transaction)?.for_replication_life).unwrap_or_default();
    let due = transaction.now() + life;
    transaction.schedule(due, array, EXPIRED, &point.id)
}

pub(super) fn expire(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    match objects::with_id::<Point>(transaction, &due.scope, &due.subject)? {
        Some(point) => purge(transaction, &point),
        None => Ok(()),
    }
}

/// Sends a snapshot that is there.
///
/// # Errors
/// It is not there, destroyed or not this array's own, or may not be sent.
pub fn send(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Point, Refused> {
    let point: Point = objects::usable(transaction, array, name)?;
    let group: Option<Group> = transaction.get(&point.home, &point.group)?;
    let group = group.ok_or_else(|| Refused::new("Protection group does not exist.", name))?;
    groups::check_own(&group)?;
    check_sending(transaction, array, &group, Some(&point.suffix))?;
    transfers::send(transaction, &group, &point, Sending::Queued)?;
    Ok(point)
}

/// Destroys a snapshot with its members, recoverably, or recovers it.
///
/// # Errors
/// It is not there, or is so already.
pub fn set_destroyed(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    destroyed: bool,
) -> Result<Point, Refused> {
    let mut point: Point = objects::named(transaction, array, name)?;
    if destroyed && !point.scheduled_away(transaction)? {
        let group: Option<Group> = transaction.get(&point.home, &point.group)?;
        if let Some(group) = group.filter(Group::is_ratcheted)
            && point.destroyed.is_none()
        {
            return Err(Refused::new("Snapshot is protected by a retention lock.", &group.name));
        }
    }
    objects::mark_destroyed(transaction, array, &mut point, destroyed)?;
    let since = point.destroyed;
    set_moment(transaction, point.clone(), since)?;
    Ok(point)
}

impl Point {
    /// Whether retention would not keep it anyway.
    fn scheduled_away(&self, transaction: &Transaction<'_>) -> Result<bool, WorldError> {
        Ok(self.scheduled && retention::is_past(transaction, self)?)
    }
}

/// Since when a snapshot and its members are destroyed, if they are.
pub(super) fn set_moment(
    transaction: &mut Transaction<'_>,
    mut point: Point,
    since: Option<Timestamp>,
) -> Result<(), WorldError> {
    point.destroyed = since;
    for mut member in members(transaction, &point)? {
        member.destroyed = since;
        save(transaction, &member)?;
    }
    save(transaction, &point)
}

/// Gives a snapshot another suffix; the whole new name may be given, too.
///
/// # Errors
/// It is not there or destroyed, or the suffix is taken or none.
pub fn rename(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<Point, Refused> {
    let mut point: Point = objects::usable(transaction, array, name)?;
    let own = point.name.get(..point.name.len().saturating_sub(point.suffix.len() + 1)).unwrap_or_default();
    let own = own.to_owned();
    let suffix = new.strip_prefix(&format!("{own}.")).unwrap_or(new).to_owned();
    naming::check_suffix(&suffix)?;
    let renamed = format!("{own}.{suffix}");
    check_free::<Point>(transaction, array, &renamed)?;
    for mut member in members(transaction, &point)? {
        let volume = member.name.get(point.name.len() + 1..).unwrap_or_default().to_owned();
        member.name = format!("{renamed}.{volume}");
        member.suffix = format!("{suffix}.{volume}");
        save(transaction, &member)?;
    }
    point.name = renamed;
    point.suffix = suffix;
    save(transaction, &point)?;
    Ok(point)
}

/// Eradicates a destroyed snapshot with its members; one that is under way does not arrive.
///
/// # Errors
/// It is not there, not destroyed, or eradication is not allowed.
pub fn eradicate(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    let point: Point = objects::named(transaction, array, name)?;
    objects::check_destroyed(&point)?;
    let group: Option<Group> = transaction.get(&point.home, &point.group)?;
    if group.is_some_and(|group| group.is_ratcheted()) {
        return Err(Refused::new("Manual eradication is disabled.", name));
    }
    systems::check_manual_eradication(transaction, array, name)?;
    Ok(purge(transaction, &point)?)
}

pub(super) fn purge(transaction: &mut Transaction<'_>, point: &Point) -> Result<(), WorldError> {
    transfers::cancel(transaction, &Which::Point(&point.id))?;
    for member in members(transaction, point)? {
        objects::forget(transaction, &member)?;
    }
    objects::forget(transaction, point)?;
    content::collect_if_worthwhile(transaction)
}

/// A snapshot begins to arrive on a target: listed, with nothing to restore from.
pub(super) fn arrive(
    transaction: &mut Transaction<'_>,
    image: &Group,
    sent: &Point,
) -> Result<Point, WorldError> {
    let point = Point {
        id: transaction.new_uuid()?.to_string(),
        name: format!("{}.{}", image.name, sent.suffix),
        home: image.home.clone(),
        suffix: sent.suffix.clone(),
        group: image.id.clone(),
        created: sent.created,
        destroyed: None,
        with_group: false,
        scheduled: sent.scheduled,
        arrival: Some(Arrival {
            started: transaction.now(),
            completed: None,
            progress: 0.0,
            data_transferred: 0,
        }),
    };
    save(transaction, &point)?;
    Ok(point)
}

/// All of it is here: the member snapshots appear at once.
pub(super) fn complete(
    transaction: &mut Transaction<'_>,
    array: &str,
    mut point: Point,
    source: &str,
    sent: &Point,
    transferred: u64,
) -> Result<(), Refused> {
    for one in members(transaction, sent)? {
        let own = one.name.get(sent.name.len() + 1..).unwrap_or_default();
        let origin = one.source.name.unwrap_or_default();
        let member = Snapshot {
            id: transaction.new_uuid()?.to_string(),
            name: format!("{}.{own}", point.name),
            home: point.home.clone(),
            suffix: format!("{}.{own}", point.suffix),
            serial: systems::new_serial(transaction, array)?,
            provisioned: one.provisioned,
            created: sent.created,
            destroyed: point.destroyed,
            source: Reference { id: one.source.id, name: Some(format!("{source}:{origin}")) },
            point: Some(point.id.clone()),
            with_volume: false,
            content: one.content,
        };
        save(transaction, &member)?;
    }
    if let Some(arrival) = &mut point.arrival {
        arrival.completed = Some(transaction.now());
        arrival.progress = 1.0;
        arrival.data_transferred = transferred;
    }
    Ok(save(transaction, &point)?)
}
