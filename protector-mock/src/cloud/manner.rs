//! How each service behaves around its handlers: what it says where there is no handler, or no token.
//!
//! Seen at the services of 2026.2: Keystone is Flask, Nova and Cinder are `routes`, Neutron is Pecan, Glance tells every
//! error as a page of WebOb (`webob/exc.py`).

use super::{Content, Fault, Reply, ServiceKind, Site};
use crate::http::Request;
use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// What was found where a request points.
pub(super) enum Missing {
    /// No such path.
    Path,
    /// No such method there; these are.
    Method(Vec<Method>),
}

impl ServiceKind {
    /// Whether a path is looked for before the token is: Keystone has no token middleware in front.
    pub(super) fn routes_first(self) -> bool {
        self == Self::Identity
    }

    /// Whether HEAD is answered wherever GET is.
    pub(super) fn serves_head(self) -> bool {
        self == Self::Identity
    }

    /// The headers that carry the request's id.
    pub(super) fn request_id_headers(self, content: &Content) -> &'static [&'static str] {
        match self {
            // cinder/api/openstack/wsgi.py adds the second to its own answers, Nova has a filter for all of them.
            Self::BlockStorage if matches!(content, Content::Bare) => &["x-openstack-request-id"],
            Self::Compute | Self::BlockStorage => &["x-openstack-request-id", "x-compute-request-id"],
            Self::Identity | Self::Network | Self::Image => &["x-openstack-request-id"],
        }
    }

    /// Whether a list of versions or, with Glance, a refused token is told without the request's id.
    pub(super) fn hides_request_id(self, path: &str, status: StatusCode) -> bool {
        match self {
            Self::Identity | Self::BlockStorage => false,
            Self::Compute | Self::Network => path == "/",
            Self::Image => matches!(path, "/" | "/versions") || status == StatusCode::UNAUTHORIZED,
        }
    }

    /// What it says when a body is no JSON.
    pub(super) fn malformed_body(self) -> Fault {
        let said = |message: &str| Fault::bad_request(message);
        match self {
            // keystone/server/flask/request_processing/json_body.py
            Self::Identity => said(
                "Expecting to find valid JSON in request body. The server could not comply with the request since it is \
                 either malformed or otherwise incorrect. The client is assumed to be in error.",
            ),
            Self::Compute | Self::BlockStorage => said("Malformed request body"),
            Self::Network => said("Body contains invalid data").of_kind("HTTPBadRequest"),
            Self::Image => said("Malformed JSON in request body."),
        }
    }
}

/// What a service says to one without a token that counts (`keystonemiddleware/auth_token/__init__.py`).
pub(super) fn unauthenticated(kind: ServiceKind, site: &Site, request: &Request) -> Reply {
    let keystone = site.url(ServiceKind::Identity);
    let message = "The request you have made requires authentication.";
    let status = StatusCode::UNAUTHORIZED;
    let body = json!({"error": {"code": 401, "title": "Unauthorized", "message": message}});
    let (reply, uri) = match kind {
        ServiceKind::Identity => (Reply::with(status, body), format!("{keystone}/v3")),
        ServiceKind::Image => {
            let message = "This server could not verify that you are authorized to access the document you requested. \
                           Either you supplied the wrong credentials (e.g., bad password), or your browser does not \
                           understand how to supply the credentials required.";
            (page(request, status, &format!("{message}<br /><br />\n\n\n")), keystone.to_owned())
        }
        _ => (Reply::with(status, body), keystone.to_owned()),
    };
    reply.and(WWW_AUTHENTICATE, &format!("Keystone uri=\"{uri}\""))
}

/// What a service says where there is nothing that answers.
pub(super) fn missing(
    kind: ServiceKind,
    request: &Request,
    missing: &Missing,
    fault_body: fn(&Fault) -> Value,
) -> Reply {
    match (kind, missing) {
        (ServiceKind::Identity, Missing::Path) => {
            let body = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The \
                        requested URL was not found on the server. If you entered the URL manually please check your \
                        spelling and try again.</p>\n";
            Reply::bytes(StatusCode::NOT_FOUND, "text/html; charset=utf-8", body)
        }
        (ServiceKind::Identity, Missing::Method(methods)) => {
            let body = json!({"message": "The method is not allowed for the requested URL."});
            Reply::with(StatusCode::METHOD_NOT_ALLOWED, body).and(ALLOW, &list(methods))
        }
        (ServiceKind::Network, Missing::Path) => {
            let fault = Fault::not_found("The resource could not be found.").of_kind("HTTPNotFound");
            Reply::with(fault.status, fault_body(&fault))
        }
        (ServiceKind::Network, Missing::Method(_)) => {
            let fault = neutron_http(StatusCode::METHOD_NOT_ALLOWED, "HTTPMethodNotAllowed");
            Reply::with(fault.status, fault_body(&fault))
        }
        (ServiceKind::Image, Missing::Method(methods)) => {
            let body =
                format!("The method {} is not allowed for this resource. <br /><br />\n", request.method());
            page(request, StatusCode::METHOD_NOT_ALLOWED, &body).and(ALLOW, &list(methods))
        }
        (ServiceKind::Compute | ServiceKind::BlockStorage, _) | (ServiceKind::Image, Missing::Path) => {
            page(request, StatusCode::NOT_FOUND, "The resource could not be found.<br /><br />\n\n\n")
        }
    }
}

