//! A clock for worlds without sockets.

use futures::future::BoxFuture;
use jiff::Timestamp;
use protector_core::time::{Clock, SystemClock};
use std::time::Duration;

/// Follows tokio's time from a given moment on: where that is paused, waiting takes no time, and the same run has the same
/// times.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    origin: Timestamp,
    passed: SystemClock,
}

impl VirtualClock {
    /// Begins now, at `origin`.
    pub fn new(origin: Timestamp) -> Self {
        Self { origin, passed: SystemClock::new() }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.origin.checked_add(self.passed.monotonic()).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.passed.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.passed.sleep(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_day_passes_in_no_time() {
        let clock = VirtualClock::new("2026-01-02T03:04:05Z".parse().unwrap());
        clock.sleep(Duration::from_hours(24)).await;
        assert_eq!(clock.now(), "2026-01-03T03:04:05Z".parse().unwrap());
    }
}
