use super::Nothing;
use crate::driver::GroupOrigin;
use crate::engine::{StepError, StepRun};
use crate::id::ArrayName;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Discards a point or safety snapshot of one of the site's groups, recoverably.
#[derive(Debug)]
pub struct DiscardPoint;

/// See [`DiscardPoint`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DiscardPointInput {
    /// The array.
    pub array: ArrayName,
    /// The group there.
    pub group: String,
    /// The names of the points.
    pub points: Vec<String>,
}

impl SiteStep for DiscardPoint {
    const NAME: &'static str = "discard_points";
    const SYSTEM: &'static str = "storage";
    type Input = DiscardPointInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let driver = site.array(&input.array)?;
        for point in &input.points {
            driver.discard_point(&run.context, &input.group, point).await?;
        }
        Ok(Nothing {})
    }
}

/// Discards points that came from a peer's group, recoverably.
#[derive(Debug)]
pub struct DiscardReplica;

/// See [`DiscardReplica`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DiscardReplicaInput {
    /// The array.
    pub array: ArrayName,
    /// Where the points came from.
    pub origin: GroupOrigin,
    /// The names of the points.
    pub points: Vec<String>,
}

impl SiteStep for DiscardReplica {
    const NAME: &'static str = "discard_replicas";
    const SYSTEM: &'static str = "storage";
    type Input = DiscardReplicaInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        let driver = site.array(&input.array)?;
        for point in &input.points {
            driver.discard_replica(&run.context, &input.origin, point).await?;
        }
        Ok(Nothing {})
    }
}
