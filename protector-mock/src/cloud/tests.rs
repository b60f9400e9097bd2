#![expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]

use super::*;
use crate::http::{Endpoint, Request, Response};
use crate::world::{Reactions, Transaction, World};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

fn authenticate(_: &Transaction<'_>, _: &Site, headers: &HeaderMap) -> Result<Option<Caller>, Fault> {
    Ok(headers.get("x-auth-token").map(|_| Caller::default()))
}

fn fault_body(fault: &Fault) -> Value {
    json!({"told": {"kind": fault.kind, "message": fault.message}})
}

fn echo(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let reply = json!({"id": call.parameter("id"), "body": call.body, "at": call.microversion.to_string()});
    Ok(Reply::ok(reply))
}

fn refuse(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut fault = Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "Quota <exceeded>");
    fault.headers.push(("retry-after", "0".to_owned()));
    Err(fault)
}

static ROUTES: &[&[Route]] = &[&[
    Route::open(Method::GET, "/", echo),
    Route::new(Method::GET, "/things/{id}", echo),
    Route::new(Method::POST, "/things/{id}", echo),
    Route::new(Method::DELETE, "/things/{id}", refuse),
]];

const MICROVERSIONS: MicroversionRange = MicroversionRange {
    service: "compute",
    older_header: Some("x-openstack-nova-api-version"),
    oldest: Microversion(2, 1),
    newest: |_| Microversion(2, 104),
};

macro_rules! description {
    ($kind:ident, $microversions:expr) => {{
        static DESCRIPTION: ServiceDescription = ServiceDescription {
            kind: ServiceKind::$kind,
            microversions: $microversions,
            routes: ROUTES,
            fault_body,
            authenticate,
        };
        service(&DESCRIPTION)
    }};
}

fn service(description: &'static ServiceDescription) -> Service {
    let clock = Arc::new(protector_core::time::SystemClock::new());
    let world = Arc::new(World::in_memory(1, clock, Reactions::default()).unwrap());
    let site = Site {
        world,
        name: "site-a".to_owned(),
        region: "site-a".to_owned(),
        release: Release::default(),
        array: "array-a".to_owned(),
        urls: [(ServiceKind::Identity, "http://keystone".to_owned())].into(),
    };
    Service::new(Arc::new(site), description).unwrap()
}

