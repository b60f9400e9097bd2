//! VMs as a site's services tell of them.

use crate::cloud::{Cloud, text};
use anyhow::{Result, bail};
use protector_mock::cloud::ServiceKind::{BlockStorage, Compute, Network};
use serde_json::Value;
use std::collections::BTreeMap;

/// What protector adds to metadata begins so.
const MARKER: &str = "protector:";

/// A VM at a site.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) status: String,
    /// Whether there is a mark of protector's on it.
    pub(crate) marked: bool,
    /// What it is, by name: flavor, keypair, description, metadata.
    pub(crate) identity: BTreeMap<&'static str, String>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) disks: Vec<Disk>,
}

/// A port of a VM.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) port: String,
    /// What it is, by name: MAC, addresses, network, security groups.
    pub(crate) identity: BTreeMap<&'static str, String>,
}

/// A volume of a VM, in the order in which the guest sees them.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) volume: String,
    /// What it is, by name: name, size, type, metadata, bootable.
    pub(crate) identity: BTreeMap<&'static str, String>,
}

pub(crate) type Machines = BTreeMap<String, Machine>;

/// All VMs of the project at a site, by name.
pub(crate) async fn read(cloud: &Cloud) -> Result<Machines> {
    let volumes = by_id(cloud.list(BlockStorage, "/v3/volumes/detail", "volumes").await?);
    let networks = by_id(cloud.list(Network, "/v2.0/networks", "networks").await?);
    let groups = by_id(cloud.list(Network, "/v2.0/security-groups", "security_groups").await?);
    let ports = cloud.list(Network, "/v2.0/ports", "ports").await?;
    let name_of = |of: &BTreeMap<String, Value>, id: &str| {
        of.get(id).map_or_else(|| id.to_owned(), |named| text(named, "/name").to_owned())
    };
    let mut machines = Machines::new();
    for server in cloud.list(Compute, "/v2.1/servers/detail", "servers").await? {
        let id = text(&server, "/id").to_owned();
        let path = format!("/v2.1/servers/{id}/os-volume_attachments");
        let mut attached = cloud.list(Compute, &path, "volumeAttachments").await?;
        attached.sort_by_key(|attachment| text(attachment, "/device").to_owned());
        let disks = attached.iter().map(|attachment| disk(attachment, &volumes)).collect();
        let mut interfaces: Vec<Interface> = ports
            .iter()
            .filter(|port| text(port, "/device_id") == id)
            .map(|port| {
                let listed = |pointer: &str| {
                    port.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
                };
                let addresses: Vec<_> =
                    listed("/fixed_ips").iter().map(|fixed| text(fixed, "/ip_address").to_owned()).collect();
                let mut guarded: Vec<_> = listed("/security_groups")
                    .iter()
                    .map(|group| name_of(&groups, group.as_str().unwrap_or_default()))
                    .collect();
                guarded.sort();
                Interface {
                    port: text(port, "/id").to_owned(),
                    identity: BTreeMap::from([
                        ("MAC", text(port, "/mac_address").to_owned()),
                        ("addresses", addresses.join(", ")),
                        ("network", name_of(&networks, text(port, "/network_id"))),
                        ("security groups", guarded.join(", ")),
                        ("name", text(port, "/name").to_owned()),
                    ]),
                }
            })
            .collect();
        interfaces.sort_by_key(|interface| interface.identity.get("addresses").cloned());
        let name = text(&server, "/name").to_owned();
        let metadata = server.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
        let machine = Machine {
            status: text(&server, "/status").to_owned(),
            marked: metadata.keys().any(|key| key.starts_with(MARKER)),
            identity: BTreeMap::from([
                ("flavor", text(&server, "/flavor/original_name").to_owned()),
                ("keypair", text(&server, "/key_name").to_owned()),
                ("description", text(&server, "/description").to_owned()),
                ("metadata", unmarked(&server)),
            ]),
            id,
            interfaces,
            disks,
        };
        if machines.insert(name.clone(), machine).is_some() {
            bail!("{} has two VMs named {name}", cloud.site);
        }
    }
    Ok(machines)
}

/// What has which status now, by the server's id.
pub(crate) async fn statuses(cloud: &Cloud) -> Result<BTreeMap<String, String>> {
    let servers = cloud.list(Compute, "/v2.1/servers/detail", "servers").await?;
    Ok(servers
        .iter()
        .map(|server| (text(server, "/id").to_owned(), text(server, "/status").to_owned()))
        .collect())
}

fn by_id(items: Vec<Value>) -> BTreeMap<String, Value> {
    items.into_iter().map(|item| (text(&item, "/id").to_owned(), item)).collect()
}

fn disk(attachment: &Value, volumes: &BTreeMap<String, Value>) -> Disk {
    let id = text(attachment, "/volumeId").to_owned();
    let volume = volumes.get(&id).cloned().unwrap_or_default();
    let size = volume.get("size").map(ToString::to_string).unwrap_or_default();
    let identity = BTreeMap::from([
        ("name", text(&volume, "/name").to_owned()),
        ("size", size),
        ("type", text(&volume, "/volume_type").to_owned()),
        ("bootable", text(&volume, "/bootable").to_owned()),
        ("metadata", unmarked(&volume)),
    ]);
    Disk { volume: id, identity }
}

/// The metadata of something without what protector adds, and without what Cinder's driver keeps there of the array.
fn unmarked(of: &Value) -> String {
    let metadata = of.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    let own = metadata
        .iter()
        .filter(|(key, _)| !key.starts_with(MARKER) && *key != "array_volume_name" && *key != "array_name");
    own.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What there is in the project beside networks and their like.
pub(crate) async fn left(cloud: &Cloud) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for (kind, path, list) in [
        (Compute, "/v2.1/servers", "servers"),
        (BlockStorage, "/v3/volumes", "volumes"),
        (BlockStorage, "/v3/groups", "groups"),
        (BlockStorage, "/v3/snapshots", "snapshots"),
        (Network, "/v2.0/ports", "ports"),
    ] {
        let items = cloud.list(kind, path, list).await?;
        let owned = items.iter().filter(|item| !text(item, "/device_owner").starts_with("network:"));
        left.extend(owned.map(|item| format!("{list} {} ({})", text(item, "/name"), text(item, "/id"))));
    }
    Ok(left)
}
