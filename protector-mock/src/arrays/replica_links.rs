//! Continuous replication from a pod that takes writes to one that does not, on another array.
//!
//! What has changed in the source is in the target a little later (the settings' `replica_lag`), as one state of the whole pod.

use super::content::{self, EXTENT};
use super::links::{self, Purpose};
use super::objects;
use super::pods::{self, Pod, Promotion, Resync};
use super::settings::settings;
use super::volumes::Volume;
use super::{ALL, Refused, systems};
use crate::world::{Due, Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(super) const BASELINED: &str = "arrays.replica-baselined";
pub(super) const APPLY: &str = "arrays.replica-applied";

/// A pod at one end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The array.
    pub array: String,
    /// Id of the pod.
    pub pod: String,
}

/// A link of two pods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplicaLink {
    /// Its identity.
    pub id: String,
    /// The source, for as long as it takes writes and the other does not.
    pub ends: [End; 2],
    /// Whether nothing is sent for now.
    pub paused: bool,
    baselining: Option<Resync>,
    /// Since when the source holds what the target does not.
    pending: Option<Timestamp>,
    quiescing: bool,
    quiesced: bool,
}

impl Record for ReplicaLink {
    const KIND: &'static str = "array.replica-link";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        self.ends.iter().map(|end| (POD, end.pod.clone())).collect()
    }
}

const POD: &str = "pod";

/// The links of a pod.
pub(super) fn of_pod(transaction: &Transaction<'_>, pod: &Pod) -> Result<Vec<ReplicaLink>, WorldError> {
    transaction.find(ALL, POD, &pod.id)
}

/// All links that an array has an end of.
///
/// # Errors
/// The world cannot be read.
pub fn of_array(transaction: &Transaction<'_>, array: &str) -> Result<Vec<ReplicaLink>, WorldError> {
    let all: Vec<ReplicaLink> = transaction.list(ALL)?;
    Ok(all.into_iter().filter(|link| link.ends.iter().any(|end| end.array == array)).collect())
}

/// Source and target pod of a link, as things are; `None` if one is gone.
///
/// # Errors
/// The world cannot be read.
pub fn pods_of(transaction: &Transaction<'_>, link: &ReplicaLink) -> Result<Option<(Pod, Pod)>, WorldError> {
    let [one, other] = &link.ends;
    let (one, other): (Option<Pod>, Option<Pod>) =
        (transaction.get(&one.array, &one.pod)?, transaction.get(&other.array, &other.pod)?);
    let (Some(one), Some(other)) = (one, other) else { return Ok(None) };
    let reversed = one.promotion == Promotion::Demoted && other.promotion == Promotion::Promoted;
    Ok(Some(if reversed { (other, one) } else { (one, other) }))
}

