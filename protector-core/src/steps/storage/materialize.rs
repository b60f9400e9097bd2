use super::Nothing;
use crate::driver::{Content, GroupOrigin};
use crate::engine::{StepError, StepRun};
use crate::id::{ArrayName, ArrayVolumeId};
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Keeps what the site's volumes hold before they are overwritten.
#[derive(Debug)]
pub struct SafetySnapshot;

/// See [`SafetySnapshot`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SafetySnapshotInput {
    /// The array.
    pub array: ArrayName,
    /// The group there.
    pub group: String,
    /// The snapshot's name.
    pub name: String,
}

impl SiteStep for SafetySnapshot {
    const NAME: &'static str = "safety_snapshot";
    const SYSTEM: &'static str = "storage";
    type Input = SafetySnapshotInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let driver = site.array(&input.array)?;
        let there = driver.has_safety_snapshot(&run.context, &input.group, &input.name).await?;
        Ok(if there { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.array(&input.array)?.take_safety_snapshot(&run.context, &input.group, &input.name).await?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        Ok(site.array(&input.array)?.discard_point(&run.context, &input.group, &input.name).await?)
    }
}

/// Overwrites one of the site's volumes with a member of a recovery point.
#[derive(Debug)]
pub struct Materialize;

/// See [`Materialize`].
#[derive(Debug, Serialize, Deserialize)]
pub struct MaterializeInput {
    /// The array.
    pub array: ArrayName,
    /// Where the point comes from.
    pub origin: GroupOrigin,
    /// The point's name.
    pub point: String,
    /// The volume's name on the source array when the point was made.
    pub member: String,
    /// The volume that is overwritten.
    pub volume: ArrayVolumeId,
    /// The group whose safety snapshot keeps what it held.
    pub group: String,
    /// The safety snapshot.
    pub safety_snapshot: String,
}

impl Materialize {
    async fn holds_it(site: Site<'_>, run: &StepRun, input: &MaterializeInput) -> Result<bool, StepError> {
        let content = site.array(&input.array)?.content(&run.context, &input.volume).await?;
        let wanted = Content { origin: input.origin.clone(), point: input.point.clone() };
        Ok(content.as_ref() == Some(&wanted))
    }
}

impl SiteStep for Materialize {
    const NAME: &'static str = "storage_promo";
    const SYSTEM: &'static str = "storage";
    type Input = MaterializeInput;
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

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        let driver = site.array(&input.array)?;
        Ok(driver.restore(&run.context, &input.group, &input.safety_snapshot, &input.volume).await?)
    }
}
