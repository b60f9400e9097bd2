//! VMs whose network, subnets and addresses are others at the other site.

use crate::machines::{self, Machine};
use crate::owner::named;
use crate::scene::{GROUP, Scene};
use protector_core::domain::{FindingCode, GroupStatus};
use protector_core::protector::{MembersRequest, MoveRequest, Request};
use protector_mock::cloud::ServiceKind::Network;
use serde_json::json;

const TRANSLATED: &str = "{networks: [{site-a: app-net, site-b: dr-net}], \
     subnets: [{site-a: app-subnet, site-b: dr-subnet, addresses: translate}]}";

fn failover() -> Request {
    Request::Failover(MoveRequest::planned(GROUP))
}

fn failback() -> Request {
    Request::Failback(MoveRequest::planned(GROUP))
}

/// Where a VM is: its networks and addresses.
fn places(machine: &Machine) -> Vec<(&str, &str)> {
    let identities = machine.interfaces.iter().map(|interface| &interface.identity);
    identities.map(|identity| (identity["network"].as_str(), identity["addresses"].as_str())).collect()
}

fn macs(machine: &Machine) -> Vec<&str> {
    machine.interfaces.iter().map(|interface| interface.identity["MAC"].as_str()).collect()
}

impl Scene {
    async fn codes(&self, request: &Request) -> Vec<FindingCode> {
        let planned = self.plan(request).await;
        assert!(planned.plan.is_none());
        planned.findings.iter().map(|finding| finding.code).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn addresses_follow_the_subnets_there_and_back_also_of_what_was_made_there() {
    let mut scene = Scene::protected().await;
    scene.make_network_there("dr-net", "dr-subnet", "10.30.0.0/24").await;
    scene.map(TRANSLATED);
    let views = scene.protector.validate_mappings().await.unwrap();
    assert!(views.iter().all(|view| view.problems.is_empty()), "{views:#?}");
    scene.done(&failover()).await;
    let home = scene.running.clone();
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    assert_eq!(places(&scene.running["web-1"]), [("app-back", "10.20.0.11"), ("dr-net", "10.30.0.11")]);
    assert_eq!(places(&scene.running["web-2"]), [("app-back", "10.20.0.12"), ("dr-net", "10.30.0.12")]);
    for (name, machine) in &scene.running {
        let (mut there, mut here) = (macs(machine), macs(&home[name]));
        there.sort_unstable();
        here.sort_unstable();
        assert_eq!(there, here, "{name}");
    }
    // What is made there comes home into the range of there.
    scene.make("cache-1", "dr-net", "10.30.0.77", "fa:16:3e:0a:00:77").await;
    scene.done(&Request::AddMember(MembersRequest::new(GROUP, ["cache-1".to_owned()]))).await;
    scene.gain("cache-1").await;
    scene.live(400).await;
    let planned = scene.plan(&failback()).await;
    assert_eq!(planned.warnings, []);
    scene.done(&failback()).await;
    scene.moved().await;
    scene.check(GroupStatus::Active).await;
    for (name, machine) in &home {
        assert_eq!(places(&scene.running[name]), places(machine), "{name}");
    }
    assert_eq!(places(&scene.running["cache-1"]), [("app-net", "10.10.0.77")]);
    scene.live(400).await;
    scene.done(&failover()).await;
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    assert_eq!(places(&scene.running["cache-1"]), [("dr-net", "10.30.0.77")]);
}

#[tokio::test(start_paused = true)]
async fn an_address_without_a_place_is_found_before_anything_is_touched_and_a_table_gives_it_one() {
    let mut scene = Scene::protected().await;
    scene.make_network_there("dr-net", "dr-subnet", "10.30.0.0/24").await;
    let before = machines::left(&scene.b).await.unwrap();
    scene.map("{networks: [{site-a: app-net, site-b: dr-net}]}");
    assert_eq!(scene.codes(&failover()).await, [FindingCode::SubnetUnmapped; 2]);
    scene.map(&TRANSLATED.replace("translate", "keep"));
    assert_eq!(scene.codes(&failover()).await, [FindingCode::AddressUnplaced; 2]);
    let check = scene.protector.validate_site(&scene.a.site.into()).await.unwrap().checks;
    let said = check.iter().map(ToString::to_string).find(|told| told.contains("10.10.0.11"));
    assert!(said.is_some_and(|said| said.contains("no address for a port in dr-subnet")), "{check:#?}");
    let table = "[{site-a: 10.10.0.11, site-b: 10.30.0.81}, {site-a: 10.10.0.12, site-b: 10.30.0.82}]";
    scene.map(&TRANSLATED.replace("translate", table));
    let network = named(&scene.b, Network, "/v2.0/networks", "networks", "dr-net").await;
    assert_eq!(machines::left(&scene.b).await.unwrap(), before);
    let taken = json!({"network_id": network, "name": "taken", "fixed_ips": [{"ip_address": "10.30.0.81"}]});
    scene.b.made(Network, "/v2.0/ports", "port", &taken).await.unwrap();
    assert_eq!(scene.codes(&failover()).await, [FindingCode::AddressInUse]);
    scene.map(&TRANSLATED.replace("translate", &table.replace(".81", ".83")));
    scene.done(&failover()).await;
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    assert_eq!(places(&scene.running["web-1"]), [("app-back", "10.20.0.11"), ("dr-net", "10.30.0.83")]);
    assert_eq!(places(&scene.running["web-2"]), [("app-back", "10.20.0.12"), ("dr-net", "10.30.0.82")]);
}
