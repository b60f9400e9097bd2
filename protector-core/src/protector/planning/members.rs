use super::protect::{find_servers, joining};
use super::volumes_of;
use crate::domain::Action;
use crate::inventory::{Lineages, capture, read};
use crate::operations::{
    AddMemberFacts, Known, Planned, RemoveMemberFacts, plan_add_member, plan_remove_member,
};
use crate::protector::{Error, MembersRequest, Protector};
use futures::try_join;

impl Protector {
    pub(super) async fn plan_add_member(&self, request: &MembersRequest) -> Result<Planned, Error> {
        let group = self.idle_group(&request.group, Action::AddMember).await?;
        let source = self.access(&group.current_primary_site)?;
        let target = self.access(group.other_site(&group.current_primary_site))?;
        let (source_facts, target_facts) =
            try_join!(read(source, &self.context), read(target, &self.context))?;
        let (servers, unresolved) = find_servers(&source_facts, &request.servers);
        let lineages = Lineages::default();
        let captured =
            capture(source, &self.context, &source_facts, group.id, joining(group.id, servers), &lineages)
                .await?;
        let (source_arrays, target_arrays) = try_join!(
            self.arrays(&source.site, volumes_of(&captured), None),
            self.arrays(&target.site, Vec::new(), None)
        )?;
        Ok(plan_add_member(&AddMemberFacts {
            group: &group,
            source: Known { site: &source_facts, arrays: &source_arrays },
            target: Known { site: &target_facts, arrays: &target_arrays },
            captured: &captured,
            unresolved,
            groups: &self.groups().await?,
            attempt: self.attempts(group.id).await?,
            config: &self.config,
        })?)
    }

    pub(super) async fn plan_remove_member(&self, request: &MembersRequest) -> Result<Planned, Error> {
        let group = self.idle_group(&request.group, Action::RemoveMember).await?;
        let primary = self.access(&group.current_primary_site)?;
        let other = self.access(group.other_site(&group.current_primary_site))?;
        let (primary_facts, other_facts) =
            try_join!(read(primary, &self.context), read(other, &self.context))?;
        let (primary_arrays, other_arrays) = try_join!(
            self.arrays(&primary.site, Vec::new(), None),
            self.arrays(&other.site, Vec::new(), None)
        )?;
        Ok(plan_remove_member(&RemoveMemberFacts {
            group: &group,
            primary: Known { site: &primary_facts, arrays: &primary_arrays },
            other: Known { site: &other_facts, arrays: &other_arrays },
            servers: &request.servers,
        })?)
    }
}
