use super::{change, delete, read};
use crate::openstack::{Error, Session, list};
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;

/// A subnet.
// neutron/db/db_base_plugin_common.py (_make_subnet_dict), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// The network it is on.
    pub network_id: String,
    /// Its addresses in CIDR notation.
    pub cidr: String,
    /// 4 or 6.
    pub ip_version: u8,
    /// Where Neutron chooses addresses from; others of the subnet may be asked for by name.
    pub allocation_pools: Vec<AllocationPool>,
    /// The gateway, if it has one.
    pub gateway_ip: Option<IpAddr>,
    /// Whether its ports are told their addresses by DHCP.
    pub enable_dhcp: bool,
}

/// A range of addresses, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllocationPool {
    /// The first.
    pub start: IpAddr,
    /// The last.
    pub end: IpAddr,
}

/// A subnet to be made.
// neutron_lib/api/definitions/subnet.py (RESOURCE_ATTRIBUTE_MAP), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSubnet {
    /// Its name.
    pub name: String,
    /// The network it is on.
    pub network_id: String,
    /// Its addresses in CIDR notation.
    pub cidr: String,
    /// 4 or 6.
    pub ip_version: u8,
    /// The gateway; `None` is sent as null, and it has none.
    pub gateway_ip: Option<IpAddr>,
    /// Whether its ports are told their addresses by DHCP.
    pub enable_dhcp: bool,
    /// Where Neutron chooses addresses from; all of the subnet if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_pools: Option<Vec<AllocationPool>>,
}

/// Which subnets to list.
#[derive(Debug, Clone, Default)]
pub struct SubnetQuery {
    /// Those on this network.
    pub network_id: Option<String>,
}

/// The subnets that the session's project sees.
#[derive(Debug, Clone)]
pub struct Subnets {
    session: Session,
}

impl Subnets {
    /// The subnets that `session`'s project sees.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists subnets.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &SubnetQuery,
    ) -> impl Stream<Item = Result<Subnet, Error>> + Send + 'a {
        let mut request = read("subnets", "list subnets");
        if let Some(network) = &query.network_id {
            request = request.query("network_id", network);
        }
        list(&self.session, context, request, "subnets")
    }

    /// Reads a subnet.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<Subnet, Error> {
        let request = read("subnets", format!("read subnet {id}")).segment(id);
        self.session.fetch_field(context, &request, "subnet").await
    }

    /// Makes a subnet.
    ///
    /// # Errors
    /// `Refused` if it overlaps another of the network or its pools are not in it; `NotFound` if the network is not
    /// there; `Quota`; otherwise the call failed. After `AnswerLost` list the network's subnets before repeating it.
    ///
    /// # Effects
    /// Makes a subnet; undone by [`Self::delete`], or with its network.
    pub async fn create(&self, context: &Context, subnet: &NewSubnet) -> Result<Subnet, Error> {
        let purpose = format!("create subnet {} on network {}", subnet.cidr, subnet.network_id);
        let request =
            change(Method::POST, Semantics::Keyed, "subnets", purpose).body(json!({ "subnet": subnet }));
        self.session.fetch_field(context, &request, "subnet").await
    }

    /// Deletes a subnet.
    ///
    /// # Errors
    /// `Conflict` while ports have addresses of it; otherwise the call failed. A subnet that is not there is no error.
    ///
    /// # Effects
    /// Not undone.
    pub async fn delete(&self, context: &Context, id: &str) -> Result<(), Error> {
        delete(&self.session, context, "subnets", id, format!("delete subnet {id}")).await
    }
}

#[cfg(test)]
mod tests;
