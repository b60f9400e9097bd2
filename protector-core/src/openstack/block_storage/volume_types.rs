use super::read;
use crate::openstack::{Error, Session, list};
use crate::transport::Context;
use futures::Stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A volume type, as `GET /types` gives it.
// cinder/api/views/types.py (ViewBuilder.show), cinder/api/v3/types.py, 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeType {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Whether every project sees it.
    #[serde(default)]
    pub is_public: bool,
    /// Extra specs. Those who are no administrators see `replication_enabled` and few others.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

impl VolumeType {
    /// Whether volumes of the type are replicated: `replication_enabled='<is> True'`.
    pub fn is_replicated(&self) -> bool {
        self.extra_specs
            .get("replication_enabled")
            .is_some_and(|value| value.eq_ignore_ascii_case("<is> true"))
    }

    /// How volumes of the type are replicated, `async` for one; unknown if the role may not see it.
    pub fn replication_type(&self) -> Option<&str> {
        let value = self.extra_specs.get("replication_type")?;
        Some(value.strip_prefix("<in>").unwrap_or(value).trim())
    }
}

/// How volumes of a type are encrypted.
// cinder/api/contrib/volume_type_encryption.py (index), 2026.2
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VolumeTypeEncryption {
    /// Its id.
    pub encryption_id: String,
    /// `luks`, `plain`, …
    pub provider: String,
    /// `front-end` (Nova encrypts) or `back-end`.
    pub control_location: String,
    /// The cipher, `aes-xts-plain64`.
    pub cipher: Option<String>,
    /// The key's size, bits.
    pub key_size: Option<u64>,
}

/// The volume types that the session's project may use.
#[derive(Debug, Clone)]
pub struct VolumeTypes {
    session: Session,
}

impl VolumeTypes {
    /// The volume types that `session`'s project may use.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists volume types.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
    ) -> impl Stream<Item = Result<VolumeType, Error>> + Send + 'a {
        list(&self.session, context, read("types", "list volume types"), "volume_types")
    }

    /// Reads a volume type.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<VolumeType, Error> {
        let request = read("types", format!("read volume type {id}")).segment(id);
        self.session.fetch_field(context, &request, "volume_type").await
    }

    /// Reads how volumes of a type are encrypted; `None` if they are not. For administrators: others see it of a
    /// volume only.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, or the call failed.
    pub async fn encryption(
        &self,
        context: &Context,
        id: &str,
    ) -> Result<Option<VolumeTypeEncryption>, Error> {
        let purpose = format!("read the encryption of volume type {id}");
        let request = read("types", purpose).segment(id).segment("encryption");
        let answer: Value = self.session.fetch(context, &request).await?;
        if answer.as_object().is_some_and(Map::is_empty) {
            return Ok(None);
        }
        let encryption = serde_json::from_value(answer);
        encryption.map(Some).map_err(|source| self.session.malformed(&request, source))
    }
}