/// What a link shows.
///
/// # Errors
/// The world cannot be read.
pub fn status(transaction: &Transaction<'_>, link: &ReplicaLink) -> Result<&'static str, WorldError> {
    let Some((source, target)) = pods_of(transaction, link)? else { return Ok("unhealthy") };
    Ok(if link.paused {
        "paused"
    } else if !links::works(transaction, &source.home, &target.home, Purpose::Asynchronous)? {
        "unhealthy"
    } else if link.baselining.is_some() {
        "baselining"
    } else if link.quiescing {
        "quiescing"
    } else if source.promotion == Promotion::Demoted {
        if link.quiesced { "quiesced" } else { "idle" }
    } else {
        "replicating"
    })
}

/// The moment of the source that the target holds; `None` before it has all of the first.
pub fn recovery_point(link: &ReplicaLink, now: Timestamp) -> Option<Timestamp> {
    if link.baselining.is_some() { None } else { Some(link.pending.unwrap_or(now)) }
}

/// Links a pod that takes writes to one of another array that does not.
///
/// # Errors
/// One of them is not there, is stretched, is linked to the other already, or the target takes writes.
pub fn create(
    transaction: &mut Transaction<'_>,
    array: &str,
    local: &str,
    remote_array: &str,
    remote: &str,
    paused: bool,
) -> Result<ReplicaLink, Refused> {
    let source: Pod = objects::usable(transaction, array, local)?;
    let other = systems::get(transaction, remote_array)?.name;
    let target: Pod = objects::usable(transaction, &other, remote)?;
    if other == array {
        return Err(Refused::new("Remote pod is on the local array.", remote));
    }
    for pod in [&source, &target] {
        if pod.arrays.len() > 1 {
            return Err(Refused::new("A stretched pod cannot have replica links.", &pod.name));
        }
    }
    let linked =
        of_pod(transaction, &source)?.iter().any(|link| link.ends.iter().any(|end| end.pod == target.id));
    if linked {
        return Err(Refused::new("Pod replica link already exists.", local));
    }
    if target.promotion != Promotion::Demoted {
        return Err(Refused::new("Remote pod is not demoted.", remote));
    }
    let link = ReplicaLink {
        id: transaction.new_uuid()?.to_string(),
        ends: [End { array: array.to_owned(), pod: source.id.clone() }, End { array: other, pod: target.id }],
        paused,
        baselining: None,
        pending: Some(transaction.now()),
        quiescing: false,
        quiesced: false,
    };
    begin_baseline(transaction, link, &source)
}

fn begin_baseline(
    transaction: &mut Transaction<'_>,
    mut link: ReplicaLink,
    source: &Pod,
) -> Result<ReplicaLink, Refused> {
    let mut extents = 0;
    for volume in transaction.list::<Volume>(&source.content_home)? {
        extents += content::differing(transaction, &content::Content::default(), &volume.content)?;
    }
    let settings = settings(transaction)?;
    let [one, other] = &link.ends;
    let speed = links::between(transaction, &one.array, &other.array)?.speed(1);
    let on_the_link = speed.map_or(0.0, |speed| (extents * EXTENT) as f64 / speed);
    let seconds = settings.transfer_base + settings.transfer_per_extent * extents as f64 + on_the_link;
    let now = transaction.now();
    link.baselining = Some(Resync { began: now, seconds });
    transaction.put(ALL, &link)?;
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    transaction.schedule(now + wait, ALL, BASELINED, &link.id)?;
    Ok(link)
}

pub(super) fn baselined(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut link) = transaction.get::<ReplicaLink>(ALL, &due.subject)? else { return Ok(()) };
    // What is cut or paused meanwhile takes its time afterwards.
    if !moves(transaction, &link)? {
        let again = transaction.now() + Duration::from_secs(1);
        return transaction.schedule(again, ALL, BASELINED, &link.id);
    }
    link.baselining = None;
    transaction.put(ALL, &link)?;
    catch_up(transaction, link)
}

/// Whether anything of a link is sent now.
fn moves(transaction: &Transaction<'_>, link: &ReplicaLink) -> Result<bool, WorldError> {
    let [one, other] = &link.ends;
    Ok(!link.paused && links::works(transaction, &one.array, &other.array, Purpose::Asynchronous)?)
}

/// Something in a scope has changed: if it is the content of a source, its targets are behind.
pub(super) fn touched(transaction: &mut Transaction<'_>, home: &str) -> Result<(), WorldError> {
    let Some(pod) = home.strip_prefix("pod/") else { return Ok(()) };
    let linked: Vec<ReplicaLink> = transaction.find(ALL, POD, pod)?;
    for mut link in linked {
        let Some((source, _)) = pods_of(transaction, &link)? else { continue };
        if source.id != pod || link.pending.is_some() {
            continue;
        }
        link.pending = Some(transaction.now());
        transaction.put(ALL, &link)?;
        expect(transaction, &link)?;
    }
    Ok(())
}

fn expect(transaction: &mut Transaction<'_>, link: &ReplicaLink) -> Result<(), WorldError> {
    let lag = Duration::try_from_secs_f64(settings(transaction)?.replica_lag).unwrap_or_default();
    transaction.cancel(ALL, APPLY, &link.id)?;
    transaction.schedule(transaction.now() + lag, ALL, APPLY, &link.id)
}

pub(super) fn apply(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    match transaction.get::<ReplicaLink>(ALL, &due.subject)? {
        Some(link) if link.baselining.is_none() => catch_up(transaction, link),
        _ => Ok(()),
    }
}

