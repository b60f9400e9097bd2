use super::read;
use crate::id::ProjectId;
use crate::openstack::quota::{QuotaUsage, by_kind};
use crate::openstack::{Error, Session};
use crate::transport::Context;
use std::collections::BTreeMap;

/// Quotas of Nova. A project's own may be read by everybody in it.
// nova/policies/quota_sets.py (detail: PROJECT_READER_OR_ADMIN), 2026.2
#[derive(Debug, Clone)]
pub struct ComputeQuotas {
    session: Session,
}

impl ComputeQuotas {
    /// The quotas that `session` may read.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Reads a project's quotas and their usage by kind: `instances`, `cores`, `ram` (MiB), `server_groups`, and
    /// others. Of `key_pairs` and `server_group_members` Nova counts no usage.
    ///
    /// # Errors
    /// `Forbidden` if it is another project's and the role does not allow it; otherwise the call failed.
    pub async fn usage(
        &self,
        context: &Context,
        project: &ProjectId,
    ) -> Result<BTreeMap<String, QuotaUsage>, Error> {
        let request = read("os-quota-sets", format!("read the compute quotas of project {project}"))
            .segment(project.as_str())
            .segment("detail");
        Ok(by_kind(self.session.fetch_field(context, &request, "quota_set").await?))
    }
}

#[cfg(test)]
mod tests;
