use super::{volume_gone, volume_in};
use crate::domain::{SiteVolume, naming};
use crate::engine::{StepError, StepRun};
use crate::error::Code;
use crate::id::{ArrayName, LineageId, OperationId, VolumeId};
use crate::openstack::block_storage::{NewVolume, Volume, VolumeQuery};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Makes a volume for a test: in no group, of a type that does not replicate, with the operation's marker.
#[derive(Debug)]
pub struct CreateTestVolume;

/// See [`CreateTestVolume`].
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateTestVolumeInput {
    /// The lineage that it is to be a copy of.
    pub lineage: LineageId,
    /// The volume; the step puts the markers in.
    pub volume: NewVolume,
    /// Whether it can be booted from.
    pub bootable: bool,
    /// What it is to know of the image that was written to the original.
    pub image_metadata: BTreeMap<String, String>,
    /// The array it must appear on.
    pub array: ArrayName,
}

impl CreateTestVolume {
    async fn find(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateTestVolumeInput,
    ) -> Result<Vec<Volume>, StepError> {
        let mut metadata = naming::test_markers(run.group, run.operation, input.lineage);
        metadata.remove(naming::GROUP_KEY);
        let query = VolumeQuery { metadata, ..VolumeQuery::default() };
        Ok(site.access.cloud.volumes().list(&run.context, &query).try_collect().await?)
    }

    async fn finish(
        site: Site<'_>,
        run: &StepRun,
        input: &CreateTestVolumeInput,
        id: &VolumeId,
    ) -> Result<SiteVolume, StepError> {
        let volumes = site.access.cloud.volumes();
        let volume = volume_in(site.access, run, id, &["available"]).await?;
        if volume.bootable != input.bootable {
            volumes.set_bootable(&run.context, id, input.bootable).await?;
        }
        if !input.image_metadata.is_empty() {
            volumes.set_image_metadata(&run.context, id, &input.image_metadata).await?;
        }
        let driver = site.array(&input.array)?;
        let found = driver.resolve(&run.context, std::slice::from_ref(id)).await?.pop().flatten();
        let found = found.ok_or_else(|| {
            let kind = input.volume.volume_type.as_deref().unwrap_or("the default");
            let message = format!(
                "volume {id} of type {kind} is not on array {} of {}: tests need a type of its backend \
                 (defaults.test_volume_type)",
                input.array, site.access.site
            );
            StepError::new(Code::ConfigurationInvalid, message)
        })?;
        Ok(SiteVolume {
            volume_id: id.clone(),
            array: input.array.clone(),
            array_volume_id: found.id,
            serial: found.serial,
            array_volume_name: found.name,
        })
    }
}

impl SiteStep for CreateTestVolume {
    const NAME: &'static str = "create_test_volume";
    const SYSTEM: &'static str = "cinder";
    type Input = CreateTestVolumeInput;
    type Output = SiteVolume;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<SiteVolume>, StepError> {
        let mut found = Self::find(site, run, input).await?;
        Ok(match (found.pop(), found.len()) {
            (None, _) => Seen::NotDone,
            (Some(volume), 0) if volume.status.starts_with("error") => {
                remove(site, run, &volume.id).await?;
                Seen::NotDone
            }
            (Some(volume), 0) => Seen::Done(Self::finish(site, run, input, &volume.id).await?),
            (Some(_), more) => Seen::Conflict(format!(
                "{} volumes of lineage {} were made for test {} at {}",
                more + 1,
                input.lineage,
                run.operation,
                site.access.site
            )),
        })
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<SiteVolume, StepError> {
        let mut volume = input.volume.clone();
        volume.metadata.extend(naming::test_markers(run.group, run.operation, input.lineage));
        let made = site.access.cloud.volumes().create(&run.context, &volume).await?;
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
            remove(site, run, &volume.id).await?;
        }
        Ok(())
    }
}

/// Deletes a volume as soon as nobody uses it.
async fn remove(site: Site<'_>, run: &StepRun, id: &VolumeId) -> Result<(), StepError> {
    let free = |volumes: &[Volume]| match volumes.iter().find(|volume| volume.id == *id) {
        None => ControlFlow::Break(None),
        Some(volume) if volume.status == "attaching" && volume.attachments.is_empty() => {
            ControlFlow::Break(Some(true))
        }
        Some(volume) if volume.status == "available" || volume.status.starts_with("error") => {
            ControlFlow::Break(Some(false))
        }
        Some(volume) if volume.status == "deleting" => ControlFlow::Break(Some(false)),
        Some(_) => ControlFlow::Continue(()),
    };
    let Some(reserved) = site.access.volumes.until(&run.context, free).await? else { return Ok(()) };
    let volumes = site.access.cloud.volumes();
    if reserved {
        volumes.unreserve(&run.context, id).await?;
    }
    volumes.delete(&run.context, id).await?;
    volume_gone(site.access, run, id).await
}

/// Deletes a volume that a test made, with what it holds.
#[derive(Debug)]
pub struct DeleteTestVolume;

/// See [`DeleteTestVolume`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteTestVolumeInput {
    /// The volume.
    pub volume_id: VolumeId,
    /// The operation whose marker it must have.
    pub test: OperationId,
    /// Whether that operation's journal says that it made the volume: then it goes without the marker, too.
    pub made: bool,
}

impl SiteStep for DeleteTestVolume {
    const NAME: &'static str = "delete_test_volume";
    const SYSTEM: &'static str = "cinder";
    type Input = DeleteTestVolumeInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        match site.access.cloud.volumes().get(&run.context, &input.volume_id).await {
            Err(error) if error.is_not_found() => return Ok(Nothing {}),
            Err(error) => return Err(error.into()),
            Ok(volume) if !input.made && !naming::is_of_test(&volume.metadata, input.test) => {
                return Err(StepError::not_of_test("volume", volume.id.as_str(), input.test));
            }
            Ok(_) => {}
        }
        remove(site, run, &input.volume_id).await?;
        Ok(Nothing {})
    }
}
