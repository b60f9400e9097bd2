use super::manner::{self, Missing};
use super::{Call, Caller, Fault, Microversion, MicroversionRange, Reply, ServiceKind, Site};
use crate::http::{Endpoint, Query, Request, Response};
use crate::world::Transaction;
use bytes::Bytes;
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

type Parameters = Vec<(String, String)>;

/// What a service says to a request, before the headers that all of its answers have.
struct Answered {
    reply: Reply,
    microversion: Option<Microversion>,
    caller: Option<Caller>,
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

    fn find(&self, request: &Request) -> Result<(&Route, Parameters), Missing> {
        let path = request.uri().path();
        let matched = self.router.at(path.trim_end_matches('/')).or_else(|_| self.router.at(path));
        let matched = matched.map_err(|_| Missing::Path)?;
        let by = |method: &Method| matched.value.iter().find(|route| route.method == method);
        let as_get = request.method() == Method::HEAD && self.description.kind.serves_head();
        let route = by(request.method()).or_else(|| if as_get { by(&Method::GET) } else { None });
        let Some(route) = route else {
            return Err(Missing::Method(matched.value.iter().map(|route| route.method.clone()).collect()));
        };
        let parameters =
            matched.params.iter().map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        Ok((route, parameters))
    }

    fn reply(&self, request: &Request, request_id: &str) -> Answered {
        let ServiceDescription { kind, fault_body, authenticate, .. } = *self.description;
        let found = self.find(request);
        if let (Err(missing), true) = (&found, kind.routes_first()) {
            let reply = manner::missing(kind, request, missing, fault_body);
            return Answered { reply, microversion: None, caller: None };
        }
        let mut microversion = None;
        let mut known_caller = None;
        let result = self.site.world.transact(|transaction| {
            let caller = authenticate(transaction, &self.site, request.headers())?;
            known_caller.clone_from(&caller);
            let open = found.as_ref().is_ok_and(|(route, _)| route.open);
            if caller.is_none() && !open {
                return Ok(manner::unauthenticated(kind, &self.site, request));
            }
            let (route, parameters) = match found {
                Ok(found) => found,
                Err(missing) => return Ok(manner::missing(kind, request, &missing, fault_body)),
            };
            manner::acceptable(kind, request)?;
            let (agreed, known) = self.negotiate(request.headers())?;
            microversion = agreed;
            if !known {
                return Err(self.unsupported(agreed));
            }
            let body = manner::body(kind, request)?;
            let mut call = Call {
                transaction,
                site: &self.site,
                method: request.method(),
                path: request.uri().path(),
                parameters,
                raw_query: request.uri().query().unwrap_or_default(),
                query: Query::parse(request.uri().query().unwrap_or_default()),
                headers: request.headers(),
                body,
                bytes: request.body(),
                caller: caller.unwrap_or_default(),
                microversion: agreed.unwrap_or(Microversion(0, 0)),
                request_id,
            };
            (route.handler)(&mut call)
        });
        let reply = result.unwrap_or_else(|fault: Fault| {
            if let Some(error) = &fault.source {
                tracing::error!(endpoint = self.name, error = %protector_core::error::chain(error), "answered 500");
            }
            let mut reply = manner::fault(kind, request, &fault, fault_body);
            for (name, value) in &fault.headers {
                reply = reply.and(HeaderName::from_static(name), value);
            }
            reply
        });
        Answered { reply, microversion, caller: known_caller }
    }

    /// The microversion that is asked for, and whether it is one that the service knows.
    fn negotiate(&self, headers: &HeaderMap) -> Result<(Option<Microversion>, bool), Fault> {
        let Some(range) = self.description.microversions else { return Ok((None, true)) };
        let newest = (range.newest)(self.site.release);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let common = text("openstack-api-version").and_then(|value| {
            value.split(',').find_map(|part| part.trim().strip_prefix(range.service)).map(str::trim)
        });
        let asked = common.or_else(|| range.older_header.and_then(text));
        let asked = match asked {
            None => return Ok((Some(range.oldest), true)),
            Some("latest") => return Ok((Some(newest), true)),
            Some(asked) => asked,
        };
        let version: Microversion = asked.parse().map_err(|_| {
            Fault::bad_request(format!(
                "API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum."
            ))
        })?;
        Ok((Some(version), version >= range.oldest && version <= newest))
    }

    fn unsupported(&self, asked: Option<Microversion>) -> Fault {
        let (Some(range), Some(asked)) = (self.description.microversions, asked) else {
            return Fault::new(StatusCode::NOT_ACCEPTABLE, "");
        };
        let newest = (range.newest)(self.site.release);
        Fault::new(
            StatusCode::NOT_ACCEPTABLE,
            format!(
                "Version {asked} is not supported by the API. Minimum is {} and maximum is {newest}.",
                range.oldest
            ),
        )
    }
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

impl Endpoint for Service {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, request: &Request) -> Response {
        let kind = self.description.kind;
        // It is no part of the world: how often somebody asks must not change what is made later.
        let request_id = format!("req-{}", uuid::Uuid::new_v4());
        let Answered { reply, microversion, caller } = self.reply(request, &request_id);
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = reply.status;
        // For the record of requests; it does not reach the wire.
        if let Some(caller) = caller {
            response.extensions_mut().insert(caller);
        }
        let headers = response.headers_mut();
        for (name, value) in reply.headers {
            headers.append(name, value);
        }
        let mut add = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(HeaderName::from_static(name), value);
            }
        };
        if !kind.hides_request_id(request.uri().path(), reply.status) {
            for name in kind.request_id_headers(&reply.content) {
                add(name, &request_id);
            }
        }
        if kind == ServiceKind::Identity {
            add("vary", "X-Auth-Token");
        }
        if let (Some(range), Some(version)) = (self.description.microversions, microversion) {
            add("openstack-api-version", &format!("{} {version}", range.service));
            add("vary", "OpenStack-API-Version");
            if let Some(older) = range.older_header {
                add(older, &version.to_string());
                // nova/api/openstack/wsgi.py: ResourceExceptionHandler and Resource name both.
                add("vary", "X-OpenStack-Nova-API-Version");
            }
        }
        if let Some((media_type, bytes)) = manner::bytes(kind, reply.content) {
            add("content-type", media_type);
            // HTTP has it that HEAD tells what GET would.
            if request.method() != Method::HEAD {
                *response.body_mut() = bytes;
            }
        }
        response
    }
}
