use crate::engine::{StepError, StepRun};
use crate::id::VolumeId;
use crate::inventory::own_metadata;
use crate::openstack::block_storage::{Volume, VolumeUpdate};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Gives a twin what its original has become where it is used.
#[derive(Debug)]
pub struct UpdateTwin;

/// See [`UpdateTwin`]. What is not given stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateTwinInput {
    /// The twin.
    pub volume_id: VolumeId,
    /// Its name and description.
    pub update: VolumeUpdate,
    /// Its metadata, without what protector and the site put there, which stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Whether it can be booted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootable: Option<bool>,
    /// What it knows of the image that was written to the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_metadata: Option<BTreeMap<String, String>>,
}

impl UpdateTwinInput {
    fn is_updated(&self, volume: &Volume) -> bool {
        let same = |wanted: &Option<String>, is: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| wanted == is.as_deref().unwrap_or_default())
        };
        same(&self.update.name, &volume.name) && same(&self.update.description, &volume.description)
    }

    fn boots(&self, volume: &Volume) -> bool {
        self.bootable.is_none_or(|bootable| bootable == volume.bootable)
    }
}

/// Entries to set, because they are others, and keys to remove.
fn difference<'a>(
    wanted: &BTreeMap<String, String>,
    is: &'a BTreeMap<String, String>,
) -> (BTreeMap<String, String>, Vec<&'a String>) {
    let other = |(key, value): &(&String, &String)| is.get(*key) != Some(value);
    let set = wanted.iter().filter(other).map(|(key, value)| (key.clone(), value.clone())).collect();
    (set, is.keys().filter(|key| !wanted.contains_key(*key)).collect())
}

impl SiteStep for UpdateTwin {
    const NAME: &'static str = "update_twin";
    const SYSTEM: &'static str = "cinder";
    type Input = UpdateTwinInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let volume = site.access.cloud.volumes().get(&run.context, &input.volume_id).await?;
        let metadata = input.metadata.as_ref().is_none_or(|wanted| *wanted == own_metadata(&volume.metadata));
        let image = input.image_metadata.as_ref();
        let image = image.is_none_or(|wanted| *wanted == volume.volume_image_metadata);
        let done = input.is_updated(&volume) && metadata && input.boots(&volume) && image;
        Ok(if done { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let (volumes, id) = (site.access.cloud.volumes(), &input.volume_id);
        let volume = volumes.get(&run.context, id).await?;
        if !input.is_updated(&volume) {
            volumes.update(&run.context, id, &input.update).await?;
        }
        if let Some(wanted) = &input.metadata {
            let is = own_metadata(&volume.metadata);
            let (set, removed) = difference(wanted, &is);
            if !set.is_empty() {
                volumes.set_metadata(&run.context, id, &set).await?;
            }
            for key in removed {
                volumes.unset_metadata(&run.context, id, key).await?;
            }
        }
        if let Some(bootable) = input.bootable.filter(|_| !input.boots(&volume)) {
            volumes.set_bootable(&run.context, id, bootable).await?;
        }
        if let Some(wanted) = &input.image_metadata {
            let (set, removed) = difference(wanted, &volume.volume_image_metadata);
            if !set.is_empty() {
                volumes.set_image_metadata(&run.context, id, &set).await?;
            }
            for key in removed {
                volumes.unset_image_metadata(&run.context, id, key).await?;
            }
        }
        Ok(Nothing {})
    }
}
