//! What all objects of an array have in common: a name that is theirs until they are eradicated, and a home.
//!
//! A home is a scope of the world's records: the array itself or, for what is in a pod, the pod's content, which all arrays
//! of a stretched pod share.

use super::{Refused, naming, pods, replica_links, systems};
use crate::world::{Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The key by which names are found, whatever their case.
pub(super) const NAME: &str = "name";

/// An object with a name.
pub trait Object: Record {
    /// How the array's sentences call it.
    const NOUN: &'static str;

    /// Its name.
    fn name(&self) -> &str;

    /// The scope that holds it.
    fn home(&self) -> &str;

    /// Moves it (on paper) to another scope.
    fn set_home(&mut self, home: &str);

    /// Since when it is destroyed, recoverably; `None` while it lives.
    fn destroyed(&self) -> Option<Timestamp>;

    /// Destroys or recovers it (on paper).
    fn set_destroyed(&mut self, since: Option<Timestamp>);
}

/// Implements [`Object`] and [`Record`] for a type with the fields `id`, `name`, `home` and `destroyed`, found by its name
/// and by the keys that the named method gives, if one is.
macro_rules! object {
    ($type:ty, $kind:literal, $noun:literal $(, $keys:ident)?) => {
        impl crate::world::Record for $type {
            const KIND: &'static str = $kind;

            fn id(&self) -> &str {
                &self.id
            }

            fn keys(&self) -> Vec<(&'static str, String)> {
                std::iter::once((crate::arrays::objects::NAME, self.name.to_lowercase()))
                    $(.chain(self.$keys()))?
                    .collect()
            }
        }

        impl crate::arrays::objects::Object for $type {
            const NOUN: &'static str = $noun;

            fn name(&self) -> &str {
                &self.name
            }

            fn home(&self) -> &str {
                &self.home
            }

            fn set_home(&mut self, home: &str) {
                home.clone_into(&mut self.home);
            }

            fn destroyed(&self) -> Option<jiff::Timestamp> {
                self.destroyed
            }

            fn set_destroyed(&mut self, since: Option<jiff::Timestamp>) {
                self.destroyed = since;
            }
        }
    };
}
pub(super) use object;

/// How one object names another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl Reference {
    /// To an object.
    pub fn to<O: Object>(object: &O) -> Self {
        Self { id: Some(object.id().to_owned()), name: Some(object.name().to_owned()) }
    }
}

