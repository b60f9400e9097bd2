use crate::domain::Action;
use crate::id::SiteName;
use crate::inventory::read;
use crate::operations::{
    Known, Planned, ReprotectFacts, SetPolicyFacts, SyncFacts, plan_commit, plan_reprotect, plan_set_policy,
    plan_sync,
};
use crate::protector::{Error, Protector, SetRequest};
use std::collections::BTreeSet;

impl Protector {
    pub(super) async fn plan_sync(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::Sync).await?;
        let both = Box::pin(self.read_both(&group)).await?;
        Ok(plan_sync(&SyncFacts {
            group: &group,
            source: both.source(),
            target: both.target(),
            captured: &both.captured,
            mappings: &self.config.mappings,
            attempt: self.attempts(group.id).await?,
        })?)
    }

    pub(super) async fn plan_reprotect(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::Reprotect).await?;
        let both = Box::pin(self.read_both(&group)).await?;
        Ok(plan_reprotect(&ReprotectFacts {
            group: &group,
            source: both.source(),
            target: both.target(),
            captured: &both.captured,
            attempt: self.attempts(group.id).await?,
        })?)
    }

    pub(super) async fn plan_set(&self, request: &SetRequest) -> Result<Planned, Error> {
        let group = self.idle_group(&request.group, Action::Set).await?;
        let source = self.access(&group.current_primary_site)?;
        let facts = Box::pin(read(source, &self.context)).await?;
        let consistency_group = group.consistency_groups.get(&source.site).cloned();
        let arrays = self.arrays(&source.site, Vec::new(), consistency_group).await?;
        Ok(plan_set_policy(&SetPolicyFacts {
            group: &group,
            source: Known { site: &facts, arrays: &arrays },
            change: request.change,
        })?)
    }

    pub(super) async fn plan_commit(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::Commit).await?;
        let kept = group.uncommitted.iter().flat_map(|uncommitted| &uncommitted.safety_snapshots);
        let sites = kept.map(|snapshot| &snapshot.site).chain([&group.current_primary_site]);
        let sites: BTreeSet<&SiteName> = sites.collect();
        // Arrays that do not answer are told now, not by an operation that waits for them. While it is not known whether the
        // data where the group runs is still there, no copy of it is let go.
        for site in sites {
            self.arrays(site, Vec::new(), group.consistency_groups.get(site).cloned()).await?;
        }
        Ok(plan_commit(&group)?)
    }
}
