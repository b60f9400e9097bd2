//! Where groups are replicated to: named at the source, allowed at the target.

use super::groups::{self, Group, Target, name_on_target};
use super::objects::{self, Reference, save};
use super::points;
use super::transfers::{self, Which};
use super::{Refused, schedules, systems};
use crate::world::{Transaction, WorldError};

/// Has a group replicated to another array, which has yet to allow it. What stands for the group appears there.
///
/// # Errors
/// One of them is not there, it is a target already, or the group is destroyed or another array's.
pub fn add(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    target: &str,
) -> Result<Group, Refused> {
    let mut group: Group = objects::named(transaction, array, group)?;
    let target = groups::other_array(transaction, array, target)?;
    objects::check_lives(&group)?;
    groups::check_own(&group)?;
    if group.targets.contains_key(&target.name) {
        return Err(Refused::new(format!("Protection group already includes {}.", target.name), &group.name));
    }
    group.targets.insert(target.name.clone(), Target::default());
    make_image(transaction, array, &mut group, &target.name)?;
    save(transaction, &group)?;
    Ok(group)
}

fn make_image(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &mut Group,
    target: &str,
) -> Result<(), Refused> {
    let name = name_on_target(array, &group.name);
    let left: Option<Group> =
        transaction.find(target, objects::NAME, &name.to_lowercase())?.into_iter().next();
    if let Some(mut image) = left {
        // Left from an earlier group of that name, with its points: their numbers are taken.
        image.source_group = Some(group.id.clone());
        save(transaction, &image)?;
        for point in points::of_group(transaction, &image)? {
            group.number = group.number.max(point.suffix.parse().unwrap_or(0));
        }
        return Ok(());
    }
    let source = systems::get(transaction, array)?;
    let reference = Reference { id: Some(source.identity), name: Some(source.name) };
    let id = transaction.new_uuid()?.to_string();
    let image = Group {
        is_local: false,
        source_group: Some(group.id.clone()),
        ..Group::new(id, &name, target, target, reference, transaction.now())
    };
    Ok(save(transaction, &image)?)
}

/// Lets a group of another array, which is called `ARRAY:GROUP` here, be replicated here, or does so no longer.
///
/// # Errors
/// It is not there or destroyed, is this array's own, or is so already.
pub fn allow(
    transaction: &mut Transaction<'_>,
    array: &str,
    image: &str,
    allowed: bool,
) -> Result<Group, Refused> {
    let image: Group = objects::named(transaction, array, image)?;
    if image.is_local {
        return Err(Refused::new("A protection group is allowed from its target.", &image.name));
    }
    objects::check_lives(&image)?;
    let missing = || Refused::new("Protection group does not exist at its source.", &image.name);
    let mut group = groups::original(transaction, &image)?.ok_or_else(missing)?;
    let target = group.targets.get_mut(array).ok_or_else(missing)?;
    if target.allowed == allowed {
        let word = if allowed { "allowed" } else { "disallowed" };
        return Err(Refused::new(format!("Protection group already {word} on {array}."), &image.name));
    }
    target.allowed = allowed;
    save(transaction, &group)?;
    schedules::rearm(transaction, &group, false)?;
    transfers::retime(transaction)?;
    Ok(image)
}

/// Has a group no longer replicated to an array. The points that it holds stay there.
///
/// # Errors
/// It is no target, or the group is locked.
pub fn remove(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    target: &str,
) -> Result<(), Refused> {
    let mut group: Group = objects::named(transaction, array, group)?;
    groups::check_own(&group)?;
    let known = group.targets.keys().find(|name| name.eq_ignore_ascii_case(target)).cloned();
    let target = known.ok_or_else(|| Refused::new("Protection group target could not be found.", target))?;
    groups::check_unlocked(&group)?;
    group.targets.remove(&target);
    save(transaction, &group)?;
    transfers::cancel(transaction, &Which::GroupTo(&group.id, &target))?;
    schedules::rearm(transaction, &group, false)?;
    if let Some(image) = groups::image_on(transaction, &group, &target)? {
        forget_if_empty(transaction, &image)?;
    }
    Ok(())
}

/// What stands for a group of another array goes with its last point.
pub(super) fn forget_if_empty(transaction: &mut Transaction<'_>, image: &Group) -> Result<(), WorldError> {
    if points::of_group(transaction, image)?.is_empty() {
        objects::forget(transaction, image)?;
    }
    Ok(())
}

/// Where a group is replicated to, and whether it is allowed there. What stands for another array's group names this one.
///
/// # Errors
/// The world cannot be read.
pub fn of(
    transaction: &Transaction<'_>,
    array: &str,
    group: &Group,
) -> Result<Vec<(String, bool)>, WorldError> {
    if group.is_local {
        return Ok(group.targets.iter().map(|(name, target)| (name.clone(), target.allowed)).collect());
    }
    let original = groups::original(transaction, group)?;
    let allowed = original.and_then(|group| group.targets.get(array).map(|target| target.allowed));
    Ok(vec![(array.to_owned(), allowed.unwrap_or(false))])
}
