use super::read;
use crate::openstack::{Error, Session, list};
use crate::transport::Context;
use futures::Stream;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A group type, as `GET /group_types` gives it.
// cinder/api/v3/views/group_types.py (ViewBuilder.show), 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupType {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Whether every project sees it.
    #[serde(default)]
    pub is_public: bool,
    /// Its specs; shown to administrators only.
    pub group_specs: Option<BTreeMap<String, String>>,
}

impl GroupType {
    /// Whether groups of the type are snapshotted at one moment and replicated; unknown if the role may not see it.
    pub fn is_replicated(&self) -> Option<bool> {
        let specs = self.group_specs.as_ref()?;
        let is_true = |key: &str| specs.get(key).is_some_and(|value| value.eq_ignore_ascii_case("<is> true"));
        Some(is_true("consistent_group_snapshot_enabled") && is_true("consistent_group_replication_enabled"))
    }
}

/// The group types that the session's project may use.
#[derive(Debug, Clone)]
pub struct GroupTypes {
    session: Session,
}

impl GroupTypes {
    /// The group types that `session`'s project may use.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists group types.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Stream<Item = Result<GroupType, Error>> + Send + 'a {
        list(&self.session, context, read("group_types", "list group types"), "group_types")
    }
    /// Reads a group type.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<GroupType, Error> {
        let request = read("group_types", format!("read group type {id}")).segment(id);
        self.session.fetch_field(context, &request, "group_type").await
    }
}
