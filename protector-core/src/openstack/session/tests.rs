use super::*;
use crate::config::clouds::{
    ApplicationCredentialReference, DomainReference, ProjectReference, UserReference,
};
use crate::config::{Auth, Interface, TlsConfig};
use crate::error::{Code, Coded};
use crate::transport::{HttpTransport, TlsSettings};
use mockito::{Matcher, Server, ServerGuard};
use serde_json::{Value, json};

fn cloud(server: &ServerGuard) -> CloudConfig {
    let domain = || DomainReference::Name("Default".to_owned());
    CloudConfig {
        name: "tenant-a".to_owned(),
        auth_url: server.url().parse().unwrap(),
        auth: Auth::Password {
            user: UserReference::Name { name: "protector".to_owned(), domain: domain() },
            password: "canary-password".into(),
        },
        project: Some(ProjectReference::Name { name: "app".to_owned(), domain: domain() }),
        region: Some("site-a".to_owned()),
        interface: Interface::Public,
        tls: TlsConfig { ca_certificate: None, verify: true, client_certificate: None },
        endpoint_overrides: BTreeMap::new(),
        api_timeout: None,
    }
}

fn session(server: &ServerGuard) -> Session {
    let transport = Arc::new(HttpTransport::new(&TlsSettings::default()).unwrap());
    Session::new("site-a".into(), cloud(server), transport)
}

fn token_body(server: &ServerGuard) -> String {
    json!({"token": {
        "expires_at": "2099-01-01T00:00:00.000000Z", "user": {"id": "u1", "name": "protector"},
        "project": {"id": "p1", "name": "app"}, "roles": [{"id": "r1", "name": "member"}],
        "catalog": [{"type": "compute", "endpoints": [
            {"interface": "public", "region_id": "site-a", "region": "site-a", "url": format!("{}/v2.1", server.url())}]}]}})
    .to_string()
}

async fn keystone(server: &mut ServerGuard, sign_ins: usize) -> mockito::Mock {
    let body = token_body(server);
    server
        .mock("POST", "/v3/auth/tokens")
        .match_body(Matcher::PartialJson(json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "protector", "domain": {"name": "Default"}, "password": "canary-password"}}},
            "scope": {"project": {"name": "app", "domain": {"name": "Default"}}}}})))
        .with_status(201)
        .with_header("x-subject-token", "canary-token")
        .with_body(body)
        .expect(sign_ins)
        .create_async()
        .await
}

async fn nova_versions(server: &mut ServerGuard) -> mockito::Mock {
    server
        .mock("GET", "/v2.1/")
        .with_body(json!({"version": {"version": "2.100", "min_version": "2.1"}}).to_string())
        .expect(1)
        .create_async()
        .await
}

fn request() -> ApiRequest {
    ApiRequest::get(Service::Compute, "servers", "list servers")
        .segment("a/b")
        .query("name", "x&y")
        .at(Microversion::new(2, 96))
}

