use super::{change, read};
use crate::openstack::delete::delete;
use crate::openstack::{Error, Session, list};
use crate::transport::{Context, Semantics};
use futures::stream::{Stream, TryStreamExt};
use http::Method;
use serde::Deserialize;
use serde_json::json;

/// A keypair of the session's user.
// nova/api/openstack/compute/views/keypairs.py (_build_keypair), 2.96, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Keypair {
    /// Its name.
    pub name: String,
    /// Its public key.
    pub public_key: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// `ssh` or `x509` (2.2).
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Deserialize)]
struct Wrapped {
    keypair: Keypair,
}

/// The keypairs of the session's user: another user's are not seen.
#[derive(Debug, Clone)]
pub struct Keypairs {
    session: Session,
}

impl Keypairs {
    /// The keypairs of `session`'s user.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists keypairs.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Stream<Item = Result<Keypair, Error>> + Send + 'a {
        let request = read("os-keypairs", "list keypairs");
        list::<Wrapped>(&self.session, context, request, "keypairs").map_ok(|wrapped| wrapped.keypair)
    }

    /// Reads the keypair of that name; of `user`, if the role may, else of the session's user.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, or the call failed.
    pub async fn get(&self, context: &Context, name: &str, user: Option<&str>) -> Result<Keypair, Error> {
        let mut request = read("os-keypairs", format!("read keypair {name}")).segment(name);
        if let Some(user) = user {
            request = request.query("user_id", user);
        }
        self.session.fetch_field(context, &request, "keypair").await
    }

    /// Imports a public key.
    ///
    /// # Errors
    /// `Conflict` if the name is taken; otherwise the call failed.
    ///
    /// # Effects
    /// A keypair of the session's user; undone by [`Self::delete`].
    pub async fn create(
        &self,
        context: &Context,
        name: &str,
        public_key: &str,
        kind: &str,
    ) -> Result<Keypair, Error> {
        let request = change(Method::POST, Semantics::Keyed, "os-keypairs", format!("import keypair {name}"))
            .body(json!({"keypair": {"name": name, "public_key": public_key, "type": kind}}));
        self.session.fetch_field(context, &request, "keypair").await
    }

    /// Deletes a keypair.
    ///
    /// # Errors
    /// The call failed. A keypair that is not there is no error.
    ///
    /// # Effects
    /// Undone by [`Self::create`] with the same public key.
    pub async fn delete(&self, context: &Context, name: &str) -> Result<(), Error> {
        let purpose = format!("delete keypair {name}");
        let request = change(Method::DELETE, Semantics::Idempotent, "os-keypairs", purpose).segment(name);
        delete(&self.session, context, &request).await
    }
}
