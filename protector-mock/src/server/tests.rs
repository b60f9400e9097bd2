use super::*;
use crate::gate::{Gate, Surroundings, Work};
use crate::http::{Endpoint, Request, Response};
use crate::world::{Reactions, World};
use bytes::Bytes;
use protector_core::time::SystemClock;
use protector_core::transport::{
    HttpTransport, RawAnswer, SendError, SendFailure, TlsSettings, Transport, WireRequest,
};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::process::Stdio;

#[derive(Debug)]
struct Echo;

impl Endpoint for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn answer(&self, request: &Request) -> Response {
        let told = format!("{} {} ", request.method(), request.uri());
        Response::new(Bytes::from([told.as_bytes(), request.body()].concat()))
    }
}

async fn served(tls: Option<Arc<rustls::ServerConfig>>) -> (Server, String) {
    let (server, origin, _) = served_with(tls, &[]).await;
    (server, origin)
}

async fn served_with(
    tls: Option<Arc<rustls::ServerConfig>>,
    rules: &[Value],
) -> (Server, String, Arc<Surroundings>) {
    let server = Server::new(Arc::new(SystemClock::new()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
    let clock = Arc::new(SystemClock::new());
    let world = Arc::new(World::in_memory(1, clock.clone(), Reactions::default()).unwrap());
    let surroundings = Arc::new(Surroundings::new(world, clock, Work::OnThreads, None).unwrap());
    surroundings.rules.add(rules).unwrap().unwrap();
    server.serve(listener, tls, Gate::watched("echo", &origin, Arc::new(Echo), Arc::clone(&surroundings)));
    (server, origin, surroundings)
}

async fn sent(transport: &HttpTransport, origin: &str) -> Result<RawAnswer, SendError> {
    let request = WireRequest {
        method: http::Method::POST,
        url: format!("{origin}/things?all=1").parse().unwrap(),
        headers: http::HeaderMap::new(),
        body: Some(Bytes::from_static(b"body")),
        timeout: Duration::from_secs(10),
    };
    transport.send(request).await
}

fn trusting(authority: &str) -> HttpTransport {
    let authorities = Some(authority.as_bytes().to_vec());
    HttpTransport::new(&TlsSettings { authorities, ..TlsSettings::default() }).unwrap()
}

#[tokio::test]
async fn an_endpoint_is_reached_over_a_socket_again_and_again() {
    let (server, origin) = served(None).await;
    let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
    for _ in 0..3 {
        let answer = sent(&transport, &origin).await.unwrap();
        assert_eq!(answer.body, "POST /things?all=1 body");
    }
    server.end(Duration::from_secs(5)).await;
    let refused = sent(&transport, &origin).await.unwrap_err();
    assert_eq!(refused.failure, SendFailure::Connect);
}

#[tokio::test]
async fn a_server_is_believed_by_its_own_authority_only_and_not_after_it_expired() {
    let certificates = Certificates::new().unwrap();
    let (_valid, valid) = served(Some(certificates.valid().unwrap())).await;
    let (_outdated, outdated) = served(Some(certificates.outdated().unwrap())).await;
    let own = trusting(&certificates.authority);
    assert_eq!(sent(&own, &valid).await.unwrap().body, "POST /things?all=1 body");
    assert_eq!(sent(&own, &outdated).await.unwrap_err().failure, SendFailure::Certificate);
    let other = trusting(&Certificates::new().unwrap().authority);
    assert_eq!(sent(&other, &valid).await.unwrap_err().failure, SendFailure::Certificate);
}

/// How a request to a server with this rule ends.
async fn failure(rule: Value) -> SendFailure {
    let (_server, origin, _) = served_with(None, &[rule]).await;
    let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
    sent(&transport, &origin).await.unwrap_err().failure
}

#[tokio::test]
async fn faults_are_on_the_wire() {
    for action in ["drop-before", "drop-after", "reset-before", "reset-after"] {
        assert_eq!(failure(json!({"action": action})).await, SendFailure::Broken, "{action}");
    }
    assert_eq!(failure(json!({"action": "cut", "bytes": 3})).await, SendFailure::Broken);
    assert_eq!(failure(json!({"action": "oversize", "bytes": 65 << 20})).await, SendFailure::TooLarge);
}

#[tokio::test]
async fn a_connection_that_was_closed_is_not_used_again() {
    let (_server, origin, _) = served_with(None, &[json!({"action": "close"})]).await;
    let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
    for _ in 0..2 {
        assert_eq!(sent(&transport, &origin).await.unwrap().body, "POST /things?all=1 body");
    }
}

#[tokio::test]
async fn a_port_refuses_until_its_rule_is_removed() {
    let (_server, origin, surroundings) = served_with(None, &[]).await;
    let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
    assert_eq!(sent(&transport, &origin).await.unwrap().status, 200);
    surroundings.rules.add(&[json!({"action": "refuse"})]).unwrap().unwrap();
    let fresh = HttpTransport::new(&TlsSettings::default()).unwrap();
    assert!(matches!(
        sent(&fresh, &origin).await.unwrap_err().failure,
        SendFailure::Connect | SendFailure::Broken
    ));
    assert_eq!(sent(&fresh, &origin).await.unwrap_err().failure, SendFailure::Connect);
    surroundings.rules.remove(None).unwrap();
    let back = async {
        while sent(&fresh, &origin).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
}

#[tokio::test]
async fn a_rule_kills_the_registered_process_after_the_effect() {
    let (_server, origin, surroundings) = served_with(None, &[json!({"action": "kill-after"})]).await;
    let mut victim = std::process::Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
    assert!(surroundings.victim.register(victim.id().into()));
    let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
    assert_eq!(sent(&transport, &origin).await.unwrap_err().failure, SendFailure::Broken);
    // It is dead already, for the connection ended after it.
    assert!(victim.try_wait().unwrap().is_some());
    assert_eq!(surroundings.victim.registered(), None);
}

#[tokio::test]
async fn who_is_kept_waiting_on_purpose_does_not_hold_up_the_end() {
    let (server, origin, _) = served_with(None, &[json!({"action": "hang-before"})]).await;
    let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
    let waiting = tokio::spawn(async move { sent(&transport, &origin).await });
    tokio::task::yield_now().await;
    tokio::time::timeout(Duration::from_secs(20), server.end(Duration::from_secs(10))).await.unwrap();
    assert!(waiting.await.unwrap().is_err());
}
