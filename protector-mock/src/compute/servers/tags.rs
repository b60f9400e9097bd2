//! A server's tags, from 2.26 on. Source: nova/api/openstack/compute/server_tags.py.

use super::{Server, VmState, named, save};
use crate::cloud::{Call, Fault, Reply, ServiceKind};
use crate::compute::schema::{check_body, types};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// `nova.objects.instance.MAX_TAG_COUNT`.
pub(super) const MOST: usize = 50;

fn changeable(call: &Call<'_, '_>, name: &str) -> Result<Server, Fault> {
    crate::compute::require(call, 2, 26)?;
    let server = named(call)?;
    if matches!(server.vm_state, VmState::Active | VmState::Paused | VmState::Suspended | VmState::Stopped) {
        return Ok(server);
    }
    let (id, state) = (&server.id, server.vm_state.name());
    Err(Fault::conflict(format!("Cannot '{name}' instance {id} while it is in vm_state {state}")))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    crate::compute::require(call, 2, 26)?;
    Ok(Reply::ok(json!({"tags": named(call)?.tags})))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    crate::compute::require(call, 2, 26)?;
    let (server, tag) = (named(call)?, call.parameter("tag"));
    if server.tags.iter().any(|found| found == tag) {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    Err(Fault::not_found(format!("Server {} has no tag '{tag}'", server.id)))
}

pub(super) fn add(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut server = changeable(call, "update tag")?;
    let tag = call.parameter("tag").to_owned();
    if tag.is_empty() || tag.chars().count() > 60 || tag.contains([',', '/']) {
        let why = if tag.contains([',', '/']) { "does not match '^[^,/]*$'" } else { "is too long" };
        return Err(Fault::bad_request(format!(
            "Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. Validation error \
             message: '{tag}' {why}"
        )));
    }
    if server.tags.len() >= MOST {
        return Err(Fault::bad_request(format!("The number of tags exceeded the per-server limit {MOST}")));
    }
    if server.tags.contains(&tag) {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    let url = call.site.url(ServiceKind::Compute);
    let location = format!("{url}/v2.1/servers/{}/tags/{tag}", server.id);
    server.tags.push(tag);
    server.tags.sort();
    save(call, &mut server)?;
    Ok(Reply::empty(StatusCode::CREATED).and(header::LOCATION, &location))
}

pub(super) fn replace(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    crate::compute::require(call, 2, 26)?;
    let tags = json!({"type": "array", "items": types::tag(), "maxItems": MOST});
    check_body(call, &types::body("tags", tags))?;
    let mut server = changeable(call, "update tags")?;
    let given = call.body.get("tags").and_then(Value::as_array);
    server.tags = given.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    server.tags.sort();
    server.tags.dedup();
    save(call, &mut server)?;
    Ok(Reply::ok(json!({"tags": server.tags})))
}

pub(super) fn remove(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut server = changeable(call, "delete tag")?;
    let tag = call.parameter("tag");
    let before = server.tags.len();
    server.tags.retain(|found| found != tag);
    if server.tags.len() == before {
        return Err(Fault::not_found(format!("Instance {} has no tag '{tag}'", server.id)));
    }
    save(call, &mut server)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(super) fn clear(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut server = changeable(call, "delete tags")?;
    server.tags.clear();
    save(call, &mut server)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
