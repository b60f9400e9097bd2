//! What the tests of all resource clients share: a signed-in session against a mock server.

use super::{Error, Service, Session};
use crate::config::clouds::ProjectReference;
use crate::config::{Auth, CloudConfig, Interface, TlsConfig};
use crate::error::{Code, Coded};
use crate::transport::{HttpTransport, RetryPolicy, TlsSettings};
use futures::{Stream, TryStreamExt};
use mockito::{Matcher, Mock, Server, ServerGuard};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

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

/// One request that a client's method is to send, and the service's answer to it.
pub(crate) struct Exchange {
    service: Service,
    method: &'static str,
    path: String,
    body: Option<Value>,
    status: usize,
    answer: Value,
    purpose: &'static str,
    repeatable: bool,
}

impl Exchange {
    /// A request without body, its path below the service's endpoint and query included, answered 200 without body.
    pub(crate) fn new(service: Service, method: &'static str, path: &str, purpose: &'static str) -> Self {
        let endpoint = match service {
            Service::Identity => "/v3",
            Service::Compute => "/compute/v2.1",
            Service::BlockStorage => "/volume/v3",
            Service::Network => "/network/v2.0",
            Service::Image => "/image/v2",
        };
        let path = format!("{endpoint}{path}");
        let repeatable = method != "POST";
        Self { service, method, path, body: None, status: 200, answer: Value::Null, purpose, repeatable }
    }

    /// The same with exactly this JSON body.
    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same with another answer.
    pub(crate) fn answer(mut self, status: usize, answer: Value) -> Self {
        (self.status, self.answer) = (status, answer);
        self
    }

    /// The same, sent again after a failure that says nothing of its effect: all but `POST` are, unless said otherwise.
    pub(crate) fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// Checks that the call sends this request once and takes the answer; that it tells the service's refusals apart
    /// and says what was attempted; and that it repeats what may be repeated. Gives what it made of the answer.
    pub(crate) async fn check<T>(self, call: impl AsyncFn(Session) -> Result<T, Error>) -> T {
        let mut cloud = MockCloud::start().await;
        let taken = self.taken(&mut cloud, &call).await;
        for (status, body, code) in refusals(self.service) {
            self.refuse(&mut cloud, status, &body).await;
            let Err(error) = call(cloud.session.clone()).await else {
                panic!("{status} is no error: {}", self.purpose)
            };
            self.check_error(&error, status, code);
        }
        self.check_repetition(&mut cloud, &call).await;
        taken
    }

    /// Like [`Self::check`], for a call to which an object that is not there is as good as a deleted one.
    pub(crate) async fn check_deletion(self, call: impl AsyncFn(Session) -> Result<(), Error>) {
        let mut cloud = MockCloud::start().await;
        self.taken(&mut cloud, &call).await;
        for (status, body, code) in refusals(self.service) {
            self.refuse(&mut cloud, status, &body).await;
            match call(cloud.session.clone()).await {
                Ok(()) => assert_eq!(status, 404, "{status} is no error: {}", self.purpose),
                Err(error) => {
                    assert_ne!(status, 404, "{status} is an error: {}", self.purpose);
                    self.check_error(&error, status, code);
                }
            }
        }
        self.check_repetition(&mut cloud, &call).await;
    }

    async fn taken<T>(&self, cloud: &mut MockCloud, call: &impl AsyncFn(Session) -> Result<T, Error>) -> T {
        let version = match self.service {
            Service::Compute => Some("compute 2.96"),
            Service::BlockStorage => Some("volume 3.70"),
            _ => None,
        };
        let (body, answer) = (self.body.clone(), self.answer.clone());
        let mock = cloud.expect(self.method, &self.path, version, body, self.status, answer).await;
        let taken = call(cloud.session.clone()).await;
        mock.assert_async().await;
        taken.unwrap()
    }

    async fn check_repetition<T>(
        &self,
        cloud: &mut MockCloud,
        call: &impl AsyncFn(Session) -> Result<T, Error>,
    ) {
        let pause = Duration::ZERO;
        let twice = RetryPolicy { attempts: 2, first_pause: pause, longest_pause: pause };
        let sent = if self.repeatable { 2 } else { 1 };
        let mock = cloud.server.mock(self.method, self.path.as_str()).with_status(503).expect(sent);
        let mock = mock.create_async().await;
        assert!(call(cloud.session.clone().with_retry_policy(twice)).await.is_err(), "{}", self.purpose);
        mock.assert_async().await;
    }

