use super::Listed;
use crate::openstack::Error;
use crate::transport::{CallError, CallFailure, Context};
use futures::future::BoxFuture;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

type Lister<T> = dyn Fn(Context) -> BoxFuture<'static, Listed<T>> + Send + Sync;

/// Whether a wait goes on.
pub type Wait<T> = ControlFlow<T>;

/// Looks at a collection for all who wait at the same time: one list call a round, not one a waiter.
pub struct Watch<T> {
    list: Box<Lister<T>>,
    interval: Duration,
    begun: AtomicU64,
    round: Mutex<Round<T>>,
}

struct Round<T> {
    number: u64,
    begun_at: Option<Duration>,
    items: Arc<Vec<T>>,
}

impl<T> fmt::Debug for Watch<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watch").field("interval", &self.interval).finish_non_exhaustive()
    }
}

impl<T> Watch<T> {
    /// Looks with `list`, leaving `interval` between two rounds.
    pub fn new(
        interval: Duration,
        list: impl Fn(Context) -> BoxFuture<'static, Listed<T>> + Send + Sync + 'static,
    ) -> Self {
        let round = Mutex::new(Round { number: 0, begun_at: None, items: Arc::new(Vec::new()) });
        Self { list: Box::new(list), interval, begun: AtomicU64::new(0), round }
    }

    /// The collection as a look finds it that begins after this call.
    ///
    /// # Errors
    /// The list failed, or the context was stopped while waiting for the round.
    pub async fn look(&self, context: &Context) -> Result<Arc<Vec<T>>, LookError> {
        let wanted = self.begun.load(Ordering::SeqCst) + 1;
        let mut round = self.round.lock().await;
        if round.number >= wanted {
            return Ok(Arc::clone(&round.items));
        }
        if let Some(begun_at) = round.begun_at {
            let since = context.clock().monotonic().saturating_sub(begun_at);
            context.sleep(self.interval.saturating_sub(since)).await.map_err(LookError::stopped)?;
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        round.begun_at = Some(context.clock().monotonic());
        let items = Arc::new((self.list)(context.clone()).await.map_err(LookError::Failed)?);
        round.number = number;
        round.items = Arc::clone(&items);
        Ok(items)
    }

    /// Looks until `judge` breaks with a result.
    ///
    /// # Errors
    /// A look failed, or the context was stopped.
    pub async fn until<R>(
        &self,
        context: &Context,
        mut judge: impl FnMut(&[T]) -> Wait<R>,
    ) -> Result<R, LookError> {
        loop {
            if let ControlFlow::Break(result) = judge(&self.look(context).await?) {
                return Ok(result);
            }
        }
    }
}

/// A look was not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// The list failed.
    #[error(transparent)]
    Failed(Error),
    /// The wait was stopped.
    #[error(transparent)]
    Stopped(CallError),
}

impl LookError {
    fn stopped(why: crate::transport::Stopped) -> Self {
        let purpose = "wait for the next look at the site".to_owned();
        Self::Stopped(CallError { purpose, attempts: Vec::new(), failure: CallFailure::NotSent(why) })
    }
}

impl crate::error::Coded for LookError {
    fn code(&self) -> crate::error::Code {
        match self {
            Self::Failed(error) => error.code(),
            Self::Stopped(error) => error.code(),
        }
    }

    fn class(&self) -> crate::error::Class {
        match self {
            Self::Failed(error) => error.class(),
            Self::Stopped(error) => error.class(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_together_share_each_look() {
        let calls = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&calls);
        let watch: Watch<u64> = Watch::new(Duration::from_secs(1), move |_| {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move { Ok(vec![number]) })
        });
        let context = Context::default();
        let until = |least: u64| {
            watch.until(&context, move |items| match items.first() {
                Some(number) if *number >= least => ControlFlow::Break(*number),
                _ => ControlFlow::Continue(()),
            })
        };
        let waits = futures::future::join_all((0..50).map(|_| until(5))).await;
        assert!(waits.iter().all(|number| *number.as_ref().unwrap() >= 5));
        assert!(calls.load(Ordering::SeqCst) <= 7, "{calls:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_is_never_older_than_its_call() {
        let state = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&state);
        let watch: Watch<u64> = Watch::new(Duration::from_secs(1), move |_| {
            let now = seen.load(Ordering::SeqCst);
            Box::pin(async move { Ok(vec![now]) })
        });
        let context = Context::default();
        watch.look(&context).await.unwrap();
        state.store(1, Ordering::SeqCst);
        assert_eq!(*watch.look(&context).await.unwrap(), vec![1]);
    }
}
