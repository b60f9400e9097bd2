//! VMs for which other things stand at the other site than those of the same name.

use crate::cloud::{Cloud, text};
use crate::machines::{self, Machine};
use crate::owner::named;
use crate::scene::{GROUP, Scene};
use protector_core::domain::{FindingCode, GroupStatus};
use protector_core::protector::{MembersRequest, MoveRequest, Request, TestRequest};
use protector_mock::cloud::ServiceKind::{BlockStorage, Compute, Image, Network};
use serde_json::{Value, json};

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
    scene.make("cache-1", ("dr-net", "10.30.0.77", "fa:16:3e:0a:00:77"), None).await;
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

#[tokio::test(start_paused = true)]
async fn keypairs_and_server_groups_are_those_that_the_mappings_name() {
    let mut scene = Scene::set().await;
    let path = "/v2.1/os-server-groups";
    let soft = json!({"name": "dr-apart", "policy": "soft-anti-affinity"});
    let there = scene.b.made(Compute, path, "server_group", &soft).await.unwrap();
    let soft = json!({"name": "apart", "policy": "soft-anti-affinity"});
    let here = scene.a.made(Compute, path, "server_group", &soft).await.unwrap();
    for (name, address, mac) in
        [("cache-1", "10.20.0.77", "fa:16:3e:14:00:77"), ("cache-2", "10.20.0.78", "fa:16:3e:14:00:78")]
    {
        scene.make(name, ("app-back", address, mac), Some(&here)).await;
        scene.members.push(name.to_owned());
    }
    scene.look().await;
    scene.map(
        "{keypairs: [{site-a: app-key, site-b: dr-key}], server_groups: [{site-a: apart, site-b: dr-apart}]}",
    );
    scene.live(10).await;
    scene.protect().await;
    scene.live(10).await;
    scene.done(&failover()).await;
    let home = scene.running.clone();
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    assert_eq!(scene.running["web-1"].identity["keypair"], "dr-key");
    let groups = scene.b.list(Compute, path, "server_groups").await.unwrap();
    assert_eq!(groups.len(), 1, "{groups:?}");
    let mut expected: Vec<_> = ["cache-1", "cache-2"].map(|name| json!(scene.running[name].id)).into();
    expected.sort_by_key(ToString::to_string);
    let mut members = groups[0]["members"].as_array().unwrap().clone();
    members.sort_by_key(ToString::to_string);
    assert_eq!((text(&groups[0], "/id"), members), (there.as_str(), expected));
    scene.live(400).await;
    scene.done(&failback()).await;
    scene.moved().await;
    scene.check(GroupStatus::Active).await;
    assert_eq!(scene.running["web-1"].identity, home["web-1"].identity);
}

#[tokio::test(start_paused = true)]
async fn copies_follow_the_subnets_into_a_network_for_tests_and_keep_their_addresses_in_an_isolated_one() {
    let mut scene = Scene::protected().await;
    scene.make_network_there("dr-net", "dr-subnet", "10.30.0.0/24").await;
    scene.make_network_there("drill-net", "drill-subnet", "10.30.0.0/24").await;
    let for_tests = "{test_networks: [{site-a: app-net, site-b: drill-net}], networks:";
    scene.map(&TRANSLATED.replacen("{networks:", for_tests, 1));
    scene.live(400).await;
    scene.done(&Request::TestFailover(TestRequest::new(GROUP))).await;
    let copies = machines::read(&scene.b).await.unwrap();
    let expected =
        |host: u8| [("app-back-test", format!("10.20.0.{host}")), ("drill-net", format!("10.30.0.{host}"))];
    for (name, host) in [("web-1-test", 11), ("web-2-test", 12)] {
        let expected = expected(host);
        let expected: Vec<_> =
            expected.iter().map(|(network, address)| (*network, address.as_str())).collect();
        assert_eq!(places(&copies[name]), expected, "{name}");
    }
    scene.done(&Request::TestCleanup { group: GROUP.to_owned() }).await;
}

#[tokio::test(start_paused = true)]
async fn a_mapped_image_is_looked_for_on_both_sites_before_it_is_needed() {
    let mut scene = Scene::protected().await;
    scene.map("{images: [{site-a: rocky-9, site-b: dr-rocky-9}]}");
    let problems = async |scene: &Scene| -> Vec<String> {
        let views = scene.protector.validate_mappings().await.unwrap();
        views.into_iter().flat_map(|view| view.problems).collect()
    };
    let (here, there) = ("site-a has no rocky-9".to_owned(), "site-b has no dr-rocky-9".to_owned());
    let both = [here.clone(), there.clone(), there.clone(), here];
    assert_eq!(problems(&scene).await, both);
    let make = async |cloud: &Cloud, name: &str| {
        let fields = json!({"name": name, "disk_format": "raw", "container_format": "bare"});
        cloud.post(Image, "/v2/images", &fields).await.unwrap();
    };
    make(&scene.a, "rocky-9").await;
    let check = scene.protector.validate_site(&scene.b.site.into()).await.unwrap().checks;
    assert!(check.iter().any(|check| check.to_string().contains(&there)), "{check:#?}");
    make(&scene.b, "dr-rocky-9").await;
    assert_eq!(problems(&scene).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_volumes_of_a_test_are_of_the_type_that_is_mapped_for_tests() {
    let mut scene = Scene::protected().await;
    scene.live(400).await;
    scene.configure("defaults", "{test_volume_type: replicated}");
    let test = Request::TestFailover(TestRequest::new(GROUP));
    assert_eq!(scene.codes(&test).await, [FindingCode::VolumeTypeMissing]);
    scene.map("{test_volume_types: [{site-a: replicated, site-b: plain}]}");
    scene.done(&test).await;
    let volumes = scene.b.list(BlockStorage, "/v3/volumes/detail", "volumes").await.unwrap();
    let copies: Vec<&Value> =
        volumes.iter().filter(|volume| text(volume, "/name").ends_with("-test")).collect();
    assert_eq!(copies.len(), 9);
    assert!(copies.iter().all(|copy| text(copy, "/volume_type") == "plain"), "{copies:?}");
    scene.done(&Request::TestCleanup { group: GROUP.to_owned() }).await;
}
