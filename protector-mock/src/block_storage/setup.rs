//! What a Cinder has before its first request: one backend, the default types.

use super::groups::types::GroupType;
use super::types::VolumeType;
use crate::cloud::{Fault, Release, Site};
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The only backend of a site: Cinder's Pure driver on the site's array.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Cinder's words")]
pub(crate) struct Backend {
    id: String,
    /// The array.
    pub(crate) array: String,
    /// The service's host: `site-a@pure`. A volume's host has the pool behind it.
    pub(crate) host: String,
    /// The service's id.
    pub(crate) service: String,
    /// Whether the site behaves as releases before 2026.2 do.
    pub(crate) older: bool,
    /// Whether the service is switched off.
    pub(crate) disabled: bool,
    /// Why.
    pub(crate) disabled_reason: Option<String>,
    /// Whether it makes and deletes nothing.
    pub(crate) frozen: bool,
    /// What its own failover came to.
    pub(crate) replication_status: String,
    /// Where it failed over to.
    pub(crate) active_backend: Option<String>,
}

impl Record for Backend {
    const KIND: &'static str = "block_storage.backend";

    fn id(&self) -> &str {
        &self.id
    }
}

const BACKEND: &str = "pure";

impl Backend {
    /// The host of what lives on it.
    pub(crate) fn pool(&self) -> String {
        format!("{}#pure", self.host)
    }
}

/// The backend of a site.
pub(crate) fn backend(transaction: &Transaction<'_>, scope: &str) -> Result<Backend, Fault> {
    transaction
        .get(scope, BACKEND)?
        .ok_or_else(|| Fault::not_found("Service cinder-volume could not be found."))
}

/// Makes what there has to be before anything else, once. The services call it for each request; whoever makes volumes or
/// servers without a request has to.
///
/// # Errors
/// The world cannot be read or written.
pub fn prepare(transaction: &mut Transaction<'_>, site: &Site) -> Result<(), WorldError> {
    let scope = site.name.as_str();
    if transaction.get::<Backend>(scope, BACKEND)?.is_some() {
        return Ok(());
    }
    let backend = Backend {
        id: BACKEND.to_owned(),
        array: site.array.clone(),
        host: format!("{scope}@pure"),
        service: transaction.new_uuid()?.to_string(),
        older: site.release < Release::R2026_2,
        disabled: false,
        disabled_reason: None,
        frozen: false,
        replication_status: "enabled".to_owned(),
        active_backend: None,
    };
    transaction.put(scope, &backend)?;
    let default = VolumeType {
        id: transaction.new_uuid()?.to_string(),
        name: "__DEFAULT__".to_owned(),
        description: Some("Default Volume Type".to_owned()),
        is_public: true,
        created: transaction.now(),
        ..VolumeType::default()
    };
    transaction.put(scope, &default)?;
    let id = transaction.new_uuid()?.to_string();
    let specs = BTreeMap::from([("consistent_group_snapshot_enabled".to_owned(), "<is> True".to_owned())]);
    let reserved = GroupType {
        id,
        name: super::groups::types::RESERVED.to_owned(),
        description: Some("Default group type for migrating cgsnapshot".to_owned()),
        is_public: true,
        specs,
        created: transaction.now(),
    };
    transaction.put(scope, &reserved)
}

/// Changes the backend.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    scope: &str,
    backend: &Backend,
) -> Result<(), WorldError> {
    transaction.put(scope, backend)
}
