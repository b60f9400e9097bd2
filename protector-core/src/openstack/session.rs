//! A site's session: token, catalog, versions; sends what the resource clients build.

mod authentication;
mod catalog;
mod versions;

use super::error::{Error, Meaning};
use super::microversion::Range;
use super::{ApiRequest, Microversion, Service};
use crate::config::CloudConfig;
use crate::id::{ProjectId, SiteName};
use crate::transport::{
    Answer, Call, CallError, CallFailure, Caller, Context, Credentials, RetryPolicy, Transport,
};
use authentication::Tokens;
use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::OnceCell;
use url::Url;

const API_VERSION: HeaderName = HeaderName::from_static("openstack-api-version");
const GLOBAL_REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");

/// At most this many requests are under way to one site at a time.
const REQUESTS_AT_A_TIME: usize = 16;

/// A session at one site, in one project. Cheap to clone; all clones share token, catalog and limits.
#[derive(Debug, Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    site: SiteName,
    cloud: Arc<CloudConfig>,
    tokens: Arc<Tokens>,
    caller: Caller,
    versions: Versions,
}

/// What each service offers, read once. Each has a cell of its own: a service that does not answer keeps nobody from
/// another.
#[derive(Debug, Default)]
struct Versions {
    identity: OnceCell<Range>,
    compute: OnceCell<Range>,
    block_storage: OnceCell<Range>,
    network: OnceCell<Range>,
    image: OnceCell<Range>,
}

impl Versions {
    fn of(&self, service: Service) -> &OnceCell<Range> {
        match service {
            Service::Identity => &self.identity,
            Service::Compute => &self.compute,
            Service::BlockStorage => &self.block_storage,
            Service::Network => &self.network,
            Service::Image => &self.image,
        }
    }
}

impl Session {
    /// A session that signs in when it first has to.
    pub fn new(site: SiteName, cloud: CloudConfig, transport: Arc<dyn Transport>) -> Self {
        let cloud = Arc::new(cloud);
        let tokens = Arc::new(Tokens::new(site.clone(), Arc::clone(&cloud), Arc::clone(&transport)));
        let credentials: Arc<dyn Credentials> = Arc::<Tokens>::clone(&tokens);
        let caller = Caller::new(transport, credentials, REQUESTS_AT_A_TIME);
        Self { shared: Arc::new(Shared { site, cloud, tokens, caller, versions: Versions::default() }) }
    }

    /// The same with another retry policy.
    #[must_use]
    pub fn with_retry_policy(self, policy: RetryPolicy) -> Self {
        let shared = &self.shared;
        Self {
            shared: Arc::new(Shared {
                site: shared.site.clone(),
                cloud: Arc::clone(&shared.cloud),
                tokens: Arc::clone(&shared.tokens),
                caller: shared.caller.clone().with_policy(policy),
                versions: Versions::default(),
            }),
        }
    }

    /// The site.
    pub fn site(&self) -> &SiteName {
        &self.shared.site
    }

    /// The project the token is for.
    ///
    /// # Errors
    /// No token could be had.
    pub async fn project(&self, context: &Context) -> Result<ProjectId, Error> {
        Ok(self
            .shared
            .tokens
            .current(context)
            .await
            .map_err(|error| self.identity_error(error))?
            .project
            .clone())
    }

    /// The names of the roles that the token carries.
    ///
    /// # Errors
    /// No token could be had.
    pub async fn roles(&self, context: &Context) -> Result<Vec<String>, Error> {
        Ok(self
            .shared
            .tokens
            .current(context)
            .await
            .map_err(|error| self.identity_error(error))?
            .roles
            .clone())
    }

    /// The user the token is for.
    ///
    /// # Errors
    /// No token could be had.
    pub async fn user(&self, context: &Context) -> Result<String, Error> {
        Ok(self
            .shared
            .tokens
            .current(context)
            .await
            .map_err(|error| self.identity_error(error))?
            .user
            .clone())
    }

