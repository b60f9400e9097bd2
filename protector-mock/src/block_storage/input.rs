//! Reads bodies as Cinder's JSON schemas do (`cinder/api/schemas/*.py`, `cinder/api/validation`), with the sentences of
//! jsonschema 4.

use super::faults::invalid_input;
use crate::cloud::Fault;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a field of a body may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Any text or null, up to 255 characters without the spaces around it.
    Name,
    /// Text or null, up to 255 characters.
    Text,
    /// Text, 1 to 255 characters.
    Word,
    /// A UUID.
    Uuid,
    /// A UUID or null.
    OptionalUuid,
    /// What Cinder takes for a truth value.
    Boolean,
    /// A number of gibibytes, as number or text.
    Size,
    /// The same, or null.
    OptionalSize,
    /// Texts by names; null where the flag says so.
    Texts(bool),
    /// An object.
    Object,
    /// A list of distinct texts, not empty.
    Words,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Anything.
    Any,
}

/// A field: its name, what it may be, whether it has to be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field(pub(super) &'static str, pub(super) Kind, pub(super) bool);

/// The fields of a body, checked.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Map<String, Value>);

/// Reads `{wrapper: {fields}}` and refuses what the fields do not name.
pub(super) fn read(body: &Value, wrapper: &str, fields: &[Field]) -> Result<Fields, Fault> {
    read_with(body, wrapper, fields, false)
}

/// The same; `open` lets other fields pass.
pub(super) fn read_with(body: &Value, wrapper: &str, fields: &[Field], open: bool) -> Result<Fields, Fault> {
    let object = unwrap(body, wrapper)?;
    let Some(object) = object.as_object() else {
        return Err(refused(wrapper, object, &format!("{} is not of type 'object'", repr(object))));
    };
    let whole = || Value::Object(object.clone());
    for Field(name, _, required) in fields {
        if *required && !object.contains_key(*name) {
            return Err(refused(wrapper, &whole(), &format!("'{name}' is a required property")));
        }
    }
    if !open {
        let unknown: Vec<String> = object
            .keys()
            .filter(|key| !fields.iter().any(|Field(name, ..)| name == key))
            .map(|key| format!("'{key}'"))
            .collect();
        if !unknown.is_empty() {
            return Err(refused(wrapper, &whole(), &unexpected(&unknown)));
        }
    }
    for Field(name, kind, _) in fields {
        if let Some(value) = object.get(*name) {
            check(name, *kind, value)?;
        }
    }
    Ok(Fields(object.clone()))
}

/// What a body holds under its one name.
pub(super) fn unwrap<'v>(body: &'v Value, wrapper: &str) -> Result<&'v Value, Fault> {
    let Some(body) = body.as_object() else {
        return Err(Fault::bad_request(format!("{} is not of type 'object'", repr(body))));
    };
    let unknown: Vec<String> = body
        .keys()
        .filter(|key| *key != wrapper && *key != "OS-SCH-HNT:scheduler_hints")
        .map(|key| format!("'{key}'"))
        .collect();
    if !unknown.is_empty() {
        return Err(Fault::bad_request(unexpected(&unknown)));
    }
    body.get(wrapper).ok_or_else(|| Fault::bad_request(format!("'{wrapper}' is a required property")))
}

fn unexpected(names: &[String]) -> String {
    let verb = if names.len() == 1 { "was" } else { "were" };
    format!("Additional properties are not allowed ({} {verb} unexpected)", names.join(", "))
}

fn refused(name: &str, value: &Value, what: &str) -> Fault {
    let shown = value.as_str().map_or_else(|| repr(value), str::to_owned);
    Fault::bad_request(format!("Invalid input for field/attribute {name}. Value: {shown}. {what}"))
}

