use super::{group_available, volume_gone, volume_in};
use crate::domain::SiteVolume;
use crate::domain::naming;
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::{ArrayName, ArrayVolumeId, LineageId, VolumeId};
use crate::openstack::block_storage::{GIB, NewVolume, Volume, VolumeQuery};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Makes the other site's volume of a lineage: empty, in the group, reserved against accidents.
#[derive(Debug)]
pub struct CreateTwin;

/// See [`CreateTwin`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateTwinInput {
    /// The lineage.
    pub lineage: LineageId,
    /// The volume; its metadata has the markers.
    pub volume: NewVolume,
    /// Whether it can be booted from.
    pub bootable: bool,
    /// What it is to know of the image that was written to the original.
    pub image_metadata: BTreeMap<String, String>,
    /// The array it must appear on.
    pub array: ArrayName,
}

impl CreateTwin {
    async fn find(site: Site<'_>, run: &StepRun, input: &CreateTwinInput) -> Result<Vec<Volume>, StepError> {
        let marker = [(naming::LINEAGE_KEY.to_owned(), input.lineage.to_string())].into();
        let query = VolumeQuery { metadata: marker, ..VolumeQuery::default() };
        let volumes = site.access.cloud.volumes();
        Ok(volumes.list(&run.context, &query).try_collect().await?)
    }

    /// Brings a volume that was made to where a twin has to be.
    async fn finish(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateTwinInput,
        id: &VolumeId,
    ) -> Result<SiteVolume, StepError> {
        let volumes = site.access.cloud.volumes();
        let volume = volume_in(site.access, run, id, &["available", "attaching"]).await?;
        if volume.bootable != input.bootable {
            volumes.set_bootable(&run.context, id, input.bootable).await?;
        }
        if !input.image_metadata.is_empty() {
            volumes.set_image_metadata(&run.context, id, &input.image_metadata).await?;
        }
        let twin = Self::on_array(site, run, input, id).await?;
        if volume.status == "available" {
            // Nobody may attach or delete it by accident.
            volumes.reserve(&run.context, id).await?;
            volume_in(site.access, run, id, &["attaching"]).await?;
        }
        Ok(twin)
    }

    async fn on_array(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateTwinInput,
        id: &VolumeId,
    ) -> Result<SiteVolume, StepError> {
        let driver = site.array(&input.array)?;
        let found = driver.resolve(&run.context, std::slice::from_ref(id)).await?.pop().flatten();
        let Some(volume) = found else {
            return Err(StepError::conflict(format!(
                "Cinder says that volume {id} is available at {}, but array {} does not have it",
                site.access.site, input.array
            )));
        };
        if volume.size != input.volume.size.saturating_mul(GIB) {
            return Err(StepError::conflict(format!(
                "volume {id} has {} bytes on array {} instead of {} GiB",
                volume.size, input.array, input.volume.size
            )));
        }
        if let Some(group) = &input.volume.group_id {
            let group = driver.storage_group(&run.context, group).await?;
            if !group.is_some_and(|group| group.members.iter().any(|member| member.id == volume.id)) {
                return Err(StepError::conflict(format!(
                    "Cinder says that volume {id} is in its group at {}, but the group on array {} lacks it",
                    site.access.site, input.array
                )));
            }
        }
        Ok(SiteVolume {
            volume_id: id.clone(),
            array: input.array.clone(),
            array_volume_id: volume.id,
            serial: volume.serial,
            array_volume_name: volume.name,
        })
    }
}