#[tokio::test]
async fn a_request_carries_token_microversion_and_escaped_path() {
    let mut server = Server::new_async().await;
    let sign_in = keystone(&mut server, 1).await;
    let versions = nova_versions(&mut server).await;
    let get = server
        .mock("GET", "/v2.1/servers/a%2Fb?name=x%26y")
        .match_header("x-auth-token", "canary-token")
        .match_header("openstack-api-version", "compute 2.96")
        .with_body("{}")
        .expect(2)
        .create_async()
        .await;
    let session = session(&server);
    let context = Context::default();
    session.send(&context, &request()).await.unwrap();
    session.send(&context, &request()).await.unwrap();
    for mock in [sign_in, versions, get] {
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn calls_that_meet_an_expired_token_share_one_new_sign_in() {
    let mut server = Server::new_async().await;
    let sign_in = keystone(&mut server, 2).await;
    let _versions = nova_versions(&mut server).await;
    let refused =
        server.mock("GET", Matcher::Regex("servers".into())).with_status(401).expect(2).create_async().await;
    let session = session(&server);
    let context = Context::default();
    session.project(&context).await.unwrap();
    session.versions(&context, Service::Compute).await.unwrap();
    let request = request();
    let both = futures::future::join(session.send(&context, &request), session.send(&context, &request));
    let swap = async {
        while !refused.matched_async().await {
            tokio::task::yield_now().await;
        }
        server.mock("GET", Matcher::Regex("servers".into())).with_body("{}").expect(2).create_async().await
    };
    let ((one, two), accepted) = futures::future::join(both, swap).await;
    one.unwrap();
    two.unwrap();
    sign_in.assert_async().await;
    accepted.assert_async().await;
}

#[tokio::test]
async fn a_wrong_password_is_an_authentication_failure_without_the_password() {
    let mut server = Server::new_async().await;
    let body = json!({"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}});
    server.mock("POST", "/v3/auth/tokens").with_status(401).with_body(body.to_string()).create_async().await;
    let error = session(&server).project(&Context::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthenticationFailed);
    let text = format!("{error} {error:?}");
    assert!(text.contains("site-a") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_version_that_is_not_offered_is_a_missing_capability() {
    let mut server = Server::new_async().await;
    let _sign_in = keystone(&mut server, 1).await;
    server
        .mock("GET", "/v2.1/")
        .with_body(json!({"version": {"version": "2.90", "min_version": "2.1"}}).to_string())
        .create_async()
        .await;
    let error = session(&server).send(&Context::default(), &request()).await.unwrap_err();
    assert_eq!(error.code(), Code::CapabilityMissing);
}

/// Answers but for Nova, which takes the request and says nothing.
#[derive(Debug)]
struct SilentNova;

impl Transport for SilentNova {
    fn send(
        &self,
        request: crate::transport::WireRequest,
    ) -> futures::future::BoxFuture<'_, Result<crate::transport::RawAnswer, crate::transport::SendError>>
    {
        Box::pin(async move {
            let (status, body) = match request.url.path() {
                "/v3/auth/tokens" => (
                    201,
                    json!({"token": {"expires_at": "2099-01-01T00:00:00Z",
                    "user": {"id": "u1"}, "project": {"id": "p1"}, "roles": [], "catalog": []}}),
                ),
                "/v2.1/" => std::future::pending().await,
                _ => (200, json!({"versions": [{"version": "3.71", "min_version": "3.0"}]})),
            };
            let headers = [("x-subject-token", "token")]
                .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
            let status = http::StatusCode::from_u16(status).unwrap();
            let body = body.to_string().into();
            Ok(crate::transport::RawAnswer { status, headers: headers.into_iter().collect(), body })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_silent_keeps_nobody_from_another() {
    let server = Server::new_async().await;
    let mut cloud = cloud(&server);
    cloud.endpoint_overrides = [("compute", "http://c/v2.1"), ("block_storage", "http://c/v3")]
        .map(|(service, address)| (service.to_owned(), address.parse().unwrap()))
        .into();
    let session = Session::new("site-a".into(), cloud, Arc::new(SilentNova));
    let context = Context::default().within(std::time::Duration::from_secs(10));
    let (nova, cinder) = futures::join!(session.versions(&context, Service::Compute), async {
        let versions = session.versions(&context, Service::BlockStorage).await;
        assert!(context.remaining().is_some_and(|left| !left.is_zero()), "it waited for Nova");
        versions
    });
    assert_eq!(nova.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(cinder.unwrap().1, Microversion::new(3, 71));
}

#[tokio::test]
async fn a_list_follows_markers_and_never_another_host() {
    use futures::TryStreamExt;
    let mut server = Server::new_async().await;
    let _sign_in = keystone(&mut server, 1).await;
    let first = json!({"servers": [{"id": 1}], "servers_links": [{"rel": "next", "href": "http://evil.invalid/servers?marker=1"}]});
    server.mock("GET", "/v2.1/servers").with_body(first.to_string()).expect(1).create_async().await;
    server
        .mock("GET", "/v2.1/servers?marker=1")
        .with_body(json!({"servers": [{"id": 2}]}).to_string())
        .expect(1)
        .create_async()
        .await;
    let session = session(&server);
    let context = Context::default();
    let request = ApiRequest::get(Service::Compute, "servers", "list servers");
    let all: Vec<Value> =
        super::super::list(&session, &context, request, "servers").try_collect().await.unwrap();
    assert_eq!(all, vec![json!({"id": 1}), json!({"id": 2})]);
}

#[tokio::test]
async fn a_list_that_repeats_its_marker_ends() {
    use futures::TryStreamExt;
    let mut server = Server::new_async().await;
    let _sign_in = keystone(&mut server, 1).await;
    let page = json!({"servers": [{"id": 1}], "servers_links": [{"rel": "next", "href": "http://n/servers?marker=1"}]});
    server.mock("GET", Matcher::Regex("servers".into())).with_body(page.to_string()).create_async().await;
    let session = session(&server);
    let context = Context::default();
    let request = ApiRequest::get(Service::Compute, "servers", "list servers");
    let error = super::super::list::<Value>(&session, &context, request, "servers")
        .try_collect::<Vec<_>>()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::AnswerMalformed);
}

#[tokio::test]
async fn an_application_credential_is_sent_without_a_scope() {
    let mut server = Server::new_async().await;
    let body = json!({"auth": {"identity": {"methods": ["application_credential"],
        "application_credential": {"id": "c1", "secret": "canary-secret"}}}});
    let mock = server
        .mock("POST", "/v3/auth/tokens")
        .match_body(Matcher::Json(body))
        .with_status(201)
        .with_header("x-subject-token", "canary-token")
        .with_body(token_body(&server))
        .create_async()
        .await;
    let mut cloud = cloud(&server);
    cloud.auth = Auth::ApplicationCredential {
        credential: ApplicationCredentialReference::Id("c1".to_owned()),
        secret: "canary-secret".into(),
    };
    let transport = Arc::new(HttpTransport::new(&TlsSettings::default()).unwrap());
    let session = Session::new("site-a".into(), cloud, transport);
    assert_eq!(session.project(&Context::default()).await.unwrap().as_str(), "p1");
    assert_eq!(session.roles(&Context::default()).await.unwrap(), ["member"]);
    mock.assert_async().await;
    assert!(!format!("{session:?}").contains("canary"));
}
