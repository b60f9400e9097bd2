use crate::domain::{Action, Finding, FindingCode, ProtectionGroup};
use crate::id::SiteName;
use crate::inventory::{ArrayFacts, FactScope, SiteAccess, SiteFacts, read, read_array};
use crate::operations::{Known, Planned, UnprotectFacts, plan_unprotect};
use crate::protector::{Error, Protector};
use futures::try_join;

impl Protector {
    pub(super) async fn plan_unprotect(
        &self,
        name: &str,
        without: Option<&SiteName>,
    ) -> Result<Planned, Error> {
        let group = self
            .idle_group(name, without.map_or(Action::Unprotect, |_| Action::UnprotectWithoutSite))
            .await?;
        let primary = self.access(&group.current_primary_site)?;
        let other = self.access(group.other_site(&group.current_primary_site))?;
        if let Some(without) = without
            && let Some(finding) = self.may_be_left_behind(&group, other, without).await
        {
            return Ok(Planned::refused(vec![finding], Vec::new()));
        }
        let known = async |access: &SiteAccess| self.known_for_unprotect(&group, access).await;
        let ((primary_facts, primary_arrays), other) = if without.is_some() {
            (known(primary).await?, None)
        } else {
            let (primary, other) = try_join!(known(primary), known(other))?;
            (primary, Some(other))
        };
        let facts = UnprotectFacts {
            group: &group,
            primary: Known { site: &primary_facts, arrays: &primary_arrays },
            other: other.as_ref().map(|(site, arrays)| Known { site, arrays }),
            made: &self.made(group.id).await?,
        };
        Ok(plan_unprotect(&facts)?)
    }

    async fn known_for_unprotect(
        &self,
        group: &ProtectionGroup,
        access: &SiteAccess,
    ) -> Result<(SiteFacts, ArrayFacts), Error> {
        let facts = Box::pin(read(access, &self.context)).await?;
        let here = group.consistency_groups.get(&access.site).cloned();
        Ok((facts, self.arrays(&access.site, Vec::new(), here).await?))
    }

    /// Why a site cannot be left behind: only one that the group can be without, and that does not answer, can.
    async fn may_be_left_behind(
        &self,
        group: &ProtectionGroup,
        other: &SiteAccess,
        without: &SiteName,
    ) -> Option<Finding> {
        let refuse = |code, message: &str, remedy: String| {
            Some(Finding::new(code, without, format!("group {}", group.name), message, remedy))
        };
        if *without != other.site {
            let remedy = format!("only {} can be left behind now", other.site);
            return refuse(
                FindingCode::StatusForbids,
                "the group runs there, or has nothing to do with it",
                remedy,
            );
        }
        let context = self.context.at_site(&other.site).within(super::PROBE_TIME);
        let here = group.consistency_groups.get(&other.site).cloned();
        let answers = async {
            let arrays = async {
                let scope = FactScope { volumes: Vec::new(), group: here };
                read_array(&other.arrays, &context, &scope).await.is_ok()
            };
            let (site, arrays) = futures::join!(self.answers(other), context.before_deadline(arrays));
            site && arrays.unwrap_or(false)
        };
        if answers.await {
            let remedy =
                "end the protection without leaving it behind: what the group has there is removed then";
            return refuse(FindingCode::SiteAnswers, "the site and its arrays answer", remedy.to_owned());
        }
        None
    }
}
