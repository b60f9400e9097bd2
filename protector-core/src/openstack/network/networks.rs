use super::read;
use crate::id::ProjectId;
use crate::openstack::{Error, Session, list};
use crate::transport::Context;
use futures::Stream;
use serde::{Deserialize, Serialize};

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
}

/// Which networks to list.
#[derive(Debug, Clone, Default)]
pub struct NetworkQuery {
    /// Those with exactly this name.
    pub name: Option<String>,
    /// Those of this project. An administrator is given all projects' networks: of others' only those that are shared
    /// or external may be used.
    pub project_id: Option<ProjectId>,
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
}

#[cfg(test)]
mod tests;
