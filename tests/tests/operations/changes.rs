//! What is renamed, tagged or opened to others where the group runs, and what becomes of its counterparts.

use crate::cloud::{Cloud, text};
use crate::machines::Machine;
use crate::scene::{GROUP, Scene};
use http::Method;
use protector_core::domain::GroupStatus;
use protector_core::protector::{MoveRequest, OperationHandle, Request};
use protector_mock::cloud::ServiceKind::{self, BlockStorage, Compute, Network};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const VM: &str = "web-1";
const LATER: &str = "web-first";

fn sync() -> Request {
    Request::Sync { group: GROUP.to_owned() }
}

fn failover() -> Request {
    Request::Failover(MoveRequest::planned(GROUP))
}

fn failback() -> Request {
    Request::Failback(MoveRequest::planned(GROUP))
}

async fn put(cloud: &Cloud, kind: ServiceKind, path: String, body: Value) {
    cloud.send(kind, Method::PUT, &path, Some(&body)).await.unwrap();
}

/// Somebody changes all of a VM that has no bearing on its content.
async fn change(cloud: &Cloud, machine: &Machine) {
    let id = &machine.id;
    let group = json!({"name": "monitored", "description": ""});
    let groups = cloud.list(Network, "/v2.0/security-groups", "security_groups").await.unwrap();
    let known = groups.iter().find(|known| text(known, "/name") == "monitored");
    let group = match known {
        Some(known) => text(known, "/id").to_owned(),
        None => cloud.made(Network, "/v2.0/security-groups", "security_group", &group).await.unwrap(),
    };
    let server = json!({"server": {"name": LATER, "description": "the first", "accessIPv4": "203.0.113.9"}});
    put(cloud, Compute, format!("/v2.1/servers/{id}"), server).await;
    let metadata = json!({"metadata": {"tier": "gold", "owner": "shop"}});
    put(cloud, Compute, format!("/v2.1/servers/{id}/metadata"), metadata).await;
    put(cloud, Compute, format!("/v2.1/servers/{id}/tags"), json!({"tags": ["blue", "green"]})).await;
    let port = &machine.interfaces[0].port;
    let update =
        json!({"port": {"name": "front", "description": "of the first", "security_groups": [group]}});
    put(cloud, Network, format!("/v2.0/ports/{port}"), update).await;
    let tags = cloud.get(Network, &format!("/v2.0/ports/{port}/tags")).await.unwrap();
    let mut tags = tags["tags"].as_array().cloned().unwrap();
    tags.push("seen".into());
    put(cloud, Network, format!("/v2.0/ports/{port}/tags"), json!({"tags": tags})).await;
    let disk = &machine.disks[0].volume;
    let volume = json!({"volume": {"name": "system", "description": "of the first"}});
    put(cloud, BlockStorage, format!("/v3/volumes/{disk}"), volume).await;
    let metadata = json!({"metadata": {"backup": "daily"}});
    cloud.post(BlockStorage, &format!("/v3/volumes/{disk}/metadata"), &metadata).await.unwrap();
    let image = json!({"os-set_image_metadata": {"metadata": {"os_distro": "debian"}}});
    cloud.post(BlockStorage, &format!("/v3/volumes/{disk}/action"), &image).await.unwrap();
}

async fn named(cloud: &Cloud, kind: ServiceKind, path: &str, list: &str, id: &str) -> Value {
    let items = cloud.list(kind, path, list).await.unwrap();
    items.into_iter().find(|item| text(item, "/id") == id).unwrap()
}

