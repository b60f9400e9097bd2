//! A FlashArray's REST 2 interface: session, versions, lists, errors, and one module for each resource.
//!
//! A resource builds its request without IO; [`FlashArray`] sends it over [`protector_core::transport`], whose retry loop
//! is the only one. Fields that an answer lacks are `None`, fields that are not known here are ignored.

mod array_connections;
mod arrays;
mod connections;
mod error;
mod filter;
mod page;
mod protection_group_snapshots;
mod protection_group_targets;
mod protection_group_volumes;
mod protection_groups;
mod query;
mod reference;
mod request;
mod session;
mod version;
mod volume_snapshots;
mod volume_tags;
mod volumes;

#[cfg(test)]
pub(crate) mod testing;

pub use array_connections::{ArrayConnection, ArrayConnections};
pub use arrays::{Array, Arrays};
pub use connections::{Connection, Connections};
pub use error::{Error, Meaning, Refusal};
pub use filter::Filter;
pub use protection_group_snapshots::{GroupSnapshot, ProtectionGroupSnapshots, Space, Transfer};
pub use protection_group_targets::{GroupTarget, ProtectionGroupTargets};
pub use protection_group_volumes::{GroupVolume, ProtectionGroupVolumes};
pub use protection_groups::{GroupChange, ProtectionGroup, ProtectionGroups, Retention, Schedule};
pub use reference::Reference;
pub use version::Version;
pub use volume_snapshots::{VolumeSnapshot, VolumeSnapshots};
pub use volume_tags::{LONGEST_VALUE, VolumeTag, VolumeTags};
pub use volumes::{Volume, Volumes};

use protector_core::driver::ArraySettings;
use protector_core::id::ArrayName;
use protector_core::transport::{Answer, Call, Caller, Context, Credentials, RetryPolicy, Transport};
use request::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use session::Session;
use std::sync::Arc;
use url::Url;

/// At most this many requests are under way to one array at a time.
const REQUESTS_AT_A_TIME: usize = 8;

/// One array's REST interface. Cheap to clone; all clones share session and limits.
#[derive(Debug, Clone)]
pub struct FlashArray {
    name: ArrayName,
    session: Arc<Session>,
    caller: Caller,
}

/// The address or the token cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The address is not one of a web server.
    #[error("its address is not of the form https://host")]
    Address,
    /// The token cannot be sent.
    #[error("its API token holds characters that cannot be sent")]
    Token,
}

impl FlashArray {
    /// The array at an address. Sends nothing yet.
    ///
    /// # Errors
    /// Address or token cannot be used.
    pub fn new(
        name: &ArrayName,
        settings: &ArraySettings,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, Unusable> {
        let base = base_address(&settings.url)?;
        let session = Arc::new(Session::new(name, base, &settings.api_token, Arc::clone(&transport))?);
        let credentials: Arc<dyn Credentials> = Arc::<Session>::clone(&session);
        Ok(Self {
            name: name.clone(),
            session,
            caller: Caller::new(transport, credentials, REQUESTS_AT_A_TIME),
        })
    }

    /// The same with another retry policy.
    #[must_use]
    pub fn with_retry_policy(self, policy: RetryPolicy) -> Self {
        Self { caller: self.caller.with_policy(policy), ..self }
    }

    /// The array's name, as the configuration has it.
    pub fn name(&self) -> &ArrayName {
        &self.name
    }

    /// The version that is spoken with the array: the newest that both know.
    ///
    /// # Errors
    /// The array does not say, or knows none that is known here.
    pub async fn version(&self, context: &Context) -> Result<Version, Error> {
        self.session.version(context).await
    }

    /// Ends the session, if there is one. The next request begins another.
    ///
    /// # Errors
    /// The call failed; the session then ends when it has been idle for long enough.
    pub async fn close(&self, context: &Context) -> Result<(), Error> {
        self.session.close(context).await
    }

    /// Sends a request.
    async fn send(&self, context: &Context, request: &Request) -> Result<Answer, Error> {
        let version = self.session.version(context).await?;
        let mut call = Call::new(
            &request.purpose,
            request.semantics,
            request.method.clone(),
            request.address(self.session.base(), version),
        );
        call.body.clone_from(&request.body);
        self.caller.call(context, &call).await.map_err(Error::of)
    }

    /// Sends a request and reads the items of the answer.
    async fn items<T: DeserializeOwned>(
        &self,
        context: &Context,
        request: &Request,
    ) -> Result<Vec<T>, Error> {
        #[derive(Deserialize)]
        #[serde(bound = "T: DeserializeOwned")]
        struct Items<T> {
            items: Option<Vec<T>>,
        }
        let answer = self.send(context, request).await?;
        let body: Items<T> = answer.json().map_err(Error::of)?;
        Ok(body.items.unwrap_or_default())
    }
}

fn base_address(url: &Url) -> Result<Url, Unusable> {
    let web = matches!(url.scheme(), "https" | "http") && url.has_host();
    if !web || !url.username().is_empty() || url.password().is_some() {
        return Err(Unusable::Address);
    }
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    Ok(base)
}

#[cfg(test)]
mod tests;
