use serde::{Deserialize, Deserializer};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How one object names another. An absent one is an object of nulls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Reference {
    /// Its id; not all kinds have one.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl Reference {
    /// The name, or nothing.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// For `#[serde(deserialize_with = …)]`: milliseconds since 1970, UTC, which may be null.
pub(super) fn optional_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SystemTime>, D::Error> {
    let milliseconds = Option::<u64>::deserialize(deserializer)?;
    Ok(milliseconds.and_then(|milliseconds| UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))))
}

/// For `#[serde(deserialize_with = …)]`: an object that may be null.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
