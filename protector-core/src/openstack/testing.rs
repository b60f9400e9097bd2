//! What the tests of all resource clients share: a signed-in session against a mock server.

use super::Session;
use crate::config::clouds::ProjectReference;
use crate::config::{Auth, CloudConfig, Interface, TlsConfig};
use crate::transport::{HttpTransport, RetryPolicy, TlsSettings};
use mockito::{Matcher, Mock, Server, ServerGuard};
use serde_json::{Value, json};
use std::sync::Arc;

/// A mock cloud in which signing in and version discovery work, and a session in it that repeats nothing.
pub(crate) struct MockCloud {
    pub(crate) server: ServerGuard,
    pub(crate) session: Session,
}

impl MockCloud {
    pub(crate) async fn start() -> Self {
        let mut server = Server::new_async().await;
        server
            .mock("POST", "/v3/auth/tokens")
            .with_status(201)
            .with_header("x-subject-token", "token")
            .with_body(
                json!({"token": {"expires_at": "2099-01-01T00:00:00.000000Z", "user": {"id": "u1"},
                    "project": {"id": "p1"}, "roles": [{"id": "r1", "name": "member"}], "catalog": []}})
                .to_string(),
            )
            .create_async()
            .await;
        for (path, newest) in [("/compute/v2.1/", "2.104"), ("/volume/v3/", "3.71")] {
            let version =
                json!({"version": newest, "min_version": if path.starts_with("/c") { "2.1" } else { "3.0" }});
            let body = json!({"versions": [version]}).to_string();
            server.mock("GET", path).with_body(body).create_async().await;
        }
        let at = |path: &str| format!("{}{path}", server.url()).parse().unwrap();
        let cloud = CloudConfig {
            name: "tenant-a".to_owned(),
            auth_url: at(""),
            auth: Auth::Token { token: "t".into() },
            project: Some(ProjectReference::Id("p1".to_owned())),
            region: None,
            interface: Interface::Public,
            tls: TlsConfig { ca_certificate: None, verify: true, client_certificate: None },
            endpoint_overrides: [
                ("compute".to_owned(), at("/compute/v2.1")),
                ("block_storage".to_owned(), at("/volume/v3")),
                ("network".to_owned(), at("/network/v2.0")),
                ("image".to_owned(), at("/image/v2")),
            ]
            .into(),
            api_timeout: None,
        };
        let transport = Arc::new(HttpTransport::new(&TlsSettings::default()).unwrap());
        let session = Session::new("site-a".into(), cloud, transport)
            .with_retry_policy(RetryPolicy { attempts: 1, ..RetryPolicy::default() });
        Self { server, session }
    }

    /// Expects exactly one request with this method, path (query included), the microversion header if the service has
    /// microversions, and exactly this JSON body; answers with `status` and `answer`.
    pub(crate) async fn expect(
        &mut self,
        method: &str,
        path: &str,
        version: Option<&str>,
        body: Option<Value>,
        status: usize,
        answer: Value,
    ) -> Mock {
        let mut mock = self.server.mock(method, path).match_header("x-auth-token", "token").expect(1);
        mock = match version {
            Some(version) => mock.match_header("openstack-api-version", version),
            None => mock.match_header("openstack-api-version", Matcher::Missing),
        };
        mock = match body {
            Some(body) => {
                mock.match_header("content-type", "application/json").match_body(Matcher::Json(body))
            }
            None => mock.match_body(Matcher::Exact(String::new())),
        };
        let answer = if answer.is_null() { String::new() } else { answer.to_string() };
        mock.with_status(status).with_body(answer).create_async().await
    }
}
