use super::{Nothing, look_again};
use crate::driver::{GroupOrigin, RecoveryPoint};
use crate::engine::{StepError, StepRun};
use crate::id::ArrayName;
use crate::steps::{Seen, Site, SiteStep};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Makes a point of the group and starts its transfer.
#[derive(Debug)]
pub struct ReplicateNow;

/// See [`ReplicateNow`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplicateNowInput {
    /// The array that the group replicates from.
    pub array: ArrayName,
    /// The group's name there.
    pub group: String,
    /// The point's name.
    pub point: String,
}

impl SiteStep for ReplicateNow {
    const NAME: &'static str = "replicate_now";
    const SYSTEM: &'static str = "storage";
    type Input = ReplicateNowInput;
    type Output = Nothing;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<Nothing>, StepError> {
        let driver = site.array(&input.array)?;
        let point = driver.source_point(&run.context, &input.group, &input.point).await?;
        Ok(if point.is_some() { Seen::Done(Nothing {}) } else { Seen::NotDone })
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.array(&input.array)?.replicate_now(&run.context, &input.group, &input.point).await?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        Ok(site.array(&input.array)?.discard_point(&run.context, &input.group, &input.point).await?)
    }
}

/// Keeps a point's content usable though the array's own retention may remove the point.
#[derive(Debug)]
pub struct HoldPoint;

/// Lets go of a point that was held.
#[derive(Debug)]
pub struct ReleasePoint;

/// See [`HoldPoint`] and [`ReleasePoint`].
#[derive(Debug, Serialize, Deserialize)]
pub struct HoldPointInput {
    /// The array that the point has come to.
    pub array: ArrayName,
    /// Where it came from.
    pub origin: GroupOrigin,
    /// Its name.
    pub point: String,
}

impl SiteStep for HoldPoint {
    const NAME: &'static str = "hold_point";
    const SYSTEM: &'static str = "storage";
    type Input = HoldPointInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        // Held twice is as good as once.
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.array(&input.array)?.hold_point(&run.context, &input.origin, &input.point).await?;
        Ok(Nothing {})
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&Nothing>,
    ) -> Result<(), StepError> {
        Ok(site.array(&input.array)?.release_point(&run.context, &input.origin, &input.point).await?)
    }
}

impl SiteStep for ReleasePoint {
    const NAME: &'static str = "release_point";
    const SYSTEM: &'static str = "storage";
    type Input = HoldPointInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.array(&input.array)?.release_point(&run.context, &input.origin, &input.point).await?;
        Ok(Nothing {})
    }
}

/// Waits until a point has wholly arrived.
#[derive(Debug)]
pub struct AwaitPoint;

/// See [`AwaitPoint`].
#[derive(Debug, Serialize, Deserialize)]
pub struct AwaitPointInput {
    /// The array that it comes to.
    pub array: ArrayName,
    /// Where it comes from.
    pub origin: GroupOrigin,
    /// The point's name.
    pub point: String,
    /// The names that its volumes have on the source array.
    pub members: Vec<String>,
}

/// A point that has arrived.
#[derive(Debug, Serialize, Deserialize)]
pub struct PointArrived {
    /// The moment that it holds.
    pub created: Timestamp,
    /// When it had arrived.
    pub completed: Timestamp,
    /// Bytes that were transferred for it, as far as the array tells.
    pub bytes_transferred: Option<u64>,
}

impl AwaitPoint {
    async fn find(
        site: Site<'_>,
        run: &StepRun,
        input: &AwaitPointInput,
    ) -> Result<Option<PointArrived>, StepError> {
        let driver = site.array(&input.array)?;
        let points = driver.recovery_points(&run.context, &input.origin).await?;
        let point = points.into_iter().find(|point| point.name == input.point);
        let Some(RecoveryPoint { created, completed: Some(completed), bytes_transferred, members, .. }) =
            point
        else {
            return Ok(None);
        };
        let missing: Vec<&str> = input
            .members
            .iter()
            .filter(|name| !members.iter().any(|member| member.name == **name))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "recovery point {} of group {} is complete on array {} but lacks {}",
                input.point,
                input.origin.group,
                input.array,
                missing.join(", ")
            );
            return Err(StepError::conflict(message));
        }
        let utc = |time| Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(Some(PointArrived { created: utc(created), completed: utc(completed), bytes_transferred }))
    }
}

impl SiteStep for AwaitPoint {
    const NAME: &'static str = "await_point";
    const SYSTEM: &'static str = "storage";
    type Input = AwaitPointInput;
    type Output = PointArrived;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<PointArrived>, StepError> {
        Ok(Self::find(site, run, input).await?.map_or(Seen::NotDone, Seen::Done))
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<PointArrived, StepError> {
        loop {
            if let Some(arrived) = Self::find(site, run, input).await? {
                return Ok(arrived);
            }
            let waited = || format!("wait for recovery point {} on array {}", input.point, input.array);
            look_again(run, waited).await?;
        }
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        _: Option<&PointArrived>,
    ) -> Result<(), StepError> {
        let driver = site.array(&input.array)?;
        Ok(driver.discard_replica(&run.context, &input.origin, &input.point).await?)
    }
}
