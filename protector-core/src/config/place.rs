//! Typed reading of a YAML tree: each value with the keys that lead to it, for errors that say where.

use super::ConfigError;
use super::error::Position;
use super::yaml::{Node, Value};
use std::time::Duration;
use url::Url;

/// A value and the keys that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    node: &'a Node,
    path: String,
}

impl<'a> Place<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node, path: String::new() }
    }

    /// The value itself.
    pub(super) fn node(&self) -> &'a Node {
        self.node
    }

    /// Another value in the same place.
    pub(super) fn with<'b>(&self, node: &'b Node) -> Place<'b> {
        Place { node, path: self.path.clone() }
    }

    pub(super) fn position(&self) -> Position {
        Position { file: self.node.file.to_path_buf(), line: self.node.line }
    }

    /// The file that the value stands in.
    pub(super) fn file(&self) -> &'a std::path::Path {
        &self.node.file
    }

    pub(super) fn invalid(&self, problem: impl Into<String>) -> ConfigError {
        match self.path.as_str() {
            "" => ConfigError::malformed(&self.node.file, 0, problem.into()),
            path => {
                ConfigError::Invalid { at: self.position(), key: path.to_owned(), problem: problem.into() }
            }
        }
    }

    fn below(&self, key: &str, node: &'a Node) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { node, path }
    }

    /// All entries of a map, as they are spelled; what is null is left out.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Place<'a>)>, ConfigError> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries
                .iter()
                .filter(|(_, node)| !matches!(node.value, Value::Null))
                .map(|(key, node)| (key.as_str(), self.below(key, node)))
                .collect()),
            Value::Null => Ok(Vec::new()),
            Value::Scalar(_) | Value::List(_) => {
                Err(self.invalid("is not a map: write keys and values below it"))
            }
        }
    }

    /// The value at `key`, which may be spelled with dashes; the last one where both spellings are there.
    /// Absent, null, and anything below something that is no map are `None`.
    pub(super) fn find(&self, key: &str) -> Option<Self> {
        let Value::Map(entries) = &self.node.value else { return None };
        entries
            .iter()
            .rev()
            .find(|(name, node)| name.replace('-', "_") == key && !matches!(node.value, Value::Null))
            .map(|(name, node)| self.below(name, node))
    }

    /// The value at `key`, which has to be there.
    pub(super) fn require(&self, key: &str) -> Result<Self, ConfigError> {
        self.find(key).ok_or_else(|| self.missing(key))
    }

    /// The error for a key that has to be there.
    pub(super) fn missing(&self, key: &str) -> ConfigError {
        let key = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        ConfigError::Invalid { at: self.position(), key, problem: "is missing".to_owned() }
    }

    /// Refuses every key that is not in `known`.
    pub(super) fn only(&self, known: &'static [&'static str]) -> Result<(), ConfigError> {
        let Value::Map(entries) = &self.node.value else {
            return Err(self.invalid("is not a map: write keys and values below it"));
        };
        match entries.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, node)) => {
                let place = self.below(key, node);
                Err(ConfigError::UnknownKey {
                    at: place.position(),
                    nearest: nearest(key, known.iter().copied()),
                    key: place.path,
                    known,
                })
            }
        }
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, ConfigError> {
        match &self.node.value {
            Value::List(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, node)| Self { node, path: format!("{}[{index}]", self.path) })
                .collect()),
            Value::Null | Value::Scalar(_) | Value::Map(_) => Err(self.invalid("is not a list")),
        }
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub(super) fn text(&self) -> Result<&'a str, ConfigError> {
        match &self.node.value {
            Value::Scalar(text) if text.is_empty() => Err(self.invalid("is empty")),
            Value::Scalar(text) => Ok(text),
            Value::Null | Value::List(_) | Value::Map(_) => Err(self.invalid("is not a text")),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, ConfigError> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            _ => Err(self.invalid("is neither `true` nor `false`")),
        }
    }

    /// A number of seconds, with or without a fraction.
    pub(super) fn seconds(&self) -> Result<Duration, ConfigError> {
        self.text()?
            .parse::<f64>()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| self.invalid("is not a number of seconds"))
    }

    /// A number of seconds above zero.
    pub(super) fn positive_seconds(&self) -> Result<Duration, ConfigError> {
        match self.seconds()? {
            Duration::ZERO => Err(self.invalid("is zero: give a number of seconds above it")),
            seconds => Ok(seconds),
        }
    }

    pub(super) fn count(&self) -> Result<u32, ConfigError> {
        match self.text()?.parse() {
            Ok(0) | Err(_) => Err(self.invalid("is not a whole number above zero")),
            Ok(count) => Ok(count),
        }
    }

    /// An address with one of `schemes`, with nothing secret in it.
    pub(super) fn url(&self, schemes: &[&str]) -> Result<Url, ConfigError> {
        self.parse_url(self.text()?, schemes)
    }

    /// As [`Place::url`], of a text that was made from this place's.
    pub(super) fn parse_url(&self, text: &str, schemes: &[&str]) -> Result<Url, ConfigError> {
        let expected = || self.invalid(format!("is not an address that begins with {}", starts(schemes)));
        let url: Url = text.parse().map_err(|_| expected())?;
        if !schemes.contains(&url.scheme()) || url.host().is_none() {
            return Err(expected());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.invalid("has a user or a password in the address: take it out"));
        }
        Ok(url)
    }
}

fn starts(schemes: &[&str]) -> String {
    schemes.iter().map(|scheme| format!("`{scheme}://`")).collect::<Vec<_>>().join(" or ")
}

/// The known word that `word` is most likely a slip of.
pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|candidate| (strsim::jaro_winkler(&word.to_ascii_lowercase(), candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_nothing_far_away() {
        let known = ["api_token", "ca_certificate", "driver", "url", "verify"];
        assert_eq!(nearest("api_tokn", known.into_iter()), Some("api_token"));
        assert_eq!(nearest("cacert", known.into_iter()), Some("ca_certificate"));
        assert_eq!(nearest("Driver", known.into_iter()), Some("driver"));
        assert_eq!(nearest("colour", known.into_iter()), None);
    }
}