/// The scope that holds, or would hold, what is called so on an array. It may hold nothing.
pub(super) fn home_of(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<String, WorldError> {
    let Some(pod) = naming::pod(name) else { return Ok(array.to_owned()) };
    let pod = pods::find_record(transaction, array, pod)?;
    Ok(pod.map_or_else(|| array.to_owned(), |pod| pod.content_home))
}

/// All scopes of an array: its own, and those of what its pods hold.
pub(super) fn homes(transaction: &Transaction<'_>, array: &str) -> Result<Vec<String>, WorldError> {
    let mut homes = vec![array.to_owned()];
    homes.extend(transaction.list::<pods::Pod>(array)?.into_iter().map(|pod| pod.content_home));
    Ok(homes)
}

/// The object of a name, destroyed or not.
///
/// # Errors
/// The world cannot be read.
pub fn find<O: Object>(
    transaction: &Transaction<'_>,
    array: &str,
    name: &str,
) -> Result<Option<O>, WorldError> {
    let home = home_of(transaction, array, name)?;
    Ok(transaction.find(&home, NAME, &name.to_lowercase())?.into_iter().next())
}

/// The object of an id, destroyed or not.
///
/// # Errors
/// The world cannot be read.
pub fn with_id<O: Object>(
    transaction: &Transaction<'_>,
    array: &str,
    id: &str,
) -> Result<Option<O>, WorldError> {
    for home in homes(transaction, array)? {
        if let Some(found) = transaction.get(&home, id)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// All of a kind on an array, destroyed ones included, oldest first.
///
/// # Errors
/// The world cannot be read.
pub fn all<O: Object>(transaction: &Transaction<'_>, array: &str) -> Result<Vec<O>, WorldError> {
    let mut found = Vec::new();
    for home in homes(transaction, array)? {
        found.extend(transaction.list(&home)?);
    }
    Ok(found)
}

/// Some of those (see [`all`]): the oldest `take` but for `skip`; and how many there are in all.
///
/// # Errors
/// The world cannot be read.
pub fn part<O: Object>(
    transaction: &Transaction<'_>,
    array: &str,
    skip: u64,
    take: u64,
) -> Result<(Vec<O>, u64), WorldError> {
    let (mut found, mut total) = (Vec::new(), 0);
    for home in homes(transaction, array)? {
        let count = transaction.count::<O>(&home, None)?;
        let (skip, take) = (skip.saturating_sub(total), take.saturating_sub(found.len() as u64));
        if skip < count && take > 0 {
            found.extend(transaction.list_part(&home, skip, take)?);
        }
        total += count;
    }
    Ok((found, total))
}

/// The object of a name, which has to be there, destroyed or not.
///
/// # Errors
/// It is not there.
pub fn named<O: Object>(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<O, Refused> {
    find(transaction, array, name)?.ok_or_else(|| Refused::new(format!("{} does not exist.", O::NOUN), name))
}

/// The object of a name, which has to be there and live.
///
/// # Errors
/// It is not there, or destroyed.
pub fn usable<O: Object>(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<O, Refused> {
    let found: O = named(transaction, array, name)?;
    check_lives(&found)?;
    Ok(found)
}

pub(super) fn check_lives<O: Object>(object: &O) -> Result<(), Refused> {
    if object.destroyed().is_some() {
        return Err(Refused::new(format!("{} has been destroyed.", O::NOUN), object.name()));
    }
    Ok(())
}

/// A destroyed object keeps its name, and says so: "already exists" there would hide from a caller that it may recover or
/// eradicate it.
pub(super) fn check_free<O: Object>(
    transaction: &Transaction<'_>,
    array: &str,
    name: &str,
) -> Result<(), Refused> {
    match find::<O>(transaction, array, name)? {
        None => Ok(()),
        Some(found) => {
            check_lives(&found)?;
            Err(Refused::new(format!("{} already exists.", O::NOUN), name))
        }
    }
}

/// The pod or volume group in a name has to be there.
pub(super) fn check_container(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    if let Some(pod) = naming::pod(name) {
        usable::<pods::Pod>(transaction, array, pod)?;
        pods::check_writable(transaction, array, name)?;
    }
    if let Some(group) = naming::volume_group(name) {
        usable::<super::volume_groups::VolumeGroup>(transaction, array, group)?;
    }
    Ok(())
}

/// Refuses one more of a kind than the array holds.
pub(super) fn check_limit<O: Object>(
    transaction: &Transaction<'_>,
    array: &str,
    limit: u64,
    name: &str,
) -> Result<(), Refused> {
    let (homes, mut made, mut count) = (homes(transaction, array)?, 0_u64, 0);
    for home in &homes {
        let sql = "SELECT coalesce(max(sequence), 0) FROM record WHERE kind = ?1 AND scope = ?2";
        let newest: i64 = transaction
            .sql()
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row((O::KIND, home), |row| row.get(0)))
            .map_err(WorldError::from)?;
        made += newest.unsigned_abs();
    }
    // Counting looks at each; there are never more than were made.
    if made < limit {
        return Ok(());
    }
    for home in &homes {
        count += transaction.count::<O>(home, None)?;
    }
    if count >= limit {
        return Err(Refused::new(format!("{} limit reached.", O::NOUN), name));
    }
    Ok(())
}

/// Keeps an object as it now is.
pub(super) fn save<O: Object>(transaction: &mut Transaction<'_>, object: &O) -> Result<(), WorldError> {
    transaction.put(object.home(), object)?;
    replica_links::touched(transaction, object.home())
}

/// Removes an object for good.
pub(super) fn forget<O: Object>(transaction: &mut Transaction<'_>, object: &O) -> Result<(), WorldError> {
    transaction.remove::<O>(object.home(), object.id())?;
    replica_links::touched(transaction, object.home())
}

/// Destroys, recoverably, or recovers; its eradication is then due, or no longer.
pub(super) fn mark_destroyed<O: Object>(
    transaction: &mut Transaction<'_>,
    array: &str,
    object: &mut O,
    destroyed: bool,
) -> Result<(), Refused> {
    if destroyed {
        check_lives(object)?;
    } else if object.destroyed().is_none() {
        return Err(Refused::new(format!("{} is not destroyed.", O::NOUN), object.name()));
    }
    let since = destroyed.then(|| transaction.now());
    object.set_destroyed(since);
    if destroyed {
        let due = transaction.now() + systems::eradication_delay(transaction, array)?;
        super::eradication::expect(transaction, array, O::KIND, object.id(), due)?;
    }
    save(transaction, object)?;
    Ok(())
}

/// Refuses to eradicate what lives.
pub(super) fn check_destroyed<O: Object>(object: &O) -> Result<(), Refused> {
    if object.destroyed().is_none() {
        return Err(Refused::new(format!("{} is not destroyed.", O::NOUN), object.name()));
    }
    Ok(())
}
