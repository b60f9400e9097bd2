//! The forms of Keystone's answers: members, collections, links, filters, errors.

use crate::cloud::schema::{Object, Violation};
use crate::cloud::{Call, Fault, Reply, ServiceKind, Site, query_with};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// `keystone/server/flask/application.py`: how an exception is told.
pub(super) fn fault_body(fault: &Fault) -> Value {
    let title = fault.status.canonical_reason().unwrap_or_default();
    json!({"error": {"code": fault.status.as_u16(), "message": fault.message, "title": title}})
}

/// Where a path of the API is found.
pub(super) fn url(site: &Site, path: &str) -> String {
    format!("{}/v3/{path}", site.url(ServiceKind::Identity))
}

/// A resource with its `links` (`keystone/server/flask/common.py`: `wrap_member`).
pub(super) fn linked(site: &Site, collection: &str, mut resource: Value) -> Value {
    let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
    let link = url(site, &format!("{collection}/{id}"));
    if let Some(fields) = resource.as_object_mut() {
        fields.insert("links".to_owned(), json!({"self": link}));
    }
    resource
}

/// One resource, under its name.
pub(super) fn member(call: &Call<'_, '_>, name: &str, collection: &str, resource: Value) -> Value {
    json!({name: linked(call.site, collection, resource)})
}

/// A collection: those that the query asks for, in the order of their ids, page by page where a limit is given.
pub(super) fn collection(call: &Call<'_, '_>, name: &str, path: &str, resources: Vec<Value>) -> Reply {
    let id = |resource: &Value| resource.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut resources: Vec<Value> =
        resources.into_iter().filter(|resource| is_asked_for(call, resource)).collect();
    resources.sort_by_key(id);
    if let Some(marker) = call.query.get("marker") {
        resources.retain(|resource| id(resource).as_str() > marker);
    }
    let limit =
        call.query.get("limit").and_then(|limit| limit.parse::<usize>().ok()).filter(|limit| *limit > 0);
    let more = limit.is_some_and(|limit| resources.len() > limit);
    resources.truncate(limit.unwrap_or(usize::MAX));
    let here = call.path.trim_start_matches("/v3/").trim_end_matches('/');
    let with = |query: &str| {
        if query.is_empty() { url(call.site, here) } else { format!("{}?{query}", url(call.site, here)) }
    };
    let next = more.then(|| {
        let last = resources.last().map(id).unwrap_or_default();
        with(&query_with(&call.query, &[("marker", Some(&last))]))
    });
    let resources: Vec<Value> =
        resources.into_iter().map(|resource| linked(call.site, path, resource)).collect();
    let mut body = json!({name: resources, "links": links(&with(call.raw_query), next.as_deref())});
    if let (true, Some(fields)) = (more, body.as_object_mut()) {
        fields.insert("truncated".to_owned(), Value::Bool(true));
    }
    Reply::ok(body)
}

/// The links of a collection.
pub(super) fn links(itself: &str, next: Option<&str>) -> Value {
    json!({"self": itself, "next": next, "previous": null})
}

/// Whether a resource has what the query asks for: `name=x`, `name__icontains=x`, `enabled=true`.
fn is_asked_for(call: &Call<'_, '_>, resource: &Value) -> bool {
    call.query.pairs().all(|(name, wanted)| {
        let (name, comparator) = name.split_once("__").unwrap_or((name, ""));
        let Some(found) = resource.get(name) else { return true };
        if name == "tags" {
            let has = |tag: &str| found.as_array().into_iter().flatten().any(|found| found == tag);
            return wanted.split(',').all(has);
        }
        if let Some(flag) = found.as_bool() {
            return flag == is_true(wanted);
        }
        let found = found.as_str().unwrap_or_default();
        let (low, low_wanted) = (found.to_lowercase(), wanted.to_lowercase());
        match comparator {
            "contains" => found.contains(wanted),
            "icontains" => low.contains(&low_wanted),
            "startswith" => found.starts_with(wanted),
            "istartswith" => low.starts_with(&low_wanted),
            "endswith" => found.ends_with(wanted),
            "iendswith" => low.ends_with(&low_wanted),
            // The database compares without regard to case.
            _ => low == low_wanted,
        }
    })
}

