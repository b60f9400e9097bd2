use super::{Error, Protector, Request};
use crate::domain::{Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup, naming};
use crate::id::{ConsistencyGroupId, GroupId, LineageId, SiteName, VolumeId};
use crate::inventory::{ArrayFacts, Captured, FactScope, Lineages, SiteFacts, capture, read, read_array};
use crate::openstack::compute::Server;
use crate::operations::{
    FailoverFacts, Known, Planned, ProtectFacts, ProtectRequest, UnprotectFacts, plan_failover, plan_protect,
    plan_unprotect,
};
use futures::try_join;

impl Protector {
    /// Plans an operation. Reads both sites; touches nothing.
    ///
    /// # Errors
    /// A site, an array or a store cannot be read; the group's status forbids the operation. What refuses it is no
    /// error: it is in the answer.
    pub async fn plan(&self, request: &Request) -> Result<Planned, Error> {
        match request {
            Request::Protect(request) => Box::pin(self.plan_protect(request)).await,
            Request::Failover { group } => Box::pin(self.plan_move(group, OperationType::Failover)).await,
            Request::Failback { group } => Box::pin(self.plan_move(group, OperationType::Failback)).await,
            Request::Unprotect { group } => Box::pin(self.plan_unprotect(group)).await,
        }
    }

    async fn plan_protect(&self, request: &ProtectRequest) -> Result<Planned, Error> {
        let groups = self.groups().await?;
        if let Some(group) = groups.iter().find(|group| group.name == request.name) {
            return Err(Error::GroupExists { name: group.name.clone(), status: group.status });
        }
        let (source, target) = (self.access(&request.source)?, self.access(&request.target)?);
        if request.source == request.target {
            let known = self.world.sites.keys().filter(|site| **site != request.source).cloned().collect();
            return Err(Error::SiteUnknown { name: request.target.clone(), known });
        }
        let (source_facts, target_facts) =
            try_join!(read(source, &self.context), read(target, &self.context))?;
        let group = naming::group_id(&source_facts.project, &request.name);
        self.nothing_unfinished(&request.name, group).await?;
        let (servers, unresolved) = find_servers(&source_facts, &request.servers);
        let mut captured = Vec::new();
        for server in servers {
            let member = naming::lineage_id(group, "server", server.id.as_str());
            let lineages = Lineages::default();
            captured
                .push(capture(source, &self.context, &source_facts, group, member, server, &lineages).await?);
        }
        let volumes = volumes_of(&captured);
        let (source_arrays, target_arrays) = try_join!(
            self.arrays(&request.source, volumes, None),
            self.arrays(&request.target, Vec::new(), None)
        )?;
        let facts = ProtectFacts {
            source: Known { site: &source_facts, arrays: &source_arrays },
            target: Known { site: &target_facts, arrays: &target_arrays },
            captured: &captured,
            unresolved,
            groups: &groups,
            attempt: self.attempts(group).await?,
            config: &self.config,
        };
        Ok(plan_protect(request, &facts)?)
    }

    async fn plan_move(&self, name: &str, operation: OperationType) -> Result<Planned, Error> {
        let group = self.group(name).await?;
        self.nothing_unfinished(&group.name, group.id).await?;
        let expected = match operation {
            OperationType::Failback => GroupStatus::FailedOver,
            _ => GroupStatus::Active,
        };
        if group.status != expected {
            return Err(forbidden(&group, operation));
        }
        let source = self.access(&group.current_primary_site)?;
        let target = self.access(group.other_site(&group.current_primary_site))?;
        let (source_facts, target_facts) =
            try_join!(read(source, &self.context), read(target, &self.context))?;
        let lineages = lineages(&group, &source.site);
        let mut captured = Vec::new();
        for member in group.members.values() {
            let server = member.servers.get(&source.site).and_then(|id| source_facts.server(id));
            if let Some(server) = server {
                let (context, lineage) = (&self.context, member.lineage);
                captured.push(
                    capture(source, context, &source_facts, group.id, lineage, server, &lineages).await?,
                );
            }
        }
        let twins = group.volumes().filter_map(|(_, volume)| volume.sites.get(&target.site));
        let twins = twins.map(|volume| volume.volume_id.clone()).collect();
        let (source_arrays, target_arrays) = try_join!(
            self.arrays(
                &source.site,
                volumes_of(&captured),
                group.consistency_groups.get(&source.site).cloned()
            ),
            self.arrays(&target.site, twins, group.consistency_groups.get(&target.site).cloned())
        )?;
        let facts = FailoverFacts {
            group: &group,
            source: Known { site: &source_facts, arrays: &source_arrays },
            target: Known { site: &target_facts, arrays: &target_arrays },
            captured: &captured,
            attempt: self.attempts(group.id).await?,
            config: &self.config,
        };
        Ok(plan_failover(&facts)?)
    }

