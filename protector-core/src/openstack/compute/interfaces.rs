use super::read;
use crate::id::{PortId, ServerId};
use crate::openstack::{Error, Session};
use crate::transport::Context;
use serde::Deserialize;

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

    /// Lists a server's interfaces in the order that Nova plugs them. There is one page.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn list(&self, context: &Context, server: &ServerId) -> Result<Vec<Interface>, Error> {
        let request = read("servers", format!("list the interfaces of server {server}"))
            .segment(server.as_str())
            .segment("os-interface");
        self.session.fetch_field(context, &request, "interfaceAttachments").await
    }
}
