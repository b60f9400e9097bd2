use crate::domain::{ProtectionGroup, ServerDefinition};
use crate::error::{Code, Coded};
use crate::id::{GroupId, LineageId};
use crate::journal::canonical::CanonicalJson;
use crate::journal::{DocumentKind, StoreError, StorePair, Version};
use crate::secret::sealed::{Place, SealError, Sealed, Sealer};
use crate::secret::{ExposeSecret, SecretString};
use crate::time::Clock;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// Groups and definitions, in both site stores.
#[derive(Debug)]
pub struct Records {
    stores: Arc<StorePair>,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
}

/// A record could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The encryption of sensitive fields.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A document is not what this release writes.
    #[error("failed to read the {kind} document {id}")]
    Unreadable {
        /// The kind.
        kind: DocumentKind,
        /// The id.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// There is no such group.
    #[error("there is no group {0}")]
    NoGroup(GroupId),
}

impl Coded for RecordError {
    fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Unreadable { .. } => Code::NeedsNewerRelease,
            Self::NoGroup(_) => Code::GroupUnknown,
        }
    }
}

impl Records {
    /// Records in `stores`, sensitive fields encrypted by `sealer`.
    pub fn new(stores: Arc<StorePair>, sealer: Sealer, clock: Arc<dyn Clock>) -> Self {
        Self { stores, sealer, clock }
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The stores.
    pub fn stores(&self) -> &Arc<StorePair> {
        &self.stores
    }

    /// All groups.
    ///
    /// # Errors
    /// The stores cannot be read, or differ.
    pub async fn groups(&self) -> Result<Vec<ProtectionGroup>, RecordError> {
        let documents = self.stores.documents(DocumentKind::Group).await?;
        documents
            .into_iter()
            .map(|document| read(DocumentKind::Group, &document.id, &document.body))
            .collect()
    }

    /// A group, if there is one, and its version; of a removed one only the version.
    ///
    /// # Errors
    /// The stores cannot be read, or differ.
    pub async fn group(
        &self,
        id: GroupId,
    ) -> Result<(Option<Version>, Option<ProtectionGroup>), RecordError> {
        match self.stores.read(DocumentKind::Group, &id.to_string()).await? {
            None => Ok((None, None)),
            Some(document) if document.is_removed() => Ok((Some(document.version), None)),
            Some(document) => {
                let group = read(DocumentKind::Group, &document.id, &document.body)?;
                Ok((Some(document.version), Some(group)))
            }
        }
    }

    /// Writes a group to both stores.
    ///
    /// # Errors
    /// Either store cannot be written, or has another version.
    ///
    /// # Effects
    /// Replaces the document.
    pub async fn write_group(
        &self,
        expected: Option<Version>,
        group: &ProtectionGroup,
    ) -> Result<(), RecordError> {
        let id = group.id.to_string();
        let version = match expected {
            Some(expected) if expected.epoch >= group.epoch => expected.next(),
            _ => Version::new(group.epoch, 0),
        };
        let body = CanonicalJson::of(group).map_err(|source| RecordError::Unreadable {
            kind: DocumentKind::Group,
            id: id.clone(),
            source,
        })?;
        Ok(self.stores.write(DocumentKind::Group, &id, expected, version, body).await?)
    }

    /// Removes a group from both stores; its version lives on.
    ///
    /// # Errors
    /// Either store cannot be written.
    ///
    /// # Effects
    /// Not undone.
    pub async fn remove_group(&self, id: GroupId) -> Result<(), RecordError> {
        self.remove(DocumentKind::Group, &id.to_string()).await
    }

    /// Writes a VM's definition to both stores, its user data encrypted.
    ///
    /// # Errors
    /// Either store cannot be written, or the key cannot be used.
    ///
    /// # Effects
    /// Replaces the document.
    pub async fn write_definition(
        &self,
        mut definition: ServerDefinition,
        user_data: Option<&SecretString>,
    ) -> Result<(), RecordError> {
        let id = definition.lineage.to_string();
        definition.user_data = match user_data {
            Some(user_data) => Some(self.sealer.seal(place(&id), user_data)?),
            None => None,
        };
        let current = self.stores.read(DocumentKind::Definition, &id).await?;
        let expected = current.as_ref().map(|document| document.version);
        let version = expected.map_or(Version::new(1, 0), Version::next);
        let body = CanonicalJson::of(&definition).map_err(|source| RecordError::Unreadable {
            kind: DocumentKind::Definition,
            id: id.clone(),
            source,
        })?;
        Ok(self.stores.write(DocumentKind::Definition, &id, expected, version, body).await?)
    }

    /// A VM's definition.
    ///
    /// # Errors
    /// The stores cannot be read, or differ.
    pub async fn definition(&self, member: LineageId) -> Result<Option<ServerDefinition>, RecordError> {
        let id = member.to_string();
        match self.stores.read(DocumentKind::Definition, &id).await? {
            Some(document) if !document.is_removed() => {
                read(DocumentKind::Definition, &id, &document.body).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Removes a VM's definition from both stores.
    ///
    /// # Errors
    /// Either store cannot be written.
    ///
    /// # Effects
    /// Not undone.
    pub async fn remove_definition(&self, member: LineageId) -> Result<(), RecordError> {
        self.remove(DocumentKind::Definition, &member.to_string()).await
    }

    /// Opens the user data of a definition.
    ///
    /// # Errors
    /// The key is not the one it was encrypted with.
    pub fn open_user_data(&self, member: LineageId, sealed: &Sealed) -> Result<String, RecordError> {
        let opened = self.sealer.open(place(&member.to_string()), sealed)?;
        Ok(opened.expose_secret().to_owned())
    }

    async fn remove(&self, kind: DocumentKind, id: &str) -> Result<(), RecordError> {
        match self.stores.read(kind, id).await? {
            Some(document) if !document.is_removed() => {
                let version = document.version;
                Ok(self.stores.write(kind, id, Some(version), version.next(), Value::Null).await?)
            }
            _ => Ok(()),
        }
    }
}

fn place(id: &str) -> Place<'_> {
    Place { kind: DocumentKind::Definition.as_str(), id, field: "user_data" }
}

fn read<T: DeserializeOwned>(kind: DocumentKind, id: &str, body: &CanonicalJson) -> Result<T, RecordError> {
    body.read().map_err(|source| RecordError::Unreadable { kind, id: id.to_owned(), source })
}
