//! The end of what was destroyed: after a while, unless it is recovered before.

use super::groups::{self, Group};
use super::hosts::Host;
use super::objects::{self, Object};
use super::pods::{self, Pod};
use super::points::{self, Point};
use super::snapshots::Snapshot;
use super::systems;
use super::volume_groups::VolumeGroup;
use super::volumes::{self, Volume};
use crate::world::{Due, Transaction, WorldError};
use jiff::Timestamp;

pub(super) const DUE: &str = "arrays.eradication-due";

/// Something on an array will have been destroyed for long enough.
pub(super) fn expect(
    transaction: &mut Transaction<'_>,
    array: &str,
    kind: &str,
    id: &str,
    due: Timestamp,
) -> Result<(), WorldError> {
    transaction.schedule(due, array, DUE, &format!("{kind}/{id}"))
}

/// After the delay has changed: all that is destroyed is judged by the new one.
pub(super) fn expect_all(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    for system in systems::list(transaction)? {
        let array = system.name;
        expect_kind::<Volume>(transaction, &array)?;
        expect_kind::<Snapshot>(transaction, &array)?;
        expect_kind::<Point>(transaction, &array)?;
        expect_kind::<Group>(transaction, &array)?;
        expect_kind::<VolumeGroup>(transaction, &array)?;
        expect_kind::<Pod>(transaction, &array)?;
    }
    Ok(())
}

fn expect_kind<O: Object>(transaction: &mut Transaction<'_>, array: &str) -> Result<(), WorldError> {
    let delay = systems::eradication_delay(transaction, array)?;
    for object in objects::all::<O>(transaction, array)? {
        if let Some(since) = object.destroyed() {
            let due = since.checked_add(delay).unwrap_or(Timestamp::MAX);
            transaction.cancel(array, DUE, &format!("{}/{}", O::KIND, object.id()))?;
            expect(transaction, array, O::KIND, object.id(), due)?;
        }
    }
    Ok(())
}

/// What is still destroyed, and for long enough.
fn overdue<O: Object>(transaction: &Transaction<'_>, array: &str, id: &str) -> Result<Option<O>, WorldError> {
    let delay = systems::eradication_delay(transaction, array)?;
    let now = transaction.now();
    let found: Option<O> = objects::with_id(transaction, array, id)?;
    Ok(found.filter(|object| {
        object.destroyed().is_some_and(|since| since.checked_add(delay).is_ok_and(|due| due <= now))
    }))
}

pub(super) fn due(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    use crate::world::Record as _;
    let Some((kind, id)) = due.subject.split_once('/') else { return Ok(()) };
    let array = due.scope.as_str();
    match kind {
        Volume::KIND => match overdue::<Volume>(transaction, array, id)? {
            Some(volume) => volumes::purge(transaction, &volume),
            None => Ok(()),
        },
        Point::KIND => match overdue::<Point>(transaction, array, id)? {
            Some(point) => points::purge(transaction, &point),
            None => Ok(()),
        },
        Group::KIND => match overdue::<Group>(transaction, array, id)? {
            Some(group) => groups::purge(transaction, &group),
            None => Ok(()),
        },
        Pod::KIND => match overdue::<Pod>(transaction, array, id)? {
            Some(pod) => pods::purge(transaction, &pod),
            None => Ok(()),
        },
        Snapshot::KIND => forget::<Snapshot>(transaction, array, id),
        VolumeGroup::KIND => forget::<VolumeGroup>(transaction, array, id),
        _ => forget::<Host>(transaction, array, id),
    }
}

fn forget<O: Object>(transaction: &mut Transaction<'_>, array: &str, id: &str) -> Result<(), WorldError> {
    match overdue::<O>(transaction, array, id)? {
        Some(object) => objects::forget(transaction, &object),
        None => Ok(()),
    }
}
