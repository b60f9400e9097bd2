use super::volume_in;
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, VolumeId};
use crate::openstack::block_storage::{GIB, Volume};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Makes a twin as large as its original has become, before the original's content is written to it. Cinder makes nothing
/// smaller: what was extended stays so.
#[derive(Debug)]
pub struct ExtendTwin;

/// See [`ExtendTwin`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ExtendTwinInput {
    /// The twin.
    pub volume_id: VolumeId,
    /// Its array.
    pub array: ArrayName,
    /// GiB.
    pub size: u64,
    /// Whether it is reserved against accidents while no server uses it.
    pub reserved: bool,
}

impl ExtendTwin {
    // cinder/volume/api.py (_extend), 2026.2: `available`, or `in-use` from 3.42 on, and nothing else
    async fn extend(
        site: Site<'_>,
        run: &StepRun,
        input: &ExtendTwinInput,
        found: Volume,
    ) -> Result<Volume, StepError> {
        let volumes = site.access.cloud.volumes();
        let id = &input.volume_id;
        if found.status == "attaching" {
            volumes.unreserve(&run.context, id).await?;
            volume_in(site.access, run, id, &["available"]).await?;
        }
        volumes.extend(&run.context, id, input.size).await?;
        let extended = volume_in(site.access, run, id, &["available", "in-use"]).await?;
        if extended.size < input.size {
            return Err(StepError::conflict(format!(
                "volume {id} has {} GiB at {} after it was extended to {} GiB",
                extended.size, site.access.site, input.size
            )));
        }
        Ok(extended)
    }

    async fn reserve(site: Site<'_>, run: &StepRun, input: &ExtendTwinInput) -> Result<(), StepError> {
        site.access.cloud.volumes().reserve(&run.context, &input.volume_id).await?;
        volume_in(site.access, run, &input.volume_id, &["attaching"]).await?;
        Ok(())
    }
}

impl SiteStep for ExtendTwin {
    const NAME: &'static str = "extend_twin";
    const SYSTEM: &'static str = "cinder";
    type Input = ExtendTwinInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let volume = site.access.cloud.volumes().get(&run.context, &input.volume_id).await?;
        let settled = match volume.status.as_str() {
            "available" => !input.reserved,
            status => matches!(status, "attaching" | "in-use"),
        };
        Ok(if settled && volume.size >= input.size { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        // An extension that is under way is waited for.
        let usable = ["available", "attaching", "in-use"];
        let mut volume = volume_in(site.access, run, &input.volume_id, &usable).await?;
        if volume.size < input.size {
            volume = Self::extend(site, run, input, volume).await?;
        }
        if input.reserved && volume.status == "available" {
            Self::reserve(site, run, input).await?;
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
        let driver = site.array(&input.array)?;
        let id = &input.volume_id;
        let found = driver.resolve(&run.context, std::slice::from_ref(id)).await?.pop().flatten();
        let bytes = found.map(|volume| volume.size);
        if bytes.is_some_and(|bytes| bytes >= input.size.saturating_mul(GIB)) {
            return Ok(());
        }
        Err(StepError::conflict(format!(
            "Cinder says that volume {id} has {} GiB at {}, but on array {} it has {} bytes",
            input.size,
            site.access.site,
            input.array,
            bytes.unwrap_or_default()
        )))
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        let usable = ["available", "attaching", "in-use", "error_extending"];
        let volume = volume_in(site.access, run, &input.volume_id, &usable).await?;
        if input.reserved && volume.status == "available" {
            Self::reserve(site, run, input).await?;
        }
        Ok(())
    }
}
