//! Copies of a test that are reached from outside, as their originals are.

use crate::cloud::{Cloud, text};
use crate::machines;
use crate::owner::named;
use crate::scene::{GROUP, Scene};
use protector_core::domain::{LeftoverKind, OperationStatus, naming};
use protector_core::protector::{MoveRequest, Request, TestRequest};
use protector_mock::cloud::ServiceKind::Network;
use protector_mock::pair::{ARRAYS, SITES};
use serde_json::{Value, json};
use std::time::Duration;

const OPERATOR: (&str, &str) = ("app-operator", "drill");
const MAPPED: &str =
    "{test_networks: [{site-a: app-net, site-b: drill-net}, {site-a: public, site-b: drill-public}]}";
/// No address is left outside.
const NO_ADDRESS: &str =
    "[{target: site-b/network, method: POST, path: '/floatingips$', action: answer, status: 409, times: 0}]";
/// What site-a has outside for `app-net`, and site-b for tests.
const OUTSIDE: [(&str, &str, &str, &str); 2] = [
    ("public", "203.0.113.0/24", "app-net", "10.10.0.1"),
    ("inner", "198.18.0.0/24", "app-back", "10.20.0.1"),
];

/// Makes an external network, and a router that joins a network with it.
async fn lead_outside(operator: &Cloud, (name, cidr, inside, gateway): (&str, &str, &str, &str)) -> String {
    let make = async |path: &str, kind: &str, fields: Value| {
        operator.made(Network, &format!("/v2.0/{path}"), kind, &fields).await.unwrap()
    };
    let outside = make("networks", "network", json!({"name": name, "router:external": true})).await;
    let subnet = json!({"name": name, "network_id": outside, "cidr": cidr, "ip_version": 4});
    make("subnets", "subnet", subnet).await;
    let gateway_info = json!({"name": name, "external_gateway_info": {"network_id": outside}});
    let router = make("routers", "router", gateway_info).await;
    let inside = named(operator, Network, "/v2.0/networks", "networks", inside).await;
    let interface = json!({"network_id": inside, "device_id": router, "device_owner": "network:router_interface",
        "fixed_ips": [{"ip_address": gateway}]});
    make("ports", "port", interface).await;
    outside
}

async fn port_of(cloud: &Cloud, mac: &str) -> String {
    let ports = cloud.list(Network, "/v2.0/ports", "ports").await.unwrap();
    let port = ports.iter().find(|port| text(port, "/mac_address") == mac).unwrap();
    text(port, "/id").to_owned()
}

async fn floating_ips(cloud: &Cloud) -> Vec<Value> {
    cloud.list(Network, "/v2.0/floatingips", "floatingips").await.unwrap()
}

/// At home floating IPs lead to `web-1` in `app-net` and to `app-1` in `app-back`; of these only the first has a network for
/// tests, which leads outside. Returns what leads to them.
async fn reached(scene: &Scene) -> (Cloud, Vec<Value>) {
    let ([site_a, site_b], [array_a, array_b]) = (SITES, ARRAYS);
    let operator = Cloud::sign_in(&scene.pair, site_a, array_a, OPERATOR).await.unwrap();
    for (outside, mac) in OUTSIDE.iter().zip(["fa:16:3e:0a:00:11", "fa:16:3e:14:00:21"]) {
        let network = lead_outside(&operator, *outside).await;
        let port = port_of(&scene.a, mac).await;
        let fields = json!({"floating_network_id": network, "port_id": port});
        scene.a.made(Network, "/v2.0/floatingips", "floatingip", &fields).await.unwrap();
    }
    scene.make_network_there("drill-net", "drill-subnet", "10.10.0.0/24").await;
    let there = Cloud::sign_in(&scene.pair, site_b, array_b, OPERATOR).await.unwrap();
    lead_outside(&there, ("drill-public", "192.0.2.0/24", "drill-net", "10.10.0.1")).await;
    let home = floating_ips(&scene.a).await;
    (there, home)
}

