//! A transport without sockets: protector's own clients on simulated endpoints, in one process.

use crate::gate::{Gate, Manner, Outcome};
use crate::http::{Request, Response};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, HOST};
use protector_core::time::Clock;
use protector_core::transport::{RawAnswer, SendError, SendFailure, Sent, Transport, WireRequest};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// What production reads of an answer: 64 MiB.
const LARGEST_BODY: u64 = 64 << 20;

/// Brings requests to endpoints by their origin, with the same faults and latencies as sockets. Waits by the clock: where
/// that follows tokio's paused time, nobody waits.
#[derive(Debug)]
pub struct SimulatedTransport {
    ways: BTreeMap<String, Way>,
    clock: Arc<dyn Clock>,
    /// Connections that the server has closed, and the client does not know of.
    stale: Mutex<BTreeSet<String>>,
}

#[derive(Debug)]
enum Way {
    Open(Gate),
    Untrusted,
}

impl SimulatedTransport {
    /// One that reaches nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { ways: BTreeMap::new(), clock, stale: Mutex::default() }
    }

    /// With a way to an endpoint at an origin: `https://127.0.0.1:443`.
    #[must_use]
    pub fn with(mut self, origin: &str, gate: Gate) -> Self {
        self.ways.insert(origin_of(origin), Way::Open(gate));
        self
    }

    /// With an origin whose certificate is refused.
    #[must_use]
    pub fn with_untrusted(mut self, origin: &str) -> Self {
        self.ways.insert(origin_of(origin), Way::Untrusted);
        self
    }

    async fn exchange(&self, request: WireRequest) -> Result<RawAnswer, SendError> {
        let origin = request.url.origin().ascii_serialization();
        let gate = match self.ways.get(&origin) {
            None => return Err(failed(SendFailure::Connect, Sent::No)),
            Some(Way::Untrusted) => return Err(failed(SendFailure::Certificate, Sent::No)),
            Some(Way::Open(gate)) if gate.refuses() => {
                return Err(failed(SendFailure::Connect, Sent::No));
            }
            Some(Way::Open(gate)) => gate,
        };
        if self.stale().remove(&origin) {
            return Err(failed(SendFailure::Broken, Sent::Maybe));
        }
        let timeout = self.clock.sleep(request.timeout);
        let (gate, request) = (gate.clone(), on_the_wire(request)?);
        // Whoever has sent a request and gives up does not take it back.
        let passed = tokio::spawn(async move { gate.pass(request).await });
        let answered = async {
            match passed.await {
                Ok(outcome) => self.received(&origin, outcome).await,
                Err(_) => Err(failed(SendFailure::Broken, Sent::Maybe)),
            }
        };
        tokio::select! {
            biased;
            answered = answered => answered,
            () = timeout => Err(failed(SendFailure::Timeout, Sent::Maybe)),
        }
    }

    async fn received(&self, origin: &str, outcome: Outcome) -> Result<RawAnswer, SendError> {
        let (response, manner) = match outcome {
            Outcome::Answer { response, manner } => (response, manner),
            Outcome::HangUp { .. } => return Err(failed(SendFailure::Broken, Sent::Maybe)),
            Outcome::Hang => std::future::pending().await,
        };
        match manner {
            Manner::Whole => {}
            Manner::ThenClosed => drop(self.stale().insert(origin.to_owned())),
            Manner::Cut { after } if after >= response.body().len() => {}
            Manner::Cut { .. } => return Err(failed(SendFailure::Broken, Sent::Maybe)),
            Manner::Slow { pause } => {
                let bytes = u32::try_from(response.body().len()).unwrap_or(u32::MAX);
                self.clock.sleep(pause.saturating_mul(bytes)).await;
            }
            Manner::Padded { blanks } => {
                let length = blanks.saturating_add(response.body().len() as u64);
                if length > LARGEST_BODY {
                    return Err(failed(SendFailure::TooLarge, Sent::Maybe));
                }
                let blanks = usize::try_from(blanks).unwrap_or(usize::MAX);
                return Ok(answer(response, |body| [&vec![b' '; blanks][..], &body].concat().into()));
            }
        }
        if response.body().len() as u64 > LARGEST_BODY {
            return Err(failed(SendFailure::TooLarge, Sent::Maybe));
        }
        Ok(answer(response, |body| body))
    }

    fn stale(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn origin_of(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

fn failed(failure: SendFailure, sent: Sent) -> SendError {
    SendError { sent, failure, source: None }
}

fn answer(response: Response, body: impl FnOnce(Bytes) -> Bytes) -> RawAnswer {
    let (parts, content) = response.into_parts();
    let body = body(content);
    let mut headers = parts.headers;
    headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(body.len()));
    RawAnswer { status: parts.status, headers, body }
}

/// The request as a server reads it.
fn on_the_wire(request: WireRequest) -> Result<Request, SendError> {
    let WireRequest { method, url, headers, body, .. } = request;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let unsent = |_| failed(SendFailure::Broken, Sent::No);
    let uri = http::Uri::try_from(path).map_err(unsent)?;
    let mut sent = Request::new(body.unwrap_or_default());
    *sent.method_mut() = method;
    *sent.uri_mut() = uri;
    *sent.headers_mut() = headers;
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if let Ok(host) = HeaderValue::try_from(host) {
        sent.headers_mut().insert(HOST, host);
    }
    Ok(sent)
}

impl Transport for SimulatedTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>> {
        Box::pin(self.exchange(request))
    }
}
