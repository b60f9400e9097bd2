use super::{Error, Protector};
use crate::domain::{Finding, FindingCode, KnownBefore, Member, ProtectionGroup, drift};
use crate::id::LineageId;
use crate::inventory::{SiteAccess, capture, read};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the other site is asked for the sizes of twins.
const LOOK_TIME: Duration = Duration::from_secs(10);

impl Protector {
    /// What has become of a group's VMs since they were captured: resized, disks attached or extended, ports changed. Each with
    /// what to do. Reads the site where the group runs; the other one may be dead, then nothing is said of its twins.
    ///
    /// # Errors
    /// The stores or the site cannot be read; there is no such group.
    pub async fn drift(&self, group: &str) -> Result<Vec<Finding>, Error> {
        let group = self.group(group).await?;
        let source = self.access(&group.current_primary_site)?;
        let target = self.access(group.other_site(&group.current_primary_site))?;
        let facts = Box::pin(read(source, &self.context)).await?;
        let sizes = self.volume_sizes(target).await;
        let lineages = super::planning::lineages(&group, &source.site);
        let (mut findings, mut there) = (Vec::new(), Vec::new());
        for member in group.members.values() {
            match member.servers.get(&source.site).and_then(|id| facts.server(id)) {
                Some(server) => there.push((member, server)),
                None => findings.extend(gone(&group, member)),
            }
        }
        let servers = there.iter().map(|(member, server)| (member.lineage, *server));
        let now = capture(source, &self.context, &facts, group.id, servers, &lineages).await?;
        for ((member, _), now) in there.iter().zip(now) {
            let captured = self.records().definition(member.lineage).await?;
            let twins: BTreeMap<LineageId, u64> = member
                .volumes
                .iter()
                .filter_map(|volume| {
                    let twin = volume.sites.get(&target.site)?;
                    Some((volume.lineage, *sizes.get(twin.volume_id.as_str())?))
                })
                .collect();
            let known = KnownBefore { member, captured: captured.as_ref(), twins: &twins };
            findings.extend(drift(known, &now.definition));
        }
        Ok(findings)
    }

    async fn volume_sizes(&self, target: &SiteAccess) -> BTreeMap<String, u64> {
        let context = self.context.at_site(&target.site).within(LOOK_TIME);
        let looked = context.before_deadline(target.volumes.look(&context)).await;
        let Ok(Ok(volumes)) = looked else { return BTreeMap::new() };
        volumes.iter().map(|volume| (volume.id.to_string(), volume.size)).collect()
    }
}

/// A VM that could not be made is not missed.
fn gone(group: &ProtectionGroup, member: &Member) -> Option<Finding> {
    member.absent.is_none().then(|| {
        Finding::new(
            FindingCode::ServerMissing,
            &group.current_primary_site,
            format!("server {}", member.name),
            "it is not there any more",
            "take it out of the group, or make it again and add it",
        )
    })
}
