use super::call::{Answer, Call};
use super::context::Context;
use super::error::{Attempt, CallError, CallFailure};
use super::retry_after::retry_after;
use super::{RawAnswer, Sent, Transport, WireRequest, redacted};
use backon::{BackoffBuilder, ExponentialBuilder};
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What a server wants to see on each request.
pub trait Credentials: Send + Sync + fmt::Debug {
    /// The headers to add, and the generation they are of.
    ///
    /// # Errors
    /// They could not be had.
    fn headers<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<(HeaderMap, u64), CallError>>;

    /// Replaces the credentials of `generation`, which were refused; those who ask at the same time share one renewal.
    ///
    /// # Errors
    /// No others could be had.
    fn renew<'a>(&'a self, context: &'a Context, generation: u64) -> BoxFuture<'a, Result<(), CallError>>;
}

/// For servers that want none.
#[derive(Debug, Clone, Copy)]
pub struct NoCredentials;

impl Credentials for NoCredentials {
    fn headers<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<(HeaderMap, u64), CallError>> {
        Box::pin(async { Ok((HeaderMap::new(), 0)) })
    }

    fn renew<'a>(&'a self, _: &'a Context, _: u64) -> BoxFuture<'a, Result<(), CallError>> {
        Box::pin(async { Ok(()) })
    }
}

/// How often and how long what may be repeated is repeated.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// Tries in all.
    pub attempts: usize,
    /// The first pause.
    pub first_pause: Duration,
    /// The longest pause, Retry-After included.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first_pause: Duration::from_millis(250), longest_pause: Duration::from_secs(30) }
    }
}

/// Sends calls to one server, with its credentials and within its limit.
#[derive(Debug, Clone)]
pub struct Caller {
    transport: Arc<dyn Transport>,
    credentials: Arc<dyn Credentials>,
    policy: RetryPolicy,
    limit: Arc<Semaphore>,
}

/// What to do after one attempt.
enum Next {
    Return(Result<Answer, CallFailure>),
    Renew(u64, CallFailure),
    Repeat(CallFailure, Option<Duration>),
}

impl Caller {
    /// Calls over `transport`, at most `limit` at a time.
    pub fn new(transport: Arc<dyn Transport>, credentials: Arc<dyn Credentials>, limit: usize) -> Self {
        Self {
            transport,
            credentials,
            policy: RetryPolicy::default(),
            limit: Arc::new(Semaphore::new(limit)),
        }
    }

    /// The same with another retry policy.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sends `call`, repeating what its semantics allow.
    ///
    /// # Errors
    /// It did not succeed; the error's class says what is known about its effect.
    pub async fn call(&self, context: &Context, call: &Call) -> Result<Answer, CallError> {
        let mut attempts = Vec::new();
        let fail =
            |attempts: Vec<Attempt>, failure| CallError { purpose: call.purpose.clone(), attempts, failure };
        let mut renewed = false;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(self.policy.first_pause)
            .with_max_delay(self.policy.longest_pause)
            .with_max_times(self.policy.attempts.saturating_sub(1))
            .build();
        loop {
            context.check().map_err(|why| fail(attempts.clone(), CallFailure::NotSent(why)))?;
            let (failure, wished) = match self.attempt(context, call, &mut attempts).await? {
                Next::Return(Ok(mut answer)) => {
                    answer.attempts = attempts;
                    return Ok(answer);
                }
                Next::Return(Err(failure)) => return Err(fail(attempts, failure)),
                Next::Renew(generation, failure) if !renewed => {
                    renewed = true;
                    tracing::debug!(purpose = %call.purpose, "credentials were refused: {failure}");
                    let renewal = self.credentials.renew(context, generation).await;
                    if let Err(error) = renewal {
                        return Err(fail(attempts, CallFailure::Unauthenticated(Some(Box::new(error)))));
                    }
                    continue;
                }
                Next::Renew(..) => return Err(fail(attempts, CallFailure::Unauthenticated(None))),
                Next::Repeat(failure, wished) => (failure, wished),
            };
            let Some(pause) = pauses.next() else { return Err(fail(attempts, failure)) };
            let pause = wished.map_or(pause, |wished| wished.max(pause)).min(self.policy.longest_pause);
            if context.remaining().is_some_and(|remaining| remaining <= pause) {
                return Err(fail(attempts, failure));
            }
            tracing::debug!(purpose = %call.purpose, pause_ms = pause.as_millis(), "trying again: {failure}");
            context.sleep(pause).await.map_err(|why| fail(attempts.clone(), CallFailure::NotSent(why)))?;
        }
    }

