use super::{change, delete, null_is_empty, read, set_tags};
use crate::id::ProjectId;
use crate::openstack::{Error, Session, list};
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A network.
// neutron/db/db_base_plugin_common.py (_make_network_dict) and
// neutron_lib/api/definitions/{network,external_net,port_security,network_mtu}.py, 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Its id.
    pub id: String,
    /// Its name; not unique.
    pub name: String,
    /// The project it belongs to: on another's network less may be said of a port.
    pub project_id: ProjectId,
    /// Whether it is shared with all projects.
    pub shared: bool,
    /// Whether it leads outside; absent where the cloud has no routers.
    #[serde(rename = "router:external", default)]
    pub external: bool,
    /// `ACTIVE`, `DOWN`, `BUILD`, `ERROR`.
    pub status: String,
    /// The largest packet, bytes.
    pub mtu: Option<u32>,
    /// Its subnets' ids.
    pub subnets: Vec<String>,
    /// Whether ports are made with port security; absent where the cloud has none.
    pub port_security_enabled: Option<bool>,
    /// Whether it is administratively up.
    pub admin_state_up: bool,
    /// Its description; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub description: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A network to be made: the project's own, shared with nobody and leading nowhere.
// neutron_lib/api/definitions/network.py (RESOURCE_ATTRIBUTE_MAP), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewNetwork {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
}

/// Which networks to list.
#[derive(Debug, Clone, Default)]
pub struct NetworkQuery {
    /// Those with exactly this name.
    pub name: Option<String>,
    /// Those of this project. An administrator is given all projects' networks: of others' only those that are shared
    /// or external may be used.
    pub project_id: Option<ProjectId>,
    /// Those that carry all these tags; a tag holds no comma.
    pub tags: Vec<String>,
}

/// The networks that the session's project sees: its own, shared and external ones; to an administrator all.
#[derive(Debug, Clone)]
pub struct Networks {
    session: Session,
}

impl Networks {
    /// The networks that `session`'s project sees.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists networks.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &NetworkQuery,
    ) -> impl Stream<Item = Result<Network, Error>> + Send + 'a {
        let mut request = read("networks", "list networks");
        if let Some(name) = &query.name {
            request = request.query("name", name);
        }
        if let Some(project) = &query.project_id {
            request = request.query("project_id", project.as_str());
        }
        if !query.tags.is_empty() {
            request = request.query("tags", query.tags.join(","));
        }
        list(&self.session, context, request, "networks")
    }

    /// Reads a network.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<Network, Error> {
        let request = read("networks", format!("read network {id}")).segment(id);
        self.session.fetch_field(context, &request, "network").await
    }

    /// Makes a network.
    ///
    /// # Errors
    /// `Quota`; otherwise the call failed. After `AnswerLost` look for its name and description before repeating it.
    ///
    /// # Effects
    /// Makes a network; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, network: &NewNetwork) -> Result<Network, Error> {
        let purpose = format!("create network {}", network.name);
        let request =
            change(Method::POST, Semantics::Keyed, "networks", purpose).body(json!({ "network": network }));
        self.session.fetch_field(context, &request, "network").await
    }

    /// Gives a network exactly these tags.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    ///
    /// # Effects
    /// Undone by setting the tags that were there before.
    pub async fn set_tags(&self, context: &Context, id: &str, tags: &[String]) -> Result<(), Error> {
        set_tags(&self.session, context, "networks", id, tags, format!("tag network {id}")).await
    }

    /// Deletes a network with its subnets and what Neutron itself has put there.
    ///
    /// # Errors
    /// `Conflict` while others have ports on it; otherwise the call failed. A network that is not there is no error.
    ///
    /// # Effects
    /// Not undone.
    // neutron/db/db_base_plugin_v2.py (delete_network), 2026.2
    pub async fn delete(&self, context: &Context, id: &str) -> Result<(), Error> {
        delete(&self.session, context, "networks", id, format!("delete network {id}")).await
    }
}

#[cfg(test)]
mod tests;
