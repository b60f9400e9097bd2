//! Pods: namespaces of volumes and groups. One can be stretched over two arrays, which then share its content, or be the
//! target of another's continuous replication. Each array has its own view of a stretched pod.

mod content;
mod promotion;
mod stretched;

pub(super) use content::{forget_content, replicate_content};
pub(super) use promotion::{PROMOTED, finish_demotion, promoted};
pub use promotion::{abort_quiesce, demote, promote};
pub(super) use stretched::{DECISION, RESYNCED, decide, reconsider, resynced};
pub use stretched::{MemberView, members, stretch, unstretch};

use super::objects::{self, Reference, check_free, object, save};
use super::settings::settings;
use super::volumes::Volume;
use super::{Refused, naming, replica_links, systems};
use crate::world::{Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A pod, as one array sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    /// Its identity, the same on all its arrays.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The array.
    pub home: String,
    /// When it was made.
    pub created: Timestamp,
    /// Since when it is destroyed.
    pub destroyed: Option<Timestamp>,
    /// The scope of what it holds here.
    pub content_home: String,
    /// The arrays that it is stretched over.
    pub arrays: Vec<String>,
    /// The pod that it was cloned from.
    pub source: Reference,
    /// How it stands here.
    pub state: State,
    /// Since when its data is no longer kept up to date here.
    pub frozen_at: Option<Timestamp>,
    /// What brings it up to date.
    pub(super) resync: Option<Resync>,
    /// Whether this array stays online if it then loses the other, although no array reaches the mediator.
    pub pre_elected: bool,
    /// The arrays that are to stay online, first ones first.
    pub failover_preferences: Vec<String>,
    /// Who decides which array stays online.
    pub mediator: String,
    /// Whether it takes writes, for what is not stretched.
    pub promotion: Promotion,
    /// Whether it was asked to.
    pub requested_promotion: bool,
    /// Bytes, at most, that its volumes may have together.
    pub quota_limit: Option<u64>,
}

object!(Pod, "array.pod", "Pod");

/// How a pod stands on an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It has the latest data and takes reads and writes.
    Online,
    /// The other array was lost a moment ago.
    Suspended,
    /// It takes nothing, and has old data.
    Offline,
    /// It gets the latest data.
    Resyncing,
    /// Nobody here can say.
    Unknown,
}

/// Whether a pod takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Promotion {
    /// It does.
    Promoted,
    /// It will in a moment.
    Promoting,
    /// It does not: it can be a target.
    Demoted,
}

/// Something that takes its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Resync {
    pub(super) began: Timestamp,
    pub(super) seconds: f64,
}

impl Resync {
    /// 0 to 1.
    pub(super) fn progress(&self, now: Timestamp) -> f64 {
        let passed = now.duration_since(self.began).as_secs_f64();
        if self.seconds > 0.0 { (passed / self.seconds).clamp(0.0, 1.0) } else { 1.0 }
    }
}

/// The pod of a name, destroyed or not.
pub(super) fn find_record(
    transaction: &Transaction<'_>,
    array: &str,
    name: &str,
) -> Result<Option<Pod>, WorldError> {
    Ok(transaction.find(array, objects::NAME, &name.to_lowercase())?.into_iter().next())
}

