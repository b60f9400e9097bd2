use super::verb::{Problem, Verb, described};
use crate::arrays::groups::{self, Group};
use crate::arrays::links::{self, Purpose};
use crate::arrays::volumes::Volume;
use crate::arrays::{naming, objects, systems, targets};
use protector_core::driver::{
    ArrayDescription, ArrayVolume, Peer, ReplicationSettings, ReplicationTarget, StorageGroup,
};
use protector_core::id::VolumeId;
use std::collections::BTreeMap;
use std::time::Duration;

/// The version of the software that simulated arrays show.
const VERSION: &str = crate::flasharray::PURITY;

pub(super) fn describe(verb: &mut Verb<'_, '_>) -> Result<ArrayDescription, Problem> {
    let own = systems::get(verb.at, &verb.array)?;
    let mut peers = Vec::new();
    for other in systems::list(verb.at)?.into_iter().filter(|other| other.name != own.name) {
        let link = links::between(verb.at, &own.name, &other.name)?;
        if link.serves(Purpose::Asynchronous) {
            let connected = link.up && other.failure.is_none();
            peers.push(Peer { name: other.name.into(), connected });
        }
    }
    Ok(ArrayDescription { name: own.name.into(), id: own.identity, version: VERSION.to_owned(), peers })
}

/// Looks for volumes by name; for those that are not found, in pods and volume groups.
pub(super) fn resolve(
    verb: &mut Verb<'_, '_>,
    wanted: &[VolumeId],
) -> Result<Vec<Option<ArrayVolume>>, Problem> {
    let mut found = Vec::new();
    let mut elsewhere: Option<BTreeMap<String, Volume>> = None;
    for id in wanted {
        let name = format!("volume-{id}-cinder");
        let here: Option<Volume> = objects::find(verb.at, &verb.array, &name)?;
        if let Some(volume) = here.filter(|volume| volume.destroyed.is_none()) {
            found.push(Some(described(volume)));
            continue;
        }
        let elsewhere = match &mut elsewhere {
            Some(elsewhere) => elsewhere,
            place => place.insert(in_containers(verb)?),
        };
        found.push(elsewhere.get(&name.to_lowercase()).cloned().map(described));
    }
    Ok(found)
}

/// The living volumes that are in pods and volume groups, by the last part of their names.
fn in_containers(verb: &Verb<'_, '_>) -> Result<BTreeMap<String, Volume>, Problem> {
    let mut found = BTreeMap::new();
    for volume in objects::all::<Volume>(verb.at, &verb.array)? {
        let own = naming::base(&volume.name).to_lowercase();
        if volume.destroyed.is_some() || own.len() == volume.name.len() {
            continue;
        }
        let name = volume.name.clone();
        if let Some(other) = found.insert(own, volume) {
            let both = format!("{} and {name} are of the same Cinder volume", other.name);
            return Err(Problem::Refused(both));
        }
    }
    Ok(found)
}

pub(super) fn storage_group(verb: &mut Verb<'_, '_>, name: &str) -> Result<Option<StorageGroup>, Problem> {
    let found: Option<Group> = objects::find(verb.at, &verb.array, name)?;
    let own = found.filter(|group| group.destroyed.is_none() && group.is_local);
    let Some(group) = own else { return Ok(None) };
    let members = groups::members_of(verb.at, &group)?;
    let members = members.into_iter().filter(|volume| volume.destroyed.is_none()).map(described).collect();
    let targets = targets::of(verb.at, &verb.array, &group)?
        .into_iter()
        .map(|(array, allowed)| ReplicationTarget { array: array.into(), allowed })
        .collect();
    Ok(Some(StorageGroup { settings: settings(&group), name: group.name, members, targets }))
}

/// A group's schedule and retention. Days beyond the retention of all points are not told: protector sets none.
fn settings(group: &Group) -> ReplicationSettings {
    ReplicationSettings {
        enabled: group.replication.enabled,
        interval: Duration::from_millis(group.replication.frequency),
        retention: Some(Duration::from_secs(group.target_retention.all_for_sec)),
    }
}
