//! A site with Nova, Neutron and Cinder, asked in raw JSON. The token says who calls: `project/role`.

use super::{Flavor, description, put_flavor};
use crate::cloud::{Caller, Fault, Release, Service, ServiceDescription, ServiceKind, Site};
use crate::http::{Endpoint, Request};
use crate::identity::projects;
use crate::world::{Pace, Reactions, Transaction, World, WorldError};
use crate::{arrays, block_storage, network};
use bytes::Bytes;
use http::{HeaderMap, Method};
use protector_core::time::SystemClock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) const ADMIN: &str = "operations/admin";
pub(super) const OWNER: &str = "shop/member";
pub(super) const OTHER: &str = "bank/member";
pub(super) const SMALL: &str = "small";

fn authenticate(_: &Transaction<'_>, _: &Site, headers: &HeaderMap) -> Result<Option<Caller>, Fault> {
    let token = headers.get("x-auth-token").and_then(|token| token.to_str().ok());
    Ok(token.and_then(|token| token.split_once('/')).map(|(project, role)| Caller {
        user: format!("{project}-user"),
        project: project.to_owned(),
        roles: vec![role.to_owned()],
        ..Caller::default()
    }))
}

static COMPUTE: ServiceDescription = description(authenticate);
static NETWORK: ServiceDescription = network::description(authenticate);
static BLOCK_STORAGE: ServiceDescription = block_storage::description(authenticate);

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    /// The status and the sentence of an error.
    pub(super) fn error(&self) -> (u16, &str) {
        let mut errors = self.body.as_object().unwrap().values();
        (self.status, errors.next().unwrap()["message"].as_str().unwrap())
    }
}

pub(super) struct Bed {
    pub(super) world: Arc<World>,
    compute: Service,
    network: Service,
    volumes: Service,
}

impl Bed {
    pub(super) fn new() -> Self {
        Self::of(Release::R2026_2)
    }

    pub(super) fn of(release: Release) -> Self {
        let mut reactions = Reactions::default().with(arrays::REACTIONS);
        for some in super::REACTIONS.iter().chain(block_storage::REACTIONS) {
            reactions = reactions.with(some);
        }
        let world = Arc::new(World::in_memory(1, Arc::new(SystemClock::new()), reactions).unwrap());
        world.set_pace(Pace::OnCommand).unwrap();
        let url = |kind: ServiceKind| (kind, format!("http://{}", kind.name()));
        let site = Arc::new(Site {
            world: Arc::clone(&world),
            name: "site-a".to_owned(),
            region: "site-a".to_owned(),
            release,
            array: "array-a".to_owned(),
            urls: ServiceKind::ALL.into_iter().map(url).collect::<BTreeMap<_, _>>(),
        });
        world
            .transact::<_, WorldError>(|transaction| {
                arrays::systems::add(transaction, "array-a", "token")?;
                block_storage::prepare(transaction, &site)?;
                put_flavor(transaction, "site-a", &Flavor::public(SMALL, "app.small", 2, 256, 1))?;
                put_flavor(transaction, "site-a", &Flavor::public("large", "app.large", 4, 512, 1))
            })
            .unwrap();
        let service = |description| Service::new(Arc::clone(&site), description).unwrap();
        let (compute, network, volumes) = (service(&COMPUTE), service(&NETWORK), service(&BLOCK_STORAGE));
        Self { world, compute, network, volumes }
    }

    /// A project that Keystone knows, by its id.
    pub(super) fn project(&self, name: &str) -> String {
        self.world
            .transact::<_, Fault>(|transaction| {
                Ok(projects::create_project(transaction, "site-a", "default", name, "")?.id)
            })
            .unwrap()
    }

