use super::read;
use crate::id::ProjectId;
use crate::openstack::{Error, Session};
use crate::transport::Context;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a project may use of one kind, and uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct QuotaUsage {
    /// How much is allowed; -1 is without limit.
    pub limit: i64,
    /// How much is used.
    pub in_use: i64,
    /// How much is about to be used.
    pub reserved: i64,
}

impl QuotaUsage {
    /// How much more may be used; `None` is without limit.
    pub fn free(self) -> Option<i64> {
        (self.limit >= 0).then(|| (self.limit - self.in_use - self.reserved).max(0))
    }
}

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
        let quotas: BTreeMap<String, Value> =
            self.session.fetch_field(context, &request, "quota_set").await?;
        // The project's id stands among the kinds.
        let of_kind = |(kind, value): (String, Value)| Some((kind, QuotaUsage::deserialize(value).ok()?));
        Ok(quotas.into_iter().filter_map(of_kind).collect())
    }
}
