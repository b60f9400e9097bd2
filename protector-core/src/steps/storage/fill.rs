use super::Nothing;
use crate::driver::{Content, GroupOrigin};
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

impl FillTestVolume {
    async fn holds_it(site: Site<'_>, run: &StepRun, input: &FillTestVolumeInput) -> Result<bool, StepError> {
        let content = site.array(&input.array)?.content(&run.context, &input.volume).await?;
        let wanted = Content { origin: input.origin.clone(), point: input.point.clone() };
        Ok(content.as_ref() == Some(&wanted))
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
        Ok(if Self::holds_it(site, run, input).await? { Seen::Done(Nothing {}) } else { Seen::NotDone })
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
        if Self::holds_it(site, run, input).await? {
            return Ok(());
        }
        let (volume, array, point) = (&input.volume, &input.array, &input.point);
        Err(StepError::conflict(format!(
            "volume {volume} on array {array} does not hold recovery point {point}"
        )))
    }
}