fn ask(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request: Request = request.body(Bytes::from(body.to_owned())).unwrap();
    service.answer(&request)
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

const TOKEN: (&str, &str) = ("x-auth-token", "t");

#[test]
fn without_a_token_services_answer_as_their_middleware_does() {
    for service in
        [description!(Compute, None), description!(BlockStorage, None), description!(Network, None)]
    {
        for path in ["/things/1", "/nowhere"] {
            let response = ask(&service, "GET", path, &[], "");
            assert_eq!(response.status(), 401);
            assert_eq!(header(&response, "www-authenticate"), Some("Keystone uri=\"http://keystone\""));
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(body["error"]["message"], "The request you have made requires authentication.");
        }
        assert_eq!(ask(&service, "GET", "/", &[], "").status(), 200);
    }
    let identity = description!(Identity, None);
    assert_eq!(ask(&identity, "GET", "/nowhere", &[], "").status(), 404);
    let response = ask(&identity, "GET", "/things/1", &[], "");
    assert_eq!(header(&response, "www-authenticate"), Some("Keystone uri=\"http://keystone/v3\""));
    let image = ask(&description!(Image, None), "GET", "/things/1", &[("accept", "*/*")], "");
    assert!(text(&image).starts_with("<html>\n <head>\n  <title>401 Unauthorized</title>"));
    assert_eq!(header(&image, "x-openstack-request-id"), None);
}

#[test]
fn what_is_not_there_is_told_in_each_services_own_form() {
    let any = [TOKEN, ("accept", "*/*")];
    let wrong = |service: &Service| ask(service, "PATCH", "/things/1", &any, "");
    let compute = description!(Compute, None);
    assert_eq!(wrong(&compute).status(), 404);
    assert!(text(&wrong(&compute)).contains("The resource could not be found.<br /><br />\n\n\n\n </body>"));
    let as_json = ask(&compute, "GET", "/nowhere", &[TOKEN, ("accept", "application/json")], "");
    let body: Value = serde_json::from_slice(as_json.body()).unwrap();
    assert_eq!(body["code"], "404 Not Found");
    let network = wrong(&description!(Network, None));
    assert_eq!(network.status(), 405);
    assert!(text(&network).contains("HTTPMethodNotAllowed"));
    let image = wrong(&description!(Image, None));
    assert_eq!(header(&image, "allow"), Some("GET, POST, DELETE"));
    let identity = wrong(&description!(Identity, None));
    assert_eq!(text(&identity), r#"{"message":"The method is not allowed for the requested URL."}"#);
}

#[test]
fn every_answer_names_its_request_and_its_microversion() {
    let compute = description!(Compute, Some(MICROVERSIONS));
    let response = ask(&compute, "GET", "/things/1", &[TOKEN, ("openstack-api-version", "compute 2.96")], "");
    let id = header(&response, "x-openstack-request-id").unwrap();
    assert!(id.starts_with("req-") && id.len() == 40, "{id}");
    assert_eq!(header(&response, "x-compute-request-id"), Some(id));
    assert_eq!(header(&response, "openstack-api-version"), Some("compute 2.96"));
    assert_eq!(header(&response, "x-openstack-nova-api-version"), Some("2.96"));
    assert!(text(&response).contains("2.96"));
    let older = [TOKEN, ("x-openstack-nova-api-version", "2.5")];
    assert!(text(&ask(&compute, "GET", "/things/1", &older, "")).contains("2.5"));
    let too_new = ask(&compute, "GET", "/things/1", &[TOKEN, ("openstack-api-version", "compute 9.9")], "");
    assert_eq!(too_new.status(), 406);
    assert_eq!(header(&too_new, "openstack-api-version"), Some("compute 9.9"));
    assert!(text(&too_new).contains("Minimum is 2.1 and maximum is 2.104."));
    let nonsense = ask(&compute, "GET", "/things/1", &[TOKEN, ("openstack-api-version", "compute x")], "");
    assert_eq!(nonsense.status(), 400);
}

#[test]
fn faults_carry_their_headers_and_glance_tells_them_as_a_page() {
    let volume = ask(&description!(BlockStorage, None), "DELETE", "/things/1", &[TOKEN], "");
    assert_eq!((volume.status().as_u16(), header(&volume, "retry-after")), (413, Some("0")));
    assert!(text(&volume).contains("Quota <exceeded>"));
    let image = ask(&description!(Image, None), "DELETE", "/things/1", &[TOKEN, ("accept", "*/*")], "");
    assert!(text(&image).contains("Quota &lt;exceeded&gt;<br /><br />"));
}

#[test]
fn bodies_that_are_no_json_are_refused_in_the_services_words() {
    let bad = |service: &Service| text(&ask(service, "POST", "/things/1", &[TOKEN], "{")).to_owned();
    assert!(bad(&description!(Compute, None)).contains("Malformed request body"));
    assert!(bad(&description!(Network, None)).contains("Body contains invalid data"));
    assert!(bad(&description!(Image, None)).contains("Malformed JSON in request body."));
    assert!(bad(&description!(Identity, None)).contains("Expecting to find valid JSON in request body."));
    let compute = description!(Compute, None);
    let other = [TOKEN, ("content-type", "application/octet-stream")];
    assert!(text(&ask(&compute, "POST", "/things/1", &other, "{")).contains(r#""body":null"#));
}

#[test]
fn head_is_get_without_a_body_where_it_is_served() {
    let identity = ask(&description!(Identity, None), "HEAD", "/things/1", &[TOKEN], "");
    assert_eq!((identity.status().as_u16(), identity.body().len()), (200, 0));
    assert_eq!(ask(&description!(Compute, None), "HEAD", "/things/1", &[TOKEN], "").status(), 404);
    assert_eq!(ask(&description!(Network, None), "HEAD", "/things/1", &[TOKEN], "").status(), 405);
}
