use super::{Error, Protector};
use crate::domain::ServerDefinition;
use crate::domain::mapping_report::{self, MappingView, SiteNames, mapping_views};
use crate::domain::site_report::{Check, CheckKind};
use crate::error::chain;
use crate::id::SiteName;
use crate::inventory::{SiteAccess, read_names};
use std::time::Duration;

/// How long a site may take to tell of what can be mapped.
const LOOK_TIME: Duration = Duration::from_secs(15);

impl Protector {
    /// What stands at each site for what is mapped and for what the protected VMs have at the other, in both directions: by the
    /// mappings of the configuration, else by equal name; with what would keep it from standing for that. Volume types have
    /// [`volume_types`](Self::volume_types).
    ///
    /// # Errors
    /// The stores cannot be read, or differ; a site does not answer within fifteen seconds.
    pub async fn validate_mappings(&self) -> Result<Vec<MappingView>, Error> {
        let mut views = Vec::new();
        for name in self.world.sites.keys() {
            let (own, other) = (self.access(name)?, self.paired_with(name)?);
            let (own, other) = futures::join!(self.names_at(own), self.names_at(other));
            let (own, other) = (own?, other?);
            views.extend(mapping_views((&own, &other), &self.config.mappings, &self.definitions().await?));
        }
        Ok(views)
    }

    /// What the mappings mean for a site: what it has for the other, and the other for it.
    pub(super) async fn check_mappings(&self, name: &SiteName) -> Result<Check, Error> {
        let (own, other) = (self.access(name)?, self.paired_with(name)?);
        let definitions = self.definitions().await?;
        let (own, other) = futures::join!(self.names_at(own), self.names_at(other));
        let unknown = "see the checks of the services";
        let (kind, subject) = (CheckKind::Mappings, "mappings");
        Ok(match (own, other) {
            (Err(error), _) => Check::failed(kind, subject, chain(&error), unknown),
            // That is for the other site's own report.
            (_, Err(error)) => Check::warning(kind, subject, chain(&error), unknown),
            (Ok(own), Ok(other)) => {
                let view = |from, to| mapping_views((from, to), &self.config.mappings, &definitions);
                mapping_report::check(&[view(&own, &other), view(&other, &own)].concat())
            }
        })
    }

    /// The VMs of all groups, as they were captured last.
    async fn definitions(&self) -> Result<Vec<ServerDefinition>, Error> {
        let mut definitions = Vec::new();
        for group in self.groups().await? {
            for member in group.members.keys() {
                definitions.extend(self.records().definition(*member).await?);
            }
        }
        Ok(definitions)
    }

    async fn names_at(&self, access: &SiteAccess) -> Result<SiteNames, Error> {
        let context = self.context.within(LOOK_TIME);
        let read =
            context.before_deadline(Box::pin(read_names(access, &context, &self.config.mappings))).await;
        let silent = |source| Error::SiteSilent { site: access.site.clone(), waited: LOOK_TIME, source };
        Ok(read.map_err(silent)??)
    }
}
