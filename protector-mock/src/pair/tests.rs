use super::*;
use crate::clock::VirtualClock;
use protector_core::time::SystemClock;
use protector_core::transport::{RawAnswer, Transport, WireRequest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

fn virtual_clock() -> Arc<dyn Clock> {
    Arc::new(VirtualClock::new("2026-01-02T03:04:05Z".parse().unwrap()))
}

fn sign_in(user: &str, project: &str) -> Value {
    let domain = json!({"id": "default"});
    let user = json!({"name": user, "domain": domain, "password": files::PASSWORD});
    json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": project, "domain": domain}},
    }})
}

async fn ask(
    transport: &dyn Transport,
    method: &str,
    url: &str,
    token: &str,
    body: Option<Value>,
) -> RawAnswer {
    let headers = [
        ("content-type", "application/json"),
        ("openstack-api-version", "volume 3.70"),
        ("x-auth-token", token),
    ];
    let request = WireRequest {
        method: method.parse().unwrap(),
        url: url.parse().unwrap(),
        headers: headers
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect(),
        body: body.map(|body| body.to_string().into()),
        timeout: Duration::from_mins(1),
    };
    transport.send(request).await.unwrap()
}

/// A token, and where its catalog says that Nova is.
async fn signed_in(transport: &dyn Transport, identity: &str, user: &str, project: &str) -> (String, String) {
    let url = format!("{identity}/v3/auth/tokens");
    let answer = ask(transport, "POST", &url, "", Some(sign_in(user, project))).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    let token = answer.headers["x-subject-token"].to_str().unwrap().to_owned();
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    let catalog = told["token"]["catalog"].as_array().unwrap();
    let compute = catalog.iter().find(|service| service["type"] == "compute").unwrap();
    (token, compute["endpoints"][0]["url"].as_str().unwrap().to_owned())
}

fn identity(addresses: &Addresses, site: &'static str, quiet: bool) -> String {
    addresses.origin(Place::Service { site, kind: crate::cloud::ServiceKind::Identity, quiet })
}

