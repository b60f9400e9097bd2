//! What stands between a wire and an [`Endpoint`]: every request passes here, whether a socket or a simulated transport
//! brought it.

mod access_log;
mod late;
mod outcome;
mod recording;
mod shapes;
mod surroundings;
mod victim;

#[cfg(test)]
mod tests;

pub use access_log::AccessLog;
pub use outcome::{Manner, Outcome};
pub use surroundings::{Surroundings, SurroundingsError, Work};

use crate::faults::{Action, Asked, Fired, Loss};
use crate::http::{Endpoint, Request, Response};
use http::HeaderMap;
use recording::Open;
use std::future;
use std::sync::Arc;

/// The way to one endpoint.
#[derive(Debug, Clone)]
pub struct Gate {
    target: String,
    origin: String,
    endpoint: Arc<dyn Endpoint>,
    surroundings: Arc<Surroundings>,
    watched: bool,
    log: Option<Arc<AccessLog>>,
}

impl Gate {
    /// A way on which nothing happens to anybody.
    pub fn quiet(target: &str, endpoint: Arc<dyn Endpoint>, surroundings: Arc<Surroundings>) -> Self {
        Self {
            target: target.to_owned(),
            origin: String::new(),
            endpoint,
            surroundings,
            watched: false,
            log: None,
        }
    }

    /// A way on which requests are recorded, and rules apply; clients find it at `origin`.
    pub fn watched(
        target: &str,
        origin: &str,
        endpoint: Arc<dyn Endpoint>,
        surroundings: Arc<Surroundings>,
    ) -> Self {
        surroundings.know(target, origin, &endpoint);
        Self { origin: origin.to_owned(), watched: true, ..Self::quiet(target, endpoint, surroundings) }
    }

    /// The same, with a log of the requests that reach the endpoint.
    #[must_use]
    pub fn logged(self, log: Arc<AccessLog>) -> Self {
        Self { log: Some(log), ..self }
    }

    /// What it is called in rules and in the record.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whether no connection is taken.
    pub fn refuses(&self) -> bool {
        self.watched && self.surroundings.rules.refuse(&self.target)
    }

    /// Waits until no connection is taken, or until they are again.
    pub async fn until_refused(&self, refused: bool) {
        if self.watched {
            self.surroundings.rules.until_refused(&self.target, refused).await;
        } else if refused {
            future::pending::<()>().await;
        }
    }

    /// Lets a request pass; says what the wire has to do then.
    pub async fn pass(&self, request: Request) -> Outcome {
        let request = Arc::new(request);
        if !self.watched {
            return match self.answered(&request).await {
                Some(response) => Outcome::of(response),
                None => Outcome::HangUp { reset: false },
            };
        }
        if self.refuses() {
            return Outcome::HangUp { reset: true };
        }
        let mut entry = self.surroundings.recording.begin(&self.target, &request, self.surroundings.now());
        let fired = self.fired(&request);
        entry.rules.clone_from(&fired.ids);
        entry.action = match &fired.decided {
            Some((name, _)) => Some(name.clone()),
            None if fired.limited.is_some() => Some("rate".to_owned()),
            None => (!fired.delay.is_zero()).then(|| "delay".to_owned()),
        };
        let mut places = Vec::new();
        for workers in &fired.workers {
            // Nobody closes them.
            places.push(Arc::clone(workers).acquire_owned().await);
        }
        // A worker is busy for as long as a request takes.
        self.surroundings.wait(fired.delay).await;
        let end = self.carried_out(&request, fired, &mut entry).await;
        drop(places);
        // Before the client can know, so that it finds it recorded.
        self.surroundings.recording.finish(entry, self.surroundings.now());
        match end {
            End::Wire(outcome) => outcome,
            End::Kill(pid) => {
                self.surroundings.victim.kill(pid, &*self.surroundings.clock).await;
                Outcome::HangUp { reset: false }
            }
        }
    }

    fn fired(&self, request: &Request) -> Fired {
        let asked = Asked {
            target: &self.target,
            method: request.method().as_str(),
            path: &request.uri().to_string(),
            body: request.body(),
        };
        self.surroundings.rules.fire(&asked, self.surroundings.now())
    }

    async fn carried_out(&self, request: &Arc<Request>, fired: Fired, entry: &mut Open) -> End {
        if let Some(response) = fired.limited {
            self.surroundings.recording.answered(entry, &response);
            return End::Wire(Outcome::whole(response));
        }
        let action = fired.decided.map(|(_, action)| action);
        match action.as_deref() {
            Some(Action::Lose { loss, after: false }) => return self.lost(*loss, entry),
            Some(Action::Answer { answer, after: false }) => {
                let response = answer.response(self.surroundings.clock.now());
                self.surroundings.recording.answered(entry, &response);
                return End::Wire(Outcome::whole(response));
            }
            Some(Action::Late(distribution)) => {
                self.surroundings.deliver_later(&self.target, request, *distribution);
                return End::Wire(Outcome::HangUp { reset: false });
            }
            _ => {}
        }
        entry.forwarded = true;
        if matches!(action.as_deref(), Some(Action::Duplicate)) {
            self.answered(request).await;
        }
        let Some(response) = self.answered(request).await else {
            entry.error = Some("no answer was made".to_owned());
            return End::Wire(Outcome::HangUp { reset: false });
        };
        self.surroundings.recording.answered(entry, &response);
        let now = self.surroundings.clock.now();
        match action.as_deref() {
            Some(Action::Lose { loss, .. }) => self.lost(*loss, entry),
            Some(Action::Answer { answer, .. }) => End::Wire(Outcome::whole(answer.response(now))),
            Some(Action::Alter(alteration)) => {
                End::Wire(Outcome::whole(alteration.applied(request, response, &self.origin, now)))
            }
            Some(Action::Send(manner)) => End::Wire(Outcome::Answer { response, manner: *manner }),
            _ => End::Wire(Outcome::of(response)),
        }
    }

    fn lost(&self, loss: Loss, entry: &mut Open) -> End {
        End::Wire(match loss {
            Loss::Drop => Outcome::HangUp { reset: false },
            Loss::Reset => Outcome::HangUp { reset: true },
            Loss::Hang => Outcome::Hang,
            Loss::Kill(pid) => {
                if let Some(pid) = pid.or_else(|| self.surroundings.victim.registered()) {
                    return End::Kill(pid);
                }
                // As if the server were not there: an answer of our own would be a lie.
                entry.error = Some("no process is registered to be killed".to_owned());
                Outcome::HangUp { reset: false }
            }
        })
    }

    /// What the endpoint answers; nothing if it broke.
    async fn answered(&self, request: &Arc<Request>) -> Option<Response> {
        let before = self.surroundings.clock.monotonic();
        let response = self.surroundings.answered(&self.endpoint, request).await;
        if let (Some(log), Some(response)) = (&self.log, &response) {
            let took = self.surroundings.clock.monotonic().saturating_sub(before);
            log.write(request, response.status(), self.surroundings.clock.now(), took);
        }
        response
    }
}

/// How a request ends.
enum End {
    Wire(Outcome),
    Kill(i32),
}

/// A header as text.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
