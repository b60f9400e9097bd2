//! What a project may have and has. Source: `cinder/quota.py`, `cinder/quota_utils.py` (2026.2).

pub(super) mod sets;

use super::faults::over_quota;
use super::types::VolumeType;
use crate::cloud::Fault;
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a project uses, by resource: `volumes`, `gigabytes_fast`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Usage {
    project: String,
    used: BTreeMap<String, i64>,
}

impl Record for Usage {
    const KIND: &'static str = "block_storage.usage";

    fn id(&self) -> &str {
        &self.project
    }
}

/// Limits that were set, for a project or for a class of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Limits {
    id: String,
    limits: BTreeMap<String, i64>,
}

impl Record for Limits {
    const KIND: &'static str = "block_storage.limits";

    fn id(&self) -> &str {
        &self.id
    }
}

fn of_project(project: &str) -> String {
    format!("project/{project}")
}

fn of_class(class: &str) -> String {
    format!("class/{class}")
}

/// The resources, with the limits that `cinder.conf` has if it says nothing.
const RESOURCES: [(&str, i64); 7] = [
    ("volumes", 10),
    ("per_volume_gigabytes", -1),
    ("snapshots", 10),
    ("gigabytes", 1000),
    ("backups", 10),
    ("backup_gigabytes", 1000),
    ("groups", 10),
];

/// All resources that there are: each volume type has three of its own.
fn resources(transaction: &Transaction<'_>, scope: &str) -> Result<BTreeMap<String, i64>, WorldError> {
    let mut all: BTreeMap<String, i64> =
        RESOURCES.iter().map(|(name, limit)| ((*name).to_owned(), *limit)).collect();
    for volume_type in transaction.list::<VolumeType>(scope)? {
        for resource in ["volumes", "gigabytes", "snapshots"] {
            all.insert(format!("{resource}_{}", volume_type.name), -1);
        }
    }
    let set = transaction.get::<Limits>(scope, &of_class("default"))?.unwrap_or_default();
    for (name, limit) in set.limits {
        if let Some(known) = all.get_mut(&name) {
            *known = limit;
        }
    }
    Ok(all)
}

/// The limits of a project.
fn limits(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<BTreeMap<String, i64>, WorldError> {
    let mut all = resources(transaction, scope)?;
    let set = transaction.get::<Limits>(scope, &of_project(project))?.unwrap_or_default();
    for (name, limit) in set.limits {
        if let Some(known) = all.get_mut(&name) {
            *known = limit;
        }
    }
    Ok(all)
}

/// Sets what every project may have, unless something else is set for it.
///
/// # Errors
/// The world cannot be read or written.
pub fn set_default(
    transaction: &mut Transaction<'_>,
    scope: &str,
    resource: &str,
    limit: i64,
) -> Result<(), WorldError> {
    let id = of_class("default");
    let mut set = transaction.get::<Limits>(scope, &id)?.unwrap_or(Limits { id, limits: BTreeMap::new() });
    set.limits.insert(resource.to_owned(), limit);
    transaction.put(scope, &set)
}

/// What is going to be used or given back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    /// Whose.
    pub(super) project: &'a str,
    /// How many volumes.
    pub(super) volumes: i64,
    /// How many snapshots.
    pub(super) snapshots: i64,
    /// How many gibibytes.
    pub(super) gigabytes: i64,
    /// Of which type.
    pub(super) volume_type: &'a str,
}

impl Claim<'_> {
    fn resources(&self) -> Vec<(String, i64)> {
        let parts = [("volumes", self.volumes), ("snapshots", self.snapshots), ("gigabytes", self.gigabytes)];
        let some = parts.into_iter().filter(|(_, number)| *number != 0);
        some.flat_map(|(name, number)| {
            [(name.to_owned(), number), (format!("{name}_{}", self.volume_type), number)]
        })
        .collect()
    }
}

/// Takes what a claim says, if there is enough of it left.
pub(super) fn reserve(transaction: &mut Transaction<'_>, scope: &str, claim: Claim<'_>) -> Result<(), Fault> {
    let limits = limits(transaction, scope, claim.project)?;
    let usage = transaction.get::<Usage>(scope, claim.project)?.unwrap_or_default();
    let used = |name: &str| usage.used.get(name).copied().unwrap_or(0);
    let mut over: Vec<(String, i64)> = claim
        .resources()
        .into_iter()
        .filter(|(name, number)| {
            let limit = limits.get(name).copied().unwrap_or(-1);
            limit >= 0 && *number > 0 && used(name) + number > limit
        })
        .collect();
    over.sort();
    if let Some((name, number)) = over.first() {
        let limit = limits.get(name).copied().unwrap_or(-1);
        if name.contains("gigabytes") {
            let told = format!(
                "Requested volume or snapshot exceeds allowed {name} quota. Requested {number}G, quota is {limit}G and \
                 {}G has been consumed.",
                used(name)
            );
            return Err(over_quota("VolumeSizeExceedsAvailableQuota", &told));
        }
        if name.contains("snapshots") {
            let told = format!("Maximum number of snapshots allowed ({limit}) exceeded");
            return Err(over_quota("SnapshotLimitExceeded", &told));
        }
        let told = format!("Maximum number of volumes allowed ({limit}) exceeded for quota '{name}'.");
        return Err(over_quota("VolumeLimitExceeded", &told));
    }
    Ok(add(transaction, scope, claim.project, &claim.resources())?)
}

