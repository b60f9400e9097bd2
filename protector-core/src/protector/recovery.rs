use super::{Error, Protector};
use crate::domain::{
    Eligibility, ProtectionGroup, RecoveryPoint, ReplicationSchedule, RpoFacts, RpoReport, judge, rpo,
};
use crate::driver::StorageDriver;
use crate::error::chain;
use crate::id::SiteName;
use crate::inventory::{read_points, read_schedule};
use crate::transport::Stopped;
use futures::future::join_all;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// How long one array may take to tell of one group.
const LOOK_TIME: Duration = Duration::from_secs(10);

/// A recovery point, and whether its group may be brought up from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecoveryPointView {
    /// The point.
    #[serde(flatten)]
    pub point: RecoveryPoint,
    /// The bytes of its volumes together; `None` while they are not known.
    pub size: Option<u64>,
    /// Whether the group may be brought up from it.
    pub eligibility: Eligibility,
}

impl Protector {
    /// The points that have come of a group to the site where it does not run, newest first. Asks the array there and
    /// nothing of the site where the group runs.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such group; the array could not be asked.
    pub async fn recovery_points(&self, group: &str) -> Result<Vec<RecoveryPointView>, Error> {
        let group = self.group(group).await?;
        let mut points = self.points(&group).await?;
        points.sort_by(|one, other| (other.created, &other.name).cmp(&(one.created, &one.name)));
        let judged = points.into_iter().map(|point| RecoveryPointView {
            size: point.size(),
            eligibility: judge(&point, &group),
            point,
        });
        Ok(judged.collect())
    }

    /// The state of the recovery point objective of a group, or of all. Works with the site dead where a group runs; each
    /// array has ten seconds.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such group. An array that does not answer is no error: it is in the report.
    pub async fn rpo(&self, group: Option<&str>) -> Result<Vec<RpoReport>, Error> {
        let groups = match group {
            Some(name) => vec![self.group(name).await?],
            None => self.groups().await?,
        };
        Ok(join_all(groups.iter().map(|group| self.state_of_objective(group))).await)
    }

    async fn state_of_objective(&self, group: &ProtectionGroup) -> RpoReport {
        let source = &group.current_primary_site;
        let (points, schedule, reverse) = futures::join!(
            self.points(group),
            self.schedule(group, source),
            self.schedule(group, group.other_site(source))
        );
        rpo(&RpoFacts {
            group,
            now: self.context.clock().now(),
            points: points.map_err(|error| chain(&error)),
            schedule: schedule.map_err(|error| chain(&error)),
            reverse: reverse.map_err(|error| chain(&error)),
        })
    }

    /// The points of a group where it does not run, in the array's order.
    pub(super) async fn points(&self, group: &ProtectionGroup) -> Result<Vec<RecoveryPoint>, Error> {
        let source = &group.current_primary_site;
        let target = group.other_site(source);
        let (Some(origin), Some(_)) = (group.storage_groups.get(source), group.storage_groups.get(target))
        else {
            return Ok(Vec::new());
        };
        let driver = self.array_of(group, target)?;
        let context = self.context.at_site(target).within(LOOK_TIME);
        let read = context.before_deadline(read_points(&*driver, &context, origin)).await;
        Ok(read.map_err(|stopped| silent(&driver, target, stopped))??)
    }

    async fn schedule(
        &self,
        group: &ProtectionGroup,
        site: &SiteName,
    ) -> Result<Option<ReplicationSchedule>, Error> {
        let known = (group.consistency_groups.get(site), group.storage_groups.get(site));
        let (Some(id), Some(_)) = known else { return Ok(None) };
        let driver = self.array_of(group, site)?;
        let context = self.context.at_site(site).within(LOOK_TIME);
        let read = context.before_deadline(read_schedule(&*driver, &context, id)).await;
        Ok(read.map_err(|stopped| silent(&driver, site, stopped))??)
    }

    fn array_of(&self, group: &ProtectionGroup, site: &SiteName) -> Result<Arc<dyn StorageDriver>, Error> {
        let access = self.access(site)?;
        let name = group.storage_groups.get(site).map(|reference| &reference.array);
        let driver = name.and_then(|name| access.array(name));
        driver.cloned().ok_or_else(|| Error::ArrayUnknown {
            array: name.map(ToString::to_string).unwrap_or_default(),
            site: site.clone(),
            group: group.name.clone(),
            known: access.arrays.keys().cloned().collect(),
        })
    }
}

fn silent(driver: &Arc<dyn StorageDriver>, site: &SiteName, source: Stopped) -> Error {
    Error::ArraySilent { array: driver.array().clone(), site: site.clone(), waited: LOOK_TIME, source }
}
