use super::movement::choose;
use crate::domain::{Action, ProtectionGroup};
use crate::inventory::{SiteAccess, SiteFacts, read, read_floating_ips, read_ways_out};
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
        let ways_out = async {
            if request.floating_ips {
                Ok(Some(read_ways_out(access, &self.context).await?))
            } else {
                Ok(None)
            }
        };
        let (mut site, points, captured, ways_out) = try_join!(
            async { Ok(Box::pin(read(access, &self.context)).await?) },
            self.points(&group),
            self.recorded_members(&group),
            ways_out,
        )?;
        self.look_for_images(access, &mut site).await;
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
            ways_out: ways_out.as_ref(),
            config: &self.config,
        })?)
    }

    /// Asks nothing of the site where the group runs.
    pub(super) async fn plan_test_cleanup(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::TestCleanup).await?;
        let other = group.other_site(&group.current_primary_site);
        let access = self.access(group.test.as_ref().map_or(other, |test| &test.site))?;
        let mut site = Box::pin(read(access, &self.context)).await?;
        self.read_test(&group, access, &mut site).await?;
        let made = self.made(group.id).await?;
        Ok(plan_test_cleanup(&TestCleanupFacts { group: &group, site: &site, made: &made })?)
    }

    /// What there may be of a group's test at a site besides what is read of each site.
    pub(super) async fn read_test(
        &self,
        group: &ProtectionGroup,
        access: &SiteAccess,
        site: &mut SiteFacts,
    ) -> Result<(), Error> {
        let test = group.test.as_ref().filter(|test| test.site == access.site);
        if test.is_some_and(|test| test.floating_ips) {
            site.floating_ips = read_floating_ips(access, &self.context).await?;
        }
        Ok(())
    }
}
