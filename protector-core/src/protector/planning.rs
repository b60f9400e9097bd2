mod members;
mod movement;
mod protect;
mod replication;
mod test;
mod unprotect;

use super::{Error, Protector, Request};
use crate::domain::{Action, OperationType, ProtectionGroup, possible, possible_without};
use crate::error::{Class, Coded};
use crate::id::{ArrayName, ConsistencyGroupId, GroupId, LineageId, SiteName, VolumeId};
use crate::inventory::{
    ArrayFacts, Captured, FactScope, Lineages, SiteAccess, SiteFacts, capture, read, read_array,
};
use crate::operations::{Known, Planned};
use futures::try_join;
use std::time::Duration;

/// How long a site is asked whether it still answers before a move goes on without it.
const PROBE_TIME: Duration = Duration::from_secs(3);

/// What is known of both sites of a group.
struct BothSites {
    source_site: SiteFacts,
    source_arrays: ArrayFacts,
    target_site: SiteFacts,
    target_arrays: ArrayFacts,
    captured: Vec<Captured>,
}

impl BothSites {
    fn source(&self) -> Known<'_> {
        Known { site: &self.source_site, arrays: &self.source_arrays }
    }

    fn target(&self) -> Known<'_> {
        Known { site: &self.target_site, arrays: &self.target_arrays }
    }
}

impl Protector {
    /// Plans an operation. Reads both sites, or for an unplanned move the other one only; touches nothing.
    ///
    /// # Errors
    /// A site, an array or a store cannot be read; the group's status forbids the operation. What refuses it is no
    /// error: it is in the answer.
    pub async fn plan(&self, request: &Request) -> Result<Planned, Error> {
        let planned = self.plan_as_asked(request).await;
        match planned {
            Err(error) => Err(self.with_what_is_possible(request, error).await),
            planned => planned,
        }
    }

    /// The same error, and what is possible without the site that cannot be asked, if that is what is wrong.
    async fn with_what_is_possible(&self, request: &Request, error: Error) -> Error {
        let silent = matches!(error.class(), Class::Transient | Class::Unknown);
        let (Some(action), true, Ok(group)) = (request.action(), silent, self.group(request.group()).await)
        else {
            return error;
        };
        match self.site_of(&error) {
            Some(site) if site == group.primary_site || site == group.secondary_site => Error::SiteNeeded {
                action,
                possible: possible_without(&group, &site),
                group: group.name,
                site,
                source: Box::new(error),
            },
            _ => error,
        }
    }

    /// The site that an error came from.
    fn site_of(&self, error: &Error) -> Option<SiteName> {
        let has = |array: &ArrayName| {
            let mut sites = self.world.sites.iter();
            sites.find_map(|(name, site)| site.arrays.contains_key(array).then(|| name.clone()))
        };
        match error {
            Error::OpenStack(error) => Some(error.site.clone()),
            Error::SiteSilent { site, .. } | Error::ArraySilent { site, .. } => Some(site.clone()),
            Error::Driver(error) => has(error.array()),
            _ => None,
        }
    }

    async fn plan_as_asked(&self, request: &Request) -> Result<Planned, Error> {
        match request {
            Request::Protect(request) => Box::pin(self.plan_protect(request)).await,
            Request::Failover(request) => Box::pin(self.plan_move(request, OperationType::Failover)).await,
            Request::Failback(request) => Box::pin(self.plan_move(request, OperationType::Failback)).await,
            Request::TestFailover(request) => Box::pin(self.plan_test_failover(request)).await,
            Request::TestCleanup { group } => Box::pin(self.plan_test_cleanup(group)).await,
            Request::Sync { group } => Box::pin(self.plan_sync(group)).await,
            Request::Reprotect { group } => Box::pin(self.plan_reprotect(group)).await,
            Request::Commit { group } => self.plan_commit(group).await,
            Request::Undo { group } => Box::pin(self.plan_undo(group)).await,
            Request::Set(request) => Box::pin(self.plan_set(request)).await,
            Request::AddMember(request) => Box::pin(self.plan_add_member(request)).await,
            Request::RemoveMember(request) => Box::pin(self.plan_remove_member(request)).await,
            Request::Unprotect { group, without_site } => {
                Box::pin(self.plan_unprotect(group, without_site.as_ref())).await
            }
        }
    }

    /// A group that no operation changes, if an action is possible with it as it is.
    async fn idle_group(&self, name: &str, action: Action) -> Result<ProtectionGroup, Error> {
        let group = self.group(name).await?;
        self.nothing_unfinished(&group.name, group.id).await?;
        allows(&group, action)?;
        Ok(group)
    }