#[tokio::test(start_paused = true)]
async fn the_example_runs_in_one_process_and_its_owner_sees_it() {
    let clock = virtual_clock();
    let (pair, addresses) =
        Pair::in_memory(1, Release::default(), Arc::clone(&clock), Some(&Estate::example())).unwrap();
    let (transport, _) = pair.transport(&addresses, clock).unwrap();
    let home = identity(&addresses, SITES[0], false);
    let (token, compute) = signed_in(&transport, &home, files::OWNER, files::PROJECT).await;
    let answer = ask(&transport, "GET", &format!("{compute}/servers/detail"), &token, None).await;
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    let servers = told["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 5);
    assert!(servers.iter().all(|server| server["status"] == "ACTIVE"));
}

#[tokio::test(start_paused = true)]
async fn who_comes_quietly_is_led_on_quietly() {
    let clock = virtual_clock();
    let (pair, addresses) = Pair::in_memory(1, Release::default(), Arc::clone(&clock), None).unwrap();
    let (transport, surroundings) = pair.transport(&addresses, clock).unwrap();
    for quiet in [false, true] {
        let (_, compute) =
            signed_in(&transport, &identity(&addresses, SITES[1], quiet), "admin", "admin").await;
        let kind = crate::cloud::ServiceKind::Compute;
        let place = Place::Service { site: SITES[1], kind, quiet };
        assert_eq!(compute, format!("{}/v2.1", addresses.origin(place)));
    }
    assert_eq!(surroundings.recording.since(0, None).len(), 1, "the quiet one was recorded");
}

#[tokio::test]
async fn a_second_start_goes_on_with_the_same_world_at_the_same_places() {
    let directory = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let wanted = Wanted { beginning: Beginning::Empty, ..Wanted::default() };
    let start = async || {
        let folder = Folder::open(directory.path()).unwrap();
        ServedPair::start(folder, &wanted, Arc::clone(&clock)).await.unwrap()
    };
    let first = start().await;
    let (origin, clouds) = (first.addresses().origin(Place::Admin), first.file("clouds.yaml"));
    first.pair().world().transact(|transaction| transaction.set_fact("test/here", "yes")).unwrap();
    let before = std::fs::read_to_string(&clouds).unwrap();
    first.end().await;
    let second = start().await;
    assert_eq!(second.addresses().origin(Place::Admin), origin);
    assert_eq!(std::fs::read_to_string(&clouds).unwrap(), before);
    let fact: Option<String> =
        second.pair().world().transact::<_, crate::world::WorldError>(|t| t.fact("test/here")).unwrap();
    assert_eq!(fact.as_deref(), Some("yes"));
    second.end().await;
}

#[test]
fn ports_are_those_of_the_testbed_and_no_two_are_the_same() {
    let addresses = Addresses::new(&Ports::From(15_000)).unwrap();
    let kind = crate::cloud::ServiceKind::Compute;
    let origin = |quiet| addresses.origin(Place::Service { site: SITES[1], kind, quiet });
    assert_eq!(
        (origin(true), origin(false)),
        ("http://127.0.0.1:17074".into(), "http://127.0.0.1:19074".into())
    );
    assert_eq!(addresses.origin(Place::Expired { array: ARRAYS[0] }), "https://127.0.0.1:15643");
    let sockets: std::collections::BTreeSet<_> =
        Place::all().into_iter().map(|place| addresses.socket(place)).collect();
    assert_eq!(sockets.len(), Place::all().len());
    assert!(Addresses::new(&Ports::From(65_000)).is_none());
}

#[tokio::test(start_paused = true)]
async fn the_described_census_finds_what_the_services_list() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::open(directory.path()).unwrap();
    let clock = virtual_clock();
    let settings = Settings { seed: 1, release: Release::default(), ports: Ports::default() };
    let addresses = Addresses::new(&settings.ports).unwrap();
    let world = beginning::world(&folder, &settings, &addresses, &Beginning::Example, &clock).unwrap();
    let pair = Pair::new(world, settings.release, &addresses).unwrap();
    let (transport, _) = pair.transport(&addresses, clock).unwrap();
    let site = SITES[0];
    let home = identity(&addresses, site, true);
    let url = format!("{home}/v3/auth/tokens");
    let signed = ask(&transport, "POST", &url, "", Some(sign_in(files::OWNER, files::PROJECT))).await;
    let token = signed.headers["x-subject-token"].to_str().unwrap().to_owned();
    let told: Value = serde_json::from_slice(&signed.body).unwrap();
    let project = told["token"]["project"]["id"].as_str().unwrap();
    let at = |kind| addresses.origin(Place::Service { site, kind, quiet: true });
    let compute = format!("{}/v2.1", at(crate::cloud::ServiceKind::Compute));
    let network = format!("{}/v2.0", at(crate::cloud::ServiceKind::Network));
    let storage = format!("{}/v3", at(crate::cloud::ServiceKind::BlockStorage));
    let send = async |method: &str, url: String, body: Value| -> Value {
        let answer = ask(&transport, method, &url, &token, Some(body).filter(|body| !body.is_null())).await;
        assert!(answer.status.is_success(), "{url}: {:?}", answer.body);
        serde_json::from_slice(&answer.body).unwrap()
    };
    let list = async |url: String| send("GET", url, Value::Null).await;

    let policy = json!({"server_group": {"name": "apart", "policies": ["anti-affinity"]}});
    send("POST", format!("{compute}/os-server-groups"), policy).await;
    let types = list(format!("{storage}/types")).await;
    let replicated = types["volume_types"].as_array().unwrap().iter().find(|t| t["name"] == "replicated");
    let group_types = list(format!("{storage}/group_types")).await;
    let group_types = group_types["group_types"].as_array().unwrap().clone();
    let asynchronous = group_types.iter().find(|kind| kind["name"] == "protector-async").unwrap();
    let group = json!({"group": {
        "name": "g", "group_type": asynchronous["id"],
        "volume_types": [replicated.unwrap()["id"]],
    }});
    let group = send("POST", format!("{storage}/groups"), group).await;
    let volumes = list(format!("{storage}/volumes/detail")).await;
    let replicated = |volume: &&Value| volume["volume_type"] == "replicated" && volume["status"] == "in-use";
    let volume = volumes["volumes"].as_array().unwrap().iter().find(replicated).unwrap();
    pair.world().advance(Duration::from_mins(1)).unwrap();
    let group = format!("{storage}/groups/{}", group["group"]["id"].as_str().unwrap());
    let added = json!({"group": {"add_volumes": volume["id"]}});
    assert_eq!(ask(&transport, "PUT", &group, &token, Some(added)).await.status, 202);
    pair.world().advance(Duration::from_mins(1)).unwrap();
    let group = group.rsplit('/').next();
    let snapshot = json!({"group_snapshot": {"name": "s", "group_id": group}});
    send("POST", format!("{storage}/group_snapshots"), snapshot).await;

    let lists = [
        ("servers", "name", list(format!("{compute}/servers")).await["servers"].clone()),
        ("server_groups", "name", list(format!("{compute}/os-server-groups")).await["server_groups"].clone()),
        ("ports", "mac_address", list(format!("{network}/ports")).await["ports"].clone()),
        (
            "security_groups",
            "name",
            list(format!("{network}/security-groups")).await["security_groups"].clone(),
        ),
        ("volumes", "name", list(format!("{storage}/volumes")).await["volumes"].clone()),
        ("groups", "name", list(format!("{storage}/groups")).await["groups"].clone()),
        (
            "group_snapshots",
            "name",
            list(format!("{storage}/group_snapshots")).await["group_snapshots"].clone(),
        ),
    ];
    let told = census::of(site);
    for (kind, shared, listed) in lists {
        let listed: BTreeMap<String, Option<String>> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["id"].as_str().unwrap().to_owned(), item[shared].as_str().map(str::to_owned)))
            .collect();
        assert!(!listed.is_empty(), "{kind}: there is nothing to be found");
        let database = told[kind]["database"].as_str().unwrap().strip_prefix("sqlite:").unwrap();
        let database = rusqlite::Connection::open(folder.path(database)).unwrap();
        let mut query = database.prepare(told[kind]["query"].as_str().unwrap()).unwrap();
        let counted = query.query_map([project], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(counted.collect::<Result<BTreeMap<_, _>, _>>().unwrap(), listed, "{kind}");
    }
}

#[test]
fn a_file_is_no_folder_for_a_pair_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pair");
    std::fs::write(&file, "mine").unwrap();
    let said = Folder::open(&file).unwrap_err().to_string();
    assert!(said.contains("is no folder: name one"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}
