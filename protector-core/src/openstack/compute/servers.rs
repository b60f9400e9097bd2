use super::{change, read};
use crate::id::{PortId, ServerId, VolumeId};
use crate::openstack::delete::delete;
use crate::openstack::{Error, Session, list};
use crate::time::optional_utc;
use crate::transport::{Context, Semantics};
use futures::Stream;
use http::Method;
use jiff::Timestamp;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// A server, as `GET /servers/detail` gives it.
// nova/api/openstack/compute/views/servers.py (ViewBuilder.show), 2.96, 2026.2
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Server {
    /// Its id.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `SHUTOFF`, `ERROR`, …
    pub status: String,
    /// What it is being brought to, while it is.
    #[serde(rename(deserialize = "OS-EXT-STS:task_state"))]
    pub task_state: Option<String>,
    /// 1 running, 4 shut down; 0 unknown.
    #[serde(rename(deserialize = "OS-EXT-STS:power_state"))]
    pub power_state: Option<i64>,
    /// Its description.
    pub description: Option<String>,
    /// The flavor it was made from.
    pub flavor: ServerFlavor,
    /// Empty, or the image it was booted from.
    pub image: Value,
    /// Its metadata.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The name of the keypair it was made with.
    pub key_name: Option<String>,
    /// `True` or empty.
    #[serde(default)]
    pub config_drive: String,
    /// The availability zone it is in.
    #[serde(rename(deserialize = "OS-EXT-AZ:availability_zone"))]
    pub availability_zone: Option<String>,
    /// The availability zone that was asked for (2.96).
    #[serde(default)]
    pub pinned_availability_zone: Option<String>,
    /// The host name that the guest is told (2.90 for everybody).
    #[serde(rename(deserialize = "OS-EXT-SRV-ATTR:hostname"))]
    pub hostname: Option<String>,
    /// Base64; shown to administrators of the project only.
    #[serde(rename(deserialize = "OS-EXT-SRV-ATTR:user_data"))]
    pub user_data: Option<String>,
    /// The compute host; shown to administrators only.
    #[serde(rename(deserialize = "OS-EXT-SRV-ATTR:host"))]
    pub host: Option<String>,
    /// Whether it is locked.
    #[serde(default)]
    pub locked: bool,
    /// Why it is locked (2.73).
    pub locked_reason: Option<String>,
    /// The server groups it is in (2.71): one or none.
    pub server_groups: Option<Vec<String>>,
    /// Image certificates that were asked for (2.63).
    pub trusted_image_certificates: Option<Vec<String>>,
    /// The volumes, without order.
    #[serde(rename(deserialize = "os-extended-volumes:volumes_attached"), default)]
    pub volumes_attached: Vec<AttachedVolume>,
    /// Its addresses by network, in the order of its interfaces: nothing else tells that order.
    #[serde(default, deserialize_with = "in_order", serialize_with = "as_object")]
    pub addresses: Vec<(String, Vec<ServerAddress>)>,
    /// The IPv4 address that clients are told to use; empty if none.
    #[serde(rename(deserialize = "accessIPv4"), default)]
    pub access_ipv4: String,
    /// The IPv6 address that clients are told to use; empty if none.
    #[serde(rename(deserialize = "accessIPv6"), default)]
    pub access_ipv6: String,
    /// The user who made it.
    pub user_id: String,
    /// When it was made.
    #[serde(default, deserialize_with = "optional_utc")]
    pub created: Option<Timestamp>,
    /// What went wrong, in status `ERROR`.
    pub fault: Option<ServerFault>,
}

/// An address of a server.
// nova/api/openstack/compute/views/servers.py (addresses), nova/api/openstack/common.py, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerAddress {
    /// The address.
    pub addr: String,
    /// `fixed`, or `floating`: one outside that leads to the interface.
    #[serde(rename(deserialize = "OS-EXT-IPS:type"), default)]
    pub kind: String,
    /// The MAC address of the interface that has it.
    #[serde(rename(deserialize = "OS-EXT-IPS-MAC:mac_addr"))]
    pub mac_address: String,
}

