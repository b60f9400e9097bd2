use anyhow::{Context as _, Result, anyhow, bail};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use protector_core::transport::{Transport, WireRequest};
use protector_mock::cloud::ServiceKind;
use protector_mock::pair::{EmbeddedPair, Place};
use protector_mock::transport::SimulatedTransport;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const VERSION: HeaderName = HeaderName::from_static("openstack-api-version");

/// A site as the application's owner sees it, by raw requests that no fault reaches; and its array, by its windows for tests.
pub(crate) struct Cloud {
    pub(crate) site: &'static str,
    pub(crate) array: &'static str,
    transport: Arc<SimulatedTransport>,
    origin: Box<dyn Fn(Place) -> String>,
    token: Option<HeaderValue>,
}

impl Cloud {
    pub(crate) async fn sign_in(
        pair: &EmbeddedPair,
        site: &'static str,
        array: &'static str,
        (user, password): (&str, &str),
    ) -> Result<Self> {
        let addresses = pair.addresses().clone();
        let mut cloud = Self {
            site,
            array,
            transport: Arc::clone(pair.transport()),
            origin: Box::new(move |place| addresses.origin(place)),
            token: None,
        };
        let domain = json!({"id": "default"});
        let body = json!({"auth": {
            "identity": {"methods": ["password"],
                "password": {"user": {"name": user, "domain": domain, "password": password}}},
            "scope": {"project": {"name": "app", "domain": domain}},
        }});
        let (headers, _) =
            cloud.send(ServiceKind::Identity, Method::POST, "/v3/auth/tokens", Some(&body)).await?;
        cloud.token = headers.get("x-subject-token").cloned();
        Ok(cloud)
    }

    /// Asks a service for something in any way.
    pub(crate) async fn send(
        &self,
        kind: ServiceKind,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(HeaderMap, Value)> {
        let place = Place::Service { site: self.site, kind, quiet: true };
        let mut headers = HeaderMap::new();
        headers.extend(self.token.clone().map(|token| (TOKEN, token)));
        let version = match kind {
            ServiceKind::Compute => Some("compute 2.79"),
            ServiceKind::BlockStorage => Some("volume 3.60"),
            _ => None,
        };
        headers.extend(version.map(|version| (VERSION, HeaderValue::from_static(version))));
        self.exchange(place, method, path, headers, body).await
    }

    async fn exchange(
        &self,
        place: Place,
        method: Method,
        path: &str,
        mut headers: HeaderMap,
        body: Option<&Value>,
    ) -> Result<(HeaderMap, Value)> {
        let what = || format!("{place}: {method} {path}");
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = WireRequest {
            method: method.clone(),
            url: format!("{}{path}", (self.origin)(place)).parse().with_context(what)?,
            headers,
            body: body.map(|body| body.to_string().into()),
            timeout: Duration::from_mins(1),
        };
        let answer = self.transport.send(request).await.with_context(what)?;
        if !answer.status.is_success() {
            let said = String::from_utf8_lossy(&answer.body);
            bail!("{}: {} {said}", what(), answer.status);
        }
        let body = match answer.status {
            StatusCode::NO_CONTENT => Value::Null,
            _ if answer.body.is_empty() => Value::Null,
            _ => serde_json::from_slice(&answer.body).with_context(what)?,
        };
        Ok((answer.headers, body))
    }

    /// Reads something of a service.
    pub(crate) async fn get(&self, kind: ServiceKind, path: &str) -> Result<Value> {
        Ok(self.send(kind, Method::GET, path, None).await?.1)
    }

    /// Reads a list, without its envelope.
    pub(crate) async fn list(&self, kind: ServiceKind, path: &str, name: &str) -> Result<Vec<Value>> {
        match self.get(kind, path).await?.get_mut(name).map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(anyhow!("{}: {path} is answered without {name}", self.site)),
        }
    }

    /// Asks a service for something.
    pub(crate) async fn post(&self, kind: ServiceKind, path: &str, body: &Value) -> Result<Value> {
        Ok(self.send(kind, Method::POST, path, Some(body)).await?.1)
    }

    /// Makes something; returns its id.
    pub(crate) async fn made(
        &self,
        kind: ServiceKind,
        path: &str,
        name: &str,
        fields: &Value,
    ) -> Result<String> {
        let answer = self.post(kind, path, &json!({name: fields})).await?;
        let id = answer.get(name).and_then(|made| made.get("id")).and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| anyhow!("{}: POST {path} is answered without an id", self.site))
    }

    /// The numbers of the extents of an array volume that hold something.
    pub(crate) async fn extents(&self, volume: &str) -> Result<Vec<u64>> {
        let place = Place::Array { array: self.array, quiet: true };
        let path = format!("/_content?volume={volume}");
        let (_, answer) = self.exchange(place, Method::GET, &path, HeaderMap::new(), None).await?;
        let extents = answer.get("extents").and_then(Value::as_object);
        let extents = extents.ok_or_else(|| anyhow!("{place}: {path} is answered without extents"))?;
        extents.keys().map(|number| Ok(number.parse()?)).collect()
    }
}

/// A text of a JSON object; nothing if there is none.
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
