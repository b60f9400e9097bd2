use crate::id::{OperationId, SiteName};
use crate::time::{Clock, SystemClock};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Goes with every call: whose it is, until when it may take, and whether it is still wanted.
#[derive(Debug, Clone)]
pub struct Context {
    clock: Arc<dyn Clock>,
    deadline: Option<Duration>,
    cancellation: CancellationToken,
    site: Option<SiteName>,
    operation: Option<OperationId>,
    term: Option<u64>,
}

/// Why a call was not begun or not waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Its deadline has passed.
    #[error("the deadline has passed")]
    Deadline,
    /// It was cancelled.
    #[error("it was cancelled")]
    Cancelled,
}

impl Default for Context {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock::new()))
    }
}

impl Context {
    /// A context without deadline, site or operation.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            deadline: None,
            cancellation: CancellationToken::new(),
            site: None,
            operation: None,
            term: None,
        }
    }

    /// The same, at a site.
    #[must_use]
    pub fn at_site(&self, site: &SiteName) -> Self {
        Self { site: Some(site.clone()), ..self.clone() }
    }

    /// The same, for an operation that holds a term.
    #[must_use]
    pub fn for_operation(&self, operation: OperationId, term: u64) -> Self {
        Self { operation: Some(operation), term: Some(term), ..self.clone() }
    }

    /// The same, ending at the latest in `duration`; an earlier end stays.
    #[must_use]
    pub fn within(&self, duration: Duration) -> Self {
        let end = self.clock.monotonic() + duration;
        Self { deadline: Some(self.deadline.map_or(end, |earlier| earlier.min(end))), ..self.clone() }
    }

    /// The same, stopped by `cancellation`: nothing new is sent or waited for then.
    #[must_use]
    pub fn cancelled_by(&self, cancellation: CancellationToken) -> Self {
        Self { cancellation, ..self.clone() }
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The site, if the context is one site's.
    pub fn site(&self) -> Option<&SiteName> {
        self.site.as_ref()
    }

    /// The operation, if the call belongs to one.
    pub fn operation(&self) -> Option<OperationId> {
        self.operation
    }

    /// The term, if the call belongs to an operation.
    pub fn term(&self) -> Option<u64> {
        self.term
    }

    /// Time left until the deadline; `None` without one.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|end| end.saturating_sub(self.clock.monotonic()))
    }

    /// Whether a call may still begin.
    ///
    /// # Errors
    /// It may not.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.cancellation.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        match self.remaining() {
            Some(Duration::ZERO) => Err(Stopped::Deadline),
            _ => Ok(()),
        }
    }

    /// Waits for `duration`.
    ///
    /// # Errors
    /// The deadline came first, or the wait was cancelled.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Stopped> {
        self.check()?;
        let (wait, cut) = match self.remaining() {
            Some(remaining) if remaining < duration => (remaining, true),
            _ => (duration, false),
        };
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(Stopped::Cancelled),
            () = self.clock.sleep(wait) => if cut { Err(Stopped::Deadline) } else { Ok(()) },
        }
    }

    /// Runs `future` until it ends or the deadline passes. A cancellation does not cut it short, so that no answer to
    /// what was already sent is lost.
    ///
    /// # Errors
    /// The deadline passed; what the future did by then stays done.
    pub async fn before_deadline<T>(&self, future: impl Future<Output = T>) -> Result<T, Stopped> {
        let end = async {
            match self.remaining() {
                Some(remaining) => self.clock.sleep(remaining).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            result = future => Ok(result),
            () = end => Err(Stopped::Deadline),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_inner_deadline_never_outlives_the_outer_one() {
        let outer = Context::default().within(Duration::from_secs(5));
        let inner = outer.within(Duration::from_mins(1));
        assert_eq!(inner.sleep(Duration::from_secs(30)).await, Err(Stopped::Deadline));
        assert_eq!(inner.remaining(), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn cancellation_ends_a_wait() {
        let token = CancellationToken::new();
        let context = Context::default().cancelled_by(token.clone());
        token.cancel();
        assert_eq!(context.sleep(Duration::from_secs(1)).await, Err(Stopped::Cancelled));
    }
}
