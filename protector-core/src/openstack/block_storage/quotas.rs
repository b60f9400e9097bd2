use super::read;
use crate::id::ProjectId;
use crate::openstack::quota::{QuotaUsage, by_kind};
use crate::openstack::{Error, Session};
use crate::transport::Context;
use std::collections::BTreeMap;

/// Quotas. A project's own may be read by everybody in it.
#[derive(Debug, Clone)]
pub struct Quotas {
    session: Session,
}

impl Quotas {
    /// The quotas that `session` may read.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Reads a project's quotas and their usage by kind: `volumes`, `gigabytes` (GiB), `groups`, and the first two for
    /// each volume type, `volumes_ssd`.
    ///
    /// # Errors
    /// The call failed.
    // cinder/api/contrib/quotas.py (QuotaSetsController.show), 2026.2
    pub async fn usage(
        &self,
        context: &Context,
        project: &ProjectId,
    ) -> Result<BTreeMap<String, QuotaUsage>, Error> {
        let request = read("os-quota-sets", format!("read the volume quotas of project {project}"))
            .segment(project.as_str())
            .query("usage", "true");
        Ok(by_kind(self.session.fetch_field(context, &request, "quota_set").await?))
    }
}
