//! Replication: what is under way, how far, and when it arrives. Of a group one transfer to a target runs at a time, the
//! others wait; nothing moves while an array is ill or the link between them is cut.

use super::content::{self, EXTENT};
use super::groups::{self, Group};
use super::links::{self, Purpose};
use super::objects::{self, save};
use super::points::{self, Arrival, Point, Sending};
use super::settings::settings;
use super::{ALL, Refused, retention, schedules, snapshots};
use crate::world::{Due, Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) const ARRIVED: &str = "arrays.transfer-arrived";

/// What one group sends to one target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transfer {
    id: String,
    /// The array that sends.
    pub source: String,
    /// The scope of group and point there.
    home: String,
    /// Id of the group.
    pub group: String,
    /// Id of the point.
    pub point: String,
    /// The array that gets it.
    pub target: String,
    /// Id of the point there; `None` while it waits.
    pub arriving: Option<String>,
    /// The lowest comes first.
    turn: i64,
    /// Seconds of moving before it last began to move.
    elapsed: f64,
    /// Since when it moves; `None` while nothing does.
    moving_since: Option<Timestamp>,
    /// Seconds of moving that it takes, as things are.
    duration: f64,
    /// Those of them that are not the link's.
    base: f64,
    /// Extents that differ.
    pub extents: u64,
}

impl Record for Transfer {
    const KIND: &'static str = "array.transfer";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Transfer {
    /// Seconds.
    pub fn elapsed(&self, now: Timestamp) -> f64 {
        let moving = self.moving_since.map_or(0.0, |since| now.duration_since(since).as_secs_f64());
        self.elapsed + moving.max(0.0)
    }

    /// Seconds that it takes, once it has begun.
    pub fn duration(&self) -> Option<f64> {
        self.arriving.as_ref().map(|_| self.duration)
    }

    fn share(&self, now: Timestamp) -> f64 {
        if self.duration > 0.0 { (self.elapsed(now) / self.duration).min(1.0) } else { 1.0 }
    }
}

/// All transfers, in their turn.
///
/// # Errors
/// The world cannot be read.
pub fn all(transaction: &Transaction<'_>) -> Result<Vec<Transfer>, WorldError> {
    let mut found: Vec<Transfer> = transaction.list(ALL)?;
    found.sort_by_key(|transfer| transfer.turn);
    Ok(found)
}

/// Whether a group sends something, or waits to.
pub(super) fn is_busy(transaction: &Transaction<'_>, group: &str) -> Result<bool, WorldError> {
    Ok(all(transaction)?.iter().any(|transfer| transfer.group == group))
}

/// Whether a point is sent or arrives.
pub(super) fn concerns(transaction: &Transaction<'_>, point: &str) -> Result<bool, WorldError> {
    let concerned =
        |transfer: &Transfer| transfer.point == point || transfer.arriving.as_deref() == Some(point);
    Ok(all(transaction)?.iter().any(concerned))
}

/// How far a point has come, now.
///
/// # Errors
/// The world cannot be read.
pub fn arrival(transaction: &Transaction<'_>, point: &Point) -> Result<Option<Arrival>, WorldError> {
    let Some(arrival) = point.arrival.clone() else { return Ok(None) };
    if arrival.completed.is_some() {
        return Ok(Some(arrival));
    }
    let found = all(transaction)?.into_iter().find(|one| one.arriving.as_deref() == Some(point.id.as_str()));
    let Some(transfer) = found else { return Ok(Some(arrival)) };
    // It says 1 only when it is complete.
    let progress = ((transfer.share(transaction.now()) * 1000.0).round() / 1000.0).min(0.999);
    let sent = (transfer.share(transaction.now()) * transfer.extents as f64) as u64;
    let before = (arrival.progress, arrival.data_transferred);
    Ok(Some(Arrival {
        progress: progress.max(before.0),
        data_transferred: (sent * EXTENT).max(before.1),
        ..arrival
    }))
}