#[tokio::test(start_paused = true)]
async fn a_test_that_asks_for_them_has_new_floating_ips_and_gives_them_back() {
    let mut scene = Scene::set().await;
    let (operator, home) = reached(&scene).await;
    scene.map(MAPPED);
    scene.live(10).await;
    scene.protect().await;
    scene.live(400).await;
    let test = Request::TestFailover(TestRequest::new(GROUP));
    let reached = Request::TestFailover(TestRequest::new(GROUP).with_floating_ips());
    let cleanup = Request::TestCleanup { group: GROUP.to_owned() };

    scene.done(&test).await;
    assert_eq!(floating_ips(&scene.b).await, Vec::<Value>::new());
    scene.done(&cleanup).await;

    let plan = scene.plan(&reached).await.plan.unwrap();
    let said = plan.warnings.iter().filter(|finding| finding.subject.starts_with("floating IP"));
    let said: Vec<_> = said.map(|finding| (&*finding.subject, &*finding.message)).collect();
    let [(subject, message)] = said[..] else { panic!("{said:?}") };
    assert_eq!(subject, "floating IP of server app-1");
    assert!(message.ends_with("the network that is made for tests of app-back leads nowhere"), "{message}");

    let id = scene.done(&reached).await.operation.id;
    let made = floating_ips(&scene.b).await;
    let [one] = &made[..] else { panic!("{made:?}") };
    let copies = machines::read(&scene.b).await.unwrap();
    let address = text(one, "/floating_ip_address").to_owned();
    assert!(address.starts_with("192.0.2."), "{address}");
    assert_eq!(text(one, "/port_id"), port_of(&scene.b, "fa:16:3e:0a:00:11").await);
    assert_eq!(text(one, "/port_details/device_id"), copies["web-1-test"].id);
    assert_eq!(text(one, "/description"), naming::test_tag(id));
    assert!(one["tags"].as_array().unwrap().contains(&json!(naming::test_tag(id))), "{one}");
    assert_eq!(floating_ips(&scene.a).await, home, "those at home lead where they led");
    let drill = json!(scene.protector.drill(id).await.unwrap());
    assert_eq!(drill["floating_ips"], json!([{"server": "web-1", "address": address}]));
    let report = scene.protector.report(id).await.unwrap();
    let step = report.steps.iter().find(|step| step.kind == "create_test_floating_ip").unwrap();
    assert_eq!(step.remarks[0].text, format!("it is {address}"));

    // Somebody's own one stays.
    let outside = named(&operator, Network, "/v2.0/networks", "networks", "drill-public").await;
    let own = json!({"floating_network_id": outside, "description": "somebody's own"});
    let own = scene.b.made(Network, "/v2.0/floatingips", "floatingip", &own).await.unwrap();
    let left = async |scene: &Scene| -> Vec<String> {
        floating_ips(&scene.b).await.iter().map(|one| text(one, "/id").to_owned()).collect()
    };
    let ended = scene.done(&cleanup).await.operation.id;
    assert_eq!(left(&scene).await, [own.as_str()]);
    assert_eq!(scene.protector.remains(ended).await.unwrap(), []);

    // What a request made that took effect too late is left over.
    let late = json!({"floating_network_id": outside, "description": naming::test_tag(id)});
    let late = scene.b.made(Network, "/v2.0/floatingips", "floatingip", &late).await.unwrap();
    let listed = scene.protector.housekeeping().await.unwrap().leftovers;
    let [leftover] = &listed[..] else { panic!("{listed:#?}") };
    assert_eq!((leftover.kind, leftover.id.as_str()), (LeftoverKind::TestFloatingIp, late.as_str()));
    assert_eq!(leftover.quota["floatingip"], 1);
    let pruned = scene.protector.prune(&listed, Duration::ZERO).await.unwrap();
    assert_eq!(pruned.operations[0].status, OperationStatus::Completed, "{pruned:#?}");
    assert_eq!((pruned.remains, left(&scene).await), (vec![], vec![own.clone()]));

    // A move that a test is turned into takes them along, too.
    scene.done(&reached).await;
    assert_eq!(left(&scene).await.len(), 2);
    scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await;
    assert_eq!(left(&scene).await, [own]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_comes_up_without_a_floating_ip_that_cannot_be_made() {
    let mut scene = Scene::set().await;
    reached(&scene).await;
    scene.map(MAPPED);
    scene.protect().await;
    scene.live(400).await;
    scene.faults(NO_ADDRESS);
    let reached = Request::TestFailover(TestRequest::new(GROUP).with_floating_ips());
    scene.run(&reached).await;
    assert_eq!(floating_ips(&scene.b).await, Vec::<Value>::new());
    assert_eq!(machines::read(&scene.b).await.unwrap()["web-1-test"].status, "ACTIVE");
}
