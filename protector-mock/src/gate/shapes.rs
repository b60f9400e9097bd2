//! What an answer looks like: its headers, and of a JSON body the names of fields and the kinds of values. Never a value, but
//! of headers that tell how a service speaks, and from those ids and hosts are taken out.
//!
//! The testbed's proxy says the same of real services (`testbed/proxy/shapes.py`), so that the two can be compared.

use super::header;
use crate::http::Response;
use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

const TOLD: [&str; 10] = [
    "allow",
    "content-type",
    "location",
    "openstack-api-version",
    "retry-after",
    "vary",
    "www-authenticate",
    "x-compute-request-id",
    "x-openstack-nova-api-version",
    "x-openstack-request-id",
];

/// A longer text is neither an id nor a time.
const LONGEST: usize = 36;

/// What is kept of an answer.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Answered {
    /// Nothing where only the name is told.
    headers: BTreeMap<String, Option<String>>,
    /// The name of the body's shape.
    pub(super) shape: Option<String>,
}

/// The shape of a body: of each place the kinds of what is there, with `|` between. The body itself is at "".
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shape {
    #[serde(rename = "shape")]
    pub(super) name: String,
    fields: BTreeMap<String, String>,
}

impl Answered {
    pub(super) fn new(response: &Response) -> (Self, Option<Shape>) {
        let shape = Shape::of(response);
        let name = shape.as_ref().map(|shape| shape.name.clone());
        (Self { headers: headers(response.headers()), shape: name }, shape)
    }
}

impl Shape {
    fn of(response: &Response) -> Option<Self> {
        if response.body().is_empty() {
            return None;
        }
        let is_json = header(response.headers(), "content-type").is_some_and(|kind| kind.contains("json"));
        let body = if is_json { serde_json::from_slice(response.body()).ok() } else { None };
        let fields = match body {
            Some(body) => {
                let mut found = BTreeMap::new();
                add(&body, String::new(), &mut found);
                let joined = |kinds: BTreeSet<Cow<'_, str>>| kinds.into_iter().collect::<Vec<_>>().join("|");
                found.into_iter().map(|(place, kinds)| (place, joined(kinds))).collect()
            }
            None => BTreeMap::from([(String::new(), "no JSON".to_owned())]),
        };
        let mut name = Sha256::new();
        for (place, kinds) in &fields {
            name.update(format!("{place}\n{kinds}\n"));
        }
        let name = name.finalize();
        let name = name.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Some(Self { name, fields })
    }
}

fn headers(answered: &HeaderMap) -> BTreeMap<String, Option<String>> {
    let mut told = BTreeMap::new();
    for (name, value) in answered {
        if !TOLD.contains(&name.as_str()) {
            told.insert(name.to_string(), None);
            continue;
        }
        let value = without_ids(&without_origins(&String::from_utf8_lossy(value.as_bytes())));
        match told.entry(name.to_string()) {
            Entry::Vacant(entry) => {
                entry.insert(Some(value));
            }
            Entry::Occupied(mut entry) => {
                let before = entry.get().clone().unwrap_or_default();
                entry.insert(Some(format!("{before}, {value}")));
            }
        }
    }
    told
}

fn add<'v>(value: &'v Value, place: String, found: &mut BTreeMap<String, BTreeSet<Cow<'v, str>>>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                add(inner, format!("{place}.{}", without_id(name)), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|inner| add(inner, format!("{place}[]"), found)),
        _ => {}
    }
    found.entry(place).or_default().insert(kind(value));
}

/// What a value is; of a text also whether it is an id or a time, and in which form.
fn kind(value: &Value) -> Cow<'_, str> {
    Cow::Borrowed(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
        Value::String(text) => {
            if let Some(form) = form_of_time(text) {
                return Cow::Owned(form);
            }
            kind_of_id(text).unwrap_or("string")
        }
    })
}

/// A time with zeros for its digits.
fn form_of_time(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let form: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let rest = form.strip_prefix("0000-00-00")?;
    let is_time = rest.starts_with(['T', ' ']) && rest.chars().all(|letter| "0-:.+TZ ".contains(letter));
    is_time.then_some(form)
}

fn kind_of_id(text: &str) -> Option<&'static str> {
    let hexadecimal = |letter: u8| matches!(letter, b'0'..=b'9' | b'a'..=b'f');
    let dashed = |(place, letter): (usize, u8)| match place {
        8 | 13 | 18 | 23 => letter == b'-',
        _ => hexadecimal(letter),
    };
    match text.len() {
        32 if text.bytes().all(hexadecimal) => Some("hexadecimal id"),
        36 if text.bytes().enumerate().all(dashed) => Some("id"),
        _ => None,
    }
}

