use super::read;
use crate::openstack::{Error, Session, list};
use crate::transport::Context;
use futures::Stream;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// A flavor, as `GET /flavors/detail` gives it.
// nova/api/openstack/compute/views/flavors.py (ViewBuilder.show), 2.96, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flavor {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Processors.
    pub vcpus: u64,
    /// Memory, MiB.
    pub ram: u64,
    /// Root disk, GiB.
    pub disk: u64,
    /// Ephemeral disk, GiB.
    #[serde(rename(deserialize = "OS-FLV-EXT-DATA:ephemeral"), default)]
    pub ephemeral: u64,
    /// Swap, MiB.
    #[serde(default, deserialize_with = "number_or_nothing")]
    pub swap: u64,
    /// Whether every project sees it.
    #[serde(rename(deserialize = "os-flavor-access:is_public"), default)]
    pub is_public: bool,
    /// Extra specs, if the role may see them.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

// No swap is an empty text, before 2.75; a number after it.
fn number_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrText {
        Number(u64),
        Text(String),
    }
    match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Number(number) => Ok(number),
        NumberOrText::Text(text) if text.is_empty() => Ok(0),
        NumberOrText::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

/// The flavors that the session's project may use.
#[derive(Debug, Clone)]
pub struct Flavors {
    session: Session,
}

impl Flavors {
    /// The flavors that `session`'s project may use.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists flavors with all their attributes.
    pub fn list<'a>(&'a self, context: &'a Context) -> impl Stream<Item = Result<Flavor, Error>> + Send + 'a {
        list(&self.session, context, read("flavors/detail", "list flavors"), "flavors")
    }

    /// Reads a flavor.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<Flavor, Error> {
        let request = read("flavors", format!("read flavor {id}")).segment(id);
        self.session.fetch_field(context, &request, "flavor").await
    }
}
