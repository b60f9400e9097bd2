use super::catalog::CatalogService;
use crate::config::clouds::{
    ApplicationCredentialReference, DomainReference, ProjectReference, UserReference,
};
use crate::config::{Auth, CloudConfig};
use crate::id::{ProjectId, SiteName};
use crate::openstack::Service;
use crate::secret::ExposeSecret;
use crate::time::optional_utc;
use crate::transport::{
    Call, CallError, CallFailure, Caller, Context, Credentials, NoCredentials, Semantics, Transport,
};
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// A token with less time left is replaced before it is used.
const RENEW_BEFORE_EXPIRY: SignedDuration = SignedDuration::from_mins(5);

// keystone/api/_shared/authentication.py, keystone/auth/schema.py, 2026.2
fn sign_in_body(cloud: &CloudConfig) -> Value {
    let identity = match &cloud.auth {
        Auth::Password { user, password } => {
            let user = with(user_body(user), "password", password.expose_secret().into());
            json!({"methods": ["password"], "password": {"user": user}})
        }
        Auth::ApplicationCredential { credential, secret } => {
            let credential = match credential {
                ApplicationCredentialReference::Id(id) => json!({"id": id}),
                ApplicationCredentialReference::Name { name, user } => {
                    json!({"name": name, "user": user_body(user)})
                }
            };
            let credential = with(credential, "secret", secret.expose_secret().into());
            json!({"methods": ["application_credential"], "application_credential": credential})
        }
        Auth::Token { token } => json!({"methods": ["token"], "token": {"id": token.expose_secret()}}),
    };
    let mut body = json!({"identity": identity});
    // An application credential brings its own project; Keystone refuses another scope beside it.
    if let (Some(project), false) = (&cloud.project, matches!(cloud.auth, Auth::ApplicationCredential { .. }))
    {
        let project = match project {
            ProjectReference::Id(id) => json!({"id": id}),
            ProjectReference::Name { name, domain } => json!({"name": name, "domain": domain_body(domain)}),
        };
        body = with(body, "scope", json!({"project": project}));
    }
    json!({"auth": body})
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
    object
}

fn user_body(user: &UserReference) -> Value {
    match user {
        UserReference::Id(id) => json!({"id": id}),
        UserReference::Name { name, domain } => json!({"name": name, "domain": domain_body(domain)}),
    }
}

fn domain_body(domain: &DomainReference) -> Value {
    match domain {
        DomainReference::Id(id) => json!({"id": id}),
        DomainReference::Name(name) => json!({"name": name}),
    }
}

/// A token and what came with it.
#[derive(Debug)]
pub(super) struct Token {
    header: HeaderValue,
    expires_at: Option<Timestamp>,
    generation: u64,
    pub(super) project: ProjectId,
    pub(super) user: String,
    pub(super) roles: Vec<String>,
    pub(super) catalog: Vec<CatalogService>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: TokenBody,
}

#[derive(Deserialize)]
struct TokenBody {
    #[serde(default, deserialize_with = "optional_utc")]
    expires_at: Option<Timestamp>,
    project: Option<Named>,
    user: Named,
    #[serde(default)]
    roles: Vec<Named>,
    #[serde(default)]
    catalog: Vec<CatalogService>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    name: String,
}

/// The current token; those who need a new one at the same time share one sign-in.
#[derive(Debug)]
pub(super) struct Tokens {
    site: SiteName,
    cloud: Arc<CloudConfig>,
    caller: Caller,
    current: Mutex<Option<Arc<Token>>>,
}

impl Tokens {
    pub(super) fn new(site: SiteName, cloud: Arc<CloudConfig>, transport: Arc<dyn Transport>) -> Self {
        let caller = Caller::new(transport, Arc::new(NoCredentials), 2);
        Self { site, cloud, caller, current: Mutex::new(None) }
    }

    pub(super) async fn current(&self, context: &Context) -> Result<Arc<Token>, CallError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| token.is_fresh(context.clock().now())) {
            return Ok(Arc::clone(token));
        }
        let generation = current.as_ref().map_or(0, |token| token.generation) + 1;
        let token = Arc::new(self.sign_in(context, generation).await?);
        *current = Some(Arc::clone(&token));
        Ok(token)
    }

    async fn sign_in(&self, context: &Context, generation: u64) -> Result<Token, CallError> {
        let purpose = format!("sign in at {} (cloud {})", self.site, self.cloud.name);
        let url = self.tokens_url(&purpose)?;
        // A second token does no harm.
        let call = Call::new(&purpose, Semantics::Idempotent, Method::POST, url)
            .with_body(sign_in_body(&self.cloud));
        let answer = self.caller.call(context, &call).await?;
        let malformed = |what: &str| CallError {
            purpose: purpose.clone(),
            attempts: Vec::new(),
            failure: CallFailure::Malformed { source: what.into() },
        };
        let mut header = answer
            .headers
            .get("x-subject-token")
            .cloned()
            .ok_or_else(|| malformed("the answer carries no X-Subject-Token"))?;
        header.set_sensitive(true);
        let TokenAnswer { token } = answer.json()?;
        let project = token.project.ok_or_else(|| malformed("the token is not scoped to a project"))?;
        Ok(Token {
            header,
            expires_at: token.expires_at,
            generation,
            project: ProjectId::new(project.id),
            user: token.user.id,
            roles: token.roles.into_iter().map(|role| role.name).collect(),
            catalog: token.catalog,
        })
    }

    fn tokens_url(&self, purpose: &str) -> Result<Url, CallError> {
        let base = self
            .cloud
            .endpoint_overrides
            .get(Service::Identity.override_name())
            .unwrap_or(&self.cloud.auth_url);
        let unusable = |address: String| CallError {
            purpose: purpose.to_owned(),
            attempts: Vec::new(),
            failure: CallFailure::Malformed { source: format!("{address} is no address of Keystone").into() },
        };
        let mut url = super::catalog::versioned(base.clone(), Service::Identity).map_err(unusable)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["auth", "tokens"]);
        }
        Ok(url)
    }
}

impl Token {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expiry| expiry.duration_since(now) > RENEW_BEFORE_EXPIRY)
    }
}

impl Credentials for Tokens {
    fn headers<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<(HeaderMap, u64), CallError>> {
        Box::pin(async move {
            let token = self.current(context).await?;
            let mut headers = HeaderMap::new();
            headers.insert(AUTH_TOKEN, token.header.clone());
            Ok((headers, token.generation))
        })
    }

    fn renew<'a>(&'a self, context: &'a Context, generation: u64) -> BoxFuture<'a, Result<(), CallError>> {
        Box::pin(async move {
            let mut current = self.current.lock().await;
            if current.as_ref().is_some_and(|token| token.generation > generation) {
                return Ok(());
            }
            *current = Some(Arc::new(self.sign_in(context, generation + 1).await?));
            Ok(())
        })
    }
}
