//! What is left over at the sites, and its removal.

use super::journals::{GroupJournals, Known, journals};
use super::{Error, OperationView, Protector};
use crate::domain::{Held, Leftover, ProtectionGroup};
use crate::error::chain;
use crate::id::{GroupId, OperationId, SiteName};
use crate::inventory::{SiteAccess, SiteFacts, read, read_floating_ips};
use crate::operations::{GroupSnapshots, HousekeepingFacts, PruneFacts, held, leftovers, plan_prune};
use futures::future::join_all;
use futures::try_join;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a site or an array may take to tell what it has.
const LOOK_TIME: Duration = Duration::from_mins(1);

/// What is left over at both sites, and what is in use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Housekeeping {
    /// When it was looked at.
    pub at: Timestamp,
    /// What is left over, site by site.
    pub leftovers: Vec<Leftover>,
    /// What groups hold and is in use, group by group: it is never pruned.
    pub held: Vec<Held>,
    /// How much the operations' journals take up, group by group.
    pub journals: Vec<GroupJournals>,
    /// What could not be looked at: what is there is in neither list.
    pub unread: Vec<Unread>,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Where.
    pub site: SiteName,
    /// What.
    pub subject: String,
    /// Why not.
    pub reason: String,
}

/// What came of a removal.
#[derive(Debug, Clone, Serialize)]
pub struct Pruned {
    /// The operations, one a group.
    pub operations: Vec<OperationView>,
    /// What was not begun with.
    pub kept: Vec<Kept>,
    /// What was to be removed and is still there.
    pub remains: Vec<Leftover>,
    /// What could not be looked at afterwards: whether something remains there is not known.
    pub unread: Vec<Unread>,
}

/// Something that was not removed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept {
    /// What.
    pub leftover: Leftover,
    /// Why not.
    pub reason: String,
}

impl Housekeeping {
    /// What is known to have been there for so long.
    pub fn older_than(&self, least: Duration) -> Vec<Leftover> {
        let least = SignedDuration::try_from(least).unwrap_or(SignedDuration::MAX);
        let old = |one: &&Leftover| one.age(self.at).is_some_and(|age| age >= least);
        self.leftovers.iter().filter(old).cloned().collect()
    }
}

impl Protector {
    /// Tells what is left over at both sites: what bears protector's marker, and no group and no operation has a use for. With
    /// each go its site, kind, size, the moment since when it is there, and what it holds of the quotas. Beside it, what groups
    /// hold and is in use, and what can be done that lets go of it. Touches nothing. A site or array that does not answer is in
    /// the answer, too.
    ///
    /// # Errors
    /// The stores cannot be read, or differ.
    pub async fn housekeeping(&self) -> Result<Housekeeping, Error> {
        let groups = self.groups().await?;
        let known = self.known(None).await?;
        let operations: BTreeMap<OperationId, GroupId> =
            known.iter().map(|one| (one.id(), one.group())).collect();
        let unfinished: BTreeSet<GroupId> =
            known.iter().filter(|one| one.is_unfinished()).map(Known::group).collect();
        let mut unread = Vec::new();
        let read = join_all(self.world.sites.values().map(|access| self.site_facts(access))).await;
        let sites: Vec<SiteFacts> = keep(read, &mut unread);
        let places =
            groups.iter().flat_map(|group| group.storage_groups.keys().map(move |site| (group, site)));
        let read = join_all(places.map(|(group, site)| self.snapshots(group, site))).await;
        let snapshots: Vec<GroupSnapshots> = keep(read, &mut unread);
        let facts = HousekeepingFacts {
            groups: &groups,
            operations: &operations,
            unfinished: &unfinished,
            sites: &sites,
            snapshots: &snapshots,
        };
        let (leftovers, held) = (leftovers(&facts), held(&facts));
        let journals = journals(&known);
        Ok(Housekeeping { at: self.context.clock().now(), leftovers, held, journals, unread })
    }

    /// Removes what [`housekeeping`](Self::housekeeping) has listed, if it is still so and is at least so old; what is younger, or
    /// of unknown age, is kept. Runs to the end, and tells what was kept and what is still there.
    ///
    /// # Errors
    /// The stores cannot be read, or differ. What cannot be removed is no error: it is in the answer.
    ///
    /// # Effects
    /// Those of an operation `prune` of each group: servers, ports, floating IPs, volumes and networks are deleted if they still bear the
    /// marker; snapshots are destroyed on their arrays, recoverably. Not undone.
    pub async fn prune(&self, listed: &[Leftover], older_than: Duration) -> Result<Pruned, Error> {
        let now = Box::pin(self.housekeeping()).await?;
        let groups = self.groups().await?;
        let mut kept = Vec::new();
        let mut of_group: BTreeMap<GroupId, Vec<Leftover>> = BTreeMap::new();
        for one in listed {
            match judge(one, &now, older_than) {
                Ok((group, found)) => of_group.entry(group).or_default().push(found),
                Err(reason) => kept.push(Kept { leftover: one.clone(), reason }),
            }
        }
        let mut operations = Vec::new();
        for (id, leftovers) in &of_group {
            let group = groups.iter().find(|group| group.id == *id);
            match Box::pin(self.prune_group(*id, group, leftovers)).await {
                Ok(operation) => operations.push(operation),
                Err(error) => {
                    let reason = chain(&error);
                    kept.extend(
                        leftovers.iter().map(|one| Kept { leftover: one.clone(), reason: reason.clone() }),
                    );
                }
            }
        }
        let after = Box::pin(self.housekeeping()).await?;
        let begun = |left: &Leftover| {
            let mut wanted = of_group.values().flatten();
            wanted.any(|one| one.is(left)) && !kept.iter().any(|kept| kept.leftover.is(left))
        };
        let remains = after.leftovers.into_iter().filter(begun).collect();
        Ok(Pruned { operations, kept, remains, unread: after.unread })
    }

