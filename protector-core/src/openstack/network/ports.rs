use super::{change, delete, null_is_empty, read, set_tags};
use crate::id::{PortId, ProjectId};
use crate::openstack::{Error, Session, list};
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A port.
// neutron/db/db_base_plugin_common.py (_make_port_dict) and
// neutron_lib/api/definitions/{port,portbindings,port_security,allowedaddresspairs,extra_dhcp_opt,qos,dns}.py, 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Its id.
    pub id: PortId,
    /// Its name; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub name: String,
    /// Its description; may be empty.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub description: String,
    /// The network it is on.
    pub network_id: String,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// Its MAC address, `fa:16:3e:…`.
    pub mac_address: String,
    /// Its addresses, in order.
    pub fixed_ips: Vec<FixedIp>,
    /// Further addresses it may send from.
    #[serde(default)]
    pub allowed_address_pairs: Vec<AddressPair>,
    /// Its security groups' ids.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// Whether addresses and security groups are enforced; absent where the cloud has no port security.
    pub port_security_enabled: Option<bool>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether it is administratively up.
    pub admin_state_up: bool,
    /// Who uses it: a server's id, or empty.
    pub device_id: String,
    /// What uses it: `compute:nova` and others, or empty.
    pub device_owner: String,
    /// `ACTIVE`, `DOWN`, `BUILD`, `ERROR`.
    pub status: String,
    /// `normal`, `direct`, …
    #[serde(rename = "binding:vnic_type")]
    pub vnic_type: Option<String>,
    /// The compute host, or empty; shown to administrators only.
    #[serde(rename = "binding:host_id")]
    pub host_id: Option<String>,
    /// What its DHCP server tells beside the usual.
    #[serde(default)]
    pub extra_dhcp_opts: Vec<ExtraDhcpOption>,
    /// Its QoS policy.
    pub qos_policy_id: Option<String>,
    /// Its name in DNS; absent where the cloud has no DNS integration.
    pub dns_name: Option<String>,
    /// When it was made; absent where the cloud does not keep the times of resources.
    // neutron/services/timestamp/timestamp_db.py (_format_timestamp), 2026.2
    pub created_at: Option<Timestamp>,
}

/// An address of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedIp {
    /// The subnet.
    pub subnet_id: String,
    /// The address. A port that was read always has it; in a request `None` lets Neutron choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
}

/// Addresses that a port may send from beside its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPair {
    /// An address, or a network in CIDR notation.
    pub ip_address: String,
    /// A MAC address. A port that was read always has it; in a request `None` is the port's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
}

/// A DHCP option of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraDhcpOption {
    /// Its name.
    pub opt_name: String,
    /// Its value; in a [`PortUpdate`] `None` removes the option.
    pub opt_value: Option<String>,
    /// 4 or 6.
    pub ip_version: u8,
}

/// Which ports to list: those that match all that is given, exactly.
#[derive(Debug, Clone, Default)]
pub struct PortQuery {
    /// Those on this network.
    pub network_id: Option<String>,
    /// The one with this MAC address.
    pub mac_address: Option<String>,
    /// Those used by this device, a server's id for example.
    pub device_id: Option<String>,
    /// Those with this name.
    pub name: Option<String>,
    /// Those that carry all these tags; a tag holds no comma.
    pub tags: Vec<String>,
    /// Those that have this IP address.
    pub ip_address: Option<String>,
    /// Those of this project: without it an administrator is given all projects' ports.
    pub project_id: Option<ProjectId>,
}

/// A port to be made.
///
/// MAC address, exact IP addresses, port security and address pairs need a member of the *network's* project: on a
/// network that is only shared with the project Neutron refuses them as forbidden, so they are not sent unless given.
// neutron/conf/policies/port.py (create_port:*), 2026.2; older releases alike
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewPort {
    /// The network.
    pub network_id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its MAC address; Neutron chooses if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// Its addresses, in order; if empty, the port gets none.
    pub fixed_ips: Vec<FixedIp>,
    /// Further addresses it may send from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_address_pairs: Vec<AddressPair>,
    /// Whether addresses and security groups are enforced; as the network has it if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_security_enabled: Option<bool>,
    /// The security groups' ids; the project's `default` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<String>>,
    /// Whether it is administratively up.
    pub admin_state_up: bool,
    /// `normal`, `direct`, …
    #[serde(rename = "binding:vnic_type", skip_serializing_if = "Option::is_none")]
    pub vnic_type: Option<String>,
    /// What its DHCP server tells beside the usual.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_dhcp_opts: Vec<ExtraDhcpOption>,
    /// Its name in DNS; refused where the cloud has no DNS integration (extension `dns-integration`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
}

