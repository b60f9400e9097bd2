use super::query::{self, Query};
use super::version::Version;
use http::Method;
use protector_core::transport::Semantics;
use serde_json::Value;
use url::Url;

/// A request, built without IO.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    /// What it is for, as in "failed to {purpose}".
    pub(super) purpose: String,
    pub(super) semantics: Semantics,
    pub(super) method: Method,
    /// The resource, without the version.
    pub(super) path: &'static str,
    pub(super) query: Query,
    pub(super) body: Option<Value>,
}

impl Request {
    pub(super) fn new(
        method: Method,
        semantics: Semantics,
        path: &'static str,
        purpose: impl Into<String>,
    ) -> Self {
        Self { purpose: purpose.into(), semantics, method, path, query: Query::default(), body: None }
    }

    pub(super) fn get(path: &'static str, purpose: impl Into<String>) -> Self {
        Self::new(Method::GET, Semantics::Safe, path, purpose)
    }

    /// The same with another query.
    pub(super) fn with_query(self, query: Query) -> Self {
        Self { query, ..self }
    }

    /// The same for a list of any length: as many requests as addresses need, none for an empty list.
    pub(super) fn for_each_part<T: AsRef<str>>(&self, key: &'static str, values: &[T]) -> Vec<Self> {
        query::parts(values)
            .into_iter()
            .map(|part| self.clone().with_query(self.query.clone().list(key, part)))
            .collect()
    }

    /// The same with a JSON body.
    pub(super) fn with_body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Where it goes at an array that speaks `version`.
    pub(super) fn address(&self, base: &Url, version: Version) -> Url {
        let mut url = address(base, &format!("{version}/{}", self.path));
        url.set_query(self.query.encoded().as_deref());
        url
    }
}

/// An address below `/api`.
pub(super) fn address(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("api").extend(path.split('/'));
    }
    url
}
