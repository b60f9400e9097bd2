//! Pods on two arrays: who stays online when they lose each other, and how the other one catches up.

use super::content::{forget_frozen, freeze};
use super::{Pod, Resync, State, views};
use crate::arrays::connections::{self, Connection};
use crate::arrays::content::{self as bytes, EXTENT};
use crate::arrays::groups::Group;
use crate::arrays::links::{self, Purpose};
use crate::arrays::objects::{self, check_free, save};
use crate::arrays::points::Point;
use crate::arrays::settings::settings;
use crate::arrays::snapshots::Snapshot;
use crate::arrays::volumes::Volume;
use crate::arrays::{ALL, Refused, eradication, naming, replica_links, systems};
use crate::world::{Due, Record, Transaction, WorldError};
use jiff::Timestamp;
use std::time::Duration;

pub(in crate::arrays) const DECISION: &str = "arrays.pod-decision";
pub(in crate::arrays) const RESYNCED: &str = "arrays.pod-resynced";

/// What the array that a pod was taken from keeps of it is called so.
pub(super) const RESTRETCH: &str = ".restretch";

/// One of a pod's arrays, as one of them sees it.
#[derive(Debug, Clone)]
pub struct MemberView {
    /// The array.
    pub array: String,
    /// How the pod stands there.
    pub state: State,
    /// "online", "unreachable" or "unknown".
    pub mediator: &'static str,
    /// Whether it stays online without a mediator.
    pub pre_elected: bool,
    /// Since when its data is no longer kept up to date.
    pub frozen_at: Option<Timestamp>,
    /// How far it has caught up, 0 to 1.
    pub progress: Option<f64>,
}

/// A pod's arrays as the one sees them whose view of the pod this is. One that is offline knows nothing of the other.
///
/// # Errors
/// The world cannot be read.
pub fn members(transaction: &Transaction<'_>, pod: &Pod) -> Result<Vec<MemberView>, WorldError> {
    let mut found = Vec::new();
    for view in views(transaction, pod)? {
        let own = view.home == pod.home;
        let blind = !own && pod.state == State::Offline;
        let lost = !own && !links::works(transaction, &pod.home, &view.home, Purpose::Synchronous)?;
        let reaches = systems::find(transaction, &view.home)?.is_some_and(|system| system.mediator);
        let state = match view.state {
            _ if blind => State::Unknown,
            // What it makes of it by itself is not known here.
            State::Online | State::Resyncing if lost && pod.state == State::Online => State::Offline,
            state => state,
        };
        found.push(MemberView {
            state,
            mediator: match (blind || lost, reaches) {
                (true, _) => "unknown",
                (false, true) => "online",
                (false, false) => "unreachable",
            },
            pre_elected: view.pre_elected && !blind,
            frozen_at: view.frozen_at.filter(|_| !blind),
            progress: view.resync.as_ref().filter(|_| !blind).map(|one| one.progress(transaction.now())),
            array: view.home,
        });
    }
    Ok(found)
}

/// Stretches a pod to another array, which then gets its data.
///
/// # Errors
/// One of them is not there or not connected, the array has the pod or one of its name, or the pod is linked or demoted.
pub fn stretch(
    transaction: &mut Transaction<'_>,
    array: &str,
    pod: &str,
    other: &str,
) -> Result<Pod, Refused> {
    let pod: Pod = objects::usable(transaction, array, pod)?;
    let other = systems::get(transaction, other)?.name;
    if pod.arrays.contains(&other) {
        return Err(Refused::new("Array already exists in pod.", other));
    }
    if !links::works(transaction, array, &other, Purpose::Synchronous)? {
        return Err(Refused::new("Array is not connected for synchronous replication.", other));
    }
    if !replica_links::of_pod(transaction, &pod)?.is_empty() {
        return Err(Refused::new("Pod has replica links and cannot be stretched.", &pod.name));
    }
    check_free::<Pod>(transaction, &other, &pod.name)?;
    let mut arrays = pod.arrays.clone();
    arrays.push(other.clone());
    for view in views(transaction, &pod)? {
        save(transaction, &Pod { arrays: arrays.clone(), ..view })?;
    }
    let mut added = Pod { arrays, home: other, ..pod.clone() };
    let seconds = time_to_catch_up(transaction, &pod, None)?;
    begin_resync(transaction, &mut added, seconds)?;
    objects::named(transaction, array, &pod.name)
}