fn without_id(text: &str) -> Cow<'_, str> {
    match (text.strip_prefix("req-"), kind_of_id(text.strip_prefix("req-").unwrap_or(text))) {
        (_, None) => Cow::Borrowed(text),
        (Some(_), Some(_)) => Cow::Borrowed("req-ID"),
        (None, Some(_)) => Cow::Borrowed("ID"),
    }
}

fn without_ids(text: &str) -> String {
    text.split('/').map(without_id).collect::<Vec<_>>().join("/")
}

/// A text without the schemes and hosts of its URLs.
fn without_origins(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, scheme)) =
        ["http://", "https://"].into_iter().filter_map(|scheme| Some((rest.find(scheme)?, scheme))).min()
    {
        let (start, url) = rest.split_at(before);
        kept.push_str(start);
        let url = url.get(scheme.len()..).unwrap_or_default();
        let end = url.find(|letter: char| letter.is_whitespace() || "/\"',;".contains(letter));
        rest = end.and_then(|end| url.get(end..)).unwrap_or_default();
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use serde_json::json;

    const SERVER: &str = "0c7b6f2e-9a51-4a57-8f0e-5b8a3f9d1c22";

    fn fields(content_type: &str, body: &str) -> Option<Value> {
        let response = http::Response::builder().header("content-type", content_type);
        let response = response.body(Bytes::from(body.to_owned())).unwrap();
        Shape::of(&response).map(|shape| serde_json::to_value(shape.fields).unwrap())
    }

    fn told(value: &Value) -> Value {
        fields("application/json", &value.to_string()).unwrap()
    }

    #[test]
    fn all_elements_of_a_list_have_one_shape() {
        let servers = json!({"servers": [
            {"name": "one", "host": null}, {"name": "two", "host": "h", "fault": {}}]});
        assert_eq!(
            told(&servers),
            json!({"": "object", ".servers": "list", ".servers[]": "object", ".servers[].fault": "object",
                   ".servers[].host": "null|string", ".servers[].name": "string"})
        );
    }

    #[test]
    fn numbers_truths_ids_and_times_are_told_apart() {
        for (value, kind) in [
            (json!(true), "boolean"),
            (json!(1), "integer"),
            (json!(1.0), "number"),
            (json!("1"), "string"),
            (json!(SERVER), "id"),
            (json!(SERVER.replace('-', "")), "hexadecimal id"),
            (json!("2026-11-26T00:01:02Z"), "0000-00-00T00:00:00Z"),
            (json!("2026-11-26 00:01:02.123456"), "0000-00-00 00:00:00.000000"),
            (json!("2026-11-26"), "string"),
            (json!("x".repeat(32)), "string"),
            (json!("2026-11-26T secret"), "string"),
            (json!(SERVER.to_uppercase()), "string"),
        ] {
            assert_eq!(told(&value), json!({"": kind}), "{value}");
        }
    }

    #[test]
    fn a_field_that_is_called_by_an_id_is_not_told_apart() {
        assert_eq!(told(&json!({SERVER: 1})), json!({"": "object", ".ID": "integer"}));
    }

    #[test]
    fn what_is_no_json_has_no_fields() {
        assert_eq!(fields("text/html", "<p>"), Some(json!({"": "no JSON"})));
        assert_eq!(fields("application/json", "{"), Some(json!({"": "no JSON"})));
        assert_eq!(fields("application/json", ""), None);
    }

    #[test]
    fn only_values_of_headers_are_told_that_say_how_a_service_speaks() {
        let response = http::Response::builder()
            .header("x-subject-token", "hidden")
            .header("vary", "X-Auth-Token")
            .header("vary", "Accept")
            .header("location", format!("http://127.0.0.1:1/v2/servers/{SERVER}"))
            .header("www-authenticate", "Keystone uri=\"https://one.example:5000\"")
            .header("x-openstack-request-id", format!("req-{SERVER}"))
            .body(Bytes::new())
            .unwrap();
        let (answered, shape) = Answered::new(&response);
        assert!(shape.is_none());
        assert_eq!(
            serde_json::to_value(answered.headers).unwrap(),
            json!({"x-subject-token": null, "vary": "X-Auth-Token, Accept", "location": "/v2/servers/ID",
                   "www-authenticate": "Keystone uri=\"\"", "x-openstack-request-id": "req-ID"})
        );
    }
}
