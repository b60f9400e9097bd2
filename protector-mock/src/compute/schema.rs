//! Checks bodies and queries by JSON schema, with the sentences that Nova makes of a violation.
//!
//! Source: nova/api/validation/validators.py, whose sentences are those of the `jsonschema` package.

use crate::cloud::{Call, Fault};
use serde_json::{Map, Value, json};

/// Checks the body of a call.
///
/// # Errors
/// 400 with Nova's sentence for the first violation.
pub(super) fn check_body(call: &Call<'_, '_>, schema: &Value) -> Result<(), Fault> {
    let empty = Value::Object(Map::new());
    let body = if call.body.is_null() { &empty } else { &call.body };
    let mut path = Vec::new();
    match violation(schema, body, &mut path) {
        None => Ok(()),
        Some(Violation::Whole(sentence)) => Err(Fault::bad_request(sentence)),
        Some(Violation::Here(value, sentence)) => Err(Fault::bad_request(match path.last() {
            None => sentence,
            Some(last) => {
                format!("Invalid input for field/attribute {last}. Value: {}. {sentence}", shown(&value))
            }
        })),
    }
}

/// Checks one value of the query, if it is there.
///
/// # Errors
/// 400 with Nova's sentence.
pub(super) fn check_parameter(call: &Call<'_, '_>, name: &str, schema: &Value) -> Result<(), Fault> {
    for value in call.query.all(name) {
        let value = Value::String(value.to_owned());
        match violation(schema, &value, &mut Vec::new()) {
            None => {}
            Some(Violation::Whole(sentence)) => return Err(Fault::bad_request(sentence)),
            Some(Violation::Here(value, sentence)) => {
                return Err(Fault::bad_request(format!(
                    "Invalid input for query parameters {name}. Value: {}. {sentence}",
                    shown(&value)
                )));
            }
        }
    }
    Ok(())
}

enum Violation {
    /// Of a value, whose place is the path.
    Here(Value, String),
    /// Of a name; its sentence stands alone.
    Whole(String),
}

fn violation(schema: &Value, value: &Value, path: &mut Vec<String>) -> Option<Violation> {
    let here = |sentence: String| Some(Violation::Here(value.clone(), sentence));
    if let Some(kind) = schema.get("type")
        && !is_of(kind, value)
    {
        let kinds = match kind {
            Value::Array(kinds) => kinds.iter().map(represent).collect::<Vec<_>>().join(", "),
            kind => represent(kind),
        };
        return here(format!("{} is not of type {kinds}", represent(value)));
    }
    if let Some(Value::Array(choices)) = schema.get("oneOf")
        && !choices.iter().any(|choice| violation(choice, value, &mut Vec::new()).is_none())
    {
        return here(format!("{} is not valid under any of the given schemas", represent(value)));
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        return here(format!("{} is not one of {}", represent(value), represent(&json!(allowed))));
    }
    if let Some(sentence) = text_violation(schema, value) {
        return match sentence {
            Ok(sentence) => here(sentence),
            Err(sentence) => Some(Violation::Whole(sentence)),
        };
    }
    if let Some(sentence) = number_violation(schema, value) {
        return here(sentence);
    }
    match value {
        Value::Object(object) => object_violation(schema, value, object, path),
        Value::Array(items) => array_violation(schema, value, items, path),
        _ => None,
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
        kind => match kind.as_str().unwrap_or_default() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            _ => true,
        },
    }
}