/// Has the project of a volume use as much again as for this one, so many times.
pub(crate) fn reserve_alike(
    transaction: &mut Transaction<'_>,
    scope: &str,
    volume: &str,
    times: u64,
) -> Result<(), Fault> {
    let volume = super::volumes::get(transaction, scope, volume)?;
    let volume_type = super::types::name_of(transaction, scope, &volume.type_id)?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let claim = Claim {
        project: &volume.project,
        volumes: number(times),
        snapshots: 0,
        gigabytes: number(times.saturating_mul(volume.size)),
        volume_type: &volume_type,
    };
    reserve(transaction, scope, claim)
}

/// Gives back what a claim says.
pub(super) fn release(
    transaction: &mut Transaction<'_>,
    scope: &str,
    claim: Claim<'_>,
) -> Result<(), WorldError> {
    let parts: Vec<(String, i64)> =
        claim.resources().into_iter().map(|(name, number)| (name, -number)).collect();
    add(transaction, scope, claim.project, &parts)
}

/// Refuses a volume that is larger than any may be.
pub(super) fn check_size(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
    size: u64,
) -> Result<(), Fault> {
    let limit = limits(transaction, scope, project)?.get("per_volume_gigabytes").copied().unwrap_or(-1);
    if limit >= 0 && i64::try_from(size).unwrap_or(i64::MAX) > limit {
        let told = format!("Requested volume size {size}G is larger than maximum allowed limit {limit}G.");
        return Err(over_quota("VolumeSizeExceedsLimit", &told));
    }
    Ok(())
}

/// Refuses a volume to become one of a type of which the project may not have another.
pub(super) fn check_type(
    transaction: &Transaction<'_>,
    scope: &str,
    volume: &super::volumes::Volume,
    volume_type: &str,
) -> Result<(), Fault> {
    let limits = limits(transaction, scope, &volume.project)?;
    let usage = transaction.get::<Usage>(scope, &volume.project)?.unwrap_or_default();
    let name = format!("volumes_{volume_type}");
    let limit = limits.get(&name).copied().unwrap_or(-1);
    if limit >= 0 && usage.used.get(&name).copied().unwrap_or(0) + 1 > limit {
        let told = format!("Maximum number of volumes allowed ({limit}) exceeded for quota '{name}'.");
        return Err(over_quota("VolumeLimitExceeded", &told));
    }
    Ok(())
}

/// Takes a group.
pub(super) fn reserve_group(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<(), Fault> {
    let limit = limits(transaction, scope, project)?.get("groups").copied().unwrap_or(-1);
    let usage = transaction.get::<Usage>(scope, project)?.unwrap_or_default();
    if limit >= 0 && usage.used.get("groups").copied().unwrap_or(0) + 1 > limit {
        let told = format!("Maximum number of groups allowed ({limit}) exceeded");
        return Err(over_quota("GroupLimitExceeded", &told));
    }
    Ok(add(transaction, scope, project, &[("groups".to_owned(), 1)])?)
}

/// Gives a group back.
pub(super) fn release_group(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<(), WorldError> {
    add(transaction, scope, project, &[("groups".to_owned(), -1)])
}

/// A type is called something else: what was set and used under its old name goes on under the new one.
pub(super) fn rename_type(
    transaction: &mut Transaction<'_>,
    scope: &str,
    old: &str,
    new: &str,
) -> Result<(), WorldError> {
    let rename = |all: &mut BTreeMap<String, i64>| {
        for resource in ["volumes", "gigabytes", "snapshots"] {
            if let Some(number) = all.remove(&format!("{resource}_{old}")) {
                all.insert(format!("{resource}_{new}"), number);
            }
        }
    };
    for mut usage in transaction.list::<Usage>(scope)? {
        rename(&mut usage.used);
        transaction.put(scope, &usage)?;
    }
    for mut limits in transaction.list::<Limits>(scope)? {
        rename(&mut limits.limits);
        transaction.put(scope, &limits)?;
    }
    Ok(())
}

fn add(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: &str,
    parts: &[(String, i64)],
) -> Result<(), WorldError> {
    let mut usage = transaction
        .get::<Usage>(scope, project)?
        .unwrap_or_else(|| Usage { project: project.to_owned(), used: BTreeMap::new() });
    for (name, number) in parts {
        let used = usage.used.entry(name.clone()).or_default();
        *used = (*used + number).max(0);
    }
    transaction.put(scope, &usage)
}
