//! What is at the sites, asked of their own services where no fault is and nothing is recorded; never of protector.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{HeaderName, Method};
use protector_core::transport::{
    Destination, HttpTransports, RawAnswer, TlsSettings, Transport, TransportFactory, WireRequest,
};
use protector_mock::cloud::ServiceKind;
use protector_mock::pair::{Addresses, Place};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

pub(crate) struct Look {
    addresses: Addresses,
    http: Arc<dyn Transport>,
}

impl Look {
    pub(crate) fn new(addresses: &Addresses) -> Self {
        let settings = TlsSettings { authorities: None, identity: None, verify: true };
        let http = HttpTransports.open(&Destination::Site("anywhere".into()), &settings).unwrap();
        Self { addresses: addresses.clone(), http }
    }

    async fn ask(
        &self,
        place: Place,
        method: Method,
        path: &str,
        mut headers: HeaderMap,
        body: Value,
    ) -> RawAnswer {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = WireRequest {
            method,
            url: format!("{}{path}", self.addresses.origin(place)).parse().unwrap(),
            headers,
            body: (!body.is_null()).then(|| body.to_string().into()),
            timeout: Duration::from_secs(30),
        };
        let answer = self.http.send(request).await.unwrap();
        assert!(answer.status.is_success(), "{place}: {path}: {answer:?}");
        answer
    }

    /// A list of the project's, as its owner sees it.
    async fn list(&self, site: &'static str, kind: ServiceKind, path: &str, name: &str) -> Vec<Value> {
        let at = |kind| Place::Service { site, kind, quiet: true };
        let domain = json!({"id": "default"});
        let user = json!({"name": "app-owner", "domain": domain, "password": "simulated-secret"});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "app", "domain": domain}},
        }});
        let signed_in = self
            .ask(at(ServiceKind::Identity), Method::POST, "/v3/auth/tokens", HeaderMap::new(), body)
            .await;
        let mut headers = HeaderMap::new();
        headers.insert(TOKEN, signed_in.headers["x-subject-token"].clone());
        let answer = self.ask(at(kind), Method::GET, path, headers, Value::Null).await;
        let mut told: Value = serde_json::from_slice(&answer.body).unwrap();
        match told[name].take() {
            Value::Array(items) => items,
            other => panic!("{path} is answered without {name}: {other}"),
        }
    }

    /// The status of every VM of the project at a site, by name.
    pub(crate) async fn servers(&self, site: &'static str) -> BTreeMap<String, String> {
        let servers = self.list(site, ServiceKind::Compute, "/v2.1/servers/detail", "servers").await;
        let text = |server: &Value, field: &str| server[field].as_str().unwrap().to_owned();
        servers.iter().map(|server| (text(server, "name"), text(server, "status"))).collect()
    }

    /// How many volumes the project has at a site.
    pub(crate) async fn volumes(&self, site: &'static str) -> usize {
        self.list(site, ServiceKind::BlockStorage, "/v3/volumes", "volumes").await.len()
    }

    /// How long something takes from now on: `compute.server-stopped`, in seconds.
    pub(crate) async fn takes(&self, event: &str, seconds: f64) {
        let body = json!({ format!("duration/{event}"): seconds });
        self.ask(Place::Admin, Method::POST, "/settings", HeaderMap::new(), body).await;
    }

    /// Something goes wrong from now on.
    pub(crate) async fn breaks(&self, rule: &str) {
        let rule = serde_json::from_str(rule).unwrap();
        self.ask(Place::Admin, Method::POST, "/rules", HeaderMap::new(), rule).await;
    }

    /// Nothing goes wrong any more.
    pub(crate) async fn mends(&self) {
        self.ask(Place::Admin, Method::DELETE, "/rules", HeaderMap::new(), Value::Null).await;
    }

    /// The requests so far that were meant to change something: not those that sign in.
    pub(crate) async fn writes(&self) -> Vec<String> {
        let answer = self.ask(Place::Admin, Method::GET, "/requests", HeaderMap::new(), Value::Null).await;
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        let requests = told["requests"].as_array().unwrap();
        let text = |request: &Value, field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let written = requests.iter().filter(|request| {
            let path = text(request, "path");
            let signs_in =
                path.ends_with("/auth/tokens") || path.ends_with("/login") || path.ends_with("/logout");
            !signs_in && !matches!(text(request, "method").as_str(), "GET" | "HEAD" | "")
        });
        written.map(|request| format!("{} {}", text(request, "method"), text(request, "path"))).collect()
    }
}