/// Writes fields as an object, in their order.
fn as_object<S: Serializer>(
    fields: &[(String, Vec<ServerAddress>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, addresses)| (name, addresses)))
}

/// Reads an object's fields in the order in which they stand.
fn in_order<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Vec<ServerAddress>)>, D::Error> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, Vec<ServerAddress>)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("addresses by network")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }
    deserializer.deserialize_map(Fields)
}

/// A volume of a server, in the server's own view.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttachedVolume {
    /// The volume.
    pub id: VolumeId,
    /// Whether it is deleted with the server.
    #[serde(default)]
    pub delete_on_termination: bool,
}

/// A flavor as it is embedded in a server (2.47): it has a name, but no id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerFlavor {
    /// The flavor's name when the server was made.
    pub original_name: String,
    /// Processors.
    pub vcpus: u64,
    /// Memory, MiB.
    pub ram: u64,
    /// Root disk, GiB.
    pub disk: u64,
    /// Ephemeral disk, GiB.
    pub ephemeral: u64,
    /// Swap, MiB.
    pub swap: u64,
    /// Extra specs, if the role may see them.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

/// What went wrong with a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerFault {
    /// The message.
    #[serde(default)]
    pub message: String,
}

/// Which servers to list.
#[derive(Debug, Clone, Default)]
pub struct ServerQuery {
    /// Those whose name matches this regular expression.
    pub name: Option<String>,
}

/// A server to be made. Volumes and ports exist already: a second server with the same ones is refused by Nova.
// nova/api/openstack/compute/schemas/servers.py (create_v294), 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewServer {
    /// Its name.
    pub name: String,
    /// Its description (2.19).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The flavor's id.
    #[serde(rename = "flavorRef")]
    pub flavor: String,
    /// Its disks, root first.
    #[serde(rename = "block_device_mapping_v2")]
    pub block_devices: Vec<BlockDevice>,
    /// Its ports, in order.
    pub networks: Vec<NetworkInterface>,
    /// Its metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Its tags (2.52).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The keypair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
    /// Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_data: Option<String>,
    /// Whether it gets a configuration drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_drive: Option<bool>,
    /// The availability zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// The host name that the guest is told (2.90).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The IPv4 address that clients are told to use.
    #[serde(rename = "accessIPv4", default, skip_serializing_if = "Option::is_none")]
    pub access_ipv4: Option<String>,
    /// The IPv6 address that clients are told to use.
    #[serde(rename = "accessIPv6", default, skip_serializing_if = "Option::is_none")]
    pub access_ipv6: Option<String>,
    /// The server group; sent as a scheduler hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_group: Option<String>,
}

/// What to change on a server; what is not given stays.
// nova/api/openstack/compute/schemas/servers.py (update_v294), 2026.2: an address cannot be taken away
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerUpdate {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description (2.19); an empty one is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The host name that the guest is told (2.90).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The IPv4 address that clients are told to use.
    #[serde(rename = "accessIPv4", skip_serializing_if = "Option::is_none")]
    pub access_ipv4: Option<String>,
    /// The IPv6 address that clients are told to use.
    #[serde(rename = "accessIPv6", skip_serializing_if = "Option::is_none")]
    pub access_ipv6: Option<String>,
}

/// A disk of a server to be made: an existing volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockDevice {
    /// The volume.
    pub uuid: VolumeId,
    /// 0 boots; others do not.
    pub boot_index: i32,
    /// Whether it is deleted with the server.
    pub delete_on_termination: bool,
    /// The tag that the guest sees (2.42).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// A network interface of a server to be made: an existing port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// The port.
    pub port: PortId,
    /// The tag that the guest sees (2.42).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl NewServer {
    fn body(&self) -> Value {
        let mut server = json!(self);
        if let Some(fields) = server.as_object_mut() {
            fields.remove("server_group");
        }
        if let Some(devices) = server.get_mut("block_device_mapping_v2").and_then(Value::as_array_mut) {
            for device in devices.iter_mut().filter_map(Value::as_object_mut) {
                device.insert("source_type".to_owned(), "volume".into());
                device.insert("destination_type".to_owned(), "volume".into());
            }
        }
        match &self.server_group {
            None => json!({"server": server}),
            Some(group) => json!({"server": server, "os:scheduler_hints": {"group": group}}),
        }
    }
}

