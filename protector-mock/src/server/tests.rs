use super::*;
use crate::gate::Gate;
use crate::http::{Endpoint, Request, Response};
use bytes::Bytes;
use protector_core::time::SystemClock;
use protector_core::transport::{
    HttpTransport, RawAnswer, SendError, SendFailure, TlsSettings, Transport, WireRequest,
};
use std::net::Ipv4Addr;

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
    let server = Server::new(Arc::new(SystemClock::new()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
    server.serve(listener, tls, Gate::quiet(Arc::new(Echo)));
    (server, origin)
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