/// `Ok` is a sentence about the value, `Err` one that stands alone (an invalid name).
fn text_violation(schema: &Value, value: &Value) -> Option<Result<String, String>> {
    let text = value.as_str()?;
    let number = |name: &str| schema.get(name).and_then(Value::as_u64);
    if number("minLength").is_some_and(|least| (text.chars().count() as u64) < least) {
        return Some(Ok(match number("minLength") {
            Some(1) => format!("{} should be non-empty", represent(value)),
            _ => format!("{} is too short", represent(value)),
        }));
    }
    if number("maxLength").is_some_and(|most| text.chars().count() as u64 > most) {
        return Some(Ok(match number("maxLength") {
            Some(0) => format!("{} is expected to be empty", represent(value)),
            _ => format!("{} is too long", represent(value)),
        }));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && !matches(pattern, text)
    {
        return Some(Ok(format!("{} does not match {}", represent(value), represent(&json!(pattern)))));
    }
    let format = schema.get("format").and_then(Value::as_str)?;
    let good = match format {
        "uuid" => uuid::Uuid::parse_str(text).is_ok(),
        "ip" => text.parse::<std::net::IpAddr>().is_ok(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "date-time" => super::timing::parse(text).is_some(),
        "base64" => is_base64(text),
        "name" => {
            if text.trim() != text || text.chars().any(char::is_control) {
                return Some(Err("An invalid 'name' value was provided. The name must be: printable \
                                 characters. Can not start or end with whitespace."
                    .to_owned()));
            }
            true
        }
        _ => true,
    };
    (!good).then(|| Ok(format!("{} is not a {}", represent(value), represent(&json!(format)))))
}

/// The few patterns that Nova's schemas use, without a regular expression engine.
fn matches(pattern: &str, text: &str) -> bool {
    let all = |allowed: &str| {
        text.chars().all(|character| character.is_ascii_alphanumeric() || allowed.contains(character))
    };
    match pattern {
        patterns::DIGITS => text.chars().all(|character| character.is_ascii_digit()),
        patterns::SIGNED => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.chars().all(|character| character.is_ascii_digit())
        }
        patterns::DEVICE => all("._/-"),
        patterns::REFERENCE => all("._-"),
        patterns::METADATA_KEY => !text.is_empty() && all("-_:. "),
        patterns::TAG => !text.contains([',', '/']),
        patterns::KEYPAIR => all("_- "),
        patterns::KEYPAIR_SINCE_2_92 => all("_-@. "),
        patterns::HOSTNAME => {
            let inner = text.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
            inner && !text.starts_with('-') && !text.ends_with('-')
        }
        patterns::FLAVOR_ID => text.trim() == text && all("._- "),
        _ => true,
    }
}

/// Patterns of nova/api/validation/parameter_types.py and the schemas, as they stand in the sentences.
pub(super) mod patterns {
    pub(crate) const DIGITS: &str = "^[0-9]*$";
    pub(crate) const SIGNED: &str = "^-?[0-9]+$";
    pub(crate) const DEVICE: &str = "^[a-zA-Z0-9._/-]*$";
    pub(crate) const REFERENCE: &str = "^[a-zA-Z0-9._-]*$";
    pub(crate) const METADATA_KEY: &str = "^[a-zA-Z0-9-_:. ]{1,255}$";
    pub(crate) const TAG: &str = "^[^,/]*$";
    pub(crate) const KEYPAIR: &str = "^[_\\- a-zA-Z0-9]+$";
    pub(crate) const KEYPAIR_SINCE_2_92: &str = "^[_\\-\\@\\. a-zA-Z0-9]+$";
    pub(crate) const HOSTNAME: &str = "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$";
    pub(crate) const FLAVOR_ID: &str = "^(?! )[a-zA-Z0-9. _-]+(?<! )$";
}

fn is_base64(text: &str) -> bool {
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let end = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let plain = text.len().saturating_sub(end);
    text.len().is_multiple_of(4)
        && end <= 2
        && text.iter().take(plain).all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn number_violation(schema: &Value, value: &Value) -> Option<String> {
    // Nova compares texts that are numbers, too.
    let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(least) = schema.get("minimum").and_then(Value::as_f64)
        && number < least
    {
        return Some(format!("{shown} is less than the minimum of {}", trimmed(least)));
    }
    if let Some(most) = schema.get("maximum").and_then(Value::as_f64)
        && number > most
    {
        return Some(format!("{shown} is greater than the maximum of {}", trimmed(most)));
    }
    None
}

fn trimmed(number: f64) -> String {
    format!("{number}")
}

fn object_violation(
    schema: &Value,
    value: &Value,
    object: &Map<String, Value>,
    path: &mut Vec<String>,
) -> Option<Violation> {
    let here = |sentence: String| Some(Violation::Here(value.clone(), sentence));
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        if let Some(member) = object.get(name) {
            path.push(name.clone());
            if let Some(found) = violation(schema, member, path) {
                return Some(found);
            }
            path.pop();
        }
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if name.as_str().is_some_and(|name| !object.contains_key(name)) {
            return here(format!("{} is a required property", represent(name)));
        }
    }
    let known = |name: &String| properties.is_some_and(|properties| properties.contains_key(name));
    let unknown: Vec<&String> = object.keys().filter(|name| !known(name)).collect();
    if let Some(values) = schema.get("values") {
        let pattern = schema.get("names").and_then(Value::as_str);
        for name in unknown {
            if let Some(pattern) = pattern
                && !matches(pattern, name)
            {
                return here(format!(
                    "{} does not match any of the regexes: {}",
                    represent(&json!(name)),
                    represent(&json!(pattern))
                ));
            }
            let member = object.get(name).unwrap_or(&Value::Null);
            path.push(name.clone());
            if let Some(found) = violation(values, member, path) {
                return Some(found);
            }
            path.pop();
        }
    } else if schema.get("additionalProperties") == Some(&Value::Bool(false)) && !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().map(|name| represent(&json!(name))).collect();
        let verb = if names.len() == 1 { "was" } else { "were" };
        return here(format!(
            "Additional properties are not allowed ({} {verb} unexpected)",
            names.join(", ")
        ));
    }
    None
}