/// Takes a pod from one of its arrays, which keeps a destroyed copy for a while.
///
/// # Errors
/// It is not there, is the only one, or is not known to be online elsewhere and that is not said to be well.
pub fn unstretch(
    transaction: &mut Transaction<'_>,
    array: &str,
    pod: &str,
    other: &str,
    with_unknown: bool,
) -> Result<(), Refused> {
    let pod: Pod = objects::named(transaction, array, pod)?;
    let other = systems::get(transaction, other)?.name;
    if !pod.arrays.contains(&other) || pod.arrays.len() == 1 {
        return Err(Refused::new("Array does not exist in pod.", other));
    }
    if pod.state == State::Offline && !with_unknown {
        return Err(Refused::new("Status of the pod on the other array is unknown.", &pod.name));
    }
    let removed: Option<Pod> = transaction.get(&other, &pod.id)?;
    let arrays: Vec<String> = pod.arrays.iter().filter(|name| **name != other).cloned().collect();
    for view in views(transaction, &pod)?.into_iter().filter(|view| view.home != other) {
        let alone = arrays.len() == 1;
        let state = if alone { State::Online } else { view.state };
        let frozen_at = view.frozen_at.filter(|_| !alone);
        let pre_elected = view.pre_elected && !alone;
        transaction.cancel(ALL, DECISION, &pod.id)?;
        save(transaction, &Pod { arrays: arrays.clone(), state, frozen_at, pre_elected, ..view })?;
    }
    if let Some(removed) = removed {
        transaction.cancel(ALL, RESYNCED, &format!("{}/{other}", pod.id))?;
        leave_behind(transaction, &removed)?;
    }
    Ok(())
}

/// What the array keeps of a pod that it is no longer in.
fn leave_behind(transaction: &mut Transaction<'_>, removed: &Pod) -> Result<(), Refused> {
    let now = transaction.now();
    transaction.remove::<Pod>(&removed.home, &removed.id)?;
    let name = format!("{}{RESTRETCH}", removed.name);
    if let Some(older) = super::find_record(transaction, &removed.home, &name)? {
        forget_frozen(transaction, &older.content_home)?;
        transaction.remove::<Pod>(&older.home, &older.id)?;
    }
    let mut left = super::new_pod(transaction, &removed.home, &name)?;
    left.destroyed = Some(now);
    let due = now + systems::eradication_delay(transaction, &removed.home)?;
    eradication::expect(transaction, &removed.home, Pod::KIND, &left.id, due)?;
    save(transaction, &left)?;
    freeze(transaction, &removed.content_home, &left.content_home)?;
    // Its groups go on elsewhere, and what is left of the volumes is as destroyed as the pod.
    for group in transaction.list::<Group>(&left.content_home)? {
        transaction.remove::<Group>(&left.content_home, group.id())?;
    }
    for point in transaction.list::<Point>(&left.content_home)? {
        transaction.remove::<Point>(&left.content_home, point.id())?;
    }
    for mut volume in transaction.list::<Volume>(&left.content_home)? {
        volume.name = format!("{name}::{}", naming::base(&volume.name));
        volume.destroyed = Some(now);
        save(transaction, &volume)?;
        for connection in connections::of_volume(transaction, &removed.home, &volume.id)? {
            transaction.remove::<Connection>(&removed.home, connection.id())?;
        }
    }
    for mut snapshot in transaction.list::<Snapshot>(&left.content_home)? {
        let own = snapshot.name.split_once("::").map_or("", |(_, own)| own).to_owned();
        snapshot.name = format!("{name}::{own}");
        snapshot.destroyed = Some(now);
        save(transaction, &snapshot)?;
    }
    if removed.content_home != format!("pod/{}", removed.id) {
        forget_frozen(transaction, &removed.content_home)?;
    }
    Ok(())
}

/// After an array, its way to the mediator or a link has changed.
pub(in crate::arrays) fn reconsider(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    for system in systems::list(transaction)? {
        for pod in transaction.list::<Pod>(&system.name)? {
            if pod.arrays.len() > 1 && pod.arrays.first() == Some(&system.name) {
                settle(transaction, &pod)?;
            }
        }
    }
    Ok(())
}