fn new_pod(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Pod, WorldError> {
    let id = transaction.new_uuid()?.to_string();
    Ok(Pod {
        content_home: format!("pod/{id}"),
        id,
        name: name.to_owned(),
        home: array.to_owned(),
        created: transaction.now(),
        destroyed: None,
        arrays: vec![array.to_owned()],
        source: Reference::default(),
        state: State::Online,
        frozen_at: None,
        resync: None,
        pre_elected: false,
        failover_preferences: Vec::new(),
        mediator: "purestorage".to_owned(),
        promotion: Promotion::Promoted,
        requested_promotion: true,
        quota_limit: None,
    })
}

/// Makes a pod.
///
/// # Errors
/// The name is taken or none, or the array has as many as it can.
pub fn create(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Pod, Refused> {
    naming::check_object("Pod", name)?;
    if name.contains("::") || name.contains('/') {
        return Err(Refused::new("Pod name is invalid.", name));
    }
    check_free::<Pod>(transaction, array, name)?;
    objects::check_limit::<Pod>(transaction, array, settings(transaction)?.pod_limit, name)?;
    let pod = new_pod(transaction, array, name)?;
    save(transaction, &pod)?;
    Ok(pod)
}

/// Makes a pod that holds what another of the same array holds.
///
/// # Errors
/// The name is taken or none, or there is no such pod.
pub fn clone(transaction: &mut Transaction<'_>, array: &str, from: &str, name: &str) -> Result<Pod, Refused> {
    let source: Pod = objects::usable(transaction, array, from)?;
    let mut pod = create(transaction, array, name)?;
    pod.source = Reference::to(&source);
    save(transaction, &pod)?;
    content::copy_anew(transaction, array, &source, &pod)?;
    Ok(pod)
}

/// What can be changed of a pod; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct PodChange {
    /// The arrays that are to stay online.
    pub failover_preferences: Option<Vec<String>>,
    /// Who decides which array stays online.
    pub mediator: Option<String>,
    /// Bytes, at most, that its volumes may have together; 0: none.
    pub quota_limit: Option<u64>,
    /// Whether the limit may be below what there is.
    pub ignore_usage: bool,
}

/// Changes a pod, on all its arrays.
///
/// # Errors
/// It is not there or destroyed, an array is none, or the limit is below what there is.
pub fn change(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    wanted: &PodChange,
) -> Result<Pod, Refused> {
    let pod: Pod = objects::usable(transaction, array, name)?;
    for preferred in wanted.failover_preferences.iter().flatten() {
        systems::get(transaction, preferred)?;
    }
    if let Some(limit) = wanted.quota_limit.filter(|limit| *limit > 0)
        && !wanted.ignore_usage
        && limit < provisioned(transaction, &pod)?
    {
        return Err(Refused::new("Quota limit is below the usage of the pod.", name));
    }
    for mut view in views(transaction, &pod)? {
        if let Some(preferences) = &wanted.failover_preferences {
            view.failover_preferences.clone_from(preferences);
        }
        if let Some(mediator) = &wanted.mediator {
            view.mediator.clone_from(mediator);
        }
        if let Some(limit) = wanted.quota_limit {
            view.quota_limit = Some(limit).filter(|limit| *limit > 0);
        }
        save(transaction, &view)?;
    }
    objects::named(transaction, array, name)
}

/// Gives a pod, and so all that it holds, another name.
///
/// # Errors
/// The name is taken or none, or the pod is not there, destroyed or stretched.
pub fn rename(transaction: &mut Transaction<'_>, array: &str, name: &str, new: &str) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::usable(transaction, array, name)?;
    naming::check_object("Pod", new)?;
    check_free::<Pod>(transaction, array, new)?;
    if pod.arrays.len() > 1 {
        return Err(Refused::new("A stretched pod cannot be renamed.", name));
    }
    content::rename_content(transaction, &pod, new)?;
    new.clone_into(&mut pod.name);
    save(transaction, &pod)?;
    Ok(pod)
}

/// The pod as each of its arrays sees it.
pub(super) fn views(transaction: &Transaction<'_>, pod: &Pod) -> Result<Vec<Pod>, WorldError> {
    let mut found = Vec::new();
    for array in &pod.arrays {
        found.extend(transaction.get::<Pod>(array, &pod.id)?);
    }
    Ok(found)
}

/// Bytes of all living volumes.
pub(crate) fn provisioned(transaction: &Transaction<'_>, pod: &Pod) -> Result<u64, WorldError> {
    let volumes: Vec<Volume> = transaction.list(&pod.content_home)?;
    let living = volumes.iter().filter(|volume| volume.destroyed.is_none());
    Ok(living.map(|volume| volume.provisioned).sum())
}

/// Refuses what a stretched pod does not let be done.
pub(super) fn check_not_stretched(
    transaction: &Transaction<'_>,
    array: &str,
    pod: &str,
    volume: &str,
) -> Result<(), Refused> {
    let pod: Pod = objects::usable(transaction, array, pod)?;
    if pod.arrays.len() > 1 {
        return Err(Refused::new("Volume cannot be moved into or out of a stretched pod.", volume));
    }
    Ok(())
}

/// Refuses to change what is in a pod where this array does not let it.
pub(super) fn check_writable(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    let Some(pod) = naming::pod(name) else { return Ok(()) };
    let Some(pod) = find_record(transaction, array, pod)? else { return Ok(()) };
    if pod.state != State::Online {
        return Err(Refused::new("Pod is not online on this array.", &pod.name));
    }
    if pod.promotion != Promotion::Promoted {
        return Err(Refused::new("Pod is demoted.", &pod.name));
    }
    Ok(())
}

/// Refuses so many bytes more in a pod that may not have them.
pub(super) fn check_quota(
    transaction: &Transaction<'_>,
    array: &str,
    name: &str,
    more: u64,
) -> Result<(), Refused> {
    let Some(pod) = naming::pod(name) else { return Ok(()) };
    let Some(pod) = find_record(transaction, array, pod)? else { return Ok(()) };
    match pod.quota_limit {
        Some(limit) if provisioned(transaction, &pod)?.saturating_add(more) > limit => {
            Err(Refused::new("Pod quota limit reached.", &pod.name))
        }
        _ => Ok(()),
    }
}

/// Destroys a pod, recoverably, with all that it holds.
///
/// # Errors
/// It is not there, is linked, or volumes live in it and `contents` is not said.
pub fn destroy(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    contents: bool,
) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::named(transaction, array, name)?;
    let lives = transaction.list::<Volume>(&pod.content_home)?.iter().any(|one| one.destroyed.is_none());
    if lives && !contents {
        return Err(Refused::new("Pod is not empty.", &pod.name));
    }
    if !replica_links::of_pod(transaction, &pod)?.is_empty() {
        return Err(Refused::new("Pod cannot be destroyed: it has replica links.", &pod.name));
    }
    objects::mark_destroyed(transaction, array, &mut pod, true)?;
    for view in views(transaction, &pod)? {
        save(transaction, &Pod { destroyed: pod.destroyed, ..view })?;
    }
    Ok(pod)
}

