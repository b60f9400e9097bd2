//! A site with nothing but Neutron, and requests to it in raw JSON. The token says who calls: `project/role`.

use super::description;
use crate::cloud::{Caller, Fault, Release, Service, ServiceDescription, ServiceKind, Site};
use crate::http::{Endpoint, Request};
use crate::world::{Pace, Reactions, Transaction, World};
use bytes::Bytes;
use http::{HeaderMap, Method};
use protector_core::time::SystemClock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) const SCOPE: &str = "site-a";
pub(super) const ADMIN: &str = "operations/admin";
pub(super) const OWNER: &str = "shop/member";
pub(super) const OTHER: &str = "bank/member";

#[expect(clippy::unnecessary_wraps, reason = "the service asks for a function that may fail")]
fn authenticate(_: &Transaction<'_>, _: &Site, headers: &HeaderMap) -> Result<Option<Caller>, Fault> {
    let token = headers.get("x-auth-token").and_then(|token| token.to_str().ok());
    Ok(token.and_then(|token| token.split_once('/')).map(|(project, role)| Caller {
        project: project.to_owned(),
        roles: vec![role.to_owned()],
        ..Caller::default()
    }))
}

static NETWORK: ServiceDescription = description(authenticate);

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// The status, the name and the sentence of an error.
    pub(super) fn error(&self) -> (u16, &str, &str) {
        let error = &self.body["NeutronError"];
        (self.status, error["type"].as_str().unwrap(), error["message"].as_str().unwrap())
    }
}

pub(super) struct Bed {
    pub(super) world: Arc<World>,
    service: Service,
}

impl Bed {
    pub(super) fn new() -> Self {
        Self::of(Release::R2026_2)
    }

    pub(super) fn of(release: Release) -> Self {
        let world = World::in_memory(1, Arc::new(SystemClock::new()), Reactions::default()).unwrap();
        world.set_pace(Pace::OnCommand).unwrap();
        let world = Arc::new(world);
        let site = Site {
            world: Arc::clone(&world),
            name: SCOPE.to_owned(),
            region: SCOPE.to_owned(),
            release,
            array: "array-a".to_owned(),
            urls: BTreeMap::from([(ServiceKind::Network, "http://network".to_owned())]),
        };
        let service = Service::new(Arc::new(site), &NETWORK).unwrap();
        Self { world, service }
    }

    pub(super) fn send(&self, who: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.send_with(who, method, path, body, &[])
    }

    pub(super) fn send_with(
        &self,
        who: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::new(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        let mut set = |name: &str, value: &str| {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        };
        if !who.is_empty() {
            set("x-auth-token", who);
        }
        set("content-type", "application/json");
        for (name, value) in headers {
            set(name, value);
        }
        let response = self.service.answer(&request);
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Answer { status: response.status().as_u16(), body }
    }

    pub(super) fn get(&self, who: &str, path: &str) -> Answer {
        self.send(who, Method::GET, path, None)
    }

    pub(super) fn post(&self, who: &str, path: &str, body: &Value) -> Answer {
        self.send(who, Method::POST, path, Some(body))
    }

    pub(super) fn put(&self, who: &str, path: &str, body: &Value) -> Answer {
        self.send(who, Method::PUT, path, Some(body))
    }

    pub(super) fn delete(&self, who: &str, path: &str) -> Answer {
        self.send(who, Method::DELETE, path, None)
    }

    /// Makes something that has to be made, and returns what is answered inside of its name.
    pub(super) fn make(&self, who: &str, path: &str, name: &str, body: &Value) -> Value {
        let answer = self.post(who, path, &json!({ name: body }));
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body[name].clone()
    }

    /// The owner's network with the subnet 10.1.0.0/24; returns the ids of both.
    pub(super) fn network(&self) -> (String, String) {
        self.network_of(OWNER, &json!({"name": "front"}), "10.1.0.0/24")
    }

    pub(super) fn network_of(&self, who: &str, network: &Value, cidr: &str) -> (String, String) {
        let network = id(&self.make(who, "/v2.0/networks", "network", network));
        let subnet = json!({"network_id": network, "ip_version": 4, "cidr": cidr});
        let subnet = self.make(who, "/v2.0/subnets", "subnet", &subnet);
        (network, id(&subnet))
    }

    /// The owner's port on a network.
    pub(super) fn port(&self, network: &str, more: &Value) -> Value {
        self.make(OWNER, "/v2.0/ports", "port", &with(&json!({"network_id": network}), more))
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds)).unwrap();
    }
}

/// Both together.
pub(super) fn with(one: &Value, more: &Value) -> Value {
    let mut all = one.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    Value::Object(all)
}

pub(super) fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}
