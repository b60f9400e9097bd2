//! Which volumes hosts see, and under which number.

use super::hosts::{self, Host, HostGroup};
use super::volumes::Volume;
use super::{Refused, objects};
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const LAST_LUN: u32 = 4095;
/// Shared connections get high numbers, so that they meet those of single hosts late.
const FIRST_SHARED_LUN: u32 = 254;
const HOST: &str = "host";
const HOST_GROUP: &str = "host-group";
const VOLUME: &str = "volume";

/// A host, and a volume that it sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    id: String,
    home: String,
    /// Id of the host.
    pub host: String,
    /// Id of the volume.
    pub volume: String,
    /// The number under which it sees it.
    pub lun: u32,
    /// Id of the host group that it sees it with.
    pub host_group: Option<String>,
}

impl Record for Connection {
    const KIND: &'static str = "array.connection";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![(HOST, self.host.clone()), (VOLUME, self.volume.clone())];
        keys.extend(self.host_group.iter().map(|group| (HOST_GROUP, group.clone())));
        keys
    }
}

type Found = std::vec::IntoIter<Connection>;

/// All connections on an array.
///
/// # Errors
/// The world cannot be read.
pub fn all(transaction: &Transaction<'_>, array: &str) -> Result<Vec<Connection>, WorldError> {
    transaction.list(array)
}

/// The connections of a volume, by its id.
///
/// # Errors
/// The world cannot be read.
pub fn of_volume(transaction: &Transaction<'_>, array: &str, volume: &str) -> Result<Found, WorldError> {
    Ok(transaction.find(array, VOLUME, volume)?.into_iter())
}

/// The connections of a host, by its id.
///
/// # Errors
/// The world cannot be read.
pub fn of_host(transaction: &Transaction<'_>, array: &str, host: &str) -> Result<Found, WorldError> {
    Ok(transaction.find(array, HOST, host)?.into_iter())
}

/// The connections of a host group, by its id: one for each volume and host.
///
/// # Errors
/// The world cannot be read.
pub fn of_host_group(transaction: &Transaction<'_>, array: &str, group: &str) -> Result<Found, WorldError> {
    Ok(transaction.find(array, HOST_GROUP, group)?.into_iter())
}

fn free_lun(wanted: Option<u32>, first: u32, used: &BTreeSet<u32>, volume: &str) -> Result<u32, Refused> {
    match wanted {
        None => (first..=LAST_LUN)
            .chain(1..first)
            .find(|lun| !used.contains(lun))
            .ok_or_else(|| Refused::new("Connection limit reached.", volume)),
        Some(lun) if !(1..=LAST_LUN).contains(&lun) => Err(Refused::new("Invalid LUN.", lun.to_string())),
        Some(lun) if used.contains(&lun) => Err(Refused::new("LUN is already in use.", lun.to_string())),
        Some(lun) => Ok(lun),
    }
}

/// The numbers that the next connections of a host get, by its id.
pub(crate) fn free_luns(
    transaction: &Transaction<'_>,
    array: &str,
    host: &str,
) -> Result<impl Iterator<Item = u32> + use<>, WorldError> {
    let used: BTreeSet<u32> = of_host(transaction, array, host)?.map(|connection| connection.lun).collect();
    Ok((1..=LAST_LUN).filter(move |lun| !used.contains(lun)))
}

fn put(
    transaction: &mut Transaction<'_>,
    host: &Host,
    volume: &str,
    lun: u32,
    host_group: Option<&HostGroup>,
) -> Result<Connection, Refused> {
    let made = Connection {
        id: format!("{}/{volume}", host.id),
        home: host.home.clone(),
        host: host.id.clone(),
        volume: volume.to_owned(),
        lun,
        host_group: host_group.map(|group| group.id.clone()),
    };
    transaction.put(&made.home, &made)?;
    Ok(made)
}

