use super::*;
use crate::error::{Class, Code, Coded};
use crate::transport::{Semantics, SendError, SendFailure};
use http::Method;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives prepared outcomes in order and counts what was sent.
#[derive(Debug)]
struct Script {
    outcomes: Mutex<VecDeque<Result<u16, Sent>>>,
    sent: AtomicU64,
    header: Option<(&'static str, &'static str)>,
}

impl Script {
    fn new(outcomes: impl IntoIterator<Item = Result<u16, Sent>>) -> Arc<Self> {
        Arc::new(Self {
            outcomes: Mutex::new(outcomes.into_iter().collect()),
            sent: AtomicU64::new(0),
            header: None,
        })
    }
}

impl Transport for Script {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let outcome = self.outcomes.lock().unwrap().pop_front().expect("one more request than expected");
        let header = self.header;
        Box::pin(async move {
            match outcome {
                Ok(status) => {
                    let mut headers = HeaderMap::new();
                    if let Some((name, value)) = header {
                        headers.insert(name, HeaderValue::from_static(value));
                    }
                    let status = StatusCode::from_u16(status).unwrap();
                    Ok(RawAnswer { status, headers, body: bytes::Bytes::from_static(b"{}") })
                }
                Err(sent) => {
                    let failure = if sent == Sent::No { SendFailure::Connect } else { SendFailure::Broken };
                    Err(SendError { sent, failure, source: None })
                }
            }
        })
    }
}

fn call(semantics: Semantics) -> Call {
    Call::new("create server web-1", semantics, Method::POST, "http://nova/servers".parse().unwrap())
}

async fn run(script: &Arc<Script>, semantics: Semantics) -> Result<Answer, CallError> {
    Caller::new(script.clone(), Arc::new(NoCredentials), 8).call(&Context::default(), &call(semantics)).await
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_was_lost_is_not_repeated() {
    for semantics in [Semantics::Keyed, Semantics::Once] {
        let script = Script::new([Err(Sent::Maybe)]);
        let error = run(&script, semantics).await.unwrap_err();
        assert_eq!((error.code(), error.class()), (Code::AnswerLost, Class::Unknown));
        assert_eq!(script.sent.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_never_sent_is_repeated() {
    let script = Script::new([Err(Sent::No), Ok(202)]);
    assert_eq!(run(&script, Semantics::Once).await.unwrap().status, StatusCode::ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_server_error_leaves_the_effect_of_a_create_unknown() {
    let script = Script::new([Ok(502)]);
    assert_eq!(run(&script, Semantics::Keyed).await.unwrap_err().class(), Class::Unknown);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_repeated_is_repeated_up_to_the_policy() {
    let script = Script::new([Ok(500), Err(Sent::Maybe), Ok(503), Ok(500)]);
    let error = run(&script, Semantics::Idempotent).await.unwrap_err();
    assert_eq!(error.attempts.len(), 4);
    assert_eq!(error.code(), Code::ServiceFailed);
}

#[tokio::test(start_paused = true)]
async fn cinders_quota_error_is_no_rate_limit() {
    let script = Script::new([Ok(413)]);
    let error = run(&script, Semantics::Safe).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (Code::QuotaExceeded, Class::Fatal));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_never_repeated() {
    let script = Script::new([Ok(409)]);
    assert_eq!(run(&script, Semantics::Idempotent).await.unwrap_err().code(), Code::Conflict);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_but_not_beyond_the_deadline() {
    let mut script = Script::new([Ok(429), Ok(200)]);
    Arc::get_mut(&mut script).unwrap().header = Some(("retry-after", "20"));
    let caller = Caller::new(script.clone(), Arc::new(NoCredentials), 8);
    let context = Context::default();
    let begun = context.clock().monotonic();
    caller.call(&context, &call(Semantics::Once)).await.unwrap();
    assert!(context.clock().monotonic().checked_sub(begun).unwrap() >= Duration::from_secs(20));

    let mut script = Script::new([Ok(429)]);
    Arc::get_mut(&mut script).unwrap().header = Some(("retry-after", "20"));
    let caller = Caller::new(script, Arc::new(NoCredentials), 8);
    let context = Context::default().within(Duration::from_secs(5));
    assert!(caller.call(&context, &call(Semantics::Once)).await.is_err());
}

/// Hands out its generation; each renewal raises it.
#[derive(Debug, Default)]
struct Generations(AtomicU64);

impl Credentials for Generations {
    fn headers<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<(HeaderMap, u64), CallError>> {
        Box::pin(async { Ok((HeaderMap::new(), self.0.load(Ordering::SeqCst))) })
    }

    fn renew<'a>(&'a self, _: &'a Context, _: u64) -> BoxFuture<'a, Result<(), CallError>> {
        Box::pin(async {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_renewed_once() {
    let credentials = Arc::new(Generations::default());
    let caller = Caller::new(Script::new([Ok(401), Ok(200)]), credentials.clone(), 8);
    caller.call(&Context::default(), &call(Semantics::Once)).await.unwrap();
    assert_eq!(credentials.0.load(Ordering::SeqCst), 1);

    let caller = Caller::new(Script::new([Ok(401), Ok(401)]), credentials, 8);
    let error = caller.call(&Context::default(), &call(Semantics::Once)).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthenticationFailed);
}