    /// Sends a request.
    ///
    /// # Errors
    /// See [`Meaning`].
    pub async fn send(&self, context: &Context, request: &ApiRequest) -> Result<Answer, Error> {
        let call = self.call(context, request).await?;
        self.shared
            .caller
            .call(context, &call)
            .await
            .map_err(|error| Error::of(request.service, self.site(), error))
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// See [`Meaning`].
    pub async fn fetch<T: DeserializeOwned>(
        &self,
        context: &Context,
        request: &ApiRequest,
    ) -> Result<T, Error> {
        let answer = self.send(context, request).await?;
        answer.json().map_err(|error| Error::of(request.service, self.site(), error))
    }

    /// Sends a request and reads one field of the answer's object.
    ///
    /// # Errors
    /// See [`Meaning`].
    pub async fn fetch_field<T: DeserializeOwned>(
        &self,
        context: &Context,
        request: &ApiRequest,
        field: &str,
    ) -> Result<T, Error> {
        // Unread until its type is known: what stands in order stays in order.
        let object: BTreeMap<String, Box<RawValue>> = self.fetch(context, request).await?;
        let value = object.get(field).map_or("null", |raw| raw.get());
        serde_json::from_str(value).map_err(|source| self.malformed(request, source))
    }

    /// The versions that a service offers; read once.
    ///
    /// # Errors
    /// The service does not say.
    pub async fn versions(
        &self,
        context: &Context,
        service: Service,
    ) -> Result<(Microversion, Microversion), Error> {
        let range = self.range(context, service).await?;
        Ok((range.oldest, range.newest))
    }

    /// An answer that could not be read.
    pub(crate) fn malformed(&self, request: &ApiRequest, source: serde_json::Error) -> Error {
        let failure = CallFailure::Malformed { source: Box::new(source) };
        let error = CallError { purpose: request.purpose.clone(), attempts: Vec::new(), failure };
        Error::of(request.service, self.site(), error)
    }

    async fn call(&self, context: &Context, request: &ApiRequest) -> Result<Call, Error> {
        let endpoint = self.endpoint(context, request.service).await?;
        let url =
            request_url(&endpoint, request).ok_or_else(|| self.bad_address(request.service, &endpoint))?;
        let mut call = Call::new(&request.purpose, request.semantics, request.method.clone(), url);
        call.body.clone_from(&request.body);
        if let (Some(version), Some(name)) = (request.microversion, request.service.microversion_name()) {
            let range = self.range(context, request.service).await?;
            if !range.offers(version) {
                return Err(Error::new(
                    request.service,
                    self.site(),
                    Meaning::Version {
                        purpose: request.purpose.clone(),
                        service: request.service,
                        needed: version,
                        offered: range.newest,
                    },
                ));
            }
            if let Ok(value) = HeaderValue::from_str(&format!("{name} {version}")) {
                call = call.with_header(API_VERSION, value);
            }
        }
        // The services log it beside their own id: one operation is found in all logs.
        if let Some(operation) = context.operation()
            && let Ok(value) = HeaderValue::from_str(&format!("req-{}", operation.uuid()))
        {
            call = call.with_header(GLOBAL_REQUEST_ID, value);
        }
        Ok(call)
    }

    async fn endpoint(&self, context: &Context, service: Service) -> Result<Url, Error> {
        let cloud = &self.shared.cloud;
        let address = match cloud.endpoint_overrides.get(service.override_name()) {
            Some(address) => address.clone(),
            None if service == Service::Identity => cloud.auth_url.clone(),
            None => {
                let token =
                    self.shared.tokens.current(context).await.map_err(|error| self.identity_error(error))?;
                let found =
                    catalog::endpoint(&token.catalog, service, cloud.interface, cloud.region.as_deref());
                found.ok_or_else(|| {
                    let region = cloud.region.clone().unwrap_or_else(|| "any".to_owned());
                    let interface = cloud.interface.as_str();
                    Error::new(service, self.site(), Meaning::NoEndpoint { service, interface, region })
                })?
            }
        };
        catalog::versioned(address, service)
            .map_err(|address| Error::new(service, self.site(), Meaning::BadAddress { service, address }))
    }

    async fn range(&self, context: &Context, service: Service) -> Result<Range, Error> {
        let read = || async {
            let endpoint = self.endpoint(context, service).await?;
            let call = versions::call(&endpoint, service);
            let answer = self.shared.caller.call(context, &call).await;
            answer
                .and_then(|answer| versions::read(&answer, service))
                .map_err(|error| Error::of(service, self.site(), error))
        };
        self.shared.versions.of(service).get_or_try_init(read).await.copied()
    }

    fn identity_error(&self, error: CallError) -> Error {
        Error::of(Service::Identity, self.site(), error)
    }

    fn bad_address(&self, service: Service, address: &Url) -> Error {
        Error::new(service, self.site(), Meaning::BadAddress { service, address: address.to_string() })
    }
}

fn request_url(endpoint: &Url, request: &ApiRequest) -> Option<Url> {
    let mut url = endpoint.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(&request.path);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    Some(url)
}

#[cfg(test)]
mod tests;
