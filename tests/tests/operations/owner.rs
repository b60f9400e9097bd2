//! What the application's owner does to it while it is protected, by raw requests.

use crate::cloud::{Cloud, text};
use crate::scene::Scene;
use protector_mock::cloud::ServiceKind::{self, BlockStorage, Compute, Network};
use serde_json::{Value, json};
use std::time::Duration;

/// Between two looks at something that is waited for, and how often one looks.
const PAUSE: Duration = Duration::from_millis(500);
const LOOKS: u32 = 600;

impl Scene {
    /// Extends a disk of a VM where the group runs.
    pub(crate) async fn extend(&mut self, name: &str, disk: usize, size: u64) {
        let id = self.running[name].disks[disk].volume.clone();
        let path = format!("/v3/volumes/{id}/action");
        self.here().post(BlockStorage, &path, &json!({"os-extend": {"new_size": size}})).await.unwrap();
        let path = format!("/v3/volumes/{id}");
        let extended = |volume: &Value| {
            volume.pointer("/volume/size") == Some(&json!(size)) && text(volume, "/volume/status") == "in-use"
        };
        self.wait(BlockStorage, &path, extended).await;
    }

    /// Resizes a VM where the group runs.
    pub(crate) async fn resize(&mut self, name: &str, flavor: &str) {
        let id = self.running[name].id.clone();
        let flavor = named(self.here(), Compute, "/v2.1/flavors", "flavors", flavor).await;
        let (server, action) = (format!("/v2.1/servers/{id}"), format!("/v2.1/servers/{id}/action"));
        self.here().post(Compute, &action, &json!({"resize": {"flavorRef": flavor}})).await.unwrap();
        self.wait(Compute, &server, |server| text(server, "/server/status") == "VERIFY_RESIZE").await;
        self.here().post(Compute, &action, &json!({"confirmResize": null})).await.unwrap();
        self.wait(Compute, &server, |server| text(server, "/server/status") == "ACTIVE").await;
    }

    /// Makes a VM with one disk where the group runs, with a network, an address and a MAC, maybe in a server group.
    pub(crate) async fn make(&mut self, name: &str, port: (&str, &str, &str), group: Option<&str>) {
        let (network, address, mac) = port;
        let here = self.here();
        let fields = json!({"name": format!("{name}-root"), "size": 10, "volume_type": "replicated"});
        let volume = here.made(BlockStorage, "/v3/volumes", "volume", &fields).await.unwrap();
        let path = format!("/v3/volumes/{volume}");
        self.wait(BlockStorage, &path, |volume| text(volume, "/volume/status") == "available").await;
        let action = format!("{path}/action");
        let here = self.here();
        here.post(BlockStorage, &action, &json!({"os-set_bootable": {"bootable": true}})).await.unwrap();
        let network = named(here, Network, "/v2.0/networks", "networks", network).await;
        let fields =
            json!({"network_id": network, "mac_address": mac, "fixed_ips": [{"ip_address": address}]});
        let port = here.made(Network, "/v2.0/ports", "port", &fields).await.unwrap();
        let flavor = named(here, Compute, "/v2.1/flavors", "flavors", "app.small").await;
        let disk =
            json!({"uuid": volume, "source_type": "volume", "destination_type": "volume", "boot_index": 0});
        let fields = json!({"name": name, "flavorRef": flavor, "imageRef": "", "networks": [{"port": port}],
            "block_device_mapping_v2": [disk]});
        let mut body = json!({"server": fields});
        if let Some(group) = group {
            body["os:scheduler_hints"] = json!({"group": group});
        }
        let made = here.post(Compute, "/v2.1/servers", &body).await.unwrap();
        let path = format!("/v2.1/servers/{}", text(&made, "/server/id"));
        self.wait(Compute, &path, |server| text(server, "/server/status") == "ACTIVE").await;
    }

    /// Makes a network with one subnet at site-b.
    pub(crate) async fn make_network_there(&self, name: &str, subnet: &str, cidr: &str) {
        let network =
            self.b.made(Network, "/v2.0/networks", "network", &json!({"name": name})).await.unwrap();
        let fields = json!({"name": subnet, "network_id": network, "cidr": cidr, "ip_version": 4});
        self.b.made(Network, "/v2.0/subnets", "subnet", &fields).await.unwrap();
    }

    async fn wait(&self, kind: ServiceKind, path: &str, done: impl Fn(&Value) -> bool) {
        for _ in 0..LOOKS {
            if done(&self.here().get(kind, path).await.unwrap()) {
                return;
            }
            self.clock.sleep(PAUSE).await;
        }
        panic!("{path} does not come to what is waited for");
    }
}

pub(crate) async fn named(cloud: &Cloud, kind: ServiceKind, path: &str, list: &str, name: &str) -> String {
    let items = cloud.list(kind, path, list).await.unwrap();
    let found = items.iter().find(|item| text(item, "/name") == name).unwrap();
    text(found, "/id").to_owned()
}
