use crate::domain::ProtectionGroup;
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::steps::storage::Nothing;
use crate::steps::{Records, Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Changes the group's document in both stores.
#[derive(Debug)]
pub struct RecordGroup;

/// See [`RecordGroup`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordGroupInput {
    /// What changes, as a JSON merge patch (RFC 7396); `null` for the whole removes the document. Where there is no
    /// document the patch is the document.
    pub patch: Value,
    /// The patch that brings back what was there; `null` for the whole if there was no document.
    pub restore: Value,
    /// Whether the time is written down as that of the last move.
    #[serde(default)]
    pub moved: bool,
}

/// Applies a JSON merge patch (RFC 7396).
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Some(fields) = target.as_object_mut() {
        for (key, value) in changes {
            if value.is_null() {
                // A group's optional fields are written as null, not left out.
                fields.insert(key.clone(), Value::Null);
            } else {
                merge(fields.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

pub(super) fn patched(group: Option<&ProtectionGroup>, patch: &Value) -> Result<ProtectionGroup, StepError> {
    let unreadable = |error: serde_json::Error| {
        StepError::new(Code::Internal, format!("the group would not be one after the change: {error}"))
    };
    let mut value = group.map(serde_json::to_value).transpose().map_err(unreadable)?.unwrap_or(Value::Null);
    merge(&mut value, patch);
    // A member that is null has left the group.
    if let Some(members) = value.get_mut("members").and_then(Value::as_object_mut) {
        members.retain(|_, member| !member.is_null());
    }
    let mut after: ProtectionGroup = serde_json::from_value(value).map_err(unreadable)?;
    // The clock stays out of plans: when protection began is written down with the first document.
    after.created_at = after.created_at.or_else(|| group.and_then(|group| group.created_at));
    Ok(after)
}

async fn write(records: &Records, run: &StepRun, patch: &Value, moved: bool) -> Result<(), StepError> {
    if patch.is_null() {
        return Ok(records.remove_group(run.group).await?);
    }
    let (version, group) = records.group(run.group).await?;
    let mut after = patched(group.as_ref(), patch)?;
    after.created_at.get_or_insert_with(|| records.clock().now());
    if moved {
        after.last_failover_at = Some(records.clock().now());
    }
    if group.as_ref() == Some(&after) {
        return Ok(());
    }
    Ok(records.write_group(version, &after).await?)
}

impl SiteStep for RecordGroup {
    const NAME: &'static str = "record_group";
    const SYSTEM: &'static str = "guard";
    type Input = RecordGroupInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let (_, group) = site.records.group(run.group).await?;
        let done = match (&group, input.patch.is_null()) {
            (None, removed) => removed,
            (Some(_), true) => false,
            (Some(group), false) => patched(Some(group), &input.patch)? == *group,
        };
        Ok(if done { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        write(site.records, run, &input.patch, input.moved).await?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        write(site.records, run, &input.restore, false).await
    }
}
