use super::records::{Group, MEMBER};
use super::{check_own, check_unlocked};
use crate::arrays::connections;
use crate::arrays::hosts::{self, Host, HostGroup};
use crate::arrays::objects::{self, save};
use crate::arrays::volumes::Volume;
use crate::arrays::{Refused, schedules};
use crate::world::{Transaction, WorldError};
use std::collections::BTreeSet;

const MISSING: &str = "Protection group membership could not be found.";

/// A group that this array may change.
fn own(transaction: &Transaction<'_>, array: &str, name: &str) -> Result<Group, Refused> {
    let group: Group = objects::named(transaction, array, name)?;
    check_own(&group)?;
    Ok(group)
}

fn check_kind(group: &Group, others: &[&Vec<String>]) -> Result<(), Refused> {
    objects::check_lives(group)?;
    if others.iter().any(|members| !members.is_empty()) {
        return Err(Refused::new("Protection group already has members of another type.", &group.name));
    }
    Ok(())
}

/// Puts a volume into a group.
///
/// # Errors
/// One of them is not there or destroyed, it is a member already, or they are in different pods.
pub fn add_member(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    volume: &str,
) -> Result<Volume, Refused> {
    let mut group = own(transaction, array, group)?;
    let volume: Volume = objects::named(transaction, array, volume)?;
    check_kind(&group, &[&group.hosts, &group.host_groups])?;
    objects::check_lives(&volume)?;
    if group.volumes.contains(&volume.id) {
        return Err(Refused::new("Volume already belongs to protection group.", &volume.name));
    }
    if volume.home != group.home {
        return Err(Refused::new("Volume and protection group are not in the same pod.", &volume.name));
    }
    group.volumes.push(volume.id.clone());
    save(transaction, &group)?;
    schedules::rearm(transaction, &group, false)?;
    Ok(volume)
}

/// The ids of the groups of an array that a volume is in.
pub(crate) fn ids_of_volume(
    transaction: &Transaction<'_>,
    array: &str,
    volume: &str,
) -> Result<Vec<String>, WorldError> {
    let groups: Vec<Group> = transaction.find(array, MEMBER, volume)?;
    Ok(groups.into_iter().map(|group| group.id).collect())
}

/// Puts more volumes into a group that others like them are in, by ids.
pub(crate) fn add_members(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    volumes: Vec<String>,
) -> Result<(), WorldError> {
    let Some(mut group) = transaction.get::<Group>(array, group)? else { return Ok(()) };
    group.volumes.extend(volumes);
    save(transaction, &group)?;
    schedules::rearm(transaction, &group, false)
}

/// Takes a volume out of a group.
///
/// # Errors
/// It is no member, or the group is locked.
pub fn remove_member(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    volume: &str,
) -> Result<(), Refused> {
    let mut group = own(transaction, array, group)?;
    let found: Option<Volume> = objects::find(transaction, array, volume)?;
    let found = found.filter(|volume| group.volumes.contains(&volume.id));
    let volume = found.ok_or_else(|| Refused::new(MISSING, volume))?;
    check_unlocked(&group)?;
    group.volumes.retain(|id| *id != volume.id);
    save(transaction, &group)?;
    Ok(schedules::rearm(transaction, &group, false)?)
}

/// Puts a host into a group: the volumes that it sees are protected.
///
/// # Errors
/// One of them is not there or destroyed, or it is a member already.
pub fn add_host(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    host: &str,
) -> Result<Host, Refused> {
    let mut group = own(transaction, array, group)?;
    let host: Host = objects::named(transaction, array, host)?;
    check_kind(&group, &[&group.volumes, &group.host_groups])?;
    if group.hosts.contains(&host.id) {
        return Err(Refused::new("Host already belongs to protection group.", &host.name));
    }
    group.hosts.push(host.id.clone());
    save(transaction, &group)?;
    schedules::rearm(transaction, &group, false)?;
    Ok(host)
}

/// Takes a host out of a group.
///
/// # Errors
/// It is no member, or the group is locked.
pub fn remove_host(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    host: &str,
) -> Result<(), Refused> {
    let mut group = own(transaction, array, group)?;
    let found: Option<Host> = objects::find(transaction, array, host)?;
    let found = found.filter(|host| group.hosts.contains(&host.id));
    let host = found.ok_or_else(|| Refused::new(MISSING, host))?;
    check_unlocked(&group)?;
    group.hosts.retain(|id| *id != host.id);
    save(transaction, &group)?;
    Ok(schedules::rearm(transaction, &group, false)?)
}