    fn send_to(
        service: &Service,
        who: &str,
        version: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::new(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        let headers = request.headers_mut();
        headers.insert("x-auth-token", who.parse().unwrap());
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("openstack-api-version", version.parse().unwrap());
        let response = service.answer(&request);
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// Asks Nova at a microversion.
    pub(super) fn at(
        &self,
        version: &str,
        who: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let version = format!("compute {version}");
        Self::send_to(&self.compute, who, &version, method, &format!("/v2.1{path}"), body)
    }

    pub(super) fn get(&self, who: &str, path: &str) -> Answer {
        self.at("2.96", who, Method::GET, path, None)
    }

    pub(super) fn post(&self, who: &str, path: &str, body: &Value) -> Answer {
        self.at("2.96", who, Method::POST, path, Some(body))
    }

    pub(super) fn put(&self, who: &str, path: &str, body: &Value) -> Answer {
        self.at("2.96", who, Method::PUT, path, Some(body))
    }

    pub(super) fn delete(&self, who: &str, path: &str) -> Answer {
        self.at("2.96", who, Method::DELETE, path, None)
    }

    /// The owner's network with the subnet 10.1.0.0/24; returns its id.
    pub(super) fn network(&self, name: &str) -> String {
        let made = self.neutron("/v2.0/networks", &json!({"network": {"name": name}}));
        let network = made["network"]["id"].as_str().unwrap().to_owned();
        let subnet = json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.1.0.0/24"}});
        self.neutron("/v2.0/subnets", &subnet);
        network
    }

    /// The owner's port; returns its id.
    pub(super) fn port(&self, network: &str) -> String {
        let port = self.neutron("/v2.0/ports", &json!({"port": {"network_id": network}}));
        port["port"]["id"].as_str().unwrap().to_owned()
    }

    fn neutron(&self, path: &str, body: &Value) -> Value {
        let answer = Self::send_to(&self.network, OWNER, "network 2.0", Method::POST, path, Some(body));
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    pub(super) fn show_port(&self, id: &str) -> Value {
        let path = format!("/v2.0/ports/{id}");
        let mut answer = Self::send_to(&self.network, OWNER, "network 2.0", Method::GET, &path, None);
        answer.body["port"].take()
    }

    /// The owner's volume of 1 GiB, from which a server can start; returns its id.
    pub(super) fn volume(&self) -> String {
        let cinder = |path: &str, body: &Value| {
            let path = format!("/v3{path}");
            Self::send_to(&self.volumes, OWNER, "volume 3.60", Method::POST, &path, Some(body))
        };
        let made = cinder("/volumes", &json!({"volume": {"size": 1, "name": "disk"}}));
        assert_eq!(made.status, 202, "{}", made.body);
        let id = made.body["volume"]["id"].as_str().unwrap().to_owned();
        self.pass(10.0);
        let bootable = json!({"os-set_bootable": {"bootable": true}});
        assert_eq!(cinder(&format!("/volumes/{id}/action"), &bootable).status, 200);
        id
    }

    pub(super) fn volume_status(&self, id: &str) -> Value {
        let path = format!("/v3/volumes/{id}");
        let mut answer = Self::send_to(&self.volumes, OWNER, "volume 3.60", Method::GET, &path, None);
        answer.body["volume"]["status"].take()
    }

    /// A running server of the owner on a port and a volume; returns its id.
    pub(super) fn server(&self, port: &str, volume: &str) -> String {
        let made = self.post(OWNER, "/servers", &on(port, volume));
        assert_eq!(made.status, 202, "{}", made.body);
        self.pass(5.0);
        let id = made.body["server"]["id"].as_str().unwrap().to_owned();
        assert_eq!(self.shown(&id)["status"], "ACTIVE", "{}", self.shown(&id));
        id
    }

    pub(super) fn shown(&self, id: &str) -> Value {
        self.get(OWNER, &format!("/servers/{id}")).body["server"].take()
    }

    pub(super) fn act(&self, who: &str, id: &str, body: &Value) -> Answer {
        self.post(who, &format!("/servers/{id}/action"), body)
    }

    pub(super) fn pass(&self, seconds: f64) {
        self.world.advance(Duration::from_secs_f64(seconds)).unwrap();
    }

    pub(super) fn set(&self, fact: &str, value: &str) {
        self.world.transact::<_, WorldError>(|transaction| transaction.set_fact(fact, value)).unwrap();
    }
}

/// The body of a server on a port that starts from a volume.
pub(super) fn on(port: &str, volume: &str) -> Value {
    json!({"server": {
        "name": "web",
        "flavorRef": SMALL,
        "networks": [{"port": port}],
        "block_device_mapping_v2": [
            {"source_type": "volume", "destination_type": "volume", "uuid": volume, "boot_index": 0},
        ],
    }})
}