/// Whether all arrays of a pod can work together.
fn are_together(transaction: &Transaction<'_>, pod: &Pod) -> Result<bool, WorldError> {
    let Some((first, others)) = pod.arrays.split_first() else { return Ok(true) };
    for other in others {
        if !links::works(transaction, first, other, Purpose::Synchronous)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn settle(transaction: &mut Transaction<'_>, pod: &Pod) -> Result<(), WorldError> {
    let views = views(transaction, pod)?;
    if are_together(transaction, pod)? {
        transaction.cancel(ALL, DECISION, &pod.id)?;
        return reunite(transaction, views);
    }
    let online = views.iter().filter(|view| view.state == State::Online).count();
    let lost_all = views.iter().all(|view| view.state == State::Offline);
    for mut view in views {
        match view.state {
            State::Resyncing => {
                transaction.cancel(ALL, RESYNCED, &format!("{}/{}", view.id, view.home))?;
                view.state = State::Offline;
                view.resync = None;
                view.frozen_at = view.frozen_at.or(Some(transaction.now()));
            }
            State::Online if online > 1 => view.state = State::Suspended,
            _ => continue,
        }
        save(transaction, &view)?;
    }
    if lost_all {
        decide_now(transaction, pod)
    } else if online > 1 {
        let wait = Duration::try_from_secs_f64(settings(transaction)?.pod_transition).unwrap_or_default();
        transaction.cancel(ALL, DECISION, &pod.id)?;
        transaction.schedule(transaction.now() + wait, ALL, DECISION, &pod.id)
    } else {
        // A survivor goes on; if it is lost, too, what the other one has stays old.
        Ok(())
    }
}

/// The arrays have each other again: whoever was online goes on, the others catch up.
fn reunite(transaction: &mut Transaction<'_>, views: Vec<Pod>) -> Result<(), WorldError> {
    let leads = |view: &Pod| matches!(view.state, State::Online | State::Suspended);
    let leader = views.iter().find(|view| leads(view)).or(views.first()).cloned();
    let Some(leader) = leader else { return Ok(()) };
    let mut mediated = false;
    for view in &views {
        mediated |= systems::find(transaction, &view.home)?.is_some_and(|system| system.mediator);
    }
    let preferred = leader.failover_preferences.iter().find(|name| leader.arrays.contains(name));
    let elected = preferred.or(leader.arrays.first()).cloned();
    for mut view in views {
        view.pre_elected = !mediated && elected.as_ref() == Some(&view.home);
        let is_leader = view.home == leader.home;
        if is_leader || view.state == State::Suspended {
            view.state = State::Online;
            view.frozen_at = None;
            save(transaction, &view)?;
        } else if view.state == State::Offline {
            let seconds = time_to_catch_up(transaction, &leader, Some(&view))?;
            begin_resync(transaction, &mut view, seconds)?;
        } else {
            save(transaction, &view)?;
        }
    }
    Ok(())
}

/// Seconds until a view of a pod holds what the leader's does.
fn time_to_catch_up(
    transaction: &Transaction<'_>,
    leader: &Pod,
    behind: Option<&Pod>,
) -> Result<f64, WorldError> {
    let mut extents = 0;
    for volume in transaction.list::<Volume>(&leader.content_home)? {
        let before = match behind {
            Some(behind) => transaction.get::<Volume>(&behind.content_home, &volume.id)?,
            None => None,
        };
        let before = before.map(|volume| volume.content).unwrap_or_default();
        extents += bytes::differing(transaction, &before, &volume.content)?;
    }
    let settings = settings(transaction)?;
    let other = behind.map(|behind| behind.home.clone());
    let link = match &other {
        Some(other) => links::between(transaction, &leader.home, other)?.speed(1),
        None => None,
    };
    let on_the_link = link.map_or(0.0, |speed| (extents * EXTENT) as f64 / speed);
    Ok(settings.transfer_base + settings.transfer_per_extent * extents as f64 + on_the_link)
}

fn begin_resync(transaction: &mut Transaction<'_>, view: &mut Pod, seconds: f64) -> Result<(), WorldError> {
    let now = transaction.now();
    view.state = State::Resyncing;
    view.resync = Some(Resync { began: now, seconds });
    save(transaction, view)?;
    let left = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let subject = format!("{}/{}", view.id, view.home);
    transaction.cancel(ALL, RESYNCED, &subject)?;
    transaction.schedule(now + left, ALL, RESYNCED, &subject)
}

pub(in crate::arrays) fn resynced(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some((id, array)) = due.subject.split_once('/') else { return Ok(()) };
    let Some(mut view) = transaction.get::<Pod>(array, id)? else { return Ok(()) };
    let others = views(transaction, &view)?;
    let leader = others.iter().find(|other| other.state == State::Online && other.home != view.home);
    let Some(leader) = leader.filter(|_| view.state == State::Resyncing) else { return Ok(()) };
    if view.content_home != leader.content_home {
        forget_frozen(transaction, &view.content_home)?;
        view.content_home.clone_from(&leader.content_home);
    }
    view.state = State::Online;
    view.resync = None;
    view.frozen_at = None;
    save(transaction, &view)
}

pub(in crate::arrays) fn decide(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    for system in systems::list(transaction)? {
        if let Some(pod) = transaction.get::<Pod>(&system.name, &due.subject)? {
            return if are_together(transaction, &pod)? {
                let views = views(transaction, &pod)?;
                reunite(transaction, views)
            } else {
                decide_now(transaction, &pod)
            };
        }
    }
    Ok(())
}

/// Who stays online: of the arrays that are well and either reach the mediator or were elected when nobody did, the one that
/// is preferred. If there is none, nobody.
fn decide_now(transaction: &mut Transaction<'_>, pod: &Pod) -> Result<(), WorldError> {
    let now = transaction.now();
    let views = views(transaction, pod)?;
    let mut candidates = Vec::new();
    for view in &views {
        let system = systems::find(transaction, &view.home)?;
        let well = system.filter(|system| system.failure.is_none());
        if well.is_some_and(|system| system.mediator || view.pre_elected) {
            candidates.push(view.home.clone());
        }
    }
    let preferred = pod.failover_preferences.iter().find(|name| candidates.contains(name));
    let winner = preferred.or(candidates.first()).cloned();
    for mut view in views {
        if winner.as_ref() == Some(&view.home) {
            view.state = State::Online;
            view.frozen_at = None;
        } else {
            view.state = State::Offline;
            view.frozen_at = view.frozen_at.or(Some(now));
            let shared = format!("pod/{}", view.id);
            if winner.is_some() && view.content_home == shared {
                let frozen = format!("{shared}/{}", view.home);
                freeze(transaction, &shared, &frozen)?;
                view.content_home = frozen;
            }
        }
        save(transaction, &view)?;
    }
    Ok(())
}
