//! Generic volume groups: what they are, and how they are shown. Sources: `cinder/group/api.py`, `cinder/api/v3/groups.py`,
//! `views/groups.py` (2026.2).

pub(super) mod events;
pub(super) mod replication;
pub(super) mod requests;
pub(super) mod snapshots;
pub(super) mod types;
pub(super) mod update;

use super::listing::time;
use super::{access, faults};
use crate::cloud::{Call, Fault};
use crate::world::{Record, Transaction, WorldError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Cinder's words")]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) project: String,
    pub(crate) user: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) status: String,
    pub(crate) zone: String,
    pub(crate) group_type: String,
    pub(crate) volume_types: Vec<String>,
    pub(crate) host: Option<String>,
    pub(crate) replication_status: String,
    pub(crate) group_snapshot: Option<String>,
    pub(crate) source_group: Option<String>,
    /// Whether it is a protection group of the array; else the array knows nothing of it.
    pub(crate) consistent: bool,
    /// Volumes that it is going to have.
    pub(crate) adding: Vec<String>,
    /// Volumes that it is going to lose.
    pub(crate) removing: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Option<Timestamp>,
}

impl Record for Group {
    const KIND: &'static str = "block_storage.group";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("project", self.project.clone()), ("type", self.group_type.clone())]
    }
}

impl Group {
    /// What the Pure driver calls it on the array.
    pub(crate) fn array_name(&self) -> String {
        format!("consisgroup-{}-cinder", self.id)
    }
}

/// A group by its id, whoever owns it.
pub(crate) fn get(transaction: &Transaction<'_>, scope: &str, id: &str) -> Result<Group, Fault> {
    transaction.get(scope, id)?.ok_or_else(|| faults::no_group(id))
}

/// A group that the caller sees.
pub(super) fn seen(call: &Call<'_, '_>, id: &str) -> Result<Group, Fault> {
    let found = get(call.transaction, &call.scope(), id)?;
    if access::sees(call, &found.project) { Ok(found) } else { Err(faults::no_group(id)) }
}

/// The group that a path names.
pub(super) fn of_call(call: &Call<'_, '_>) -> Result<Group, Fault> {
    seen(call, call.parameter("id"))
}

/// Stores a change, which is the moment of the last one.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    scope: &str,
    group: &mut Group,
) -> Result<(), WorldError> {
    group.updated = Some(transaction.now());
    transaction.put(scope, group)
}

/// Its name and id.
pub(super) fn brief(group: &Group) -> Value {
    json!({"id": group.id, "name": group.name})
}

/// All that is shown of it.
pub(super) fn view(call: &Call<'_, '_>, group: &Group) -> Result<Value, Fault> {
    let mut told = json!({
        "id": group.id,
        "status": group.status,
        "availability_zone": group.zone,
        "created_at": time(group.created),
        "name": group.name,
        "description": group.description,
        "group_type": group.group_type,
        "volume_types": group.volume_types,
    });
    let Some(fields) = told.as_object_mut() else { return Ok(told) };
    let mut tell = |shown: bool, name: &str, value: Value| {
        if shown {
            fields.insert(name.to_owned(), value);
        }
    };
    tell(call.since(3, 14), "group_snapshot_id", json!(group.group_snapshot));
    tell(call.since(3, 14), "source_group_id", json!(group.source_group));
    if call.since(3, 25) && call.query.get("list_volume").is_some_and(super::input::truth) {
        let volumes = super::volumes::of_group(call.transaction, &call.scope(), &group.id)?;
        let ids: Vec<&str> = volumes.iter().map(|volume| volume.id.as_str()).collect();
        tell(true, "volumes", json!(ids));
    }
    tell(call.since(3, 38), "replication_status", json!(group.replication_status));
    tell(call.since(3, 58) && call.caller.is_admin(), "project_id", json!(group.project));
    Ok(told)
}