/// What to change on a port; what is not given stays.
// neutron/conf/policies/port.py (update_port:*), 2026.2: another MAC address takes more than a member
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PortUpdate {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is administratively up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state_up: Option<bool>,
    /// All its addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_ips: Option<Vec<FixedIp>>,
    /// All further addresses it may send from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_address_pairs: Option<Vec<AddressPair>>,
    /// All its security groups' ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<String>>,
    /// Whether addresses and security groups are enforced; Neutron takes `false` only with no security groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_security_enabled: Option<bool>,
    /// `normal`, `direct`, …
    #[serde(rename = "binding:vnic_type", skip_serializing_if = "Option::is_none")]
    pub vnic_type: Option<String>,
    /// DHCP options to set or remove; others stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_dhcp_opts: Option<Vec<ExtraDhcpOption>>,
    /// Its name in DNS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
}

/// The ports that the session's project sees.
#[derive(Debug, Clone)]
pub struct Ports {
    session: Session,
}

impl Ports {
    /// The ports that `session`'s project sees.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists ports.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &PortQuery,
    ) -> impl Stream<Item = Result<Port, Error>> + Send + 'a {
        let mut request = read("ports", "list ports");
        for (key, value) in [
            ("network_id", query.network_id.as_deref()),
            ("mac_address", query.mac_address.as_deref()),
            ("device_id", query.device_id.as_deref()),
            ("name", query.name.as_deref()),
            ("project_id", query.project_id.as_ref().map(ProjectId::as_str)),
        ] {
            if let Some(value) = value {
                request = request.query(key, value);
            }
        }
        // neutron/db/db_base_plugin_v2.py (_get_ports_query): an attribute of one of its addresses
        if let Some(address) = &query.ip_address {
            request = request.query("fixed_ips", format!("ip_address={address}"));
        }
        if !query.tags.is_empty() {
            request = request.query("tags", query.tags.join(","));
        }
        list(&self.session, context, request, "ports")
    }

    /// Reads a port.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &PortId) -> Result<Port, Error> {
        let request = read("ports", format!("read port {id}")).segment(id.as_str());
        self.session.fetch_field(context, &request, "port").await
    }

    /// Makes a port.
    ///
    /// # Errors
    /// `Conflict` with [`ConflictKind::MacAddress`](crate::openstack::ConflictKind::MacAddress) or
    /// [`ConflictKind::IpAddress`](crate::openstack::ConflictKind::IpAddress) if an address is taken, `Quota`,
    /// `NotFound` if the network is not there, `Refused` if an address is not the subnet's; otherwise the call failed.
    /// After `AnswerLost` list the network's ports by MAC address, or by name, before repeating it.
    ///
    /// # Effects
    /// Makes a port that holds its addresses; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, port: &NewPort) -> Result<Port, Error> {
        let purpose = format!("create port {} on network {}", port.name, port.network_id);
        let request = change(Method::POST, Semantics::Keyed, "ports", purpose).body(json!({ "port": port }));
        self.session.fetch_field(context, &request, "port").await
    }

    /// Changes a port.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` if an address is taken or the port is bound; otherwise the call failed.
    ///
    /// # Effects
    /// Undone by an update with what was there before.
    pub async fn update(&self, context: &Context, id: &PortId, update: &PortUpdate) -> Result<Port, Error> {
        let request = change(Method::PUT, Semantics::Idempotent, "ports", format!("update port {id}"))
            .segment(id.as_str())
            .body(json!({ "port": update }));
        self.session.fetch_field(context, &request, "port").await
    }

    /// Deletes a port and frees its addresses, also when a server uses it.
    ///
    /// # Errors
    /// `Conflict` if a router or another service owns it; otherwise the call failed. A port that is not there is no
    /// error.
    ///
    /// # Effects
    /// Not undone; another port may be made with the same addresses while they are free.
    pub async fn delete(&self, context: &Context, id: &PortId) -> Result<(), Error> {
        delete(&self.session, context, "ports", id.as_str(), format!("delete port {id}")).await
    }

    /// Gives a port exactly these tags.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    ///
    /// # Effects
    /// Undone by setting the tags that were there before.
    pub async fn set_tags(&self, context: &Context, id: &PortId, tags: &[String]) -> Result<(), Error> {
        set_tags(&self.session, context, "ports", id.as_str(), tags, format!("tag port {id}")).await
    }
}

#[cfg(test)]
mod tests;