/// Has a point sent to every target that allows it.
pub(super) fn send(
    transaction: &mut Transaction<'_>,
    group: &Group,
    point: &Point,
    sending: Sending,
) -> Result<(), WorldError> {
    let under_way = all(transaction)?;
    let waiting = || under_way.iter().filter(|transfer| transfer.arriving.is_none());
    let turn = match sending {
        Sending::Now => waiting().map(|transfer| transfer.turn).min().unwrap_or(1) - 1,
        Sending::Queued | Sending::No => waiting().map(|transfer| transfer.turn).max().unwrap_or(-1) + 1,
    };
    for (target, _) in group.targets.iter().filter(|(_, target)| target.allowed) {
        let transfer = Transfer {
            id: transaction.new_uuid()?.to_string(),
            source: group.array.clone(),
            home: group.home.clone(),
            group: group.id.clone(),
            point: point.id.clone(),
            target: target.clone(),
            arriving: None,
            turn,
            elapsed: 0.0,
            moving_since: None,
            duration: 0.0,
            base: 0.0,
            extents: 0,
        };
        transaction.put(ALL, &transfer)?;
    }
    retime(transaction)
}

/// Which transfers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    /// All of a group, by the id that it has at either end.
    Group(&'a str),
    /// All of a group to an array.
    GroupTo(&'a str, &'a str),
    /// All of a point, by the id that it has at either end.
    Point(&'a str),
}

/// Ends transfers; what has arrived of them so far is dropped.
pub(super) fn cancel(transaction: &mut Transaction<'_>, which: &Which<'_>) -> Result<(), WorldError> {
    let mut happened = false;
    for transfer in all(transaction)? {
        let arriving = match &transfer.arriving {
            Some(id) => transaction.get::<Point>(&transfer.target, id)?,
            None => None,
        };
        let hit = match which {
            Which::Group(group) => {
                transfer.group == **group || arriving.as_ref().is_some_and(|point| point.group == **group)
            }
            Which::GroupTo(group, target) => transfer.group == **group && transfer.target == **target,
            Which::Point(point) => transfer.point == **point || transfer.arriving.as_deref() == Some(*point),
        };
        if !hit {
            continue;
        }
        happened = true;
        forget(transaction, &transfer)?;
        if let Some(arriving) = arriving {
            objects::forget(transaction, &arriving)?;
        }
    }
    if happened { retime(transaction) } else { Ok(()) }
}

fn forget(transaction: &mut Transaction<'_>, transfer: &Transfer) -> Result<(), WorldError> {
    transaction.cancel(ALL, ARRIVED, &transfer.id)?;
    transaction.remove::<Transfer>(ALL, &transfer.id).map(drop)
}

/// After anything that a transfer's pace depends on has changed: what can begin does so, what moves gets the time that it
/// now takes, what cannot move stops. How far each has come never falls.
pub(super) fn retime(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    let transfers = all(transaction)?;
    if transfers.is_empty() {
        return Ok(());
    }
    let mut works = BTreeMap::new();
    for transfer in &transfers {
        let ends = (transfer.source.clone(), transfer.target.clone());
        if let std::collections::btree_map::Entry::Vacant(entry) = works.entry(ends) {
            let (source, target) = entry.key();
            let now = links::works(transaction, source, target, Purpose::Asynchronous)?;
            entry.insert(now);
        }
    }
    let can_move = |transfer: &Transfer| {
        works.get(&(transfer.source.clone(), transfer.target.clone())).copied().unwrap_or(false)
    };
    let mut busy: BTreeSet<(String, String)> = transfers
        .iter()
        .filter(|transfer| transfer.arriving.is_some())
        .map(|transfer| (transfer.group.clone(), transfer.target.clone()))
        .collect();
    let mut under_way = Vec::new();
    for mut transfer in transfers {
        let lane = (transfer.group.clone(), transfer.target.clone());
        if transfer.arriving.is_none()
            && (busy.contains(&lane) || !can_move(&transfer) || !begin(transaction, &mut transfer)?)
        {
            continue;
        }
        busy.insert(lane);
        under_way.push(transfer);
    }
    let moving: Vec<bool> = under_way.iter().map(can_move).collect();
    for (index, mut transfer) in under_way.clone().into_iter().enumerate() {
        let moves = moving.get(index).copied().unwrap_or(false);
        let shared = under_way
            .iter()
            .zip(&moving)
            .filter(|(other, moves)| {
                **moves && other.source == transfer.source && other.target == transfer.target
            })
            .count();
        pace(transaction, &mut transfer, moves, shared as u64)?;
    }
    Ok(())
}

/// Gives a transfer the time that it now takes.
fn pace(
    transaction: &mut Transaction<'_>,
    transfer: &mut Transfer,
    moves: bool,
    shared: u64,
) -> Result<(), WorldError> {
    let now = transaction.now();
    let link = links::between(transaction, &transfer.source, &transfer.target)?;
    let bytes = (transfer.extents * EXTENT) as f64;
    let duration = transfer.base + link.speed(shared).map_or(0.0, |speed| bytes / speed);
    let share = if transfer.elapsed(now) > 0.0 { transfer.share(now) } else { 0.0 };
    transfer.elapsed = share * duration;
    transfer.duration = duration;
    transfer.moving_since = moves.then_some(now);
    transaction.cancel(ALL, ARRIVED, &transfer.id)?;
    if moves {
        let left =
            Duration::try_from_secs_f64((duration - transfer.elapsed).max(0.0)).unwrap_or(Duration::MAX);
        let due = now.checked_add(left).unwrap_or(Timestamp::MAX);
        transaction.schedule(due, ALL, ARRIVED, &transfer.id)?;
    }
    transaction.put(ALL, transfer)
}

/// Has a transfer begin, if it can; one that has lost an end is dropped.
fn begin(transaction: &mut Transaction<'_>, transfer: &mut Transfer) -> Result<bool, WorldError> {
    let group: Option<Group> = transaction.get(&transfer.home, &transfer.group)?;
    let point: Option<Point> = transaction.get(&transfer.home, &transfer.point)?;
    let (Some(group), Some(point)) = (group, point) else {
        forget(transaction, transfer)?;
        return Ok(false);
    };
    let image = groups::image_on(transaction, &group, &transfer.target)?;
    let Some(image) = image.filter(|image| image.destroyed.is_none()) else {
        forget(transaction, transfer)?;
        return Ok(false);
    };
    let Some(target) = group.targets.get(&transfer.target).filter(|target| target.allowed) else {
        return Ok(false);
    };
    for member in snapshots::of_point(transaction, &point.home, &point.id)? {
        let before = member.source.id.as_ref().and_then(|id| target.sent.get(id));
        let before = before.map(|sent| sent.content.clone()).unwrap_or_default();
        transfer.extents += content::differing(transaction, &before, &member.content)?;
    }
    let settings = settings(transaction)?;
    transfer.base = settings.transfer_base + settings.transfer_per_extent * transfer.extents as f64;
    transfer.arriving = Some(points::arrive(transaction, &image, &point)?.id);
    Ok(true)
}

pub(super) fn arrived(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(transfer) = transaction.get::<Transfer>(ALL, &due.subject)? else { return Ok(()) };
    let group: Option<Group> = transaction.get(&transfer.home, &transfer.group)?;
    let point: Option<Point> = transaction.get(&transfer.home, &transfer.point)?;
    let arriving = match &transfer.arriving {
        Some(id) => transaction.get::<Point>(&transfer.target, id)?,
        None => None,
    };
    forget(transaction, &transfer)?;
    if let (Some(mut group), Some(point), Some(arriving)) = (group, point, arriving) {
        let members = snapshots::of_point(transaction, &point.home, &point.id)?;
        if let Some(target) = group.targets.get_mut(&transfer.target) {
            target.sent = members
                .into_iter()
                .filter_map(|one| Some((one.source.id?, groups::Sent { content: one.content })))
                .collect();
            save(transaction, &group)?;
        }
        let image = arriving.group.clone();
        let transferred = transfer.extents * EXTENT;
        let done =
            points::complete(transaction, &transfer.target, arriving, &transfer.source, &point, transferred);
        match done {
            Ok(()) | Err(Refused::Sentence { .. }) => {}
            Err(Refused::World(error)) => return Err(error),
        }
        retention::apply(transaction, &transfer.home, &group.id)?;
        retention::apply(transaction, &transfer.target, &image)?;
    }
    retime(transaction)?;
    schedules::catch_up(transaction)
}
