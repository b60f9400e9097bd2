use super::{Error, Protector};
use crate::domain::site_report::{Check, CheckKind};
use crate::domain::volume_type::{self, SiteVolumeTypes, VolumeTypeView};
use crate::error::chain;
use crate::id::SiteName;
use crate::inventory::{SiteAccess, read_volume_types};
use std::time::Duration;

/// How long a site may take to tell of its volume types.
const LOOK_TIME: Duration = Duration::from_secs(15);

impl Protector {
    /// The volume types of a site: whether their volumes can be protected, why not, and which type stands for each at the
    /// other site. If that site is dead, its types are not known and the pairs are so.
    ///
    /// # Errors
    /// [`Error::SiteUnknown`] names those sites that there are; the site does not answer within fifteen seconds.
    pub async fn volume_types(&self, site: &SiteName) -> Result<Vec<VolumeTypeView>, Error> {
        let (own, other) = (self.access(site)?, self.paired_with(site)?);
        let (own, other) = futures::join!(self.types_at(own), self.types_at(other));
        let own = own?;
        let other = other.map_err(|error| chain(&error));
        Ok(volume_type::volume_types(&own, other.as_ref().map_err(String::as_str), &self.config.mappings))
    }

    async fn types_at(&self, access: &SiteAccess) -> Result<SiteVolumeTypes, Error> {
        let context = self.context.within(LOOK_TIME);
        let read = context.before_deadline(Box::pin(read_volume_types(access, &context))).await;
        let silent = |source| Error::SiteSilent { site: access.site.clone(), waited: LOOK_TIME, source };
        Ok(read.map_err(silent)??)
    }
}

/// What the volume types of a site mean for the site as a whole.
pub(super) fn check(types: &Result<Vec<VolumeTypeView>, Error>) -> Check {
    match types {
        Ok(types) => volume_type::check(types),
        Err(error) => Check::failed(
            CheckKind::VolumeTypes,
            "volume types",
            chain(error),
            "see the checks of the services",
        ),
    }
}
