//! A site with its Cinder, asked through [`Endpoint::answer`] in raw JSON.

mod answers;
mod attachments;
mod groups;
mod import;
mod limits;
mod volumes;

use super::*;
use crate::arrays;
use crate::cloud::Service;
use crate::http::{Endpoint, Request};
use crate::world::{Pace, Reactions, World};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const PROJECT: &str = "1482e7850b4b40d0bc0110ec6122fa8e";

/// The token is the list of roles, with the project before it if it is another: `other:member`.
#[expect(clippy::unnecessary_wraps, reason = "as a description has it")]
fn authenticate(_: &Transaction<'_>, _: &Site, headers: &HeaderMap) -> Result<Option<Caller>, Fault> {
    let token = headers.get("x-auth-token").and_then(|value| value.to_str().ok());
    Ok(token.map(|token| {
        let (project, roles) = token.split_once(':').unwrap_or((PROJECT, token));
        Caller {
            user: "bed".to_owned(),
            project: project.to_owned(),
            roles: roles.split(',').map(str::to_owned).collect(),
            ..Caller::default()
        }
    }))
}

static DESCRIPTION: ServiceDescription = description(authenticate);

struct Bed {
    world: Arc<World>,
    service: Service,
}

struct Answer {
    status: u16,
    body: Value,
    headers: HeaderMap,
}

impl Bed {
    fn of(release: Release) -> Self {
        let mut reactions = Reactions::default().with(arrays::REACTIONS);
        for some in REACTIONS {
            reactions = reactions.with(some);
        }
        let clock = Arc::new(protector_core::time::SystemClock::new());
        let world = Arc::new(World::in_memory(7, clock, reactions).unwrap());
        world.set_pace(Pace::OnCommand).unwrap();
        world
            .transact::<_, WorldError>(|transaction| {
                for array in ["array-a", "array-b"] {
                    arrays::systems::add(transaction, array, "token")?;
                }
                Ok(())
            })
            .unwrap();
        let site = Site {
            world: Arc::clone(&world),
            name: "site-a".to_owned(),
            region: "site-a".to_owned(),
            release,
            array: "array-a".to_owned(),
            urls: BTreeMap::from([(ServiceKind::BlockStorage, "http://cinder".to_owned())]),
        };
        let service = Service::new(Arc::new(site), &DESCRIPTION).unwrap();
        Self { world, service }
    }

    fn new() -> Self {
        Self::of(Release::R2026_2)
    }

    fn send(&self, token: &str, version: &str, method: Method, path: &str, body: &Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request: Request = http::Request::builder()
            .method(method)
            .uri(format!("/v3/{path}"))
            .header("x-auth-token", token)
            .header("openstack-api-version", format!("volume {version}"))
            .header("content-type", "application/json")
            .body(Bytes::from(text))
            .unwrap();
        let response = self.service.answer(&request);
        Answer {
            status: response.status().as_u16(),
            body: serde_json::from_slice(response.body()).unwrap_or_default(),
            headers: response.headers().clone(),
        }
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.send("admin", "3.71", Method::GET, path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("admin", "3.71", Method::POST, path, body)
    }

    fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("admin", "3.71", Method::PUT, path, body)
    }

    fn delete(&self, path: &str) -> Answer {
        self.send("admin", "3.71", Method::DELETE, path, &Value::Null)
    }

    /// Sends what has to be taken, and returns the body.
    fn made(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body);
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.body);
        answer.body
    }

    fn later(&self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds)).unwrap();
    }

    fn on_array<T>(&self, action: impl FnOnce(&mut Transaction<'_>) -> Result<T, arrays::Refused>) -> T {
        self.world.transact(action).unwrap()
    }

    /// Makes a type that is replicated, and a group type for it.
    fn replicated(&self) {
        self.made(
            "types",
            &json!({"volume_type": {"name": "mirrored", "extra_specs": {
                "volume_backend_name": "pure", "replication_enabled": "<is> True", "replication_type": "<in> async"
            }}}),
        );
        self.made(
            "group_types",
            &json!({"group_type": {"name": "whole", "group_specs": {
                "consistent_group_snapshot_enabled": "<is> True", "consistent_group_replication_enabled": "<is> True"
            }}}),
        );
    }

    fn volume(&self, fields: &Value) -> String {
        let made = self.made("volumes", &json!({ "volume": fields }));
        self.later(5);
        id(&made["volume"])
    }

    fn group(&self) -> String {
        let made = self.made(
            "groups",
            &json!({"group": {"name": "app", "group_type": "whole", "volume_types": ["mirrored"]}}),
        );
        self.later(5);
        id(&made["group"])
    }
}

/// Makes sure that an answer is a refusal with this sentence.
fn refuse(status: u16, sentence: &str, answer: &Answer) {
    let told = answer.body.as_object().and_then(|body| body.values().next()).cloned().unwrap_or_default();
    assert_eq!((answer.status, told["message"].as_str().unwrap_or_default()), (status, sentence));
    assert_eq!(told["code"], status);
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}
