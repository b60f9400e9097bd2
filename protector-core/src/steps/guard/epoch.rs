use super::group::patched;
use crate::driver::EpochMark;
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, ArrayVolumeId};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Raises the group's epoch: from its intent on there is no way back. First in the stores, then on the array of the
/// site that is primary now.
#[derive(Debug)]
pub struct RaiseEpoch;

/// See [`RaiseEpoch`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RaiseEpochInput {
    /// The epoch before.
    pub from: u64,
    /// The epoch from now on.
    pub to: u64,
    /// What else changes in the group's document: the primary.
    pub patch: Value,
    /// The array of the site that is primary now.
    pub array: ArrayName,
    /// The group's volumes there.
    pub volumes: Vec<ArrayVolumeId>,
}

impl RaiseEpoch {
    fn mark(run: &StepRun, input: &RaiseEpochInput) -> EpochMark {
        EpochMark { group: run.group, epoch: input.to, operation: run.operation }
    }
}

impl SiteStep for RaiseEpoch {
    const NAME: &'static str = "raise_epoch";
    const SYSTEM: &'static str = "guard";
    type Input = RaiseEpochInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let (_, group) = site.records.group(run.group).await?;
        let Some(group) = group else {
            return Ok(Seen::Conflict(format!("group {} has gone from the stores", run.group)));
        };
        if group.epoch != input.to {
            return Ok(if group.epoch == input.from {
                Seen::NotDone
            } else {
                Seen::Conflict(format!(
                    "group {} is at epoch {} instead of {} or {}",
                    group.name, group.epoch, input.from, input.to
                ))
            });
        }
        let driver = site.array(&input.array)?;
        for volume in &input.volumes {
            if driver.epoch(&run.context, volume).await? != Some(Self::mark(run, input)) {
                return Ok(Seen::NotDone);
            }
        }
        Ok(Seen::Done(Nothing {}))
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let (version, group) = site.records.group(run.group).await?;
        if group.as_ref().is_some_and(|group| group.epoch == input.from) {
            let mut raised = patched(group.as_ref(), &input.patch)?;
            raised.epoch = input.to;
            raised.last_failover_at = Some(site.records.clock().now());
            site.records.write_group(version, &raised).await?;
        }
        let driver = site.array(&input.array)?;
        driver.record_epoch(&run.context, &input.volumes, &Self::mark(run, input)).await?;
        Ok(Nothing {})
    }
}
