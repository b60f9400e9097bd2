use super::{change, read};
use crate::id::ServerId;
use crate::openstack::delete::delete;
use crate::openstack::{Error, Session, list};
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A server group, as `GET /os-server-groups` gives it.
// nova/api/openstack/compute/server_groups.py (_format_server_group), 2.96, 2026.2
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ServerGroup {
    /// Its id.
    pub id: String,
    /// Its name; others may have the same.
    pub name: String,
    /// Its policy and the policy's rules (2.64).
    #[serde(flatten)]
    pub policy: ServerGroupPolicy,
    /// Its servers.
    #[serde(default)]
    pub members: Vec<ServerId>,
}

/// How the servers of a group are placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerGroupPolicy {
    /// `affinity`, `anti-affinity`, `soft-affinity`, `soft-anti-affinity`.
    pub policy: String,
    /// `max_server_per_host`, with `anti-affinity`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, Value>,
}

/// The server groups of the session's project.
#[derive(Debug, Clone)]
pub struct ServerGroups {
    session: Session,
}

impl ServerGroups {
    /// The server groups of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists server groups. Nova gives no link to the next page; the limit is the service's largest page.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Stream<Item = Result<ServerGroup, Error>> + Send + 'a {
        list(&self.session, context, read("os-server-groups", "list server groups"), "server_groups")
    }

    /// Reads a server group.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<ServerGroup, Error> {
        let request = read("os-server-groups", format!("read server group {id}")).segment(id);
        self.session.fetch_field(context, &request, "server_group").await
    }

    /// Makes a server group.
    ///
    /// # Errors
    /// The call failed. Names are not unique: after `AnswerLost` look for the name before repeating it.
    ///
    /// # Effects
    /// A server group; undone by [`Self::delete`].
    pub async fn create(
        &self,
        context: &Context,
        name: &str,
        policy: &ServerGroupPolicy,
    ) -> Result<ServerGroup, Error> {
        let mut group = json!(policy);
        if let Some(fields) = group.as_object_mut() {
            fields.insert("name".to_owned(), name.into());
        }
        let purpose = format!("create server group {name}");
        let request = change(Method::POST, Semantics::Keyed, "os-server-groups", purpose)
            .body(json!({"server_group": group}));
        self.session.fetch_field(context, &request, "server_group").await
    }

    /// Deletes a server group; its servers stay.
    ///
    /// # Errors
    /// The call failed. A group that is not there is no error.
    ///
    /// # Effects
    /// Not undone: a new group would not have the servers.
    pub async fn delete(&self, context: &Context, id: &str) -> Result<(), Error> {
        let purpose = format!("delete server group {id}");
        let request = change(Method::DELETE, Semantics::Idempotent, "os-server-groups", purpose).segment(id);
        delete(&self.session, context, &request).await
    }
}

#[cfg(test)]
mod tests;
