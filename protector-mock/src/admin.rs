//! The window for tests and operators: rules, the record of requests, time and settings of a running pair. JSON over plain
//! HTTP, in the shapes of the testbed's proxy.
//!
//! | | |
//! |---|---|
//! | `POST /rules` RULE, or `{"rules": [RULE, …]}` | adds; see [`faults`](crate::faults) |
//! | `GET /rules`, `DELETE /rules[/ID]` | all, with how often each was met and fired; removes one or all |
//! | `GET /targets` | the names that rules use, and where each is found |
//! | `GET /requests?since=SEQ&target=NAME`, `POST /mark {"label"}` | the record of requests |
//! | `POST /victim {"pid"}`, `GET`, `DELETE /victim` | the process that a rule kills |
//! | `GET /clock`, `POST /clock {"pace", "advance"}` | the world's time: `pace` is a factor or `"on-command"`, `advance` seconds |
//! | `GET /settings`, `POST /settings {NAME: VALUE}` | facts by name, such as `duration/compute.server-built`; null removes one |
//! | `GET /world` | its file |

mod settings;
mod time;

#[cfg(test)]
mod tests;

use crate::faults::BadRule;
use crate::gate::Surroundings;
use crate::http::{Endpoint, Query, Request, Response};
use crate::world::WorldError;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// The admin API of a world.
#[derive(Debug)]
pub struct Admin {
    surroundings: Arc<Surroundings>,
}

/// What cannot be done.
enum Refusal {
    Bad(String),
    Unknown(String),
    Broken(WorldError),
}

impl From<WorldError> for Refusal {
    fn from(error: WorldError) -> Self {
        Self::Broken(error)
    }
}

impl From<BadRule> for Refusal {
    fn from(error: BadRule) -> Self {
        Self::Bad(error.to_string())
    }
}

type Told = Result<(StatusCode, Value), Refusal>;

impl Admin {
    /// One for the surroundings of a world.
    pub fn new(surroundings: Arc<Surroundings>) -> Self {
        Self { surroundings }
    }

    fn asked(&self, request: &Request) -> Told {
        let path = request.uri().path().trim_matches('/');
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let body = match request.body() {
            body if body.is_empty() => json!({}),
            body => serde_json::from_slice(body).map_err(|error| Refusal::Bad(error.to_string()))?,
        };
        let ok = |value| Ok((StatusCode::OK, value));
        let Surroundings { rules, victim, recording, clock, world, .. } = &*self.surroundings;
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method().as_str(), parts.as_slice()) {
            ("POST", ["rules"]) => self.add(&body),
            ("GET", ["rules"]) => ok(json!({"rules": rules.views()})),
            ("DELETE", ["rules"]) => ok(json!({"removed": rules.remove(None)?})),
            ("DELETE", ["rules", id]) => {
                let id = id.parse().map_err(|_| Refusal::Bad(format!("{id:?} is no number of a rule")))?;
                ok(json!({"removed": rules.remove(Some(id))?}))
            }
            ("GET", ["targets"]) => ok(json!({"targets": self.surroundings.targets()})),
            ("POST", ["victim"]) => {
                let pid = body.get("pid").and_then(Value::as_i64).unwrap_or_default();
                if !victim.register(pid) {
                    return Err(Refusal::Bad("pid is not that of a process under test".to_owned()));
                }
                ok(json!({"pid": pid}))
            }
            ("GET", ["victim"]) => ok(json!({"pid": victim.registered()})),
            ("DELETE", ["victim"]) => {
                victim.forget();
                ok(json!({"pid": null}))
            }
            ("GET", ["requests"]) => {
                let since = query.get("since").map_or(Ok(0), str::parse);
                let since = since.map_err(|_| Refusal::Bad("since is no number".to_owned()))?;
                ok(json!({"requests": recording.since(since, query.get("target"))}))
            }
            ("POST", ["mark"]) => {
                let label = body.get("label").ok_or_else(|| Refusal::Bad("label is missing".to_owned()))?;
                let label = label.as_str().map_or_else(|| label.to_string(), str::to_owned);
                Ok((StatusCode::CREATED, json!(recording.mark(&label, clock.now()))))
            }
            ("GET", ["clock"]) => ok(time::shown(world)?),
            ("POST", ["clock"]) => ok(time::set(&self.surroundings, &body)?),
            ("GET", ["settings"]) => ok(settings::shown(world)?),
            ("POST", ["settings"]) => ok(settings::set(world, &body)?),
            ("GET", ["world"]) => ok(json!({"path": world.path()})),
            (method, _) => Err(Refusal::Unknown(format!("{method} /{path} is not known"))),
        }
    }

    fn add(&self, body: &Value) -> Told {
        let several = body.get("rules").and_then(Value::as_array);
        let told = several.map_or_else(|| std::slice::from_ref(body), Vec::as_slice);
        let mut views = self.surroundings.rules.add(told)??;
        let view = match several {
            Some(_) => json!({"rules": views}),
            None => views.pop().unwrap_or_default(),
        };
        Ok((StatusCode::CREATED, view))
    }
}

impl Endpoint for Admin {
    fn name(&self) -> &'static str {
        "admin"
    }

    fn answer(&self, request: &Request) -> Response {
        let (status, body) = self.asked(request).unwrap_or_else(|refusal| match refusal {
            Refusal::Bad(what) => (StatusCode::BAD_REQUEST, json!({"error": what})),
            Refusal::Unknown(what) => (StatusCode::NOT_FOUND, json!({"error": what})),
            Refusal::Broken(error) => {
                let what = protector_core::error::chain(&error);
                (StatusCode::INTERNAL_SERVER_ERROR, json!({"error": what}))
            }
        });
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
