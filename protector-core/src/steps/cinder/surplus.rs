use super::twins::delete_empty;
use super::volume_in;
use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::id::{LineageId, VolumeId};
use crate::openstack::block_storage::{Volume, VolumeQuery};
use crate::steps::{Seen, Site, SiteStep};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Removes what bears the marker of a twin and is none. Cinder has no key for idempotency: a request whose answer was lost
/// may take effect after somebody has looked for its effect, and found none, and asked again.
#[derive(Debug)]
pub struct RemoveSurplusTwins;

/// See [`RemoveSurplusTwins`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveSurplusTwinsInput {
    /// The twins.
    pub twins: BTreeMap<LineageId, VolumeId>,
}

/// What was removed.
#[derive(Debug, Serialize, Deserialize)]
pub struct SurplusRemoved {
    /// The volumes.
    pub volumes: Vec<VolumeId>,
}

impl RemoveSurplusTwins {
    /// Volumes with the marker of a lineage, beside its twin. A twin that was taken out of the group, or an original, bears
    /// none of it.
    async fn surplus(
        site: Site<'_>,
        run: &StepRun,
        input: &RemoveSurplusTwinsInput,
    ) -> Result<Vec<Volume>, StepError> {
        let marker = [(naming::GROUP_KEY.to_owned(), run.group.to_string())].into();
        let query = VolumeQuery { metadata: marker, ..VolumeQuery::default() };
        let volumes = site.access.cloud.volumes();
        let found: Vec<Volume> = volumes.list(&run.context, &query).try_collect().await?;
        let is_surplus = |volume: &Volume| {
            let lineage = volume.metadata.get(naming::LINEAGE_KEY);
            let mut twins = input.twins.iter();
            twins.any(|(twin, id)| lineage == Some(&twin.to_string()) && volume.id != *id)
        };
        Ok(found.into_iter().filter(is_surplus).collect())
    }
}

impl SiteStep for RemoveSurplusTwins {
    const NAME: &'static str = "remove_surplus_twins";
    const SYSTEM: &'static str = "cinder";
    type Input = RemoveSurplusTwinsInput;
    type Output = SurplusRemoved;

    async fn observe(
        &self,
        _: Site<'_>,
        _: &StepRun,
        _: &Self::Input,
    ) -> Result<Seen<SurplusRemoved>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<SurplusRemoved, StepError> {
        let mut removed = Vec::new();
        for volume in Self::surplus(site, run, input).await? {
            let volume =
                volume_in(site.access, run, &volume.id, &["available", "attaching", "error"]).await?;
            tracing::warn!(volume = %volume.id, site = %site.access.site, "a twin was made twice: one is removed");
            delete_empty(site, run, &volume).await?;
            removed.push(volume.id.clone());
        }
        Ok(SurplusRemoved { volumes: removed })
    }
}