/// Connects a volume to a host; without a number it gets the first that is free.
///
/// # Errors
/// One of them is not there, they are connected already, or the number is in use or none.
pub fn connect(
    transaction: &mut Transaction<'_>,
    array: &str,
    host: &str,
    volume: &str,
    lun: Option<u32>,
) -> Result<Connection, Refused> {
    let host: Host = objects::named(transaction, array, host)?;
    let volume: Volume = objects::usable(transaction, array, volume)?;
    let mine: Vec<Connection> = of_host(transaction, array, &host.id)?.collect();
    if mine.iter().any(|connection| connection.volume == volume.id) {
        return Err(Refused::new("Connection already exists.", &volume.name));
    }
    let used = mine.iter().map(|connection| connection.lun).collect();
    let lun = free_lun(lun, 1, &used, &volume.name)?;
    put(transaction, &host, &volume.id, lun, None)
}

/// Disconnects a volume from a host.
///
/// # Errors
/// They are not connected, or only as part of a host group.
pub fn disconnect(
    transaction: &mut Transaction<'_>,
    array: &str,
    host: &str,
    volume: &str,
) -> Result<(), Refused> {
    let found: Option<Host> = objects::find(transaction, array, host)?;
    let host = found.ok_or_else(|| Refused::new("Host does not exist.", host))?;
    let volume: Volume = objects::named(transaction, array, volume)?;
    let connection = of_host(transaction, array, &host.id)?
        .find(|connection| connection.volume == volume.id && connection.host_group.is_none());
    let connection = connection.ok_or_else(|| Refused::new("Connection does not exist.", &volume.name))?;
    transaction.remove::<Connection>(&connection.home, &connection.id)?;
    Ok(())
}

/// Connects a volume to all hosts of a group under one number.
///
/// # Errors
/// One of them is not there, a host is connected already, or the number is in use or none.
pub fn connect_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    volume: &str,
    lun: Option<u32>,
) -> Result<Vec<Connection>, Refused> {
    let group: HostGroup = objects::named(transaction, array, group)?;
    let volume: Volume = objects::usable(transaction, array, volume)?;
    let members = hosts::members(transaction, &group)?;
    if members.is_empty() {
        return Err(Refused::new("Host group is empty.", &group.name));
    }
    let mut used = BTreeSet::new();
    for host in &members {
        for connection in of_host(transaction, array, &host.id)? {
            if connection.volume == volume.id {
                return Err(Refused::new("Connection already exists.", &volume.name));
            }
            used.insert(connection.lun);
        }
    }
    let lun = free_lun(lun, FIRST_SHARED_LUN, &used, &volume.name)?;
    members.iter().map(|host| put(transaction, host, &volume.id, lun, Some(&group))).collect()
}

/// Disconnects a volume from all hosts of a group.
///
/// # Errors
/// They are not connected.
pub fn disconnect_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    group: &str,
    volume: &str,
) -> Result<(), Refused> {
    let group: HostGroup = objects::named(transaction, array, group)?;
    let volume: Volume = objects::named(transaction, array, volume)?;
    let shared: Vec<Connection> = of_host_group(transaction, array, &group.id)?
        .filter(|connection| connection.volume == volume.id)
        .collect();
    if shared.is_empty() {
        return Err(Refused::new("Connection does not exist.", &volume.name));
    }
    for connection in shared {
        transaction.remove::<Connection>(&connection.home, &connection.id)?;
    }
    Ok(())
}

/// A host that joins a group sees what the group sees.
pub(super) fn add_shared(
    transaction: &mut Transaction<'_>,
    group: &HostGroup,
    host: &Host,
) -> Result<(), Refused> {
    let shared: BTreeSet<(String, u32)> = of_host_group(transaction, &group.home, &group.id)?
        .map(|connection| (connection.volume, connection.lun))
        .collect();
    let mine: BTreeSet<u32> =
        of_host(transaction, &host.home, &host.id)?.map(|connection| connection.lun).collect();
    for (volume, lun) in shared {
        if mine.contains(&lun) {
            return Err(Refused::new("LUN is already in use.", lun.to_string()));
        }
        put(transaction, host, &volume, lun, Some(group))?;
    }
    Ok(())
}

/// A host that leaves a group no longer sees what the group sees.
pub(super) fn remove_shared(
    transaction: &mut Transaction<'_>,
    group: &HostGroup,
    host: &Host,
) -> Result<(), Refused> {
    for connection in of_host(transaction, &host.home, &host.id)? {
        if connection.host_group.as_deref() == Some(group.id.as_str()) {
            transaction.remove::<Connection>(&connection.home, &connection.id)?;
        }
    }
    Ok(())
}
