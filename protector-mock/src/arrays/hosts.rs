//! Hosts and groups of them.

use super::connections;
use super::objects::{self, check_free, object, save};
use super::settings::settings;
use super::{Refused, groups, naming};
use crate::world::{Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Names it within the world; an array shows none.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The scope that holds it.
    pub home: String,
    /// Hosts are not destroyed: they are there or not.
    pub destroyed: Option<Timestamp>,
    /// iSCSI names.
    pub iqns: Vec<String>,
    /// Fibre Channel names.
    pub wwns: Vec<String>,
    /// NVMe names.
    pub nqns: Vec<String>,
    /// The operating system that it is treated like.
    pub personality: Option<String>,
    /// Arrays whose paths it prefers.
    pub preferred_arrays: Vec<String>,
    /// The VLAN it may use: "any", "untagged" or a number.
    pub vlan: Option<String>,
    /// User and whether there is a password, of the host and of the array.
    pub chap: Chap,
    /// Name of its group.
    pub host_group: Option<String>,
}

/// CHAP, without the passwords.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Chap {
    /// The host's user.
    pub host_user: Option<String>,
    /// Whether it has a password.
    pub host_password: bool,
    /// The array's user.
    pub target_user: Option<String>,
    /// Whether it has a password.
    pub target_password: bool,
}

object!(Host, "array.host", "Host");

impl Host {
    fn ports(&self) -> impl Iterator<Item = &String> {
        self.iqns.iter().chain(&self.wwns).chain(&self.nqns)
    }
}

/// A group of hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostGroup {
    /// Names it within the world; an array shows none.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The scope that holds it.
    pub home: String,
    /// Host groups are not destroyed: they are there or not.
    pub destroyed: Option<Timestamp>,
}

object!(HostGroup, "array.host-group", "Host group");

/// Makes a host.
///
/// # Errors
/// The name is taken or none.
pub fn create(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<Host, Refused> {
    naming::check_object("Host", name)?;
    check_free::<Host>(transaction, array, name)?;
    objects::check_limit::<Host>(transaction, array, settings(transaction)?.host_limit, name)?;
    let host = Host {
        id: transaction.new_uuid()?.to_string(),
        name: name.to_owned(),
        home: array.to_owned(),
        destroyed: None,
        iqns: Vec::new(),
        wwns: Vec::new(),
        nqns: Vec::new(),
        personality: None,
        preferred_arrays: Vec::new(),
        vlan: None,
        chap: Chap::default(),
        host_group: None,
    };
    save(transaction, &host)?;
    Ok(host)
}

/// Keeps a host as it now is. Its name is changed by [`rename`].
///
/// # Errors
/// One of its ports is another's.
pub fn change(transaction: &mut Transaction<'_>, host: &Host) -> Result<(), Refused> {
    if host.ports().next().is_some() {
        let others: Vec<Host> = transaction.list(&host.home)?;
        for other in others.iter().filter(|other| other.id != host.id) {
            if let Some(port) = host.ports().find(|port| other.ports().any(|used| used == *port)) {
                return Err(Refused::new("The specified port is already in use.", port));
            }
        }
    }
    Ok(save(transaction, host)?)
}

/// Gives a host another name.
///
/// # Errors
/// The name is taken or none, or the host is not there.
pub fn rename(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<Host, Refused> {
    let mut host: Host = objects::named(transaction, array, name)?;
    naming::check_object("Host", new)?;
    check_free::<Host>(transaction, array, new)?;
    new.clone_into(&mut host.name);
    save(transaction, &host)?;
    Ok(host)
}

/// Removes a host.
///
/// # Errors
/// It is not there, or volumes are connected to it.
pub fn remove(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    let host: Host = objects::named(transaction, array, name)?;
    if connections::of_host(transaction, array, &host.id)?.next().is_some() {
        return Err(Refused::new("Host cannot be deleted due to existing connections.", name));
    }
    if host.host_group.is_some() {
        return Err(Refused::new("Host cannot be deleted because it is in a host group.", name));
    }
    groups::drop_host(transaction, array, &host.id)?;
    Ok(objects::forget(transaction, &host)?)
}

/// Makes a host group.
///
/// # Errors
/// The name is taken or none.
pub fn create_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
) -> Result<HostGroup, Refused> {
    naming::check_object("Host group", name)?;
    check_free::<HostGroup>(transaction, array, name)?;
    let group = HostGroup {
        id: transaction.new_uuid()?.to_string(),
        name: name.to_owned(),
        home: array.to_owned(),
        destroyed: None,
    };
    save(transaction, &group)?;
    Ok(group)
}

/// Gives a host group another name.
///
/// # Errors
/// The name is taken or none, or the group is not there.
pub fn rename_group(
    transaction: &mut Transaction<'_>,
    array: &str,
    name: &str,
    new: &str,
) -> Result<HostGroup, Refused> {
    let mut group: HostGroup = objects::named(transaction, array, name)?;
    naming::check_object("Host group", new)?;
    check_free::<HostGroup>(transaction, array, new)?;
    for mut host in members(transaction, &group)? {
        host.host_group = Some(new.to_owned());
        save(transaction, &host)?;
    }
    new.clone_into(&mut group.name);
    save(transaction, &group)?;
    Ok(group)
}

/// Removes a host group.
///
/// # Errors
/// It is not there, not empty, or volumes are connected to it.
pub fn remove_group(transaction: &mut Transaction<'_>, array: &str, name: &str) -> Result<(), Refused> {
    let group: HostGroup = objects::named(transaction, array, name)?;
    if !members(transaction, &group)?.is_empty() {
        return Err(Refused::new("Host group is not empty.", name));
    }
    if connections::of_host_group(transaction, array, &group.id)?.next().is_some() {
        return Err(Refused::new("Host group cannot be deleted due to existing connections.", name));
    }
    groups::drop_host_group(transaction, array, &group.id)?;
    Ok(objects::forget(transaction, &group)?)
}

/// The hosts in a group.
///
/// # Errors
/// The world cannot be read.
pub fn members(transaction: &Transaction<'_>, group: &HostGroup) -> Result<Vec<Host>, WorldError> {
    let hosts: Vec<Host> = transaction.list(&group.home)?;
    Ok(hosts.into_iter().filter(|host| host.host_group.as_deref() == Some(group.name.as_str())).collect())
}

/// Puts a host into a group.
///
/// # Errors
/// One of them is not there, or the host is in a group already.
pub fn join(transaction: &mut Transaction<'_>, array: &str, group: &str, host: &str) -> Result<(), Refused> {
    let group: HostGroup = objects::named(transaction, array, group)?;
    let mut host: Host = objects::named(transaction, array, host)?;
    if host.host_group.is_some() {
        return Err(Refused::new("Host already belongs to a host group.", &host.name));
    }
    host.host_group = Some(group.name.clone());
    save(transaction, &host)?;
    connections::add_shared(transaction, &group, &host)
}

/// Takes a host out of a group.
///
/// # Errors
/// One of them is not there, or the host is not in the group.
pub fn leave(transaction: &mut Transaction<'_>, array: &str, group: &str, host: &str) -> Result<(), Refused> {
    let group: HostGroup = objects::named(transaction, array, group)?;
    let mut host: Host = objects::named(transaction, array, host)?;
    if host.host_group.as_deref() != Some(group.name.as_str()) {
        return Err(Refused::new("Host group membership could not be found.", &host.name));
    }
    host.host_group = None;
    save(transaction, &host)?;
    connections::remove_shared(transaction, &group, &host)
}
