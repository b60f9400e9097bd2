use super::Nothing;
use crate::driver::{Error, GroupOrigin};
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, ArrayVolumeId};
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Discards a point or safety snapshot of a group of the site's array, recoverably.
#[derive(Debug)]
pub struct DiscardPoint;

/// See [`DiscardPoint`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DiscardPointInput {
    /// The array.
    pub array: ArrayName,
    /// The group there.
    pub group: String,
    /// The point or snapshot.
    pub point: String,
}

impl SiteStep for DiscardPoint {
    const NAME: &'static str = "discard_point";
    const SYSTEM: &'static str = "storage";
    type Input = DiscardPointInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.array(&input.array)?.discard_point(&run.context, &input.group, &input.point).await?;
        Ok(Nothing {})
    }
}

/// Discards what is left of a peer's group on the site's array, recoverably: its points, and the group as it is seen
/// here.
#[derive(Debug)]
pub struct DiscardOrigin;

/// See [`DiscardOrigin`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DiscardOriginInput {
    /// The array.
    pub array: ArrayName,
    /// The group.
    pub origin: GroupOrigin,
}

impl SiteStep for DiscardOrigin {
    const NAME: &'static str = "discard_origin";
    const SYSTEM: &'static str = "storage";
    type Input = DiscardOriginInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let driver = site.array(&input.array)?;
        let points = match driver.recovery_points(&run.context, &input.origin).await {
            // The array forgets a group without points when its source goes.
            Err(Error::NotFound { .. }) => Vec::new(),
            points => points?,
        };
        for point in points {
            driver.discard_replica(&run.context, &input.origin, &point.name).await?;
        }
        driver.discard_origin(&run.context, &input.origin).await?;
        Ok(Nothing {})
    }
}

/// Removes the marks of volumes that are protector's affair no longer.
#[derive(Debug)]
pub struct ForgetMarks;

/// See [`ForgetMarks`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetMarksInput {
    /// The array.
    pub array: ArrayName,
    /// The volumes.
    pub volumes: Vec<ArrayVolumeId>,
}

impl SiteStep for ForgetMarks {
    const NAME: &'static str = "forget_marks";
    const SYSTEM: &'static str = "storage";
    type Input = ForgetMarksInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.array(&input.array)?.forget_marks(&run.context, &input.volumes).await?;
        Ok(Nothing {})
    }
}
