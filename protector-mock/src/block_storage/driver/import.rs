//! Volumes of the array that Cinder does not know yet, or no more.

use super::{ALL_REPLICATED, GIBIBYTE, Made, Outcome, add_to_all, connection, outcome};
use crate::arrays::{self, groups, hosts};
use crate::block_storage::setup::Backend;
use crate::block_storage::types::VolumeType;
use crate::block_storage::volumes::Volume;
use crate::world::{Transaction, WorldError};
use std::collections::BTreeMap;

/// `manage_existing_get_size`: in gibibytes, rounded up; what is no living volume cannot be managed.
pub(in crate::block_storage) fn size_of(
    transaction: &Transaction<'_>,
    backend: &Backend,
    name: &str,
) -> Outcome<u64> {
    let found = outcome(arrays::volumes::get(transaction, &backend.array, name))?;
    Ok(found.and_then(|found| {
        if found.destroyed.is_some() {
            return Err("Volume does not exist.".to_owned());
        }
        Ok(found.provisioned.div_ceil(GIBIBYTE))
    }))
}

/// `manage_existing`: renames the volume, and puts it into the group of all replicated ones or takes it from there.
pub(in crate::block_storage) fn manage(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
    volume_type: &VolumeType,
    existing: &str,
) -> Outcome<Made> {
    let array = backend.array.as_str();
    let found = match outcome(arrays::volumes::get(transaction, array, existing))? {
        Ok(found) => found,
        Err(sentence) => return Ok(Err(sentence)),
    };
    if arrays::connections::of_volume(transaction, array, &found.id)?.next().is_some() {
        return Ok(Err(
            "PureISCSIDriver manage_existing cannot manage a volume connected to hosts. Please disconnect this volume from \
             existing hosts before importing"
                .to_owned(),
        ));
    }
    let name = volume.array_name();
    if let Err(sentence) = outcome(arrays::volumes::rename(transaction, array, existing, &name))? {
        return Ok(Err(sentence));
    }
    let replicated = volume_type.replication() == Some("async");
    if replicated {
        add_to_all(transaction, backend, &name)?;
    } else if let Ok(all) = outcome(groups::get(transaction, array, ALL_REPLICATED))?
        && all.volumes.contains(&found.id)
    {
        outcome(groups::remove_member(transaction, array, ALL_REPLICATED, &name))?.ok();
    }
    connection::tag(transaction, backend, volume, &name, None)?;
    Ok(Ok(Made { name, array: array.to_owned(), replicated }))
}

/// `unmanage`: another name says that Cinder let go of it.
pub(in crate::block_storage) fn unmanage(
    transaction: &mut Transaction<'_>,
    backend: &Backend,
    volume: &Volume,
) -> Outcome<()> {
    let name = volume.array_name();
    connection::untag(transaction, backend, &name)?;
    let suffix = "-unmanaged";
    let kept = if name.len() + suffix.len() > 63 {
        name.get(..name.len() - suffix.len()).unwrap_or(&name)
    } else {
        &name
    };
    let renamed = arrays::volumes::rename(transaction, &backend.array, &name, &format!("{kept}{suffix}"));
    // What is not there needs no other name.
    Ok(match outcome(renamed)? {
        Err(sentence) if !sentence.contains("does not exist") => Err(sentence),
        _ => Ok(()),
    })
}

/// A volume of the array, as `get_manageable_volumes` lists it.
#[derive(Debug, Clone)]
pub(in crate::block_storage) struct Manageable {
    pub(in crate::block_storage) name: String,
    pub(in crate::block_storage) size: u64,
    pub(in crate::block_storage) cinder_id: Option<String>,
    pub(in crate::block_storage) reason: String,
}

/// `get_manageable_volumes`.
pub(in crate::block_storage) fn listed(
    transaction: &Transaction<'_>,
    backend: &Backend,
    scope: &str,
) -> Result<Vec<Manageable>, WorldError> {
    let array = backend.array.as_str();
    let known: BTreeMap<String, String> = transaction
        .list::<Volume>(scope)?
        .into_iter()
        .filter_map(|volume| Some((volume.provider_id?, volume.id)))
        .collect();
    let mut all = Vec::new();
    for volume in arrays::objects::all::<arrays::volumes::Volume>(transaction, array)? {
        let mut reasons = Vec::new();
        if let Some(connection) = arrays::connections::of_volume(transaction, array, &volume.id)?.next() {
            let host = transaction.get::<hosts::Host>(array, &connection.host)?;
            reasons
                .push(format!("Volume connected to host {}", host.map(|host| host.name).unwrap_or_default()));
        }
        let cinder_id = known.get(&volume.name).cloned();
        if cinder_id.is_some() {
            reasons.push("Volume already managed".to_owned());
        }
        if volume.name.matches("::").count() > 1 {
            reasons.push("Volume is in a Realm".to_owned());
        } else if volume.name.contains("::") {
            reasons.push("Volume is in a Replicated Pod".to_owned());
        }
        if volume.destroyed.is_some() {
            reasons.push("Volume is deleted".to_owned());
        }
        all.push(Manageable {
            size: volume.provisioned.div_ceil(GIBIBYTE),
            name: volume.name,
            cinder_id,
            reason: reasons.join(" && "),
        });
    }
    Ok(all)
}