    async fn refuse(&self, cloud: &mut MockCloud, status: usize, body: &Value) {
        let mock = cloud.server.mock(self.method, self.path.as_str()).with_status(status);
        mock.with_body(body.to_string()).expect(1).create_async().await;
    }

    fn check_error(&self, error: &Error, status: usize, code: Code) {
        assert_eq!(error.code(), code, "{status}: {}", self.purpose);
        let text = error.to_string();
        let beginning = format!("{} at site-a: failed to {} ({} ", self.service, self.purpose, self.method);
        assert!(text.starts_with(&beginning), "{text}");
    }
}

/// The single page of a list.
pub(crate) async fn all<T>(list: impl Stream<Item = Result<T, Error>>) -> Result<Vec<T>, Error> {
    list.try_collect().await
}

// nova/api/openstack/wsgi.py and cinder/api/openstack/wsgi.py (Fault); neutron/pecan_wsgi/hooks/translation.py;
// glance/common/wsgi.py; keystone/server/flask/application.py, 2026.2
fn refusals(service: Service) -> Vec<(usize, Value, Code)> {
    let fault = |status: usize, kind: &str, message: &str, code: Code| {
        (status, json!({kind: {"code": status, "message": message}}), code)
    };
    let neutron = |status: usize, kind: &str, message: &str, code: Code| {
        let body = json!({"NeutronError": {"type": kind, "message": message, "detail": ""}});
        (status, body, code)
    };
    let keystone = |status: usize, title: &str, message: &str, code: Code| {
        (status, json!({"error": {"code": status, "title": title, "message": message}}), code)
    };
    match service {
        Service::Compute => vec![
            fault(404, "itemNotFound", "Instance s1 could not be found.", Code::NotFound),
            fault(409, "conflictingRequest", "Instance s1 is locked", Code::Conflict),
            fault(403, "forbidden", "Quota exceeded, too many server groups.", Code::QuotaExceeded),
            fault(403, "forbidden", "Policy doesn't allow it to be performed.", Code::Forbidden),
            fault(400, "badRequest", "Invalid input received", Code::RequestRefused),
            fault(500, "computeFault", "Unexpected API Error.", Code::ServiceFailed),
        ],
        Service::BlockStorage => vec![
            fault(404, "itemNotFound", "Volume v1 could not be found.", Code::NotFound),
            fault(400, "badRequest", "Invalid volume: Volume status must be available", Code::RequestRefused),
            fault(
                413,
                "overLimit",
                "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded",
                Code::QuotaExceeded,
            ),
            fault(403, "forbidden", "Policy doesn't allow it to be performed.", Code::Forbidden),
            fault(500, "computeFault", "The server has either erred", Code::ServiceFailed),
        ],
        Service::Network => vec![
            neutron(404, "PortNotFound", "Port n1 could not be found.", Code::NotFound),
            neutron(409, "MacAddressInUse", "The mac address is in use.", Code::Conflict),
            neutron(409, "OverQuota", "Quota exceeded for resources: ['port'].", Code::QuotaExceeded),
            neutron(
                403,
                "PolicyNotAuthorized",
                "(rule:create_port) is disallowed by policy",
                Code::Forbidden,
            ),
            neutron(400, "InvalidInput", "Invalid input for operation", Code::RequestRefused),
            neutron(
                500,
                "HTTPInternalServerError",
                "Request Failed: internal server error",
                Code::ServiceFailed,
            ),
        ],
        Service::Image => vec![
            (404, json!("404 Not Found: No image found with ID i1"), Code::NotFound),
            (403, json!("403 Forbidden: You are not authorized"), Code::Forbidden),
            (503, json!("503 Service Unavailable"), Code::ServiceFailed),
        ],
        Service::Identity => vec![
            keystone(404, "Not Found", "Could not find project: p1.", Code::NotFound),
            keystone(403, "Forbidden", "You are not authorized", Code::Forbidden),
            keystone(500, "Internal Server Error", "An unexpected error", Code::ServiceFailed),
        ],
    }
}
