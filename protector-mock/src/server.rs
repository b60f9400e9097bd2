//! Endpoints on sockets: HTTP/1.1 with connections that stay, TLS where there is a certificate, and an orderly end.

mod body;
mod certificates;
mod line;

#[cfg(test)]
mod tests;

pub use certificates::{Certificates, CertificatesError};

use crate::gate::{Gate, Outcome};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use line::{Line, Scissors};
use protector_core::time::Clock;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// No request that makes sense is larger: 256 MiB.
const LARGEST_BODY: usize = 256 << 20;

/// Between two attempts at what the machine has no room for.
const RETRY: Duration = Duration::from_millis(50);

/// Serves endpoints, each on a port of its own, until it is told to end.
#[derive(Debug, Clone)]
pub struct Server {
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    end: CancellationToken,
}

impl Server {
    /// One that serves nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, tasks: TaskTracker::new(), end: CancellationToken::new() }
    }

    /// Serves an endpoint on a port that was taken for it, over TLS if there is a configuration for it.
    pub fn serve(&self, listener: TcpListener, tls: Option<Arc<rustls::ServerConfig>>, gate: Gate) {
        let serving = Serving {
            gate,
            tls: tls.map(TlsAcceptor::from),
            clock: Arc::clone(&self.clock),
            tasks: self.tasks.clone(),
            end: self.end.clone(),
        };
        self.tasks.spawn(serving.accept(listener));
    }

    /// Takes nothing new, lets what is under way end, and returns when it has, or after `patience`.
    pub async fn end(&self, patience: Duration) {
        self.end.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = self.clock.sleep(patience) => tracing::warn!("requests were still under way at the end"),
        }
    }
}

/// One port.
#[derive(Clone)]
struct Serving {
    gate: Gate,
    tls: Option<TlsAcceptor>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    end: CancellationToken,
}

impl Serving {
    async fn accept(self, listener: TcpListener) {
        let address = listener.local_addr();
        let mut listener = Some(listener);
        loop {
            let Some(open) = &listener else {
                tokio::select! {
                    biased;
                    () = self.end.cancelled() => return,
                    () = self.gate.until_refused(false) => {}
                }
                listener = self.again(address.as_ref().ok()).await;
                continue;
            };
            tokio::select! {
                biased;
                () = self.end.cancelled() => return,
                // Without a listener, the machine itself refuses.
                () = self.gate.until_refused(true) => listener = None,
                accepted = open.accept() => match accepted {
                    Ok((stream, _)) => drop(self.tasks.spawn(self.clone().connected(stream))),
                    Err(error) => {
                        tracing::warn!(target = self.gate.target(), %error, "a connection was not accepted");
                        // Too many open files: what helps is that others close.
                        self.clock.sleep(RETRY).await;
                    }
                },
            }
        }
    }

    /// Listens again where it has listened before.
    async fn again(&self, address: Option<&SocketAddr>) -> Option<TcpListener> {
        match TcpListener::bind(address?).await {
            Ok(listener) => Some(listener),
            Err(error) => {
                tracing::warn!(target = self.gate.target(), %error, "the port was taken meanwhile");
                self.clock.sleep(RETRY).await;
                None
            }
        }
    }

    async fn connected(self, stream: TcpStream) {
        // Small answers are all there is.
        drop(stream.set_nodelay(true));
        let (line, scissors) = Line::new(stream);
        match self.tls.clone() {
            None => self.converse(line, scissors).await,
            Some(acceptor) => {
                let encrypted = tokio::select! {
                    () = self.end.cancelled() => return,
                    encrypted = acceptor.accept(line) => encrypted,
                };
                match encrypted {
                    Ok(encrypted) => self.converse(encrypted, scissors).await,
                    Err(error) => tracing::debug!(target = self.gate.target(), %error, "no TLS"),
                }
            }
        }
    }

    async fn converse(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        scissors: Scissors,
    ) {
        let end = self.end.clone();
        let target = self.gate.target().to_owned();
        let router = axum::Router::new().fallback(answer).with_state((self, scissors));
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = end.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(target, %error, "a connection broke");
        }
    }
}

async fn answer(State((serving, scissors)): State<(Serving, Scissors)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let gate = serving.gate.clone();
    // Whoever has sent a request and gives up does not take it back.
    let passed = tokio::spawn(async move { gate.pass(crate::http::Request::from_parts(parts, body)).await });
    let outcome = tokio::select! {
        outcome = passed => outcome.unwrap_or(Outcome::HangUp { reset: false }),
        // Nobody waits at the end for somebody who is kept waiting on purpose.
        () = serving.ended() => Outcome::HangUp { reset: false },
    };
    match outcome {
        Outcome::Answer { response, manner } => body::sent(response, manner, scissors, serving.clock),
        Outcome::HangUp { reset } => {
            scissors.cut(reset);
            Response::new(Body::empty())
        }
        Outcome::Hang => {
            serving.ended().await;
            Response::new(Body::empty())
        }
    }
}

impl Serving {
    async fn ended(&self) {
        self.end.cancelled().await;
        self.clock.sleep(Duration::from_secs(1)).await;
    }
}
