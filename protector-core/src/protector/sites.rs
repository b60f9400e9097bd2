use super::{Error, Protector};
use crate::domain::ProtectionGroup;
use crate::domain::site_report::{Seen, SiteReport, Unseen};
use crate::id::{ArrayName, SiteName};
use crate::inventory::{SiteAccess, SiteNeeds, observe, reach};
use futures::future::join_all;
use serde::Serialize;

/// A site as users see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiteView {
    /// Its name.
    pub name: SiteName,
    /// The site that it is paired with.
    pub other_site: SiteName,
    /// Its cloud in `clouds.yaml`.
    pub cloud: String,
    /// The cloud's region; `None` is the first that the cloud lists.
    pub region: Option<String>,
    /// Its arrays.
    pub arrays: Vec<ArrayView>,
    /// Whether its cloud lets protector in.
    pub reachable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The groups that run here.
    pub primary_of: Vec<String>,
    /// The groups that may come here.
    pub secondary_of: Vec<String>,
}

/// An array of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArrayView {
    /// Its name.
    pub name: ArrayName,
    /// The driver that speaks for it.
    pub driver: String,
    /// Its management address.
    pub url: String,
    /// Whether it answers.
    pub reachable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl Protector {
    /// Both sites. A site that is dead is in the list, too, after ten seconds.
    ///
    /// # Errors
    /// The stores cannot be read, or differ.
    pub async fn sites(&self) -> Result<Vec<SiteView>, Error> {
        let groups = self.groups().await?;
        let names: Vec<&SiteName> = self.world.sites.keys().collect();
        join_all(names.into_iter().map(|name| self.view(name, &groups))).await.into_iter().collect()
    }

    /// One site.
    ///
    /// # Errors
    /// [`Error::SiteUnknown`] names those that there are; the stores cannot be read, or differ.
    pub async fn site(&self, name: &SiteName) -> Result<SiteView, Error> {
        self.access(name)?;
        self.view(name, &self.groups().await?).await
    }

    /// Looks whether a site is fit to be half of the pair: its services, roles, arrays and quotas, and what of the other
    /// site they have to fit. Everything is looked at together, and what does not answer within ten seconds is so in the
    /// report; where signing in is slow, within twenty.
    ///
    /// # Errors
    /// [`Error::SiteUnknown`] names those that there are; the stores cannot be read, or differ. A site that is dead is no
    /// error.
    pub async fn validate_site(&self, name: &SiteName) -> Result<SiteReport, Error> {
        let (access, other) = (self.access(name)?, self.paired_with(name)?);
        let needs = self.needs(name).await?;
        let group_type = self.config.defaults.group_type.as_deref();
        let (observation, types, mappings) = futures::join!(
            observe(access, other, &self.context, &needs, group_type),
            self.volume_types(name),
            self.check_mappings(name)
        );
        let mut report = observation.report();
        report.add(super::volume_types::check(&types));
        report.add(mappings?);
        Ok(report)
    }

    /// The site that a site is paired with.
    pub(super) fn paired_with(&self, name: &SiteName) -> Result<&SiteAccess, Error> {
        let other = self.world.sites.values().find(|other| other.site != *name);
        other.ok_or_else(|| Error::SiteUnknown {
            name: SiteName::new("the second"),
            known: self.world.sites.keys().cloned().collect(),
        })
    }

    async fn view(&self, name: &SiteName, groups: &[ProtectionGroup]) -> Result<SiteView, Error> {
        let (access, other) = (self.access(name)?, self.paired_with(name)?);
        let config = self.config.sites.get(name);
        let (cloud, answers) = reach(access, &self.context).await;
        let arrays = config.into_iter().flat_map(|site| &site.arrays).map(|(array, config)| {
            let trouble = answers.get(array).and_then(trouble);
            ArrayView {
                name: array.clone(),
                driver: config.driver.clone(),
                url: config.url.to_string(),
                reachable: trouble.is_none(),
                trouble,
            }
        });
        let trouble = trouble(&cloud);
        let named = |runs_here: bool| {
            let groups = groups.iter().filter(|group| (group.current_primary_site == *name) == runs_here);
            groups.map(|group| group.name.clone()).collect()
        };
        Ok(SiteView {
            name: name.clone(),
            other_site: other.site.clone(),
            cloud: config.map(|site| site.cloud.clone()).unwrap_or_default(),
            region: config.and_then(|site| site.region.clone()),
            arrays: arrays.collect(),
            reachable: trouble.is_none(),
            trouble,
            primary_of: named(true),
            secondary_of: named(false),
        })
    }

    /// What the groups that may come to a site need there beyond what they have there already.
    async fn needs(&self, site: &SiteName) -> Result<SiteNeeds, Error> {
        let mut needs = SiteNeeds::default();
        for group in self.groups().await?.iter().filter(|group| group.current_primary_site != *site) {
            for member in group.members.values() {
                let ports = member.ports.iter().filter(|port| !port.sites.contains_key(site));
                needs.ports += ports.count() as u64;
                if member.servers.contains_key(site) {
                    continue;
                }
                needs.instances += 1;
                if let Some(definition) = self.records().definition(member.lineage).await? {
                    needs.cores += definition.flavor.vcpus;
                    needs.memory += definition.flavor.memory;
                }
            }
        }
        Ok(needs)
    }
}

fn trouble<T>(seen: &Seen<T>) -> Option<String> {
    match seen {
        Ok(_) => None,
        Err(Unseen::Forbidden) => Some("it refuses the credential".to_owned()),
        Err(Unseen::Failed(reason)) => Some(reason.clone()),
    }
}
