use super::{EstateError, Ground};
use crate::cloud::ServiceKind;
use crate::http::Request;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method};
use serde_json::{Value, json};

/// Somebody at a site, with a token.
#[derive(Debug)]
pub(super) struct Client<'g> {
    ground: &'g Ground<'g>,
    token: HeaderValue,
}

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

impl<'g> Client<'g> {
    pub(super) fn sign_in(
        ground: &'g Ground<'g>,
        name: &str,
        password: &str,
        project: &str,
    ) -> Result<Self, EstateError> {
        let unsigned = Self { ground, token: HeaderValue::from_static("") };
        let domain = json!({"id": "default"});
        let user = json!({"name": name, "domain": domain, "password": password});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": project, "domain": domain}},
        }});
        let answer = unsigned.send(ServiceKind::Identity, Method::POST, "/v3/auth/tokens", Some(&body))?;
        let token = answer.headers().get("x-subject-token").cloned();
        let token = token.ok_or_else(|| unsigned.refused("no token came"))?;
        Ok(Self { ground, token })
    }

    fn refused(&self, what: impl Into<String>) -> EstateError {
        EstateError::Refused { site: self.ground.site.name.clone(), what: what.into() }
    }

    fn send(
        &self,
        kind: ServiceKind,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<crate::http::Response, EstateError> {
        let endpoint = self
            .ground
            .services
            .get(&kind)
            .ok_or_else(|| self.refused(format!("there is no {}", kind.name())))?;
        let name = format!("{method} {path}");
        let bytes = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let mut request = Request::new(bytes);
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().map_err(|_| self.refused(format!("{path:?} is no path")))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if !self.token.is_empty() {
            request.headers_mut().insert(AUTH_TOKEN, self.token.clone());
        }
        let version = match kind {
            ServiceKind::BlockStorage => Some("volume 3.60"),
            ServiceKind::Compute => Some("compute 2.79"),
            _ => None,
        };
        if let Some(version) = version {
            request.headers_mut().insert("openstack-api-version", HeaderValue::from_static(version));
        }
        let answer = endpoint.answer(&request);
        if answer.status().is_success() {
            return Ok(answer);
        }
        let said = String::from_utf8_lossy(answer.body()).into_owned();
        Err(self.refused(format!("{} {name}: {} {said}", kind.name(), answer.status())))
    }

    fn json(&self, answer: &crate::http::Response) -> Result<Value, EstateError> {
        if answer.body().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(answer.body()).map_err(|error| self.refused(error.to_string()))
    }

    pub(super) fn get(&self, kind: ServiceKind, path: &str) -> Result<Value, EstateError> {
        self.json(&self.send(kind, Method::GET, path, None)?)
    }

    pub(super) fn put(
        &self,
        kind: ServiceKind,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, EstateError> {
        self.json(&self.send(kind, Method::PUT, path, body)?)
    }

    pub(super) fn post(&self, kind: ServiceKind, path: &str, body: &Value) -> Result<Value, EstateError> {
        self.json(&self.send(kind, Method::POST, path, Some(body))?)
    }

    /// Makes something, and returns its id. What is made, is in the answer under the same name as in the body.
    pub(super) fn made(
        &self,
        kind: ServiceKind,
        path: &str,
        name: &str,
        fields: &Value,
    ) -> Result<String, EstateError> {
        let answer = self.post(kind, path, &json!({name: fields}))?;
        let id = answer.get(name).and_then(|made| made.get("id")).and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| self.refused(format!("POST {path}: an answer without an id")))
    }

    /// The ids of a list's items by their names.
    pub(super) fn by_name(
        &self,
        kind: ServiceKind,
        path: &str,
        list: &str,
    ) -> Result<std::collections::BTreeMap<String, String>, EstateError> {
        let answer = self.get(kind, path)?;
        let items = answer.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(items.iter().filter_map(|item| Some((text(item, "name")?, text(item, "id")?))).collect())
    }
}
