use super::{change, read};
use crate::id::{PortId, ServerId};
use crate::openstack::delete::delete;
use crate::openstack::{Error, Session};
use crate::transport::{Context, Semantics};
use http::Method;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use std::fmt;

/// A network interface of a server, as `GET /servers/{id}/os-interface` gives it.
// nova/api/openstack/compute/attach_interfaces.py (_translate_interface_attachment_view), 2.96, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Interface {
    /// Its port.
    pub port_id: PortId,
    /// Its network.
    pub net_id: String,
    /// Its MAC address.
    pub mac_addr: String,
    /// The port's status.
    pub port_state: String,
    /// Its addresses.
    #[serde(default)]
    pub fixed_ips: Vec<InterfaceAddress>,
    /// The tag that the guest sees (2.70).
    pub tag: Option<String>,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InterfaceAddress {
    /// The subnet.
    pub subnet_id: String,
    /// The address.
    pub ip_address: String,
}

/// The network interfaces of servers.
#[derive(Debug, Clone)]
pub struct Interfaces {
    session: Session,
}

impl Interfaces {
    /// The interfaces of the servers of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists a server's interfaces in Neutron's order, by the ports' ids; the guest has them in that of
    /// [`Self::mac_addresses`]. There is one page.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    // nova/api/openstack/compute/attach_interfaces.py (index): what Neutron lists, unsorted
    pub async fn list(&self, context: &Context, server: &ServerId) -> Result<Vec<Interface>, Error> {
        let request = read("servers", format!("list the interfaces of server {server}"))
            .segment(server.as_str())
            .segment("os-interface");
        self.session.fetch_field(context, &request, "interfaceAttachments").await
    }

    /// Reads the MAC addresses of a server's interfaces in the order in which Nova plugs them, as far as Nova says it:
    /// it says it network by network, so that of two networks that alternate each comes at one piece, and it does not
    /// say it of an interface without address, or of a server that is still being built.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    // nova/api/openstack/common.py (get_networks_for_instance_from_nw_info), views/servers.py (_get_addresses), 2026.2
    pub async fn mac_addresses(&self, context: &Context, server: &ServerId) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Answer {
            server: Addresses,
        }
        #[derive(Deserialize)]
        struct Addresses {
            #[serde(deserialize_with = "mac_addresses_in_order")]
            addresses: Vec<String>,
        }
        let purpose = format!("read the order of the interfaces of server {server}");
        let request = read("servers", purpose).segment(server.as_str());
        let answer: Answer = self.session.fetch(context, &request).await?;
        Ok(answer.server.addresses)
    }

    /// Gives a server an interface with an existing port.
    ///
    /// # Errors
    /// `Conflict` if the port is used or the server is locked or in a state that forbids it, `NotFound` if either is
    /// not there; otherwise the call failed. After `AnswerLost` look at the server's interfaces before repeating it.
    ///
    /// # Effects
    /// The guest sees the interface; undone by [`Self::detach`].
    // nova/api/openstack/compute/schemas/attach_interfaces.py (create_v249), 2026.2
    pub async fn attach(
        &self,
        context: &Context,
        server: &ServerId,
        port: &PortId,
        tag: Option<&str>,
    ) -> Result<Interface, Error> {
        let mut attachment = json!({"port_id": port});
        if let (Some(tag), Some(fields)) = (tag, attachment.as_object_mut()) {
            fields.insert("tag".to_owned(), tag.into());
        }
        let purpose = format!("attach port {port} to server {server}");
        let request = change(Method::POST, Semantics::Keyed, "servers", purpose)
            .segment(server.as_str())
            .segment("os-interface")
            .body(json!({"interfaceAttachment": attachment}));
        self.session.fetch_field(context, &request, "interfaceAttachment").await
    }

    /// Takes an interface from a server, in the background. Its port stays, unless Nova made it.
    ///
    /// # Errors
    /// `Conflict` if the server is locked or in a state that forbids it; otherwise the call failed. A port that is not
    /// the server's is no error.
    ///
    /// # Effects
    /// The guest loses the interface; undone by [`Self::attach`].
    pub async fn detach(&self, context: &Context, server: &ServerId, port: &PortId) -> Result<(), Error> {
        let purpose = format!("detach port {port} from server {server}");
        let request = change(Method::DELETE, Semantics::Idempotent, "servers", purpose)
            .segment(server.as_str())
            .segment("os-interface")
            .segment(port.as_str());
        delete(&self.session, context, &request).await
    }
}

// The order of the object's keys is what is asked for: it is read straight from the text, for a map would lose it.
fn mac_addresses_in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    struct Address {
        #[serde(rename = "OS-EXT-IPS-MAC:mac_addr")]
        mac_address: String,
    }
    struct InOrder;
    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("addresses by network")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut networks: A) -> Result<Self::Value, A::Error> {
            let mut found: Vec<String> = Vec::new();
            while let Some((_, addresses)) = networks.next_entry::<IgnoredAny, Vec<Address>>()? {
                for address in addresses {
                    if !found.contains(&address.mac_address) {
                        found.push(address.mac_address);
                    }
                }
            }
            Ok(found)
        }
    }
    deserializer.deserialize_map(InOrder)
}

#[cfg(test)]
mod tests;
