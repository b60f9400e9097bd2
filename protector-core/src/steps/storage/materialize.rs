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

/// A volume, and the point that it has to hold.
pub(super) struct Held<'a> {
    pub(super) array: &'a ArrayName,
    pub(super) origin: &'a GroupOrigin,
    pub(super) point: &'a str,
    pub(super) volume: &'a ArrayVolumeId,
}

impl Held<'_> {
    pub(super) async fn is_there(&self, site: Site<'_>, run: &StepRun) -> Result<bool, StepError> {
        let content = site.array(self.array)?.content(&run.context, self.volume).await?;
        let wanted = Content { origin: self.origin.clone(), point: self.point.to_owned() };
        Ok(content.as_ref() == Some(&wanted))
    }

    pub(super) async fn observe(&self, site: Site<'_>, run: &StepRun) -> Result<Seen<Nothing>, StepError> {
        Ok(if self.is_there(site, run).await? { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    pub(super) async fn verify(&self, site: Site<'_>, run: &StepRun) -> Result<(), StepError> {
        if self.is_there(site, run).await? {
            return Ok(());
        }
        let Self { array, point, volume, .. } = self;
        Err(StepError::conflict(format!(
            "volume {volume} on array {array} does not hold recovery point {point}"
        )))
    }
}

impl MaterializeInput {
    fn held(&self) -> Held<'_> {
        Held { array: &self.array, origin: &self.origin, point: &self.point, volume: &self.volume }
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
