use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// So many in so many seconds: a bucket that fills again as time passes.
#[derive(Debug)]
pub(crate) struct Rate {
    requests: f64,
    per: f64,
    bucket: Mutex<Option<(f64, Timestamp)>>,
}

impl Rate {
    pub(crate) fn new(requests: f64, per: f64) -> Self {
        Self { requests, per, bucket: Mutex::new(None) }
    }

    /// Whether one more is within the limit; the number of seconds until it would be, if not.
    pub(crate) fn take(&self, now: Timestamp) -> Result<(), f64> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = bucket.unwrap_or((self.requests, now));
        let passed = now.duration_since(since).as_secs_f64().max(0.0);
        let left = (left + passed * self.requests / self.per).min(self.requests);
        if left >= 1.0 {
            *bucket = Some((left - 1.0, now));
            return Ok(());
        }
        *bucket = Some((left, now));
        Err((1.0 - left) * self.per / self.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let rate = Rate::new(2.0, 1.0);
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!((rate.take(now), rate.take(now), rate.take(now)), (Ok(()), Ok(()), Err(0.5)));
        assert_eq!(rate.take(now + Duration::from_millis(500)), Ok(()));
        assert!(rate.take(now + Duration::from_millis(600)).is_err());
    }
}
