use crate::world::WorldError;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rules and settings from a file, in YAML or JSON: a list of rules, or `{"rules": [...], "settings": {...}}`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// The rules, as the admin API takes them.
    pub rules: Vec<Value>,
    /// Facts about the world by name, such as `duration/compute.server-built`.
    pub settings: BTreeMap<String, Value>,
}

/// A profile cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The file cannot be read.
    #[error("failed to read the profile in {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no profile.
    #[error("{} is no profile of faults and latencies: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The world could not be changed.
    #[error(transparent)]
    World(#[from] WorldError),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Rules(Vec<Value>),
    Both(Both),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    #[serde(default)]
    rules: Vec<Value>,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
}

impl Profile {
    /// Reads one.
    ///
    /// # Errors
    /// The file cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, ProfileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProfileError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|what| ProfileError::Malformed { path: path.to_owned(), what })
    }

    /// Reads one that is at hand.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let told = serde_json::from_value(value)
            .map_err(|_| "a list of rules is wanted, or an object of rules and settings".to_owned())?;
        Ok(match told {
            Told::Rules(rules) => Self { rules, settings: BTreeMap::new() },
            Told::Both(Both { rules, settings }) => Self { rules, settings },
        })
    }
}