fn array_violation(
    schema: &Value,
    value: &Value,
    items: &[Value],
    path: &mut Vec<String>,
) -> Option<Violation> {
    let number = |name: &str| schema.get(name).and_then(Value::as_u64);
    let here = |what: &str| Some(Violation::Here(value.clone(), format!("{} {what}", represent(value))));
    if number("minItems").is_some_and(|least| (items.len() as u64) < least) {
        return here("should be non-empty");
    }
    if number("maxItems").is_some_and(|most| items.len() as u64 > most) {
        return here("is too long");
    }
    if let Some(of) = schema.get("items") {
        for (index, item) in items.iter().enumerate() {
            path.push(index.to_string());
            if let Some(found) = violation(of, item, path) {
                return Some(found);
            }
            path.pop();
        }
    }
    None
}

/// A value as Python's `str` shows it.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| represent(value), str::to_owned)
}

/// A value as Python's `repr` shows it.
pub(super) fn represent(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => {
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
            let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
            format!("{quote}{escaped}{quote}")
        }
        Value::Array(items) => format!("[{}]", items.iter().map(represent).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", represent(&json!(name)), represent(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// Schemas that many bodies share; those of nova/api/validation/parameter_types.py.
pub(super) mod types {
    use super::patterns;
    use serde_json::{Value, json};

    pub(crate) fn name() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": 255, "format": "name"})
    }

    pub(crate) fn description() -> Value {
        json!({"type": ["string", "null"], "maxLength": 255})
    }

    pub(crate) fn uuid() -> Value {
        json!({"type": "string", "format": "uuid"})
    }

    pub(crate) fn boolean() -> Value {
        json!({"type": ["boolean", "string"], "enum": [
            true, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes",
            false, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"]})
    }

    pub(crate) fn positive() -> Value {
        json!({"type": ["integer", "string"], "pattern": patterns::DIGITS, "minLength": 1, "minimum": 1})
    }

    pub(crate) fn natural() -> Value {
        json!({"type": ["integer", "string"], "pattern": patterns::DIGITS, "minLength": 1, "minimum": 0})
    }

    pub(crate) fn metadata() -> Value {
        json!({"type": "object", "names": patterns::METADATA_KEY,
            "values": {"type": "string", "maxLength": 255}})
    }

    pub(crate) fn tag() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": 60, "pattern": patterns::TAG})
    }

    pub(crate) fn host() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": 255})
    }

    /// An object with one member, all that a body has.
    pub(crate) fn body(name: &str, of: Value) -> Value {
        json!({"type": "object", "properties": {name: of}, "required": [name], "additionalProperties": false})
    }

    /// An object of these members and no others.
    pub(crate) fn object(properties: Value, required: &[&str]) -> Value {
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }
}

/// `oslo_utils.strutils.bool_from_string` of what passed the schema.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::String(text) => is_true(text),
        _ => false,
    }
}

/// The same of a text.
pub(super) fn is_true(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "1" | "t" | "true" | "on" | "y" | "yes")
}

/// A number that may have come as text.
pub(super) fn integer(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A text, or `None` for null and what is missing.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}
