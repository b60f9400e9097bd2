use super::{Error, MembersRequest, Protector, Request, SetRequest};
use crate::config::{Defaults, GroupDocument, PolicyDocument};
use crate::domain::{Member, ProtectionGroup};
use crate::operations::{PolicyChange, ProtectRequest};
use std::time::Duration;

impl Protector {
    /// A group as a document, from which [`Self::changes`] would make the same.
    ///
    /// # Errors
    /// The stores cannot be read; there is no such group.
    pub async fn export(&self, group: &str) -> Result<GroupDocument, Error> {
        Ok(document(&self.group(group).await?))
    }

    /// What is to be done so that a group is what a document says, in order; nothing if it is. Each is an operation of its own,
    /// to be planned, looked at and applied before the next: planning one says all that it would do.
    ///
    /// # Errors
    /// The stores cannot be read; the group has another home than the document says.
    pub async fn changes(&self, document: &GroupDocument) -> Result<Vec<Request>, Error> {
        let groups = self.groups().await?;
        match groups.iter().find(|group| group.name == document.name) {
            None => Ok(beginning(document, &self.config.defaults)),
            Some(group) => changes(group, document),
        }
    }
}

fn document(group: &ProtectionGroup) -> GroupDocument {
    let mut document =
        GroupDocument::new(&group.name, group.primary_site.clone(), group.secondary_site.clone());
    let namesakes = |name: &str| group.members.values().filter(|member| member.name == name).count();
    document.servers = group
        .members
        .values()
        .map(|member| {
            let id = member.servers.get(&group.current_primary_site);
            match id.filter(|_| namesakes(&member.name) > 1) {
                Some(id) => id.to_string(),
                None => member.name.clone(),
            }
        })
        .collect();
    document.servers.sort();
    document.policy.replication_interval = Some(Duration::from_secs(group.replication_interval));
    document.policy.retention = Some(Duration::from_secs(group.retention));
    document.policy.rpo_minutes = Some(group.rpo_minutes);
    document
}

fn change(policy: &PolicyDocument) -> PolicyChange {
    let PolicyDocument { replication_interval, retention, rpo_minutes } = *policy;
    PolicyChange { replication_interval, retention, rpo_minutes }
}

fn beginning(document: &GroupDocument, defaults: &Defaults) -> Vec<Request> {
    let protect = Request::Protect(ProtectRequest {
        name: document.name.clone(),
        source: document.primary_site.clone(),
        target: document.secondary_site.clone(),
        servers: document.servers.clone(),
    });
    let policy = &document.policy;
    let differs = policy.replication_interval.is_some_and(|wanted| wanted != defaults.replication_interval)
        || policy.retention.is_some_and(|wanted| wanted != defaults.retention)
        || policy.rpo_minutes.is_some_and(|wanted| wanted != defaults.rpo_minutes);
    let set = differs.then(|| Request::Set(SetRequest::new(&document.name, change(policy))));
    [protect].into_iter().chain(set).collect()
}

fn changes(group: &ProtectionGroup, document: &GroupDocument) -> Result<Vec<Request>, Error> {
    if (&group.primary_site, &group.secondary_site) != (&document.primary_site, &document.secondary_site) {
        return Err(Error::HomeDiffers {
            group: group.name.clone(),
            home: group.primary_site.clone(),
            wanted: document.primary_site.clone(),
        });
    }
    let means = |wanted: &str, member: &Member| {
        member.name == wanted || member.servers.values().any(|server| server.as_str() == wanted)
    };
    let joins =
        document.servers.iter().filter(|wanted| !group.members.values().any(|member| means(wanted, member)));
    let joins: Vec<String> = joins.cloned().collect();
    let leaves =
        group.members.values().filter(|member| !document.servers.iter().any(|wanted| means(wanted, member)));
    let leaves: Vec<String> = leaves.map(|member| member.lineage.to_string()).collect();
    let change = change(&document.policy);
    let mut requests = Vec::new();
    // First those that join: a group is never without members.
    if !joins.is_empty() {
        requests.push(Request::AddMember(MembersRequest::new(&group.name, joins)));
    }
    if !leaves.is_empty() {
        requests.push(Request::RemoveMember(MembersRequest::new(&group.name, leaves)));
    }
    if change.of(group) != *group {
        requests.push(Request::Set(SetRequest::new(&group.name, change)));
    }
    Ok(requests)
}
