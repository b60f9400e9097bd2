use super::{Call, Caller, Fault, Microversion, MicroversionRange, Reply, ServiceKind, Site};
use crate::http::{Endpoint, Query, Request, Response};
use crate::world::Transaction;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use std::sync::Arc;

/// Answers one route. It changes nothing if it returns a fault.
pub type Handler = fn(&mut Call<'_, '_>) -> Result<Reply, Fault>;

/// What answers a method of a path. In the path, `{name}` stands for one segment.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: &'static str,
    /// What answers.
    pub handler: Handler,
    /// Whether it is answered without a token.
    pub open: bool,
}

impl Route {
    /// A route for those who have a token.
    pub const fn new(method: Method, path: &'static str, handler: Handler) -> Self {
        Self { method, path, handler, open: false }
    }

    /// A route for everybody: sign-in, versions.
    pub const fn open(method: Method, path: &'static str, handler: Handler) -> Self {
        Self { method, path, handler, open: true }
    }
}

/// One service, as data.
#[derive(Debug, Clone, Copy)]
pub struct ServiceDescription {
    /// Which.
    pub kind: ServiceKind,
    /// Its microversions, if it has any.
    pub microversions: Option<MicroversionRange>,
    /// All that it answers, by resource.
    pub routes: &'static [&'static [Route]],
    /// How it tells an error.
    pub fault_body: fn(&Fault) -> Value,
    /// Finds who calls by the headers; `None` if the token is missing, unknown or expired.
    pub authenticate: fn(&Transaction<'_>, &Site, &HeaderMap) -> Result<Option<Caller>, Fault>,
}

/// A service at a site.
pub struct Service {
    site: Arc<Site>,
    name: String,
    description: &'static ServiceDescription,
    router: matchit::Router<Vec<Route>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Service {
    /// Puts a service up at a site.
    ///
    /// # Errors
    /// Two of its routes contradict each other.
    pub fn new(
        site: Arc<Site>,
        description: &'static ServiceDescription,
    ) -> Result<Self, matchit::InsertError> {
        let mut router: matchit::Router<Vec<Route>> = matchit::Router::new();
        let all = || description.routes.iter().copied().flatten();
        for route in all() {
            let first = all().find(|other| other.path == route.path);
            if first.is_some_and(|first| std::ptr::eq(first, route)) {
                let same = all().filter(|other| other.path == route.path).cloned().collect();
                router.insert(route.path, same)?;
            }
        }
        let name = format!("{}/{}", site.name, description.kind.name());
        Ok(Self { site, name, description, router })
    }

    fn reply(
        &self,
        request: &Request,
    ) -> Result<(Reply, Option<Microversion>), (Fault, Option<Microversion>)> {
        let path = request.uri().path();
        let early = |fault| (fault, None);
        let matched = self.router.at(path.trim_end_matches('/')).or_else(|_| self.router.at(path));
        let Ok(matched) = matched else {
            return Err(early(Fault::not_found("The resource could not be found.")));
        };
        let Some(route) = matched.value.iter().find(|route| route.method == request.method()) else {
            let allowed: Vec<&str> = matched.value.iter().map(|route| route.method.as_str()).collect();
            let mut fault = Fault::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "The method specified is not allowed for this resource.",
            );
            fault.headers.push(("allow", allowed.join(", ")));
            return Err(early(fault));
        };
        let microversion = self.negotiate(request.headers()).map_err(early)?;
        let agreed = microversion.unwrap_or(Microversion(0, 0));
        let parameters =
            matched.params.iter().map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let result = self.site.world.transact(|transaction| {
            let caller = (self.description.authenticate)(transaction, &self.site, request.headers())?;
            if caller.is_none() && !route.open {
                return Err(Fault::new(
                    StatusCode::UNAUTHORIZED,
                    "The request you have made requires authentication.",
                ));
            }
            let body = body(request)?;
            let mut call = Call {
                transaction,
                site: &self.site,
                method: request.method(),
                path,
                parameters,
                query: Query::parse(request.uri().query().unwrap_or_default()),
                headers: request.headers(),
                body,
                caller: caller.unwrap_or_default(),
                microversion: agreed,
            };
            (route.handler)(&mut call)
        });
        match result {
            Ok(reply) => Ok((reply, microversion)),
            Err(fault) => Err((fault, microversion)),
        }
    }

    fn negotiate(&self, headers: &HeaderMap) -> Result<Option<Microversion>, Fault> {
        let Some(range) = self.description.microversions else { return Ok(None) };
        let newest = (range.newest)(self.site.release);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let common = text("openstack-api-version").and_then(|value| {
            value.split(',').find_map(|part| part.trim().strip_prefix(range.service)).map(str::trim)
        });
        let asked = common.or_else(|| range.older_header.and_then(text));
        let asked = match asked {
            None => return Ok(Some(range.oldest)),
            Some("latest") => return Ok(Some(newest)),
            Some(asked) => asked,
        };
        let version: Microversion = asked.parse().map_err(|_| {
            Fault::bad_request(format!(
                "API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum."
            ))
        })?;
        if version < range.oldest || version > newest {
            return Err(Fault::new(
                StatusCode::NOT_ACCEPTABLE,
                format!(
                    "Version {version} is not supported by the API. Minimum is {} and maximum is {newest}.",
                    range.oldest
                ),
            ));
        }
        Ok(Some(version))
    }
}

fn body(request: &Request) -> Result<Value, Fault> {
    let json = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|value| value.starts_with("application/json"));
    if request.body().is_empty() || !json {
        return Ok(Value::Null);
    }
    serde_json::from_slice(request.body()).map_err(|_| Fault::bad_request("Malformed request body"))
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

impl Endpoint for Service {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, request: &Request) -> Response {
        let (reply, microversion) = match self.reply(request) {
            Ok(answered) => answered,
            Err((fault, microversion)) => {
                if let Some(error) = &fault.source {
                    tracing::error!(endpoint = self.name, error = %protector_core::error::chain(error), "answered 500");
                }
                let mut reply = Reply::with(fault.status, (self.description.fault_body)(&fault));
                for (name, value) in &fault.headers {
                    reply = reply.and(HeaderName::from_static(name), value);
                }
                (reply, microversion)
            }
        };
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = reply.status;
        for (name, value) in reply.headers {
            response.headers_mut().append(name, value);
        }
        if let Some(body) = reply.body {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *response.body_mut() = Bytes::from(body.to_string());
        }
        if let (Some(range), Some(version)) = (self.description.microversions, microversion) {
            let mut set = |name: HeaderName, value: String| {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    response.headers_mut().append(name, value);
                }
            };
            set(HeaderName::from_static("openstack-api-version"), format!("{} {version}", range.service));
            set(VARY, "OpenStack-API-Version".to_owned());
            if let Some(older) = range.older_header {
                set(HeaderName::from_static(older), version.to_string());
            }
        }
        response
    }
}
