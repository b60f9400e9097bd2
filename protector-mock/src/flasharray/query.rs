use super::{Denied, interface};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The query of a request. Lists are separated by commas as they are; a comma inside a value comes percent-encoded, so that
/// the text is split before it is decoded.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    values: BTreeMap<String, Vec<String>>,
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

impl Parameters {
    pub(super) fn parse(raw: &str) -> Result<Self, Denied> {
        let mut values = BTreeMap::new();
        for part in raw.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decoded(name);
            let parts = if interface::is_list(&name) {
                value.split(',').map(decoded).collect()
            } else {
                vec![decoded(value)]
            };
            if values.contains_key(&name) {
                return Err(Denied::bad(format!("Query parameter '{name}' is given twice."), &name));
            }
            values.insert(name, parts);
        }
        Ok(Self { values })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A single value.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.first().map(String::as_str)
    }

    /// A list.
    pub(super) fn list(&self, name: &str) -> Option<&[String]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// Names with their first values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.first().map_or("", String::as_str)))
    }

    pub(super) fn set_list(&mut self, name: &str, values: Vec<String>) {
        self.values.insert(name.to_owned(), values);
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Denied> {
        match self.text(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Denied::bad(format!("'{name}' is neither true nor false."), other)),
        }
    }

    /// Whether a flag is given and true.
    pub(super) fn is_set(&self, name: &str) -> Result<bool, Denied> {
        Ok(self.flag(name)?.unwrap_or(false))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Denied> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        number.map(Some).ok_or_else(|| Denied::bad(format!("'{name}' is not a whole number."), text))
    }

    /// A list that has to be given.
    pub(super) fn required(&self, name: &str) -> Result<&[String], Denied> {
        self.list(name).ok_or_else(|| Denied::bad(format!("'{name}' is required."), name))
    }

    /// The names of objects to be made, each once.
    pub(super) fn new_names(&self) -> Result<Vec<String>, Denied> {
        let names = self.required("names")?.to_vec();
        let mut once: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        once.sort();
        once.dedup();
        if once.len() != names.len() {
            return Err(Denied::bad("A name is given twice.", &names.join(",")));
        }
        Ok(names)
    }

    /// As the record of requests has it.
    pub(super) fn to_json(&self) -> Value {
        let entry = |(name, values): (&String, &Vec<String>)| {
            let value = if interface::is_list(name) {
                Value::from(values.clone())
            } else {
                Value::from(values.first().cloned().unwrap_or_default())
            };
            (name.clone(), value)
        };
        Value::Object(self.values.iter().map(entry).collect::<Map<_, _>>())
    }
}