    async fn prune_group(
        &self,
        id: GroupId,
        group: Option<&ProtectionGroup>,
        leftovers: &[Leftover],
    ) -> Result<OperationView, Error> {
        let gone = id.to_string();
        let name = group.map_or(gone.as_str(), |group| group.name.as_str());
        self.nothing_unfinished(name, id).await?;
        let sites = match (group, leftovers.first()) {
            (Some(group), _) => {
                let primary = &group.current_primary_site;
                (primary.clone(), group.other_site(primary).clone())
            }
            (None, Some(one)) => (self.paired_with(&one.site)?.site.clone(), one.site.clone()),
            (None, None) => return Err(Error::GroupUnknown { name: gone, known: Vec::new() }),
        };
        let epoch = group.map_or(0, |group| group.epoch);
        let planned = plan_prune(&PruneFacts { group: id, group_name: name, epoch, sites, leftovers })?;
        let Some(plan) = planned.plan else {
            return Err(Error::GroupUnknown { name: gone, known: Vec::new() });
        };
        Ok(self.apply(plan).await?.finish().await?.operation)
    }

    async fn site_facts(&self, access: &SiteAccess) -> Result<SiteFacts, Unread> {
        let unread =
            |reason| Unread { site: access.site.clone(), subject: "its services".to_owned(), reason };
        let context = self.context.within(LOOK_TIME);
        let looked = async {
            let (facts, floating_ips) =
                try_join!(read(access, &context), read_floating_ips(access, &context))?;
            Ok::<_, crate::openstack::Error>(SiteFacts { floating_ips, ..facts })
        };
        match context.before_deadline(Box::pin(looked)).await {
            Ok(Ok(facts)) => Ok(facts),
            Ok(Err(error)) => Err(unread(chain(&error))),
            Err(stopped) => Err(unread(stopped.to_string())),
        }
    }

    async fn snapshots(&self, group: &ProtectionGroup, site: &SiteName) -> Result<GroupSnapshots, Unread> {
        let storage = group.storage_groups.get(site);
        let subject = storage.map_or_else(String::new, |storage| {
            format!("the snapshots of {} on array {}", storage.name, storage.array)
        });
        let unread = |reason: String| Unread { site: site.clone(), subject: subject.clone(), reason };
        let storage = storage.ok_or_else(|| unread("it has no storage group there".to_owned()))?;
        let access = self.access(site).map_err(|error| unread(chain(&error)))?;
        let driver = access
            .array(&storage.array)
            .ok_or_else(|| unread("protector.yaml has no such array at the site".to_owned()))?;
        let context = self.context.at_site(site).within(LOOK_TIME);
        let points = match context.before_deadline(driver.source_points(&context, &storage.name)).await {
            Ok(Ok(points)) => points,
            Ok(Err(error)) => return Err(unread(chain(&error))),
            Err(stopped) => return Err(unread(stopped.to_string())),
        };
        Ok(GroupSnapshots {
            site: site.clone(),
            array: storage.array.clone(),
            storage_group: storage.name.clone(),
            group: group.id,
            points,
        })
    }
}

fn keep<T>(read: Vec<Result<T, Unread>>, unread: &mut Vec<Unread>) -> Vec<T> {
    let mut kept = Vec::new();
    for one in read {
        match one {
            Ok(one) => kept.push(one),
            Err(why) => unread.push(why),
        }
    }
    kept
}

/// What a thing that was listed is now, and whose; or why it is kept.
fn judge(listed: &Leftover, now: &Housekeeping, older_than: Duration) -> Result<(GroupId, Leftover), String> {
    let found = now.leftovers.iter().find(|found| found.is(listed));
    let found = found.ok_or("it is not there any more as it was listed: list anew")?;
    let group = found.group.ok_or_else(|| {
        let test = found.test.map_or_else(String::new, |test| test.to_string());
        format!("nothing is on record of test {test}, so that nobody knows whose it is: remove it by hand")
    })?;
    let age = found.age(now.at).ok_or("its age is not known: remove it by hand")?;
    let least = SignedDuration::try_from(older_than).unwrap_or(SignedDuration::MAX);
    if age < least {
        return Err(format!(
            "it is {} seconds old, and what is younger than {} seconds stays",
            age.as_secs(),
            older_than.as_secs()
        ));
    }
    Ok((group, found.clone()))
}
