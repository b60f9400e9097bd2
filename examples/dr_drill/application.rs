//! The application: five VMs with fixed MAC and IP addresses, a keypair, metadata and volumes, made as its owner makes it.

use crate::cloud::{Cloud, text};
use anyhow::{Context as _, Result, anyhow, bail};
use protector_core::time::Clock;
use protector_mock::cloud::ServiceKind::{BlockStorage, Compute, Network};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const KEYPAIR: &str = "app-key";
const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIbNPRfwVVtnHqMvmyZyzwqzoGJGXzp9qUYJIHRMk7vC owner@app";

/// Between two looks at something that is waited for, and how often one looks.
const PAUSE: Duration = Duration::from_millis(500);
const LOOKS: u32 = 600;

struct Vm {
    name: &'static str,
    flavor: &'static str,
    role: &'static str,
    /// Network, address, MAC.
    interfaces: &'static [(&'static str, &'static str, &'static str)],
    /// Name, GiB; the first is the root.
    disks: &'static [(&'static str, u64)],
}

const VMS: [Vm; 5] = [
    Vm {
        name: "web-1",
        flavor: "app.small",
        role: "web",
        interfaces: &[
            ("app-net", "10.10.0.11", "fa:16:3e:0a:00:11"),
            ("app-back", "10.20.0.11", "fa:16:3e:14:00:11"),
        ],
        disks: &[("root", 10)],
    },
    Vm {
        name: "web-2",
        flavor: "app.small",
        role: "web",
        interfaces: &[
            ("app-net", "10.10.0.12", "fa:16:3e:0a:00:12"),
            ("app-back", "10.20.0.12", "fa:16:3e:14:00:12"),
        ],
        disks: &[("root", 10)],
    },
    Vm {
        name: "app-1",
        flavor: "app.medium",
        role: "app",
        interfaces: &[("app-back", "10.20.0.21", "fa:16:3e:14:00:21")],
        disks: &[("root", 10), ("data", 20)],
    },
    Vm {
        name: "app-2",
        flavor: "app.medium",
        role: "app",
        interfaces: &[("app-back", "10.20.0.22", "fa:16:3e:14:00:22")],
        disks: &[("root", 10), ("data", 20)],
    },
    Vm {
        name: "db-1",
        flavor: "app.medium",
        role: "db",
        interfaces: &[("app-back", "10.20.0.31", "fa:16:3e:14:00:31")],
        disks: &[("root", 10), ("data", 50), ("wal", 10)],
    },
];

/// The names of its VMs.
pub(crate) fn names() -> Vec<String> {
    VMS.iter().map(|vm| vm.name.to_owned()).collect()
}

/// What a site has, by name.
struct Ground {
    flavors: BTreeMap<String, String>,
    networks: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
}

async fn by_name(
    cloud: &Cloud,
    kind: protector_mock::cloud::ServiceKind,
    path: &str,
    list: &str,
) -> Result<BTreeMap<String, String>> {
    let items = cloud.list(kind, path, list).await?;
    Ok(items.iter().map(|item| (text(item, "/name").to_owned(), text(item, "/id").to_owned())).collect())
}

fn id_of<'g>(named: &'g BTreeMap<String, String>, name: &str) -> Result<&'g str> {
    named.get(name).map(String::as_str).ok_or_else(|| anyhow!("there is nothing named {name:?}"))
}

/// Makes it at a site.
pub(crate) async fn build(cloud: &Cloud, clock: &Arc<dyn Clock>) -> Result<()> {
    let ground = Ground {
        flavors: by_name(cloud, Compute, "/v2.1/flavors", "flavors").await?,
        networks: by_name(cloud, Network, "/v2.0/networks", "networks").await?,
        groups: by_name(cloud, Network, "/v2.0/security-groups", "security_groups").await?,
    };
    let keypair = json!({"keypair": {"name": KEYPAIR, "public_key": PUBLIC_KEY, "type": "ssh"}});
    cloud.post(Compute, "/v2.1/os-keypairs", &keypair).await?;
    let mut volumes = BTreeMap::new();
    for vm in &VMS {
        let mut own = Vec::new();
        for (name, size) in vm.disks {
            let fields = json!({"name": format!("{}-{name}", vm.name), "size": size, "volume_type": "replicated",
                "metadata": {"disk": name}});
            own.push(cloud.made(BlockStorage, "/v3/volumes", "volume", &fields).await?);
        }
        volumes.insert(vm.name, own);
    }
    settled(cloud, clock, BlockStorage, "/v3/volumes/detail", "volumes", "available").await?;
    for vm in &VMS {
        let own = volumes.get(vm.name).map(Vec::as_slice).unwrap_or_default();
        server(cloud, &ground, vm, own).await.with_context(|| format!("failed to make {}", vm.name))?;
    }
    settled(cloud, clock, Compute, "/v2.1/servers/detail", "servers", "ACTIVE").await
}

async fn server(cloud: &Cloud, ground: &Ground, vm: &Vm, volumes: &[String]) -> Result<()> {
    if let Some(root) = volumes.first() {
        let path = format!("/v3/volumes/{root}/action");
        cloud.post(BlockStorage, &path, &json!({"os-set_bootable": {"bootable": true}})).await?;
    }
    let mut ports = Vec::new();
    for (network, address, mac) in vm.interfaces {
        let groups = match *network {
            "app-net" => json!([id_of(&ground.groups, "app-web")?]),
            _ => json!([id_of(&ground.groups, "default")?]),
        };
        let fields = json!({
            "network_id": id_of(&ground.networks, network)?, "mac_address": mac, "security_groups": groups,
            "fixed_ips": [{"ip_address": address}], "name": format!("{}-{network}", vm.name),
        });
        let port = cloud.made(Network, "/v2.0/ports", "port", &fields).await?;
        ports.push(json!({"port": port}));
    }
    let devices: Vec<Value> = volumes
        .iter()
        .enumerate()
        .map(|(index, id)| {
            json!({
                "uuid": id, "source_type": "volume", "destination_type": "volume", "delete_on_termination": false,
                "boot_index": if index == 0 { 0 } else { -1 },
            })
        })
        .collect();
    let fields = json!({
        "name": vm.name, "flavorRef": id_of(&ground.flavors, vm.flavor)?, "imageRef": "", "key_name": KEYPAIR,
        "description": format!("{} of the drill's application", vm.role), "networks": ports,
        "metadata": {"role": vm.role, "tier": "gold"}, "block_device_mapping_v2": devices,
    });
    cloud.made(Compute, "/v2.1/servers", "server", &fields).await?;
    Ok(())
}

/// Waits until everything of a list has a status.
async fn settled(
    cloud: &Cloud,
    clock: &Arc<dyn Clock>,
    kind: protector_mock::cloud::ServiceKind,
    path: &str,
    list: &str,
    status: &str,
) -> Result<()> {
    for _ in 0..LOOKS {
        let items = cloud.list(kind, path, list).await?;
        if let Some(broken) = items.iter().find(|item| text(item, "/status").eq_ignore_ascii_case("error")) {
            bail!("{} is broken: {broken}", text(broken, "/name"));
        }
        if items.iter().all(|item| text(item, "/status") == status) {
            return Ok(());
        }
        clock.sleep(PAUSE).await;
    }
    bail!("not all {list} become {status}");
}