    async fn attempt(
        &self,
        context: &Context,
        call: &Call,
        attempts: &mut Vec<Attempt>,
    ) -> Result<Next, CallError> {
        let (credentials, generation) = self.credentials.headers(context).await?;
        let permit = context.before_deadline(self.limit.acquire()).await;
        let _permit = match permit {
            Ok(permit) => permit,
            Err(why) => return Ok(Next::Return(Err(CallFailure::NotSent(why)))),
        };
        let request = wire_request(context, call, credentials);
        let begun = context.clock().monotonic();
        let sent = context.before_deadline(self.transport.send(request)).await;
        let mut record = Attempt {
            method: call.method.clone(),
            address: redacted(&call.url),
            status: None,
            request_id: None,
            elapsed: context.clock().monotonic().saturating_sub(begun),
        };
        let next = match sent {
            Err(why) => Next::Return(Err(CallFailure::Interrupted(why))),
            Ok(Err(error)) => {
                let repeat =
                    error.failure_is_transient() && (error.sent == Sent::No || call.semantics.repeatable());
                let failure = CallFailure::NoAnswer(error);
                if repeat { Next::Repeat(failure, None) } else { Next::Return(Err(failure)) }
            }
            Ok(Ok(answer)) => {
                record.status = Some(answer.status);
                record.request_id = request_id(&answer.headers);
                next_after_answer(context, call, generation, answer)
            }
        };
        attempts.push(record);
        Ok(next)
    }
}

impl super::SendError {
    fn failure_is_transient(&self) -> bool {
        use super::SendFailure::{Broken, Certificate, Connect, Timeout, TooLarge};
        match self.failure {
            Connect | Timeout | Broken => true,
            Certificate | TooLarge => false,
        }
    }
}

fn wire_request(context: &Context, call: &Call, credentials: HeaderMap) -> WireRequest {
    let mut headers = call.headers.clone();
    headers.extend(credentials);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let body = call.body.as_ref().map(|body| {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        bytes::Bytes::from(body.to_string())
    });
    let timeout = context.remaining().map_or(call.timeout, |remaining| remaining.min(call.timeout));
    WireRequest { method: call.method.clone(), url: call.url.clone(), headers, body, timeout }
}

fn next_after_answer(context: &Context, call: &Call, generation: u64, answer: RawAnswer) -> Next {
    let RawAnswer { status, headers, body } = answer;
    if status.is_success() {
        let answer = Answer { status, headers, body, purpose: call.purpose.clone(), attempts: Vec::new() };
        return Next::Return(Ok(answer));
    }
    let retry_after = retry_after(&headers, context.clock().now());
    let body = error_body(&body);
    let failure = CallFailure::Status { status, body, retry_after };
    match status {
        StatusCode::UNAUTHORIZED => Next::Renew(generation, failure),
        // Not processed, by definition: any call may be sent again.
        StatusCode::TOO_MANY_REQUESTS => Next::Repeat(failure, retry_after),
        status if status.is_server_error() && call.semantics.repeatable() => {
            Next::Repeat(failure, retry_after)
        }
        _ => Next::Return(Err(failure)),
    }
}

/// JSON as it is; anything else (a proxy's page) as its first words.
fn error_body(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        Value::String(text.split_whitespace().take(40).collect::<Vec<_>>().join(" "))
    })
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-openstack-request-id", "x-compute-request-id", "x-request-id"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
