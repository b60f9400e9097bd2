use super::Nothing;
use super::materialize::Held;
use crate::driver::GroupOrigin;
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, ArrayVolumeId};
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Makes a test's volume hold a member of a recovery point. It held nothing before, so that nothing is kept of it, and
/// nothing is undone but by the end of the volume.
#[derive(Debug)]
pub struct FillTestVolume;

/// See [`FillTestVolume`].
#[derive(Debug, Serialize, Deserialize)]
pub struct FillTestVolumeInput {
    /// The array.
    pub array: ArrayName,
    /// Where the point comes from.
    pub origin: GroupOrigin,
    /// The point's name.
    pub point: String,
    /// The volume's name on the source array when the point was made.
    pub member: String,
    /// The volume that is filled.
    pub volume: ArrayVolumeId,
}

impl FillTestVolumeInput {
    fn held(&self) -> Held<'_> {
        Held { array: &self.array, origin: &self.origin, point: &self.point, volume: &self.volume }
    }
}

impl SiteStep for FillTestVolume {
    const NAME: &'static str = "fill_test_volume";
    const SYSTEM: &'static str = "storage";
    type Input = FillTestVolumeInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        input.held().observe(site, run).await
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let driver = site.array(&input.array)?;
        driver.materialize(&run.context, &input.origin, &input.point, &input.member, &input.volume).await?;
        Ok(Nothing {})
    }

    async fn verify(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: &Nothing,
    ) -> Result<(), StepError> {
        input.held().verify(site, run).await
    }
}