/// `keystone/server/flask/common.py`: `query_filter_is_true`: there, and not `0`.
pub(super) fn is_set(call: &Call<'_, '_>, name: &str) -> bool {
    call.query.get(name).is_some_and(|value| value != "0")
}

fn is_true(text: &str) -> bool {
    !matches!(text.to_lowercase().as_str(), "0" | "false" | "no" | "off" | "f" | "n")
}

/// The body's only field, when the body is as it has to be.
pub(super) fn body<'b>(
    call: &'b Call<'_, '_>,
    name: &str,
    shape: &'static Object,
) -> Result<&'b Map<String, Value>, Fault> {
    shape.check(&call.body).map_err(invalid)?;
    call.body.get(name).and_then(Value::as_object).ok_or_else(|| expected(name, "request body"))
}

/// `keystone/common/validation/validators.py`.
pub(super) fn invalid(violation: Violation) -> Fault {
    if violation.path.is_empty() {
        return Fault::bad_request(violation.message);
    }
    let path = violation.path.join("/");
    Fault::bad_request(format!("Invalid input for field '{path}': {}", violation.message))
}

/// `keystone/exception.py`: `ValidationError`.
pub(super) fn expected(attribute: &str, target: &str) -> Fault {
    Fault::bad_request(format!(
        "Expecting to find {attribute} in {target}. The server could not comply with the request since it is either \
         malformed or otherwise incorrect. The client is assumed to be in error."
    ))
}

/// `keystone/exception.py`: `NotFound` and its children.
pub(super) fn not_found(what: &str, id: &str) -> Fault {
    Fault::not_found(format!("Could not find {what}: {id}."))
}

/// `keystone/exception.py`: `Conflict`.
pub(super) fn conflict(what: &str, details: &str) -> Fault {
    Fault::conflict(format!("Conflict occurred attempting to store {what} - {details}."))
}

/// `keystone/exception.py`: `Unauthorized`, which says no more.
pub(super) fn unauthorized(site: &Site) -> Fault {
    unauthorized_with(site, "The request you have made requires authentication.")
}

/// The same with a sentence of its own.
pub(super) fn unauthorized_with(site: &Site, message: &str) -> Fault {
    let mut fault = Fault::new(StatusCode::UNAUTHORIZED, message);
    let uri = format!("Keystone uri=\"{}/v3\"", site.url(ServiceKind::Identity));
    fault.headers.push(("www-authenticate", uri));
    fault
}

/// Lets those pass who may.
pub(super) fn allow(action: &str, allowed: bool) -> Result<(), Fault> {
    if allowed {
        return Ok(());
    }
    Err(Fault::forbidden(format!(
        "You are not authorized to perform the requested action: identity:{action}."
    )))
}

/// Whether default policies let the caller read everything.
pub(super) fn reads_all(call: &Call<'_, '_>) -> bool {
    call.caller.is_admin() || (call.caller.system && call.caller.has_role("reader"))
}

/// A text of a body.
pub(super) fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A boolean of a body.
pub(super) fn flag(fields: &Map<String, Value>, name: &str) -> Option<bool> {
    fields.get(name).and_then(Value::as_bool)
}

/// Puts what nobody knows, and Keystone keeps all the same, beside what it knows.
pub(super) fn with_extra(mut resource: Value, extra: &Map<String, Value>) -> Value {
    if let Some(fields) = resource.as_object_mut() {
        for (name, value) in extra {
            fields.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    resource
}

/// A time as Keystone writes it.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string()
}

/// A new id: a UUID without hyphens.
pub(super) fn new_id(transaction: &mut crate::world::Transaction<'_>) -> Result<String, Fault> {
    Ok(transaction.new_uuid()?.simple().to_string())
}

/// 204.
pub(super) fn done() -> Reply {
    Reply::empty(StatusCode::NO_CONTENT)
}
