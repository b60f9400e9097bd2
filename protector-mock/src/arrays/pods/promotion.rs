//! Pods that take writes, and pods that are the target of another.

use super::{Pod, Promotion, check_not_stretched, replicate_content};
use crate::arrays::objects::{self, Reference, save};
use crate::arrays::settings::settings;
use crate::arrays::{Refused, eradication, replica_links, systems};
use crate::world::{Due, Record, Transaction, WorldError};
use std::time::Duration;

pub(in crate::arrays) const PROMOTED: &str = "arrays.pod-promoted";

/// What a pod held before it was demoted is kept under its name with this.
const UNDO: &str = ".undo-demote";

/// Begins to let a pod take writes; with `from`, what that pod kept of it when it was demoted comes back.
///
/// # Errors
/// It is not there or destroyed, takes writes already, or still gets its first data.
pub fn promote(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    from: Option<&str>,
) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::usable(transaction, array, name)?;
    if pod.promotion != Promotion::Demoted {
        return Err(Refused::new("Pod is already promoted.", name));
    }
    replica_links::check_promotable(transaction, &pod)?;
    if let Some(from) = from {
        let kept: Pod = objects::named(transaction, array, from)?;
        if !kept.name.starts_with(&format!("{}{UNDO}", pod.name)) {
            return Err(Refused::new("Pod is not an undo-demote pod of this pod.", from));
        }
        replicate_content(transaction, &kept, &pod, array)?;
        super::purge(transaction, &kept)?;
    }
    pod.promotion = Promotion::Promoting;
    pod.requested_promotion = true;
    save(transaction, &pod)?;
    let wait = Duration::try_from_secs_f64(settings(transaction)?.pod_transition).unwrap_or_default();
    transaction.schedule(transaction.now() + wait, array, PROMOTED, &pod.id)?;
    Ok(pod)
}

pub(in crate::arrays) fn promoted(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut pod) = transaction.get::<Pod>(&due.scope, &due.subject)? else { return Ok(()) };
    if pod.promotion == Promotion::Promoting {
        pod.promotion = Promotion::Promoted;
        save(transaction, &pod)?;
        replica_links::reconsider(transaction)?;
    }
    Ok(())
}

/// Has a pod take no writes any more: with `quiesce` as soon as all it holds is at its target, with `skip_quiesce` at once.
///
/// # Errors
/// It is not there, destroyed, stretched or demoted already, or is linked and neither is said.
pub fn demote(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    quiesce: bool,
    skip_quiesce: bool,
) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::usable(transaction, array, name)?;
    check_not_stretched(transaction, array, name, name)?;
    if pod.promotion == Promotion::Demoted {
        return Err(Refused::new("Pod is already demoted.", name));
    }
    if quiesce && skip_quiesce {
        return Err(Refused::new("'quiesce' and 'skip_quiesce' cannot be used together.", name));
    }
    let linked = replica_links::is_source(transaction, &pod)?;
    if linked && !quiesce && !skip_quiesce {
        let message = "Pod has replica links: 'quiesce' or 'skip_quiesce' is needed to demote it.";
        return Err(Refused::new(message, name));
    }
    pod.requested_promotion = false;
    save(transaction, &pod)?;
    if linked && quiesce && !replica_links::quiesce(transaction, &pod)? {
        return Ok(pod);
    }
    finish_demotion(transaction, &pod)?;
    objects::named(transaction, array, name)
}

/// Ends the wait for a pod's target, so that it goes on taking writes.
///
/// # Errors
/// It is not there, or does not wait.
pub fn abort_quiesce(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Pod, Refused> {
    let mut pod: Pod = objects::usable(transaction, array, name)?;
    if pod.promotion != Promotion::Promoted || pod.requested_promotion {
        return Err(Refused::new("Pod is not quiescing.", name));
    }
    replica_links::abort_quiesce(transaction, &pod)?;
    pod.requested_promotion = true;
    save(transaction, &pod)?;
    Ok(pod)
}

/// A pod no longer takes writes. What it held is kept, destroyed, in case that was wrong.
pub(in crate::arrays) fn finish_demotion(
    transaction: &mut Transaction<'_>,
    pod: &Pod,
) -> Result<(), Refused> {
    let array = pod.home.clone();
    let mut name = format!("{}{UNDO}", pod.name);
    let mut number = 0;
    while super::find_record(transaction, &array, &name)?.is_some() {
        number += 1;
        name = format!("{}{UNDO}.{number}", pod.name);
    }
    let mut kept = super::new_pod(transaction, &array, &name)?;
    kept.source = Reference::to(pod);
    kept.destroyed = Some(transaction.now());
    let due = transaction.now() + systems::eradication_delay(transaction, &array)?;
    eradication::expect(transaction, &array, Pod::KIND, &kept.id, due)?;
    save(transaction, &kept)?;
    replicate_content(transaction, pod, &kept, &array)?;
    let mut pod = pod.clone();
    pod.promotion = Promotion::Demoted;
    pod.requested_promotion = false;
    save(transaction, &pod)?;
    Ok(replica_links::demoted(transaction, &pod)?)
}
