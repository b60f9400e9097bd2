use super::movement::choose;
use crate::domain::Action;
use crate::inventory::read;
use crate::operations::{
    Planned, TestCleanupFacts, TestFailoverFacts, plan_test_cleanup, plan_test_failover,
};
use crate::protector::{Error, Protector, TestRequest};
use futures::try_join;

impl Protector {
    /// Asks nothing of the site where the group runs.
    pub(super) async fn plan_test_failover(&self, request: &TestRequest) -> Result<Planned, Error> {
        let group = self.idle_group(&request.group, Action::TestFailover).await?;
        let access = self.access(group.other_site(&group.current_primary_site))?;
        let (site, points, captured) = try_join!(
            async { Ok(Box::pin(read(access, &self.context)).await?) },
            self.points(&group),
            self.recorded_members(&group),
        )?;
        let point = match choose(&group, &access.site, &points, request.point.as_deref()) {
            Ok(point) => point,
            Err(finding) => return Ok(Planned::refused(vec![*finding], Vec::new())),
        };
        Ok(plan_test_failover(&TestFailoverFacts {
            group: &group,
            site: &site,
            captured: &captured,
            point,
            time_to_live: request.time_to_live.unwrap_or(self.config.defaults.test_time_to_live),
            config: &self.config,
        })?)
    }

    /// Asks nothing of the site where the group runs.
    pub(super) async fn plan_test_cleanup(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::TestCleanup).await?;
        let other = group.other_site(&group.current_primary_site);
        let access = self.access(group.test.as_ref().map_or(other, |test| &test.site))?;
        let site = Box::pin(read(access, &self.context)).await?;
        let made = self.made(group.id).await?;
        Ok(plan_test_cleanup(&TestCleanupFacts { group: &group, site: &site, made: &made })?)
    }
}
