//! What of a server can be changed at any time. Source: nova/api/openstack/compute/servers.py (`update`).

use super::view::{self, Parts};
use super::{Server, named, save};
use crate::cloud::{Call, Fault, Reply};
use crate::compute::schema::{check_body, text, types};
use crate::compute::{aggregates, schema::patterns};
use serde_json::{Map, Value, json};

/// Properties that create, update and rebuild share.
pub(super) fn common(call: &Call<'_, '_>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut say = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
    say("name", types::name());
    say("OS-DCF:diskConfig", json!({"type": "string", "enum": ["AUTO", "MANUAL"]}));
    say(
        "accessIPv4",
        json!({"oneOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "maxLength": 0}]}),
    );
    say(
        "accessIPv6",
        json!({"oneOf": [{"type": "string", "format": "ipv6"}, {"type": "string", "maxLength": 0}]}),
    );
    if call.since(2, 19) {
        say("description", types::description());
    }
    if call.since(2, 94) {
        say("hostname", types::host());
    } else if call.since(2, 90) {
        say(
            "hostname",
            json!({"type": "string", "minLength": 2, "maxLength": 63, "pattern": patterns::HOSTNAME}),
        );
    }
    properties
}

/// Takes over what they say.
pub(super) fn take(call: &Call<'_, '_>, server: &mut Server, given: &Value) {
    if let Some(name) = text(given.get("name")) {
        server.name = name.trim().to_owned();
    }
    if let Some(description) = given.get("description").filter(|_| call.since(2, 19)) {
        server.description = text(Some(description));
    }
    if let Some(hostname) = text(given.get("hostname")) {
        server.hostname = hostname;
    }
    if let Some(address) = text(given.get("accessIPv4")) {
        server.access_v4 = Some(address).filter(|address| !address.is_empty());
    }
    if let Some(address) = text(given.get("accessIPv6")) {
        server.access_v6 = Some(address).filter(|address| !address.is_empty());
    }
    if let Some(config) = given.get("OS-DCF:diskConfig").and_then(Value::as_str) {
        server.auto_disk_config = config == "AUTO";
    }
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut properties = common(call);
    if call.since(2, 104) {
        let zone = json!({"type": ["string", "null"], "minLength": 1, "maxLength": 255});
        properties.insert("pinned_availability_zone".to_owned(), zone);
    }
    check_body(call, &types::body("server", types::object(Value::Object(properties), &[])))?;
    let given = call.body.get("server").cloned().unwrap_or_default();
    let mut server = named(call)?;
    if let Some(zone) = given.get("pinned_availability_zone").filter(|_| call.since(2, 104)) {
        pin(call, &mut server, zone.as_str())?;
    }
    take(call, &mut server, &given);
    save(call, &mut server)?;
    let all = call.since(2, 75);
    let parts = Parts { extended: all, keypair: all, user_data: true, group: true };
    Ok(Reply::ok(json!({"server": view::full(call, &server, parts)?})))
}

fn pin(call: &Call<'_, '_>, server: &mut Server, zone: Option<&str>) -> Result<(), Fault> {
    let Some(zone) = zone else {
        server.pinned_zone = None;
        return Ok(());
    };
    let current = match &server.host {
        Some(host) => aggregates::zone_of(call.transaction, &call.site.name, host)?,
        None => String::new(),
    };
    match &server.pinned_zone {
        Some(pinned) if pinned == zone => Ok(()),
        Some(_) => Err(Fault::conflict(
            "Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null.",
        )),
        None if current != zone => Err(Fault::conflict(format!(
            "Server can only be pinned to its current availability zone '{current}', but '{zone}' was requested."
        ))),
        None => {
            server.pinned_zone = Some(zone.to_owned());
            Ok(())
        }
    }
}
