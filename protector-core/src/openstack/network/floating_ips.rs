use super::{change, delete, null_is_empty, read, set_tags};
use crate::id::{PortId, ProjectId};
use crate::openstack::{Error, Session, list};
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A floating IP.
// neutron/db/l3_db.py (_make_floatingip_dict), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatingIp {
    /// Its id.
    pub id: String,
    /// Its description; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub description: String,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// The address outside.
    pub floating_ip_address: String,
    /// The external network the address is from.
    pub floating_network_id: String,
    /// The router that translates it, while it leads to a port.
    pub router_id: Option<String>,
    /// The port it leads to.
    pub port_id: Option<PortId>,
    /// The port's address it leads to.
    pub fixed_ip_address: Option<String>,
    /// `ACTIVE`, `DOWN`, `ERROR`.
    pub status: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Which floating IPs to list: those that match all that is given, exactly.
#[derive(Debug, Clone, Default)]
pub struct FloatingIpQuery {
    /// Those that lead to this port.
    pub port_id: Option<PortId>,
    /// The one with this address outside.
    pub floating_ip_address: Option<String>,
    /// Those from this external network.
    pub floating_network_id: Option<String>,
    /// Those of this project: without it an administrator is given all projects' floating IPs.
    pub project_id: Option<ProjectId>,
}

/// A floating IP to be made.
// neutron_lib/api/definitions/l3.py (FLOATINGIPS) and neutron/conf/policies/floatingip.py, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFloatingIp {
    /// The external network.
    pub floating_network_id: String,
    /// Its description.
    pub description: String,
    /// This very address; to say so takes more than a member. Neutron chooses if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floating_ip_address: Option<String>,
    /// The port it leads to from the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_id: Option<PortId>,
    /// The port's address it leads to; the first if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_ip_address: Option<String>,
}

/// The floating IPs that the session's project sees.
#[derive(Debug, Clone)]
pub struct FloatingIps {
    session: Session,
}

impl FloatingIps {
    /// The floating IPs that `session`'s project sees.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists floating IPs.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &FloatingIpQuery,
    ) -> impl Stream<Item = Result<FloatingIp, Error>> + Send + 'a {
        let mut request = read("floatingips", "list floating IPs");
        for (key, value) in [
            ("port_id", query.port_id.as_ref().map(PortId::as_str)),
            ("floating_ip_address", query.floating_ip_address.as_deref()),
            ("floating_network_id", query.floating_network_id.as_deref()),
            ("project_id", query.project_id.as_ref().map(ProjectId::as_str)),
        ] {
            if let Some(value) = value {
                request = request.query(key, value);
            }
        }
        list(&self.session, context, request, "floatingips")
    }

    /// Reads a floating IP.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<FloatingIp, Error> {
        let request = read("floatingips", format!("read floating IP {id}")).segment(id);
        self.session.fetch_field(context, &request, "floatingip").await
    }

    /// Makes a floating IP.
    ///
    /// # Errors
    /// `Quota`; `Conflict` if the port has one already or no address is free; `NotFound` if network or port are not
    /// there or no router joins them; otherwise the call failed. After `AnswerLost` list the project's floating IPs
    /// and look for the description before repeating it.
    ///
    /// # Effects
    /// Makes a floating IP; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, floating_ip: &NewFloatingIp) -> Result<FloatingIp, Error> {
        let purpose = format!("create a floating IP on network {}", floating_ip.floating_network_id);
        let request = change(Method::POST, Semantics::Keyed, "floatingips", purpose)
            .body(json!({ "floatingip": floating_ip }));
        self.session.fetch_field(context, &request, "floatingip").await
    }

    /// Leads a floating IP to the first address of a port, or nowhere.
    ///
    /// # Errors
    /// `NotFound` if it or the port is not there or no router joins them; `Conflict` if the port has one already;
    /// otherwise the call failed.
    ///
    /// # Effects
    /// Traffic goes to the port at once; undone by leading it to where it led before.
    pub async fn update_port(
        &self,
        context: &Context,
        id: &str,
        port: Option<&PortId>,
    ) -> Result<FloatingIp, Error> {
        let target = port.map_or_else(|| "nowhere".to_owned(), |port| format!("to port {port}"));
        let purpose = format!("lead floating IP {id} {target}");
        let request = change(Method::PUT, Semantics::Idempotent, "floatingips", purpose)
            .segment(id)
            .body(json!({"floatingip": {"port_id": port}}));
        self.session.fetch_field(context, &request, "floatingip").await
    }

    /// Gives a floating IP exactly these tags.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    ///
    /// # Effects
    /// Undone by setting the tags that were there before.
    pub async fn set_tags(&self, context: &Context, id: &str, tags: &[String]) -> Result<(), Error> {
        set_tags(&self.session, context, "floatingips", id, tags, format!("tag floating IP {id}")).await
    }

    /// Deletes a floating IP, also while it leads to a port.
    ///
    /// # Errors
    /// The call failed. A floating IP that is not there is no error.
    ///
    /// # Effects
    /// Gives the address back, whoever asks may be given it: not undone.
    pub async fn delete(&self, context: &Context, id: &str) -> Result<(), Error> {
        delete(&self.session, context, "floatingips", id, format!("delete floating IP {id}")).await
    }
}

#[cfg(test)]
mod tests;
