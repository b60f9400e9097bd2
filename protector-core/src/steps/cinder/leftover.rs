use super::twins::delete_empty;
use crate::domain::{ProtectionGroup, naming};
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::VolumeId;
use crate::openstack::block_storage::Volume;
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Removes a twin that its group does not know and that no server was ever given.
#[derive(Debug)]
pub struct RemoveLeftoverTwin;

/// See [`RemoveLeftoverTwin`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveLeftoverTwinInput {
    /// The volume.
    pub volume_id: VolumeId,
}

impl RemoveLeftoverTwin {
    /// Since it was listed somebody may have made use of it.
    async fn check(site: Site<'_>, run: &StepRun, volume: &Volume) -> Result<(), StepError> {
        let refused = |why: &str| {
            let message = format!("volume {} at {} {why}: it stays", volume.id, site.access.site);
            Err(StepError::new(Code::RequestRefused, message).before_any_change())
        };
        let marker = volume.metadata.get(naming::GROUP_KEY);
        if marker != Some(&run.group.to_string()) || !volume.metadata.contains_key(naming::LINEAGE_KEY) {
            return refused("does not bear the marker of a twin of the group");
        }
        if volume.status != "attaching" || !volume.attachments.is_empty() {
            return refused("is not reserved any more, so that somebody may use it");
        }
        let (_, group) = site.records.group(run.group).await?;
        let mut own =
            group.iter().flat_map(ProtectionGroup::volumes).flat_map(|(_, twin)| twin.sites.values());
        if own.any(|own| own.volume_id == volume.id) {
            return refused("is the twin of a lineage of the group");
        }
        for array in site.access.arrays.values() {
            let found = array.resolve(&run.context, std::slice::from_ref(&volume.id)).await?.pop().flatten();
            if let Some(found) = found
                && array.content(&run.context, &found.id).await?.is_some()
            {
                return refused("was made to hold a recovery point");
            }
        }
        Ok(())
    }
}

impl SiteStep for RemoveLeftoverTwin {
    const NAME: &'static str = "remove_leftover_twin";
    const SYSTEM: &'static str = "cinder";
    type Input = RemoveLeftoverTwinInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        match site.access.cloud.volumes().get(&run.context, &input.volume_id).await {
            Err(error) if error.is_not_found() => return Ok(Nothing {}),
            Err(error) => return Err(error.into()),
            Ok(volume) => {
                Self::check(site, run, &volume).await?;
                delete_empty(site, run, &volume).await?;
            }
        }
        Ok(Nothing {})
    }
}
