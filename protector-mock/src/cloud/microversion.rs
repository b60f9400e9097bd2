use std::fmt;
use std::str::FromStr;

/// A version of an API's behaviour: 2.96.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microversion(pub u16, pub u16);

impl fmt::Display for Microversion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// A text is no microversion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no microversion")]
pub struct NoMicroversion(String);

impl FromStr for Microversion {
    type Err = NoMicroversion;

    fn from_str(text: &str) -> Result<Self, NoMicroversion> {
        let parsed = text
            .split_once('.')
            .and_then(|(major, minor)| Some(Self(major.parse().ok()?, minor.parse().ok()?)));
        parsed.ok_or_else(|| NoMicroversion(text.to_owned()))
    }
}

/// The microversions that a service knows.
#[derive(Debug, Clone, Copy)]
pub struct MicroversionRange {
    /// What the header calls the service: `compute`, `volume`.
    pub service: &'static str,
    /// The header that was used before there was a common one, in lower case, if there was.
    pub older_header: Option<&'static str>,
    /// The oldest, which also counts without a header.
    pub oldest: Microversion,
    /// The newest, by release.
    pub newest: fn(super::Release) -> Microversion,
}
