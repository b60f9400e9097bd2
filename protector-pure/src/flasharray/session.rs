use super::error::Error;
use super::request::address;
use super::version::{Version, negotiated, newest_offered};
use super::{REQUESTS_AT_A_TIME, Unusable};
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use protector_core::id::ArrayName;
use protector_core::secret::{ExposeSecret, SecretString};
use protector_core::transport::{
    Call, CallError, CallFailure, Caller, Context, Credentials, NoCredentials, Semantics, Stopped, Transport,
};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use url::Url;

const API_TOKEN: HeaderName = HeaderName::from_static("api-token");
const SESSION_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// The session with an array: which version is spoken, and the token; those who need a new one at the same time
/// share one login.
#[derive(Debug)]
pub(super) struct Session {
    array: ArrayName,
    base: Url,
    api_token: HeaderValue,
    caller: Caller,
    version: OnceCell<Version>,
    current: Mutex<Current>,
}

/// The token in use, and how many there have been.
#[derive(Debug, Default)]
struct Current {
    token: Option<HeaderValue>,
    generation: u64,
}

#[derive(Deserialize)]
struct Versions {
    version: Vec<String>,
}

impl Session {
    pub(super) fn new(
        array: &ArrayName,
        base: Url,
        api_token: &SecretString,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, Unusable> {
        let mut api_token = HeaderValue::from_str(api_token.expose_secret()).map_err(|_| Unusable::Token)?;
        api_token.set_sensitive(true);
        Ok(Self {
            array: array.clone(),
            base,
            api_token,
            caller: Caller::new(transport, Arc::new(NoCredentials), REQUESTS_AT_A_TIME),
            version: OnceCell::new(),
            current: Mutex::default(),
        })
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    pub(super) async fn version(&self, context: &Context) -> Result<Version, Error> {
        self.version.get_or_try_init(|| self.negotiate(context)).await.copied()
    }

    async fn negotiate(&self, context: &Context) -> Result<Version, Error> {
        let purpose = format!("ask array {} for its versions", self.array);
        let call = Call::new(purpose, Semantics::Safe, Method::GET, address(&self.base, "api_version"));
        let answer = self.caller.call(context, &call).await.map_err(Error::of)?;
        let offered: Versions = answer.json().map_err(Error::of)?;
        let Some(version) = negotiated(&offered.version) else {
            let offered = newest_offered(&offered.version);
            tracing::warn!(array = %self.array, %offered, "the array is too old to be spoken to");
            return Err(Error::Version { array: self.array.to_string(), offered });
        };
        tracing::debug!(array = %self.array, %version, "speaking");
        Ok(version)
    }

    /// Ends the session, if there is one.
    pub(super) async fn close(&self, context: &Context) -> Result<(), Error> {
        let purpose = format!("end the session with array {}", self.array);
        let mut current = self.lock(context, &purpose).await.map_err(Error::of)?;
        let (Some(token), Some(version)) = (current.token.take(), self.version.get()) else { return Ok(()) };
        let url = address(&self.base, &format!("{version}/logout"));
        let call =
            Call::new(purpose, Semantics::Idempotent, Method::POST, url).with_header(SESSION_TOKEN, token);
        match self.caller.call(context, &call).await {
            // The array has ended it already.
            Err(CallError { failure: CallFailure::Unauthenticated(_), .. }) | Ok(_) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn log_in(&self, context: &Context) -> Result<HeaderValue, CallError> {
        let purpose = format!("log in to array {}", self.array);
        let failed = |failure| CallError { purpose: purpose.clone(), attempts: Vec::new(), failure };
        let version = self.version(context).await.map_err(|error| match error {
            Error::Call(error) => *error,
            other => failed(CallFailure::Malformed { source: Box::new(other) }),
        })?;
        let url = address(&self.base, &format!("{version}/login"));
        // A second session does no harm: the array ends it when it has been idle for long enough.
        let call = Call::new(&purpose, Semantics::Idempotent, Method::POST, url)
            .with_header(API_TOKEN, self.api_token.clone());
        let answer = self.caller.call(context, &call).await?;
        let mut token = answer.headers.get(SESSION_TOKEN).cloned().ok_or_else(|| {
            failed(CallFailure::Malformed { source: "the answer carries no x-auth-token".into() })
        })?;
        token.set_sensitive(true);
        Ok(token)
    }

    async fn lock(&self, context: &Context, purpose: &str) -> Result<MutexGuard<'_, Current>, CallError> {
        context.before_deadline(self.current.lock()).await.map_err(|why: Stopped| CallError {
            purpose: purpose.to_owned(),
            attempts: Vec::new(),
            failure: CallFailure::NotSent(why),
        })
    }
}

impl Credentials for Session {
    fn headers<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<(HeaderMap, u64), CallError>> {
        Box::pin(async move {
            let mut current = self.lock(context, "use the session").await?;
            let token = if let Some(token) = &current.token {
                token.clone()
            } else {
                let token = self.log_in(context).await.map_err(refused_login)?;
                *current = Current { token: Some(token.clone()), generation: current.generation + 1 };
                token
            };
            let mut headers = HeaderMap::new();
            headers.insert(SESSION_TOKEN, token);
            Ok((headers, current.generation))
        })
    }

    fn renew<'a>(&'a self, context: &'a Context, generation: u64) -> BoxFuture<'a, Result<(), CallError>> {
        Box::pin(async move {
            let mut current = self.lock(context, "renew the session").await?;
            if current.generation > generation {
                return Ok(());
            }
            current.token = None;
            let token = self.log_in(context).await?;
            *current = Current { token: Some(token), generation: current.generation + 1 };
            Ok(())
        })
    }
}

/// Whatever an array answers to a token that it does not know, it means that the token is wrong.
fn refused_login(error: CallError) -> CallError {
    match error.status() {
        Some(status) if status.is_client_error() => CallError {
            purpose: error.purpose.clone(),
            attempts: Vec::new(),
            failure: CallFailure::Unauthenticated(Some(Box::new(error))),
        },
        _ => error,
    }
}
