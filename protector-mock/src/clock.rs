//! A clock for worlds without sockets.

use futures::future::BoxFuture;
use jiff::Timestamp;
use protector_core::time::{Busy, Clock, SystemClock};
use std::sync::mpsc;
use std::time::Duration;
use tokio::runtime::Handle;

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

    /// Tokio's paused time stands still while a blocking task runs.
    fn busy(&self) -> Busy {
        let Ok(runtime) = Handle::try_current() else { return Busy::default() };
        let (held, dropped) = mpsc::channel::<()>();
        drop(runtime.spawn_blocking(move || {
            // There is nothing to receive: it ends when the other end is dropped.
            let _ = dropped.recv();
        }));
        Busy::holding(held)
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

    #[tokio::test(start_paused = true)]
    async fn time_stands_still_while_a_thread_is_at_work() {
        let clock = VirtualClock::new("2026-01-02T03:04:05Z".parse().unwrap());
        let (reply, answer) = tokio::sync::oneshot::channel();
        let busy = clock.busy();
        std::thread::spawn(move || {
            let mut sum = 0_u64;
            (0..3_000_000_u64).for_each(|number| sum = std::hint::black_box(sum ^ number));
            reply.send(sum)
        });
        tokio::select! {
            _ = answer => {}
            () = clock.sleep(Duration::from_hours(24)) => panic!("a day has passed meanwhile"),
        }
        drop(busy);
        clock.sleep(Duration::from_hours(24)).await;
        assert_eq!(clock.now(), "2026-01-03T03:04:05Z".parse().unwrap());
    }
}
