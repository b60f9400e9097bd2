use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;

/// A service's API version, `2.96` or `3.70`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microversion {
    /// Before the dot.
    pub major: u16,
    /// After the dot.
    pub minor: u16,
}

impl Microversion {
    /// `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// A text is no microversion.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("expected a version of the form 2.96")]
pub struct NotAMicroversion;

impl FromStr for Microversion {
    type Err = NotAMicroversion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (major, minor) = text.split_once('.').ok_or(NotAMicroversion)?;
        match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => Ok(Self { major, minor }),
            _ => Err(NotAMicroversion),
        }
    }
}

impl<'de> Deserialize<'de> for Microversion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The versions a service offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The oldest.
    pub(super) oldest: Microversion,
    /// The newest.
    pub(super) newest: Microversion,
}

impl Range {
    /// Whether it holds `version`.
    pub(super) fn offers(self, version: Microversion) -> bool {
        self.oldest <= version && version <= self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_not_by_text() {
        let parse = |text: &str| text.parse::<Microversion>().unwrap();
        assert!(parse("2.100") > parse("2.96"));
        assert!("2".parse::<Microversion>().is_err());
    }
}