/// Brings a target up to its source, if anything gets through.
fn catch_up(transaction: &mut Transaction<'_>, mut link: ReplicaLink) -> Result<(), WorldError> {
    if !moves(transaction, &link)? {
        return Ok(());
    }
    let Some((source, target)) = pods_of(transaction, &link)? else { return Ok(()) };
    // A target that was promoted keeps what it has; what comes is in its journal until it is demoted.
    if target.promotion == Promotion::Demoted && link.pending.is_some() {
        match pods::replicate_content(transaction, &source, &target, &target.home) {
            Ok(()) | Err(Refused::Sentence { .. }) => {}
            Err(Refused::World(error)) => return Err(error),
        }
    }
    link.pending = None;
    let quiescing = std::mem::take(&mut link.quiescing);
    link.quiesced |= quiescing;
    transaction.put(ALL, &link)?;
    if quiescing {
        match pods::finish_demotion(transaction, &source) {
            Ok(()) | Err(Refused::Sentence { .. }) => {}
            Err(Refused::World(error)) => return Err(error),
        }
    }
    Ok(())
}

/// After an array, a link between two or a pod's promotion has changed.
pub(super) fn reconsider(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    for link in transaction.list::<ReplicaLink>(ALL)? {
        if link.baselining.is_none() && link.pending.is_some() {
            expect(transaction, &link)?;
        }
    }
    Ok(())
}

/// Whether a pod is the source of a link.
pub(super) fn is_source(transaction: &Transaction<'_>, pod: &Pod) -> Result<bool, WorldError> {
    for link in of_pod(transaction, pod)? {
        if pods_of(transaction, &link)?.is_some_and(|(source, _)| source.id == pod.id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses to promote a target that has not all of the first data.
pub(super) fn check_promotable(transaction: &Transaction<'_>, pod: &Pod) -> Result<(), Refused> {
    for link in of_pod(transaction, pod)? {
        let target = pods_of(transaction, &link)?.is_some_and(|(_, target)| target.id == pod.id);
        if target && link.baselining.is_some() {
            return Err(Refused::new(
                "Pod cannot be promoted while its replica link is baselining.",
                &pod.name,
            ));
        }
    }
    Ok(())
}

/// Has a source demoted once its target holds all of it; tells whether it does already.
pub(super) fn quiesce(transaction: &mut Transaction<'_>, pod: &Pod) -> Result<bool, WorldError> {
    let mut done = true;
    for mut link in of_pod(transaction, pod)? {
        link.quiesced = link.pending.is_none() && link.baselining.is_none();
        link.quiescing = !link.quiesced;
        done &= link.quiesced;
        transaction.put(ALL, &link)?;
    }
    Ok(done)
}

pub(super) fn abort_quiesce(transaction: &mut Transaction<'_>, pod: &Pod) -> Result<(), WorldError> {
    for mut link in of_pod(transaction, pod)? {
        link.quiescing = false;
        link.quiesced = false;
        transaction.put(ALL, &link)?;
    }
    Ok(())
}

/// A pod was demoted: if the other end takes writes, this one is now its target and gets all of it.
pub(super) fn demoted(transaction: &mut Transaction<'_>, pod: &Pod) -> Result<(), WorldError> {
    for mut link in of_pod(transaction, pod)? {
        let Some((source, target)) = pods_of(transaction, &link)? else { continue };
        if target.id == pod.id && source.promotion == Promotion::Promoted {
            link.pending = link.pending.or(Some(transaction.now()));
            link.quiesced = false;
            transaction.put(ALL, &link)?;
            expect(transaction, &link)?;
        }
    }
    Ok(())
}

/// Stops a link for now, or lets it go on.
///
/// # Errors
/// The world cannot be changed.
pub fn set_paused(
    transaction: &mut Transaction<'_>,
    link: &ReplicaLink,
    paused: bool,
) -> Result<ReplicaLink, Refused> {
    let link = ReplicaLink { paused, ..link.clone() };
    transaction.put(ALL, &link)?;
    reconsider(transaction)?;
    Ok(link)
}

/// Ends a link. The target keeps what it has.
///
/// # Errors
/// The world cannot be changed.
pub fn remove(transaction: &mut Transaction<'_>, link: &ReplicaLink) -> Result<(), Refused> {
    transaction.cancel(ALL, APPLY, &link.id)?;
    transaction.cancel(ALL, BASELINED, &link.id)?;
    transaction.remove::<ReplicaLink>(ALL, &link.id)?;
    Ok(())
}