/// What there is of the change, by name.
async fn seen(cloud: &Cloud, machine: &Machine) -> BTreeMap<&'static str, Value> {
    let server = named(cloud, Compute, "/v2.1/servers/detail", "servers", &machine.id).await;
    let port = named(cloud, Network, "/v2.0/ports", "ports", &machine.interfaces[0].port).await;
    let volume = named(cloud, BlockStorage, "/v3/volumes/detail", "volumes", &machine.disks[0].volume).await;
    let groups = cloud.list(Network, "/v2.0/security-groups", "security_groups").await.unwrap();
    let guards = port["security_groups"].as_array().unwrap().iter().map(|id| {
        let known = groups.iter().find(|group| group["id"] == *id).unwrap();
        text(known, "/name").to_owned()
    });
    let unmarked = |value: &Value| -> Value {
        let own = value.as_object().unwrap().iter();
        let own = own.filter(|(key, _)| {
            !key.starts_with("protector:") && !["array_name", "array_volume_name"].contains(&key.as_str())
        });
        own.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let mut tags: Vec<&str> = port["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    tags.retain(|tag| !tag.starts_with("protector:"));
    BTreeMap::from([
        ("server", json!([server["name"], server["description"], server["accessIPv4"]])),
        ("server metadata", unmarked(&server["metadata"])),
        ("server tags", server["tags"].clone()),
        ("port", json!([port["name"], port["description"], guards.collect::<Vec<_>>()])),
        ("port tags", json!(tags)),
        ("volume", json!([volume["name"], volume["description"]])),
        ("volume metadata", unmarked(&volume["metadata"])),
        ("image metadata", volume["volume_image_metadata"].clone()),
    ])
}

async fn monitored(cloud: &Cloud) {
    let group = json!({"name": "monitored", "description": ""});
    cloud.made(Network, "/v2.0/security-groups", "security_group", &group).await.unwrap();
}

impl Scene {
    /// The steps of a plan that bring something over.
    async fn brought(&self, request: &Request) -> Vec<String> {
        let plan = self.plan(request).await.plan.unwrap();
        let kinds = ["update_server", "update_port", "update_twin"];
        let steps = plan.steps.iter().filter(|step| kinds.contains(&step.kind.as_str()));
        steps.map(|step| step.id.to_string()).collect()
    }

    /// The group has been at the other site and is home again; gives what is there of the VM that will be changed.
    async fn there_and_back(&mut self) -> Machine {
        for request in [failover(), failback()] {
            self.done(&request).await;
            self.moved().await;
            self.live(400).await;
        }
        monitored(&self.b).await;
        crate::machines::read(self.there()).await.unwrap()[VM].clone()
    }

    /// The VM has another name from now on.
    async fn renamed(&mut self) {
        self.lose(VM);
        self.gain(LATER).await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_has_changed_nothing_is_brought_over() {
    let mut scene = Scene::protected().await;
    assert_eq!(scene.brought(&sync()).await, Vec::<String>::new());
    for request in [failover(), failback(), failover(), failback()] {
        assert_eq!(scene.brought(&request).await, Vec::<String>::new());
        scene.done(&request).await;
        scene.moved().await;
        scene.live(400).await;
        assert_eq!(scene.brought(&sync()).await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn sync_brings_what_has_changed_to_servers_ports_and_volumes_that_are_there() {
    let mut scene = Scene::protected().await;
    let shadow = scene.there_and_back().await;
    scene.done(&sync()).await;
    change(&scene.a, &scene.running[VM]).await;
    let told = scene.protector.drift(GROUP).await.unwrap();
    assert!(
        !told.is_empty() && told.iter().all(|finding| finding.remedy.contains("brings it over")),
        "{told:?}"
    );
    assert_ne!(seen(&scene.b, &shadow).await, seen(&scene.a, &scene.running[VM]).await);

    scene.done(&sync()).await;
    assert_eq!(seen(&scene.b, &shadow).await, seen(&scene.a, &scene.running[VM]).await);
    let there = named(&scene.b, Compute, "/v2.1/servers/detail", "servers", &shadow.id).await;
    assert_eq!((there["locked"].as_bool(), text(&there, "/status")), (Some(true), "SHUTOFF"));
    assert!(text(&there, "/locked_reason").contains("runs at site-a"), "{there}");
    let marker = |key: &str| there["metadata"].get(key).is_some();
    assert!(marker("protector:group") && marker("protector:lineage"), "{there}");
    assert_eq!(scene.brought(&sync()).await, Vec::<String>::new());
    assert_eq!(scene.protector.drift(GROUP).await.unwrap(), []);

    // The server of the other site is the same, and the VM goes on there under its new name. In the group it keeps the name by
    // which people and policies know it.
    scene.renamed().await;
    scene.done(&failover()).await;
    scene.moved().await;
    assert_eq!(scene.running[LATER].id, shadow.id);
    scene.check(GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn a_move_brings_what_has_changed_to_what_is_there_and_undo_leaves_it() {
    let mut scene = Scene::protected().await;
    monitored(&scene.b).await;
    // Nothing but twins is there yet.
    change(&scene.a, &scene.running[VM].clone()).await;
    let original = scene.running[VM].clone();
    assert_eq!(scene.brought(&failover()).await.len(), 1);
    scene.renamed().await;
    let expected = seen(&scene.a, &original).await;
    scene.done(&failover()).await;
    scene.moved().await;
    let here = scene.running[LATER].clone();
    assert_eq!(seen(&scene.b, &here).await, expected);
    scene.live(400).await;

    // Away from home it is changed again.
    let path = format!("/v2.1/servers/{}/metadata", here.id);
    let mut metadata = scene.b.get(Compute, &path).await.unwrap();
    metadata["metadata"]["tier"] = "silver".into();
    put(&scene.b, Compute, path, metadata).await;
    assert_eq!(scene.brought(&Request::Undo { group: GROUP.to_owned() }).await, Vec::<String>::new());
    assert_eq!(scene.brought(&failback()).await, [format!("update_server/{VM}")]);
    scene.done(&failback()).await;
    scene.moved().await;
    assert_eq!(scene.running[LATER].id, original.id);
    assert_eq!(scene.running[LATER].identity["metadata"], "owner=shop, tier=silver");
    assert!(!is_locked(&scene.a, &original).await);
    scene.check(GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_service_does_not_take_stops_no_sync_and_leaves_the_server_locked() {
    let mut scene = Scene::protected().await;
    let shadow = scene.there_and_back().await;
    change(&scene.a, &scene.running[VM]).await;
    scene.faults(
        "[{target: site-b/compute, method: PUT, path: '/metadata$', action: answer, status: 403, times: 1}]",
    );
    let report = scene.run(&sync()).await;
    assert_eq!(report.operation.status.as_str(), "completed", "{:?}", report.operation);
    let failed: Vec<_> = report.operation.steps_failed.iter().map(ToString::to_string).collect();
    assert_eq!(failed, [format!("update_server/{VM}")]);
    let there = named(&scene.b, Compute, "/v2.1/servers/detail", "servers", &shadow.id).await;
    assert_eq!(there["locked"].as_bool(), Some(true), "{there}");
    // What the service took is there, and the next sync has the rest.
    scene.done(&sync()).await;
    assert_eq!(seen(&scene.b, &shadow).await, seen(&scene.a, &scene.running[VM]).await);
}

/// A sync that is under way, in the moment in which the server at the other site is unlocked.
async fn unlocked_by_sync(scene: &mut Scene) -> (Machine, OperationHandle) {
    let shadow = scene.there_and_back().await;
    change(&scene.a, &scene.running[VM]).await;
    scene.faults("[{target: site-b/compute, method: PUT, path: '/metadata$', action: delay, seconds: 10}]");
    let plan = scene.plan(&sync()).await.plan.unwrap();
    let mut handle = scene.protector.apply(plan).await.unwrap();
    while is_locked(&scene.b, &shadow).await {
        tokio::select! {
            biased;
            progress = handle.next() => assert!(progress.is_some(), "the server was never unlocked"),
            () = scene.clock.sleep(Duration::from_millis(200)) => {}
        }
    }
    (shadow, handle)
}

async fn is_locked(cloud: &Cloud, machine: &Machine) -> bool {
    let server = named(cloud, Compute, "/v2.1/servers/detail", "servers", &machine.id).await;
    server["locked"].as_bool().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_is_cancelled_while_a_server_is_unlocked_leaves_it_locked() {
    let mut scene = Scene::protected().await;
    let (shadow, handle) = unlocked_by_sync(&mut scene).await;
    scene.protector.cancel(handle.id(), "not today").await.unwrap();
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status.as_str(), "rolled_back", "{:?}", report.operation);
    assert!(is_locked(&scene.b, &shadow).await);
    assert_eq!(scene.group().await.status, GroupStatus::Active);
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_is_left_while_a_server_is_unlocked_is_resumed_to_its_end() {
    let mut scene = Scene::protected().await;
    let (shadow, handle) = unlocked_by_sync(&mut scene).await;
    let id = handle.id();
    handle.stop_token().cancel();
    let report = handle.finish().await.unwrap();
    assert!(report.left.is_some(), "it has ended: {:?}", report.operation);
    let report = scene.protector.resume(Some(id)).await.unwrap().finish().await.unwrap();
    assert_eq!(report.operation.status.as_str(), "completed", "{:?}", report.operation);
    assert!(is_locked(&scene.b, &shadow).await);
    assert_eq!(seen(&scene.b, &shadow).await, seen(&scene.a, &scene.running[VM]).await);
}
