//! Requests that take effect after everybody has given up.

use crate::http::Request;
use crate::world::{Record, World, WorldError};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

const SCOPE: &str = "faults";

/// A request that is under way, as the world keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct UnderWay {
    id: String,
    target: String,
    due: Timestamp,
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Record for UnderWay {
    const KIND: &'static str = "late-request";

    fn id(&self) -> &str {
        &self.id
    }
}

/// One that has become due.
pub(super) struct Due {
    pub(super) target: String,
    pub(super) request: Request,
}

/// When the next one is due: looked at for every request, so that it is not read from the world each time.
#[derive(Debug)]
pub(super) struct Late {
    next: Mutex<Option<Timestamp>>,
}

impl Late {
    pub(super) fn load(world: &World) -> Result<Self, WorldError> {
        let waiting: Vec<UnderWay> = world.transact(|transaction| transaction.list(SCOPE))?;
        Ok(Self { next: Mutex::new(waiting.iter().map(|one| one.due).min()) })
    }

    pub(super) fn keep(
        &self,
        world: &World,
        target: &str,
        request: &Request,
        delay: Duration,
    ) -> Result<(), WorldError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = world.transact::<_, WorldError>(|transaction| {
            let due = transaction.now().checked_add(delay).unwrap_or(Timestamp::MAX);
            let headers = request.headers().iter();
            let kept = UnderWay {
                id: transaction.new_uuid()?.to_string(),
                target: target.to_owned(),
                due,
                method: request.method().to_string(),
                uri: request.uri().to_string(),
                headers: headers
                    .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                    .collect(),
                body: request.body().to_vec(),
            };
            transaction.put(SCOPE, &kept)?;
            Ok(due)
        })?;
        *next = Some(next.map_or(due, |next| next.min(due)));
        Ok(())
    }

    /// Takes those that are due, in their order.
    pub(super) fn due(&self, world: &World) -> Vec<Due> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_none() {
            return Vec::new();
        }
        let taken = world.transact::<_, WorldError>(|transaction| {
            let now = transaction.now();
            let (mut due, waiting): (Vec<UnderWay>, Vec<_>) =
                transaction.list(SCOPE)?.into_iter().partition(|one: &UnderWay| one.due <= now);
            due.sort_by_key(|one| one.due);
            for one in &due {
                transaction.remove::<UnderWay>(SCOPE, &one.id)?;
            }
            Ok((due, waiting.iter().map(|one| one.due).min()))
        });
        match taken {
            Ok((due, waiting)) => {
                *next = waiting;
                due.into_iter().filter_map(UnderWay::delivered).collect()
            }
            Err(error) => {
                tracing::error!(error = %protector_core::error::chain(&error), "late requests cannot be read");
                Vec::new()
            }
        }
    }
}

impl UnderWay {
    fn delivered(self) -> Option<Due> {
        let mut request = http::Request::builder().method(self.method.as_str()).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(self.body)).ok()?;
        Some(Due { target: self.target, request })
    }
}
