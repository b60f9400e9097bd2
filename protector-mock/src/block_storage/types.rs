//! Volume types: what they are, and how others find them.

pub(super) mod access;
pub(super) mod defaults;
pub(super) mod encryption;
pub(super) mod requests;
pub(super) mod specs;

use super::faults;
use crate::cloud::Fault;
use crate::world::{Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A volume type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct VolumeType {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) is_public: bool,
    pub(crate) extra_specs: BTreeMap<String, String>,
    /// The projects that may use it, if it is not for all.
    #[serde(default)]
    pub(crate) projects: BTreeSet<String>,
    /// How its volumes are encrypted, if they are.
    #[serde(default)]
    pub(crate) encryption: Option<encryption::Encryption>,
    #[serde(default)]
    pub(crate) qos_specs: Option<String>,
    pub(crate) created: Timestamp,
    #[serde(default)]
    pub(crate) updated: Option<Timestamp>,
}

impl Record for VolumeType {
    const KIND: &'static str = "block_storage.type";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.clone())]
    }
}

impl VolumeType {
    fn spec(&self, name: &str) -> Option<&str> {
        self.extra_specs.get(name).map(String::as_str)
    }

    /// Whether its volumes may be attached to several servers.
    pub(crate) fn multiattach(&self) -> bool {
        self.spec("multiattach") == Some("<is> True")
    }

    /// How its volumes are replicated: `async`, `sync`, `trisync`; not at all without one.
    /// (`_get_replication_type_from_vol_type` of `cinder/volume/drivers/pure.py`.)
    pub(crate) fn replication(&self) -> Option<&str> {
        if self.spec("replication_enabled") != Some("<is> True") {
            return None;
        }
        match self.spec("replication_type") {
            Some(text) => text.strip_prefix("<in> ").map(str::trim),
            None => Some("async"),
        }
    }

    /// Whether a project may use it.
    pub(crate) fn open_to(&self, project: &str) -> bool {
        self.is_public || self.projects.contains(project)
    }
}

/// A type by its id.
pub(crate) fn get(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<VolumeType, Fault> {
    transaction.get(scope, id)?.ok_or_else(|| faults::no_type(id))
}

/// The name that a type has; its id where it is gone.
pub(crate) fn name_of(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<String, WorldError> {
    let found = transaction.get::<VolumeType>(scope, id)?;
    Ok(found.map_or_else(|| id.to_owned(), |found| found.name))
}

/// A type by its id or name, as `project` sees it (`None`: an administrator).
pub(crate) fn find(
    transaction: &Transaction<'_>,
    scope: &str,
    asked: &str,
    project: Option<&str>,
) -> Result<VolumeType, Fault> {
    let by_id = transaction.get::<VolumeType>(scope, asked)?;
    let found = match by_id {
        Some(found) => Some(found),
        None => transaction.find::<VolumeType>(scope, "name", asked)?.into_iter().next(),
    };
    let found = found.filter(|found| project.is_none_or(|project| found.open_to(project)));
    found.ok_or_else(|| {
        if super::input::is_uuid(asked) {
            faults::no_type(asked)
        } else {
            Fault::not_found(format!("Volume type with name {asked} could not be found."))
        }
    })
}

/// The type of volumes for which none is named.
pub(crate) fn default(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<VolumeType, Fault> {
    if let Some(chosen) = defaults::of_project(transaction, scope, project)? {
        return get(transaction, scope, &chosen);
    }
    find(transaction, scope, "__DEFAULT__", None)
}
