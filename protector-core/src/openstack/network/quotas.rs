use super::read;
use crate::id::ProjectId;
use crate::openstack::{Error, Session};
use crate::transport::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a project may have of a resource, and has.
// neutron/db/quota/driver.py (get_detailed_project_quotas), 2026.2
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkUsage {
    /// How many it may have; negative: any number.
    pub limit: i64,
    /// How many it has.
    pub used: u64,
    /// How many are being made for it.
    pub reserved: u64,
}

impl NetworkUsage {
    /// How many more it may have; `None`: any number.
    pub fn remaining(&self) -> Option<u64> {
        let limit = u64::try_from(self.limit).ok()?;
        Some(limit.saturating_sub(self.used.saturating_add(self.reserved)))
    }
}

/// The quotas of network resources.
#[derive(Debug, Clone)]
pub struct NetworkQuotas {
    session: Session,
}

impl NetworkQuotas {
    /// The quotas as `session` may read them.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Reads limit and use of `port`, `network`, `security_group`, `floatingip` and what else the cloud counts, by
    /// name.
    ///
    /// With any role, `reader` and `member` included, a token reads its own project; another project takes `admin`.
    /// The same holds for the bare limits of [`Self::limits`], which a `manager` may read of others too.
    ///
    /// # Errors
    /// The project is another and the role does not allow it; `NotFound` where the cloud's quota driver does not count
    /// (extension `quota_details`); otherwise the call failed.
    // neutron/extensions/quotasv2_detail.py (details): no policy is asked, only whether the project is the token's
    pub async fn usage(
        &self,
        context: &Context,
        project: &ProjectId,
    ) -> Result<BTreeMap<String, NetworkUsage>, Error> {
        let request = read("quotas", format!("read the network usage of project {project}"))
            .segment(project.as_str())
            .segment("details");
        self.session.fetch_field(context, &request, "quota").await
    }

    /// Reads the limits alone; negative: any number.
    ///
    /// # Errors
    /// The project is another and the role does not allow it; otherwise the call failed.
    // neutron/extensions/quotasv2.py (show) and neutron/conf/policies/quotas.py, 2026.2
    pub async fn limits(
        &self,
        context: &Context,
        project: &ProjectId,
    ) -> Result<BTreeMap<String, i64>, Error> {
        let request =
            read("quotas", format!("read the network quotas of project {project}")).segment(project.as_str());
        self.session.fetch_field(context, &request, "quota").await
    }
}

#[cfg(test)]
mod tests;
