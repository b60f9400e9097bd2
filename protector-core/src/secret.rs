//! Secrets: by reference in configuration, unprintable in memory.

mod redact;
pub mod sealed;

use serde::{Deserialize, Deserializer};
use std::fmt;
use std::path::PathBuf;

pub use redact::{REDACTED, redact};
pub use secrecy::{ExposeSecret, SecretString};

/// Where a secret is found: `env:NAME` or `file:PATH`. The secret itself is never configuration.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// An environment variable.
    Environment(String),
    /// A file; one trailing line feed is not part of the secret.
    File(PathBuf),
}

impl SecretReference {
    /// Reads a reference.
    ///
    /// # Errors
    /// A text that is no reference: the text is not repeated, for it may be the secret.
    pub fn parse(text: &str) -> Result<Self, NotAReference> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(NotAReference),
        }
    }
}

/// A value stands where a reference to a secret belongs.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("expected a reference to a secret, `env:NAME` or `file:PATH`, not the secret itself")]
pub struct NotAReference;

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(formatter, "env:{name}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}

impl fmt::Debug for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_secret_is_refused_without_being_repeated() {
        let error = SecretReference::parse("hunter2").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn references_are_read_and_shown_alike() {
        for text in ["env:TOKEN", "file:/etc/token"] {
            assert_eq!(SecretReference::parse(text).unwrap().to_string(), text);
        }
    }
}
