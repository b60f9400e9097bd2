//! The one way to write JSON down: keys sorted, no blanks. Equal values have equal texts, and so equal hashes.

use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// JSON in its canonical text. It is not looked into as long as it is only kept, and as a text it takes a tenth of what it
/// takes as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalJson(Arc<str>);

impl CanonicalJson {
    /// The canonical text of a value.
    ///
    /// # Errors
    /// The value has no form in JSON.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(text(value)?.into()))
    }

    /// The canonical text of what is JSON already.
    pub fn of_value(value: &Value) -> Self {
        Self(text_of_value(value).into())
    }

    /// What was written with nothing but values that are [`Sorted`] and structures whose fields are.
    ///
    /// # Errors
    /// The value has no form in JSON.
    pub fn of_sorted(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(serde_json::to_string(value)?.into()))
    }

    /// What says nothing: `null`.
    pub fn nothing() -> Self {
        Self("null".into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says nothing: `null`.
    pub fn is_null(&self) -> bool {
        &*self.0 == "null"
    }

    /// A text that was written by one of the above.
    pub(crate) fn of_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// What it says.
    ///
    /// # Errors
    /// It says something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

impl From<Value> for CanonicalJson {
    fn from(value: Value) -> Self {
        Self::of_value(&value)
    }
}

impl PartialEq<Value> for CanonicalJson {
    fn eq(&self, other: &Value) -> bool {
        *self.0 == *text_of_value(other)
    }
}

impl Serialize for CanonicalJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CanonicalJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Of a text that is at hand: no copy is made but the one that is kept.
        <&RawValue>::deserialize(deserializer).map(|raw| Self(raw.get().into()))
    }
}

/// Writes a value with its keys sorted: so something large is made a tree in its parts only, one after another.
#[derive(Debug)]
pub struct Sorted<'a, T>(pub &'a T);

impl<T: Serialize> Serialize for Sorted<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(self.0).and_then(RawValue::from_string).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// The canonical text of a value.
///
/// # Errors
/// The value has no form in JSON (a map whose keys are no strings, for one).
pub fn text(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_value(value).map(|value| text_of_value(&value))
}

fn text_of_value(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// `serde_json` sorts keys only as long as nobody in the dependency tree asks it to keep their order.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (position, (key, value)) in keys.into_iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": [{"z": null, "a": "\u{1}\"ü"}], "a": {"y": 1, "x": -2.5}});
        assert_eq!(text(&value).unwrap(), r#"{"a":{"x":-2.5,"y":1},"b":[{"a":"\u0001\"ü","z":null}]}"#);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reading_the_text_gives_the_value_back(value in any_json()) {
            let text = text(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
