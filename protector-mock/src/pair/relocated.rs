use crate::http::{Endpoint, Request, Response};
use bytes::Bytes;
use std::sync::Arc;

/// A service whose answers lead elsewhere than where they say: the catalog is kept once, and who came the quiet way goes on
/// quietly.
#[derive(Debug)]
pub(super) struct Relocated {
    endpoint: Arc<dyn Endpoint>,
    origins: Vec<(String, String)>,
}

impl Relocated {
    /// `origins` are what is said, and what is sent instead.
    pub(super) fn new(endpoint: Arc<dyn Endpoint>, origins: Vec<(String, String)>) -> Self {
        Self { endpoint, origins }
    }
}

impl Endpoint for Relocated {
    fn name(&self) -> &str {
        self.endpoint.name()
    }

    fn answer(&self, request: &Request) -> Response {
        let (parts, body) = self.endpoint.answer(request).into_parts();
        let Ok(text) = std::str::from_utf8(&body) else { return Response::from_parts(parts, body) };
        let moved = self.origins.iter().fold(text.to_owned(), |text, (said, sent)| text.replace(said, sent));
        Response::from_parts(parts, Bytes::from(moved))
    }
}
