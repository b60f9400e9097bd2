use super::volumes_of;
use crate::domain::{Finding, FindingCode, naming};
use crate::id::{GroupId, LineageId};
use crate::inventory::{Lineages, SiteFacts, capture, read};
use crate::openstack::compute::Server;
use crate::operations::{Known, Planned, ProtectFacts, ProtectRequest, plan_protect};
use crate::protector::{Error, Protector};
use futures::try_join;

impl Protector {
    pub(super) async fn plan_protect(&self, request: &ProtectRequest) -> Result<Planned, Error> {
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
        let lineages = Lineages::default();
        let captured =
            capture(source, &self.context, &source_facts, group, joining(group, servers), &lineages).await?;
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
}

/// Servers that join a group, with the lineages that they get.
pub(super) fn joining(group: GroupId, servers: Vec<&Server>) -> impl Iterator<Item = (LineageId, &Server)> {
    servers.into_iter().map(move |server| (naming::lineage_id(group, "server", server.id.as_str()), server))
}

/// The servers that are meant, and what is wrong with names that fit none or several.
pub(super) fn find_servers<'a>(facts: &'a SiteFacts, wanted: &[String]) -> (Vec<&'a Server>, Vec<Finding>) {
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