/// The servers of the session's project.
#[derive(Debug, Clone)]
pub struct Servers {
    session: Session,
}

impl Servers {
    /// The servers of `session`'s project.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists servers with all their attributes.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &ServerQuery,
    ) -> impl Stream<Item = Result<Server, Error>> + Send + 'a {
        let mut request = read("servers/detail", "list servers");
        if let Some(name) = &query.name {
            request = request.query("name", name);
        }
        list(&self.session, context, request, "servers")
    }

    /// Reads a server.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &ServerId) -> Result<Server, Error> {
        let request = read("servers", format!("read server {id}")).segment(id.as_str());
        self.session.fetch_field(context, &request, "server").await
    }

    /// Makes a server and returns its id at once; it is built in the background.
    ///
    /// # Errors
    /// The call failed. After `AnswerLost` look at who uses the ports before repeating it.
    ///
    /// # Effects
    /// Makes a server that uses the given ports and volumes; undone by [`Self::delete`].
    pub async fn create(&self, context: &Context, server: &NewServer) -> Result<ServerId, Error> {
        #[derive(Deserialize)]
        struct Created {
            id: ServerId,
        }
        let purpose = format!("create server {}", server.name);
        let request = change(Method::POST, Semantics::Keyed, "servers", purpose).body(server.body());
        let created: Created = self.session.fetch_field(context, &request, "server").await?;
        Ok(created.id)
    }

    /// Changes a server, also one that is locked.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    ///
    /// # Effects
    /// Undone by an update with what was there before.
    // nova/compute/api.py (update_instance), 2026.2: asks neither for the lock nor for the state
    pub async fn update(&self, context: &Context, id: &ServerId, update: &ServerUpdate) -> Result<(), Error> {
        let request = change(Method::PUT, Semantics::Idempotent, "servers", format!("update server {id}"))
            .segment(id.as_str())
            .body(json!({"server": update}));
        self.session.send(context, &request).await.map(drop)
    }

    /// Gives a server exactly this metadata.
    ///
    /// # Errors
    /// `Conflict` if it is locked, for all but administrators, or has a task under way; otherwise the call failed.
    ///
    /// # Effects
    /// Undone by setting what was there before.
    // nova/api/openstack/compute/server_metadata.py (update_all), 2026.2
    pub async fn replace_metadata(
        &self,
        context: &Context,
        id: &ServerId,
        metadata: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let purpose = format!("replace the metadata of server {id}");
        let request = change(Method::PUT, Semantics::Idempotent, "servers", purpose)
            .segment(id.as_str())
            .segment("metadata")
            .body(json!({"metadata": metadata}));
        self.session.send(context, &request).await.map(drop)
    }

    /// Gives a server exactly these tags (2.26), also one that is locked.
    ///
    /// # Errors
    /// `Conflict` if it is neither running nor stopped; otherwise the call failed.
    ///
    /// # Effects
    /// Undone by setting the tags that were there before.
    // nova/api/openstack/compute/server_tags.py (update_all), 2026.2
    pub async fn set_tags(&self, context: &Context, id: &ServerId, tags: &[String]) -> Result<(), Error> {
        let request = change(Method::PUT, Semantics::Idempotent, "servers", format!("tag server {id}"))
            .segment(id.as_str())
            .segment("tags")
            .body(json!({"tags": tags}));
        self.session.send(context, &request).await.map(drop)
    }

    /// Deletes a server; its volumes and ports stay unless they were made with it.
    ///
    /// # Errors
    /// The call failed. A server that is not there is no error.
    ///
    /// # Effects
    /// Not undone.
    pub async fn delete(&self, context: &Context, id: &ServerId) -> Result<(), Error> {
        let purpose = format!("delete server {id}");
        let request = change(Method::DELETE, Semantics::Idempotent, "servers", purpose).segment(id.as_str());
        delete(&self.session, context, &request).await
    }

    /// Asks a server to shut down. Nova forces it off when the guest does not comply in its own time.
    ///
    /// # Errors
    /// `Conflict` if it is not running or is locked; otherwise the call failed.
    ///
    /// # Effects
    /// Stops the guest; undone by [`Self::start`].
    pub async fn stop(&self, context: &Context, id: &ServerId) -> Result<(), Error> {
        self.act(context, id, "stop", json!({"os-stop": null})).await
    }

    /// Starts a server that is shut off.
    ///
    /// # Errors
    /// `Conflict` if it is not shut off or is locked; otherwise the call failed.
    ///
    /// # Effects
    /// Starts the guest; undone by [`Self::stop`].
    pub async fn start(&self, context: &Context, id: &ServerId) -> Result<(), Error> {
        self.act(context, id, "start", json!({"os-start": null})).await
    }

    /// Locks a server, so that its owner cannot change it.
    ///
    /// # Errors
    /// The call failed.
    ///
    /// # Effects
    /// Undone by [`Self::unlock`].
    pub async fn lock(&self, context: &Context, id: &ServerId, reason: &str) -> Result<(), Error> {
        self.act(context, id, "lock", json!({"lock": {"locked_reason": reason}})).await
    }

    /// Unlocks a server.
    ///
    /// # Errors
    /// The call failed.
    ///
    /// # Effects
    /// Undone by [`Self::lock`].
    pub async fn unlock(&self, context: &Context, id: &ServerId) -> Result<(), Error> {
        self.act(context, id, "unlock", json!({"unlock": null})).await
    }

    /// Gives a server another flavor. It then waits for [`Self::confirm_resize`] in status `VERIFY_RESIZE`; one that was shut
    /// off is not started.
    ///
    /// # Errors
    /// `Refused` if it has the flavor already; `Conflict` if it is neither running nor shut off, or is locked; `Quota`;
    /// otherwise the call failed.
    ///
    /// # Effects
    /// Stops a guest that runs, and moves it to a host with room. Undone by reverting the resize until it is confirmed.
    // nova/api/openstack/compute/servers.py (_action_resize), nova/compute/api.py (resize), 2026.2
    pub async fn resize(&self, context: &Context, id: &ServerId, flavor: &str) -> Result<(), Error> {
        self.act(context, id, "resize", json!({"resize": {"flavorRef": flavor}})).await
    }

    /// Lets a resized server keep its new flavor.
    ///
    /// # Errors
    /// `Conflict` if it is not in status `VERIFY_RESIZE`, or is locked; otherwise the call failed.
    ///
    /// # Effects
    /// Not undone.
    pub async fn confirm_resize(&self, context: &Context, id: &ServerId) -> Result<(), Error> {
        self.act(context, id, "confirm the resize of", json!({"confirmResize": null})).await
    }

    /// Reads the last lines of what a server has written to its serial console.
    ///
    /// # Errors
    /// `NotFound` if there is no such server or it has no console, `Conflict` if it is not on a host yet; otherwise the call
    /// failed, as it does where the hypervisor keeps no console.
    // nova/api/openstack/compute/console_output.py (get_console_output), 2026.2: a POST that changes nothing
    pub async fn console_output(
        &self,
        context: &Context,
        id: &ServerId,
        lines: u32,
    ) -> Result<String, Error> {
        let purpose = format!("read the console of server {id}");
        let request = change(Method::POST, Semantics::Safe, "servers", purpose)
            .segment(id.as_str())
            .segment("action")
            .body(json!({"os-getConsoleOutput": {"length": lines}}));
        self.session.fetch_field(context, &request, "output").await
    }

    // nova/api/openstack/compute/{servers,lock_server}.py: an action that has taken effect answers 409 when repeated
    async fn act(&self, context: &Context, id: &ServerId, verb: &str, body: Value) -> Result<(), Error> {
        let purpose = format!("{verb} server {id}");
        let request = change(Method::POST, Semantics::Idempotent, "servers", purpose)
            .segment(id.as_str())
            .segment("action")
            .body(body);
        self.session.send(context, &request).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