fn list(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

fn neutron_http(status: StatusCode, kind: &'static str) -> Fault {
    let message =
        "The server could not comply with the request since it is either malformed or otherwise incorrect.";
    Fault::new(status, message).of_kind(kind)
}

/// Refuses what cannot be told in a form that the caller takes; only Neutron does.
pub(super) fn acceptable(kind: ServiceKind, request: &Request) -> Result<(), Fault> {
    let accepted = accepted(request);
    let any = ["application/json", "*/*", "application/*"].iter().any(|form| accepted.contains(form));
    if kind != ServiceKind::Network || accepted.is_empty() || any {
        return Ok(());
    }
    Err(neutron_http(StatusCode::NOT_ACCEPTABLE, "HTTPNotAcceptable"))
}

fn accepted(request: &Request) -> &str {
    request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A fault as the service tells it.
pub(super) fn fault(
    kind: ServiceKind,
    request: &Request,
    fault: &Fault,
    fault_body: fn(&Fault) -> Value,
) -> Reply {
    match kind {
        ServiceKind::Image => {
            let message = escape(request, &fault.message);
            page(request, fault.status, &format!("{message}<br /><br />\n\n\n"))
        }
        // nova/api/openstack/wsgi.py: Fault
        ServiceKind::Compute => {
            let body = fault_body(fault).to_string();
            Reply::bytes(fault.status, "application/json; charset=UTF-8", body)
        }
        _ => Reply::with(fault.status, fault_body(fault)),
    }
}

fn escape(request: &Request, text: &str) -> String {
    if !takes_html(request) {
        return text.to_owned();
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

fn takes_html(request: &Request) -> bool {
    let accepted = accepted(request);
    accepted.contains("text/html") || accepted.contains("*/*") || accepted.contains("text/*")
}

/// WebOb's page of an error, in the form that the caller takes.
fn page(request: &Request, status: StatusCode, body: &str) -> Reply {
    let title = status.canonical_reason().unwrap_or_default();
    let line = format!("{} {title}", status.as_u16());
    if takes_html(request) {
        let page = format!(
            "<html>\n <head>\n  <title>{line}</title>\n </head>\n <body>\n  <h1>{line}</h1>\n  {body}\n </body>\n</html>"
        );
        Reply::bytes(status, "text/html; charset=UTF-8", page)
    } else if accepted(request).contains("application/json") {
        Reply::with(status, json!({"message": body, "code": line, "title": title}))
    } else {
        Reply::bytes(
            status,
            "text/plain; charset=UTF-8",
            format!("{line}\n\n{}\n", body.replace("<br />", "")),
        )
    }
}

/// The JSON of a body; `Null` if it has none, or something else.
pub(super) fn body(kind: ServiceKind, request: &Request) -> Result<Value, Fault> {
    let json = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|value| value.starts_with("application/") && value.contains("json"));
    if request.body().is_empty() || !json {
        return Ok(Value::Null);
    }
    serde_json::from_slice(request.body()).map_err(|_| kind.malformed_body())
}

/// What goes over the wire of a reply's content, and as which media type. Nova and Cinder name one also where there is nothing
/// (`wsgi.py`: ResponseObject.serialize), WebOb has one of its own, which Glance lets stand.
pub(super) fn bytes(kind: ServiceKind, content: Content) -> Option<(&'static str, Bytes)> {
    match content {
        Content::Nothing if matches!(kind, ServiceKind::Compute | ServiceKind::BlockStorage) => {
            Some(("application/json", Bytes::new()))
        }
        Content::Nothing if kind != ServiceKind::Image => None,
        Content::Nothing | Content::Bare => Some(("text/html; charset=UTF-8", Bytes::new())),
        Content::Json(body) => Some(("application/json", Bytes::from(body.to_string()))),
        Content::Other { media_type, bytes } => Some((media_type, bytes)),
    }
}