/// Recovers a destroyed pod.
///
/// # Errors
/// It is not there, not destroyed, or only what was left of one.
pub fn recover(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::named(transaction, array, name)?;
    if pod.name.ends_with(stretched::RESTRETCH) {
        return Err(Refused::new("Pod can be cloned, but not recovered.", name));
    }
    objects::mark_destroyed(transaction, array, &mut pod, false)?;
    for view in views(transaction, &pod)? {
        save(transaction, &Pod { destroyed: None, ..view })?;
    }
    Ok(pod)
}

/// Eradicates a destroyed pod with all that it holds.
///
/// # Errors
/// It is not there, not destroyed, not empty and `contents` is not said, or eradication is not allowed.
pub fn eradicate(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    contents: bool,
) -> Result<(), Refused> {
    let pod: Pod = objects::named(transaction, array, name)?;
    objects::check_destroyed(&pod)?;
    systems::check_manual_eradication(transaction, array, &pod.name)?;
    if !contents && transaction.count::<Volume>(&pod.content_home, None)? > 0 {
        return Err(Refused::new("Pod is not empty.", &pod.name));
    }
    Ok(purge(transaction, &pod)?)
}

pub(super) fn purge(transaction: &mut Transaction<'_>, pod: &Pod) -> Result<(), WorldError> {
    for view in views(transaction, pod)? {
        forget_content(transaction, &view)?;
        transaction.remove::<Pod>(&view.home, &view.id)?;
    }
    Ok(())
}
