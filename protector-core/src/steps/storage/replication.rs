use super::Nothing;
use crate::driver::{GroupOrigin, ReplicationSettings};
use crate::engine::{StepError, StepRun};
use crate::id::ArrayName;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Sets a group's schedule, interval and retention.
#[derive(Debug)]
pub struct SetReplication;

/// See [`SetReplication`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SetReplicationInput {
    /// The array that the group replicates from.
    pub array: ArrayName,
    /// The group's name there.
    pub group: String,
    /// What is wanted.
    pub settings: ReplicationSettings,
    /// What was there: restored by revert.
    pub before: Option<ReplicationSettings>,
}

impl SiteStep for SetReplication {
    const NAME: &'static str = "set_replication";
    const SYSTEM: &'static str = "storage";
    type Input = SetReplicationInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let driver = site.array(&input.array)?;
        driver.set_replication(&run.context, &input.group, &input.settings).await?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        if let Some(before) = &input.before {
            site.array(&input.array)?.set_replication(&run.context, &input.group, before).await?;
        }
        Ok(())
    }
}

/// Lets a peer's group replicate to the site's array.
#[derive(Debug)]
pub struct AllowReplication;

/// See [`AllowReplication`].
#[derive(Debug, Serialize, Deserialize)]
pub struct AllowReplicationInput {
    /// The array that is replicated to.
    pub array: ArrayName,
    /// The group.
    pub origin: GroupOrigin,
}

impl SiteStep for AllowReplication {
    const NAME: &'static str = "allow_replication";
    const SYSTEM: &'static str = "storage";
    type Input = AllowReplicationInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.array(&input.array)?.allow_replication(&run.context, &input.origin).await?;
        Ok(Nothing {})
    }
}
