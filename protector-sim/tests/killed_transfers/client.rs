//! A client of a simulated pair that knows nothing of protector: the arrays' REST API, their windows, and the clock.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use protector_core::transport::{HttpTransport, RawAnswer, SendError, TlsSettings, Transport, WireRequest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const API: &str = "api/2.36";

#[derive(Debug)]
pub(crate) struct Client {
    http: HttpTransport,
    /// Where everything is, by the names that rules use.
    targets: Value,
    sessions: Mutex<BTreeMap<String, HeaderValue>>,
}

/// Nobody answered: the process was killed.
#[derive(Debug)]
pub(crate) struct Gone;

impl From<SendError> for Gone {
    fn from(_: SendError) -> Self {
        Self
    }
}

impl Client {
    pub(crate) fn new(authority: Vec<u8>, targets: Value) -> Self {
        let tls = TlsSettings { authorities: Some(authority), ..TlsSettings::default() };
        Self { http: HttpTransport::new(&tls).unwrap(), targets, sessions: Mutex::default() }
    }

    async fn send(
        &self,
        target: &str,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        headers: HeaderMap,
    ) -> Result<RawAnswer, Gone> {
        let origin = self.targets[target].as_str().unwrap();
        let url = format!("{origin}/{path}").parse().unwrap();
        let request = WireRequest { method, url, headers, body, timeout: Duration::from_mins(1) };
        Ok(self.http.send(request).await?)
    }

    /// What the API of an array answers; a session is opened where there is none.
    pub(crate) async fn ask(
        &self,
        array: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<RawAnswer, Gone> {
        let body = (!body.is_null()).then(|| Bytes::from(body.to_string()));
        let path = format!("{API}/{path}");
        let session = || self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(array).cloned();
        for _ in 0..2 {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static("application/json"));
            headers.extend(session().map(|session| (http::HeaderName::from_static("x-auth-token"), session)));
            let answer = self.send(array, method.clone(), &path, body.clone(), headers).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
            self.log_in(array).await?;
        }
        panic!("{array} refuses its own session")
    }

    async fn log_in(&self, array: &str) -> Result<(), Gone> {
        let token = format!("simulated-token-of-{}", array.trim_end_matches("/quiet"));
        let mut headers = HeaderMap::new();
        headers.insert("api-token", token.parse().unwrap());
        let answer = self.send(array, Method::POST, &format!("{API}/login"), None, headers).await?;
        let session = answer.headers["x-auth-token"].clone();
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(array.to_owned(), session);
        Ok(())
    }

    /// The items of an answer that has to be a success.
    pub(crate) async fn items(
        &self,
        array: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Vec<Value>, Gone> {
        let answer = self.ask(array, method.clone(), path, body).await?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{method} {path}: {told}");
        Ok(told["items"].as_array().cloned().unwrap_or_default())
    }

    /// Reads what a volume or a snapshot holds: `volume=NAME`, `snapshot=NAME`.
    pub(crate) async fn read(&self, array: &str, what: &str) -> Result<Vec<u8>, Gone> {
        let path = format!("_bytes?{what}");
        let answer = self.send(array, Method::GET, &path, None, HeaderMap::new()).await?;
        assert_eq!(answer.status, StatusCode::OK, "{what}: {:?}", answer.body);
        Ok(answer.body.into())
    }

    /// Writes as an initiator would.
    pub(crate) async fn write(
        &self,
        array: &str,
        volume: &str,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<(), Gone> {
        let path = format!("_bytes?volume={volume}&offset={offset}");
        let answer = self.send(array, Method::POST, &path, Some(bytes.into()), HeaderMap::new()).await?;
        assert_eq!(answer.status, StatusCode::OK, "{volume}: {:?}", answer.body);
        Ok(())
    }

    async fn tell(&self, target: &str, path: &str, body: &Value) -> Result<(), Gone> {
        let body = Bytes::from(body.to_string());
        let answer = self.send(target, Method::POST, path, Some(body), HeaderMap::new()).await?;
        assert!(answer.status.is_success(), "{path}: {:?}", answer.body);
        Ok(())
    }

    /// Changes how arrays behave.
    pub(crate) async fn set(&self, array: &str, settings: &Value) -> Result<(), Gone> {
        self.tell(array, "_settings", settings).await
    }

    /// Adds a rule.
    pub(crate) async fn rule(&self, rule: &Value) -> Result<(), Gone> {
        self.tell("admin", "rules", rule).await
    }

    /// Lets time pass.
    pub(crate) async fn advance(&self, seconds: f64) -> Result<(), Gone> {
        self.tell("admin", "clock", &json!({"advance": seconds})).await
    }

    /// Lets so many seconds pass in one, from now on.
    pub(crate) async fn hurry(&self, factor: f64) -> Result<(), Gone> {
        self.tell("admin", "clock", &json!({"pace": factor})).await
    }
}