    /// Both sites of a group, and its VMs as they are where it runs.
    async fn read_both(&self, group: &ProtectionGroup) -> Result<BothSites, Error> {
        let source = self.access(&group.current_primary_site)?;
        let target = self.access(group.other_site(&group.current_primary_site))?;
        let (source_site, target_site) = try_join!(read(source, &self.context), read(target, &self.context))?;
        let captured = self.read_members(group, source, &source_site).await?;
        let here = group.consistency_groups.get(&source.site).cloned();
        let (source_arrays, target_arrays) = try_join!(
            self.arrays(&source.site, volumes_of(&captured), here),
            self.arrays_of_twins(group, &target.site)
        )?;
        Ok(BothSites { source_site, source_arrays, target_site, target_arrays, captured })
    }

    /// The VMs as they are where the group runs; those that could not be made there, as they were captured last.
    async fn read_members(
        &self,
        group: &ProtectionGroup,
        source: &SiteAccess,
        facts: &SiteFacts,
    ) -> Result<Vec<Captured>, Error> {
        let lineages = lineages(group, &source.site);
        let (mut there, mut recorded) = (Vec::new(), Vec::new());
        for member in group.members.values() {
            match member.servers.get(&source.site).and_then(|id| facts.server(id)) {
                Some(server) => there.push((member.lineage, server)),
                None if member.absent.is_some() => recorded.extend(self.recorded(member.lineage).await?),
                None => {}
            }
        }
        let mut captured = capture(source, &self.context, facts, group.id, there, &lineages).await?;
        captured.extend(recorded);
        // In the order of the members.
        captured.sort_by_key(|captured| captured.definition.lineage);
        Ok(captured)
    }

    async fn arrays_of_twins(&self, group: &ProtectionGroup, site: &SiteName) -> Result<ArrayFacts, Error> {
        let twins = group.volumes().filter_map(|(_, volume)| volume.sites.get(site));
        let twins = twins.map(|volume| volume.volume_id.clone()).collect();
        self.arrays(site, twins, group.consistency_groups.get(site).cloned()).await
    }

    async fn arrays(
        &self,
        site: &SiteName,
        volumes: Vec<VolumeId>,
        group: Option<ConsistencyGroupId>,
    ) -> Result<ArrayFacts, Error> {
        let access = self.access(site)?;
        Ok(read_array(&access.arrays, &self.context.at_site(site), &FactScope { volumes, group }).await?)
    }

    /// Whether a site answers at all.
    async fn answers(&self, access: &SiteAccess) -> bool {
        let context = self.context.at_site(&access.site).within(PROBE_TIME);
        let asked = context.before_deadline(access.servers.look(&context)).await;
        matches!(asked, Ok(Ok(_)))
    }

    /// How many operations the group has had: names derived from it are used once.
    async fn attempts(&self, group: GroupId) -> Result<u64, Error> {
        Ok(self.recall(Some(group)).await?.len() as u64 + 1)
    }

    pub(super) async fn nothing_unfinished(&self, name: &str, group: GroupId) -> Result<(), Error> {
        for recalled in self.recall(Some(group)).await? {
            if recalled.state.end().is_none() {
                return Err(Error::Unfinished {
                    group: name.to_owned(),
                    operation: recalled.record.id,
                    kind: recalled.plan.operation_type,
                    status: recalled.state.status(),
                });
            }
        }
        Ok(())
    }
}

/// Whether an action is possible with a group as it is.
fn allows(group: &ProtectionGroup, action: Action) -> Result<(), Error> {
    let possible = match action {
        Action::UnprotectWithoutSite => {
            possible_without(group, group.other_site(&group.current_primary_site))
        }
        _ => possible(group),
    };
    if possible.contains(&action) {
        return Ok(());
    }
    Err(Error::StatusForbids {
        action,
        group: group.name.clone(),
        status: group.status,
        replication: group.replication,
        site: group.current_primary_site.clone(),
        possible,
    })
}

fn volumes_of(captured: &[Captured]) -> Vec<VolumeId> {
    let volumes = captured.iter().flat_map(|captured| &captured.definition.volumes);
    volumes.map(|volume| volume.volume_id.clone()).collect()
}

pub(super) fn lineages(group: &ProtectionGroup, site: &SiteName) -> Lineages {
    let ports = group.members.values().flat_map(|member| &member.ports);
    Lineages {
        volumes: group
            .volumes()
            .filter_map(|(_, volume)| Some((volume.sites.get(site)?.volume_id.clone(), volume.lineage)))
            .collect(),
        ports: ports
            .filter_map(|port| Some((port.sites.get(site)?.clone(), port.lineage)))
            .collect::<std::collections::BTreeMap<_, LineageId>>(),
    }
}
