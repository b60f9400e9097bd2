//! What the body of a new server has to be, by microversion. Source: nova/api/openstack/compute/schemas/servers.py.

use super::{tags, update};
use crate::cloud::Call;
use crate::compute::schema::{patterns, types};
use serde_json::{Map, Value, json};

fn device(call: &Call<'_, '_>) -> Value {
    let text = json!({"type": "string", "maxLength": 255});
    let mut properties = legacy_device();
    if let Some(properties) = properties.as_object_mut() {
        for (name, schema) in [
            ("source_type", json!({"type": "string", "enum": ["volume", "image", "snapshot", "blank"]})),
            (
                "uuid",
                json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": patterns::REFERENCE}),
            ),
            ("image_id", types::uuid()),
            ("destination_type", json!({"type": "string", "enum": ["local", "volume"]})),
            ("guest_format", text.clone()),
            ("device_type", text.clone()),
            ("disk_bus", text),
            ("boot_index", json!({"type": ["integer", "string", "null"], "pattern": patterns::SIGNED})),
        ] {
            properties.insert(name.to_owned(), schema);
        }
        // 2.32 alone had tags, until 2.42 brought them back.
        if call.since(2, 42) || call.since(2, 32) && !call.since(2, 33) {
            properties.insert("tag".to_owned(), types::tag());
        }
        if call.since(2, 67) {
            properties
                .insert("volume_type".to_owned(), json!({"type": ["string", "null"], "maxLength": 255}));
        }
    }
    types::object(properties, &[])
}

fn legacy_device() -> Value {
    json!({
        "virtual_name": {"type": "string", "maxLength": 255},
        "volume_id": types::uuid(),
        "snapshot_id": types::uuid(),
        "volume_size": {"type": ["integer", "string"], "pattern": patterns::DIGITS, "minLength": 1, "minimum": 1,
            "maximum": i32::MAX},
        "device_name": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": patterns::DEVICE},
        "delete_on_termination": types::boolean(),
        "no_device": {},
        "connection_info": {"type": "string"},
    })
}

fn networks(call: &Call<'_, '_>) -> Value {
    let network = if call.since(2, 37) { types::uuid() } else { json!({"type": "string"}) };
    let mut properties = json!({
        "fixed_ip": {"type": "string", "format": "ip"},
        "port": {"type": ["string", "null"], "format": "uuid"},
        "uuid": network,
    });
    if let Some(properties) = properties.as_object_mut()
        && (call.since(2, 42) || call.since(2, 32) && !call.since(2, 37))
    {
        properties.insert("tag".to_owned(), types::tag());
    }
    let list = json!({"type": "array", "items": types::object(properties, &[])});
    if call.since(2, 37) {
        json!({"oneOf": [list, {"type": "string", "enum": ["none", "auto"]}]})
    } else {
        list
    }
}

fn hints() -> Value {
    json!({
        "type": "object",
        "properties": {
            "group": {"oneOf": [types::uuid(), {"type": "array", "items": types::uuid()}]},
            "different_host": {"oneOf": [types::uuid(), {"type": "array", "items": types::uuid()}]},
            "same_host": {"type": ["string", "array"], "items": types::uuid()},
            "query": {"type": ["string", "object"]},
        },
    })
}

pub(super) fn trusted_certificates() -> Value {
    json!({"type": ["array", "null"], "minItems": 1, "maxItems": 50,
        "items": {"type": "string", "minLength": 1}})
}

pub(super) fn create(call: &Call<'_, '_>) -> Value {
    let group = types::object(json!({"name": types::name()}), &[]);
    let mut properties: Map<String, Value> = update::common(call);
    for (name, schema) in [
        ("imageRef", json!({"oneOf": [types::uuid(), {"type": "string", "maxLength": 0}]})),
        ("flavorRef", json!({"type": ["string", "integer"], "minLength": 1})),
        ("adminPass", json!({"type": "string"})),
        ("metadata", types::metadata()),
        ("networks", networks(call)),
        ("availability_zone", types::name()),
        ("block_device_mapping", json!({"type": "array", "items": types::object(legacy_device(), &[])})),
        ("block_device_mapping_v2", json!({"type": "array", "items": device(call)})),
        ("config_drive", types::boolean()),
        ("key_name", types::name()),
        ("min_count", types::positive()),
        ("max_count", types::positive()),
        ("return_reservation_id", types::boolean()),
        ("security_groups", json!({"type": "array", "items": group})),
        ("user_data", json!({"type": "string", "format": "base64", "maxLength": 65535})),
    ] {
        properties.insert(name.to_owned(), schema);
    }
    if call.since(2, 52) {
        let tags = json!({"type": "array", "items": types::tag(), "maxItems": tags::MOST});
        properties.insert("tags".to_owned(), tags);
    }
    if !call.since(2, 57) {
        let file = types::object(
            json!({"path": {"type": "string"}, "contents": {"type": "string", "format": "base64"}}),
            &[],
        );
        properties.insert("personality".to_owned(), json!({"type": "array", "items": file}));
    }
    if call.since(2, 63) {
        properties.insert("trusted_image_certificates".to_owned(), trusted_certificates());
    }
    if call.since(2, 74) {
        properties.insert("host".to_owned(), types::host());
        properties.insert("hypervisor_hostname".to_owned(), types::host());
    }
    let required: &[&str] =
        if call.since(2, 37) { &["name", "flavorRef", "networks"] } else { &["name", "flavorRef"] };
    let server = types::object(Value::Object(properties), required);
    types::object(
        json!({"server": server, "os:scheduler_hints": hints(), "OS-SCH-HNT:scheduler_hints": hints()}),
        &["server"],
    )
}
