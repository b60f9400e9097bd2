//! Changes to an image as a list of operations: `RequestDeserializer.update`, `ImagesController.update`.

use super::images::{self, Image};
use super::schemas;
use crate::cloud::{Call, Fault};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

const NEWER: &str = "application/openstack-images-v2.1-json-patch";
const OLDER: &str = "application/openstack-images-v2.0-json-patch";

/// What the image has whatever happens: none of these can be removed.
const ATTRIBUTES: [&str; 10] = [
    "name",
    "visibility",
    "owner",
    "protected",
    "os_hidden",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "tags",
];

/// One operation.
#[derive(Debug)]
pub(super) struct Change {
    operation: Operation,
    name: String,
    value: Value,
    /// The older form adds only what is not there.
    older: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operation {
    Add,
    Replace,
    Remove,
}

impl Operation {
    const ALL: [(&'static str, Self); 3] =
        [("add", Self::Add), ("remove", Self::Remove), ("replace", Self::Replace)];
}

/// Reads the operations, in either form.
pub(super) fn read(call: &Call<'_, '_>) -> Result<Vec<Change>, Fault> {
    let kind = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind != NEWER && kind != OLDER {
        let mut fault = Fault::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("Image PATCH expects Content-Type one of: {OLDER}, {NEWER}"),
        );
        fault.headers.push(("accept-patch", format!("{OLDER}, {NEWER}")));
        return Err(fault);
    }
    if call.body.is_null() {
        return Err(Fault::bad_request("Body expected in request."));
    }
    let Some(list) = call.body.as_array() else {
        return Err(Fault::bad_request("Request body must be a JSON array of operation objects."));
    };
    list.iter().map(|raw| change(raw, kind == OLDER)).collect()
}

fn change(raw: &Value, older: bool) -> Result<Change, Fault> {
    let Some(fields) = raw.as_object() else {
        return Err(Fault::bad_request("Operations must be JSON objects."));
    };
    let (operation, path) = if older { older_form(fields)? } else { newer_form(fields)? };
    let name = decode(path)?;
    let value = match (operation, fields.get("value")) {
        (Operation::Remove, _) => Value::Null,
        (_, Some(value)) => value.clone(),
        (Operation::Add, None) => return Err(no_value("add")),
        (Operation::Replace, None) => return Err(no_value("replace")),
    };
    if images::READ_ONLY.contains(&name.as_str()) {
        return Err(images::read_only(&name));
    }
    images::refuse_reserved(&name)?;
    if operation != Operation::Remove {
        schemas::check(&Map::from_iter([(name.clone(), value.clone())]))?;
    }
    Ok(Change { operation, name, value, older })
}

fn no_value(operation: &str) -> Fault {
    Fault::bad_request(format!("Operation \"{operation}\" requires a member named \"value\"."))
}

fn newer_form(fields: &Map<String, Value>) -> Result<(Operation, &str), Fault> {
    let available = "add, remove, replace";
    let Some(asked) = fields.get("op").and_then(Value::as_str) else {
        return Err(Fault::bad_request(format!(
            "Unable to find `op` in JSON Schema change. It must be one of the following: {available}."
        )));
    };
    let Some((_, operation)) = Operation::ALL.into_iter().find(|(name, _)| *name == asked) else {
        return Err(Fault::bad_request(format!(
            "Invalid operation: `{asked}`. It must be one of the following: {available}."
        )));
    };
    let path = fields.get("path").and_then(Value::as_str);
    let path = path.ok_or_else(|| Fault::bad_request("Unable to find 'path' in JSON Schema change"))?;
    Ok((operation, path))
}

fn older_form(fields: &Map<String, Value>) -> Result<(Operation, &str), Fault> {
    let mut found = Operation::ALL.into_iter().filter_map(|(name, operation)| {
        fields.get(name).map(|path| (operation, path.as_str().unwrap_or_default()))
    });
    let one = found.next().ok_or_else(|| {
        Fault::bad_request(
            "Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\".",
        )
    })?;
    if found.next().is_some() {
        return Err(Fault::bad_request(
            "Operation objects must contain only one member named \"add\", \"remove\", or \"replace\".",
        ));
    }
    Ok(one)
}

/// A JSON pointer of one step.
fn decode(pointer: &str) -> Result<String, Fault> {
    let wrong = |what: &str| Err(Fault::bad_request(format!("Pointer `{pointer}` {what}")));
    let Some(path) = pointer.strip_prefix('/') else { return wrong("does not start with \"/\".") };
    if pointer.contains("//") {
        return wrong("contains adjacent \"/\".");
    }
    if path.is_empty() {
        return wrong("does not contains valid token.");
    }
    if path.ends_with('/') {
        return wrong("end with \"/\".");
    }
    if path.contains('/') {
        return Err(Fault::bad_request(format!("Invalid JSON pointer for this resource: '/{path}'")));
    }
    if path.replace("~0", "").replace("~1", "").contains('~') {
        return wrong("contains \"~\" not part of a recognized escape sequence.");
    }
    Ok(path.replace("~1", "/").replace("~0", "~"))
}

/// Carries the operations out, all or none.
pub(super) fn apply(call: &Call<'_, '_>, mut image: Image, changes: &[Change]) -> Result<Image, Fault> {
    for change in changes {
        let name = change.name.as_str();
        let attribute = ATTRIBUTES.contains(&name);
        let there = attribute || image.properties.contains_key(name);
        let conflict = |what: &str| Err(Fault::conflict(format!("Property {name} {what}")));
        match change.operation {
            Operation::Remove if attribute => {
                return Err(Fault::forbidden(format!("Property {name} may not be removed.")));
            }
            Operation::Remove | Operation::Replace if !there => return conflict("does not exist."),
            Operation::Remove => {
                image.properties.remove(name);
            }
            Operation::Add if change.older && there => return conflict("already present."),
            Operation::Add | Operation::Replace => {
                if name == "owner" && !call.caller.is_admin() {
                    return Err(Fault::forbidden("Owner can't be updated by non admin."));
                }
                // glance/domain/__init__.py: the formats are fixed once there is data.
                let formats = matches!(name, "disk_format" | "container_format");
                if formats && !matches!(image.status.as_str(), "queued" | "importing") {
                    return Err(Fault::forbidden(format!(
                        "Attribute {name} can be only replaced for a queued image."
                    )));
                }
                let before = image.visibility;
                image.set(name, &change.value);
                if image.visibility != before {
                    images::allow_visibility(call, image.visibility)?;
                }
            }
        }
    }
    Ok(image)
}