    async fn plan_unprotect(&self, name: &str) -> Result<Planned, Error> {
        let group = self.group(name).await?;
        self.nothing_unfinished(&group.name, group.id).await?;
        if !matches!(group.status, GroupStatus::Active | GroupStatus::FailedOver | GroupStatus::Error) {
            return Err(forbidden(&group, OperationType::Unprotect));
        }
        let primary = self.access(&group.current_primary_site)?;
        let other = self.access(group.other_site(&group.current_primary_site))?;
        let (primary_facts, other_facts) =
            try_join!(read(primary, &self.context), read(other, &self.context))?;
        let (primary_arrays, other_arrays) = try_join!(
            self.arrays(&primary.site, Vec::new(), group.consistency_groups.get(&primary.site).cloned()),
            self.arrays(&other.site, Vec::new(), group.consistency_groups.get(&other.site).cloned())
        )?;
        let facts = UnprotectFacts {
            group: &group,
            primary: Known { site: &primary_facts, arrays: &primary_arrays },
            other: Known { site: &other_facts, arrays: &other_arrays },
            made: &self.made(group.id).await?,
        };
        Ok(plan_unprotect(&facts)?)
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

    /// How many operations the group has had: names derived from it are used once.
    async fn attempts(&self, group: GroupId) -> Result<u64, Error> {
        Ok(self.recall(Some(group)).await?.len() as u64 + 1)
    }

    async fn nothing_unfinished(&self, name: &str, group: GroupId) -> Result<(), Error> {
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

fn forbidden(group: &ProtectionGroup, operation: OperationType) -> Error {
    let legal = match group.status {
        GroupStatus::Active => "`failover` and `unprotect` are possible",
        GroupStatus::FailedOver => "`failback` and `unprotect` are possible",
        _ => "`resume` the operation that changes it",
    };
    Error::StatusForbids {
        operation,
        group: group.name.clone(),
        status: group.status,
        site: group.current_primary_site.clone(),
        legal: legal.to_owned(),
    }
}

fn volumes_of(captured: &[Captured]) -> Vec<VolumeId> {
    let volumes = captured.iter().flat_map(|captured| &captured.definition.volumes);
    volumes.map(|volume| volume.volume_id.clone()).collect()
}

fn lineages(group: &ProtectionGroup, site: &SiteName) -> Lineages {
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

/// The servers that are meant, and what is wrong with names that fit none or several.
fn find_servers<'a>(facts: &'a SiteFacts, wanted: &[String]) -> (Vec<&'a Server>, Vec<Finding>) {
    let (mut servers, mut findings): (Vec<&Server>, _) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let by_id = facts.servers.iter().filter(|server| server.id.as_str() == wanted);
        let mut found: Vec<&Server> = by_id.collect();
        if found.is_empty() {
            found = facts.servers.iter().filter(|server| server.name == *wanted).collect();
        }
        let (message, remedy) = match found.as_slice() {
            [server] => {
                if !servers.iter().any(|known| known.id == server.id) {
                    servers.push(server);
                }
                continue;
            }
            [] => ("there is no server of this name or id in the project", "check the name and the project"),
            _ => ("more than one server has this name", "use the server's id instead"),
        };
        let subject = format!("server {wanted}");
        findings.push(Finding::new(FindingCode::ServerMissing, &facts.site, subject, message, remedy));
    }
    (servers, findings)
}
