use crate::domain::Action;
use crate::operations::{Planned, ReprotectFacts, SyncFacts, plan_commit, plan_reprotect, plan_sync};
use crate::protector::{Error, Protector};

impl Protector {
    pub(super) async fn plan_sync(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::Sync).await?;
        let both = Box::pin(self.read_both(&group)).await?;
        Ok(plan_sync(&SyncFacts {
            group: &group,
            source: both.source(),
            target: both.target(),
            captured: &both.captured,
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

    pub(super) async fn plan_commit(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::Commit).await?;
        Ok(plan_commit(&group)?)
    }
}
