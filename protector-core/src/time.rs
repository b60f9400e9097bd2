//! The one clock. Everything that reads the time or waits does it through [`Clock`].

use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};
use std::any::Any;
use std::time::Duration;

/// Reads the time and waits.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time of day, UTC.
    fn now(&self) -> Timestamp;

    /// Time since an arbitrary point that never goes back.
    fn monotonic(&self) -> Duration;

    /// Completes after `duration`. Cancel-safe.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Says that a thread is at work for somebody, until what is returned is dropped. The machine's clock does not care; one
    /// that moves on when all async tasks wait must not take that work for idleness.
    fn busy(&self) -> Busy {
        Busy::default()
    }
}

/// See [`Clock::busy`].
#[derive(Default)]
pub struct Busy {
    _until_dropped: Option<Box<dyn Any + Send + Sync>>,
}

impl Busy {
    /// The clock learns of the end by the end of `held`.
    pub fn holding(held: impl Any + Send + Sync) -> Self {
        Self { _until_dropped: Some(Box::new(held)) }
    }
}

impl std::fmt::Debug for Busy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Busy")
    }
}

/// The machine's clock. Waits with tokio's timer, so that a test which pauses tokio's time waits for nothing.
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: tokio::time::Instant,
}

impl SystemClock {
    /// Starts the monotonic reading at zero.
    pub fn new() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Reads a service's timestamp: Nova and Neutron send `…Z`, Cinder sends UTC without a zone.
///
/// # Errors
/// The text is neither.
pub fn parse_utc(text: &str) -> Result<Timestamp, jiff::Error> {
    text.parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>()?.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()))
}

/// For `#[serde(deserialize_with = …)]`: a timestamp as services send it, which may be null or absent.
///
/// # Errors
/// The text is no timestamp.
pub fn optional_utc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .filter(|text| !text.is_empty())
        .map(|text| parse_utc(&text).map_err(serde::de::Error::custom))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naive_and_zoned_timestamps_are_read_as_utc() {
        let naive = parse_utc("2026-01-02T03:04:05.000000").unwrap();
        let zoned = parse_utc("2026-01-02T03:04:05Z").unwrap();
        assert_eq!(naive, zoned);
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(parse_utc("yesterday").is_err());
    }
}