fn check(name: &str, kind: Kind, value: &Value) -> Result<(), Fault> {
    let of_type = |types: &str| refused(name, value, &format!("{} is not of type {types}", repr(value)));
    let too_long = || refused(name, value, &format!("{} is too long", repr(value)));
    let length = |text: &str| text.chars().count();
    match (kind, value) {
        (Kind::Any, _)
        | (
            Kind::Name | Kind::Text | Kind::OptionalUuid | Kind::OptionalSize | Kind::Texts(true),
            Value::Null,
        )
        | (Kind::Object, Value::Object(_)) => Ok(()),
        (Kind::Name, Value::String(text)) => {
            let length = length(text.trim());
            if length > 255 {
                let field = name.trim_start_matches("display_");
                return Err(invalid_input(format!("{field} has {length} characters, more than 255.")));
            }
            Ok(())
        }
        (Kind::Text | Kind::Word, Value::String(text)) => {
            if length(text) > 255 {
                return Err(too_long());
            }
            if matches!(kind, Kind::Word) && text.is_empty() {
                return Err(refused(name, value, "'' should be non-empty"));
            }
            Ok(())
        }
        (Kind::Name | Kind::Text, _) => Err(of_type("'string', 'null'")),
        (Kind::Word, _)
        | (
            Kind::Uuid,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_),
        ) => Err(of_type("'string'")),
        (Kind::Uuid, Value::String(text)) => {
            let known = is_uuid(text);
            if known {
                Ok(())
            } else {
                Err(refused(name, value, &format!("{} is not a 'uuid'", repr(value))))
            }
        }
        (Kind::OptionalUuid, value) => {
            if value.as_str().is_some_and(is_uuid) {
                return Ok(());
            }
            let what = format!("{} is not valid under any of the given schemas", repr(value));
            Err(refused(name, value, &what))
        }
        (Kind::Boolean, value) => {
            let known = value.is_boolean() || value.as_str().is_some_and(|text| boolean(text).is_some());
            if known {
                return Ok(());
            }
            Err(refused(name, value, &format!("{} is not one of {BOOLEANS}", repr(value))))
        }
        (Kind::Size | Kind::OptionalSize, value) => {
            let number = match value {
                Value::Number(number) => number.as_i64(),
                Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    text.parse().ok()
                }
                Value::String(_) => {
                    return Err(refused(name, value, &format!("{} does not match '^[0-9]+$'", repr(value))));
                }
                _ => None,
            };
            match number {
                None if matches!(kind, Kind::Size) => Err(of_type("'integer', 'string'")),
                None => Err(of_type("'integer', 'string', 'null'")),
                Some(number) if number < 1 => {
                    Err(refused(name, value, &format!("{number} is less than the minimum of 1")))
                }
                Some(number) if number > 0x7FFF_FFFF => {
                    Err(refused(name, value, &format!("{number} is greater than the maximum of 2147483647")))
                }
                Some(_) => Ok(()),
            }
        }
        (Kind::Texts(_), Value::Object(texts)) => {
            for (key, text) in texts {
                let known = |letter: char| letter.is_ascii_alphanumeric() || "-_:. /".contains(letter);
                if key.is_empty() || key.len() > 255 || !key.chars().all(known) {
                    let what =
                        format!("'{key}' does not match any of the regexes: '^[a-zA-Z0-9-_:. /]{{1,255}}$'");
                    return Err(refused(name, value, &what));
                }
                match text {
                    Value::Null => {}
                    Value::String(text) if length(text) <= 255 => {}
                    Value::String(_) => {
                        return Err(refused(key, text, &format!("{} is too long", repr(text))));
                    }
                    _ => return Err(refused(key, text, &format!("{} is not of type 'string'", repr(text)))),
                }
            }
            Ok(())
        }
        (Kind::Texts(true), _) => Err(of_type("'object', 'null'")),
        (Kind::Texts(false) | Kind::Object, _) => Err(of_type("'object'")),
        (Kind::Words, Value::Array(words)) => {
            if words.is_empty() {
                return Err(refused(name, value, "[] should be non-empty"));
            }
            for word in words {
                if !word.is_string() {
                    return Err(refused(name, word, &format!("{} is not of type 'string'", repr(word))));
                }
                if words.iter().filter(|other| *other == word).count() > 1 {
                    return Err(refused(name, value, &format!("{} has non-unique elements", repr(value))));
                }
            }
            Ok(())
        }
        (Kind::Words, _) => Err(of_type("'array'")),
        (Kind::OneOf(known), value) => {
            if value.as_str().is_some_and(|text| known.contains(&text)) {
                return Ok(());
            }
            let known = Value::from(known.to_vec());
            Err(refused(name, value, &format!("{} is not one of {}", repr(value), repr(&known))))
        }
    }
}

impl Fields {
    /// Whether a field is there, be it null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A field as it is.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text, without the spaces around it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(Value::as_str).map(|text| text.trim().to_owned())
    }

    /// The first of several names that is there.
    pub(super) fn first(&self, names: [&str; 2]) -> Option<String> {
        names.into_iter().find_map(|name| self.text(name))
    }

    /// A truth value.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(|value| value.as_bool().or_else(|| value.as_str().and_then(boolean)))
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.value(name)
            .and_then(|value| value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok())))
    }

    /// Texts by names.
    pub(super) fn texts(&self, name: &str) -> BTreeMap<String, String> {
        self.value(name).map(texts).unwrap_or_default()
    }

    /// A list of texts.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let list = self.value(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// The texts of an object.
pub(super) fn texts(value: &Value) -> BTreeMap<String, String> {
    let object = value.as_object().into_iter().flatten();
    object.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// Reads `{name: text, …}` that is a whole body.
pub(super) fn bare_texts(body: &Value) -> Result<BTreeMap<String, String>, Fault> {
    check("body", Kind::Texts(false), body)?;
    Ok(texts(body))
}

const BOOLEANS: &str = "[True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't', False, \
                        'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f']";

/// A truth value as a text (`oslo_utils.strutils.bool_from_string`); `None` if it is none.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" | "y" | "t" => Some(true),
        "false" | "0" | "off" | "no" | "n" | "f" => Some(false),
        _ => None,
    }
}

/// A truth value of a query; what is none is false.
pub(super) fn truth(text: &str) -> bool {
    boolean(text).unwrap_or(false)
}

/// What oslo takes for a UUID: 32 digits, with or without dashes.
pub(super) fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

/// As Python would show a value.
pub(super) fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(list) => format!("[{}]", list.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let fields: Vec<String> =
                object.iter().map(|(name, value)| format!("'{name}': {}", repr(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}