/// Puts a host group into a group: the volumes that it sees are protected.
///
/// # Errors
/// One of them is not there or destroyed, or it is a member already.
pub fn add_host_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    hosts: &str,
) -> Result<HostGroup, Refused> {
    let mut group = own(transaction, array, group)?;
    let hosts: HostGroup = objects::named(transaction, array, hosts)?;
    check_kind(&group, &[&group.volumes, &group.hosts])?;
    if group.host_groups.contains(&hosts.id) {
        return Err(Refused::new("Host group already belongs to protection group.", &hosts.name));
    }
    group.host_groups.push(hosts.id.clone());
    save(transaction, &group)?;
    schedules::rearm(transaction, &group, false)?;
    Ok(hosts)
}

/// Takes a host group out of a group.
///
/// # Errors
/// It is no member, or the group is locked.
pub fn remove_host_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    hosts: &str,
) -> Result<(), Refused> {
    let mut group = own(transaction, array, group)?;
    let found: Option<HostGroup> = objects::find(transaction, array, hosts)?;
    let found = found.filter(|hosts| group.host_groups.contains(&hosts.id));
    let hosts = found.ok_or_else(|| Refused::new(MISSING, hosts))?;
    check_unlocked(&group)?;
    group.host_groups.retain(|id| *id != hosts.id);
    save(transaction, &group)?;
    Ok(schedules::rearm(transaction, &group, false)?)
}

/// The volumes that a group protects: its own, or those that its hosts see.
///
/// # Errors
/// The world cannot be read.
pub fn members_of(transaction: &Transaction<'_>, group: &Group) -> Result<Vec<Volume>, WorldError> {
    let mut ids: Vec<String> = group.volumes.clone();
    let mut seen: BTreeSet<String> = ids.iter().cloned().collect();
    let mut of_hosts = group.hosts.clone();
    for id in &group.host_groups {
        if let Some(hosts) = transaction.get::<HostGroup>(&group.array, id)? {
            of_hosts.extend(hosts::members(transaction, &hosts)?.into_iter().map(|host| host.id));
        }
    }
    for host in of_hosts {
        for connection in connections::of_host(transaction, &group.array, &host)? {
            if seen.insert(connection.volume.clone()) {
                ids.push(connection.volume);
            }
        }
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(transaction.get::<Volume>(&group.home, &id)?);
    }
    Ok(found)
}

/// A volume that is destroyed leaves its groups.
pub(in crate::arrays) fn drop_volume(
    transaction: &mut Transaction<'_>,
    _array: &str,
    volume: &Volume,
) -> Result<(), WorldError> {
    let groups: Vec<Group> = transaction.find(&volume.home, MEMBER, &volume.id)?;
    for mut group in groups {
        group.volumes.retain(|id| *id != volume.id);
        save(transaction, &group)?;
        schedules::rearm(transaction, &group, false)?;
    }
    Ok(())
}

/// A volume that is in a group does not go to another pod.
pub(in crate::arrays) fn check_no_member(
    transaction: &Transaction<'_>,
    _array: &str,
    volume: &Volume,
) -> Result<(), Refused> {
    if transaction.count::<Group>(&volume.home, Some((MEMBER, &volume.id)))? > 0 {
        return Err(Refused::new("Volume cannot be moved: it belongs to a protection group.", &volume.name));
    }
    Ok(())
}

/// A host that is removed leaves its groups.
pub(in crate::arrays) fn drop_host(
    transaction: &mut Transaction<'_>,
    array: &str,
    host: &str,
) -> Result<(), WorldError> {
    for mut group in objects::all::<Group>(transaction, array)? {
        if group.hosts.iter().any(|id| id == host) {
            group.hosts.retain(|id| id != host);
            save(transaction, &group)?;
        }
    }
    Ok(())
}

/// A host group that is removed leaves its groups.
pub(in crate::arrays) fn drop_host_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    hosts: &str,
) -> Result<(), WorldError> {
    for mut group in objects::all::<Group>(transaction, array)? {
        if group.host_groups.iter().any(|id| id == hosts) {
            group.host_groups.retain(|id| id != hosts);
            save(transaction, &group)?;
        }
    }
    Ok(())
}