impl SiteStep for CreateTwin {
    const NAME: &'static str = "create_twin";
    const SYSTEM: &'static str = "cinder";
    type Input = CreateTwinInput;
    type Output = SiteVolume;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<SiteVolume>, StepError> {
        // There may be several: a request that was thought lost took effect later. Nothing uses any of them yet, and those
        // that are not taken are removed as surplus.
        let mut found = Self::find(site, run, input).await?;
        found.retain(|volume| volume.status != "error" && volume.status != "deleting");
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(match found.first() {
            None => Seen::NotDone,
            Some(volume) => Seen::Done(Self::finish(site, run, input, &volume.id).await?),
        })
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<SiteVolume, StepError> {
        let made = site.access.cloud.volumes().create(&run.context, &input.volume).await?;
        Self::finish(site, run, input, &made.id).await
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&SiteVolume>,
    ) -> Result<(), StepError> {
        for volume in Self::find(site, run, input).await? {
            delete_empty(site, run, &volume).await?;
        }
        Ok(())
    }
}

/// Deletes a twin that never held anything.
pub(super) async fn delete_empty(site: Site<'_>, run: &StepRun, volume: &Volume) -> Result<(), StepError> {
    let volumes = site.access.cloud.volumes();
    if !volume.attachments.is_empty() {
        let id = &volume.id;
        return Err(StepError::conflict(format!("twin {id} is in use at {}", site.access.site)));
    }
    release(site, run, volume).await?;
    leave(site, run, volume).await?;
    volumes.delete(&run.context, &volume.id).await?;
    volume_gone(site.access, run, &volume.id).await
}

/// Lifts the reservation of a twin: Cinder takes nothing out of a group, deletes and unmanages nothing that is reserved.
// cinder/group/api.py (VALID_REMOVE_VOL_FROM_GROUP_STATUS), 2026.2
pub(super) async fn release(site: Site<'_>, run: &StepRun, volume: &Volume) -> Result<(), StepError> {
    if volume.status == "attaching" {
        site.access.cloud.volumes().unreserve(&run.context, &volume.id).await?;
        volume_in(site.access, run, &volume.id, &["available"]).await?;
    }
    Ok(())
}

/// Cinder deletes and unmanages no volume that is in a group.
async fn leave(site: Site<'_>, run: &StepRun, volume: &Volume) -> Result<(), StepError> {
    let Some(group) = &volume.group_id else { return Ok(()) };
    let groups = site.access.cloud.groups();
    let _one_at_a_time = site.access.group_changes.lock().await;
    group_available(site.access, run, group).await?;
    // Another look: who asked before may have taken it out already.
    let now = site.access.cloud.volumes().get(&run.context, &volume.id).await?;
    if now.group_id.as_ref() == Some(group) {
        groups.remove_volumes(&run.context, group, std::slice::from_ref(&volume.id)).await?;
        group_available(site.access, run, group).await?;
    }
    Ok(())
}

/// Lifts a twin's reservation, so that a server can use it.
#[derive(Debug)]
pub struct ReleaseTwin;

/// See [`ReleaseTwin`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ReleaseTwinInput {
    /// The twin.
    pub volume_id: VolumeId,
}

impl SiteStep for ReleaseTwin {
    const NAME: &'static str = "release_twin";
    const SYSTEM: &'static str = "cinder";
    type Input = ReleaseTwinInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let volume = site.access.cloud.volumes().get(&run.context, &input.volume_id).await?;
        Ok(if volume.status == "attaching" { Seen::NotDone } else { Seen::Done(Nothing {}) })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let looked = site.access.cloud.volumes().get(&run.context, &input.volume_id).await;
        let volume = looked.map_err(|error| StepError::from(error).before_any_change())?;
        if volume.status == "attaching" {
            site.access.cloud.volumes().unreserve(&run.context, &input.volume_id).await?;
            volume_in(site.access, run, &input.volume_id, &["available", "in-use"]).await?;
        }
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        let volume = site.access.cloud.volumes().get(&run.context, &input.volume_id).await?;
        if volume.status == "available" {
            site.access.cloud.volumes().reserve(&run.context, &input.volume_id).await?;
        }
        Ok(())
    }
}

/// Takes a twin out of Cinder: one that was never used is deleted; one that held production data is unmanaged and then
/// discarded on the array, recoverably, for a delete in Cinder may eradicate.
#[derive(Debug)]
pub struct RemoveTwin;

/// See [`RemoveTwin`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveTwinInput {
    /// The twin.
    pub volume_id: VolumeId,
    /// Its array.
    pub array: ArrayName,
    /// The twin there.
    pub array_volume_id: ArrayVolumeId,
    /// Whether it ever held production data.
    pub held_data: bool,
}

impl SiteStep for RemoveTwin {
    const NAME: &'static str = "remove_twin";
    const SYSTEM: &'static str = "cinder";
    type Input = RemoveTwinInput;
    type Output = Nothing;

    // There may still be the array's part to do: looking at Cinder alone would not tell.
    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let volumes = site.access.cloud.volumes();
        match volumes.get(&run.context, &input.volume_id).await {
            Ok(volume) if !input.held_data => delete_empty(site, run, &volume).await?,
            Ok(volume) => {
                release(site, run, &volume).await?;
                leave(site, run, &volume).await?;
                volumes.unmanage(&run.context, &volume.id).await?;
                volume_gone(site.access, run, &volume.id).await?;
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
        if input.held_data {
            site.array(&input.array)?.discard_volume(&run.context, &input.array_volume_id).await?;
        }
        Ok(Nothing {})
    }

    async fn verify(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: &Nothing,
    ) -> Result<(), StepError> {
        match site.access.cloud.volumes().get(&run.context, &input.volume_id).await {
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
            Ok(volume) => Err(StepError::new(
                Code::ServiceFailed,
                format!("volume {} is still in status {} at {}", volume.id, volume.status, site.access.site),
            )),
        }
    }
}
