use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a project may use of one kind, and uses.
// nova/api/openstack/compute/quota_sets.py (detail), cinder/api/contrib/quotas.py (show), 2026.2
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

/// A quota set by kind: the project's id stands among the kinds, and is left out.
pub(super) fn by_kind(quota_set: BTreeMap<String, Value>) -> BTreeMap<String, QuotaUsage> {
    let of_kind = |(kind, value): (String, Value)| Some((kind, QuotaUsage::deserialize(value).ok()?));
    quota_set.into_iter().filter_map(of_kind).collect()
}
